/*
 * live_tail: watching the logs. One walk along the journal serves everybody: the query threads bring what was committed
 * since, each different query looks at an event once, and each subscription keeps what fits until it can be sent.
 *
 *     core: the journal has grown ─► tick ─► live_config.tail() ─► query thread ─► live_hub_event()… live_hub_tail()
 *                                      ▲                                                      │
 *                                      └──────────────────────────────────────────────────────┘
 *
 * Every event counts, so what is left out is counted and told: the oldest of a page that is too slow, and what the walk
 * passed over because more came than it shows (live_hub.h). Thread: one.
 */
#pragma once

#include "gw_buf.h"
#include "live_table.h"

#define LIVE_LOG            ((enum live_topic)0) /* the topic that has no rows */
#define LIVE_TAIL_EVENTS    500                  /* that wait for one subscription: the oldest go */
#define LIVE_TAIL_BYTES     (256 * 1024)
#define LIVE_STREAMS_MAX    32 /* different queries at a time */
#define LIVE_PERSON_STREAMS 8  /* of one person */

/* A query that somebody watches the logs with. */
struct live_stream {
    struct filter filter;
    unsigned refs;
    bool fits;     /* the event at hand */
    uint64_t mark; /* of the count at hand: live_share.c */
};

struct live_tail {
    struct live_stream *stream; /* a reference of the hub's */
    struct live_row *ring[LIVE_TAIL_EVENTS];
    size_t head, count, bytes;
    uint64_t dropped; /* events that fit and were left out, not told yet */
    uint64_t unread;  /* events of any log that the walk passed over, not told yet */
    bool gap;         /* the walk began anew: nobody knows how many */
    size_t taken;     /* by the message at hand: so many events, or the lag when 0 */
};

/* An event with what queries see of it. `device` "": the gateway's own log. */
struct live_row *live_event_new(const char *device, int sev, struct gw_view json);
/* "sev>=medium" compares ranks: GW_INVALID when the word is no severity. */
GW_MUST_CHECK enum gw_rc live_tail_prepare(struct filter *filter, struct gw_err *err);

void live_tail_free(struct live_tail *t); /* accepts NULL */
void live_tail_push(struct live_tail *t, struct live_row *event);
bool live_tail_differs(const struct live_tail *t);
/* As live_sub_frame(), live_sub_sent(): `lag` first, then `ev`. */
GW_MUST_CHECK enum gw_rc live_tail_frame(struct live_tail *t, int32_t id, uint64_t n, size_t max_bytes,
                                         struct gw_buf *out);
void live_tail_sent(struct live_tail *t);
