/*
 * rollout_internal: what the files of the rollout's step share.
 */
#pragma once

#include "rollout_step.h"

struct rollout_turn {
    const struct rollout_plan *plan;
    const struct rollout_event *event;
    struct rollout_update *update;
    struct rollout *r; /* &update->next */
};

/* rollout_advance.c: all that follows from the counters and the time alone. */
void rollout_advance(struct rollout_turn *t);
void rollout_open_wave(struct rollout_turn *t);
void rollout_begin_abort(struct rollout_turn *t);
void rollout_begin_rollback(struct rollout_turn *t);
bool rollout_forward_idle(const struct rollout *r); /* no attempt is planned, deferred or open */
bool rollout_back_idle(const struct rollout *r);    /* the same of the rollback's, and nobody is looked for */

/* rollout_check.c: NULL, or what does not hold. */
const char *rollout_broken(const struct rollout *before, const struct rollout_turn *t);
