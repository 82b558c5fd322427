/*
 * fleet_behaviour: who in the fleet misbehaves, and how: a TOML file with one table for each kind (docs/fleet.md).
 *
 *     [lie]
 *     share_pct = 2
 *     every_seconds = 30
 *
 * A device has one kind. Those named by `devices` come first; shares are then dealt out among the others, in the order
 * of the enum: from the lowest number on, or in the order that [deal] seed shuffles. Immutable after loading.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_err.h"
#include "job_report.h"

enum fleet_kind {
    FLEET_GOOD = 0,
    FLEET_FLOOD,     /* publishes far more than it may, until it is cut, and again */
    FLEET_SILENT,    /* ends its session and stays away */
    FLEET_LIE,       /* sends other events under numbers that were acknowledged already */
    FLEET_MALFORMED, /* sends batches that are none */
    FLEET_RECONNECT, /* connects again and again */
    /* Those that show themselves with an update job alone (fleet_update.h). */
    FLEET_FAILS_INSTALL,
    FLEET_BOOTS_OLD,   /* the old version runs after the reboot */
    FLEET_GOES_SILENT, /* at a step */
    FLEET_FLAPS,       /* reboots again after it has said that all is well */
    FLEET_REFUSES,
    FLEET_DEFERS, /* as long as the job allows */
    FLEET_SLOW_DOWNLOAD,
    FLEET_CRASHES, /* a critical event after it has said that all is well */
};
#define FLEET_KINDS 14

struct fleet_conduct {
    uint32_t after_s;     /* of load before it begins */
    uint32_t every_s;     /* between two acts */
    uint32_t for_s;       /* away, or deferring; 0: for good */
    uint32_t flood_per_s; /* FLEET_FLOOD: messages */
    uint32_t after_ms;    /* FLEET_FLAPS, FLEET_CRASHES: behind "installed", and between two reboots */
    uint32_t times;       /* FLEET_FLAPS: reboots */
    uint32_t bytes_per_s; /* FLEET_SLOW_DOWNLOAD */
    enum job_state at;    /* FLEET_GOES_SILENT: behind the acknowledgement of this */
    bool says_installed;  /* FLEET_BOOTS_OLD: though it is not */
};

struct fleet_behaviour {
    struct fleet_conduct conduct[FLEET_KINDS];
    uint8_t *kind; /* enum fleet_kind of each device, owned */
    uint32_t devices;
};

const char *fleet_kind_text(enum fleet_kind kind);
bool fleet_kind_of_updates(enum fleet_kind kind); /* FLEET_FAILS_INSTALL and those behind it */
/* path NULL: all are good. `first` is the number of the first of `devices` devices. GW_INVALID naming file, line and
 * key. */
GW_MUST_CHECK enum gw_rc fleet_behaviour_load(const char *path, uint32_t first, uint32_t devices,
                                              struct fleet_behaviour *ret_behaviour, struct gw_err *err);
void fleet_behaviour_done(struct fleet_behaviour *b); /* accepts a zeroed struct */
