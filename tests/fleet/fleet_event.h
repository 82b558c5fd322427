/*
 * fleet_event: what simulated devices write into their logs: RFC 5424 lines of a fixed length, mostly words, with 128
 * random bits each, so that compression has about as hard a time as with real logs.
 *
 * The noise is for load, not for secrets: a xorshift generator seeded once.
 */
#pragma once

#include <stdint.h>

#include "gw_time.h"
#include "gw_view.h"

#define FLEET_EVENT_MAX 32768

struct fleet_event_maker {
    uint64_t noise;
    char text[FLEET_EVENT_MAX];
};

void fleet_event_init(struct fleet_event_maker *m);
/* An event of exactly `bytes` bytes (16 to FLEET_EVENT_MAX), valid until the next call. `when` is a formatted time. */
struct gw_view fleet_event_make(struct fleet_event_maker *m, const char *device, const char *when, uint64_t seq,
                                uint32_t bytes);
