#include "inbox_queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "rollout_survey.h"

struct inbox_queue {
    pthread_mutex_t lock;
    inbox_wake_fn *wake;
    void *wake_ctx;
    struct inbox_msg *ring;
    size_t head, count;
    size_t blob_bytes;
    bool closed;
};

struct inbox_queue *inbox_queue_new(inbox_wake_fn *wake, void *wake_ctx)
{
    struct inbox_queue *q = gw_xalloc(1, sizeof(*q));
    (void)pthread_mutex_init(&q->lock, NULL);
    q->ring = gw_xalloc(INBOX_QUEUE_MESSAGES, sizeof(*q->ring));
    q->wake = wake;
    q->wake_ctx = wake_ctx;
    return q;
}

void inbox_queue_free(struct inbox_queue *q)
{
    if (!q)
        return;
    struct inbox_msg msg;
    while (inbox_queue_take(q, &msg)) {
        free(msg.blob);
        if (msg.kind == INBOX_SURVEYED)
            rollout_survey_free(msg.u.survey);
    }
    (void)pthread_mutex_destroy(&q->lock);
    free(q->ring);
    free(q);
}

static enum gw_rc post(struct inbox_queue *q, const struct inbox_msg *msg, bool inner)
{
    size_t limit = inner ? INBOX_QUEUE_MESSAGES : INBOX_QUEUE_MESSAGES - INBOX_QUEUE_RESERVE;
    (void)pthread_mutex_lock(&q->lock);
    enum gw_rc rc = GW_OK;
    if (q->closed && !inner)
        rc = GW_CANCELLED;
    else if (q->count >= limit || (!inner && q->blob_bytes + msg->blob_len > INBOX_QUEUE_BLOB_BYTES))
        rc = GW_AGAIN;
    bool was_empty = q->count == 0;
    if (!rc) {
        struct inbox_msg *slot = &q->ring[(q->head + q->count++) % INBOX_QUEUE_MESSAGES];
        *slot = *msg;
        slot->now = gw_wall_now();
        q->blob_bytes += msg->blob_len;
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (!rc && was_empty)
        q->wake(q->wake_ctx);
    return rc;
}

static enum gw_rc post_outer(void *self, const struct inbox_msg *msg)
{
    return post(self, msg, false);
}

static enum gw_rc post_inner(void *self, const struct inbox_msg *msg)
{
    return post(self, msg, true);
}

struct inbox inbox_queue_port(struct inbox_queue *q)
{
    return (struct inbox){q, post_outer};
}

struct inbox inbox_queue_inner_port(struct inbox_queue *q)
{
    return (struct inbox){q, post_inner};
}

bool inbox_queue_take(struct inbox_queue *q, struct inbox_msg *ret_msg)
{
    (void)pthread_mutex_lock(&q->lock);
    bool any = q->count > 0;
    if (any) {
        *ret_msg = q->ring[q->head];
        q->head = (q->head + 1) % INBOX_QUEUE_MESSAGES;
        q->count--;
        /* inner posts may have gone past the byte ceiling: never below zero */
        q->blob_bytes -= ret_msg->blob_len < q->blob_bytes ? ret_msg->blob_len : q->blob_bytes;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return any;
}

size_t inbox_queue_count(struct inbox_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    size_t count = q->count;
    (void)pthread_mutex_unlock(&q->lock);
    return count;
}

void inbox_queue_close(struct inbox_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closed = true;
    (void)pthread_mutex_unlock(&q->lock);
}
