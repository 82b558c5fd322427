#include "state_report.h"

#include <string.h>

#include "gw_cleanup.h"

/* Missing or null. */
static bool absent(const struct json_value *object, const char *key)
{
    return !json_has(object, key) || json_kind_of(json_find(object, key)) == JSON_KIND_NULL;
}

/* No C0, DEL or C1 (U+0080 to U+009F: C2 80 to C2 9F). */
static bool is_plain(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    return true;
}

static enum gw_rc read_text(const struct json_value *object, const char *key, char *out, size_t size,
                            struct gw_err *err)
{
    if (absent(object, key))
        return GW_OK;
    enum gw_rc rc = json_str(object, key, out, size, err);
    if (!rc && !is_plain(out))
        rc = gw_err_set(err, GW_INVALID, "%s has control characters", key);
    return rc;
}

/* Agents write it as text, since some readers of JSON keep no more than 53 bits. */
static enum gw_rc read_job_n(const struct json_value *root, int64_t *ret_n, struct gw_err *err)
{
    uint64_t n = 0;
    if (absent(root, "job_n"))
        return GW_OK;
    if (json_kind_of(json_find(root, "job_n")) == JSON_KIND_INTEGER)
        return json_i64(root, "job_n", 0, JOB_NUMBER_MAX, ret_n, err);
    enum gw_rc rc = json_u64_text(root, "job_n", (uint64_t)JOB_NUMBER_MAX, &n, err);
    if (!rc)
        *ret_n = (int64_t)n;
    return rc;
}

static enum gw_rc write_slot(struct json_writer *w, const struct json_value *slot, struct gw_err *err)
{
    static const char *const members[] = {"name", "release", "state"};
    if (json_kind_of(slot) != JSON_KIND_OBJECT)
        return gw_err_set(err, GW_INVALID, "an item of slots is no object");
    json_put_object(w, NULL);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char text[STATE_SLOT_TEXT_MAX + 1] = "";
        enum gw_rc rc = read_text(slot, members[i], text, sizeof(text), err);
        if (rc)
            return gw_err_wrap(err, rc, "slots");
        if (text[0])
            json_put_str(w, members[i], text);
    }
    json_put_end(w);
    return GW_OK;
}

static enum gw_rc read_slots(const struct json_value *root, struct inventory *out, struct gw_err *err)
{
    const struct json_value *list;
    if (absent(root, "slots"))
        return GW_OK;
    enum gw_rc rc = json_member(root, "slots", JSON_KIND_ARRAY, &list, err);
    if (rc)
        return rc;
    if (json_count(list) > STATE_SLOTS_MAX)
        return gw_err_set(err, GW_INVALID, "slots has more than %d items", STATE_SLOTS_MAX);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct json_writer w;
    gw_buf_init(&text, sizeof(out->slots) - 1);
    json_writer_begin(&w, &text);
    json_put_array(&w, NULL);
    for (size_t i = 0; i < json_count(list); i++) {
        rc = write_slot(&w, json_item(list, i), err);
        if (rc)
            return rc;
    }
    json_put_end(&w);
    if (json_writer_end(&w) || gw_view_copy_str(gw_buf_view(&text), out->slots, sizeof(out->slots)))
        return gw_err_set(err, GW_INVALID, "slots is longer than %zu bytes", sizeof(out->slots) - 1);
    return GW_OK;
}

static bool name_valid(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (i == 0 || (c != '.' && c != '_' && c != '-')))
            return false;
    }
    return len >= 1 && len <= STATE_ATTRIBUTE_NAME;
}

struct attributes {
    struct json_writer w;
    size_t count;
    enum gw_rc rc;
    struct gw_err *err;
};

static bool write_attribute(void *ctx, const char *key, const struct json_value *value)
{
    struct attributes *a = ctx;
    struct gw_view text;
    char plain[STATE_ATTRIBUTE_VALUE + 1];
    if (a->count == STATE_ATTRIBUTES_MAX)
        a->rc = gw_err_set(a->err, GW_INVALID, "attributes has more than %d members", STATE_ATTRIBUTES_MAX);
    else if (!name_valid(key))
        a->rc = gw_err_set(a->err, GW_INVALID, "a name in attributes breaks its grammar");
    else if (json_as_text(value, &text) || gw_view_copy_str(text, plain, sizeof(plain)) || !is_plain(plain))
        a->rc = gw_err_set(a->err, GW_INVALID, "attributes.%s is no plain text of at most %d bytes", key,
                           STATE_ATTRIBUTE_VALUE);
    if (a->rc)
        return false;
    a->count++;
    json_put_str(&a->w, key, plain);
    return true;
}

static enum gw_rc read_attributes(const struct json_value *root, struct inventory *out, struct gw_err *err)
{
    const struct json_value *object;
    if (absent(root, "attributes"))
        return GW_OK;
    enum gw_rc rc = json_member(root, "attributes", JSON_KIND_OBJECT, &object, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct attributes a = {.err = err};
    gw_buf_init(&text, sizeof(out->attributes) - 1);
    json_writer_begin(&a.w, &text);
    json_put_object(&a.w, NULL);
    json_each_member(object, write_attribute, &a);
    if (a.rc)
        return a.rc;
    json_put_end(&a.w);
    if (json_writer_end(&a.w) || gw_view_copy_str(gw_buf_view(&text), out->attributes, sizeof(out->attributes)))
        return gw_err_set(err, GW_INVALID, "attributes is longer than %zu bytes", sizeof(out->attributes) - 1);
    return GW_OK;
}

static enum gw_rc read_report(const struct json_value *root, struct inventory *out, struct gw_err *err)
{
    enum gw_rc rc = read_text(root, "product", out->product, sizeof(out->product), err);
    if (!rc)
        rc = read_text(root, "hardware", out->hardware, sizeof(out->hardware), err);
    if (!rc)
        rc = read_text(root, "release", out->version, sizeof(out->version), err);
    if (!rc)
        rc = read_text(root, "agent", out->agent, sizeof(out->agent), err);
    if (!rc)
        rc = read_text(root, "boot", out->boot, sizeof(out->boot), err);
    if (!rc && !absent(root, "uptime_s"))
        rc = json_i64(root, "uptime_s", 0, JOB_NUMBER_MAX, &out->uptime_s, err);
    if (!rc)
        rc = read_job_n(root, &out->job_n, err);
    if (!rc)
        rc = read_slots(root, out, err);
    return rc ? rc : read_attributes(root, out, err);
}

enum gw_rc state_report_parse(struct gw_view payload, struct inventory *ret_told, struct gw_err *err)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct inventory out = {.uptime_s = 0};
    enum gw_rc rc = json_read(payload, STATE_REPORT_MAX, &doc, err);
    if (!rc)
        rc = read_report(json_root(doc), &out, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_TOO_BIG ? rc : GW_INVALID, "state report");
    *ret_told = out;
    return GW_OK;
}
