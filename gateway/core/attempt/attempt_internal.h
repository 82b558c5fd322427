/*
 * attempt_internal: what the files of the attempt's step share: attempt_step.c calls the others, all of them
 * attempt_move.c.
 */
#pragma once

#include "attempt_step.h"

struct attempt_turn {
    const struct attempt_terms *terms;
    const struct attempt_event *event;
    struct attempt_update *update;
    struct attempt *a; /* &update->next */
};

/* attempt_move.c. Enters a state; the caller has made sure that the table allows it. */
void attempt_enter(struct attempt_turn *t, enum attempt_state state);
void attempt_end(struct attempt_turn *t, enum attempt_state state, enum attempt_code code);

/* attempt_report.c: up/job. */
void attempt_on_report(struct attempt_turn *t);

/* attempt_watch.c: what version and boot id show, and the confirm time. */
void attempt_on_state(struct attempt_turn *t);
void attempt_on_alarm(struct attempt_turn *t);
void attempt_on_online(struct attempt_turn *t);
void attempt_on_offline(struct attempt_turn *t);
/* The new version in a new boot: enters or keeps up confirming. True when that is what the event shows. */
bool attempt_watch_target(struct attempt_turn *t);
bool attempt_boot_is_new(const struct attempt_turn *t);
void attempt_note_boot(struct attempt_turn *t); /* the event's boot id is the one before the installation's reboot */

/* attempt_time.c: what time alone does, and when next. */
void attempt_run_deadline(struct attempt_turn *t);
void attempt_run_timers(struct attempt_turn *t);
/* What was not seen does not count: waits are longer by it, the confirm time begins anew without a break. */
void attempt_on_blind(struct attempt_turn *t);
/* The clock went back: waits begin anew. */
void attempt_rebase(struct attempt *a, const struct attempt_terms *terms, struct gw_wall now);
