/*
 * agent_report: the inventory that goes out on up/state at every connect.
 *
 *     {"product","hardware","release","agent","boot","uptime_s","job_n","slots":[{"name","release","state"},…],
 *      "attributes":{name:value,…}}
 *
 * release and boot are what the update handler says, else the configuration and the kernel; uptime_s the device's,
 * job_n the highest job number seen, as decimal text. slots are left out by a device that does not know its own; their
 * state is "booted", "next" (to be booted), "standby" or "empty".
 */
#pragma once

#include "agent_config.h"
#include "gw_buf.h"

#define AGENT_BOOT_MAX 64

struct agent_report_slot {
    const char *name, *release, *state;
};

struct agent_report_facts {
    uint64_t job_n;
    const char *release;                   /* "": as the configuration says */
    const char *boot;                      /* "": the kernel's */
    const struct agent_report_slot *slots; /* borrowed */
    size_t slot_count;
};

GW_MUST_CHECK enum gw_rc agent_report_format(const struct agent_config *config, const struct agent_report_facts *facts,
                                             struct gw_buf *ret_payload);

/* The kernel's boot id; "" when it does not tell. */
void agent_report_kernel_boot(char out[AGENT_BOOT_MAX + 1]);
