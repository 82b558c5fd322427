/*
 * security: what was refused or cut, counted and told to gw-control.
 *
 * Equal reports (reason, device, source) of the same moment are one report with a count, and a table of fixed size
 * holds them until gw-control listens, so that an attacker can neither flood the report nor fill the memory. When the
 * table is full, a report is counted under its reason alone. Of what was tried the last is named: a report is not told
 * apart by it, or a device could fill the table with topics.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "gw_id.h"
#include "gw_time.h"
#include "registry.h"

#define SECURITY_SLOTS    128
#define SECURITY_FLUSH_MS 250

struct plugin;

struct security_slot {
    enum registry_reason reason;
    uint32_t times; /* stops at its highest value */
    struct gw_device_id id;
    char source[DEVICE_SOURCE_MAX];
    char what[DEVICE_WHAT_MAX]; /* what was tried last, as registry_what() makes it */
};

struct security {
    struct security_slot slots[SECURITY_SLOTS];
    size_t count;
    uint32_t others[REGISTRY_REASON_LAST + 1];
    struct gw_mono sent;
};

/* id may be NULL: nobody who could be named for certain. `what` is what was tried, as it came (a topic, a filter, a
 * client id); NULL: nothing that has a name. */
void security_note(struct security *security, enum registry_reason reason, const struct gw_device_id *id,
                   const char *source, const char *what);
/* Sends what waits, when gw-control listens and the last sending is long enough ago. */
void security_flush(struct plugin *p, struct gw_mono now);
