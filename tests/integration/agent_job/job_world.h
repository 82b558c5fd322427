/*
 * job_world: one device of an update_gateway, the agent as a process, whose slots are directories (ab_handler.sh). The
 * test plays the device's reboots.
 */
#pragma once

#include "update_gateway.h"

struct job_world {
    struct update_gateway gateway;
    char device[160]; /* <dir>/device: the handler's */
    struct gw_proc agent;
    struct update_reports reports; /* under the gateway's lock, as is `states` */
    size_t states;                 /* inventories */
};

/* extra_update: further lines of [update], each with its newline. Starts all but the agent. */
void job_world_init(struct job_world *w, const char *extra_update);
void job_world_done(struct job_world *w);
void job_world_start_agent(struct job_world *w);
void job_world_kill_agent(struct job_world *w);
/* The power goes and the slot that is primary boots, or the good one when `broken`; the agent is not started. */
void job_world_reboot(struct job_world *w, bool broken);

/* Writes an image of so many bytes for an attempt where the server finds it; fills file, sha256 and size. */
void job_world_image(struct job_world *w, const char *attempt, size_t bytes, struct vendor_release *release);
void job_world_offer(struct job_world *w, struct job_message *message); /* numbers and sends it */
void job_world_offer_release(struct job_world *w, const char *attempt, const struct vendor_release *release);
void job_world_withdraw(struct job_world *w);

/* Waits for a report of this state behind the first `*from`, which is moved behind it. */
bool job_world_await(struct job_world *w, enum job_state state, size_t *from, struct job_report *ret_report);
/* Content of a file of the device's directory, terminated; "" when there is none. Valid until the next call. */
const char *job_world_read(struct job_world *w, const char *name);
void job_world_write(struct job_world *w, const char *name, const char *text);
void job_world_remove(struct job_world *w, const char *name);
