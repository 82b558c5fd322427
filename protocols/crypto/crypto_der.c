#include "crypto_der.h"

#include <stdio.h>
#include <string.h>

/* Longest length that we write or read: no certificate, request or list here comes near it. */
#define LENGTH_MAX 0xffffff

static size_t encode_length(size_t len, uint8_t out[4])
{
    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    size_t width = len > 0xffff ? 3 : len > 0xff ? 2 : 1;
    out[0] = (uint8_t)(0x80 | width);
    for (size_t i = 0; i < width; i++)
        out[1 + i] = (uint8_t)(len >> (8 * (width - 1 - i)));
    return 1 + width;
}

size_t crypto_der_begin(struct gw_buf *b, uint8_t tag)
{
    (void)gw_buf_add_u8(b, tag);
    return b->len;
}

void crypto_der_end(struct gw_buf *b, size_t place)
{
    if (gw_buf_rc(b))
        return;
    size_t len = b->len - place;
    uint8_t head[4];
    size_t width = encode_length(len, head);
    if (len > LENGTH_MAX || !gw_buf_reserve(b, width)) {
        if (!b->rc)
            b->rc = GW_TOO_BIG;
        return;
    }
    memmove(b->ptr + place + width, b->ptr + place, len);
    memcpy(b->ptr + place, head, width);
    gw_buf_commit(b, width);
}

void crypto_der_add(struct gw_buf *b, uint8_t tag, struct gw_view content)
{
    size_t place = crypto_der_begin(b, tag);
    (void)gw_buf_add_view(b, content);
    crypto_der_end(b, place);
}

void crypto_der_add_text(struct gw_buf *b, uint8_t tag, const char *text)
{
    crypto_der_add(b, tag, gw_view_str(text));
}

void crypto_der_add_true(struct gw_buf *b)
{
    crypto_der_add(b, DER_BOOLEAN, GW_VIEW_LIT("\xff"));
}

void crypto_der_add_uint(struct gw_buf *b, struct gw_view big_endian)
{
    while (big_endian.len > 1 && big_endian.ptr[0] == 0)
        big_endian = gw_view_make(big_endian.ptr + 1, big_endian.len - 1);
    size_t place = crypto_der_begin(b, DER_INTEGER);
    if (big_endian.len == 0 || (big_endian.ptr[0] & 0x80))
        (void)gw_buf_add_u8(b, 0);
    (void)gw_buf_add_view(b, big_endian);
    crypto_der_end(b, place);
}

void crypto_der_add_u64(struct gw_buf *b, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    crypto_der_add_uint(b, gw_view_make(bytes, sizeof(bytes)));
}

void crypto_der_add_bits(struct gw_buf *b, struct gw_view bytes)
{
    size_t place = crypto_der_begin(b, DER_BIT_STRING);
    (void)gw_buf_add_u8(b, 0);
    (void)gw_buf_add_view(b, bytes);
    crypto_der_end(b, place);
}

void crypto_der_add_time(struct gw_buf *b, struct gw_wall t)
{
    int year = 0;
    int month = 0;
    int day = 0;
    int64_t days = t.ms / GW_DAY_MS - (t.ms % GW_DAY_MS < 0);
    int s = (int)((t.ms - days * GW_DAY_MS) / GW_SECOND_MS);
    gw_civil_of_days(days, &year, &month, &day);
    bool utc = year >= 1950 && year < 2050;
    char text[64];
    (void)snprintf(text, sizeof(text), "%0*d%02d%02d%02d%02d%02dZ", utc ? 2 : 4, utc ? year % 100 : year, month, day,
                   s / 3600, s / 60 % 60, s % 60);
    crypto_der_add_text(b, utc ? DER_UTC_TIME : DER_GENERAL_TIME, text);
}

static enum gw_rc read_length(struct gw_reader *r, size_t *ret_len)
{
    uint8_t first = 0;
    if (gw_read_u8(r, &first))
        return GW_INVALID;
    if (first < 0x80) {
        *ret_len = first;
        return GW_OK;
    }
    size_t width = first & 0x7f;
    size_t len = 0;
    if (width == 0 || width > 3)
        return GW_INVALID;
    for (size_t i = 0; i < width; i++) {
        uint8_t byte = 0;
        if (gw_read_u8(r, &byte))
            return GW_INVALID;
        len = len << 8 | byte;
    }
    uint8_t minimal[4];
    if (encode_length(len, minimal) != 1 + width)
        return GW_INVALID;
    *ret_len = len;
    return GW_OK;
}

