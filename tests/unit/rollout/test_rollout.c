#include <string.h>

#include "attempt_step.h"
#include "gw_test.h"
#include "rollout_step.h"

#define SOAK_MS GW_HOUR_MS

static struct rollout_plan plan;
static struct rollout r;
static struct rollout_update u;
static struct gw_err err;
static int64_t now_ms;

static enum gw_rc step(struct rollout_event ev)
{
    ev.now.ms = now_ms;
    enum gw_rc rc = rollout_step(&r, &plan, &ev, &u, &err);
    if (rc == GW_OK)
        r = u.next;
    return rc;
}

static void act(enum rollout_event_kind kind)
{
    GW_ASSERT_OK(step((struct rollout_event){.kind = kind}), &err);
}

/* One attempt goes all its way; with `holds` it keeps the version. */
static void ends(uint16_t wave, enum attempt_state to, bool holds)
{
    struct rollout_event ev = {
        .kind = ROLLOUT_EV_CHANGED, .wave = wave, .from = ATTEMPT_OFFERED, .to = to, .holds = holds};
    GW_ASSERT_OK(step(ev), &err);
}

static void goes_back(uint16_t wave, enum attempt_state to)
{
    struct rollout_event ev = {
        .kind = ROLLOUT_EV_CHANGED, .wave = wave, .back = true, .from = ATTEMPT_OFFERED, .to = to};
    GW_ASSERT_OK(step(ev), &err);
}

/* All attempts of the draft are made. */
static void plan_all(void)
{
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = r.rest.unplanned}), &err);
}

/* The rollback has found all holders of the wave. */
static void found(uint16_t wave, uint32_t rows)
{
    CU_ASSERT(r.rest.holders && r.rest.wave == wave);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = rows, .place = 99, .through = true}),
                 &err);
}

/* Waves of 2, 4 and 10 devices, 2 at a time, 90 % ok of at least 2, at most half unreachable. */
static void three_waves(enum rollout_on_failure action)
{
    static const uint32_t totals[] = {2, 4, 10};
    rollout_plan_init(&plan);
    plan.wave_count = 3;
    for (int w = 0; w < 3; w++)
        plan.waves[w] = (struct rollout_wave_plan){
            .select = w < 2 ? ROLLOUT_SELECT_LIST : ROLLOUT_SELECT_REST,
            .max_concurrent = 2,
            .gate = {.ok_pct = 90, .unreachable_pct = 50, .min_sample = 2, .soak_ms = SOAK_MS}};
    plan.abort = (struct rollout_abort){.failure_pct = 60, .min_decided = 2, .action = action};
    plan.back_concurrent = 3;
    now_ms = 1000000;
    GW_ASSERT_OK(rollout_plan_valid(&plan, &err), &err);
    GW_ASSERT_OK(rollout_init(&r, &plan, totals, &err), &err);
    plan_all();
    act(ROLLOUT_EV_START);
}

static void opens_the_first_wave_alone(void)
{
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_RUNNING);
    CU_ASSERT_EQUAL(r.opened, 1);
    CU_ASSERT_EQUAL(u.rows.offer[0], 2);
    CU_ASSERT_EQUAL(u.rows.offer[1], 0);
    CU_ASSERT_EQUAL(u.timer.ms, 0);
}

