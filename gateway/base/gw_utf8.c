#include "gw_utf8.h"

#include <string.h>

static bool follows(struct gw_view v, size_t at, uint8_t low, uint8_t high)
{
    return at < v.len && v.ptr[at] >= low && v.ptr[at] <= high;
}

/* The well-formed sequences of RFC 3629 section 4. */
size_t gw_utf8_char(struct gw_view v)
{
    if (v.len == 0)
        return 0;
    uint8_t c = v.ptr[0];
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return follows(v, 1, 0x80, 0xbf) ? 2 : 0;
    if (c >= 0xe0 && c <= 0xef) {
        uint8_t low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
        return follows(v, 1, low, high) && follows(v, 2, 0x80, 0xbf) ? 3 : 0;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        uint8_t low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
        return follows(v, 1, low, high) && follows(v, 2, 0x80, 0xbf) && follows(v, 3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

/* How many printable ASCII characters stand in front: most text is nothing else, so eight are looked at together. */
static size_t plain_run(struct gw_view v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    size_t n = 0;
    for (uint64_t word; n + sizeof(word) <= v.len; n += sizeof(word)) {
        memcpy(&word, v.ptr + n, sizeof(word));
        /* a byte with its top bit set, below 0x20 (borrows), or 0x7f (carries into the top bit) */
        if ((word | (word - ones * 0x20) | (word + ones)) & tops)
            break;
    }
    while (n < v.len && v.ptr[n] >= 0x20 && v.ptr[n] < 0x7f)
        n++;
    return n;
}

bool gw_utf8_valid(struct gw_view v)
{
    while (v.len > 0) {
        size_t plain = plain_run(v), n = plain ? plain : gw_utf8_char(v);
        if (n == 0)
            return false;
        v = gw_view_make(v.ptr + n, v.len - n);
    }
    return true;
}

size_t gw_utf8_clean(struct gw_view v, char *out, size_t out_size)
{
    size_t at = 0;
    while (v.len > 0 && out_size > 0) {
        size_t plain = plain_run(v), room = out_size - 1 - at;
        if (plain > 0 && room > 0) {
            plain = plain < room ? plain : room;
            memcpy(out + at, v.ptr, plain);
            at += plain;
            v = gw_view_make(v.ptr + plain, v.len - plain);
            continue;
        }
        size_t n = gw_utf8_char(v), step = n ? n : 1;
        bool control = n == 1 ? (v.ptr[0] < 0x20 || v.ptr[0] == 0x7f) : n == 2 && v.ptr[0] == 0xc2 && v.ptr[1] < 0xa0;
        if (at + (control ? 1 : step) >= out_size)
            break;
        if (n == 0 || control)
            out[at++] = n ? ' ' : '?';
        else
            memcpy(out + at, v.ptr, n), at += n;
        v = gw_view_make(v.ptr + step, v.len - step);
    }
    if (out_size > 0)
        out[at] = '\0';
    return at;
}
