/*
 * plan: a rollout's plan as JSON (docs/rollouts.md, "The plan"): what people write and what they are shown.
 *
 *     {"waves":[{"select":"list|percent|query|rest","percent"?,"devices"?:[id,…],"query"?,"max_concurrent",
 *                "gate":{"ok_pct","min_sample","unreachable_pct","soak_ms"?}},…],
 *      "abort"?:{"failure_pct"?,"min_decided"?,"action"?},
 *      "confirm_ms"?,"step_ms"?,"total_ms"?,"postpone_max_ms"?,"back_concurrent"?,"seed"?}
 *
 * What may be missing has the default of rollout_plan_init(); soak_ms then is 0. percent goes with select "percent"
 * alone, devices with "list" alone, where there must be some, query with "query" alone; whether a query can be read is
 * for the caller to look at (core/query). seed is a decimal text; missing or "0": the gateway draws
 * one. Keys that are not named here are refused, so that a misspelt limit is not a limit that is not there.
 */
#pragma once

#include "gw_id.h"
#include "json.h"
#include "rollout.h"

#define PLAN_PICKS_MAX 10000 /* devices on all lists of a plan */

/* A device of a list wave, in the order of the text. Whatever it returns but GW_OK ends the reading with that code. */
typedef enum gw_rc plan_pick_fn(void *ctx, uint16_t wave, const struct gw_device_id *device, struct gw_err *err);

/* A plan that is valid (rollout_plan_valid()); GW_INVALID with a sentence that names the wave (from 1) and the member.
 * fn NULL: devices are checked and forgotten. */
GW_MUST_CHECK enum gw_rc plan_read(const struct json_value *object, struct rollout_plan *ret_plan, plan_pick_fn *fn,
                                   void *ctx, struct gw_err *err);
/* All members, without devices. */
void plan_put(struct json_writer *w, const char *key, const struct rollout_plan *plan);
/* The members of one wave, for one who puts its devices beside them. */
void plan_put_wave(struct json_writer *w, const struct rollout_wave_plan *wave);
/* The members behind "waves", for one who writes those himself. */
void plan_put_rest(struct json_writer *w, const struct rollout_plan *plan);
