#include "journal_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "gw_cleanup.h"

struct node {
    struct node *next;
    struct journal_entry entry;
};

struct journal_queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    size_t max_bytes, max_entries;
    struct node *head, **tail;
    size_t bytes, count;
    bool closed;
};

struct journal_queue *journal_queue_new(size_t max_bytes, size_t max_entries)
{
    struct journal_queue *q = gw_xalloc(1, sizeof(*q));
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_cond_init(&q->more, &attr);
    (void)pthread_condattr_destroy(&attr);
    q->max_bytes = max_bytes;
    q->max_entries = max_entries;
    q->tail = &q->head;
    return q;
}

void journal_queue_free(struct journal_queue *q)
{
    if (!q)
        return;
    for (struct node *n = q->head, *next; n; n = next) {
        next = n->next;
        free(n->entry.bytes);
        free(n);
    }
    (void)pthread_mutex_destroy(&q->lock);
    (void)pthread_cond_destroy(&q->more);
    free(q);
}

static enum gw_rc put(struct journal_queue *q, const struct journal_entry *entry, bool force)
{
    struct node *n = gw_xalloc(1, sizeof(*n));
    n->entry = *entry;
    (void)pthread_mutex_lock(&q->lock);
    enum gw_rc rc = GW_OK;
    if (!force && q->closed)
        rc = GW_CANCELLED;
    else if (!force && (q->count >= q->max_entries || q->bytes + entry->len > q->max_bytes))
        rc = GW_AGAIN;
    if (!rc) {
        *q->tail = n;
        q->tail = &n->next;
        q->count++;
        q->bytes += entry->len;
        (void)pthread_cond_signal(&q->more);
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (rc)
        free(n);
    return rc;
}

enum gw_rc journal_queue_put(struct journal_queue *q, const struct journal_entry *entry)
{
    return put(q, entry, false);
}

void journal_queue_force(struct journal_queue *q, const struct journal_entry *entry)
{
    if (put(q, entry, true))
        abort(); /* a forced put has no ceiling to meet */
}

bool journal_queue_put_back(struct journal_queue *q, const struct journal_entry *entries, size_t count)
{
    struct node *first = NULL, **last = &first;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct node *n = gw_xalloc(1, sizeof(*n));
        n->entry = entries[i];
        bytes += entries[i].len;
        *last = n;
        last = &n->next;
    }
    (void)pthread_mutex_lock(&q->lock);
    bool open = !q->closed;
    if (open && first) {
        *last = q->head;
        if (!q->head)
            q->tail = last;
        q->head = GW_TAKE(first);
        q->count += count;
        q->bytes += bytes;
    }
    (void)pthread_mutex_unlock(&q->lock);
    for (struct node *next; first; first = next) {
        next = first->next;
        free(first);
    }
    return open;
}

static struct timespec time_in(int64_t wait_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(wait_ms / 1000);
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void journal_queue_rest(struct journal_queue *q, int64_t wait_ms)
{
    struct timespec at = time_in(wait_ms);
    (void)pthread_mutex_lock(&q->lock);
    while (!q->closed && pthread_cond_timedwait(&q->more, &q->lock, &at) != ETIMEDOUT)
        continue;
    (void)pthread_mutex_unlock(&q->lock);
}

static void wait_for_one(struct journal_queue *q, int64_t wait_ms)
{
    struct timespec at = time_in(wait_ms);
    while (q->count == 0 && !q->closed)
        if (pthread_cond_timedwait(&q->more, &q->lock, &at) == ETIMEDOUT)
            return;
}

size_t journal_queue_take(struct journal_queue *q, struct journal_entry *out, size_t max, size_t max_bytes,
                          int64_t wait_ms)
{
    struct node *done = NULL;
    size_t count = 0, bytes = 0;
    (void)pthread_mutex_lock(&q->lock);
    wait_for_one(q, wait_ms);
    while (q->head && count < max && (count == 0 || bytes + q->head->entry.len <= max_bytes)) {
        struct node *n = q->head;
        out[count++] = n->entry;
        bytes += n->entry.len;
        q->head = n->next;
        if (!q->head)
            q->tail = &q->head;
        n->next = done;
        done = n;
    }
    q->count -= count;
    q->bytes -= bytes;
    (void)pthread_mutex_unlock(&q->lock);
    for (struct node *next; done; done = next) {
        next = done->next;
        free(done);
    }
    return count;
}

size_t journal_queue_bytes(struct journal_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    size_t bytes = q->bytes;
    (void)pthread_mutex_unlock(&q->lock);
    return bytes;
}

void journal_queue_close(struct journal_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closed = true;
    (void)pthread_cond_broadcast(&q->more);
    (void)pthread_mutex_unlock(&q->lock);
}

bool journal_queue_closed(struct journal_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    bool closed = q->closed && q->count == 0;
    (void)pthread_mutex_unlock(&q->lock);
    return closed;
}
