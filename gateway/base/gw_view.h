/*
 * gw_view: bytes that somebody else owns, with their length. Never terminated, never owned, cheap to pass by value.
 *
 * gw_reader walks a view from its start; each read is checked, and a failed read leaves the reader where it was.
 * All multi-byte integers are big-endian, as on our wires.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_rc.h"

struct gw_view {
    const uint8_t *ptr;
    size_t len;
};

#define GW_VIEW_LIT(s) ((struct gw_view){(const uint8_t *)("" s), sizeof(s) - 1})
/* For printf: GW_VIEW_FMT with GW_VIEW_ARG(view); cuts at 4,096 bytes. */
#define GW_VIEW_FMT    "%.*s"
#define GW_VIEW_ARG(v) ((int)((v).len > 4096 ? 4096 : (v).len)), ((const char *)(v).ptr)

static inline struct gw_view gw_view_make(const void *ptr, size_t len)
{
    return (struct gw_view){(const uint8_t *)ptr, len};
}

struct gw_view gw_view_str(const char *text); /* NULL gives an empty view */
bool gw_view_eq(struct gw_view a, struct gw_view b);
bool gw_view_eq_str(struct gw_view a, const char *text);
bool gw_view_eq_str_nocase(struct gw_view a, const char *text); /* ASCII letters only */
/* Equal in time that depends on the lengths alone: for secrets and digests. */
bool gw_view_eq_secret(struct gw_view a, struct gw_view b);
bool gw_view_starts(struct gw_view a, const char *prefix);
struct gw_view gw_view_trim(struct gw_view v); /* spaces, tabs, CR, LF at both ends */
/* Splits at the first `sep`: returns the part in front, leaves the rest in *rest; without sep the rest is empty. */
struct gw_view gw_view_cut(struct gw_view v, char sep, struct gw_view *rest);
/* Copies into out and terminates it; GW_TOO_BIG when it does not fit, GW_INVALID when it holds a NUL byte. */
GW_MUST_CHECK enum gw_rc gw_view_copy_str(struct gw_view v, char *out, size_t out_size);

struct gw_reader {
    struct gw_view rest;
};

/* GW_INVALID when fewer bytes are left; the output is untouched then. */
GW_MUST_CHECK enum gw_rc gw_read_u8(struct gw_reader *r, uint8_t *ret_value);
GW_MUST_CHECK enum gw_rc gw_read_u16(struct gw_reader *r, uint16_t *ret_value);
GW_MUST_CHECK enum gw_rc gw_read_u32(struct gw_reader *r, uint32_t *ret_value);
GW_MUST_CHECK enum gw_rc gw_read_u64(struct gw_reader *r, uint64_t *ret_value);
GW_MUST_CHECK enum gw_rc gw_read_bytes(struct gw_reader *r, size_t len, struct gw_view *ret_view);
GW_MUST_CHECK enum gw_rc gw_read_into(struct gw_reader *r, void *out, size_t len);
