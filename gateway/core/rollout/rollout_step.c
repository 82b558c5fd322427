#include <string.h>

#include "rollout_internal.h"

#define BIT(state) (1u << ROLLOUT_##state)

/* Who may do what when: the picture in rollout_step.h, acts of people. */
static const struct {
    const char *text;
    uint32_t from; /* states in which it applies */
} acts[] = {
    [ROLLOUT_EV_START] = {"start", BIT(DRAFT)},
    [ROLLOUT_EV_PAUSE] = {"pause", BIT(RUNNING) | BIT(HOLDING)},
    [ROLLOUT_EV_RESUME] = {"resume", BIT(PAUSED) | BIT(HOLDING)},
    [ROLLOUT_EV_ABORT] = {"abort", BIT(DRAFT) | BIT(RUNNING) | BIT(PAUSED) | BIT(HOLDING) | BIT(ROLLING_BACK)},
    [ROLLOUT_EV_ROLLBACK] = {"roll back", BIT(RUNNING) | BIT(PAUSED) | BIT(HOLDING) | BIT(ABORTED) | BIT(FINISHED) |
                                              BIT(ROLLED_BACK)},
    [ROLLOUT_EV_WAIVE] = {"waive", BIT(RUNNING) | BIT(PAUSED) | BIT(HOLDING)},
    [ROLLOUT_EV_CHANGED] = {"changed", ~0u},
    [ROLLOUT_EV_TICK] = {"tick", ~0u},
    [ROLLOUT_EV_BLIND] = {"blind", ~0u},
    [ROLLOUT_EV_PLANNED] = {"plan", BIT(DRAFT) | BIT(ROLLING_BACK)},
};

/* What a step may make of a state, all acts and limits together. */
static const uint32_t moves[] = {
    [ROLLOUT_DRAFT] = BIT(RUNNING) | BIT(HOLDING) | BIT(FINISHED) | BIT(ABORTED) | BIT(ABORTING),
    [ROLLOUT_RUNNING] = BIT(PAUSED) | BIT(HOLDING) | BIT(ABORTING) | BIT(ABORTED) | BIT(ROLLING_BACK) |
                        BIT(ROLLED_BACK) | BIT(FINISHED),
    [ROLLOUT_PAUSED] = BIT(RUNNING) | BIT(HOLDING) | BIT(ABORTING) | BIT(ABORTED) | BIT(ROLLING_BACK) |
                       BIT(ROLLED_BACK) | BIT(FINISHED),
    [ROLLOUT_HOLDING] = BIT(RUNNING) | BIT(PAUSED) | BIT(ABORTING) | BIT(ABORTED) | BIT(ROLLING_BACK) |
                        BIT(ROLLED_BACK) | BIT(FINISHED),
    [ROLLOUT_ABORTING] = BIT(ABORTED),
    [ROLLOUT_ABORTED] = BIT(ROLLING_BACK) | BIT(ROLLED_BACK),
    [ROLLOUT_ROLLING_BACK] = BIT(ROLLED_BACK) | BIT(ABORTING) | BIT(ABORTED),
    [ROLLOUT_ROLLED_BACK] = BIT(ROLLING_BACK),
    [ROLLOUT_FINISHED] = BIT(ROLLING_BACK) | BIT(ROLLED_BACK),
};

const char *rollout_event_text(enum rollout_event_kind kind)
{
    return kind >= ROLLOUT_EV_START && kind <= ROLLOUT_EV_PLANNED ? acts[kind].text : "unknown";
}

enum gw_rc rollout_init(struct rollout *ret_rollout, const struct rollout_plan *plan, const uint32_t *totals,
                        struct gw_err *err)
{
    struct rollout r = {.state = ROLLOUT_DRAFT, .wave_count = plan->wave_count};
    uint64_t devices = 0;
    for (unsigned w = 0; w < plan->wave_count; w++) {
        r.waves[w].state = ROLLOUT_WAVE_WAITING;
        r.waves[w].total = r.waves[w].count[ATTEMPT_PLANNED] = totals[w];
        devices += totals[w];
    }
    if (devices == 0 || devices > ROLLOUT_DEVICES_MAX)
        return gw_err_set(err, GW_INVALID, "a rollout has 1 to %d devices, not %llu", ROLLOUT_DEVICES_MAX,
                          (unsigned long long)devices);
    r.rest.unplanned = (uint32_t)devices;
    *ret_rollout = r;
    return GW_OK;
}

static void on_pause(struct rollout_turn *t)
{
    t->r->state = ROLLOUT_PAUSED; /* hold stays: people see why it held */
}

static void on_resume(struct rollout_turn *t)
{
    t->r->state = ROLLOUT_RUNNING;
    t->r->hold = ROLLOUT_HOLD_NONE;
    t->r->hold_wave = 0;
}

