/*
 * query_threads: threads that read the logs and long lists for people. Each has a read-only journal and store of its
 * own; core gives them
 * queries whose askers may see the answer, and every query given is answered once, unless the threads are stopped.
 *
 * They also look through the devices for previews and drafts of rollouts (rollout_survey.h), one at a time. The thread
 * that does shares its time with the queries that wait: between two pages of devices it serves them for as long as it
 * has surveyed, so that neither keeps the other waiting, also when it is the only thread. A query waits for a page, or
 * as long as the one before it took; a survey takes twice as long at most.
 *
 * Ceilings: the surveys that wait are in survey_queue.h; QUERY_QUEUE_MAX queries wait, QUERY_PERSON_MAX of one actor,
 * one more is GW_AGAIN; actors are served in turn, however many of them ask and however much; a query or a survey that
 * has waited until web gives up on it is not run any more, and a survey under way ends then. What one query may cost is
 * in query_run.h and rows_run.h.
 */
#pragma once

#include "answer.h"
#include "journal.h"
#include "query.h"
#include "rollout_survey.h"
#include "rows.h"

#define QUERY_THREADS_MAX 16

struct query_threads;

struct query_threads_config {
    struct journal journals[QUERY_THREADS_MAX]; /* one a thread, used by it alone from now on */
    struct rows_source rows[QUERY_THREADS_MAX]; /* the same */
    size_t threads;
    /* Called in a query thread; borrows the answer; must not block. */
    void (*answer)(void *ctx, const struct answer *answer);
    void *answer_ctx;
    /* The same; takes the survey over. False: it cannot, and does not. */
    bool (*surveyed)(void *ctx, struct rollout_survey *survey);
};

GW_MUST_CHECK enum gw_rc query_threads_new(const struct query_threads_config *config,
                                           struct query_threads **ret_threads, struct gw_err *err);
/* Takes the query (malloc(3)) over; GW_AGAIN when the queue is full (the caller keeps it). Any thread. */
GW_MUST_CHECK enum gw_rc query_threads_give(struct query_threads *q, struct query *query);
/* The same with a survey; err tells people why there is no room. *ret_out: one that gave way to it, the caller's to
 * refuse; NULL: none. One that is too late says GW_AGAIN. */
GW_MUST_CHECK enum gw_rc query_threads_survey(struct query_threads *q, struct rollout_survey *survey,
                                              struct rollout_survey **ret_out, struct gw_err *err);
/* Whoever took the last survey over is through with it: the next one may begin. Any thread. */
void query_threads_settled(struct query_threads *q);
/* How many queries and surveys wait. Any thread. */
size_t query_threads_waiting(struct query_threads *q);
/* Cuts searches short, drops what waits, joins the threads. Accepts NULL. */
void query_threads_free(struct query_threads *q);
