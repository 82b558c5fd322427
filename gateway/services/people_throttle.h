/*
 * people_throttle: how often a password may be tried, by account and by source. A try is counted before it is checked,
 * so that many at once gain nothing; beyond the free ones each makes the next wait twice as long, up to a ceiling. Who
 * comes too early is refused and waits no longer for it. Counts lapse THROTTLE_LAPSE_MS after the last try.
 *
 * Nobody is locked out for good: the wait for an account ends at THROTTLE_ACCOUNT_MAX_MS and does not hold for the
 * source where it was last signed in from, which has a wait of its own.
 *
 * Pure; a ceiling of THROTTLE_SLOTS keys, of which the one with the fewest and oldest tries makes room.
 */
#pragma once

#include <stdbool.h>

#include "gw_time.h"
#include "http_route.h"

#define THROTTLE_SLOTS          256
#define THROTTLE_LAPSE_MS       GW_HOUR_MS
#define THROTTLE_ACCOUNT_FREE   5
#define THROTTLE_ACCOUNT_MAX_MS GW_MINUTE_MS
#define THROTTLE_SOURCE_FREE    10
#define THROTTLE_SOURCE_MAX_MS  (15 * GW_MINUTE_MS)

struct throttle_slot {
    char key[HTTP_SOURCE_MAX]; /* a name, or a source */
    int tries;
    bool told; /* that this wait is on has been audited */
    struct gw_wall last, not_before;
    char home[HTTP_SOURCE_MAX]; /* of an account: where it was last signed in from */
};

struct throttle_table {
    struct throttle_slot slots[THROTTLE_SLOTS];
};

struct people_throttle {
    struct throttle_table accounts, sources;
};

/* Milliseconds until the next try may be made; 0: now. *ret_first: nobody has been told of this wait before. */
int64_t people_throttle_wait(struct people_throttle *t, const char *name, const char *source, struct gw_wall now,
                             bool *ret_first);
/* A try begins. */
void people_throttle_try(struct people_throttle *t, const char *name, const char *source, struct gw_wall now);
/* It was right: the account's count ends, the source's is as if it had not been. Returns the failed tries before. */
int people_throttle_right(struct people_throttle *t, const char *name, const char *source);