static void soaks_between_the_last_ok_and_the_next_wave(void)
{
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    ends(0, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(r.waves[0].state, ROLLOUT_WAVE_OPEN);
    now_ms += 5000;
    ends(0, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(r.waves[0].state, ROLLOUT_WAVE_SOAKING);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + SOAK_MS);
    now_ms += SOAK_MS - 1;
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(r.opened, 1);
    now_ms += 1;
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(r.opened, 2);
    CU_ASSERT_EQUAL(u.rows.offer[1], 2);
    CU_ASSERT_EQUAL(r.waves[0].state, ROLLOUT_WAVE_PASSED);
}

static void first_wave_passed(enum rollout_on_failure action)
{
    three_waves(action);
    ends(0, ATTEMPT_OK, true);
    ends(0, ATTEMPT_OK, true);
    now_ms += SOAK_MS;
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(r.opened, 2);
}

static void keeps_to_its_places(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    ends(1, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(u.rows.offer[1], 1);
    CU_ASSERT_EQUAL(rollout_count_open(r.waves[1].count), 2);
    struct rollout_event defers = {
        .kind = ROLLOUT_EV_CHANGED, .wave = 1, .from = ATTEMPT_OFFERED, .to = ATTEMPT_DEFERRED};
    GW_ASSERT_OK(step(defers), &err); /* a deferred device keeps no place */
    CU_ASSERT_EQUAL(u.rows.offer[1], 1);
    CU_ASSERT_EQUAL(r.waves[1].count[ATTEMPT_PLANNED], 0);
}

/* Failures still count: they are no offer. */
static void offers_nobody_what_is_not_given_now(void)
{
    struct rollout_event tick = {.kind = ROLLOUT_EV_TICK, .withheld = true};
    struct rollout_event ok = {.kind = ROLLOUT_EV_CHANGED,
                               .wave = 1,
                               .from = ATTEMPT_OFFERED,
                               .to = ATTEMPT_OK,
                               .holds = true,
                               .withheld = true};
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    GW_ASSERT_OK(step(ok), &err);
    CU_ASSERT(u.rows.offer[1] == 0 && r.waves[1].count[ATTEMPT_PLANNED] == 2 && r.state == ROLLOUT_RUNNING);
    GW_ASSERT_OK(step(tick), &err);
    CU_ASSERT(u.rows.offer[1] == 0 && r.opened == 2);
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(u.rows.offer[1], 1);
    ok.to = ATTEMPT_FAILED;
    ok.holds = false;
    GW_ASSERT_OK(step(ok), &err);
    GW_ASSERT_OK(step(ok), &err);
    CU_ASSERT(r.state == ROLLOUT_ABORTED && u.by_rule);
}

static void finishes_when_all_is_decided(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    for (int i = 0; i < 4; i++)
        ends(1, ATTEMPT_OK, true);
    now_ms += SOAK_MS;
    act(ROLLOUT_EV_TICK);
    for (int i = 0; i < 9; i++)
        ends(2, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_RUNNING);
    ends(2, ATTEMPT_FAILED, false);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_FINISHED);
    CU_ASSERT_EQUAL(r.waves[2].holders, 9);
}

static void pause_stops_new_offers_only(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    act(ROLLOUT_EV_PAUSE);
    ends(1, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(u.rows.offer[1], 0);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_PAUSED);
    CU_ASSERT_FALSE(u.rows.cancel_open);
    act(ROLLOUT_EV_RESUME);
    CU_ASSERT_EQUAL(u.rows.offer[1], 1);
}

static void holds_when_the_gate_cannot_be_met(void)
{
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    ends(0, ATTEMPT_OK, true);
    ends(0, ATTEMPT_REJECTED, false); /* 50 % ok: below the gate, below the abort rule */
    CU_ASSERT_EQUAL(r.state, ROLLOUT_HOLDING);
    CU_ASSERT_EQUAL(r.hold, ROLLOUT_HOLD_GATE);
    CU_ASSERT(u.by_rule);
    act(ROLLOUT_EV_RESUME); /* looks again */
    CU_ASSERT_EQUAL(r.state, ROLLOUT_HOLDING);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_WAIVE, .waive = ROLLOUT_HOLD_SAMPLE}), GW_CONFLICT);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_WAIVE, .waive = ROLLOUT_HOLD_GATE}), &err);
    CU_ASSERT_EQUAL(r.waves[0].state, ROLLOUT_WAVE_SOAKING);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_WAIVE, .waive = ROLLOUT_HOLD_SOAK}), &err);
    CU_ASSERT_EQUAL(r.opened, 2);
}

