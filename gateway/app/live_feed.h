/*
 * live_feed: which rows that people watch are to be made anew, and making them, a slice at a time, between core's
 * turns.
 *
 * A row that is named again before it is made is made once. When a whole topic is named, or more than FEED_ROWS_MAX
 * rows, all of the topic are made: the sweep begins at the next tick, so that what changes at once (a broker that comes
 * back and lists its devices one by one) is not shown in between. The overview is made once a second.
 *
 * Whoever takes the rows may have no room: then rows wait here, named, and are made when there is.
 */
#pragma once

#include "live_rows.h"

#define FEED_ROWS_MAX 4096
#define FEED_SLICE    64 /* rows that are made between two looks at the inbox */

/* Where rows go. Called in core's thread; must not block. `row` NULL in live_outlets: nobody watches. */
struct live_outlets {
    void *ctx;
    bool (*room)(void *ctx);
    /* answer NULL: there is no such row any more. */
    void (*row)(void *ctx, const struct turn_row *row, const struct answer *answer);
    void (*sweep)(void *ctx, enum live_topic topic, bool begins);
};

struct live_feed {
    struct live_outlets out;
    const struct store *store;
    struct operate *operate;
    struct turn_row *rows; /* ring of FEED_ROWS_MAX */
    size_t head, count;
    uint32_t *index;         /* open addressing: place in the ring + 1 */
    bool all[LIVE_TOPICS];   /* named since the last tick */
    bool ready[LIVE_TOPICS]; /* to be swept */
    struct turn_row at;      /* topic 0: no sweep is under way; key: what was passed last */
    struct turn_row *page;   /* of the sweep: keys to be made */
    size_t page_at, page_count, page_cap;
    struct turn *turn; /* what a row is read in */
};

void live_feed_init(struct live_feed *f, const struct live_outlets *out, const struct store *store,
                    struct operate *operate);
void live_feed_done(struct live_feed *f);
/* Takes over what a turn named. After its COMMIT. */
void live_feed_note(struct live_feed *f, const struct turn *turn);
void live_feed_all(struct live_feed *f); /* every row of every topic */
/* Makes a slice. True when there is more to make now. */
bool live_feed_run(struct live_feed *f, struct gw_wall now);
/* Once a second: the overview; sweeps begin. */
void live_feed_tick(struct live_feed *f, struct gw_wall now);
