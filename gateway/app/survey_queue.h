/*
 * survey_queue: previews and drafts of rollouts that wait for the one under way (rollout_survey.h). Pure; its owner
 * locks.
 *
 * Actors go round: before the first of somebody's comes at most one of each other actor that waits when it is put.
 * ROLLOUT_SURVEYS_OF_ONE of one actor have room. When the queue is full and an actor comes that has none in it, the
 * newest of one that has as many as it may gives way. So it takes ROLLOUT_SURVEYS_MAX actors to keep another one out.
 */
#pragma once

#include "gw_err.h"
#include "rollout_survey.h"

struct survey_queue {
    struct survey_waiting {
        struct rollout_survey *survey; /* owned */
        uint64_t since;                /* when it came, or its actor was served last: the lowest is next */
    } items[ROLLOUT_SURVEYS_MAX];      /* as they came */
    size_t count;
    uint64_t now; /* counts what came and went */
};

/* Takes the survey over; GW_AGAIN when there is no room for it, err tells people why (the caller keeps it). *ret_out:
 * what gave way to it, the caller's to refuse; NULL: nothing had to. */
GW_MUST_CHECK enum gw_rc survey_queue_put(struct survey_queue *q, struct rollout_survey *survey,
                                          struct rollout_survey **ret_out, struct gw_err *err);
/* The next one, the caller's; NULL: none waits. */
struct rollout_survey *survey_queue_take(struct survey_queue *q);
