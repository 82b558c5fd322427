/*
 * rest_query: the parameters behind a request's '?', strictly: every key must be one that the operation takes, each at
 * most once, values decoded as HTML forms encode them (WHATWG URL, "application/x-www-form-urlencoded": %XX, and '+'
 * for a space). Pure; no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gw_err.h"
#include "gw_view.h"

#define REST_QUERY_VALUE_MAX 512 /* bytes of a value, decoded */

struct rest_param {
    const char *key;
    bool given;
    size_t len;
    char value[REST_QUERY_VALUE_MAX + 1]; /* terminated; may hold NUL bytes of its own */
};

/* Fills the given parameters of `params`. GW_INVALID names the parameter that is unknown, given twice, too long or
 * wrongly encoded. */
GW_MUST_CHECK enum gw_rc rest_query_parse(struct gw_view query, struct rest_param params[], size_t count,
                                          struct gw_err *err);
static inline struct gw_view rest_param_view(const struct rest_param *p)
{
    return gw_view_make(p->value, p->len);
}
