/*
 * merkle_source: the root of a log whose hashes lie elsewhere, at any size that it ever had. RFC 9162 section 2.1.1.
 *
 * The hashes of a few perfect subtrees are asked for through a function. Pure: no allocation, no thread of its own.
 */
#pragma once

#include <stdint.h>

#include "gw_hash.h"
#include "gw_rc.h"
#include "merkle_range.h"

/* fetch gives the root of the perfect subtree over the leaves [index * 2^level, (index + 1) * 2^level); it is asked
 * only for subtrees that are whole at the size in question. */
struct merkle_source {
    const struct gw_sha256_ops *ops;
    enum gw_rc (*fetch)(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash);
    void *ctx;
};

/* Root of the first `size` leaves. Errors: those of fetch; GW_TOO_BIG above MERKLE_SIZE_MAX. */
GW_MUST_CHECK enum gw_rc merkle_source_root(const struct merkle_source *source, uint64_t size,
                                            struct gw_sha256 *ret_root);
