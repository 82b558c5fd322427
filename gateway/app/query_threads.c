#include "query_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "fair_queue.h"
#include "gw_cleanup.h"
#include "query_run.h"
#include "rollouts.h"
#include "rows_run.h"
#include "survey_queue.h"

/* A query or a survey; neither: the thread is to end. */
struct waiting {
    struct query *query;           /* owned */
    struct rollout_survey *survey; /* owned */
    struct gw_mono since;          /* of a query */
};

struct query_thread {
    struct query_threads *owner;
    struct journal journal;
    struct rows_source rows;
    const struct rollout_survey *survey; /* that it looks for */
    struct gw_mono slice;                /* since when it has done so without a pause */
    int64_t owed_ms;                     /* to queries, for what the survey has had; below 0: to the survey */
    pthread_t thread;
};

struct query_threads {
    struct query_threads_config config;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct fair_item items[QUERY_QUEUE_MAX];
    struct fair_queue queries; /* of actors */
    struct survey_queue surveys;
    bool surveying; /* one is under way: it is looked for, or core has it */
    atomic_bool stopping;
    struct query_thread thread[QUERY_THREADS_MAX];
    size_t started;
};

static bool may_survey(const struct query_threads *q)
{
    return q->surveys.queue.count > 0 && !q->surveying;
}

static struct waiting take_query(struct query_threads *q)
{
    const struct fair_item item = fair_queue_take(&q->queries);
    return (struct waiting){.query = item.what, .since = item.came};
}

