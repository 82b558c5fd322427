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

static void append(struct merkle_proof *proof, struct gw_sha256 hash)
{
    proof->hash[proof->count++] = hash;
}

void naive_path(const struct gw_sha256 *leaves, size_t m, size_t lo, size_t hi, struct merkle_proof *proof)
{
    if (hi - lo == 1)
        return;
    size_t mid = lo + largest_power_below(hi - lo);
    if (m < mid) {
        naive_path(leaves, m, lo, mid, proof);
        append(proof, naive_root(leaves, mid, hi));
    } else {
        naive_path(leaves, m, mid, hi, proof);
        append(proof, naive_root(leaves, lo, mid));
    }
}

/* SUBPROOF(m, D[lo:hi], whole), m counted from the start of the log. */
static void subproof(const struct gw_sha256 *leaves, size_t m, const size_t range[2], bool whole,
                     struct merkle_proof *proof)
{
    size_t lo = range[0], hi = range[1];
    if (m == hi) {
        if (!whole)
            append(proof, naive_root(leaves, lo, hi));
        return;
    }
    size_t mid = lo + largest_power_below(hi - lo);
    if (m <= mid) {
        subproof(leaves, m, (size_t[2]){lo, mid}, whole, proof);
        append(proof, naive_root(leaves, mid, hi));
    } else {
        subproof(leaves, m, (size_t[2]){mid, hi}, false, proof);
        append(proof, naive_root(leaves, lo, mid));
    }
}

void naive_consistency(const struct gw_sha256 *leaves, size_t m, size_t n, struct merkle_proof *proof)
{
    if (m > 0)
        subproof(leaves, m, (size_t[2]){0, n}, true, proof);
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
