/*
 * gw_err: one bounded message for people, wrapped while it rises.
 *
 * Owned by the caller, usually on its stack; every function that can explain itself takes one as its last parameter and
 * accepts NULL. The innermost failure sets the text; each level above may put "what I was doing: " in front of it.
 * Never holds secrets: callers put names, sizes and paths into it, not values.
 */
#pragma once

#include "gw_rc.h"

#define GW_ERR_TEXT_MAX 320

struct gw_err {
    enum gw_rc rc;
    char text[GW_ERR_TEXT_MAX]; /* always terminated; cut, never overrun */
};

/* Sets code and text, returns the code: `return gw_err_set(err, GW_INVALID, "...")`. */
enum gw_rc gw_err_set(struct gw_err *err, enum gw_rc rc, const char *fmt, ...) GW_PRINTF(3, 4);

/* Like gw_err_set() with ": " and the text of errno behind; maps ENOSPC, EDQUOT and EFBIG to GW_NO_SPACE, ENOENT to
 * GW_NOT_FOUND, EEXIST to GW_EXISTS, EACCES and EPERM to GW_DENIED, EAGAIN to GW_AGAIN, all else to GW_IO. */
enum gw_rc gw_err_sys(struct gw_err *err, const char *fmt, ...) GW_PRINTF(2, 3);

/* Puts "fmt: " in front of the text that is there; returns the code that is there. */
enum gw_rc gw_err_wrap(struct gw_err *err, enum gw_rc rc, const char *fmt, ...) GW_PRINTF(3, 4);

/* The text, or the code's own name where no text was set. */
const char *gw_err_text(const struct gw_err *err);

/* The analyser does not see into gw_err.c: tell it that a failure stays a failure. */
#ifdef __clang_analyzer__
#define gw_err_set(err, rc, ...)  ((void)(gw_err_set)(err, rc, __VA_ARGS__), (rc))
#define gw_err_wrap(err, rc, ...) ((void)(gw_err_wrap)(err, rc, __VA_ARGS__), (rc))
#define gw_err_sys(err, ...)      ((void)(gw_err_sys)(err, __VA_ARGS__), GW_IO)
#endif
