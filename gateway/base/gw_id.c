#include "gw_id.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static bool id_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

enum gw_rc gw_device_id_parse(struct gw_view v, struct gw_device_id *ret_id)
{
    static const char *const reserved[] = {"root", "audit", "gateway", "all", "gw-log", "gw-control"};
    if (v.len < 3 || v.len > GW_DEVICE_ID_MAX || !id_char(v.ptr[0]))
        return GW_INVALID;
    for (size_t i = 1; i < v.len; i++)
        if (!id_char(v.ptr[i]) && v.ptr[i] != '-')
            return GW_INVALID;
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (gw_view_eq_str(v, reserved[i]))
            return GW_INVALID;
    memset(ret_id, 0, sizeof(*ret_id));
    memcpy(ret_id->text, v.ptr, v.len);
    return GW_OK;
}

bool gw_device_id_eq(const struct gw_device_id *a, const struct gw_device_id *b)
{
    return strcmp(a->text, b->text) == 0;
}

void gw_random(void *out, size_t len)
{
    uint8_t *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            abort();
        }
        p += n;
        len -= (size_t)n;
    }
}

void gw_hex_format(const void *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * len] = '\0';
}

int gw_hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum gw_rc gw_hex_parse(struct gw_view v, void *out, size_t out_len)
{
    if (v.len % 2 != 0 || v.len / 2 != out_len)
        return GW_INVALID;
    for (size_t i = 0; i < v.len; i++)
        if (gw_hex_value(v.ptr[i]) < 0)
            return GW_INVALID;
    uint8_t *p = out;
    for (size_t i = 0; i < out_len; i++)
        p[i] = (uint8_t)((unsigned)gw_hex_value(v.ptr[2 * i]) << 4 | (unsigned)gw_hex_value(v.ptr[2 * i + 1]));
    return GW_OK;
}

enum gw_rc gw_base64_add(struct gw_buf *b, const void *bytes, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t word = (uint32_t)p[i] << 16 | (n > 1 ? (uint32_t)p[i + 1] << 8 : 0) | (n > 2 ? p[i + 2] : 0u);
        char quad[4] = {alphabet[word >> 18 & 63], alphabet[word >> 12 & 63], n > 1 ? alphabet[word >> 6 & 63] : '=',
                        n > 2 ? alphabet[word & 63] : '='};
        enum gw_rc rc = gw_buf_add(b, quad, 4);
        if (rc)
            return rc;
    }
    return GW_OK;
}

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One group of four characters; *ret_len is 1 to 3. */
static enum gw_rc base64_quad(const uint8_t *quad, bool last, uint8_t out[3], size_t *ret_len)
{
    size_t pad = 0;
    if (last)
        pad = quad[3] == '=' ? (quad[2] == '=' ? 2 : 1) : 0;
    uint32_t word = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i >= 4 - pad ? 0 : base64_value(quad[i]);
        if (value < 0)
            return GW_INVALID;
        word = word << 6 | (uint32_t)value;
    }
    if ((pad == 1 && (word & 0xff)) || (pad == 2 && (word & 0xffff)))
        return GW_INVALID;
    out[0] = (uint8_t)(word >> 16);
    out[1] = (uint8_t)(word >> 8);
    out[2] = (uint8_t)word;
    *ret_len = 3 - pad;
    return GW_OK;
}

enum gw_rc gw_base64_parse(struct gw_view v, struct gw_buf *ret_bytes)
{
    size_t before = ret_bytes->len;
    if (v.len % 4 != 0)
        return GW_INVALID;
    for (size_t i = 0; i < v.len; i += 4) {
        uint8_t out[3];
        size_t n = 0;
        enum gw_rc rc = base64_quad(v.ptr + i, i + 4 == v.len, out, &n);
        if (!rc)
            rc = gw_buf_add(ret_bytes, out, n);
        if (rc) {
            ret_bytes->len = before;
            return rc;
        }
    }
    return GW_OK;
}

void gw_base32_format(const void *bytes, size_t len, char *out)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    const uint8_t *p = bytes;
    uint32_t word = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        word = word << 8 | p[i];
        bits += 8;
        while (bits >= 5) {
            out[n++] = alphabet[word >> (bits - 5) & 31];
            bits -= 5;
        }
    }
    if (bits)
        out[n++] = alphabet[word << (5 - bits) & 31];
    out[n] = '\0';
}

static int base32_value(uint8_t c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

enum gw_rc gw_base32_parse(struct gw_view v, void *out, size_t out_len)
{
    if (v.len != GW_BASE32_LEN(out_len))
        return GW_INVALID;
    for (size_t i = 0; i < v.len; i++)
        if (base32_value(v.ptr[i]) < 0)
            return GW_INVALID;
    unsigned spare = (unsigned)(v.len * 5 - out_len * 8);
    if (spare && ((unsigned)base32_value(v.ptr[v.len - 1]) & ((1u << spare) - 1)))
        return GW_INVALID;
    uint8_t *p = out;
    uint32_t word = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < v.len; i++) {
        word = word << 5 | (uint32_t)base32_value(v.ptr[i]);
        bits += 5;
        if (bits >= 8) {
            p[n++] = (uint8_t)(word >> (bits - 8));
            bits -= 8;
        }
    }
    return GW_OK;
}
