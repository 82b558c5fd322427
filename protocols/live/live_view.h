/*
 * live_view: the rows of a table that one query selects, in order of keys. Shared by all subscriptions with that query,
 * brought up to date at most once a flush, by looking at the rows that changed since; whole, when too many were deleted
 * or when the query has an age and LIVE_AGES_MS have gone by. Thread: one.
 */
#pragma once

#include "live_table.h"

#define LIVE_AGES_MS INT64_C(10000)

struct live_view {
    const struct live_table *table;
    struct filter filter;
    unsigned refs;
    uint64_t seq;     /* of the table, that it is up to date with */
    uint64_t version; /* rises when a row that it selects came, went or changed */
    struct live_row **rows;
    size_t count, cap;
    struct gw_wall whole; /* when it was made whole last */
    uint64_t mark;        /* of the count at hand: live_share.c */
};

struct live_view *live_view_new(const struct live_table *table, const struct filter *filter, struct gw_wall now);
void live_view_free(struct live_view *v); /* accepts NULL */
void live_view_update(struct live_view *v, struct gw_wall now);
