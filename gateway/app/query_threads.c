#include "query_threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "gw_cleanup.h"
#include "query_run.h"
#include "rows_run.h"

struct waiting {
    struct query *query; /* owned */
    struct gw_mono since;
};

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
    atomic_bool stopping;
    struct query_thread thread[QUERY_THREADS_MAX];
    size_t started;
};

static struct waiting take(struct query_threads *q)
{
    struct waiting w = {.query = NULL};
    (void)pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !atomic_load(&q->stopping))
        (void)pthread_cond_wait(&q->more, &q->lock);
    if (!atomic_load(&q->stopping)) {
        w = q->ring[q->head];
        q->head = (q->head + 1) % QUERY_QUEUE_MAX;
        q->count--;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return w;
}

static void answer_free_at(struct answer **answer)
{
    answer_free(*answer);
}

static void *run(void *arg)
{
    struct query_thread *t = arg;
    struct query_threads *q = t->owner;
    for (struct waiting w = take(q); w.query; w = take(q)) {
        GW_CLEANUP(answer_free_at) struct answer *answer = NULL;
        if (gw_mono_now().ms - w.since.ms < HTTP_ANSWER_MS) {
            answer = gw_xalloc(1, sizeof(*answer));
            if (w.query->kind == QUERY_ROWS)
                rows_run(&t->rows, w.query, &q->stopping, answer);
            else
                query_run(&t->journal, w.query, &q->stopping, answer);
            q->config.answer(q->config.answer_ctx, answer);
        }
        free(w.query);
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
    bool room = q->count < QUERY_QUEUE_MAX && !atomic_load(&q->stopping);
    if (room) {
        q->ring[(q->head + q->count++) % QUERY_QUEUE_MAX] = (struct waiting){query, gw_mono_now()};
        (void)pthread_cond_signal(&q->more);
    }
    (void)pthread_mutex_unlock(&q->lock);
    return room ? GW_OK : GW_AGAIN;
}

size_t query_threads_waiting(struct query_threads *q)
{
    (void)pthread_mutex_lock(&q->lock);
    size_t count = q->count;
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
    (void)pthread_cond_destroy(&q->more);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}
