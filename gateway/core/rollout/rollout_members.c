#include "rollout_members.h"

#include <string.h>

static int compare_id(struct gw_view a, struct gw_view b)
{
    int c = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static bool member_id_below(const struct rollout_member *a, const struct rollout_member *b)
{
    return compare_id(a->id, b->id) < 0;
}

/* Listed ones first, by wave; within a wave by key, then by id. */
static bool member_key_below(const struct rollout_member *a, const struct rollout_member *b)
{
    if (a->wave != b->wave)
        return a->wave < b->wave;
    if (a->key != b->key)
        return a->key < b->key;
    return compare_id(a->id, b->id) < 0;
}

static bool pick_below(const struct rollout_pick *a, const struct rollout_pick *b)
{
    int c = compare_id(a->id, b->id);
    return c != 0 ? c < 0 : a->wave < b->wave;
}

/* Heap sort: in place, no worst case, no memory. The library's own may allocate. */
#define DEFINE_SORT(name, type)                                                                                        \
    static void name##_sink(type *list, size_t at, size_t count, bool (*below)(const type *, const type *))            \
    {                                                                                                                  \
        type moved = list[at];                                                                                         \
        for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {                                           \
            if (child + 1 < count && below(&list[child], &list[child + 1]))                                            \
                child++;                                                                                               \
            if (!below(&moved, &list[child]))                                                                          \
                break;                                                                                                 \
            list[at] = list[child];                                                                                    \
            at = child;                                                                                                \
        }                                                                                                              \
        list[at] = moved;                                                                                              \
    }                                                                                                                  \
    static void name##_sort(type *list, size_t count, bool (*below)(const type *, const type *))                       \
    {                                                                                                                  \
        for (size_t i = count / 2; i-- > 0;)                                                                           \
            name##_sink(list, i, count, below);                                                                        \
        for (size_t end = count; end-- > 1;) {                                                                         \
            type top = list[0];                                                                                        \
            list[0] = list[end];                                                                                       \
            list[end] = top;                                                                                           \
            name##_sink(list, 0, end, below);                                                                          \
        }                                                                                                              \
    }
DEFINE_SORT(member, struct rollout_member)
DEFINE_SORT(pick, struct rollout_pick)

/* FNV-1a from the seed, then a finaliser that spreads every bit over all others. */
static uint64_t key_of(struct gw_view id, uint64_t seed)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < id.len; i++)
        h = (h ^ id.ptr[i]) * UINT64_C(0x100000001b3);
    h = (h ^ seed ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 31);
}

static enum gw_rc id_error(struct gw_err *err, struct gw_view id, const char *text)
{
    return gw_err_set(err, GW_INVALID, "device " GW_VIEW_FMT " %s", GW_VIEW_ARG(id), text);
}

static enum gw_rc check_picks(const struct rollout_plan *plan, const struct rollout_fleet *fleet, struct gw_err *err)
{
    for (size_t i = 0; i < fleet->pick_count; i++) {
        const struct rollout_pick *pick = &fleet->picks[i];
        if (pick->wave >= plan->wave_count || plan->waves[pick->wave].select != ROLLOUT_SELECT_LIST)
            return id_error(err, pick->id, "is listed for a wave that has no list");
        if (i > 0 && compare_id(fleet->picks[i - 1].id, pick->id) == 0 && fleet->picks[i - 1].wave != pick->wave)
            return id_error(err, pick->id, "is on the lists of two waves");
    }
    return GW_OK;
}

/* Both are sorted by id. */
static enum gw_rc take_picks(struct rollout_fleet *fleet, struct gw_err *err)
{
    size_t m = 0;
    for (size_t i = 0; i < fleet->pick_count; i++) {
        struct gw_view id = fleet->picks[i].id;
        while (m < fleet->count && compare_id(fleet->members[m].id, id) < 0)
            m++;
        if (m == fleet->count || compare_id(fleet->members[m].id, id) != 0)
            return id_error(err, id, "is listed, but is not one that the release is for");
        fleet->members[m].wave = fleet->picks[i].wave;
    }
    return GW_OK;
}