/* A hold can be waived once it has come; the soak time of the wave that is open. */
static enum gw_rc on_waive(struct rollout_turn *t)
{
    struct rollout *r = t->r;
    const struct rollout_event *ev = t->event;
    bool soak = ev->waive == ROLLOUT_HOLD_SOAK && ev->wave + 1 == r->opened;
    bool held = ev->waive != ROLLOUT_HOLD_NONE && ev->waive == r->hold && ev->wave == r->hold_wave;
    if (!soak && !held)
        return GW_CONFLICT;
    r->waves[ev->wave].waived |= (uint8_t)(1u << ev->waive);
    if (held && r->state == ROLLOUT_HOLDING)
        on_resume(t);
    return GW_OK;
}

static enum gw_rc count_change(uint32_t count[ATTEMPT_STATES], const struct rollout_event *ev)
{
    if (ev->from == ev->to)
        return GW_OK;
    if (count[ev->from] == 0 || attempt_state_ended(ev->from))
        return GW_CORRUPT;
    count[ev->from]--;
    count[ev->to]++;
    return GW_OK;
}

/* A slice of the rollback's will come to that device. */
static bool is_looked_for(const struct rollout_rest *rest, const struct rollout_event *ev)
{
    bool ahead = ev->wave < rest->wave || (ev->wave == rest->wave && ev->place >= rest->place);
    return rest->holders && (rest->old_back > 0 || ahead);
}

static enum gw_rc on_holder(struct rollout_turn *t, struct rollout_wave *wave)
{
    const struct rollout_event *ev = t->event;
    struct rollout *r = t->r;
    if (ev->held == ev->holds)
        return GW_OK;
    if (ev->held && wave->holders == 0)
        return GW_CORRUPT;
    wave->holders = ev->held ? wave->holders - 1 : wave->holders + 1;
    bool goes_back = r->state == ROLLOUT_ROLLING_BACK || r->state == ROLLOUT_ROLLED_BACK;
    if (ev->held || !goes_back || is_looked_for(&r->rest, ev) || ev->has_back)
        return GW_OK;
    wave->back_total++;
    wave->back[ATTEMPT_PLANNED]++;
    t->update->rows.plan_back_member = true;
    r->state = ROLLOUT_ROLLING_BACK;
    return GW_OK;
}

static enum gw_rc on_changed(struct rollout_turn *t)
{
    const struct rollout_event *ev = t->event;
    struct rollout_wave *wave = &t->r->waves[ev->wave];
    if (ev->back)
        return count_change(wave->back, ev);
    enum gw_rc rc = count_change(wave->count, ev);
    if (rc == GW_OK && ev->from != ev->to && ev->to == ATTEMPT_OK)
        wave->soak_from = ev->now;
    return rc ? rc : on_holder(t, wave);
}

/* Cancellations may have been lost between their commit and their sending. The slices need not ask each time. */
static void ask_again(struct rollout_turn *t)
{
    struct rollout *r = t->r;
    if (rollout_rows_left(r) && t->event->kind == ROLLOUT_EV_TICK)
        return;
    bool stops = r->state == ROLLOUT_ABORTING || r->state == ROLLOUT_ROLLING_BACK;
    t->update->rows.cancel_open = stops && !rollout_forward_idle(r);
    t->update->rows.cancel_open_back = r->state == ROLLOUT_ABORTING && !rollout_back_idle(r);
}

static void on_blind(struct rollout_turn *t)
{
    int64_t now_ms = t->event->now.ms, away_ms = t->event->away_ms > 0 ? t->event->away_ms : 0;
    for (unsigned w = 0; w < t->r->wave_count; w++) {
        int64_t *from_ms = &t->r->waves[w].soak_from.ms;
        if (*from_ms != 0)
            *from_ms = away_ms < now_ms - *from_ms ? *from_ms + away_ms : now_ms;
    }
    ask_again(t);
}

static enum gw_rc on_holders(struct rollout_rest *rest, struct rollout_wave *wave, const struct rollout_event *ev)
{
    bool stands = ev->place == rest->place && !ev->through;
    if (stands || ev->place < rest->place || ev->rows > wave->total - wave->back_total)
        return GW_CORRUPT;
    wave->back_total += ev->rows;
    wave->back[ATTEMPT_PLANNED] += ev->rows;
    rest->place = ev->place;
    if (ev->through) {
        rest->holders = rest->wave > 0;
        rest->wave = (uint16_t)(rest->wave - rest->holders);
        rest->place = 0;
    }
    return GW_OK;
}

