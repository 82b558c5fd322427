/*
 * row_match: does a row, as people see it, fit a query? One evaluation for all that select rows: the live protocol,
 * REST and the command line behind it, and the waves of rollouts can never differ. Implementation:
 * gateway/app/row_fits.c.
 *
 * Thread: any.
 */
#pragma once

#include "answer.h"
#include "filter.h"

#define ROW_FILTERS_MAX 32 /* a bit for each */

struct row_filters {
    const struct filter *list;
    size_t count; /* at most ROW_FILTERS_MAX */
    struct gw_wall now;
};

struct row_match {
    void *self;
    /* Bit i is set when the row fits filter i. row: what a GET of the one object answers (answer.single); one that
     * cannot be shown fits nothing. */
    uint32_t (*fits)(void *self, const struct answer *row, const struct row_filters *filters);
};