static struct waiting take(struct query_thread *t)
{
    struct query_threads *q = t->owner;
    struct waiting w = {.query = NULL};
    (void)pthread_mutex_lock(&q->lock);
    while (q->queries.count == 0 && !may_survey(q) && !atomic_load(&q->stopping))
        (void)pthread_cond_wait(&q->more, &q->lock);
    if (atomic_load(&q->stopping)) {
        (void)pthread_mutex_unlock(&q->lock);
        return w;
    }
    if (may_survey(q)) {
        w.survey = survey_queue_take(&q->surveys);
        q->surveying = true;
    } else {
        w = take_query(q);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return w;
}

static bool is_late(const struct waiting *w)
{
    return gw_mono_now().ms - w->since.ms >= HTTP_ANSWER_MS;
}

static void answer_free_at(struct answer **answer)
{
    answer_free(*answer);
}

static void run_query(struct query_thread *t, const struct waiting *w)
{
    struct query_threads *q = t->owner;
    GW_CLEANUP(answer_free_at) struct answer *answer = NULL;
    if (!is_late(w)) {
        answer = gw_xalloc(1, sizeof(*answer));
        if (w->query->kind == QUERY_ROWS)
            rows_run(&t->rows, w->query, &q->stopping, answer);
        else
            query_run(&t->journal, w->query, &q->stopping, answer);
        q->config.answer(q->config.answer_ctx, answer);
    }
    (void)pthread_mutex_lock(&q->lock);
    fair_queue_served(&q->queries, w->query->person);
    (void)pthread_mutex_unlock(&q->lock);
    free(w->query);
}

/* Core cannot take it: its inbox is full. */
static void refuse_survey(struct query_threads *q, struct rollout_survey *survey)
{
    struct answer answer = {.kind = ANSWER_DONE, .asker = survey->asker, .rc = GW_AGAIN};
    (void)snprintf(answer.text, sizeof(answer.text), "the gateway is busy: try again");
    q->config.answer(q->config.answer_ctx, &answer);
    rollout_survey_free(survey);
    query_threads_settled(q);
}

/* At least 1, so that what is quick counts too. */
static int64_t since_ms(struct gw_mono start)
{
    int64_t ms = gw_mono_now().ms - start.ms;
    return ms > 0 ? ms : 1;
}

static bool take_waiting_query(struct query_threads *q, struct waiting *ret_w)
{
    (void)pthread_mutex_lock(&q->lock);
    bool any = q->queries.count > 0 && !atomic_load(&q->stopping);
    if (any)
        *ret_w = take_query(q);
    (void)pthread_mutex_unlock(&q->lock);
    return any;
}

/* Queries have as much of the thread's time as the survey has had; who needs less of it saves nothing up. */
static void give_way(struct query_thread *t)
{
    struct waiting w;
    t->owed_ms += since_ms(t->slice);
    while (t->owed_ms > 0) {
        struct gw_mono start = gw_mono_now();
        if (!take_waiting_query(t->owner, &w)) {
            t->owed_ms = 0;
            break;
        }
        run_query(t, &w);
        t->owed_ms -= since_ms(start);
    }
    t->slice = gw_mono_now();
}

static enum gw_rc check_survey(const struct query_thread *t, struct gw_err *err)
{
    if (atomic_load(&t->owner->stopping))
        return gw_err_set(err, GW_CANCELLED, "the gateway stops");
    if (inbox_act_late(&t->survey->act, gw_mono_now()))
        return gw_err_set(err, GW_AGAIN, "it took too long: nothing was made, try again later");
    return GW_OK;
}

static enum gw_rc pause_survey(void *ctx, struct gw_err *err)
{
    struct query_thread *t = ctx;
    give_way(t);
    return check_survey(t, err);
}

static void run_survey(struct query_thread *t, struct rollout_survey *survey)
{
    struct query_threads *q = t->owner;
    t->survey = survey;
    t->slice = gw_mono_now();
    t->owed_ms = 0;
    if (!check_survey(t, &survey->err))
        rollouts_survey(&t->rows, survey, &(struct rollouts_pause){pause_survey, t});
    t->survey = NULL;
    if (!q->config.surveyed(q->config.answer_ctx, survey))
        refuse_survey(q, survey);
}

static void *run(void *arg)
{
    struct query_thread *t = arg;
    for (struct waiting w = take(t); w.query || w.survey; w = take(t)) {
        if (w.query)
            run_query(t, &w);
        else
            run_survey(t, w.survey);
    }
    return NULL;
}

enum gw_rc query_threads_new(const struct query_threads_config *config, struct query_threads **ret_threads,
                             struct gw_err *err)
{
    struct query_threads *q = gw_xalloc(1, sizeof(*q));
    q->config = *config;
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_cond_init(&q->more, NULL);
    fair_queue_init(&q->queries, q->items, QUERY_QUEUE_MAX, QUERY_PERSON_MAX);
    survey_queue_init(&q->surveys);
    for (; q->started < config->threads; q->started++) {
        struct query_thread *t = &q->thread[q->started];
        t->owner = q;
        t->journal = config->journals[q->started];
        t->rows = config->rows[q->started];
        if (pthread_create(&t->thread, NULL, run, t))
            break;
    }
    if (q->started == 0) {
        query_threads_free(q);
        return gw_err_set(err, GW_IO, "no query thread could be started");
    }
    *ret_threads = q;
    return GW_OK;
}

enum gw_rc query_threads_give(struct query_threads *q, struct query *query)
{
    (void)pthread_mutex_lock(&q->lock);
    const struct fair_item item = {.what = query, .name = query->person, .inner = "", .came = gw_mono_now()};
    enum gw_rc rc = atomic_load(&q->stopping) ? GW_AGAIN : fair_queue_put(&q->queries, &item, NULL);
    if (!rc)
        (void)pthread_cond_signal(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
    return rc;
}

enum gw_rc query_threads_survey(struct query_threads *q, struct rollout_survey *survey, struct rollout_survey **ret_out,
                                struct gw_err *err)
{
    (void)pthread_mutex_lock(&q->lock);
    enum gw_rc rc = atomic_load(&q->stopping) ? gw_err_set(err, GW_AGAIN, "the gateway stops")
                                              : survey_queue_put(&q->surveys, survey, ret_out, err);
    if (!rc)
        (void)pthread_cond_signal(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
    return rc;
}

void query_threads_settled(struct query_threads *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->surveying = false;
    (void)pthread_cond_signal(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
}

size_t query_threads_waiting(struct query_threads *q)
{
    (void)pthread_mutex_lock(&q->lock);
    size_t count = q->queries.count + q->surveys.queue.count;
    (void)pthread_mutex_unlock(&q->lock);
    return count;
}

void query_threads_free(struct query_threads *q)
{
    if (!q)
        return;
    (void)pthread_mutex_lock(&q->lock);
    atomic_store(&q->stopping, true);
    (void)pthread_cond_broadcast(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < q->started; i++)
        (void)pthread_join(q->thread[i].thread, NULL);
    while (q->queries.count > 0)
        free(fair_queue_take(&q->queries).what);
    while (q->surveys.queue.count > 0)
        rollout_survey_free(survey_queue_take(&q->surveys));
    (void)pthread_cond_destroy(&q->more);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}