static void holds_for_unreachable_devices_and_for_a_small_sample(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    for (int i = 0; i < 2; i++)
        ends(1, ATTEMPT_UNREACHABLE, false);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_RUNNING); /* half is not more than half */
    ends(1, ATTEMPT_UNREACHABLE, false);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_HOLDING);
    CU_ASSERT_EQUAL(r.hold, ROLLOUT_HOLD_UNREACHABLE);
    ends(1, ATTEMPT_OK, true);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_WAIVE, .wave = 1, .waive = ROLLOUT_HOLD_UNREACHABLE}),
                 &err);
    CU_ASSERT_EQUAL(r.hold, ROLLOUT_HOLD_SAMPLE); /* one decided, two asked for */
}

static void aborts_at_the_limit_and_cancels(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ABORT);
    ends(1, ATTEMPT_FAILED, false);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_RUNNING); /* one is no sample */
    ends(1, ATTEMPT_TIMED_OUT, true);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ABORTING);
    CU_ASSERT(u.by_rule && u.rows.cancel_open && u.rows.cancel[2] == 10);
    CU_ASSERT_EQUAL(r.waves[2].count[ATTEMPT_CANCELLED], 10);
    CU_ASSERT_EQUAL(r.waves[1].state, ROLLOUT_WAVE_STOPPED);
    CU_ASSERT_EQUAL(r.waves[0].state, ROLLOUT_WAVE_PASSED);
    act(ROLLOUT_EV_TICK);
    CU_ASSERT(u.rows.cancel_open); /* asked again, as long as something is open */
    act(ROLLOUT_EV_BLIND);
    CU_ASSERT(u.rows.cancel_open);
    ends(1, ATTEMPT_OK, true);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ABORTED);
}

static void goes_back_from_the_last_wave_to_the_first(void)
{
    first_wave_passed(ROLLOUT_ON_FAILURE_ROLLBACK);
    ends(1, ATTEMPT_FAILED, true);
    ends(1, ATTEMPT_FAILED, true);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ROLLING_BACK);
    CU_ASSERT(u.rows.cancel[2] == 10 && u.rows.cancel_open);
    CU_ASSERT_EQUAL(u.rows.offer_back[1], 0);
    found(1, 2); /* nobody of wave 2 was offered: it needs no look */
    CU_ASSERT_EQUAL(u.rows.offer_back[1], 2);
    CU_ASSERT_EQUAL(u.rows.offer_back[0], 0);
    found(0, 2);
    CU_ASSERT(!r.rest.holders && u.rows.offer_back[0] == 0);
    ends(1, ATTEMPT_OK, true); /* had begun; it ends with the version */
    CU_ASSERT(u.rows.plan_back_member);
    CU_ASSERT_EQUAL(u.rows.offer_back[1], 1);
    for (int i = 0; i < 3; i++)
        goes_back(1, i == 0 ? ATTEMPT_FAILED : ATTEMPT_OK);
    CU_ASSERT_EQUAL(u.rows.offer_back[0], 2);
    goes_back(0, ATTEMPT_OK);
    goes_back(0, ATTEMPT_CANCELLED); /* below its floor */
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ROLLED_BACK);
    CU_ASSERT_EQUAL(rollout_count_failures(r.waves[1].count), 2); /* the rollback counts apart */
    struct rollout_event turns_up = {
        .kind = ROLLOUT_EV_CHANGED, .wave = 1, .from = ATTEMPT_CANCELLED, .to = ATTEMPT_CANCELLED, .holds = true};
    GW_ASSERT_OK(step(turns_up), &err);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ROLLING_BACK);
    CU_ASSERT_EQUAL(u.rows.offer_back[1], 1);
}

static void offers_in_slices(void)
{
    static const uint32_t totals[] = {1000};
    rollout_plan_init(&plan);
    plan.wave_count = 1;
    plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 600, .gate = {.min_sample = 1, .unreachable_pct = 100}};
    GW_ASSERT_OK(rollout_init(&r, &plan, totals, &err), &err);
    plan_all();
    act(ROLLOUT_EV_START);
    CU_ASSERT_EQUAL(u.rows.offer[0], ROLLOUT_RELEASE_MAX);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms);
    act(ROLLOUT_EV_TICK);
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(u.rows.offer[0], 600 - 2 * ROLLOUT_RELEASE_MAX);
    CU_ASSERT_EQUAL(u.timer.ms, 0);
}

