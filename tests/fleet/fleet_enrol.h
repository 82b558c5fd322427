/*
 * fleet_enrol: gives every device its key and certificate, by a few threads that block on HTTPS. What an earlier run
 * left in the state directory is used again.
 *
 *     <state>/root.pem, <state>/devices/<id>/{device.key,device.pem}
 *
 * Nothing is synced: a fleet that lost its keys in a power cut is invited again.
 */
#pragma once

#include "agent_est.h"
#include "fleet_options.h"
#include "note.h"

/* Who a device is; filled by fleet_enrol_identity(), its files by a thread. */
struct fleet_identity {
    struct agent_site site;
    struct agent_est est; /* points at site */
};

void fleet_enrol_identity(const struct fleet_options *options, uint32_t index, struct fleet_identity *ret_identity);

struct fleet_enrol;

/* identities: one for each device, filled; they outlive this. wake_fd: an eventfd(2) that is told when one is done. */
GW_MUST_CHECK enum gw_rc fleet_enrol_start(const struct fleet_options *options, struct fleet_identity *identities,
                                           size_t stride, int wake_fd, struct fleet_enrol **ret_enrol,
                                           struct gw_err *err);
/* Ends the threads; waits for the exchange under way. Accepts NULL. */
void fleet_enrol_free(struct fleet_enrol *e);

struct fleet_enrolled {
    uint32_t index;
    bool ok;    /* false: refused for good */
    bool known; /* it had its certificate from an earlier run */
};
/* The main thread takes what is done; false when there is nothing. */
bool fleet_enrol_take(struct fleet_enrol *e, struct fleet_enrolled *ret_done);
/* The gateway's log key, once a device was able to ask for it. */
bool fleet_enrol_log_key(struct fleet_enrol *e, struct note_key *ret_key);
