/*
 * core_figures: what core knows and metrics show, as a value. Made once a second in core's thread, by a few counts.
 */
#pragma once

#include "answer.h"
#include "rollouts.h"

/* Attempts are summed over the oldest so many rollouts that have not ended: their counters are read once a second. */
#define CORE_FIGURES_ROLLOUTS_MAX 256

struct core_figures {
    bool claimed, broker_up, keyd_up;
    bool registry_confirmed;
    int64_t devices[8]; /* by enum device_state */
    int64_t online;
    int64_t pending;
    int64_t alerts_open[EVENT_SEV_FATAL + 1]; /* by severity */
    int64_t alerts;                           /* kept, resolved ones too */
    uint64_t alerts_lost;
    int64_t rollouts[ROLLOUT_STATES];
    int64_t attempts[ATTEMPT_STATES], attempts_back[ATTEMPT_STATES]; /* of live rollouts; back: of their rollbacks */
    struct answer_refused refused;
    struct rollouts_counts reports;
    uint64_t imports_refused[RELEASE_CHECK_SPACE + 1]; /* by enum release_check */
    uint64_t releases_damaged;
    uint64_t artifacts_intact, artifacts_withheld;
    struct answer_storage storage;
    uint64_t turns, commits, failed_commits;
};

struct core;
/* What cannot be counted now is left 0. */
void core_figures_get(const struct core *core, struct core_figures *ret_figures);
