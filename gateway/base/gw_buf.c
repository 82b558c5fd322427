#include "gw_buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gw_buf_init(struct gw_buf *b, size_t max_bytes)
{
    *b = (struct gw_buf){.max = max_bytes};
}

void gw_buf_done(struct gw_buf *b)
{
    free(b->ptr);
    *b = (struct gw_buf){.max = b->max};
}

void gw_buf_wipe(struct gw_buf *b)
{
    if (b->ptr)
        explicit_bzero(b->ptr, b->cap);
    gw_buf_done(b);
}

void gw_buf_reset(struct gw_buf *b)
{
    b->len = 0;
    b->rc = GW_OK;
}

static enum gw_rc fail(struct gw_buf *b, enum gw_rc rc)
{
    if (!b->rc)
        b->rc = rc;
    return b->rc;
}

static enum gw_rc grow(struct gw_buf *b, size_t extra)
{
    if (b->rc)
        return b->rc;
    if (extra > b->max || b->len > b->max - extra || b->len + extra == SIZE_MAX)
        return fail(b, GW_TOO_BIG);
    size_t need = b->len + extra;
    if (need < b->cap) /* one byte stays free for gw_buf_str() */
        return GW_OK;
    size_t cap = b->cap ? b->cap : 64;
    while (cap <= need)
        cap = cap > SIZE_MAX / 2 ? need + 1 : cap * 2;
    uint8_t *grown = malloc(cap);
    if (!grown)
        return fail(b, GW_NO_MEMORY);
    if (b->len)
        memcpy(grown, b->ptr, b->len);
    if (b->ptr)
        explicit_bzero(b->ptr, b->cap); /* a buffer may hold a secret: leave no copy behind */
    free(b->ptr);
    b->ptr = grown;
    b->cap = cap;
    return GW_OK;
}

uint8_t *gw_buf_reserve(struct gw_buf *b, size_t len)
{
    return grow(b, len) ? NULL : b->ptr + b->len;
}

void gw_buf_commit(struct gw_buf *b, size_t len)
{
    b->len += len;
}

enum gw_rc gw_buf_add(struct gw_buf *b, const void *ptr, size_t len)
{
    enum gw_rc rc = grow(b, len);
    if (rc)
        return rc;
    if (len)
        memcpy(b->ptr + b->len, ptr, len);
    b->len += len;
    return GW_OK;
}

enum gw_rc gw_buf_add_view(struct gw_buf *b, struct gw_view v)
{
    return gw_buf_add(b, v.ptr, v.len);
}

enum gw_rc gw_buf_add_str(struct gw_buf *b, const char *text)
{
    return gw_buf_add(b, text, strlen(text));
}

static enum gw_rc add_be(struct gw_buf *b, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    return gw_buf_add(b, bytes, width);
}

enum gw_rc gw_buf_add_u8(struct gw_buf *b, uint8_t value)
{
    return add_be(b, value, 1);
}

enum gw_rc gw_buf_add_u16(struct gw_buf *b, uint16_t value)
{
    return add_be(b, value, 2);
}

enum gw_rc gw_buf_add_u32(struct gw_buf *b, uint32_t value)
{
    return add_be(b, value, 4);
}

enum gw_rc gw_buf_add_u64(struct gw_buf *b, uint64_t value)
{
    return add_be(b, value, 8);
}

enum gw_rc gw_buf_printf(struct gw_buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    enum gw_rc rc = n < 0 ? fail(b, GW_INVALID) : grow(b, (size_t)n);
    if (!rc) {
        (void)vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return rc;
}

void gw_buf_drop(struct gw_buf *b, size_t len)
{
    if (len >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->ptr, b->ptr + len, b->len - len);
    b->len -= len;
}

const char *gw_buf_str(struct gw_buf *b)
{
    if (!b->ptr)
        return "";
    b->ptr[b->len] = '\0';
    return (const char *)b->ptr;
}

void gw_buf_take(struct gw_buf *b, uint8_t **ret_ptr, size_t *ret_len)
{
    *ret_ptr = b->ptr;
    *ret_len = b->len;
    *b = (struct gw_buf){.max = b->max};
}
