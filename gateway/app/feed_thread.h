/*
 * feed_thread: the thread that walks the journal for the alerts (feed.h). It has a read-only journal of its own.
 *
 *     journal ─► feed_run ─► INBOX_FEED ─► core: alerts + cursor, one transaction ─► feed_thread_answer()
 *                   ▲                                                                     │
 *                   └─────────────────────────────────────────────────────────────────────┘
 */
#pragma once

#include "feed.h"
#include "inbox.h"

#define FEED_FORGET_MS 10000 /* how often the order of what is through is given up */

struct feed_thread_config {
    struct journal journal; /* used by this thread alone from now on */
    struct inbox inbox;
    struct journal_feed cursor; /* as core has it stored */
    /* What lies up to this feed is not asked for again. Called in the feed's thread; must not block. */
    void (*forget)(void *ctx, const struct journal_feed *feed);
    void *ctx;
};

struct feed_thread_stats {
    uint64_t events, hits, batches;
    uint64_t coalesced; /* events that were summed into a hit with others */
    uint64_t damaged;   /* appends that could not be read */
    uint64_t behind;    /* appends that wait */
};

struct feed_thread;

GW_MUST_CHECK enum gw_rc feed_thread_new(const struct feed_thread_config *config, struct feed_thread **ret_thread,
                                         struct gw_err *err);
/* Ends the thread; a batch under way is left to the next start. Accepts NULL. */
void feed_thread_free(struct feed_thread *t);
/* Any thread: the journal has grown. Accepts NULL. */
void feed_thread_wake(struct feed_thread *t);
/* Any thread: core's cursor, after its COMMIT. Accepts NULL. */
void feed_thread_answer(struct feed_thread *t, const struct journal_feed *cursor);
void feed_thread_stats_get(struct feed_thread *t, struct feed_thread_stats *ret_stats);
