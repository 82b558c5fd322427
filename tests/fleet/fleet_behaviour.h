/*
 * fleet_behaviour: who in the fleet misbehaves, and how: a TOML file with one table for each kind (docs/fleet.md).
 *
 *     [lie]
 *     share_pct = 2
 *     every_seconds = 30
 *
 * A device has one kind. Those named by `devices` come first; shares are then dealt out among the others, in the order
 * of the enum, from the lowest number on. Immutable after loading.
 */
#pragma once

#include <stdint.h>

#include "gw_err.h"

enum fleet_kind {
    FLEET_GOOD = 0,
    FLEET_FLOOD,     /* publishes far more than it may, until it is cut, and again */
    FLEET_SILENT,    /* ends its session and stays away */
    FLEET_LIE,       /* sends other events under numbers that were acknowledged already */
    FLEET_MALFORMED, /* sends batches that are none */
    FLEET_RECONNECT, /* connects again and again */
};
#define FLEET_KINDS 6

struct fleet_conduct {
    uint32_t after_s;     /* of load before it begins */
    uint32_t every_s;     /* between two acts */
    uint32_t for_s;       /* FLEET_SILENT: how long; 0: for good */
    uint32_t flood_per_s; /* FLEET_FLOOD: messages */
};

struct fleet_behaviour {
    struct fleet_conduct conduct[FLEET_KINDS];
    uint8_t *kind; /* enum fleet_kind of each device, owned */
    uint32_t devices;
};

const char *fleet_kind_text(enum fleet_kind kind);
/* path NULL: all are good. `first` is the number of the first of `devices` devices. GW_INVALID naming file, line and
 * key. */
GW_MUST_CHECK enum gw_rc fleet_behaviour_load(const char *path, uint32_t first, uint32_t devices,
                                              struct fleet_behaviour *ret_behaviour, struct gw_err *err);
void fleet_behaviour_done(struct fleet_behaviour *b); /* accepts a zeroed struct */
