#include <stdlib.h>

#include "gw_cleanup.h"
#include "live_internal.h"

void live_queue_init(struct live_queue *q)
{
    *q = (struct live_queue){.count = 0};
    (void)pthread_mutex_init(&q->lock, NULL);
    q->items = gw_xalloc(LIVE_QUEUE_ITEMS, sizeof(*q->items));
}

/* Under the lock. */
static void forget_all(struct live_queue *q)
{
    for (; q->count; q->count--) {
        free(q->items[q->head].json);
        q->head = (q->head + 1) % LIVE_QUEUE_ITEMS;
    }
    q->bytes = 0;
}

void live_queue_done(struct live_queue *q)
{
    forget_all(q);
    free(q->items);
    (void)pthread_mutex_destroy(&q->lock);
}

bool live_queue_give(struct live_queue *q, const struct live_item *item)
{
    (void)pthread_mutex_lock(&q->lock);
    bool first = q->count == 0;
    bool room = q->count < LIVE_QUEUE_ITEMS && q->bytes + item->len <= LIVE_QUEUE_BYTES;
    if (room) {
        q->items[(q->head + q->count++) % LIVE_QUEUE_ITEMS] = *item;
        q->bytes += item->len;
    } else {
        forget_all(q);
        q->overflowed = true;
        q->overflows++;
    }
    (void)pthread_mutex_unlock(&q->lock);
    if (!room)
        free(item->json);
    return first || !room;
}

bool live_queue_take(struct live_queue *q, struct live_item *ret_item, bool *ret_overflowed)
{
    (void)pthread_mutex_lock(&q->lock);
    bool some = q->count > 0;
    if (q->overflowed)
        *ret_overflowed = true;
    q->overflowed = false;
    if (some) {
        *ret_item = q->items[q->head];
        q->head = (q->head + 1) % LIVE_QUEUE_ITEMS;
        q->count--;
        q->bytes -= ret_item->len;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return some;
}
