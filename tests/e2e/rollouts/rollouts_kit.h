/* rollouts_kit: rollouts as an operator sees them by the shipped CLI, and what the devices' handlers have noted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_gateway.h"

#define KIT_WAVES        8
#define KIT_ATTEMPTS_MAX 4096

struct kit_rollout {
    char id[32], state[16], hold[16];
    size_t waves;
    char wave[KIT_WAVES][16]; /* states */
    int64_t devices;
};
/* Makes a draft by a plan (JSON) and starts it. */
void kit_roll_out(const struct gw_gateway *g, const char *release, const char *plan, struct kit_rollout *ret_rollout);
/* Reads it anew; false while the gateway does not answer. */
bool kit_look(const struct gw_gateway *g, struct kit_rollout *rollout);
/* `gatehouse rollout VERB ID …`; true when it was accepted. words end with NULL. */
bool kit_act(const struct gw_gateway *g, const char *verb, const struct kit_rollout *rollout,
             const char *const words[]);

struct kit_attempt {
    char id[64], device[64], state[16], code[32];
    int64_t wave;
    bool back;
    int64_t since_ms; /* of its end, once it has ended */
};
/* All of them, in a list to be freed; aborts the test when the gateway does not answer. */
struct kit_attempt *kit_attempts(const struct gw_gateway *g, const struct kit_rollout *rollout, size_t *ret_count);
size_t kit_count(const struct kit_attempt *list, size_t count, const char *state);

/* A line of the fleet's handler journal: an installation that was begun. */
struct kit_begun {
    char device[64], attempt[64], kind[16], version[16];
    int64_t ms;
};
/* All lines, in a list to be freed; a torn one aborts the test. */
struct kit_begun *kit_handlers(const char *path, size_t *ret_count);
size_t kit_lines(const char *path); /* of a file; 0: it is not there */
/* Version that the device runs, as the gateway knows it; "" when it does not. */
void kit_version(const struct gw_gateway *g, const char *device, char *out, size_t size);
bool kit_port_free(uint16_t port);
