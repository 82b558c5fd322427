/*
 * live_rows: the rows that people watch (live.h), made by the reads that REST's single GETs use, so that a row and the
 * object are the same. A topic's rows are named one by one (turn_live) or walked through. Thread: core's.
 */
#pragma once

#include "operate.h"

/* Leaves one answer in `turn`, as GET would give it, or ANSWER_DONE with GW_NOT_FOUND when there is no such row. */
GW_MUST_CHECK enum gw_rc live_row_make(struct operate *o, struct turn *turn, const struct turn_row *row,
                                       struct gw_err *err);

/* False ends the walk. */
typedef bool live_key_fn(void *ctx, const char *key);
/* Passes the keys of a topic's rows behind `after` ("": from the start), in no more than about `limit`; topics with few
 * rows pass all of them at once, and none behind any. */
GW_MUST_CHECK enum gw_rc live_rows_each(const struct store *store, const struct turn_row *after, int limit,
                                        live_key_fn *fn, void *ctx, struct gw_err *err);

/* Says that a request to be enrolled came or changed. */
void live_pending_changed(struct turn *turn, const struct device_pending *pending);
