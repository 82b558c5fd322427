#include "rollout_internal.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool waived(const struct rollout_wave *wave, enum rollout_hold hold)
{
    return (wave->waived & (1u << hold)) != 0;
}

/* 64 bits: 1,000,000 devices times 100 fit. */
static bool at_least_pct(uint32_t part, uint32_t whole, uint8_t pct)
{
    return (uint64_t)part * 100 >= (uint64_t)whole * pct;
}

bool rollout_forward_idle(const struct rollout *r)
{
    for (unsigned w = 0; w < r->wave_count; w++)
        if (rollout_count_undecided(r->waves[w].count) != 0)
            return false;
    return true;
}

static bool any_planned(const struct rollout *r, bool back)
{
    for (unsigned w = 0; w < r->wave_count; w++)
        if ((back ? r->waves[w].back : r->waves[w].count)[ATTEMPT_PLANNED] != 0)
            return true;
    return false;
}

bool rollout_rest_left(const struct rollout *rollout)
{
    return rollout->rest.unplanned > 0 || rollout->rest.holders;
}

bool rollout_rows_left(const struct rollout *rollout)
{
    bool aborts = rollout->state == ROLLOUT_ABORTING, stops = aborts || rollout->state == ROLLOUT_ROLLING_BACK;
    return rollout_rest_left(rollout) || (stops && any_planned(rollout, false)) ||
           (aborts && any_planned(rollout, true));
}

bool rollout_back_idle(const struct rollout *r)
{
    if (r->rest.holders)
        return false;
    for (unsigned w = 0; w < r->wave_count; w++)
        if (rollout_count_undecided(r->waves[w].back) != 0)
            return false;
    return true;
}

static bool too_many_unreachable(const struct rollout_wave *wave, const struct rollout_gate *gate)
{
    uint64_t limit = (uint64_t)wave->total * gate->unreachable_pct;
    return !waived(wave, ROLLOUT_HOLD_UNREACHABLE) && (uint64_t)wave->count[ATTEMPT_UNREACHABLE] * 100 > limit;
}

enum rollout_gate_word rollout_gate_look(const struct rollout *rollout, const struct rollout_plan *plan, uint16_t wave,
                                         struct gw_wall *ret_until, enum rollout_hold *ret_hold)
{
    const struct rollout_wave *w = &rollout->waves[wave];
    const struct rollout_gate *gate = &plan->waves[wave].gate;
    bool last = wave + 1 == rollout->wave_count, settled = rollout_count_undecided(w->count) == 0;
    uint32_t decided = rollout_count_decided(w->count);
    uint32_t sample = least(gate->min_sample, w->total - w->count[ATTEMPT_CANCELLED]);
    bool ok = waived(w, ROLLOUT_HOLD_GATE) || at_least_pct(w->count[ATTEMPT_OK], decided, gate->ok_pct);
    bool enough = waived(w, ROLLOUT_HOLD_SAMPLE) || decided >= sample;
    *ret_hold = ROLLOUT_HOLD_NONE;
    if (too_many_unreachable(w, gate))
        *ret_hold = ROLLOUT_HOLD_UNREACHABLE;
    else if (settled && !enough)
        *ret_hold = ROLLOUT_HOLD_SAMPLE;
    else if (settled && !ok)
        *ret_hold = ROLLOUT_HOLD_GATE;
    if (*ret_hold != ROLLOUT_HOLD_NONE)
        return ROLLOUT_GATE_HOLD;
    if (!ok || !enough || w->count[ATTEMPT_PLANNED] != 0 || (last && !settled))
        return ROLLOUT_GATE_WAIT;
    if (last || w->total == w->count[ATTEMPT_CANCELLED] || waived(w, ROLLOUT_HOLD_SOAK))
        return ROLLOUT_GATE_PASS;
    ret_until->ms = w->soak_from.ms + gate->soak_ms;
    return ROLLOUT_GATE_SOAK;
}

static void set_timer(struct rollout_turn *t, struct gw_wall at)
{
    if (t->update->timer.ms == 0 || at.ms < t->update->timer.ms)
        t->update->timer = at;
}

static void hold(struct rollout_turn *t, enum rollout_hold reason, uint16_t wave)
{
    t->r->state = ROLLOUT_HOLDING;
    t->r->hold = reason;
    t->r->hold_wave = wave;
    t->update->by_rule = true;
}

void rollout_open_wave(struct rollout_turn *t)
{
    t->r->waves[t->r->opened].state = ROLLOUT_WAVE_OPEN;
    t->r->opened++;
}

static void stop_waves(struct rollout_turn *t)
{
    t->r->hold = ROLLOUT_HOLD_NONE;
    t->r->hold_wave = 0;
    for (unsigned w = 0; w < t->r->wave_count; w++)
        if (t->r->waves[w].state != ROLLOUT_WAVE_PASSED)
            t->r->waves[w].state = ROLLOUT_WAVE_STOPPED;
}

