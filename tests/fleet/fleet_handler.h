/*
 * fleet_handler: the handler that only pretends, and the journal that proves what it has begun. For fleet_update.c.
 */
#pragma once

#include "fleet_update.h"

/* As agent_job_ops.handler. A line in the handler journal comes before an installation; GW_IO when it cannot. */
GW_MUST_CHECK enum gw_rc fleet_handler_start(void *update, enum agent_verb verb, const struct agent_job_record *record,
                                             const struct release_file *file, struct gw_err *err);
/* Ends what is due; a reboot is asked for by u->reboot. */
void fleet_handler_step(struct fleet_update *u, struct gw_mono now);

/* ---- fleet_update.c ---- */
void fleet_update_save_slots(struct fleet_update *u);
