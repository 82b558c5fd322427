/*
 * keyd_dir: files of the key directory, always relative to its inherited descriptor, so that no path from outside is
 * ever followed. What must last is written through a gw_fs, so that a test can put a disk under it that loses power.
 */
#pragma once

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_fs.h"
#include "gw_view.h"

struct keyd_dir {
    int fd;          /* borrowed; reading goes by it */
    struct gw_fs fs; /* writing; names are relative to the directory, "." is the directory itself */
};

/* fs becomes the operating system's, over fd. The struct stays where it is for as long as it is used. */
void keyd_dir_init(struct keyd_dir *dir, int fd);

/* GW_DENIED unless fd is a directory of our own effective user with mode exactly 0700. */
GW_MUST_CHECK enum gw_rc keyd_dir_check(int dir_fd, struct gw_err *err);
/* Appends a whole regular file; GW_DENIED when others than its owner may touch it, GW_TOO_BIG above the ceiling. */
GW_MUST_CHECK enum gw_rc keyd_dir_read(int dir_fd, const char *name, struct gw_buf *ret_content, struct gw_err *err);
/* Makes a file that does not exist yet, mode 0600, and syncs its content. Its name is durable after keyd_dir_sync() of
 * the directory that it lies in. */
GW_MUST_CHECK enum gw_rc keyd_dir_write(const struct keyd_dir *dir, const char *name, struct gw_view content,
                                        struct gw_err *err);
GW_MUST_CHECK enum gw_rc keyd_dir_sync(const struct keyd_dir *dir, const char *name, struct gw_err *err);
