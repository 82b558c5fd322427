#include "repo_rollout_pack.h"

#include <string.h>

#define PLAN_VERSION     2 /* 1 had no queries */
#define PROGRESS_VERSION 2 /* 1 had nothing of `rest`: there was nothing left over */

static void put_time(struct gw_buf *b, int64_t ms)
{
    (void)gw_buf_add_u64(b, (uint64_t)ms);
}

/* Reads on after a failure without effect; `bad` tells once, at the end. */
struct unpack {
    struct gw_reader r;
    bool bad;
};

static uint8_t get_u8(struct unpack *u)
{
    uint8_t value = 0;
    u->bad |= gw_read_u8(&u->r, &value) != GW_OK;
    return value;
}

static uint32_t get_u32(struct unpack *u)
{
    uint32_t value = 0;
    u->bad |= gw_read_u32(&u->r, &value) != GW_OK;
    return value;
}

static uint64_t get_u64(struct unpack *u)
{
    uint64_t value = 0;
    u->bad |= gw_read_u64(&u->r, &value) != GW_OK;
    return value;
}

static int64_t get_time(struct unpack *u)
{
    uint64_t value = get_u64(u);
    u->bad |= value > INT64_MAX;
    return value > INT64_MAX ? 0 : (int64_t)value;
}

static uint8_t get_range(struct unpack *u, uint8_t min, uint8_t max)
{
    uint8_t value = get_u8(u);
    u->bad |= value < min || value > max;
    return value < min || value > max ? min : value;
}

void repo_plan_pack(const struct rollout_plan *plan, struct gw_buf *ret_bytes)
{
    struct gw_buf *b = ret_bytes;
    (void)gw_buf_add_u8(b, PLAN_VERSION);
    (void)gw_buf_add_u8(b, (uint8_t)plan->wave_count);
    for (size_t i = 0; i < plan->wave_count; i++) {
        const struct rollout_wave_plan *w = &plan->waves[i];
        (void)gw_buf_add_u8(b, (uint8_t)w->select);
        (void)gw_buf_add_u8(b, w->percent);
        (void)gw_buf_add_u8(b, w->gate.ok_pct);
        (void)gw_buf_add_u8(b, w->gate.unreachable_pct);
        (void)gw_buf_add_u32(b, w->max_concurrent);
        (void)gw_buf_add_u32(b, w->gate.min_sample);
        put_time(b, w->gate.soak_ms);
        (void)gw_buf_add_u8(b, (uint8_t)strlen(w->query));
        (void)gw_buf_add(b, w->query, strlen(w->query));
    }
    (void)gw_buf_add_u8(b, plan->abort.failure_pct);
    (void)gw_buf_add_u8(b, (uint8_t)plan->abort.action);
    (void)gw_buf_add_u32(b, plan->abort.min_decided);
    put_time(b, plan->terms.confirm_ms);
    put_time(b, plan->terms.step_ms);
    put_time(b, plan->terms.total_ms);
    put_time(b, plan->terms.postpone_max_ms);
    (void)gw_buf_add_u32(b, plan->back_concurrent);
    (void)gw_buf_add_u64(b, plan->seed);
}

static void get_query(struct unpack *u, char query[ROLLOUT_QUERY_MAX + 1])
{
    struct gw_view text = {NULL, 0};
    u->bad |= gw_read_bytes(&u->r, get_u8(u), &text) != GW_OK || gw_view_copy_str(text, query, ROLLOUT_QUERY_MAX + 1);
}

static void get_wave_plan(struct unpack *u, uint8_t version, struct rollout_wave_plan *w)
{
    w->select = (enum rollout_select)get_range(u, ROLLOUT_SELECT_LIST, ROLLOUT_SELECT_QUERY);
    w->percent = get_u8(u);
    w->gate.ok_pct = get_u8(u);
    w->gate.unreachable_pct = get_u8(u);
    w->max_concurrent = get_u32(u);
    w->gate.min_sample = get_u32(u);
    w->gate.soak_ms = get_time(u);
    if (version > 1)
        get_query(u, w->query);
}

