/*
 * gw_buf: a growing byte buffer with a ceiling given at birth.
 *
 * Errors stick: after the first failed append the buffer holds what fitted, every later append fails too, and
 * gw_buf_rc() tells the first failure once, at the end of a run of appends. Not for threads to share.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gw_rc.h"
#include "gw_view.h"

struct gw_buf {
    uint8_t *ptr; /* owned; may be NULL while len is 0 */
    size_t len;
    size_t cap;
    size_t max; /* ceiling in bytes */
    enum gw_rc rc;
};

void gw_buf_init(struct gw_buf *b, size_t max_bytes);
void gw_buf_done(struct gw_buf *b);  /* accepts a zeroed buffer; wipes nothing */
void gw_buf_wipe(struct gw_buf *b);  /* overwrites, then frees: for secrets */
void gw_buf_reset(struct gw_buf *b); /* empty again, error forgotten, memory kept */

/* GW_TOO_BIG above the ceiling, GW_NO_MEMORY; nothing of a piece that does not fit is added. */
enum gw_rc gw_buf_add(struct gw_buf *b, const void *ptr, size_t len);
enum gw_rc gw_buf_add_view(struct gw_buf *b, struct gw_view v);
enum gw_rc gw_buf_add_str(struct gw_buf *b, const char *text);
enum gw_rc gw_buf_add_u8(struct gw_buf *b, uint8_t value);
enum gw_rc gw_buf_add_u16(struct gw_buf *b, uint16_t value); /* big-endian, as are the next two */
enum gw_rc gw_buf_add_u32(struct gw_buf *b, uint32_t value);
enum gw_rc gw_buf_add_u64(struct gw_buf *b, uint64_t value);
enum gw_rc gw_buf_printf(struct gw_buf *b, const char *fmt, ...) GW_PRINTF(2, 3);
/* Makes room for len more bytes and hands out the place; call gw_buf_commit() with what was used. NULL when full. */
uint8_t *gw_buf_reserve(struct gw_buf *b, size_t len);
void gw_buf_commit(struct gw_buf *b, size_t len);
/* Drops len bytes from the front (moves the rest). */
void gw_buf_drop(struct gw_buf *b, size_t len);

static inline enum gw_rc gw_buf_rc(const struct gw_buf *b)
{
    return b->rc;
}
static inline struct gw_view gw_buf_view(const struct gw_buf *b)
{
    return gw_view_make(b->ptr, b->len);
}
/* Terminated text of the buffer (the terminator is not counted in len); "" when empty or out of room. */
const char *gw_buf_str(struct gw_buf *b);
/* Moves the bytes out: the caller owns *ret_ptr (free()), the buffer is empty again. */
void gw_buf_take(struct gw_buf *b, uint8_t **ret_ptr, size_t *ret_len);