static enum gw_rc on_planned(struct rollout_turn *t)
{
    struct rollout_rest *rest = &t->r->rest;
    const struct rollout_event *ev = t->event;
    uint32_t *left = t->r->state == ROLLOUT_DRAFT ? &rest->unplanned : &rest->old_back;
    if (t->r->state == ROLLOUT_ROLLING_BACK && rest->holders && rest->old_back == 0)
        return on_holders(rest, &t->r->waves[rest->wave], ev);
    if (ev->rows == 0 || ev->rows > *left)
        return GW_CORRUPT;
    *left -= ev->rows;
    return GW_OK;
}

static enum gw_rc handle(struct rollout_turn *t)
{
    switch (t->event->kind) {
    case ROLLOUT_EV_START:
        t->r->state = ROLLOUT_RUNNING;
        rollout_open_wave(t);
        return GW_OK;
    case ROLLOUT_EV_PAUSE:
        on_pause(t);
        return GW_OK;
    case ROLLOUT_EV_RESUME:
        on_resume(t);
        return GW_OK;
    case ROLLOUT_EV_ABORT:
        rollout_begin_abort(t);
        return GW_OK;
    case ROLLOUT_EV_ROLLBACK:
        rollout_begin_rollback(t);
        return GW_OK;
    case ROLLOUT_EV_WAIVE:
        return on_waive(t);
    case ROLLOUT_EV_CHANGED:
        return on_changed(t);
    case ROLLOUT_EV_TICK:
        ask_again(t);
        return GW_OK;
    case ROLLOUT_EV_BLIND:
        on_blind(t);
        return GW_OK;
    case ROLLOUT_EV_PLANNED:
        return on_planned(t);
    }
    return GW_INVALID;
}

static bool state_valid(enum attempt_state state)
{
    return state >= ATTEMPT_PLANNED && (int)state < ATTEMPT_STATES;
}

static enum gw_rc check_event(const struct rollout *r, const struct rollout_event *ev, struct gw_err *err)
{
    if (ev->kind < ROLLOUT_EV_START || ev->kind > ROLLOUT_EV_PLANNED)
        return gw_err_set(err, GW_INVALID, "no such event");
    if ((acts[ev->kind].from & (1u << r->state)) == 0)
        return gw_err_set(err, GW_CONFLICT, "cannot %s a rollout that is %s", acts[ev->kind].text,
                          rollout_state_text(r->state));
    if (ev->kind == ROLLOUT_EV_START && r->rest.unplanned > 0)
        return gw_err_set(err, GW_CONFLICT, "the rollout is still being planned, %u to go: wait a moment",
                          r->rest.unplanned);
    if ((ev->kind == ROLLOUT_EV_CHANGED || ev->kind == ROLLOUT_EV_WAIVE) && ev->wave >= r->wave_count)
        return gw_err_set(err, GW_INVALID, "there is no wave %u", ev->wave + 1u);
    if (ev->kind == ROLLOUT_EV_CHANGED && (!state_valid(ev->from) || !state_valid(ev->to)))
        return gw_err_set(err, GW_INVALID, "no such state of an attempt");
    if (ev->kind == ROLLOUT_EV_WAIVE && (ev->waive < ROLLOUT_HOLD_NONE || ev->waive > ROLLOUT_HOLD_SOAK))
        return gw_err_set(err, GW_INVALID, "no such limit to waive");
    return GW_OK;
}

enum gw_rc rollout_step(const struct rollout *rollout, const struct rollout_plan *plan,
                        const struct rollout_event *event, struct rollout_update *ret_update, struct gw_err *err)
{
    struct rollout_update u = {.next = *rollout};
    struct rollout_turn t = {plan, event, &u, &u.next};
    if (rollout->state < ROLLOUT_DRAFT || rollout->state > ROLLOUT_FINISHED ||
        rollout->wave_count != plan->wave_count || rollout->wave_count > ROLLOUT_WAVES_MAX)
        return gw_err_set(err, GW_CORRUPT, "the rollout and its plan do not belong together");
    enum gw_rc rc = check_event(rollout, event, err);
    if (rc)
        return rc;
    for (unsigned w = 0; w < u.next.wave_count; w++) /* the clock went back: soaking begins anew */
        if (u.next.waves[w].soak_from.ms > event->now.ms)
            u.next.waves[w].soak_from = event->now;
    rc = handle(&t);
    if (rc == GW_CONFLICT)
        return gw_err_set(err, rc, "there is nothing like that to waive");
    if (rc)
        return gw_err_set(err, rc, "the event contradicts the counters of wave %u", event->wave + 1u);
    rollout_advance(&t);
    if (u.next.state != rollout->state && (moves[rollout->state] & (1u << u.next.state)) == 0)
        return gw_err_set(err, GW_CORRUPT, "%s does not lead to %s", rollout_state_text(rollout->state),
                          rollout_state_text(u.next.state));
    const char *broken = rollout_broken(rollout, &t);
    if (broken)
        return gw_err_set(err, GW_CORRUPT, "%s", broken);
    *ret_update = u;
    return GW_OK;
}
