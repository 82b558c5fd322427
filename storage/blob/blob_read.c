/* What is committed: open, verify, remove, count. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob_impl.h"
#include "gw_cleanup.h"

enum gw_rc blob_open(void *self, const struct gw_sha256 *sha256, int *ret_fd, uint64_t *ret_size, struct gw_err *err)
{
    char path[BLOB_PATH_MAX];
    struct stat st;
    blob_path(self, sha256, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return gw_err_sys(err, "%s", path);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return gw_err_set(err, GW_IO, "%s: not a regular file", path);
    }
    *ret_fd = fd;
    *ret_size = (uint64_t)st.st_size;
    return GW_OK;
}

static enum gw_rc hash_file(const struct gw_sha256_ops *sha, int fd, struct gw_sha256 *ret_hash, struct gw_err *err)
{
    GW_FREE uint8_t *chunk = gw_xalloc(1, BLOB_READ_SIZE);
    struct gw_sha256_stream *stream = sha->stream_new();
    for (;;) {
        ssize_t n = read(fd, chunk, BLOB_READ_SIZE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            enum gw_rc rc = gw_err_sys(err, "read of a blob");
            sha->stream_free(stream);
            return rc;
        }
        if (n == 0) {
            sha->stream_end(stream, ret_hash);
            return GW_OK;
        }
        sha->stream_add(stream, gw_view_make(chunk, (size_t)n));
    }
}

enum gw_rc blob_verify(void *self, const struct gw_sha256 *sha256, struct gw_err *err)
{
    struct blob_store *store = self;
    struct gw_sha256 actual;
    char path[BLOB_PATH_MAX];
    uint64_t size;
    GW_CLOSE int fd = -1;
    enum gw_rc rc = blob_open(store, sha256, &fd, &size, err);
    if (!rc)
        rc = hash_file(store->sha, fd, &actual, err);
    if (rc || gw_sha256_eq(&actual, sha256))
        return rc;
    blob_path(store, sha256, path);
    return gw_err_set(err, GW_CORRUPT, "%s: its content is not that of its name", path);
}

enum gw_rc blob_remove(void *self, const struct gw_sha256 *sha256, struct gw_err *err)
{
    struct blob_store *store = self;
    char path[BLOB_PATH_MAX];
    uint64_t size;
    blob_path(store, sha256, path);
    blob_lock(store);
    enum gw_rc rc = blob_stat(path, &size, err);
    if (!rc && store->fs->unlink(store->fs->ctx, path))
        rc = gw_err_sys(err, "removal of %s", path);
    if (!rc) {
        store->count--;
        store->bytes -= size;
    }
    blob_unlock(store);
    return rc ? rc : blob_sync_dir(store, sha256, err);
}

enum gw_rc blob_stats_get(void *self, struct blob_stats *ret_stats, struct gw_err *err)
{
    struct blob_store *store = self;
    uint64_t free_bytes;
    enum gw_rc rc = blob_free_bytes(store, &free_bytes, err);
    if (rc)
        return rc;
    blob_lock(store);
    *ret_stats = (struct blob_stats){.count = store->count,
                                     .bytes = store->bytes,
                                     .staged_bytes = store->staged_bytes,
                                     .max_bytes = store->max_bytes,
                                     .free_bytes = free_bytes,
                                     .reserve_bytes = store->reserve_bytes};
    blob_unlock(store);
    return GW_OK;
}
