/*
 * rollout_members: which device stands in which wave, and which may go back. Pure; O(n log n) in place, no memory of
 * its own. Any thread.
 *
 * Lists come first: a listed device belongs to the wave of its list, wherever that wave stands. The others are put in
 * an order that the plan's seed chooses; then the waves take in their order: a query wave all that are left and fit its
 * query, a percent wave its part, rounded up, of those that are left, the rest wave all that remain. The same devices,
 * lists, queries and seed always give the same waves.
 */
#pragma once

#include "gw_view.h"
#include "rollout.h"

#define ROLLOUT_NO_WAVE UINT16_MAX
_Static_assert(ROLLOUT_WAVES_MAX <= 32, "a bit for each wave");

struct rollout_member {
    struct gw_view id; /* borrowed; given */
    uint32_t fits;     /* given: bit w is set when the query of wave w fits the device */
    uint64_t key;      /* filled, as the rest */
    uint16_t wave;
    uint32_t place; /* within the wave, from 0: the order of its offers */
};

/* A line of a list. */
struct rollout_pick {
    struct gw_view id;
    uint16_t wave; /* index of a list wave */
};

struct rollout_fleet {
    struct rollout_member *members; /* put into another order */
    size_t count;                   /* at most ROLLOUT_DEVICES_MAX */
    struct rollout_pick *picks;     /* put into another order; NULL when there is no list */
    size_t pick_count;
};

/*
 * Gives each member its wave and place, and ret_totals[wave] the sizes (ROLLOUT_WAVES_MAX entries). The plan must be
 * valid. GW_INVALID, with the id: a device twice, a device on the lists of two waves, a listed device that is not among
 * the members, a list for a wave without one, devices that no wave takes; with the wave: a query that selects nobody,
 * which is rather a slip than a wave that proves anything. GW_TOO_BIG: too many devices.
 */
GW_MUST_CHECK enum gw_rc rollout_assign(const struct rollout_plan *plan, struct rollout_fleet *fleet,
                                        uint32_t *ret_totals, struct gw_err *err);

/* What is known when one device is to go back. */
struct rollout_back_ask {
    uint64_t counter_before;  /* release_counter of what it ran before the rollout; 0: not known */
    uint64_t floor_confirmed; /* highest security_floor that this device has confirmed ok */
    bool two_people;          /* two people have agreed to go below the floor */
    bool device_consents;     /* and the device's own setting lets it */
};
/* NONE: it may go back. FLOOR or UNKNOWN_BEFORE: attempt_step(SKIP) with that code. */
enum attempt_code rollout_back_check(const struct rollout_back_ask *ask);
