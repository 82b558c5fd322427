/*
 * fleet_world: a gateway as small as gatehouse-fleet lets it be: mosquitto without plugin (TLS for the devices, plain
 * loopback for the test), an artifact server, a vendor who signs, and devices that are enrolled already. The test plays
 * the gateway's word. Devices are counted from 1.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "../../unit/agent_job/vendor.h"
#include "../agent_job/artifact_server.h"
#include "gw_proc.h"
#include "job_report.h"

#define WORLD_LIMIT_MS 60000
#define WORLD_DEVICES  10
#define WORLD_REPORTS  256
#define WORLD_STATE    2048

struct mosquitto;

struct world_device {
    struct job_report reports[WORLD_REPORTS];
    size_t report_count;
    char state[WORLD_STATE]; /* the last inventory */
    size_t states;           /* how many there were */
    bool crashed;            /* its log has told of it */
};

struct fleet_world {
    char dir[128]; /* of everything; the fleet's is <dir>/fleet */
    struct test_pki pki;
    struct artifact_server server;
    struct gw_proc broker, fleet;
    uint16_t tls_port, plain_port;
    EVP_PKEY *vendor, *stranger;
    struct mosquitto *client;
    pthread_t thread; /* of the client */
    int64_t n;

    pthread_mutex_t lock; /* of the rest, which the client's thread writes */
    bool over, subscribed;
    struct world_device devices[WORLD_DEVICES + 1];
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
