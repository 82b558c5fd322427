#include "lanes.h"

#include <string.h>

static struct work *remove_at(struct lanes_lane *lane, size_t at)
{
    struct work *work = lane->items[at].work;
    lane->count--;
    memmove(&lane->items[at], &lane->items[at + 1], (lane->count - at) * sizeof(lane->items[0]));
    return work;
}

typedef bool alike(const struct work *a, const struct work *b);

static bool any(const struct work *a, const struct work *b)
{
    (void)a, (void)b;
    return true;
}

static bool same_key(const struct work *a, const struct work *b)
{
    return strcmp(a->lane_key, b->lane_key) == 0;
}

static bool same_name(const struct work *a, const struct work *b)
{
    return same_key(a, b) && strcmp(a->act.name, b->act.name) == 0;
}

/* How many wait that are like it; *ret_last: where the newest of them is. */
static size_t count_of(const struct lanes_lane *lane, const struct work *work, alike *like, size_t *ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < lane->count; i++)
        if (like(lane->items[i].work, work)) {
            *ret_last = i;
            count++;
        }
    return count;
}

/* Among those that are like `of`: who has most, by key or by name; *ret_last: where the newest of them is. */
static size_t most_of(const struct lanes_lane *lane, const struct work *of, alike *like, alike *by, size_t *ret_last)
{
    size_t most = 0;
    for (size_t i = 0; i < lane->count; i++) {
        size_t last = 0, count = like(lane->items[i].work, of) ? count_of(lane, lane->items[i].work, by, &last) : 0;
        if (count > most) {
            most = count;
            *ret_last = last;
        }
    }
    return most;
}

/* The newest of whoever has most, when that is at least two more than who comes has: both are better off then. */
static struct work *make_room(struct lanes_lane *lane, const struct work *work, bool in_key)
{
    size_t at = 0;
    size_t mine = count_of(lane, work, in_key ? same_name : same_key, &at);
    size_t most = most_of(lane, work, in_key ? same_key : any, in_key ? same_name : same_key, &at);
    if (most < mine + 2)
        return NULL;
    (void)most_of(lane, lane->items[at].work, same_key, same_name, &at);
    return remove_at(lane, at);
}

enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out)
{
    struct lanes_lane *lane = &l->lanes[work->lane];
    struct work *out = NULL;
    size_t last = 0;
    bool share = count_of(lane, work, same_key, &last) >= LANES_OF_ONE;
    if (!share && lane->count == LANES_MAX)
        out = make_room(lane, work, false);
    if (!out && (share || lane->count == LANES_MAX)) {
        out = make_room(lane, work, true);
        if (!out)
            return GW_AGAIN;
    }
    lane->now++;
    lane->items[lane->count++] = (struct lanes_waiting){work, lane->now, lane->now};
    *ret_out = out;
    return GW_OK;
}

/* The lane whose turn it is; NULL: nobody waits. */
static struct lanes_lane *next_lane(struct lanes *l)
{
    static const enum work_lane turns[] = {WORK_LANE_KNOWN, WORK_LANE_FAMILIAR, WORK_LANE_KNOWN, WORK_LANE_STRANGER};
    const size_t count = sizeof(turns) / sizeof(turns[0]);
    for (size_t i = 0; i < count; i++) {
        size_t at = (l->turn + i) % count;
        if (l->lanes[turns[at]].count > 0) {
            l->turn = (at + 1) % count;
            return &l->lanes[turns[at]];
        }
    }
    return NULL;
}

/* The name whose turn it is, of the key whose turn it is; who came first of equal ones. */
static size_t next_in(const struct lanes_lane *lane)
{
    size_t first = 0;
    for (size_t i = 1; i < lane->count; i++)
        if (lane->items[i].key_since < lane->items[first].key_since)
            first = i;
    size_t at = first;
    for (size_t i = 0; i < lane->count; i++)
        if (same_key(lane->items[i].work, lane->items[first].work) &&
            lane->items[i].name_since < lane->items[at].name_since)
            at = i;
    return at;
}

struct work *lanes_take(struct lanes *l)
{
    struct lanes_lane *lane = next_lane(l);
    if (!lane)
        return NULL;
    struct work *work = remove_at(lane, next_in(lane));
    lane->now++;
    for (size_t i = 0; i < lane->count; i++) {
        struct lanes_waiting *w = &lane->items[i];
        if (same_key(w->work, work))
            w->key_since = lane->now;
        if (same_name(w->work, work))
            w->name_since = lane->now;
    }
    return work;
}

size_t lanes_count(const struct lanes *l)
{
    size_t count = 0;
    for (size_t i = 0; i < WORK_LANES; i++)
        count += l->lanes[i].count;
    return count;
}
