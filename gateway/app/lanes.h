/*
 * lanes: the passwords that wait for a worker, in the order in which they are hashed. Pure; its owner locks.
 *
 * Each lane of work.h has room for LANES_MAX, and takes its turn also while the others are never empty: of four turns
 * the known have two, the familiar and the strangers one each. So a flood in one lane makes the others slower and never
 * keeps them out.
 *
 * Within a lane the keys (a source, an account) go round: whoever was served goes behind all that wait, and so does
 * whoever comes. The names that one key asks for (act.name) go round in its turns in the same way. So, whatever others
 * do and however fast, before somebody's next password come at most (n + 1) of each other key that has any, where n is
 * the number of other names that wait at his own key: fewer than LANES_OF_ONE.
 *
 * One key has LANES_OF_ONE places at most, and of them no name keeps another one out: when the key has no place left,
 * or the lane, and somebody comes who has fewer than another, the newest of whoever has most gives way. So it takes as
 * many keys as the lane has places, or as many names as a key has, to keep another one out.
 */
#pragma once

#include "gw_rc.h"
#include "work.h"

#define LANES_MAX    32 /* passwords waiting in a lane: some seconds' worth */
#define LANES_OF_ONE 4  /* of them with one key */

struct lanes_waiting {
    struct work *work;   /* owned */
    uint64_t key_since;  /* when it came, or its key was served last: the key with the lowest is next */
    uint64_t name_since; /* the same of its name, among those of one key */
};

struct lanes {
    struct lanes_lane {
        struct lanes_waiting items[LANES_MAX]; /* as they came */
        size_t count;
        uint64_t now; /* counts what came and went */
    } lanes[WORK_LANES];
    size_t turn;
};

/* Takes the item over; GW_AGAIN when there is no room for it (the caller keeps it). *ret_out: what gave way to it, the
 * caller's to refuse; NULL: nothing had to. */
GW_MUST_CHECK enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out);
/* The next one, the caller's; NULL: nobody waits. */
struct work *lanes_take(struct lanes *l);
size_t lanes_count(const struct lanes *l);