/* Devices that have no attempt yet leave the draft: they are the last ones in order of waves. */
static void drop_unplanned(struct rollout *r)
{
    for (unsigned w = r->wave_count; w-- > 0;) {
        uint32_t n = least(r->waves[w].count[ATTEMPT_PLANNED], r->rest.unplanned);
        r->waves[w].count[ATTEMPT_PLANNED] -= n;
        r->waves[w].total -= n;
        r->rest.unplanned -= n;
    }
}

void rollout_begin_abort(struct rollout_turn *t)
{
    stop_waves(t);
    drop_unplanned(t->r);
    t->r->rest.holders = false;
    t->r->state = ROLLOUT_ABORTING;
    t->update->rows.cancel_open = true;
    t->update->rows.cancel_open_back = !rollout_back_idle(t->r);
}

void rollout_begin_rollback(struct rollout_turn *t)
{
    stop_waves(t);
    t->r->state = ROLLOUT_ROLLING_BACK;
    t->update->rows.cancel_open = !rollout_forward_idle(t->r);
    struct rollout_rest *rest = &t->r->rest;
    rest->holders = true;
    rest->wave = (uint16_t)(t->r->wave_count - 1);
    rest->place = 0;
    for (unsigned w = 0; w < t->r->wave_count; w++) {
        struct rollout_wave *wave = &t->r->waves[w];
        rest->old_back += wave->back_total; /* they have ended: nothing was going back */
        wave->back_total = 0;
        for (int s = 0; s < ATTEMPT_STATES; s++)
            wave->back[s] = 0;
    }
}

/* Waves without holders need no look: who turns up there later goes back at once. */
static void skip_waves(struct rollout *r)
{
    struct rollout_rest *rest = &r->rest;
    while (rest->holders && rest->old_back == 0 && r->waves[rest->wave].holders == 0) {
        rest->holders = rest->wave > 0;
        rest->wave = (uint16_t)(rest->wave - rest->holders);
        rest->place = 0;
    }
}

static bool over_limit(const struct rollout_abort *rule, uint32_t failures, uint32_t decided)
{
    return decided >= rule->min_decided && failures > 0 && at_least_pct(failures, decided, rule->failure_pct);
}

/* The wave that breaks the abort rule (the last opened one for the rollout as a whole); wave_count: none does. */
static uint16_t rule_broken(const struct rollout_turn *t)
{
    const struct rollout_abort *rule = &t->plan->abort;
    const struct rollout *r = t->r;
    uint32_t failures = 0, decided = 0;
    if (rule->failure_pct == 0)
        return r->wave_count;
    for (uint16_t w = 0; w < r->opened; w++) {
        const struct rollout_wave *wave = &r->waves[w];
        uint32_t wave_failures = rollout_count_failures(wave->count);
        uint32_t wave_decided = rollout_count_decided(wave->count);
        if (waived(wave, ROLLOUT_HOLD_FAILURES))
            continue;
        if (over_limit(rule, wave_failures, wave_decided))
            return w;
        failures += wave_failures;
        decided += wave_decided;
    }
    return over_limit(rule, failures, decided) ? (uint16_t)(r->opened - 1) : r->wave_count;
}

/* True when the rule has changed the state. */
static bool run_rule(struct rollout_turn *t)
{
    uint16_t wave = rule_broken(t);
    if (wave == t->r->wave_count)
        return false;
    switch (t->plan->abort.action) {
    case ROLLOUT_ON_FAILURE_HOLD:
        if (t->r->state != ROLLOUT_RUNNING)
            return false; /* it offers nothing as it is; resume looks again */
        hold(t, ROLLOUT_HOLD_FAILURES, wave);
        return true;
    case ROLLOUT_ON_FAILURE_ABORT:
        rollout_begin_abort(t);
        break;
    case ROLLOUT_ON_FAILURE_ROLLBACK:
        rollout_begin_rollback(t);
        break;
    }
    t->update->by_rule = true;
    return true;
}

/* True when the wave has passed. */
static bool run_gate(struct rollout_turn *t, uint16_t index)
{
    struct rollout_wave *wave = &t->r->waves[index];
    struct gw_wall until = {0};
    enum rollout_hold reason;
    enum rollout_gate_word word = rollout_gate_look(t->r, t->plan, index, &until, &reason);
    if (word == ROLLOUT_GATE_SOAK) {
        if (wave->soak_from.ms == 0) {
            wave->soak_from = t->event->now;
            until.ms += t->event->now.ms;
        }
        if (t->event->now.ms >= until.ms)
            word = ROLLOUT_GATE_PASS;
    }
    switch (word) {
    case ROLLOUT_GATE_WAIT:
        wave->state = ROLLOUT_WAVE_OPEN;
        return false;
    case ROLLOUT_GATE_SOAK:
        wave->state = ROLLOUT_WAVE_SOAKING;
        set_timer(t, until);
        return false;
    case ROLLOUT_GATE_HOLD:
        wave->state = ROLLOUT_WAVE_OPEN;
        hold(t, reason, index);
        return false;
    case ROLLOUT_GATE_PASS:
        wave->state = ROLLOUT_WAVE_PASSED;
        return true;
    }
    return false;
}

