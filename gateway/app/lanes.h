/*
 * lanes: the passwords that wait for a worker, in the order in which they are hashed. Pure; its owner locks.
 *
 * Each lane of work.h has room for LANES_MAX, and takes its turn also while the others are never empty: of four turns
 * the known have two, the familiar and the strangers one each. So a flood in one lane makes the others slower and never
 * keeps them out.
 *
 * Within a lane those with one key (an account, a source) share one place in the round: who asks for many at once, or
 * all the time, waits behind everybody who asks for one. One key has LANES_OF_ONE places at most. When the lane is full
 * and a key comes that has fewer than another, the newest of whoever has most gives way. So it takes as many keys as
 * the lane has places to keep another one out.
 */
#pragma once

#include "gw_rc.h"
#include "work.h"

#define LANES_MAX    32 /* passwords waiting in a lane: some seconds' worth */
#define LANES_OF_ONE 4  /* of them with one key */

struct lanes_waiting {
    struct work *work; /* owned */
    uint64_t round;    /* of its key; the lowest is next, then who came first */
};

struct lanes {
    struct lanes_lane {
        struct lanes_waiting items[LANES_MAX]; /* as they came */
        size_t count;
        uint64_t round; /* of what was taken last */
    } lanes[WORK_LANES];
    size_t turn;
};

/* Takes the item over; GW_AGAIN when there is no room for it (the caller keeps it). *ret_out: what gave way to it, the
 * caller's to refuse; NULL: nothing had to. */
GW_MUST_CHECK enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out);
/* The next one, the caller's; NULL: nobody waits. */
struct work *lanes_take(struct lanes *l);
size_t lanes_count(const struct lanes *l);
