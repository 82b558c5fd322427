#include <assert.h>
#include <string.h>

#include "gw_id.h"
#include "gw_utf8.h"
#include "json.h"

void json_writer_begin(struct json_writer *w, struct gw_buf *out)
{
    *w = (struct json_writer){.out = out};
}

enum gw_rc json_writer_end(struct json_writer *w)
{
    assert(w->depth == 0);
    return gw_buf_rc(w->out);
}

static void escape(struct gw_buf *out, uint8_t c)
{
    switch (c) {
    case '"':
        (void)gw_buf_add_str(out, "\\\"");
        break;
    case '\\':
        (void)gw_buf_add_str(out, "\\\\");
        break;
    case '\n':
        (void)gw_buf_add_str(out, "\\n");
        break;
    case '\r':
        (void)gw_buf_add_str(out, "\\r");
        break;
    case '\t':
        (void)gw_buf_add_str(out, "\\t");
        break;
    default:
        (void)gw_buf_printf(out, "\\u%04x", c);
        break;
    }
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

void json_quote(struct gw_buf *out, struct gw_view text)
{
    (void)gw_buf_add_u8(out, '"');
    size_t plain = 0; /* start of the run that needs no change */
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.ptr[i];
        size_t len = gw_utf8_char(gw_view_make(text.ptr + i, text.len - i));
        bool c1 = len == 2 && c == 0xc2 && text.ptr[i + 1] < 0xa0;
        if (len > 0 && !c1 && is_plain(c)) {
            i += len;
            continue;
        }
        (void)gw_buf_add(out, text.ptr + plain, i - plain);
        if (len == 0)
            (void)gw_buf_add_str(out, "\xef\xbf\xbd"); /* U+FFFD */
        else
            escape(out, c1 ? text.ptr[i + 1] : c); /* U+0080 to U+009F: the second byte is the code */
        i += c1 ? 2 : 1;
        plain = i;
    }
    if (text.len > plain)
        (void)gw_buf_add(out, text.ptr + plain, text.len - plain);
    (void)gw_buf_add_u8(out, '"');
}

/* What stands in front of every value: comma and key. */
static void lead(struct json_writer *w, const char *key)
{
    uint32_t bit = UINT32_C(1) << w->depth;
    assert((w->depth > 0 && !(w->is_array & bit)) == (key != NULL));
    assert(w->depth > 0 || !(w->has_item & bit)); /* one root */
    if (w->has_item & bit)
        (void)gw_buf_add_u8(w->out, ',');
    w->has_item |= bit;
    if (key) {
        json_quote(w->out, gw_view_str(key));
        (void)gw_buf_add_u8(w->out, ':');
    }
}

static void open_nest(struct json_writer *w, const char *key, bool array)
{
    lead(w, key);
    assert(w->depth < JSON_DEPTH_MAX);
    w->depth++;
    uint32_t bit = UINT32_C(1) << w->depth;
    w->is_array = array ? w->is_array | bit : w->is_array & ~bit;
    w->has_item &= ~bit;
    (void)gw_buf_add_u8(w->out, array ? '[' : '{');
}

void json_put_object(struct json_writer *w, const char *key)
{
    open_nest(w, key, false);
}

void json_put_array(struct json_writer *w, const char *key)
{
    open_nest(w, key, true);
}

void json_put_end(struct json_writer *w)
{
    assert(w->depth > 0);
    (void)gw_buf_add_u8(w->out, w->is_array & (UINT32_C(1) << w->depth) ? ']' : '}');
    w->depth--;
}

void json_put_view(struct json_writer *w, const char *key, struct gw_view text)
{
    lead(w, key);
    json_quote(w->out, text);
}

void json_put_str(struct json_writer *w, const char *key, const char *text)
{
    if (text)
        json_put_view(w, key, gw_view_str(text));
    else
        json_put_null(w, key);
}

void json_put_i64(struct json_writer *w, const char *key, int64_t value)
{
    lead(w, key);
    (void)gw_buf_printf(w->out, "%lld", (long long)value);
}

void json_put_u64_text(struct json_writer *w, const char *key, uint64_t value)
{
    lead(w, key);
    (void)gw_buf_printf(w->out, "\"%llu\"", (unsigned long long)value);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
    lead(w, key);
    (void)gw_buf_add_str(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
    lead(w, key);
    (void)gw_buf_add_str(w->out, "null");
}

void json_put_time(struct json_writer *w, const char *key, struct gw_wall t)
{
    char text[GW_WALL_TEXT_MAX];
    json_put_str(w, key, gw_wall_format(t, text) ? NULL : text);
}

void json_put_time_or_null(struct json_writer *w, const char *key, struct gw_wall t)
{
    if (t.ms)
        json_put_time(w, key, t);
    else
        json_put_null(w, key);
}

void json_put_hex(struct json_writer *w, const char *key, const void *bytes, size_t len)
{
    lead(w, key);
    (void)gw_buf_add_u8(w->out, '"');
    for (size_t i = 0; i < len; i++)
        (void)gw_buf_printf(w->out, "%02x", ((const uint8_t *)bytes)[i]);
    (void)gw_buf_add_u8(w->out, '"');
}

void json_put_base64(struct json_writer *w, const char *key, const void *bytes, size_t len)
{
    lead(w, key);
    (void)gw_buf_add_u8(w->out, '"');
    (void)gw_base64_add(w->out, bytes, len);
    (void)gw_buf_add_u8(w->out, '"');
}
