/* The way in: stage, append, commit or abort. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "blob_impl.h"
#include "gw_cleanup.h"

#define FILE_MODE 0400 /* nobody writes to a blob again */

/* Sets room aside; under the lock. */
static enum gw_rc reserve(struct blob_store *store, uint64_t size, uint64_t free_bytes, struct gw_err *err)
{
    uint64_t taken = store->bytes + store->staged_bytes;
    uint64_t coming = store->staged_bytes - store->written_bytes; /* of others, not on the disk yet */
    if (store->stages == BLOB_STAGES_MAX)
        return gw_err_set(err, GW_AGAIN, "%u files are arriving already", store->stages);
    if (taken > store->max_bytes || size > store->max_bytes - taken)
        return gw_err_set(err, GW_NO_SPACE, "no room for %" PRIu64 " bytes: %" PRIu64 " of %" PRIu64 " are taken", size,
                          taken, store->max_bytes);
    if (free_bytes < coming || free_bytes - coming < store->reserve_bytes ||
        size > free_bytes - coming - store->reserve_bytes)
        return gw_err_set(err, GW_NO_SPACE,
                          "no room for %" PRIu64 " bytes: the disk has %" PRIu64 " and keeps %" PRIu64 " free", size,
                          free_bytes, store->reserve_bytes);
    store->staged_bytes += size;
    store->stages++;
    return GW_OK;
}

static void release_room(struct blob_store *store, const struct blob_stage *stage)
{
    store->staged_bytes -= stage->size;
    store->written_bytes -= stage->written;
    store->stages--;
}

static void stage_free(struct blob_store *store, struct blob_stage *stage)
{
    store->sha->stream_free(stage->hash);
    free(stage);
}

/* Closes and removes the file, gives the room back. */
static void discard(struct blob_store *store, struct blob_stage *stage)
{
    if (stage->fd >= 0)
        (void)store->fs->close(store->fs->ctx, stage->fd);
    (void)store->fs->unlink(store->fs->ctx, stage->path); /* what stays is removed at the next start */
    blob_lock(store);
    release_room(store, stage);
    blob_unlock(store);
    stage_free(store, stage);
}

enum gw_rc blob_stage(void *self, uint64_t size, struct blob_stage **ret_stage, struct gw_err *err)
{
    struct blob_store *store = self;
    uint64_t free_bytes;
    enum gw_rc rc = blob_free_bytes(store, &free_bytes, err);
    if (rc)
        return rc;
    blob_lock(store);
    rc = reserve(store, size, free_bytes, err);
    uint64_t number = store->next_stage++;
    blob_unlock(store);
    if (rc)
        return rc;
    struct blob_stage *stage = gw_xalloc(1, sizeof(*stage));
    stage->size = size;
    stage->hash = store->sha->stream_new();
    (void)snprintf(stage->path, sizeof(stage->path), "%s/tmp/%016" PRIx64, store->dir, number);
    stage->fd = store->fs->open(store->fs->ctx, stage->path, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE);
    if (stage->fd < 0) {
        rc = gw_err_sys(err, "%s", stage->path);
        discard(store, stage);
        return rc;
    }
    *ret_stage = stage;
    return GW_OK;
}

enum gw_rc blob_append(void *self, struct blob_stage *stage, struct gw_view bytes, struct gw_err *err)
{
    struct blob_store *store = self;
    if (stage->failed)
        return gw_err_set(err, GW_IO, "%s: writing has failed before", stage->path);
    if (bytes.len > stage->size - stage->written) {
        stage->failed = true;
        return gw_err_set(err, GW_TOO_BIG, "more than the %" PRIu64 " bytes that were announced", stage->size);
    }
    enum gw_rc rc = gw_fs_write_all(store->fs, stage->fd, bytes, (int64_t)stage->written, err);
    if (rc) {
        stage->failed = true;
        return gw_err_wrap(err, rc, "%s", stage->path);
    }
    store->sha->stream_add(stage->hash, bytes);
    stage->written += bytes.len;
    blob_lock(store);
    store->written_bytes += bytes.len;
    blob_unlock(store);
    return GW_OK;
}

static enum gw_rc check(struct blob_store *store, struct blob_stage *stage, const struct gw_sha256 *expected,
                        struct gw_sha256 *ret_sha256, struct gw_err *err)
{
    struct gw_sha256 actual;
    store->sha->stream_end(stage->hash, &actual);
    stage->hash = NULL;
    if (ret_sha256)
        *ret_sha256 = actual;
    if (stage->failed)
        return gw_err_set(err, GW_IO, "%s: writing has failed before", stage->path);
    if (stage->written != stage->size)
        return gw_err_set(err, GW_CORRUPT, "%" PRIu64 " of %" PRIu64 " bytes arrived", stage->written, stage->size);
    if (!gw_sha256_eq(&actual, expected))
        return gw_err_set(err, GW_CORRUPT, "the SHA-256 is not the expected one");
    return GW_OK;
}

static enum gw_rc make_durable(struct blob_store *store, struct blob_stage *stage, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    if (store->fs->sync(store->fs->ctx, stage->fd))
        rc = gw_err_sys(err, "sync of %s", stage->path);
    int fd = stage->fd;
    stage->fd = -1;
    if (store->fs->close(store->fs->ctx, fd) && !rc)
        rc = gw_err_sys(err, "close of %s", stage->path);
    return rc;
}

/* The name appears. Under the lock, so that the same content twice is counted once. */
static enum gw_rc show(struct blob_store *store, const struct blob_stage *stage, const char *path, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    uint64_t old_size = 0;
    blob_lock(store);
    bool replaces = blob_stat(path, &old_size, NULL) == GW_OK;
    if (store->fs->rename(store->fs->ctx, stage->path, path)) {
        rc = gw_err_sys(err, "rename to %s", path);
    } else {
        store->count += replaces ? 0 : 1;
        store->bytes += stage->size - old_size;
        release_room(store, stage);
    }
    blob_unlock(store);
    return rc;
}

enum gw_rc blob_commit(void *self, struct blob_stage *stage, const struct gw_sha256 *expected,
                       struct gw_sha256 *ret_sha256, struct gw_err *err)
{
    struct blob_store *store = self;
    char path[BLOB_PATH_MAX];
    blob_path(store, expected, path);
    enum gw_rc rc = check(store, stage, expected, ret_sha256, err);
    if (!rc)
        rc = make_durable(store, stage, err);
    if (!rc)
        rc = show(store, stage, path, err);
    if (rc) {
        discard(store, stage);
        return rc;
    }
    stage_free(store, stage);
    /* When this fails the blob stays: its name does not lie, it may only be gone after a power cut. */
    return blob_sync_dir(store, expected, err);
}

void blob_abort(void *self, struct blob_stage *stage)
{
    if (stage)
        discard(self, stage);
}
