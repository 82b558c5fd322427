/*
 * gw_toml_scan: the grammar below gw_toml.c: marks, names and values of the TOML subset, without any schema.
 *
 * Private to gateway/base. Errors carry the reason alone; gw_toml.c puts file, line and key in front of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_toml.h"
#include "gw_view.h"

struct gw_toml_scan {
    struct gw_view rest; /* not read yet */
    unsigned line;       /* of the first byte of rest, from 1 */
};

struct gw_toml_item {
    int64_t number; /* of integers and booleans */
    char *text;     /* of strings, owned, terminated; NULL otherwise */
};

struct gw_toml_value {
    enum gw_toml_type type;     /* GW_TOML_INTS for an empty array */
    size_t count;               /* 1 but for arrays */
    struct gw_toml_item *items; /* owned */
};

/* Releases what a value owns and zeroes it; accepts a zeroed value. */
void gw_toml_value_done(struct gw_toml_value *v);

/* Checks the whole text once: UTF-8, no control characters but tab, LF and CR LF. *ret_line tells where it is wrong. */
GW_MUST_CHECK enum gw_rc gw_toml_scan_check(struct gw_view text, unsigned *ret_line, struct gw_err *err);

/* Skips blanks, comments and line ends; true when something is left. */
bool gw_toml_scan_next(struct gw_toml_scan *s);
/* After a header or a value: only a blank or a comment may follow on the line. */
GW_MUST_CHECK enum gw_rc gw_toml_scan_line_end(struct gw_toml_scan *s, struct gw_err *err);
/* "[name]". */
GW_MUST_CHECK enum gw_rc gw_toml_scan_table(struct gw_toml_scan *s, struct gw_view *ret_name, struct gw_err *err);
/* "name =". */
GW_MUST_CHECK enum gw_rc gw_toml_scan_key(struct gw_toml_scan *s, struct gw_view *ret_name, struct gw_err *err);
/* A value; *ret_value is filled on success alone. */
GW_MUST_CHECK enum gw_rc gw_toml_scan_value(struct gw_toml_scan *s, struct gw_toml_value *ret_value,
                                            struct gw_err *err);