static void a_blind_gateway_soaks_longer(void)
{
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    ends(0, ATTEMPT_OK, true);
    ends(0, ATTEMPT_OK, true);
    now_ms += 10 * SOAK_MS;
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_BLIND, .away_ms = 10 * SOAK_MS}), &err);
    CU_ASSERT_EQUAL(r.opened, 1);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + SOAK_MS);
    now_ms -= 3 * SOAK_MS; /* and a clock that goes back does too */
    act(ROLLOUT_EV_TICK);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + SOAK_MS);
}

/* The picture in rollout_step.h: which act of a person applies in which state; "." refused. */
static void people_may_what_the_picture_says(void)
{
    static const char *const rows[] = {
        [ROLLOUT_DRAFT] = "S..A.",        [ROLLOUT_RUNNING] = ".P.AB",     [ROLLOUT_PAUSED] = "..RAB",
        [ROLLOUT_HOLDING] = ".PRAB",      [ROLLOUT_ABORTING] = ".....",    [ROLLOUT_ABORTED] = "....B",
        [ROLLOUT_ROLLING_BACK] = "...A.", [ROLLOUT_ROLLED_BACK] = "....B", [ROLLOUT_FINISHED] = "....B"};
    for (int state = ROLLOUT_DRAFT; state <= ROLLOUT_FINISHED; state++)
        for (int kind = ROLLOUT_EV_START; kind <= ROLLOUT_EV_ROLLBACK; kind++) {
            three_waves(ROLLOUT_ON_FAILURE_ABORT);
            if (state == ROLLOUT_DRAFT) {
                GW_ASSERT_OK(rollout_init(&r, &plan, (const uint32_t[]){2, 4, 10}, &err), &err);
                plan_all();
            }
            r.state = (enum rollout_state)state;
            enum gw_rc rc = step((struct rollout_event){.kind = (enum rollout_event_kind)kind});
            CU_ASSERT_EQUAL(rc == GW_CONFLICT, rows[state][kind - 1] == '.');
        }
}

static void finds_counters_that_cannot_be(void)
{
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    struct rollout_event ev = {
        .kind = ROLLOUT_EV_CHANGED, .wave = 0, .from = ATTEMPT_INSTALLING, .to = ATTEMPT_REBOOTING};
    CU_ASSERT_EQUAL(step(ev), GW_CORRUPT); /* nobody installs */
    ev.wave = 2;
    ev.from = ATTEMPT_PLANNED;
    CU_ASSERT_EQUAL(step(ev), GW_CORRUPT); /* of a wave that is not open */
    ev.wave = 3;
    CU_ASSERT_EQUAL(step(ev), GW_INVALID);
    r.waves[1].total++;
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_TICK}), GW_CORRUPT);
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    r.opened = 2; /* early */
    r.waves[1].state = ROLLOUT_WAVE_OPEN;
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_TICK}), GW_CORRUPT);
}

/* One wave of so many devices, a draft of which nobody has an attempt. */
static void one_wave(uint32_t total)
{
    rollout_plan_init(&plan);
    plan.wave_count = 1;
    plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 600, .gate = {.min_sample = 1, .unreachable_pct = 100}};
    GW_ASSERT_OK(rollout_init(&r, &plan, &total, &err), &err);
}

static void cannot_start_before_all_is_planned(void)
{
    one_wave(2500);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_START}), GW_CONFLICT);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "2500 to go"));
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 2499}), &err);
    CU_ASSERT(u.timer.ms == now_ms && rollout_rest_left(&r) && r.waves[0].count[ATTEMPT_PLANNED] == 2500);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_START}), GW_CONFLICT);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 2}), GW_CORRUPT);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 0}), GW_CORRUPT);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 1}), &err);
    CU_ASSERT(u.timer.ms == 0 && !rollout_rest_left(&r));
    act(ROLLOUT_EV_START);
    CU_ASSERT_EQUAL(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 1}), GW_CONFLICT);
}

