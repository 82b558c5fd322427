/*
 * survey_queue: previews and drafts of rollouts that wait for the one under way (rollout_survey.h). Pure; its owner
 * locks.
 *
 * Actors take turns, as fair_queue.h says: ROLLOUT_SURVEYS_MAX wait, ROLLOUT_SURVEYS_OF_ONE of one actor.
 */
#pragma once

#include "fair_queue.h"
#include "gw_err.h"
#include "rollout_survey.h"

struct survey_queue {
    struct fair_item items[ROLLOUT_SURVEYS_MAX];
    struct fair_queue queue;
};

/* `q` stays where it is. */
void survey_queue_init(struct survey_queue *q);
/* Takes the survey over; GW_AGAIN when there is no room for it, err tells people why (the caller keeps it). *ret_out:
 * what gave way to it, the caller's to refuse; NULL: nothing had to. */
GW_MUST_CHECK enum gw_rc survey_queue_put(struct survey_queue *q, struct rollout_survey *survey,
                                          struct rollout_survey **ret_out, struct gw_err *err);
/* The next one, the caller's; NULL: none waits. */
struct rollout_survey *survey_queue_take(struct survey_queue *q);
