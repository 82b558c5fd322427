#include "fair_queue.h"

#include <string.h>

void fair_queue_init(struct fair_queue *q, struct fair_item *items, size_t max, size_t of_one)
{
    *q = (struct fair_queue){.items = items, .max = max, .of_one = of_one};
}

static struct fair_item remove_at(struct fair_queue *q, size_t at)
{
    struct fair_item item = q->items[at];
    q->count--;
    memmove(&q->items[at], &q->items[at + 1], (q->count - at) * sizeof(q->items[0]));
    return item;
}

typedef bool alike(const struct fair_item *a, const struct fair_item *b);

static bool any(const struct fair_item *a, const struct fair_item *b)
{
    (void)a, (void)b;
    return true;
}

static bool same_name(const struct fair_item *a, const struct fair_item *b)
{
    return strcmp(a->name, b->name) == 0;
}

static bool same_inner(const struct fair_item *a, const struct fair_item *b)
{
    return same_name(a, b) && strcmp(a->inner, b->inner) == 0;
}

/* How many wait that are like it; *ret_last: where the newest of them is. */
static size_t count_of(const struct fair_queue *q, const struct fair_item *item, alike *like, size_t *ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        if (like(&q->items[i], item)) {
            *ret_last = i;
            count++;
        }
    return count;
}

/* Among those that are like `of`: who has most, by name or by inner name; *ret_last: where the newest of them is. */
static size_t most_of(const struct fair_queue *q, const struct fair_item *of, alike *like, alike *by, size_t *ret_last)
{
    size_t most = 0;
    for (size_t i = 0; i < q->count; i++) {
        size_t last = 0, count = like(&q->items[i], of) ? count_of(q, &q->items[i], by, &last) : 0;
        if (count > most) {
            most = count;
            *ret_last = last;
        }
    }
    return most;
}

/* The newest of whoever has most, when that is at least two more than who comes has: both are better off then. */
static void *make_room(struct fair_queue *q, const struct fair_item *item, bool inner)
{
    size_t at = 0;
    size_t mine = count_of(q, item, inner ? same_inner : same_name, &at);
    size_t most = most_of(q, item, inner ? same_name : any, inner ? same_inner : same_name, &at);
    if (most < mine + 2)
        return NULL;
    (void)most_of(q, &q->items[at], same_name, same_inner, &at);
    return remove_at(q, at).what;
}

enum gw_rc fair_queue_put(struct fair_queue *q, const struct fair_item *item, void **ret_out)
{
    void *out = NULL;
    bool share = item->name[0] && fair_queue_count_of(q, item->name) >= q->of_one;
    if (ret_out && !share && q->count == q->max)
        out = make_room(q, item, false);
    if (ret_out && !out && (share || q->count == q->max))
        out = make_room(q, item, true);
    if (!out && (share || q->count == q->max))
        return GW_AGAIN;
    struct fair_item *last = &q->items[q->count++];
    *last = *item;
    last->name_since = last->inner_since = item->name[0] ? ++q->now : 0;
    if (ret_out)
        *ret_out = out;
    return GW_OK;
}

/* The inner name whose turn it is, of the name whose turn it is; who came first of equal ones. */
static size_t next_in(const struct fair_queue *q)
{
    size_t first = 0;
    for (size_t i = 1; i < q->count; i++)
        if (q->items[i].name_since < q->items[first].name_since)
            first = i;
    size_t at = first;
    for (size_t i = 0; i < q->count; i++)
        if (same_name(&q->items[i], &q->items[first]) && q->items[i].inner_since < q->items[at].inner_since)
            at = i;
    return at;
}

struct fair_item fair_queue_take(struct fair_queue *q)
{
    if (q->count == 0)
        return (struct fair_item){.what = NULL};
    const struct fair_item item = remove_at(q, next_in(q));
    fair_queue_served(q, item.name);
    for (size_t i = 0; item.name[0] && i < q->count; i++)
        if (same_inner(&q->items[i], &item))
            q->items[i].inner_since = q->now;
    return item;
}

void fair_queue_served(struct fair_queue *q, const char *name)
{
    q->now++;
    for (size_t i = 0; name[0] && i < q->count; i++)
        if (strcmp(q->items[i].name, name) == 0)
            q->items[i].name_since = q->now;
}

size_t fair_queue_count_of(const struct fair_queue *q, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        count += strcmp(q->items[i].name, name) == 0;
    return count;
}
