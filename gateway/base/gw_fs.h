/*
 * gw_fs: the few file operations that durability hangs on, as an interface.
 *
 * Whoever promises that bytes survive a power cut (blobs, keyd's memory, the agent's spool) goes through this table, so
 * that a test can put a model of a disk under it that forgets what was not synced. Paths are absolute or relative to
 * the working directory, unless whoever made the table says otherwise. Descriptors returned are real ones: reading
 * needs no shim. All calls block.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

struct gw_fs {
    void *ctx;
    /* open(2) with O_CLOEXEC|O_NOFOLLOW added; -1 and errno. A file that it makes with O_EXCL has exactly `mode`. */
    int (*open)(void *ctx, const char *path, int flags, mode_t mode);
    ssize_t (*pwrite)(void *ctx, int fd, const void *bytes, size_t len, int64_t offset);
    int (*truncate)(void *ctx, int fd, int64_t size);
    int (*sync)(void *ctx, int fd);                   /* fdatasync(2): content and size */
    int (*sync_dir)(void *ctx, const char *dir_path); /* makes names made, renamed or removed in it durable */
    int (*rename)(void *ctx, const char *from, const char *to);
    int (*unlink)(void *ctx, const char *path);
    int (*close)(void *ctx, int fd);
};

/* The operating system's own; static storage. */
const struct gw_fs *gw_fs_posix(void);

/* Writes all of v at the offset, through short writes and EINTR. */
GW_MUST_CHECK enum gw_rc gw_fs_write_all(const struct gw_fs *fs, int fd, struct gw_view v, int64_t offset,
                                         struct gw_err *err);
/* Syncs the directory that path lies in: a name made, renamed or removed there is durable then. */
GW_MUST_CHECK enum gw_rc gw_fs_sync_parent(const struct gw_fs *fs, const char *path, struct gw_err *err);
/* Replaces a file so that after a power cut either the old or the new content is there, whole: writes
 * "<path>.new", syncs it, renames it over path, syncs the directory. */
GW_MUST_CHECK enum gw_rc gw_fs_replace(const struct gw_fs *fs, const char *path, struct gw_view content, mode_t mode,
                                       struct gw_err *err);
/* Appends the whole file to ret_content; GW_TOO_BIG above the buffer's ceiling. */
GW_MUST_CHECK enum gw_rc gw_fs_read_file(const char *path, struct gw_buf *ret_content, struct gw_err *err);
