/*
 * fair_queue: what waits for a thread, of names that take turns, so that who asks much waits for himself. Pure; its
 * owner locks.
 *
 * Names go round: whoever was served goes behind all that wait, and so does whoever comes. What one name asks for may
 * have inner names (the accounts that one address asks for), which go round in its turns in the same way. So, whatever
 * others do and however fast, before somebody's next come at most (n + 1) of each other name that has any, where n is
 * the number of other inner names that wait at his own name: fewer than of_one.
 *
 * One name has of_one places at most, and of them no inner name keeps another one out: when the name has no place left,
 * or the queue, and somebody comes who has fewer than another, the newest of whoever has most gives way. So it takes as
 * many names as the queue has places, or as many inner names as a name has, to keep another one out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gw_rc.h"
#include "gw_time.h"

struct fair_item {
    void *what;           /* the caller's */
    const char *name;     /* lies in `what`. "": nobody's, which comes next, and has as many places as there are */
    const char *inner;    /* the same; "": none */
    struct gw_mono came;  /* for the caller */
    uint64_t name_since;  /* when it came, or its name was served last: the lowest is next */
    uint64_t inner_since; /* the same of its inner name, among those of one name */
};

struct fair_queue {
    struct fair_item *items; /* as they came; the caller's */
    size_t max, of_one, count;
    uint64_t now; /* counts what came and went */
};

/* `items` has room for `max` and outlives the queue. */
void fair_queue_init(struct fair_queue *q, struct fair_item *items, size_t max, size_t of_one);
/* what, name, inner and came of `item` count. GW_AGAIN when there is no room for it. *ret_out: what gave way to it;
 * NULL: nothing had to. Without ret_out nothing gives way. */
GW_MUST_CHECK enum gw_rc fair_queue_put(struct fair_queue *q, const struct fair_item *item, void **ret_out);
/* The next one; its `what` is NULL when nothing waits. */
struct fair_item fair_queue_take(struct fair_queue *q);
/* Serving it has taken a while: whoever of that name came meanwhile goes behind all, too. */
void fair_queue_served(struct fair_queue *q, const char *name);
/* How many of that name wait. */
size_t fair_queue_count_of(const struct fair_queue *q, const char *name);