static void forgets_who_was_never_planned_when_the_draft_is_aborted(void)
{
    static const uint32_t totals[] = {2, 4, 10};
    three_waves(ROLLOUT_ON_FAILURE_ABORT);
    GW_ASSERT_OK(rollout_init(&r, &plan, totals, &err), &err);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 3}), &err);
    act(ROLLOUT_EV_ABORT);
    CU_ASSERT(r.waves[0].total == 2 && r.waves[1].total == 1 && r.waves[2].total == 0);
    CU_ASSERT(r.rest.unplanned == 0 && u.rows.cancel[0] == 2 && u.rows.cancel[1] == 1);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ABORTED);
}

static void cancels_in_slices(void)
{
    struct rollout_event ended = {.kind = ROLLOUT_EV_CHANGED, .from = ATTEMPT_OFFERED, .to = ATTEMPT_CANCELLED};
    one_wave(2500);
    plan_all();
    act(ROLLOUT_EV_START);
    act(ROLLOUT_EV_ABORT);
    CU_ASSERT_EQUAL(u.rows.cancel[0], ROLLOUT_SLICE_MAX);
    CU_ASSERT(u.rows.cancel_open && u.timer.ms == now_ms);
    CU_ASSERT_EQUAL(r.waves[0].count[ATTEMPT_PLANNED], 2500 - ROLLOUT_RELEASE_MAX - ROLLOUT_SLICE_MAX);
    for (int i = 0; i < ROLLOUT_RELEASE_MAX; i++) /* reports bring no slices of their own */
        GW_ASSERT_OK(step(ended), &err);
    CU_ASSERT(r.state == ROLLOUT_ABORTING && u.rows.cancel[0] == 0 && u.timer.ms == now_ms);
    GW_ASSERT_OK(step((struct rollout_event){.kind = ROLLOUT_EV_TICK, .rows_max = 1}), &err);
    CU_ASSERT(u.rows.cancel[0] == 1 && !u.rows.cancel_open);
    act(ROLLOUT_EV_TICK);
    CU_ASSERT(r.state == ROLLOUT_ABORTING && u.rows.cancel[0] == ROLLOUT_SLICE_MAX);
    act(ROLLOUT_EV_TICK);
    CU_ASSERT(r.state == ROLLOUT_ABORTED && u.timer.ms == 0);
    CU_ASSERT_EQUAL(r.waves[0].count[ATTEMPT_CANCELLED], 2500);
}

/* Three holders in a wave of 2,500, at places 10, 20 and 2,400. */
static void three_holders(void)
{
    one_wave(2500);
    plan.back_concurrent = 1;
    plan_all();
    act(ROLLOUT_EV_START);
    for (int i = 0; i < 3; i++)
        ends(0, ATTEMPT_OK, true);
}

static void turns_up(uint32_t place, bool holds)
{
    struct rollout_event ev = {.kind = ROLLOUT_EV_CHANGED,
                               .from = ATTEMPT_CANCELLED,
                               .to = ATTEMPT_CANCELLED,
                               .held = !holds,
                               .holds = holds,
                               .place = place};
    GW_ASSERT_OK(step(ev), &err);
}

static void looks_for_holders_in_slices(void)
{
    struct rollout_event slice = {.kind = ROLLOUT_EV_PLANNED, .rows = 2, .place = 1000};
    three_holders();
    act(ROLLOUT_EV_ROLLBACK);
    CU_ASSERT(r.rest.holders && r.rest.place == 0 && r.waves[0].back_total == 0 && u.timer.ms == now_ms);
    GW_ASSERT_OK(step(slice), &err);
    CU_ASSERT(u.rows.offer_back[0] == 1 && r.waves[0].back_total == 2 && r.rest.place == 1000);
    turns_up(999, true); /* the look has passed it */
    CU_ASSERT(u.rows.plan_back_member && r.waves[0].back_total == 3);
    turns_up(1000, true); /* and will come to it */
    CU_ASSERT(!u.rows.plan_back_member && r.waves[0].back_total == 3 && r.waves[0].holders == 5);
    CU_ASSERT_EQUAL(step(slice), GW_CORRUPT); /* it stands still */
    slice.place = 999;
    CU_ASSERT_EQUAL(step(slice), GW_CORRUPT);
    for (int i = 0; i < 3; i++)
        goes_back(0, ATTEMPT_OK);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ROLLING_BACK); /* it has not looked at all of them */
    slice = (struct rollout_event){.kind = ROLLOUT_EV_PLANNED, .rows = 2, .place = 2500, .through = true};
    GW_ASSERT_OK(step(slice), &err);
    CU_ASSERT(!r.rest.holders && r.waves[0].back_total == 5);
}

