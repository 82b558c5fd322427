/*
 * keyd_dir: files of the key directory, always relative to its inherited descriptor, so that no path is ever followed.
 */
#pragma once

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

/* GW_DENIED unless fd is a directory of our own effective user with mode exactly 0700. */
GW_MUST_CHECK enum gw_rc keyd_dir_check(int dir_fd, struct gw_err *err);
/* Appends a whole regular file; GW_DENIED when others than its owner may touch it, GW_TOO_BIG above the ceiling. */
GW_MUST_CHECK enum gw_rc keyd_dir_read(int dir_fd, const char *name, struct gw_buf *ret_content, struct gw_err *err);
/* Makes a file that does not exist yet, mode 0600, and syncs its content. Its name is durable after keyd_dir_sync(). */
GW_MUST_CHECK enum gw_rc keyd_dir_write(int dir_fd, const char *name, struct gw_view content, struct gw_err *err);
GW_MUST_CHECK enum gw_rc keyd_dir_sync(int dir_fd, const char *what, struct gw_err *err);
