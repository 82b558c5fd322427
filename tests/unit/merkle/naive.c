#include "naive.h"

#include <stdio.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"

static size_t largest_power_below(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

struct gw_sha256 naive_root(const struct gw_sha256 *leaves, size_t lo, size_t hi)
{
    struct gw_sha256 out;
    if (hi - lo == 0) {
        bulk_hash_ops()->digest(GW_VIEW_LIT(""), &out);
        return out;
    }
    if (hi - lo == 1)
        return leaves[lo];
    size_t mid = lo + largest_power_below(hi - lo);
    struct gw_sha256 left = naive_root(leaves, lo, mid), right = naive_root(leaves, mid, hi);
    bulk_hash_ops()->node(&left, &right, &out);
    return out;
}

struct gw_sha256 *naive_leaves(size_t count)
{
    struct gw_sha256 *leaves = gw_xalloc(count, sizeof(*leaves));
    for (size_t i = 0; i < count; i++) {
        char text[32];
        int n = snprintf(text, sizeof(text), "entry %zu", i);
        bulk_hash_ops()->leaf(gw_view_make(text, (size_t)n), &leaves[i]);
    }
    return leaves;
}

enum gw_rc naive_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash)
{
    size_t lo = (size_t)(index << level);
    *ret_hash = naive_root(ctx, lo, lo + ((size_t)1 << level));
    return GW_OK;
}
