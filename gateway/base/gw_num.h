/*
 * gw_num: arithmetic and number parsing for values that came from outside.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_rc.h"
#include "gw_view.h"

/* True when it fitted; *ret_sum is untouched when it did not. */
static inline bool gw_add_u64(uint64_t a, uint64_t b, uint64_t *ret_sum)
{
    uint64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret_sum = sum;
    return true;
}
static inline bool gw_mul_u64(uint64_t a, uint64_t b, uint64_t *ret_product)
{
    uint64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret_product = product;
    return true;
}

/* Behind a noun in a message for people: "" for 1, "s" for any other count. */
static inline const char *gw_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* Decimal, the whole view, no sign, no leading zero (but "0"), no space: GW_INVALID; above max: GW_TOO_BIG. */
GW_MUST_CHECK enum gw_rc gw_parse_u64(struct gw_view v, uint64_t max, uint64_t *ret_value);
/* The same with an optional leading '-'. */
GW_MUST_CHECK enum gw_rc gw_parse_i64(struct gw_view v, int64_t min, int64_t max, int64_t *ret_value);
