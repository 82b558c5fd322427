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

struct row_match {
    void *self;
    /* row: what a GET of the one object answers (answer.single); one that cannot be shown fits nothing. */
    bool (*fits)(void *self, const struct answer *row, const struct filter *filter, struct gw_wall now);
};
