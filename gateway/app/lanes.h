/*
 * lanes: the passwords that wait for a worker, in the order in which they are hashed. Pure; its owner locks.
 *
 * Each lane of work.h has room for LANES_MAX, and takes its turn also while the others are never empty: of four turns
 * the known have two, the familiar and the strangers one each. So a flood in one lane makes the others slower and never
 * keeps them out. Within a lane the keys (a source, an account) take turns, and so do the names that one key asks for
 * (act.name), each with its share of the places, as fair_queue.h says.
 */
#pragma once

#include "fair_queue.h"
#include "gw_rc.h"
#include "work.h"

#define LANES_MAX    32 /* passwords waiting in a lane: some seconds' worth */
#define LANES_OF_ONE 4  /* of them with one key */

struct lanes {
    struct lanes_lane {
        struct fair_item items[LANES_MAX];
        struct fair_queue queue;
    } lanes[WORK_LANES];
    size_t turn;
};

/* `l` stays where it is. */
void lanes_init(struct lanes *l);
/* Takes the item over; GW_AGAIN when there is no room for it (the caller keeps it). *ret_out: what gave way to it, the
 * caller's to refuse; NULL: nothing had to. */
GW_MUST_CHECK enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out);
/* The next one, the caller's; NULL: nobody waits. */
struct work *lanes_take(struct lanes *l);
size_t lanes_count(const struct lanes *l);