static void drops_an_earlier_rollback_first(void)
{
    struct rollout_event slice = {.kind = ROLLOUT_EV_PLANNED, .rows = 3, .place = 3, .through = true};
    struct rollout_event drop = {.kind = ROLLOUT_EV_PLANNED, .rows = 2};
    one_wave(3);
    plan.back_concurrent = 3;
    plan_all();
    act(ROLLOUT_EV_START);
    for (int i = 0; i < 3; i++)
        ends(0, ATTEMPT_OK, true);
    act(ROLLOUT_EV_ROLLBACK);
    GW_ASSERT_OK(step(slice), &err);
    for (int i = 0; i < 3; i++)
        goes_back(0, ATTEMPT_REJECTED);
    CU_ASSERT_EQUAL(r.state, ROLLOUT_ROLLED_BACK);
    act(ROLLOUT_EV_ROLLBACK);
    CU_ASSERT(r.rest.old_back == 3 && r.waves[0].back_total == 0 && u.timer.ms == now_ms);
    GW_ASSERT_OK(step(drop), &err);
    turns_up(0, false);
    turns_up(0, true); /* the look comes to it, behind what is dropped */
    CU_ASSERT(!u.rows.plan_back_member && r.rest.old_back == 1);
    CU_ASSERT_EQUAL(step(drop), GW_CORRUPT);
    act(ROLLOUT_EV_ABORT);
    CU_ASSERT(r.state == ROLLOUT_ABORTED && r.rest.old_back == 1 && u.timer.ms == 0);
    act(ROLLOUT_EV_ROLLBACK);
    drop.rows = 1;
    GW_ASSERT_OK(step(drop), &err);
    CU_ASSERT(r.rest.old_back == 0 && r.rest.holders && u.timer.ms == now_ms);
    GW_ASSERT_OK(step(slice), &err);
    CU_ASSERT(u.rows.offer_back[0] == 3 && u.timer.ms == 0);
}

static const struct gw_test_case cases[] = {
    {"opens the first wave alone", opens_the_first_wave_alone},
    {"soaks between the last ok and the next wave", soaks_between_the_last_ok_and_the_next_wave},
    {"keeps to its places, of which a deferred device has none", keeps_to_its_places},
    {"offers nobody what is not given now, and opens no wave", offers_nobody_what_is_not_given_now},
    {"finishes when all is decided", finishes_when_all_is_decided},
    {"pause stops new offers only, resume goes on", pause_stops_new_offers_only},
    {"holds when the gate cannot be met, until a person waives it", holds_when_the_gate_cannot_be_met},
    {"holds for unreachable devices and for a small sample", holds_for_unreachable_devices_and_for_a_small_sample},
    {"aborts at the limit and cancels what has not begun", aborts_at_the_limit_and_cancels},
    {"goes back from the last wave to the first, and reaches who turns up late",
     goes_back_from_the_last_wave_to_the_first},
    {"offers in slices", offers_in_slices},
    {"cannot start before all is planned", cannot_start_before_all_is_planned},
    {"forgets who was never planned when the draft is aborted",
     forgets_who_was_never_planned_when_the_draft_is_aborted},
    {"cancels in slices", cancels_in_slices},
    {"looks for holders in slices", looks_for_holders_in_slices},
    {"drops an earlier rollback first, and remembers what is left of it", drops_an_earlier_rollback_first},
    {"a gateway that could not see soaks longer", a_blind_gateway_soaks_longer},
    {"people may what the picture says", people_may_what_the_picture_says},
    {"finds counters that cannot be", finds_counters_that_cannot_be},
};

int main(void)
{
    return GW_TEST_RUN("rollout", cases);
}
