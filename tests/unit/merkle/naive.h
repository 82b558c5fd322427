/* naive: the tree as RFC 9162 section 2.1 writes it down, word for word and slowly: what the real one is held against.
 */
#pragma once

#include "gw_hash.h"
#include "gw_rc.h"

/* MTH(D[lo:hi]) over leaf hashes. */
struct gw_sha256 naive_root(const struct gw_sha256 *leaves, size_t lo, size_t hi);
/* Leaf hashes of the entries "entry 0", "entry 1", …; caller frees. */
struct gw_sha256 *naive_leaves(size_t count);
/* A merkle_source fetch over an array of leaf hashes (ctx). */
enum gw_rc naive_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash);
