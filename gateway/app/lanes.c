#include "lanes.h"

void lanes_init(struct lanes *l)
{
    l->turn = 0;
    for (size_t i = 0; i < WORK_LANES; i++)
        fair_queue_init(&l->lanes[i].queue, l->lanes[i].items, LANES_MAX, LANES_OF_ONE);
}

enum gw_rc lanes_put(struct lanes *l, struct work *work, struct work **ret_out)
{
    const struct fair_item item = {.what = work, .name = work->lane_key, .inner = work->act.name};
    void *out = NULL;
    enum gw_rc rc = fair_queue_put(&l->lanes[work->lane].queue, &item, &out);
    if (!rc)
        *ret_out = out;
    return rc;
}

/* The lane whose turn it is; NULL: nobody waits. */
static struct fair_queue *next_lane(struct lanes *l)
{
    static const enum work_lane turns[] = {WORK_LANE_KNOWN, WORK_LANE_FAMILIAR, WORK_LANE_KNOWN, WORK_LANE_STRANGER};
    const size_t count = sizeof(turns) / sizeof(turns[0]);
    for (size_t i = 0; i < count; i++) {
        size_t at = (l->turn + i) % count;
        if (l->lanes[turns[at]].queue.count > 0) {
            l->turn = (at + 1) % count;
            return &l->lanes[turns[at]].queue;
        }
    }
    return NULL;
}

struct work *lanes_take(struct lanes *l)
{
    struct fair_queue *lane = next_lane(l);
    return lane ? fair_queue_take(lane).what : NULL;
}

size_t lanes_count(const struct lanes *l)
{
    size_t count = 0;
    for (size_t i = 0; i < WORK_LANES; i++)
        count += l->lanes[i].queue.count;
    return count;
}
