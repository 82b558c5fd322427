#include "gw_view.h"

#include <string.h>

struct gw_view gw_view_str(const char *text)
{
    return gw_view_make(text, text ? strlen(text) : 0);
}

bool gw_view_eq(struct gw_view a, struct gw_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool gw_view_eq_str(struct gw_view a, const char *text)
{
    return gw_view_eq(a, gw_view_str(text));
}

static uint8_t lower(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') ? (uint8_t)(c + 32) : c;
}

bool gw_view_eq_str_nocase(struct gw_view a, const char *text)
{
    struct gw_view b = gw_view_str(text);
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool gw_view_eq_secret(struct gw_view a, struct gw_view b)
{
    if (a.len != b.len)
        return false;
    volatile uint8_t diff = 0;
    for (size_t i = 0; i < a.len; i++)
        diff = (uint8_t)(diff | (a.ptr[i] ^ b.ptr[i]));
    return diff == 0;
}

bool gw_view_starts(struct gw_view a, const char *prefix)
{
    struct gw_view p = gw_view_str(prefix);
    return a.len >= p.len && gw_view_eq(gw_view_make(a.ptr, p.len), p);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct gw_view gw_view_trim(struct gw_view v)
{
    while (v.len > 0 && is_space(v.ptr[0])) {
        v.ptr++;
        v.len--;
    }
    while (v.len > 0 && is_space(v.ptr[v.len - 1]))
        v.len--;
    return v;
}

struct gw_view gw_view_cut(struct gw_view v, char sep, struct gw_view *rest)
{
    const uint8_t *at = v.len ? memchr(v.ptr, sep, v.len) : NULL;
    if (!at) {
        *rest = gw_view_make(v.ptr ? v.ptr + v.len : NULL, 0);
        return v;
    }
    size_t front = (size_t)(at - v.ptr);
    *rest = gw_view_make(at + 1, v.len - front - 1);
    return gw_view_make(v.ptr, front);
}

enum gw_rc gw_view_copy_str(struct gw_view v, char *out, size_t out_size)
{
    if (v.len >= out_size)
        return GW_TOO_BIG;
    if (v.len && memchr(v.ptr, 0, v.len))
        return GW_INVALID;
    if (v.len)
        memcpy(out, v.ptr, v.len);
    out[v.len] = '\0';
    return GW_OK;
}

enum gw_rc gw_read_bytes(struct gw_reader *r, size_t len, struct gw_view *ret_view)
{
    if (r->rest.len < len)
        return GW_INVALID;
    *ret_view = gw_view_make(r->rest.ptr, len);
    if (len == 0)
        return GW_OK; /* an empty view may be NULL, which must not be added to */
    r->rest.ptr += len;
    r->rest.len -= len;
    return GW_OK;
}

enum gw_rc gw_read_into(struct gw_reader *r, void *out, size_t len)
{
    struct gw_view v;
    enum gw_rc rc = gw_read_bytes(r, len, &v);
    if (rc)
        return rc;
    if (len)
        memcpy(out, v.ptr, len);
    return GW_OK;
}

static enum gw_rc read_be(struct gw_reader *r, size_t width, uint64_t *ret_value)
{
    struct gw_view v;
    enum gw_rc rc = gw_read_bytes(r, width, &v);
    if (rc)
        return rc;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | v.ptr[i];
    *ret_value = value;
    return GW_OK;
}

enum gw_rc gw_read_u8(struct gw_reader *r, uint8_t *ret_value)
{
    uint64_t value;
    enum gw_rc rc = read_be(r, 1, &value);
    if (!rc)
        *ret_value = (uint8_t)value;
    return rc;
}

enum gw_rc gw_read_u16(struct gw_reader *r, uint16_t *ret_value)
{
    uint64_t value;
    enum gw_rc rc = read_be(r, 2, &value);
    if (!rc)
        *ret_value = (uint16_t)value;
    return rc;
}

enum gw_rc gw_read_u32(struct gw_reader *r, uint32_t *ret_value)
{
    uint64_t value;
    enum gw_rc rc = read_be(r, 4, &value);
    if (!rc)
        *ret_value = (uint32_t)value;
    return rc;
}

enum gw_rc gw_read_u64(struct gw_reader *r, uint64_t *ret_value)
{
    return read_be(r, 8, ret_value);
}
