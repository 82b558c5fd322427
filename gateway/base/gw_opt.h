/*
 * gw_opt: what a program says of a command line that getopt_long(3) refuses: one line that names the word and tells
 * where to read on.
 *
 * For programs with long options alone: the option string is ":", opterr is 0, and values of the options begin at
 * GW_OPT_LONG, so that they cannot be taken for a letter.
 */
#pragma once

#include "gw_err.h"

#define GW_OPT_LONG 256

/* Directly behind a call that returned `code`, '?' or ':'. Sets the text; GW_INVALID. */
enum gw_rc gw_opt_refused(int code, char *const argv[], const char *program, struct gw_err *err);
