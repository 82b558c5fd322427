/*
 * blob_impl: what the files of the store share. `lock` guards the counters and the moment at which a name appears or
 * goes; it is never held over a sync or a write.
 */
#pragma once

#include <pthread.h>

#include "blob_store.h"

#define BLOB_DIR_MAX   512 /* characters of the store's directory */
#define BLOB_PATH_MAX  (BLOB_DIR_MAX + 80)
#define BLOB_HEX_LEN   64 /* digits of a name */
#define BLOB_READ_SIZE 65536

struct blob_store {
    char dir[BLOB_DIR_MAX];
    const struct gw_fs *fs;
    const struct gw_sha256_ops *sha;
    uint64_t max_bytes, reserve_bytes;
    pthread_mutex_t lock;
    uint64_t count, bytes;  /* committed */
    uint64_t staged_bytes;  /* announced by open stages */
    uint64_t written_bytes; /* of those, on the file system already */
    unsigned stages;
    uint64_t next_stage; /* names files in tmp */
};

struct blob_stage {
    int fd;
    bool failed;
    uint64_t size, written;
    struct gw_sha256_stream *hash; /* owned */
    char path[BLOB_PATH_MAX];
};

void blob_lock(struct blob_store *store);
void blob_unlock(struct blob_store *store);
void blob_path(const struct blob_store *store, const struct gw_sha256 *sha256, char out[BLOB_PATH_MAX]);
/* Makes the blob's directory durable. */
enum gw_rc blob_sync_dir(struct blob_store *store, const struct gw_sha256 *sha256, struct gw_err *err);
/* Size of the regular file at this path; GW_NOT_FOUND. */
enum gw_rc blob_stat(const char *path, uint64_t *ret_size, struct gw_err *err);
enum gw_rc blob_free_bytes(const struct blob_store *store, uint64_t *ret_bytes, struct gw_err *err);

/* The port's functions, by file. */
enum gw_rc blob_stage(void *self, uint64_t size, struct blob_stage **ret_stage, struct gw_err *err);
enum gw_rc blob_append(void *self, struct blob_stage *stage, struct gw_view bytes, struct gw_err *err);
enum gw_rc blob_commit(void *self, struct blob_stage *stage, const struct gw_sha256 *expected,
                       struct gw_sha256 *ret_sha256, struct gw_err *err);
void blob_abort(void *self, struct blob_stage *stage);
enum gw_rc blob_open(void *self, const struct gw_sha256 *sha256, int *ret_fd, uint64_t *ret_size, struct gw_err *err);
enum gw_rc blob_verify(void *self, const struct gw_sha256 *sha256, struct gw_err *err);
enum gw_rc blob_remove(void *self, const struct gw_sha256 *sha256, struct gw_err *err);
enum gw_rc blob_stats_get(void *self, struct blob_stats *ret_stats, struct gw_err *err);
