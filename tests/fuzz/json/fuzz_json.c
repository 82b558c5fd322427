/* Any bytes into the reader; what it takes is walked and written again, and must then be taken again. Any bytes are
 * quoted by the writer, and must read back as text. */
#include <stdint.h>
#include <stdlib.h>

#include "gw_cleanup.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy(struct json_writer *w, const char *key, const struct json_value *value);

static bool copy_member(void *ctx, const char *key, const struct json_value *value)
{
    copy(ctx, key, value);
    return true;
}

static void copy_nest(struct json_writer *w, const char *key, const struct json_value *value)
{
    if (json_kind_of(value) == JSON_KIND_OBJECT) {
        json_put_object(w, key);
        json_each_member(value, copy_member, w);
    } else {
        json_put_array(w, key);
        for (size_t i = 0; i < json_count(value); i++)
            copy(w, NULL, json_item(value, i));
    }
    json_put_end(w);
}

static void copy(struct json_writer *w, const char *key, const struct json_value *value)
{
    struct gw_view text;
    int64_t n = 0;
    bool b = false;
    if (!json_as_text(value, &text))
        json_put_view(w, key, text);
    else if (!json_as_i64(value, &n))
        json_put_i64(w, key, n);
    else if (!json_as_bool(value, &b))
        json_put_bool(w, key, b);
    else if (json_count(value) || json_kind_of(value) == JSON_KIND_OBJECT || json_kind_of(value) == JSON_KIND_ARRAY)
        copy_nest(w, key, value);
    else
        json_put_null(w, key);
}

static void getters(const struct json_value *root)
{
    static const char *const keys[] = {"a", "name", NULL};
    struct gw_err err;
    char out[8];
    int64_t n;
    uint64_t u;
    bool b;
    struct gw_wall t;
    uint8_t bytes[4];
    bool listed = json_only_keys(root, keys, &err) == GW_OK;
    bool as_text = json_str(root, "a", out, sizeof(out), &err) == GW_OK;
    bool as_i64 = json_i64(root, "a", -5, 5, &n, &err) == GW_OK;
    bool as_u64 = json_u64_text(root, "a", 1000, &u, &err) == GW_OK;
    bool as_bool = json_bool(root, "a", &b, &err) == GW_OK;
    bool as_time = json_time(root, "a", &t, &err) == GW_OK;
    bool as_hex = json_hex(root, "a", bytes, sizeof(bytes), &err) == GW_OK;
    if (as_text + as_i64 + as_bool > 1 || (as_u64 && as_time) || (as_hex && as_i64) || (as_i64 && (n < -5 || n > 5)))
        abort();
    if (!listed && !err.text[0])
        abort();
}

static void must_read(const struct gw_buf *text)
{
    GW_CLEANUP(json_cleanup) struct json_doc *again = NULL;
    if (json_read(gw_buf_view(text), SIZE_MAX, &again, NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 64 * 1024 * 1024);
    struct json_writer w;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    if (json_read(gw_view_make(data, size), 65536, &doc, NULL) == GW_OK) {
        getters(json_root(doc));
        json_writer_begin(&w, &out);
        copy(&w, NULL, json_root(doc));
        if (json_writer_end(&w))
            abort();
        must_read(&out);
    }
    gw_buf_reset(&out);
    json_writer_begin(&w, &out);
    json_put_object(&w, NULL);
    json_put_base64(&w, "b", data, size);
    for (size_t i = 0; i < size; i++)
        if (data[i] == 0)
            return 0; /* the reader refuses NUL, the writer escapes it */
    json_put_view(&w, "t", gw_view_make(data, size));
    json_put_end(&w);
    if (json_writer_end(&w))
        abort();
    must_read(&out);
    return 0;
}