/* How many of `left` devices the wave takes, at most. */
static size_t share(const struct rollout_wave_plan *wave, size_t left)
{
    switch (wave->select) {
    case ROLLOUT_SELECT_LIST:
        return 0;
    case ROLLOUT_SELECT_PERCENT:
        return (left * wave->percent + 99) / 100;
    case ROLLOUT_SELECT_QUERY:
    case ROLLOUT_SELECT_REST:
        return left;
    }
    return 0;
}

/* Gives wave `w` what it takes of the members behind `first`, in their order; returns how many. */
static size_t fill_wave(const struct rollout_plan *plan, uint16_t w, struct rollout_fleet *fleet, size_t first,
                        size_t left, uint32_t *total)
{
    bool by_query = plan->waves[w].select == ROLLOUT_SELECT_QUERY;
    size_t most = share(&plan->waves[w], left), taken = 0;
    for (size_t i = first; i < fleet->count && taken < most; i++) {
        struct rollout_member *member = &fleet->members[i];
        if (member->wave != ROLLOUT_NO_WAVE || (by_query && !(member->fits >> w & 1)))
            continue;
        member->wave = w;
        member->place = (*total)++;
        taken++;
    }
    return taken;
}

static enum gw_rc spread(const struct rollout_plan *plan, struct rollout_fleet *fleet, uint32_t *totals,
                         struct gw_err *err)
{
    size_t first = 0;
    for (; first < fleet->count && fleet->members[first].wave != ROLLOUT_NO_WAVE; first++)
        fleet->members[first].place = totals[fleet->members[first].wave]++;
    size_t left = fleet->count - first;
    for (uint16_t w = 0; w < plan->wave_count; w++) {
        left -= fill_wave(plan, w, fleet, first, left, &totals[w]);
        if (plan->waves[w].select == ROLLOUT_SELECT_QUERY && totals[w] == 0)
            return gw_err_set(err, GW_INVALID, "wave %u: no device that is left fits the query", w + 1u);
    }
    if (left > 0)
        return gw_err_set(err, GW_INVALID, "%zu device%s in no wave: the last wave must select the rest", left,
                          left == 1 ? " is" : "s are");
    return GW_OK;
}

enum gw_rc rollout_assign(const struct rollout_plan *plan, struct rollout_fleet *fleet, uint32_t *ret_totals,
                          struct gw_err *err)
{
    if (fleet->count > ROLLOUT_DEVICES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "%zu devices, above %d", fleet->count, ROLLOUT_DEVICES_MAX);
    for (size_t i = 0; i < fleet->count; i++) {
        fleet->members[i].wave = ROLLOUT_NO_WAVE;
        fleet->members[i].place = 0;
        fleet->members[i].key = key_of(fleet->members[i].id, plan->seed);
    }
    member_sort(fleet->members, fleet->count, member_id_below);
    pick_sort(fleet->picks, fleet->pick_count, pick_below);
    for (size_t i = 1; i < fleet->count; i++)
        if (compare_id(fleet->members[i - 1].id, fleet->members[i].id) == 0)
            return id_error(err, fleet->members[i].id, "is there twice");
    enum gw_rc rc = check_picks(plan, fleet, err);
    if (rc == GW_OK)
        rc = take_picks(fleet, err);
    if (rc)
        return rc;
    member_sort(fleet->members, fleet->count, member_key_below);
    memset(ret_totals, 0, ROLLOUT_WAVES_MAX * sizeof(*ret_totals));
    return spread(plan, fleet, ret_totals, err);
}

enum attempt_code rollout_back_check(const struct rollout_back_ask *ask)
{
    if (ask->counter_before == 0)
        return ATTEMPT_CODE_UNKNOWN_BEFORE;
    if (ask->counter_before < ask->floor_confirmed && !(ask->two_people && ask->device_consents))
        return ATTEMPT_CODE_FLOOR;
    return ATTEMPT_CODE_NONE;
}
