#include "blob_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "blob_impl.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define DIR_MODE 0700
#define DIRS     256

void blob_lock(struct blob_store *store)
{
    if (pthread_mutex_lock(&store->lock))
        abort();
}

void blob_unlock(struct blob_store *store)
{
    if (pthread_mutex_unlock(&store->lock))
        abort();
}

void blob_path(const struct blob_store *store, const struct gw_sha256 *sha256, char out[BLOB_PATH_MAX])
{
    char hex[BLOB_HEX_LEN + 1];
    gw_hex_format(sha256->bytes, GW_SHA256_LEN, hex);
    (void)snprintf(out, BLOB_PATH_MAX, "%s/%.2s/%s", store->dir, hex, hex);
}

enum gw_rc blob_sync_dir(struct blob_store *store, const struct gw_sha256 *sha256, struct gw_err *err)
{
    char path[BLOB_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%02x", store->dir, sha256->bytes[0]);
    return store->fs->sync_dir(store->fs->ctx, path) ? gw_err_sys(err, "sync of directory %s", path) : GW_OK;
}

enum gw_rc blob_stat(const char *path, uint64_t *ret_size, struct gw_err *err)
{
    struct stat st;
    if (lstat(path, &st))
        return gw_err_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return gw_err_set(err, GW_IO, "%s: not a regular file", path);
    *ret_size = (uint64_t)st.st_size;
    return GW_OK;
}

enum gw_rc blob_free_bytes(const struct blob_store *store, uint64_t *ret_bytes, struct gw_err *err)
{
    struct statvfs fs;
    if (statvfs(store->dir, &fs))
        return gw_err_sys(err, "%s", store->dir);
    *ret_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return GW_OK;
}

/* Makes it when it is missing; it must be a directory of ours. */
static enum gw_rc take_dir(const char *path, struct gw_err *err)
{
    struct stat st;
    if (mkdir(path, DIR_MODE) && errno != EEXIST)
        return gw_err_sys(err, "%s", path);
    if (lstat(path, &st))
        return gw_err_sys(err, "%s", path);
    if (!S_ISDIR(st.st_mode))
        return gw_err_set(err, GW_INVALID, "%s: not a directory", path);
    if (st.st_uid != geteuid())
        return gw_err_set(err, GW_INVALID, "%s belongs to user %u, this process is user %u", path, (unsigned)st.st_uid,
                          (unsigned)geteuid());
    return GW_OK;
}

/* All directories there will ever be, durable before the first blob goes into one. They are synced each time: an
 * earlier run may have been killed between making them and that. */
static enum gw_rc make_dirs(const struct blob_store *store, struct gw_err *err)
{
    char path[BLOB_PATH_MAX];
    enum gw_rc rc = take_dir(store->dir, err);
    for (unsigned i = 0; !rc && i < DIRS; i++) {
        (void)snprintf(path, sizeof(path), "%s/%02x", store->dir, i);
        rc = take_dir(path, err);
    }
    if (!rc) {
        (void)snprintf(path, sizeof(path), "%s/tmp", store->dir);
        rc = take_dir(path, err);
    }
    if (rc)
        return rc;
    if (store->fs->sync_dir(store->fs->ctx, store->dir))
        return gw_err_sys(err, "sync of directory %s", store->dir);
    return gw_fs_sync_parent(store->fs, store->dir, err);
}

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* What was staged when an earlier run ended. */
static enum gw_rc empty_tmp(const struct blob_store *store, struct gw_err *err)
{
    char path[BLOB_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/tmp", store->dir);
    GW_CLEANUP(close_dir) DIR *dir = opendir(path);
    if (!dir)
        return gw_err_sys(err, "%s", path);
    struct dirent *e;
    while (errno = 0, (e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        int n = snprintf(path, sizeof(path), "%s/tmp/%s", store->dir, e->d_name);
        if (n < 0 || (size_t)n >= sizeof(path) || store->fs->unlink(store->fs->ctx, path))
            return gw_err_sys(err, "%s", path);
    }
    return errno ? gw_err_sys(err, "%s/tmp", store->dir) : GW_OK;
}

/* A name of the form of a blob's, in the directory where it belongs. */
static bool name_of_blob(const char *name, unsigned dir, struct gw_sha256 *ret_sha256)
{
    char again[BLOB_HEX_LEN + 1];
    if (gw_hex_parse(gw_view_str(name), ret_sha256->bytes, GW_SHA256_LEN) || ret_sha256->bytes[0] != dir)
        return false;
    gw_hex_format(ret_sha256->bytes, GW_SHA256_LEN, again);
    return strcmp(name, again) == 0; /* capitals: one blob has one name */
}

/* GW_CANCELLED when the visitor stopped. */
static enum gw_rc each_in(struct blob_store *store, unsigned n, blob_each_fn *fn, void *ctx, struct gw_err *err)
{
    char path[BLOB_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%02x", store->dir, n);
    GW_CLEANUP(close_dir) DIR *dir = opendir(path);
    if (!dir)
        return gw_err_sys(err, "%s", path);
    struct dirent *e;
    while (errno = 0, (e = readdir(dir))) {
        struct gw_sha256 sha256;
        uint64_t size;
        if (!name_of_blob(e->d_name, n, &sha256))
            continue;
        blob_path(store, &sha256, path);
        enum gw_rc rc = blob_stat(path, &size, err);
        if (rc == GW_NOT_FOUND) /* removed meanwhile */
            continue;
        if (rc)
            return rc;
        if (!fn(ctx, &sha256, size))
            return GW_CANCELLED;
    }
    if (errno)
        return gw_err_sys(err, "%s/%02x", store->dir, n);
    return GW_OK;
}

static enum gw_rc each_blob(void *self, blob_each_fn *fn, void *ctx, struct gw_err *err)
{
    for (unsigned i = 0; i < DIRS; i++) {
        enum gw_rc rc = each_in(self, i, fn, ctx, err);
        if (rc)
            return rc == GW_CANCELLED ? GW_OK : rc;
    }
    return GW_OK;
}

static bool count_blob(void *ctx, const struct gw_sha256 *sha256, uint64_t size)
{
    struct blob_store *store = ctx;
    (void)sha256;
    store->count++;
    store->bytes += size;
    return true;
}

enum gw_rc blob_store_open(const struct blob_store_options *options, struct blob_store **ret_store, struct gw_err *err)
{
    size_t len = strlen(options->dir);
    if (len == 0 || len >= BLOB_DIR_MAX)
        return gw_err_set(err, GW_INVALID, "the blobs' directory has a name of %zu characters", len);
    struct blob_store *store = gw_xalloc(1, sizeof(*store));
    memcpy(store->dir, options->dir, len);
    store->fs = options->fs ? options->fs : gw_fs_posix();
    store->sha = options->sha;
    store->max_bytes = options->max_bytes;
    store->reserve_bytes = options->reserve_bytes;
    if (pthread_mutex_init(&store->lock, NULL))
        abort();
    enum gw_rc rc = make_dirs(store, err);
    if (!rc)
        rc = empty_tmp(store, err);
    if (!rc)
        rc = each_blob(store, count_blob, store, err);
    if (rc) {
        blob_store_close(store);
        return rc;
    }
    *ret_store = store;
    return GW_OK;
}

void blob_store_close(struct blob_store *store)
{
    if (!store)
        return;
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

static const struct blob_ops ops = {
    .stage = blob_stage,
    .append = blob_append,
    .commit = blob_commit,
    .abort = blob_abort,
    .open = blob_open,
    .verify = blob_verify,
    .remove = blob_remove,
    .each = each_blob,
    .stats = blob_stats_get,
};

struct blob blob_store_port(struct blob_store *store)
{
    return (struct blob){&ops, store};
}
