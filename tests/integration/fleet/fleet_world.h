/*
 * fleet_world: gatehouse-fleet at an update_gateway, with devices that are enrolled already. Devices are counted
 * from 1.
 */
#pragma once

#include "update_gateway.h"

#define WORLD_DEVICES 10
#define WORLD_STATE   2048

struct world_device {
    struct update_reports reports;
    char state[WORLD_STATE]; /* the last inventory */
    size_t states;           /* how many there were */
    bool crashed;            /* its log has told of it */
};

struct fleet_world {
    struct update_gateway gateway; /* the fleet's directory is <dir>/fleet */
    struct gw_proc fleet;
    struct world_device devices[WORLD_DEVICES + 1]; /* under the gateway's lock */
};

void fleet_world_init(struct fleet_world *w); /* all but the fleet */
void fleet_world_done(struct fleet_world *w);
/* behaviour: TOML, NULL for none. args: what is to be said beside the places and the vendor's key; ends with NULL. */
void fleet_world_start(struct fleet_world *w, const char *behaviour, const char *const args[]);
void fleet_world_kill(struct fleet_world *w);

/* A release of so many bytes, where the server finds it for each device's attempt; attempts are "<name>-<device>". */
void fleet_world_release(struct fleet_world *w, const char *attempt, size_t bytes, struct vendor_release *release);
/* A job for one device, signed by `signer`. */
void fleet_world_offer(struct fleet_world *w, unsigned device, EVP_PKEY *signer, const char *attempt,
                       const struct vendor_release *release, enum job_kind kind);

/* Waits for a report of this state behind the first `*from`, which is moved behind it. */
bool fleet_world_await(struct fleet_world *w, unsigned device, enum job_state state, size_t *from,
                       struct job_report *ret_report);
/* Waits until it has sent so many inventories, with this in the last one. */
bool fleet_world_await_state(struct fleet_world *w, unsigned device, size_t states, const char *text);
bool fleet_world_await_crash(struct fleet_world *w, unsigned device);
/* Lines of the handler journal that name this attempt of the device. */
size_t fleet_world_started(struct fleet_world *w, unsigned device, const char *attempt);
