/*
 * blob: artifact files, each named by the SHA-256 of its content.
 *
 * What was committed is whole and survives a power cut; a name never stands for other bytes. A blob is staged (hashed
 * while it is written, invisible), then committed against the digest that was expected, or aborted. What is staged and
 * not committed is gone after a restart. The same content twice is one blob.
 *
 * Threads: safe from any; a stage belongs to one thread at a time. All calls block on the disk: not for core or web
 * (append copies at disk speed: a worker's business).
 *
 * Errors every call may give: GW_IO, GW_DENIED (permissions).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_hash.h"
#include "gw_view.h"

struct blob_stage; /* one blob on its way in; owned by who staged it until commit or abort */

struct blob_stats {
    uint64_t count, bytes;  /* committed */
    uint64_t staged_bytes;  /* announced by stages that are open */
    uint64_t max_bytes;     /* the quota that both together stay within */
    uint64_t free_bytes;    /* of the file system, as of now */
    uint64_t reserve_bytes; /* of it that blobs never take */
};

/* Return false to stop. Must not call the store. */
typedef bool blob_each_fn(void *ctx, const struct gw_sha256 *sha256, uint64_t size);

struct blob_ops {
    /* Room for exactly `size` bytes is set aside at once: GW_NO_SPACE when the quota or the file system's reserve does
     * not allow them, GW_AGAIN at the ceiling of open stages. */
    enum gw_rc (*stage)(void *self, uint64_t size, struct blob_stage **ret_stage, struct gw_err *err);
    /* GW_TOO_BIG beyond the size that was announced, GW_NO_SPACE when the disk is full. After a failure the stage can
     * only be aborted. */
    enum gw_rc (*append)(void *self, struct blob_stage *stage, struct gw_view bytes, struct gw_err *err);
    /* Digest of what was appended so far goes to ret_sha256 (may be NULL, also filled on a mismatch). GW_CORRUPT when
     * fewer bytes came than announced or the digest is not the expected one. Durable when it returns GW_OK. Consumes
     * the stage whatever it returns. */
    enum gw_rc (*commit)(void *self, struct blob_stage *stage, const struct gw_sha256 *expected,
                         struct gw_sha256 *ret_sha256, struct gw_err *err);
    void (*abort)(void *self, struct blob_stage *stage); /* accepts NULL */

    /* A descriptor for reading, the caller's to close; it stays good when the blob is removed. GW_NOT_FOUND. */
    enum gw_rc (*open)(void *self, const struct gw_sha256 *sha256, int *ret_fd, uint64_t *ret_size, struct gw_err *err);
    /* Reads it all again: GW_CORRUPT when the bytes are not those of its name. */
    enum gw_rc (*verify)(void *self, const struct gw_sha256 *sha256, struct gw_err *err);
    /* Durable when it returns. GW_NOT_FOUND. */
    enum gw_rc (*remove)(void *self, const struct gw_sha256 *sha256, struct gw_err *err);
    /* Every committed blob, in no order. */
    enum gw_rc (*each)(void *self, blob_each_fn *fn, void *ctx, struct gw_err *err);
    enum gw_rc (*stats)(void *self, struct blob_stats *ret_stats, struct gw_err *err);
};

struct blob {
    const struct blob_ops *ops;
    void *self;
};
