/*
 * feed: what the events of the journal mean for alerts, on its way to core. A thread of its own walks the journal
 * behind a cursor, holds every event against the rules and sums what has one cause; core takes such a batch in one
 * turn, with the cursor in the same transaction (docs/architecture.md, rule 8: exactly once over two databases). One
 * batch is under way at a time; the next follows the answer, OUT_FEED, or is made again from core's cursor when none
 * came.
 *
 * Ceilings: FEED_HITS_MAX causes in a batch, whatever number of events they stand for, and FEED_ARRIVALS_MAX appends
 * of a cause of which core has to tell the events apart; FEED_PAUSE_MS between two
 * batches, and FEED_REST times as long as core took for the last one: on a slow disk its turn is a flush, for which
 * acknowledgements wait. So a flood of events costs core at most 1000 / FEED_PAUSE_MS turns a second and a share of
 * 1 / FEED_REST of its time; it makes alerts come later, and none is lost, since the events are stored.
 */
#pragma once

#include "journal.h"
#include "rules.h"

#define FEED_HITS_MAX     32
#define FEED_EARLY_MAX    ALERT_WINDOW_MAX
#define FEED_ARRIVALS_MAX 128 /* with ten batches a second more than a device may send */
#define FEED_PAUSE_MS     100
#define FEED_REST         30
#define FEED_REST_MS      2000  /* at most */
#define FEED_RETRY_MS     5000  /* without an answer the batch is handed in again */
#define FEED_QUIET_MS     10000 /* so long the cursor may lag behind events that mean nothing: that saves commits */

/* Between an answer that took so long and the next batch. */
static inline int64_t feed_pause_ms(int64_t answer_ms)
{
    int64_t rest_ms = answer_ms < FEED_REST_MS / FEED_REST ? answer_ms * FEED_REST : FEED_REST_MS;
    return rest_ms > FEED_PAUSE_MS ? rest_ms : FEED_PAUSE_MS;
}

/* Events of one cause that came together: an append has one arrival. */
struct feed_arrivals {
    struct gw_wall at;
    uint64_t times;
};

/* All events of one cause in a batch. */
struct feed_hit {
    struct rules_hit what; /* with the highest severity */
    uint64_t count;
    struct gw_wall first, last;           /* arrivals */
    bool met;                             /* the threshold, within the batch alone */
    struct gw_wall early[FEED_EARLY_MAX]; /* the first of them: together with earlier batches they may meet it */
    uint32_t early_count;
    struct alert_window window;                       /* at the end */
    struct feed_arrivals arrivals[FEED_ARRIVALS_MAX]; /* of all of them, where what.unasked */
    uint32_t arrival_count;
    struct log_id log; /* the last event: evidence */
    uint64_t seq;
    char msg[ALERT_MSG_MAX];
    enum event_sev alarm;      /* highest severity that the device itself gave an event of its own log; 0: none */
    char boot[EVENT_BOOT_MAX]; /* of that event */
};

struct feed_batch {
    struct journal_feed from; /* core's cursor */
    struct journal_feed to;   /* what it becomes */
    uint64_t events;          /* that were looked at last */
    uint32_t count;
    struct feed_hit hits[FEED_HITS_MAX];
};

/* The most causes that one append, which is of one log, can have: its batch must have room for them. */
#define FEED_CAUSES_MAX 19
