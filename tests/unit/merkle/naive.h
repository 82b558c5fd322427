/* naive: the tree as RFC 9162 section 2.1 writes it down, word for word and slowly: what the real one is held against.
 */
#pragma once

#include "gw_hash.h"
#include "merkle_proof.h"

/* MTH(D[lo:hi]) over leaf hashes. */
struct gw_sha256 naive_root(const struct gw_sha256 *leaves, size_t lo, size_t hi);
/* PATH(m, D[lo:hi]) and PROOF(m, D[0:n]), appended to proof. */
void naive_path(const struct gw_sha256 *leaves, size_t m, size_t lo, size_t hi, struct merkle_proof *proof);
void naive_consistency(const struct gw_sha256 *leaves, size_t m, size_t n, struct merkle_proof *proof);
/* Leaf hashes of the entries "entry 0", "entry 1", …; caller frees. */
struct gw_sha256 *naive_leaves(size_t count);
/* A merkle_source fetch over an array of leaf hashes (ctx). */
enum gw_rc naive_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash);
