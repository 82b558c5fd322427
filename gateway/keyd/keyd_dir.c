#include "keyd_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"

/* The calls are those that keyd_harden.c permits: by descriptor, never by an absolute path. */
static int at_open(void *ctx, const char *name, int flags, mode_t mode)
{
    const struct keyd_dir *dir = ctx;
    return openat(dir->fd, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

static int at_sync_dir(void *ctx, const char *name)
{
    const struct keyd_dir *dir = ctx;
    if (strcmp(name, ".") == 0)
        return fsync(dir->fd);
    GW_CLOSE int fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -1 : fsync(fd);
}

static int at_rename(void *ctx, const char *from, const char *to)
{
    const struct keyd_dir *dir = ctx;
    return renameat(dir->fd, from, dir->fd, to);
}

static int at_unlink(void *ctx, const char *name)
{
    const struct keyd_dir *dir = ctx;
    return unlinkat(dir->fd, name, 0);
}

void keyd_dir_init(struct keyd_dir *dir, int fd)
{
    dir->fd = fd;
    dir->fs = *gw_fs_posix(); /* what is done to an open file */
    dir->fs.ctx = dir;
    dir->fs.open = at_open;
    dir->fs.sync_dir = at_sync_dir;
    dir->fs.rename = at_rename;
    dir->fs.unlink = at_unlink;
}

enum gw_rc keyd_dir_check(int dir_fd, struct gw_err *err)
{
    struct stat st;
    if (fstat(dir_fd, &st))
        return gw_err_sys(err, "key directory (descriptor %d)", dir_fd);
    if (!S_ISDIR(st.st_mode))
        return gw_err_set(err, GW_DENIED, "key directory (descriptor %d): not a directory", dir_fd);
    if (st.st_uid != geteuid())
        return gw_err_set(err, GW_DENIED, "key directory belongs to user %u, this process is user %u",
                          (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 07777) != 0700)
        return gw_err_set(err, GW_DENIED, "key directory has mode %04o, it must be 0700",
                          (unsigned)(st.st_mode & 07777));
    return GW_OK;
}

enum gw_rc keyd_dir_read(int dir_fd, const char *name, struct gw_buf *ret_content, struct gw_err *err)
{
    struct stat st;
    GW_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st))
        return gw_err_sys(err, "%s", name);
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return gw_err_set(err, GW_DENIED, "%s: not a file that only its owner may read", name);
    for (;;) {
        uint8_t *at = gw_buf_reserve(ret_content, 4096);
        if (!at)
            return gw_err_set(err, gw_buf_rc(ret_content), "%s: too large", name);
        ssize_t n = read(fd, at, 4096);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return gw_err_sys(err, "read of %s", name);
        if (n == 0)
            return GW_OK;
        gw_buf_commit(ret_content, (size_t)n);
    }
}

enum gw_rc keyd_dir_write(const struct keyd_dir *dir, const char *name, struct gw_view content, struct gw_err *err)
{
    int fd = dir->fs.open(dir->fs.ctx, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return gw_err_sys(err, "%s", name);
    enum gw_rc rc = gw_fs_write_all(&dir->fs, fd, content, 0, err);
    if (rc)
        rc = gw_err_wrap(err, rc, "%s", name);
    else if (dir->fs.sync(dir->fs.ctx, fd))
        rc = gw_err_sys(err, "sync of %s", name);
    (void)dir->fs.close(dir->fs.ctx, fd);
    return rc;
}

enum gw_rc keyd_dir_sync(const struct keyd_dir *dir, const char *name, struct gw_err *err)
{
    return dir->fs.sync_dir(dir->fs.ctx, name) ? gw_err_sys(err, "sync of the key directory (%s)", name) : GW_OK;
}
