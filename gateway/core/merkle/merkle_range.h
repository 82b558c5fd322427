/*
 * merkle_range: the compact range of a log's prefix: all that is needed to go on adding leaves and to tell the root.
 *
 * RFC 6962 section 2.1 (the same tree as RFC 9162 section 2.1): leaf = H(0x00||entry), node = H(0x01||left||right), the
 * split is at the largest power of two below the size, the empty tree's root is H(""). hash[l] is the root of the
 * perfect subtree of 2^l leaves that belongs to bit l of size, and holds nothing while that bit is clear.
 *
 * A plain value: copy it, store it, compare it. No allocation, no thread of its own.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_hash.h"
#include "gw_rc.h"
#include "gw_view.h"

#define MERKLE_LEVELS   63
#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX) /* leaves; fits every store's integer */
/* Longest form of merkle_range_format(), bytes. */
#define MERKLE_RANGE_BYTES_MAX (8 + MERKLE_LEVELS * GW_SHA256_LEN)

struct merkle_range {
    uint64_t size; /* leaves in it */
    struct gw_sha256 hash[MERKLE_LEVELS];
};

void merkle_range_init(struct merkle_range *r);
/* Adds the next leaf's hash; GW_TOO_BIG, and no change, at MERKLE_SIZE_MAX. */
GW_MUST_CHECK enum gw_rc merkle_range_add(struct merkle_range *r, const struct gw_sha256_ops *ops,
                                          const struct gw_sha256 *leaf);
/* Whether the next leaf will complete a perfect subtree of 2^level leaves; if so, its root: what a tile of that level
 * keeps. Call it before merkle_range_add(). */
bool merkle_range_completes(const struct merkle_range *r, const struct gw_sha256_ops *ops, const struct gw_sha256 *leaf,
                            unsigned level, struct gw_sha256 *ret_hash);
void merkle_range_root(const struct merkle_range *r, const struct gw_sha256_ops *ops, struct gw_sha256 *ret_root);

/* Storage form: size (8 bytes, big-endian), then the hashes of the set bits from the lowest to the highest. */
enum gw_rc merkle_range_format(const struct merkle_range *r, struct gw_buf *ret_bytes);
/* GW_CORRUPT when the length does not fit the size; *ret_range is untouched then. */
GW_MUST_CHECK enum gw_rc merkle_range_parse(struct gw_view bytes, struct merkle_range *ret_range);
