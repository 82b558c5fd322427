/*
 * gw_gateway: a whole gateway under test: the shipped gatehoused with its children, free ports, a state directory on a
 * real disk, the shipped CLI to operate it. As root the powers are separated, as in production.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_proc.h"

struct gw_gateway {
    char state[128];
    char config[160];
    char socket[192];        /* admin socket */
    const char *pass_env[4]; /* names for --pass-env, NULL last */
    struct gw_proc proc;
    uint16_t port_mqtt, port_devices, port_operators; /* 0 until it is up */
};

/* Writes a configuration (extra_toml is put behind it; may be NULL); gw_gateway_restart() is the first start then. */
void gw_gateway_make(struct gw_gateway *g, const char *extra_toml);
/* The same, and starts; does not wait. */
void gw_gateway_start(struct gw_gateway *g, const char *extra_toml);
/* Starts again on the same state. */
void gw_gateway_restart(struct gw_gateway *g);
/* Waits until it says that it is ready and reads its ports. */
bool gw_gateway_await_ready(struct gw_gateway *g);
/* Runs `gatehouse --socket … --json <args>`; returns its exit code, its output in *ret_out (free()). */
int gw_gateway_cli(const struct gw_gateway *g, const char *const args[], char **ret_out);
/* Claims it with the account "admin", over HTTPS, as a person would; true when it worked. */
bool gw_gateway_claim(struct gw_gateway *g);
/* Only root can claim a gateway. As another user: prints one skip for the suite, true, and main() has nothing to do. */
bool gw_gateway_skip(const char *suite);
/* GW_TEST_RUN for tests that claim a gateway. */
#define GW_GATEWAY_TEST_RUN(suite, cases) (gw_gateway_skip(suite) ? 0 : GW_TEST_RUN(suite, cases))
/* SIGTERM and wait: the exit code. */
int gw_gateway_stop(struct gw_gateway *g);
/* Asks it to end; a case in which it does not has failed (gw_proc_end()). So do the other two. */
void gw_gateway_done(struct gw_gateway *g);

/* "key":"text" or "key":123 of a JSON text, the first of that name, as text; "" when absent. */
void gw_json_pick(const char *json, const char *key, char *out, size_t out_size);
/* The pid of the gateway's child whose program has this name ("mosquitto"); 0 when there is none. */
pid_t gw_gateway_child(const struct gw_gateway *g, const char *program);

/* A reference agent of this gateway. */
struct gw_agent {
    char dir[160];
    char config[192];
    struct gw_proc proc;
};
/* Makes an invitation for id and an agent that uses it; logs come from `input` ("" for none: see docs/agent.md). */
bool gw_agent_make(struct gw_agent *a, const struct gw_gateway *g, const char *id, const char *extra_toml);
void gw_agent_start(struct gw_agent *a);
void gw_agent_done(struct gw_agent *a);

/* A simulated fleet of this gateway (docs/fleet.md), invited by its admin socket. */
struct gw_fleet {
    char state[128];
    struct gw_proc proc;
};
void gw_fleet_make(struct gw_fleet *f);
/* args: what is to be said beside --gateway, --mqtt-port, --admin-socket, --state and --report json; ends with NULL. */
void gw_fleet_start(struct gw_fleet *f, const struct gw_gateway *g, const char *const args[]);
void gw_fleet_done(struct gw_fleet *f);
/* A figure of the report that it printed at its end; -1 when there is none. */
double gw_fleet_figure(const struct gw_fleet *f, const char *name);
