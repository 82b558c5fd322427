#include "keyd_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"

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

enum gw_rc keyd_dir_write(int dir_fd, const char *name, struct gw_view content, struct gw_err *err)
{
    GW_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return gw_err_sys(err, "%s", name);
    enum gw_rc rc = gw_fs_write_all(gw_fs_posix(), fd, content, 0, err);
    if (rc)
        return gw_err_wrap(err, rc, "%s", name);
    return fsync(fd) ? gw_err_sys(err, "sync of %s", name) : GW_OK;
}

enum gw_rc keyd_dir_sync(int dir_fd, const char *what, struct gw_err *err)
{
    return fsync(dir_fd) ? gw_err_sys(err, "sync of %s", what) : GW_OK;
}
