/*
 * merkle_proof: that an entry is in a log, and that a log only grew. RFC 9162 sections 2.1.3 and 2.1.4.
 *
 * Making one needs the hashes of some perfect subtrees, asked for through a function; checking one needs the proof
 * alone. A failed check is GW_CORRUPT: somebody's word does not hold. Pure: no allocation, no thread of its own.
 */
#pragma once

#include <stdint.h>

#include "gw_hash.h"
#include "gw_rc.h"
#include "merkle_range.h"

#define MERKLE_PROOF_MAX 64 /* hashes; enough for MERKLE_SIZE_MAX leaves */

struct merkle_proof {
    size_t count;
    struct gw_sha256 hash[MERKLE_PROOF_MAX];
};

/* Where a prover finds hashes. fetch gives the root of the perfect subtree over the leaves
 * [index * 2^level, (index + 1) * 2^level); it is asked only for subtrees that are whole at the size in question. */
struct merkle_source {
    const struct gw_sha256_ops *ops;
    enum gw_rc (*fetch)(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash);
    void *ctx;
};

/* Root of the first `size` leaves. Errors: those of fetch; GW_TOO_BIG above MERKLE_SIZE_MAX. */
GW_MUST_CHECK enum gw_rc merkle_source_root(const struct merkle_source *source, uint64_t size,
                                            struct gw_sha256 *ret_root);

/* Proof that leaf `index` is in the tree of `size` leaves. GW_INVALID unless index < size. */
GW_MUST_CHECK enum gw_rc merkle_prove_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                                                struct merkle_proof *ret_proof);
/* Proof that the tree of old_size leaves is a prefix of that of new_size. Empty for old_size 0 or equal sizes.
 * GW_INVALID unless old_size <= new_size. */
GW_MUST_CHECK enum gw_rc merkle_prove_consistency(const struct merkle_source *source, uint64_t old_size,
                                                  uint64_t new_size, struct merkle_proof *ret_proof);

/* RFC 9162 section 2.1.3.2. */
GW_MUST_CHECK enum gw_rc merkle_check_inclusion(const struct gw_sha256_ops *ops, const struct merkle_proof *proof,
                                                uint64_t index, const struct gw_sha256 *leaf, uint64_t size,
                                                const struct gw_sha256 *root);

/* One end of a consistency proof. */
struct merkle_head {
    uint64_t size;
    struct gw_sha256 root;
};
/* RFC 9162 section 2.1.4.2; a tree of size 0 is a prefix of every tree and needs an empty proof. */
GW_MUST_CHECK enum gw_rc merkle_check_consistency(const struct gw_sha256_ops *ops, const struct merkle_proof *proof,
                                                  const struct merkle_head *from, const struct merkle_head *to);
