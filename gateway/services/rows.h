/*
 * rows: devices, releases, rollouts and alerts as people see them, out of a store, in any thread that has one; and
 * those of them that fit a query.
 */
#pragma once

#include "query.h"
#include "row_match.h"
#include "session.h"

struct rows_source {
    struct store store;      /* of the thread that reads */
    struct session *session; /* who is connected (session_seen()) */
    unsigned threshold;      /* of vendor keys, releases.h */
    struct row_match match;
};

struct rows_ask {
    const struct query *query; /* QUERY_ROWS */
    struct gw_wall now;
    bool (*spent)(void *ctx); /* true: enough for this answer; asked after each row */
    void *ctx;
};

/* The device with its newest certificate, its inventory and its presence. */
GW_MUST_CHECK enum gw_rc rows_device(const struct store *store, struct session *session, const struct device *device,
                                     struct answer_device *ret_row, struct gw_err *err);
/* Fills the zeroed answer. It may hold fewer rows than asked for, even none, and say `more`: the time was spent, or the
 * page is full; whether others fit is not known then. Reads one snapshot. GW_INVALID: no such row to go on behind. */
GW_MUST_CHECK enum gw_rc rows_select(const struct rows_source *source, const struct rows_ask *ask,
                                     struct answer *ret_answer, struct gw_err *err);
