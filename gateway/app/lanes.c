#include "lanes.h"

#include <string.h>

static struct work *remove_at(struct lanes_lane *lane, size_t at)
{
    struct work *work = lane->items[at].work;
    lane->count--;
    memmove(&lane->items[at], &lane->items[at + 1], (lane->count - at) * sizeof(lane->items[0]));
    return work;
}

/* How many wait with this key; *ret_last: where the newest of them is. */
static size_t count_of(const struct lanes_lane *lane, const char *key, size_t *ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < lane->count; i++)
        if (strcmp(lane->items[i].work->lane_key, key) == 0) {
            *ret_last = i;
            count++;
        }
    return count;
}

/* The newest of the key that has most, when that is at least two more than `mine`: both are better off then. */
static bool make_room(struct lanes_lane *lane, size_t mine, struct work **ret_out)
{
    size_t most = 0, at = 0;
    for (size_t i = 0; i < lane->count; i++) {
        size_t last = 0, count = count_of(lane, lane->items[i].work->lane_key, &last);
        if (count > most) {
            most = count;
            at = last;
        }
    }
    if (most < mine + 2)
        return false;
    *ret_out = remove_at(lane, at);
    return true;
}

enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out)
{
    struct lanes_lane *lane = &l->lanes[work->lane];
    size_t last = 0, mine = count_of(lane, work->lane_key, &last);
    if (mine >= LANES_OF_ONE)
        return GW_AGAIN;
    uint64_t round = mine ? lane->items[last].round + 1 : lane->round;
    struct work *out = NULL;
    if (lane->count == LANES_MAX && !make_room(lane, mine, &out))
        return GW_AGAIN;
    lane->items[lane->count++] = (struct lanes_waiting){work, round};
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

struct work *lanes_take(struct lanes *l)
{
    struct lanes_lane *lane = next_lane(l);
    size_t at = 0;
    if (!lane)
        return NULL;
    for (size_t i = 1; i < lane->count; i++)
        if (lane->items[i].round < lane->items[at].round)
            at = i;
    lane->round = lane->items[at].round;
    return remove_at(lane, at);
}

size_t lanes_count(const struct lanes *l)
{
    size_t count = 0;
    for (size_t i = 0; i < WORK_LANES; i++)
        count += l->lanes[i].count;
    return count;
}
