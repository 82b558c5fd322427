#include "gw_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define PATH_MAX_BYTES 4096

static int posix_open(void *ctx, const char *path, int flags, mode_t mode)
{
    (void)ctx;
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0 && (flags & O_CREAT) && (flags & O_EXCL) && fchmod(fd, mode)) { /* exactly, whatever the umask */
        int keep = errno;
        (void)close(fd);
        errno = keep;
        return -1;
    }
    return fd;
}

static ssize_t posix_pwrite(void *ctx, int fd, const void *bytes, size_t len, int64_t offset)
{
    (void)ctx;
    return pwrite(fd, bytes, len, offset);
}

static int posix_truncate(void *ctx, int fd, int64_t size)
{
    (void)ctx;
    return ftruncate(fd, size);
}

static int posix_sync(void *ctx, int fd)
{
    (void)ctx;
    return fdatasync(fd);
}

static int posix_sync_dir(void *ctx, const char *dir_path)
{
    (void)ctx;
    GW_CLOSE int fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

static int posix_rename(void *ctx, const char *from, const char *to)
{
    (void)ctx;
    return rename(from, to);
}

static int posix_unlink(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path);
}

static int posix_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd);
}

const struct gw_fs *gw_fs_posix(void)
{
    static const struct gw_fs posix = {
        .open = posix_open,
        .pwrite = posix_pwrite,
        .truncate = posix_truncate,
        .sync = posix_sync,
        .sync_dir = posix_sync_dir,
        .rename = posix_rename,
        .unlink = posix_unlink,
        .close = posix_close,
    };
    return &posix;
}

enum gw_rc gw_fs_write_all(const struct gw_fs *fs, int fd, struct gw_view v, int64_t offset, struct gw_err *err)
{
    while (v.len > 0) {
        ssize_t n = fs->pwrite(fs->ctx, fd, v.ptr, v.len, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_err_sys(err, "write of %zu bytes", v.len);
        if (n == 0)
            return gw_err_set(err, GW_IO, "write of %zu bytes: no progress", v.len);
        v = gw_view_make(v.ptr + n, v.len - (size_t)n);
        offset += n;
    }
    return GW_OK;
}

enum gw_rc gw_fs_sync_parent(const struct gw_fs *fs, const char *path, struct gw_err *err)
{
    char dir[PATH_MAX_BYTES] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof(dir))
        return gw_err_set(err, GW_TOO_BIG, "path of %zu characters", strlen(path));
    if (slash)
        (void)snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
    return fs->sync_dir(fs->ctx, dir) ? gw_err_sys(err, "sync of directory %s", dir) : GW_OK;
}

static enum gw_rc write_new(const struct gw_fs *fs, const char *path, struct gw_view content, mode_t mode,
                            struct gw_err *err)
{
    (void)fs->unlink(fs->ctx, path); /* left by an earlier stop */
    int fd = fs->open(fs->ctx, path, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (fd < 0)
        return gw_err_sys(err, "%s", path);
    enum gw_rc rc = gw_fs_write_all(fs, fd, content, 0, err);
    if (!rc && fs->sync(fs->ctx, fd))
        rc = gw_err_sys(err, "sync of %s", path);
    if (fs->close(fs->ctx, fd) && !rc)
        rc = gw_err_sys(err, "close of %s", path);
    return rc;
}

enum gw_rc gw_fs_replace(const struct gw_fs *fs, const char *path, struct gw_view content, mode_t mode,
                         struct gw_err *err)
{
    char fresh[PATH_MAX_BYTES];
    int n = snprintf(fresh, sizeof(fresh), "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof(fresh))
        return gw_err_set(err, GW_TOO_BIG, "path of %zu characters", strlen(path));
    enum gw_rc rc = write_new(fs, fresh, content, mode, err);
    if (rc) {
        (void)fs->unlink(fs->ctx, fresh);
        return rc;
    }
    if (fs->rename(fs->ctx, fresh, path)) {
        rc = gw_err_sys(err, "rename to %s", path);
        (void)fs->unlink(fs->ctx, fresh);
        return rc;
    }
    return gw_fs_sync_parent(fs, path, err);
}

enum gw_rc gw_fs_read_file(const char *path, struct gw_buf *ret_content, struct gw_err *err)
{
    uint8_t chunk[16384];
    GW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gw_err_sys(err, "%s", path);
    enum gw_rc rc = GW_OK;
    ssize_t n;
    do {
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno != EINTR)
            rc = gw_err_sys(err, "read of %s", path);
        else if (n > 0)
            rc = gw_buf_add(ret_content, chunk, (size_t)n);
        if (n > 0 && rc)
            rc = gw_err_set(err, rc, "%s: more than %zu bytes", path, ret_content->max);
    } while (!rc && n != 0);
    explicit_bzero(chunk, sizeof(chunk)); /* of a key, perhaps */
    return rc;
}
