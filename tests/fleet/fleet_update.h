/*
 * fleet_update: what becomes of update jobs on one simulated device: the agent's own machine (agent_job.h) over a
 * handler that only pretends.
 *
 *     dn/job ──► agent_job ──► fetch (fleet_fetch) ──► verify ──► install ──► reboot ──► confirm ──► "installed"
 *                    │                                   │           └► the session is dropped, agent_job is closed;
 *                    ▼                                   ▼              after a while both begin again: new boot id,
 *             <device>/jobs/{state,started}       handler journal       new version
 *
 * On disk, in <device>/jobs: what agent_job keeps, and "slots" (fleet_slots.h). A device without a job has no such
 * directory and costs nothing. The handler journal gets a line before each installation begins:
 *
 *     <time> <device> <attempt> <rev> <kind> <version>
 *
 * Main thread only.
 */
#pragma once

#include "agent_job.h"
#include "agent_report.h"
#include "fleet_behaviour.h"
#include "fleet_enrol.h"
#include "fleet_fetch.h"
#include "fleet_options.h"
#include "fleet_slots.h"
#include "fleet_stats.h"
#include "topic.h"

/* What all devices share. */
struct fleet_updates {
    const struct fleet_options *options;
    const struct fleet_behaviour *behaviour;
    struct agent_vendor_keys keys;
    struct agent_config config;         /* of those that take jobs */
    struct agent_config refusal_config; /* of those that do not */
    struct fleet_fetches *fetches;      /* owned */
    int journal_fd;
    char kernel_boot[AGENT_BOOT_MAX + 1];
    struct fleet_update_stats *stats; /* borrowed */
};
/* GW_INVALID: a vendor key is not usable. Errors of the handler journal's file. */
GW_MUST_CHECK enum gw_rc fleet_updates_open(struct fleet_updates *all, const struct fleet_options *options,
                                            const struct fleet_behaviour *behaviour, struct fleet_update_stats *stats,
                                            struct gw_err *err);
void fleet_updates_close(struct fleet_updates *all); /* accepts a zeroed one with journal_fd -1 */

/* What a device does at its update's word. */
struct fleet_update_hooks {
    enum gw_rc (*report)(void *ctx, struct gw_view payload); /* to up/job */
    void (*event)(void *ctx, struct gw_view event);          /* into its log */
    void (*leave)(void *ctx);                                /* the session ends, and stays away … */
    void (*come_back)(void *ctx);                            /* … until this */
};

struct fleet_update {
    struct fleet_updates *all;
    const struct fleet_identity *identity;
    const struct fleet_update_hooks *hooks;
    void *ctx;
    enum fleet_kind kind;
    struct fleet_slots slots;
    int64_t n;                            /* highest seen while there is no job */
    struct agent_job *job;                /* NULL: none yet, or it reboots */
    struct agent_config *own_config;      /* owned; NULL: that of all */
    struct fleet_fetch *fetch;            /* NULL: none runs */
    enum agent_verb verb;                 /* that is under way; 0: none */
    int64_t verb_due_ms;                  /* monotonic, as all of these */
    int64_t boot_at_ms;                   /* 0: it does not reboot */
    int64_t act_at_ms;                    /* next flap or crash; 0: none */
    int64_t back_at_ms;                   /* gone silent until then; 0: it is not */
    uint32_t acts;                        /* of this attempt */
    bool session;                         /* up */
    bool reboot;                          /* asked for */
    bool leaving;                         /* into silence, at the next tick */
    bool skipped;                         /* there is nothing to fetch */
    bool held;                            /* at the step behind which it goes silent, until that is acknowledged */
    char target[RELEASE_VERSION_MAX + 1]; /* of the verb */
};

/* Borrows all. The device takes up what it has on disk: a job that an earlier run had begun goes on. */
void fleet_update_init(struct fleet_update *u, struct fleet_updates *all, const struct fleet_identity *identity,
                       enum fleet_kind kind, uint32_t number);
void fleet_update_begin(struct fleet_update *u, const struct fleet_update_hooks *hooks, void *ctx);
void fleet_update_done(struct fleet_update *u);

void fleet_update_message(struct fleet_update *u, enum topic_kind kind, struct gw_view payload);
void fleet_update_session(struct fleet_update *u, bool up);
void fleet_update_tick(struct fleet_update *u, struct gw_mono now);
/* The inventory for up/state, appended. */
GW_MUST_CHECK enum gw_rc fleet_update_state(const struct fleet_update *u, struct gw_buf *ret_payload);
