/*
 * filter: the query language that people select rows with (docs/live.md, "Queries"): terms with spaces between them,
 * all of which must hold. One parser for the page, the command line, REST and rollouts.
 *
 *     status:offline name:"pump 7" -tag:lab fw<2.3 seen>2d text
 *
 * A filter is a value without pointers: it is copied by assignment, and what is not used of it is zero. It knows no
 * row's shape: the caller shows a row as a list of fields, a name for each value; one name may come several times (an
 * array), and then the term holds when it holds for one of them.
 *
 * Pure. Texts come from outside: everything has a limit, and an error names the byte where reading ended.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_time.h"
#include "gw_view.h"

#define FILTER_BYTES_MAX 512 /* of a whole query */
#define FILTER_TERMS_MAX 16
#define FILTER_KEY_MAX   48
#define FILTER_TEXT_MAX  128                /* bytes of a value, unescaped */
#define FILTER_AGE_MAX   (3650 * GW_DAY_MS) /* ten years */

enum filter_op {
    FILTER_TEXT = 1, /* any field contains the text; no key */
    FILTER_IS,       /* equal, but for the case of ASCII letters */
    FILTER_BEGINS,   /* key:value* */
    FILTER_LESS,     /* the next four: as ages when the value is one and the field is a time, else as versions */
    FILTER_LESS_EQ,
    FILTER_MORE,
    FILTER_MORE_EQ,
};

struct filter_term {
    enum filter_op op;
    bool negated;
    bool has_age;                 /* the value reads as an age: "2d" */
    int64_t age_ms;               /* then */
    char key[FILTER_KEY_MAX + 1]; /* lower case */
    size_t len;
    uint8_t text[FILTER_TEXT_MAX];
};

struct filter {
    size_t count; /* 0: everything fits */
    struct filter_term terms[FILTER_TERMS_MAX];
};

struct filter_field {
    struct gw_view key, value;
    bool is_bool; /* value is "true" or "false": "yes" and "no" mean the same */
    bool is_time;
    struct gw_wall t; /* then */
};

struct filter_row {
    const struct filter_field *fields;
    size_t count;
};

/* GW_TOO_BIG above a limit, GW_INVALID otherwise; *ret_filter is untouched then. */
GW_MUST_CHECK enum gw_rc filter_parse(struct gw_view text, struct filter *ret_filter, struct gw_err *err);
/* The same, and on failure where reading ended: that byte, counted from 1; the end of the text is one behind it. */
GW_MUST_CHECK enum gw_rc filter_parse_at(struct gw_view text, struct filter *ret_filter, size_t *ret_at,
                                         struct gw_err *err);
bool filter_eq(const struct filter *a, const struct filter *b);
/* Can what fits change by the passing of time alone? */
bool filter_ages(const struct filter *filter);
bool filter_match(const struct filter *filter, const struct filter_row *row, struct gw_wall now);

/* Below 0, 0, above 0. Runs of digits are compared as numbers of any length, all else byte by byte; "1.10" is above
 * "1.9", "2.0" above "2". */
int filter_version_cmp(struct gw_view a, struct gw_view b);