/* Waves that have passed may still have deferred devices: too many unreachable among them hold as well. */
static bool run_passed_waves(struct rollout_turn *t)
{
    for (uint16_t w = 0; w + 1 < t->r->opened; w++)
        if (too_many_unreachable(&t->r->waves[w], &t->plan->waves[w].gate)) {
            hold(t, ROLLOUT_HOLD_UNREACHABLE, w);
            return false;
        }
    return true;
}

static void run_waves(struct rollout_turn *t)
{
    struct rollout *r = t->r;
    if (!run_passed_waves(t))
        return;
    while (run_gate(t, (uint16_t)(r->opened - 1)) && r->opened < r->wave_count)
        rollout_open_wave(t);
    if (r->state == ROLLOUT_RUNNING && r->waves[r->wave_count - 1].state == ROLLOUT_WAVE_PASSED &&
        rollout_forward_idle(r))
        r->state = ROLLOUT_FINISHED;
}

/* Moves what may be offered from planned to offered. */
static uint32_t release(struct rollout_turn *t, uint32_t count[ATTEMPT_STATES], uint32_t max_open, uint32_t *budget)
{
    uint32_t open = rollout_count_open(count);
    uint32_t places = open < max_open ? max_open - open : 0;
    uint32_t wanted = least(count[ATTEMPT_PLANNED], places), n = least(wanted, *budget);
    count[ATTEMPT_PLANNED] -= n;
    count[ATTEMPT_OFFERED] += n;
    *budget -= n;
    if (n < wanted)
        set_timer(t, t->event->now);
    return n;
}

/* Offers that come to nothing are told by CHANGED, and each would bring as many new ones into the same transaction. */
static uint32_t release_budget(const struct rollout_turn *t)
{
    return t->event->kind == ROLLOUT_EV_CHANGED && t->event->due ? 0 : ROLLOUT_RELEASE_MAX;
}

static void release_waves(struct rollout_turn *t)
{
    uint32_t budget = release_budget(t);
    for (unsigned w = 0; w < t->r->opened; w++)
        t->update->rows.offer[w] = release(t, t->r->waves[w].count, t->plan->waves[w].max_concurrent, &budget);
}

/* The last wave that has somebody to go back is the one whose turn it is. */
static void release_back(struct rollout_turn *t)
{
    uint32_t budget = release_budget(t);
    for (unsigned w = t->r->wave_count; w-- > 0;)
        if (rollout_count_undecided(t->r->waves[w].back) != 0) {
            t->update->rows.offer_back[w] = release(t, t->r->waves[w].back, t->plan->back_concurrent, &budget);
            return;
        }
}

static uint32_t cancel_planned(uint32_t count[ATTEMPT_STATES], uint32_t *budget)
{
    uint32_t n = least(count[ATTEMPT_PLANNED], *budget);
    count[ATTEMPT_CANCELLED] += n;
    count[ATTEMPT_PLANNED] -= n;
    *budget -= n;
    return n;
}

static void cancel_waves(struct rollout_turn *t, bool back)
{
    uint32_t budget = t->event->rows_max ? t->event->rows_max : ROLLOUT_SLICE_MAX;
    for (unsigned w = 0; w < t->r->wave_count; w++) {
        t->update->rows.cancel[w] = cancel_planned(t->r->waves[w].count, &budget);
        if (back)
            t->update->rows.cancel_back[w] = cancel_planned(t->r->waves[w].back, &budget);
    }
}

/* One pass is enough for all but a finished or aborted state that follows at once. A report to a rollout that stops
 * already cancels nothing: many of them share a transaction, and each would bring a slice of its own. */
void rollout_advance(struct rollout_turn *t)
{
    struct rollout *r = t->r;
    bool stops = r->state == ROLLOUT_ABORTING || r->state == ROLLOUT_ROLLING_BACK;
    bool cancels = !stops || t->event->kind != ROLLOUT_EV_CHANGED;
    bool limited = r->state == ROLLOUT_RUNNING || r->state == ROLLOUT_PAUSED || r->state == ROLLOUT_HOLDING;
    if (!(limited && run_rule(t)) && r->state == ROLLOUT_RUNNING && !t->event->withheld) {
        run_waves(t);
        if (r->state == ROLLOUT_RUNNING)
            release_waves(t);
    }
    if (r->state == ROLLOUT_ABORTING) {
        if (cancels)
            cancel_waves(t, true);
        if (rollout_forward_idle(r) && rollout_back_idle(r))
            r->state = ROLLOUT_ABORTED;
    }
    if (r->state == ROLLOUT_ROLLING_BACK) {
        if (cancels)
            cancel_waves(t, false);
        skip_waves(r);
        release_back(t);
        if (rollout_forward_idle(r) && rollout_back_idle(r))
            r->state = ROLLOUT_ROLLED_BACK;
    }
    if (rollout_rows_left(r))
        set_timer(t, t->event->now);
}