enum gw_rc crypto_der_read_any(struct gw_reader *r, uint8_t *ret_tag, struct gw_view *ret_content,
                               struct gw_view *ret_whole)
{
    struct gw_reader at = *r;
    uint8_t tag = 0;
    size_t len = 0;
    struct gw_view content;
    if (gw_read_u8(&at, &tag) || (tag & 0x1f) == 0x1f || read_length(&at, &len) || gw_read_bytes(&at, len, &content))
        return GW_INVALID;
    if (ret_tag)
        *ret_tag = tag;
    if (ret_content)
        *ret_content = content;
    if (ret_whole)
        *ret_whole = gw_view_make(r->rest.ptr, r->rest.len - at.rest.len);
    *r = at;
    return GW_OK;
}

bool crypto_der_next_is(const struct gw_reader *r, uint8_t tag)
{
    return r->rest.len > 0 && r->rest.ptr[0] == tag;
}

enum gw_rc crypto_der_read(struct gw_reader *r, uint8_t tag, struct gw_view *ret_content)
{
    if (!crypto_der_next_is(r, tag))
        return GW_INVALID;
    return crypto_der_read_any(r, NULL, ret_content, NULL);
}

enum gw_rc crypto_der_read_uint(struct gw_reader *r, size_t max_len, struct gw_view *ret_big_endian)
{
    struct gw_reader at = *r;
    struct gw_view v;
    if (crypto_der_read(&at, DER_INTEGER, &v) || v.len == 0 || (v.ptr[0] & 0x80))
        return GW_INVALID;
    if (v.len > 1 && v.ptr[0] == 0) {
        if (!(v.ptr[1] & 0x80))
            return GW_INVALID;
        v = gw_view_make(v.ptr + 1, v.len - 1);
    }
    if (v.len > max_len)
        return GW_INVALID;
    *ret_big_endian = v;
    *r = at;
    return GW_OK;
}

enum gw_rc crypto_der_read_bits(struct gw_reader *r, struct gw_view *ret_bytes)
{
    struct gw_reader at = *r;
    struct gw_view v;
    if (crypto_der_read(&at, DER_BIT_STRING, &v) || v.len == 0 || v.ptr[0] != 0)
        return GW_INVALID;
    *ret_bytes = gw_view_make(v.ptr + 1, v.len - 1);
    *r = at;
    return GW_OK;
}

static bool two_digits(const uint8_t *at, int low, int high, int *ret_value)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *ret_value = (at[0] - '0') * 10 + (at[1] - '0');
    return *ret_value >= low && *ret_value <= high;
}

enum gw_rc crypto_der_read_time(struct gw_reader *r, struct gw_wall *ret_time)
{
    struct gw_reader at = *r;
    struct gw_view v;
    bool utc = crypto_der_next_is(r, DER_UTC_TIME);
    size_t want = utc ? 13 : 15;
    if (crypto_der_read(&at, utc ? DER_UTC_TIME : DER_GENERAL_TIME, &v) || v.len != want || v.ptr[want - 1] != 'Z')
        return GW_INVALID;
    int century = 0;
    int year = 0;
    int part[5]; /* month, day, hour, minute, second */
    const uint8_t *digits = v.ptr;
    if (!utc) {
        if (!two_digits(digits, 0, 99, &century))
            return GW_INVALID;
        digits += 2;
    }
    static const int low[5] = {1, 1, 0, 0, 0};
    static const int high[5] = {12, 31, 23, 59, 59};
    if (!two_digits(digits, 0, 99, &year))
        return GW_INVALID;
    for (int i = 0; i < 5; i++)
        if (!two_digits(digits + 2 + 2 * i, low[i], high[i], &part[i]))
            return GW_INVALID;
    year += utc ? (year < 50 ? 2000 : 1900) : century * 100;
    int64_t seconds = part[2] * 3600 + part[3] * 60 + part[4];
    ret_time->ms = gw_days_of_civil(year, part[0], part[1]) * GW_DAY_MS + seconds * GW_SECOND_MS;
    *r = at;
    return GW_OK;
}