enum gw_rc repo_plan_unpack(struct gw_view bytes, struct rollout_plan *ret_plan)
{
    struct unpack u = {.r = {bytes}};
    struct rollout_plan p = {0};
    uint8_t version = get_range(&u, 1, PLAN_VERSION);
    p.wave_count = get_range(&u, 1, ROLLOUT_WAVES_MAX);
    for (size_t i = 0; i < p.wave_count; i++)
        get_wave_plan(&u, version, &p.waves[i]);
    p.abort.failure_pct = get_u8(&u);
    p.abort.action = (enum rollout_on_failure)get_range(&u, 0, ROLLOUT_ON_FAILURE_ROLLBACK);
    p.abort.min_decided = get_u32(&u);
    p.terms.confirm_ms = get_time(&u);
    p.terms.step_ms = get_time(&u);
    p.terms.total_ms = get_time(&u);
    p.terms.postpone_max_ms = get_time(&u);
    p.back_concurrent = get_u32(&u);
    p.seed = get_u64(&u);
    if (u.bad || u.r.rest.len > 0 || rollout_plan_valid(&p, NULL) != GW_OK)
        return GW_CORRUPT;
    *ret_plan = p;
    return GW_OK;
}

static void put_counts(struct gw_buf *b, const uint32_t count[ATTEMPT_STATES])
{
    for (size_t s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++)
        (void)gw_buf_add_u32(b, count[s]);
}

void repo_progress_pack(const struct rollout *rollout, struct gw_buf *ret_bytes)
{
    struct gw_buf *b = ret_bytes;
    (void)gw_buf_add_u8(b, PROGRESS_VERSION);
    (void)gw_buf_add_u8(b, ATTEMPT_STATES - 1);
    (void)gw_buf_add_u8(b, (uint8_t)rollout->wave_count);
    (void)gw_buf_add_u8(b, (uint8_t)rollout->opened);
    (void)gw_buf_add_u8(b, (uint8_t)rollout->hold);
    (void)gw_buf_add_u8(b, (uint8_t)rollout->hold_wave);
    for (size_t i = 0; i < rollout->wave_count; i++) {
        const struct rollout_wave *w = &rollout->waves[i];
        (void)gw_buf_add_u8(b, (uint8_t)w->state);
        (void)gw_buf_add_u8(b, w->waived);
        (void)gw_buf_add_u32(b, w->total);
        (void)gw_buf_add_u32(b, w->holders);
        (void)gw_buf_add_u32(b, w->back_total);
        put_time(b, w->soak_from.ms);
        put_counts(b, w->count);
        put_counts(b, w->back);
    }
    (void)gw_buf_add_u32(b, rollout->rest.unplanned);
    (void)gw_buf_add_u32(b, rollout->rest.old_back);
    (void)gw_buf_add_u8(b, rollout->rest.holders);
    (void)gw_buf_add_u8(b, (uint8_t)rollout->rest.wave);
    (void)gw_buf_add_u32(b, rollout->rest.place);
}

static void get_counts(struct unpack *u, uint8_t states, uint32_t count[ATTEMPT_STATES])
{
    for (size_t s = ATTEMPT_PLANNED; s <= states; s++)
        count[s] = get_u32(u);
}

static void get_wave(struct unpack *u, uint8_t states, struct rollout_wave *w)
{
    w->state = (enum rollout_wave_state)get_range(u, ROLLOUT_WAVE_WAITING, ROLLOUT_WAVE_STOPPED);
    w->waived = get_u8(u);
    w->total = get_u32(u);
    w->holders = get_u32(u);
    w->back_total = get_u32(u);
    w->soak_from.ms = get_time(u);
    get_counts(u, states, w->count);
    get_counts(u, states, w->back);
}

static void get_rest(struct unpack *u, uint16_t waves, struct rollout_rest *rest)
{
    rest->unplanned = get_u32(u);
    rest->old_back = get_u32(u);
    rest->holders = get_range(u, 0, 1) != 0;
    rest->wave = get_range(u, 0, (uint8_t)(waves - 1));
    rest->place = get_u32(u);
}

enum gw_rc repo_progress_unpack(struct gw_view bytes, struct rollout *ret_rollout)
{
    struct unpack u = {.r = {bytes}};
    struct rollout r = {0};
    uint8_t version = get_range(&u, 1, PROGRESS_VERSION);
    uint8_t states = get_range(&u, 1, ATTEMPT_STATES - 1);
    r.wave_count = get_range(&u, 1, ROLLOUT_WAVES_MAX);
    r.opened = get_range(&u, 0, (uint8_t)r.wave_count);
    r.hold = (enum rollout_hold)get_range(&u, ROLLOUT_HOLD_NONE, ROLLOUT_HOLD_SOAK);
    r.hold_wave = get_range(&u, 0, (uint8_t)(r.wave_count - 1));
    for (size_t i = 0; i < r.wave_count; i++)
        get_wave(&u, states, &r.waves[i]);
    if (version > 1)
        get_rest(&u, r.wave_count, &r.rest);
    if (u.bad || u.r.rest.len > 0)
        return GW_CORRUPT;
    r.state = ret_rollout->state;
    *ret_rollout = r;
    return GW_OK;
}
