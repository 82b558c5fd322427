/*
 * live_table: the rows of one topic as people see them now, each as the JSON that goes out, in order of keys and in
 * order of last change. It remembers states, not events: a row that changes a thousand times is here once, so memory is
 * bounded by rows, and whoever comes back with a number finds what changed since.
 *
 *     oldest ─► row(seq 7) ─► gone(seq 9) ─► row(seq 12) ─► newest          by change
 *     rows[] = pump-1, pump-2, pump-9                                       by key, without those that are gone
 *
 * Of deleted rows the newest LIVE_GONE_MAX are remembered; who was away for longer cannot be told what went
 * (live_table.floor).
 *
 * Thread: one. Rows are counted references: views and subscriptions hold some that the table has dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"
#include "gw_view.h"
#include "live.h"

#define LIVE_GONE_MAX   4096
#define LIVE_ROWS_MAX   200000 /* of a topic; more are not shown, and counted */
#define LIVE_ROW_MAX    61440  /* bytes of JSON; a larger one is replaced by a note that says so */
#define LIVE_FIELDS_MAX 256    /* of a row, that queries see */

struct live_row {
    char key[LIVE_KEY_MAX];
    uint64_t seq; /* of its last change */
    bool gone;
    bool unseen; /* not named by the sweep that is under way */
    unsigned refs;
    struct live_row *older, *newer;
    uint8_t *json; /* owned; NULL when gone */
    size_t len;
    struct filter_row fields; /* its array and texts are one allocation, owned */
};

struct live_table {
    enum live_topic topic;
    uint64_t seq;   /* of the last change */
    uint64_t floor; /* deletions up to here are forgotten */
    struct live_row **rows;
    size_t count, cap;
    struct live_row *oldest, *newest;
    size_t gone_count;
    bool sweeping;
    bool whole;       /* a sweep has ended, or it is the overview's one row: what is not here is not there */
    uint64_t refused; /* rows above LIVE_ROWS_MAX */
};

void live_table_init(struct live_table *t, enum live_topic topic);
void live_table_done(struct live_table *t);

/* Inserts or replaces; false, and no change, when the row is there byte for byte. `json` is one object. */
bool live_table_put(struct live_table *t, const char *key, struct gw_view json);
/* False when there is no such row. */
bool live_table_delete(struct live_table *t, const char *key);
/* All rows are about to be put again: those that are not by the end go. A second begin starts anew. */
void live_table_sweep_begin(struct live_table *t);
void live_table_sweep_end(struct live_table *t);    /* without a begin: nothing */
void live_table_sweep_cancel(struct live_table *t); /* some of them were lost on the way: the end does nothing */

/* How many rows (and deletions) changed after `seq`; counting ends above `max`. */
size_t live_table_changed(const struct live_table *t, uint64_t seq, size_t max);

/* Where the key is, or would be, in an array of rows in order of keys. */
size_t live_rows_find(struct live_row *const *rows, size_t count, const char *key, bool *ret_found);

struct live_row *live_row_ref(struct live_row *row);
void live_row_unref(struct live_row *row); /* accepts NULL */

/* Calls fn with the fields that queries see of a row with this JSON under this key; they live as long as the call. Any
 * thread. */
typedef void live_fields_fn(void *ctx, const struct filter_row *fields);
void live_row_fields(enum live_topic topic, const char *key, struct gw_view json, live_fields_fn *fn, void *ctx);

/* live_fields.c: fills row->fields from its JSON; a row that cannot be read has none. */
void live_fields_read(struct live_row *row, enum live_topic topic);
/* The same for an event whose key is its device ("": the gateway's own log), with device, audit and the severity's
 * rank. */
void live_fields_read_event(struct live_row *event, int sev);
