#include "query_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "query_run.h"
#include "rollouts.h"
#include "rows_run.h"

/* A query or a survey; neither: the thread is to end. */
struct waiting {
    struct query *query;           /* owned */
    struct rollout_survey *survey; /* owned */
    struct gw_mono since;
    uint64_t turn; /* of a query: lower ones are taken first, the older of equal ones */
};

/* The turn that somebody's last query has, or had. */
struct last_turn {
    char person[sizeof(((struct query *)0)->person)];
    uint64_t turn;
};
#define NAMES 64 /* whose turns are remembered; past that, whoever has the lowest begins anew */

struct query_thread {
    struct query_threads *owner;
    struct journal journal;
    struct rows_source rows;
    pthread_t thread;
};

struct query_threads {
    struct query_threads_config config;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct waiting ring[QUERY_QUEUE_MAX];
    size_t head, count;
    uint64_t turn; /* of the query that was taken last */
    struct last_turn last[NAMES];
    struct waiting surveys[ROLLOUT_SURVEYS_MAX];
    size_t survey_head, survey_count;
    bool surveying; /* one is under way: it is looked for, or core has it */
    atomic_bool stopping;
    struct query_thread thread[QUERY_THREADS_MAX];
    size_t started;
};

static bool may_survey(const struct query_threads *q)
{
    return q->survey_count > 0 && !q->surveying;
}

static struct waiting *at(struct query_threads *q, size_t i)
{
    return &q->ring[(q->head + i) % QUERY_QUEUE_MAX];
}

/* One after this name's last; who asked nothing of late is not behind those who did. Nobody's own queries (the live
 * tail's) are next. */
static uint64_t turn_for(struct query_threads *q, const char *person)
{
    struct last_turn *last = &q->last[0];
    if (!person[0])
        return q->turn;
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(q->last[i].person, person) == 0) {
            last = &q->last[i];
            break;
        }
        if (q->last[i].turn < last->turn)
            last = &q->last[i];
    }
    uint64_t turn = strcmp(last->person, person) == 0 ? last->turn + 1 : q->turn + 1;
    (void)snprintf(last->person, sizeof(last->person), "%s", person);
    last->turn = turn > q->turn ? turn : q->turn + 1;
    return last->turn;
}

/* Names in turn, so that who asks much waits for himself. */
static struct waiting take_query(struct query_threads *q)
{
    size_t i = 0;
    for (size_t k = 1; k < q->count; k++)
        if (at(q, k)->turn < at(q, i)->turn)
            i = k;
    struct waiting w = *at(q, i);
    for (; i > 0; i--)
        *at(q, i) = *at(q, i - 1);
    q->head = (q->head + 1) % QUERY_QUEUE_MAX;
    q->count--;
    if (w.turn > q->turn) /* nobody's may be behind */
        q->turn = w.turn;
    return w;
}

static size_t waiting_of(struct query_threads *q, const char *person)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        count += strcmp(at(q, i)->query->person, person) == 0;
    return count;
}

static struct waiting take(struct query_thread *t)
{
    struct query_threads *q = t->owner;
    struct waiting w = {.query = NULL};
    (void)pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !may_survey(q) && !atomic_load(&q->stopping))
        (void)pthread_cond_wait(&q->more, &q->lock);
    if (atomic_load(&q->stopping)) {
        (void)pthread_mutex_unlock(&q->lock);
        return w;
    }
    if (may_survey(q)) {
        w = q->surveys[q->survey_head];
        q->survey_head = (q->survey_head + 1) % ROLLOUT_SURVEYS_MAX;
        q->survey_count--;
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

static void run_survey(struct query_thread *t, const struct waiting *w)
{
    struct query_threads *q = t->owner;
    if (is_late(w))
        (void)gw_err_set(&w->survey->err, GW_AGAIN, "a preview or a draft has waited too long");
    else
        rollouts_survey(&t->rows, w->survey, &q->stopping);
    if (!q->config.surveyed(q->config.answer_ctx, w->survey))
        refuse_survey(q, w->survey);
}

static void *run(void *arg)
{
    struct query_thread *t = arg;
    for (struct waiting w = take(t); w.query || w.survey; w = take(t)) {
        if (w.query)
            run_query(t, &w);
        else
            run_survey(t, &w);
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
    bool room = q->count < QUERY_QUEUE_MAX && !atomic_load(&q->stopping) &&
                (!query->person[0] || waiting_of(q, query->person) < QUERY_PERSON_MAX);
    if (room) {
        *at(q, q->count++) =
            (struct waiting){.query = query, .since = gw_mono_now(), .turn = turn_for(q, query->person)};
        (void)pthread_cond_signal(&q->more);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return room ? GW_OK : GW_AGAIN;
}

enum gw_rc query_threads_survey(struct query_threads *q, struct rollout_survey *survey)
{
    (void)pthread_mutex_lock(&q->lock);
    bool room = q->survey_count < ROLLOUT_SURVEYS_MAX && !atomic_load(&q->stopping);
    if (room) {
        q->surveys[(q->survey_head + q->survey_count++) % ROLLOUT_SURVEYS_MAX] =
            (struct waiting){.survey = survey, .since = gw_mono_now()};
        (void)pthread_cond_signal(&q->more);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return room ? GW_OK : GW_AGAIN;
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
    size_t count = q->count + q->survey_count;
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
    for (; q->count; q->count--) {
        free(q->ring[q->head].query);
        q->head = (q->head + 1) % QUERY_QUEUE_MAX;
    }
    for (; q->survey_count; q->survey_count--) {
        rollout_survey_free(q->surveys[q->survey_head].survey);
        q->survey_head = (q->survey_head + 1) % ROLLOUT_SURVEYS_MAX;
    }
    (void)pthread_cond_destroy(&q->more);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}
