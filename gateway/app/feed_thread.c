#include "feed_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "feed_run.h"
#include "gw_cleanup.h"
#include "gw_log.h"

#define PART    "feed"
#define IDLE_MS 1000 /* a look without being woken: lines wake nobody */

struct feed_thread {
    struct feed_thread_config config;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t turn;  /* on CLOCK_MONOTONIC */
    bool stopping, woken;
    bool waiting;               /* for core's answer */
    struct journal_feed cursor; /* core's */
    bool answered;              /* the cursor is newer than what the thread knows */
    struct feed_thread_stats stats;
};

/* What the thread alone knows. */
struct walk {
    struct journal_feed at;     /* read up to here; from core's cursor on nothing but events that mean nothing */
    struct journal_feed cursor; /* core's */
    struct gw_mono stored;      /* when the cursor was handed in last */
    struct gw_mono forgotten;
    bool failed; /* said once */
};

static bool same_place(const struct journal_feed *a, const struct journal_feed *b)
{
    return a->epoch == b->epoch && a->n == b->n;
}

/* Waits for up to wait_ms, or until `on` is set; true when the thread is to end. Holds the lock. */
static bool rest(struct feed_thread *t, int64_t wait_ms, const bool *on)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / GW_SECOND_MS;
    until.tv_nsec += (wait_ms % GW_SECOND_MS) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (!t->stopping && !(on && *on))
        if (pthread_cond_timedwait(&t->turn, &t->lock, &until) == ETIMEDOUT)
            break;
    return t->stopping;
}

/* True when the thread is to end. `found`: the last look found something, there may be more. */
static bool wait_for_work(struct feed_thread *t, struct walk *w, bool found)
{
    int64_t handed_in_ms = gw_mono_now().ms;
    (void)pthread_mutex_lock(&t->lock);
    bool over = t->waiting && rest(t, FEED_RETRY_MS, &t->answered);
    if (!over)
        over = rest(t, feed_pause_ms(gw_mono_now().ms - handed_in_ms), NULL); /* however much there is */
    if (!over && !t->waiting && !found)
        over = rest(t, IDLE_MS, &t->woken);
    if (t->answered || t->waiting) { /* answered, or not for too long: from core's cursor */
        w->cursor = t->cursor;
        w->at = t->cursor;
    }
    t->waiting = t->answered = t->woken = false;
    (void)pthread_mutex_unlock(&t->lock);
    return over;
}

/* To core, when something was found or the cursor has been left behind for long. */
static void hand_in(struct feed_thread *t, struct walk *w, struct feed_batch *batch)
{
    struct gw_mono now = gw_mono_now();
    if (batch->count == 0 && now.ms - w->stored.ms < FEED_QUIET_MS)
        return;
    struct inbox_msg msg = {.kind = INBOX_FEED, .blob_len = sizeof(*batch)};
    struct feed_batch *copy = gw_xalloc(1, sizeof(*copy));
    *copy = *batch;
    copy->from = w->cursor;
    msg.blob = (uint8_t *)copy;
    (void)pthread_mutex_lock(&t->lock);
    t->waiting = true; /* also when the inbox is full: then it is made again */
    t->answered = false;
    (void)pthread_mutex_unlock(&t->lock);
    w->stored = now;
    if (t->config.inbox.post(t->config.inbox.self, &msg))
        free(copy);
}

static void note(struct feed_thread *t, const struct walk *w, const struct feed_batch *batch)
{
    struct journal_feed end = batch->to;
    const struct journal *journal = &t->config.journal;
    (void)!journal->ops->grown_end(journal->self, &end, NULL);
    (void)pthread_mutex_lock(&t->lock);
    t->stats.events += batch->events;
    t->stats.hits += batch->count;
    t->stats.batches += batch->count > 0;
    for (uint32_t i = 0; i < batch->count; i++)
        t->stats.coalesced += batch->hits[i].count - 1;
    t->stats.damaged += batch->to.damaged - w->at.damaged;
    t->stats.behind = end.n > batch->to.n ? (uint64_t)(end.n - batch->to.n) : 0;
    (void)pthread_mutex_unlock(&t->lock);
}

static void forget(struct feed_thread *t, struct walk *w)
{
    struct gw_mono now = gw_mono_now();
    if (now.ms - w->forgotten.ms < FEED_FORGET_MS)
        return;
    w->forgotten = now;
    t->config.forget(t->config.ctx, &w->cursor);
}

/* One look. True when it found something. */
static bool look(struct feed_thread *t, struct walk *w, struct feed_batch *batch)
{
    struct gw_err err = {0};
    enum gw_rc rc = feed_run(&t->config.journal, &w->at, batch, &err);
    if (rc && !w->failed)
        gw_log(GW_LOG_ERROR, PART, "the journal cannot be read, alerts wait: %s", gw_err_text(&err));
    w->failed = rc != GW_OK;
    if (rc)
        return false;
    note(t, w, batch);
    bool moved = !same_place(&batch->to, &w->at);
    w->at = batch->to;
    if (!same_place(&w->at, &w->cursor))
        hand_in(t, w, batch);
    forget(t, w);
    return moved;
}

static void *run(void *arg)
{
    struct feed_thread *t = arg;
    struct feed_batch *batch = gw_xalloc(1, sizeof(*batch));
    struct walk w = {.at = t->config.cursor, .cursor = t->config.cursor, .stored = gw_mono_now()};
    w.forgotten = w.stored;
    for (bool found = true; !wait_for_work(t, &w, found);)
        found = look(t, &w, batch);
    free(batch);
    return NULL;
}

enum gw_rc feed_thread_new(const struct feed_thread_config *config, struct feed_thread **ret_thread, struct gw_err *err)
{
    struct feed_thread *t = gw_xalloc(1, sizeof(*t));
    pthread_condattr_t attr;
    t->config = *config;
    t->cursor = config->cursor;
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->turn, &attr);
    (void)pthread_condattr_destroy(&attr);
    t->started = pthread_create(&t->thread, NULL, run, t) == 0;
    if (!t->started) {
        feed_thread_free(t);
        return gw_err_set(err, GW_IO, "the feed's thread could not be started");
    }
    *ret_thread = t;
    return GW_OK;
}

void feed_thread_free(struct feed_thread *t)
{
    if (!t)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->stopping = true;
    (void)pthread_cond_broadcast(&t->turn);
    (void)pthread_mutex_unlock(&t->lock);
    if (t->started)
        (void)pthread_join(t->thread, NULL);
    (void)pthread_cond_destroy(&t->turn);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

void feed_thread_wake(struct feed_thread *t)
{
    if (!t)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->woken = true;
    (void)pthread_cond_signal(&t->turn);
    (void)pthread_mutex_unlock(&t->lock);
}

void feed_thread_answer(struct feed_thread *t, const struct journal_feed *cursor)
{
    if (!t)
        return;
    (void)pthread_mutex_lock(&t->lock);
    t->cursor = *cursor;
    t->answered = true;
    (void)pthread_cond_signal(&t->turn);
    (void)pthread_mutex_unlock(&t->lock);
}

void feed_thread_stats_get(struct feed_thread *t, struct feed_thread_stats *ret_stats)
{
    (void)pthread_mutex_lock(&t->lock);
    *ret_stats = t->stats;
    (void)pthread_mutex_unlock(&t->lock);
}
