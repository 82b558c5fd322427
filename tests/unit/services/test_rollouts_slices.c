/*
 * What touches every device of a rollout goes in slices, over SQLite: at each border between two of them the process
 * dies, once with the transaction and once behind its commit, and begins again without a broker.
 */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define DEVICES 7
#define ROWS    2 /* of a slice */

static void open_world(struct world *w)
{
    world_open(w, "state.db", ROWS);
    shop_devices(&w->d, DEVICES);
}

static void die_and_start(struct world *w)
{
    world_die(w, GW_SECOND_MS);
}

/* A slice is lost, made again and stays. */
static void slice_and_die(struct world *w, const char *id)
{
    world_lose_slice(w, id);
    world_slice_and_die(w, id);
}

static bool count_rows(void *ctx, const struct store_attempt_count *count)
{
    ((uint32_t *)ctx)[count->back] += count->count;
    return true;
}

static uint32_t rows(struct world *w, const char *id, bool back)
{
    uint32_t counts[2] = {0, 0};
    GW_ASSERT_OK(w->d.store.ops->attempt_count(w->d.store.self, id, count_rows, counts, NULL), NULL);
    return counts[back];
}

static struct rollout_entry draft_and_die(struct world *w)
{
    struct rollout_plan plan = shop_plan(50, 1);
    w->d.dies = true; /* behind the first slice */
    struct rollout_entry r = shop_draft(&w->d, &plan);
    die_and_start(w);
    return r;
}

static void a_draft_is_whole_whatever_dies_between_its_slices(void)
{
    struct world w;
    open_world(&w);
    struct rollout_entry r = draft_and_die(&w);
    CU_ASSERT(r.rollout.rest.unplanned == DEVICES - ROWS && r.attempts == ROWS);
    for (uint32_t planned = ROWS; planned < DEVICES; planned += ROWS) {
        struct rollout_entry now = shop_rollout(&w.d, r.id);
        CU_ASSERT(now.rollout.rest.unplanned == DEVICES - planned && rows(&w, r.id, false) == planned);
        CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_CONFLICT);
        CU_ASSERT_EQUAL(shop_preview(&w.d, shop_id(SHOP_NEW), &r.plan, NULL).rc, GW_CONFLICT);
        slice_and_die(&w, r.id);
    }
    CU_ASSERT_EQUAL(rows(&w, r.id, false), DEVICES);
    shop_check(&w.d, r.id);
    struct rollout_seat seats[ROLLOUT_SLICE_MAX];
    size_t count = 0;
    for (uint32_t n = 0; n < DEVICES; n++)
        CU_ASSERT_EQUAL(w.d.store.ops->seats_get(w.d.store.self, r.id, n, seats, &count, NULL), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.created"), 1);
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_OK);
    struct rollout_entry now = shop_rollout(&w.d, r.id);
    CU_ASSERT(now.rollout.waves[0].count[ATTEMPT_OFFERED] == 1 && now.rollout.waves[1].count[ATTEMPT_OFFERED] == 0);
    CU_ASSERT(now.attempts == DEVICES && now.timer.ms == 0);
    world_close(&w);
}

static int lists_of_no_rollout(struct world *w)
{
    int count = 0;
    GW_ASSERT_OK(w->d.store.ops->begin(w->d.store.self, NULL), NULL);
    GW_ASSERT_OK(w->d.store.ops->seats_drop_lost(w->d.store.self, INT32_MAX, &count, NULL), NULL);
    w->d.store.ops->rollback(w->d.store.self);
    return count;
}

static bool any_rollout(void *ctx, const struct rollout_entry *entry)
{
    (void)entry;
    *(bool *)ctx = true;
    return false;
}

static bool drafted(struct world *w)
{
    bool any = false;
    GW_ASSERT_OK(w->d.store.ops->rollout_each_live(w->d.store.self, NULL, any_rollout, &any, NULL), NULL);
    return any;
}

/* So many turns of a survey, each of which stores one list; the process dies inside the next one, or behind the last
 * one's commit. */
static void survey_and_die(struct world *w, int turns, bool inside)
{
    struct rollout_plan plan = shop_plan(50, 1);
    w->d.operate.rollouts.lists_max = 1;
    shop_survey(&w->d, &plan);
    for (int i = 0; i < turns; i++)
        CU_ASSERT_EQUAL(desk_surveyed(&w->d), GW_OK);
    if (inside && w->d.survey) {
        struct gw_err err = {0};
        struct turn turn = {.store = &w->d.store, .now = w->d.now};
        GW_ASSERT_OK(w->d.store.ops->begin(w->d.store.self, &err), &err);
        GW_ASSERT_OK(rollouts_surveyed(&w->d.operate.rollouts, &turn, w->d.survey, &err), &err);
        turn_reset(&turn, 0);
        w->d.store.ops->rollback(w->d.store.self);
    }
    die_and_start(w);
}

static void there_is_a_draft_or_there_is_none_whatever_dies_before(void)
{
    enum { LISTS = (DEVICES + ROWS - 1) / ROWS };
    struct world w;
    open_world(&w);
    for (int turns = 0; turns < LISTS; turns++)
        for (int inside = 0; inside < 2; inside++) {
            survey_and_die(&w, turns, inside);
            CU_ASSERT(!drafted(&w) && desk_audits(&w.d, "rollout.created") == 0);
            CU_ASSERT_EQUAL(lists_of_no_rollout(&w), turns);
            shop_wait(&w.d, GW_SECOND_MS); /* a tick drops them */
            CU_ASSERT_EQUAL(lists_of_no_rollout(&w), 0);
        }
    survey_and_die(&w, LISTS, false);
    CU_ASSERT(drafted(&w) && desk_audits(&w.d, "rollout.created") == 1 && lists_of_no_rollout(&w) == 0);
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_STRING_EQUAL(shop_attempt(&w.d, "pump-000").rollout, shop_attempt(&w.d, "pump-006").rollout);
    struct rollout_entry r = shop_rollout(&w.d, shop_attempt(&w.d, "pump-000").rollout);
    CU_ASSERT(r.rollout.rest.unplanned == 0 && rows(&w, r.id, false) == DEVICES);
    shop_check(&w.d, r.id);
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_OK);
    world_close(&w);
}

/* Ticks come between the slices: what is being stored is not lost. */
static void lists_that_are_being_stored_stay(void)
{
    struct world w;
    open_world(&w);
    struct rollout_plan plan = shop_plan(50, 1);
    w.d.operate.rollouts.lists_max = 1;
    shop_survey(&w.d, &plan);
    while (w.d.survey) {
        CU_ASSERT_EQUAL(desk_surveyed(&w.d), GW_OK);
        shop_wait(&w.d, 3 * GW_SECOND_MS);
    }
    shop_wait(&w.d, GW_MINUTE_MS);
    struct rollout_entry r = shop_rollout(&w.d, shop_attempt(&w.d, "pump-000").rollout);
    CU_ASSERT_EQUAL(rows(&w, r.id, false), DEVICES);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static void a_withdrawn_release_ends_a_draft_between_its_slices(void)
{
    struct world w;
    struct release_entry release;
    open_world(&w);
    struct rollout_plan plan = shop_plan(50, 1);
    w.d.operate.rollouts.lists_max = 1;
    shop_survey(&w.d, &plan);
    CU_ASSERT_EQUAL(desk_surveyed(&w.d), GW_OK);
    GW_ASSERT_OK(w.d.store.ops->release_get(w.d.store.self, shop_id(SHOP_NEW), &release, NULL), NULL);
    release.state = RELEASE_WITHDRAWN;
    GW_ASSERT_OK(w.d.store.ops->begin(w.d.store.self, NULL), NULL);
    GW_ASSERT_OK(w.d.store.ops->release_put(w.d.store.self, &release, NULL), NULL);
    GW_ASSERT_OK(w.d.store.ops->commit(w.d.store.self, NULL), NULL);
    CU_ASSERT_EQUAL(desk_surveyed(&w.d), GW_OK);
    CU_ASSERT_PTR_NULL(w.d.survey);
    CU_ASSERT(desk_answer(&w.d)->kind == ANSWER_DONE && desk_answer(&w.d)->rc == GW_CONFLICT);
    CU_ASSERT(!drafted(&w) && lists_of_no_rollout(&w) == 1);
    shop_wait(&w.d, GW_SECOND_MS);
    CU_ASSERT_EQUAL(lists_of_no_rollout(&w), 0);
    world_close(&w);
}

/* Each of them changes when it was looked at and is not stored yet; a further one comes. */
static void devices_that_change_before_a_draft_is_stored_are_looked_at_once_more(void)
{
    struct world w;
    open_world(&w);
    struct rollout_plan plan = shop_plan(100, DEVICES);
    plan.wave_count = 1;
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    shop_survey(&w.d, &plan);
    shop_device(&w.d, "pump-new", "1.0");
    shop_connect(&w.d, "pump-001", "2.0", "boot-2", 0);
    shop_state(&w.d, "pump-002", DEVICE_REVOKED);
    while (w.d.survey)
        CU_ASSERT_EQUAL(desk_surveyed(&w.d), GW_OK);
    char id[ROLLOUT_ID_LEN + 1];
    memcpy(id, desk_answer(&w.d)->rollouts[0].entry.id, sizeof(id));
    desk_settle(&w.d);
    CU_ASSERT_EQUAL(rows(&w, id, false), DEVICES); /* the one that came later is not in it */
    CU_ASSERT_EQUAL(shop_change(&w.d, id, ROLLOUT_EV_START), GW_OK);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_OFFERED);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-001").attempt.code, ATTEMPT_CODE_ALREADY_RUNNING);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-002").attempt.code, ATTEMPT_CODE_NOT_FIT);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, id).rollout.waves[0].count[ATTEMPT_OFFERED], DEVICES - 2);
    shop_check(&w.d, id);
    world_close(&w);
}

static void slices_go_on_by_the_clock_without_a_broker(void)
{
    struct world w;
    open_world(&w);
    struct rollout_entry r = draft_and_die(&w);
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.rest.unplanned, 0);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static void a_draft_that_is_not_whole_lets_go_of_its_devices_when_aborted(void)
{
    struct world w;
    open_world(&w);
    struct rollout_entry r = draft_and_die(&w);
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    struct rollout_entry now = shop_rollout(&w.d, r.id);
    CU_ASSERT(now.rollout.state == ROLLOUT_ABORTED && now.rollout.rest.unplanned == 0);
    CU_ASSERT(now.rollout.waves[0].total == ROWS && now.rollout.waves[1].total == 0);
    shop_check(&w.d, r.id);
    struct rollout_plan plan = shop_plan(50, 1);
    struct rollout_entry next = shop_draft(&w.d, &plan);
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(rows(&w, next.id, false), DEVICES);
    CU_ASSERT_EQUAL(rows(&w, r.id, false), ROWS);
    world_close(&w);
}

/* Another rollout has taken a device, which a draft that is not whole has not: it is left out, the others stay. */
static void a_device_that_was_taken_meanwhile_is_left_out(void)
{
    struct world w;
    struct gw_err err = {0};
    struct rollout_seat seats[ROLLOUT_SLICE_MAX];
    size_t count = 0;
    open_world(&w);
    struct rollout_entry r = draft_and_die(&w);
    GW_ASSERT_OK(w.d.store.ops->seats_get(w.d.store.self, r.id, r.attempts, seats, &count, &err), &err);
    struct attempt_entry taken = {.device = seats[0].device, .attempt = {.state = ATTEMPT_PLANNED}};
    (void)snprintf(taken.rollout, sizeof(taken.rollout), "ro-aaaaaaaaaaaaaaaa");
    attempt_id_format(taken.rollout, 0, taken.id);
    GW_ASSERT_OK(w.d.store.ops->begin(w.d.store.self, &err), &err);
    GW_ASSERT_OK(w.d.store.ops->attempt_add(w.d.store.self, &taken, &err), &err);
    GW_ASSERT_OK(w.d.store.ops->commit(w.d.store.self, &err), &err);
    shop_wait(&w.d, GW_MINUTE_MS);
    struct rollout_entry now = shop_rollout(&w.d, r.id);
    CU_ASSERT(now.rollout.rest.unplanned == 0 && now.rollout.waves[seats[0].wave].count[ATTEMPT_CANCELLED] == 1);
    CU_ASSERT_EQUAL(desk_audits(&w.d, "upd.left_out"), 1);
    shop_check(&w.d, r.id);
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_OK);
    world_close(&w);
}

static void an_abort_is_whole_whatever_dies_between_its_slices(void)
{
    struct world w;
    open_world(&w);
    struct rollout_entry r = shop_start_all(&w.d, 1);
    shop_wait(&w.d, GW_MINUTE_MS);
    if (shop_rollout(&w.d, r.id).rollout.state == ROLLOUT_DRAFT)
        CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_OK);
    w.d.dies = true;
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    die_and_start(&w);
    for (uint32_t cancelled = ROWS; cancelled < DEVICES - 1; cancelled += ROWS) {
        struct rollout_entry now = shop_rollout(&w.d, r.id);
        CU_ASSERT(now.rollout.state == ROLLOUT_ABORTING && now.timer.ms != 0);
        CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_CANCELLED], cancelled);
        CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_OFFERED], 1); /* nobody was offered it since */
        shop_check(&w.d, r.id);
        slice_and_die(&w, r.id);
    }
    struct rollout_entry now = shop_rollout(&w.d, r.id);
    CU_ASSERT(now.rollout.waves[0].count[ATTEMPT_CANCELLED] == DEVICES - 1 && now.timer.ms == 0);
    CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_ABORTING); /* one may have begun */
    shop_broker_up(&w.d);
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        if (shop_attempt(&w.d, id).attempt.state == ATTEMPT_CANCELLED)
            continue;
        CU_ASSERT_TRUE(shop_attempt(&w.d, id).attempt.cancel);
        shop_report(&w.d, id, JOB_STATE_CANCELLED, "", "1.0");
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.state, ROLLOUT_ABORTED);
    shop_check(&w.d, r.id);
    world_close(&w);
}

/* A rollout that is through: every device runs 2.0. */
static struct rollout_entry finished(struct world *w)
{
    struct rollout_plan plan = shop_plan(100, DEVICES);
    plan.wave_count = 1;
    plan.back_concurrent = DEVICES;
    plan.terms.step_ms = plan.terms.total_ms; /* they install one after the other */
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    struct rollout_entry r = shop_draft(&w->d, &plan);
    shop_wait(&w->d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_change(&w->d, r.id, ROLLOUT_EV_START), GW_OK);
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_installs(&w->d, id, "2.0");
    }
    CU_ASSERT_EQUAL(shop_rollout(&w->d, r.id).rollout.state, ROLLOUT_FINISHED);
    return r;
}

/* Every device is told to go back, and will not: all of them hold the version still. */
static void all_reject(struct world *w)
{
    shop_broker_up(&w->d);
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&w->d, id, "2.0", "boot-2", 0);
        shop_report(&w->d, id, JOB_STATE_REJECTED, "", "2.0");
    }
}

static void a_rollback_is_whole_whatever_dies_between_its_slices(void)
{
    struct world w;
    open_world(&w);
    struct rollout_entry r = finished(&w);
    for (uint32_t round = 0; round < 2; round++) { /* the second one drops the attempts of the first one */
        w.d.dies = true;
        CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
        die_and_start(&w);
        struct rollout_entry now = shop_rollout(&w.d, r.id);
        CU_ASSERT(now.rollout.rest.holders && now.rollout.rest.old_back == round * DEVICES);
        for (int slices = 0; slices < 12 && now.rollout.rest.holders; slices++) {
            CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_ROLLING_BACK);
            CU_ASSERT_EQUAL(rows(&w, r.id, true), now.rollout.rest.old_back + now.rollout.waves[0].back_total);
            slice_and_die(&w, r.id);
            now = shop_rollout(&w.d, r.id);
        }
        CU_ASSERT(!now.rollout.rest.holders && now.rollout.rest.old_back == 0);
        CU_ASSERT(now.rollout.waves[0].back_total == DEVICES && rows(&w, r.id, true) == DEVICES);
        CU_ASSERT_EQUAL(now.attempts, DEVICES * (2 + round)); /* no number twice */
        shop_check(&w.d, r.id);
        if (round == 0)
            all_reject(&w);
    }
    shop_broker_up(&w.d);
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&w.d, id, "2.0", "boot-2", 0);
        shop_installs(&w.d, id, "1.0");
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.state, ROLLOUT_ROLLED_BACK);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].holders, 0);
    shop_check(&w.d, r.id);
    world_close(&w);
}

/* Of a third release, to whoever is free. */
static struct rollout_preview_try third(struct world *w)
{
    struct rollout_plan plan = shop_plan(50, DEVICES);
    return shop_preview(&w->d, shop_id(3), &plan, NULL);
}

static void devices_of_a_rollback_in_slices_are_busy(void)
{
    struct world w;
    open_world(&w);
    (void)shop_release(&w.d, 3, "3.0", "");
    struct rollout_entry r = finished(&w);
    CU_ASSERT_EQUAL(third(&w).rc, GW_OK);
    w.d.dies = true;
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    die_and_start(&w);
    for (int slices = 0; slices < 12 && shop_rollout(&w.d, r.id).rollout.rest.holders; slices++) {
        struct rollout_preview_try t = third(&w);
        CU_ASSERT(t.rc == GW_INVALID && t.left.busy == DEVICES);
        slice_and_die(&w, r.id);
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].back_total, DEVICES);
    CU_ASSERT_EQUAL(third(&w).left.busy, DEVICES);
    world_close(&w);
}

/* All devices were offered it; then nobody was seen for longer than any of them may take. */
static struct rollout_entry offered_and_blind(struct world *w)
{
    open_world(w);
    struct rollout_plan plan = shop_plan(100, DEVICES);
    plan.wave_count = 1;
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    struct rollout_entry r = shop_draft(&w->d, &plan);
    shop_wait(&w->d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_change(&w->d, r.id, ROLLOUT_EV_START), GW_OK);
    CU_ASSERT_EQUAL(shop_rollout(&w->d, r.id).rollout.waves[0].count[ATTEMPT_OFFERED], DEVICES);
    CU_ASSERT_EQUAL(desk_bus(&w->d, &(struct bus_event){.kind = BUS_DOWN}), GW_OK);
    w->d.now.ms += 30 * GW_HOUR_MS;
    return r;
}

static uint32_t told_of_the_absence(struct world *w)
{
    uint32_t told = 0;
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        told += shop_attempt(&w->d, id).attempt.offered.ms > w->d.now.ms - GW_HOUR_MS;
    }
    return told;
}

static void what_was_not_seen_is_told_in_slices(void)
{
    struct world w;
    struct rollout_entry r = offered_and_blind(&w);
    for (int deaths = 0; deaths < 3; deaths++) { /* each start begins it again */
        w.d.dies = true;
        shop_broker_up(&w.d);
        CU_ASSERT(told_of_the_absence(&w) > 0 && told_of_the_absence(&w) < DEVICES);
        CU_ASSERT_TRUE(w.d.operate.rollouts.memory.blind.going);
        die_and_start(&w);
    }
    w.d.dies = true;
    shop_broker_up(&w.d);
    CU_ASSERT_TRUE(told_of_the_absence(&w) < DEVICES);
    w.d.dies = false;
    CU_ASSERT_EQUAL(desk_bus(&w.d, &(struct bus_event){.kind = BUS_DOWN}), GW_OK); /* away again, in the midst of it */
    w.d.now.ms += GW_SECOND_MS;
    w.d.dies = true;
    shop_broker_up(&w.d);
    w.d.dies = false;
    shop_wait(&w.d, GW_MINUTE_MS); /* the chain is lost: the clock goes on with it */
    CU_ASSERT_FALSE(w.d.operate.rollouts.memory.blind.going);
    CU_ASSERT_EQUAL(told_of_the_absence(&w), DEVICES);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].count[ATTEMPT_OFFERED], DEVICES);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static void nothing_counts_before_the_absence_is_told(void)
{
    struct world w;
    struct rollout_entry r = offered_and_blind(&w);
    w.d.dies = true;
    shop_broker_up(&w.d); /* only the first slice */
    w.d.dies = false;
    for (int i = 0; i < DEVICES; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&w.d, id, "1.0", "boot-1", 0);
        shop_report(&w.d, id, JOB_STATE_DOWNLOADING, "", "1.0");
        CU_ASSERT_EQUAL(shop_attempt(&w.d, id).attempt.state, ATTEMPT_DOWNLOADING);
    }
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].count[ATTEMPT_DOWNLOADING], DEVICES);
    shop_check(&w.d, r.id);
    world_close(&w);
}

/* A report a second, and never two seconds of silence. */
static void a_lost_chain_goes_on_while_devices_report(void)
{
    static const enum job_state states[] = {JOB_STATE_ACCEPTED, JOB_STATE_DOWNLOADING, JOB_STATE_DOWNLOADED};
    struct world w;
    char id[16];
    open_world(&w);
    struct rollout_entry r = shop_start_all(&w.d, 1);
    shop_wait(&w.d, GW_MINUTE_MS);
    if (shop_rollout(&w.d, r.id).rollout.state == ROLLOUT_DRAFT)
        CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_START), GW_OK);
    int offered = 0;
    for (int i = 0; i < DEVICES; i++) {
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        if (shop_attempt(&w.d, id).attempt.state == ATTEMPT_OFFERED)
            offered = i;
    }
    (void)snprintf(id, sizeof(id), "pump-%03d", offered);
    w.d.dies = true;
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    die_and_start(&w);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        shop_report(&w.d, id, states[i], "", "1.0");
        shop_wait(&w.d, GW_SECOND_MS);
    }
    CU_ASSERT_EQUAL(shop_attempt(&w.d, id).attempt.state, ATTEMPT_DOWNLOADED);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].count[ATTEMPT_CANCELLED], DEVICES - 1);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static int reads_between;

/* As a list that a query thread reads from the same store. */
static enum gw_rc read_between(struct desk *d)
{
    struct device device;
    const struct gw_device_id id = desk_id("pump-006");
    reads_between++;
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, NULL), NULL);
    GW_ASSERT_OK(d->store.ops->device_get(d->store.self, &id, &device, NULL), NULL);
    d->store.ops->rollback(d->store.self);
    return GW_OK;
}

static void others_read_between_the_pages_of_a_survey(void)
{
    struct world w;
    open_world(&w);
    struct rollout_plan plan = shop_plan(50, 1);
    w.d.operate.rollouts.page_max = 2;
    w.d.between = read_between;
    struct rollout_preview_try t = shop_preview(&w.d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_OK);
    CU_ASSERT_EQUAL(reads_between, DEVICES / 2);
    CU_ASSERT_EQUAL(t.totals[0] + t.totals[1], DEVICES);
    world_close(&w);
}

static const struct gw_test_case cases[] = {
    {"others read between the pages of a survey", others_read_between_the_pages_of_a_survey},
    {"a draft is whole whatever dies between its slices, and starts only then",
     a_draft_is_whole_whatever_dies_between_its_slices},
    {"there is a draft or there is none, whatever dies before it is stored",
     there_is_a_draft_or_there_is_none_whatever_dies_before},
    {"lists that are being stored stay", lists_that_are_being_stored_stay},
    {"a withdrawn release ends a draft between its slices", a_withdrawn_release_ends_a_draft_between_its_slices},
    {"devices that change before a draft is stored are looked at once more",
     devices_that_change_before_a_draft_is_stored_are_looked_at_once_more},
    {"slices go on by the clock, without a broker", slices_go_on_by_the_clock_without_a_broker},
    {"a draft that is not whole lets go of its devices when it is aborted",
     a_draft_that_is_not_whole_lets_go_of_its_devices_when_aborted},
    {"a device that was taken meanwhile is left out", a_device_that_was_taken_meanwhile_is_left_out},
    {"an abort is whole whatever dies between its slices", an_abort_is_whole_whatever_dies_between_its_slices},
    {"a rollback is whole whatever dies between its slices, the second one too",
     a_rollback_is_whole_whatever_dies_between_its_slices},
    {"devices of a rollback are busy, whatever slices of it are still to be made",
     devices_of_a_rollback_in_slices_are_busy},
    {"a lost chain of slices goes on while devices report", a_lost_chain_goes_on_while_devices_report},
    {"what was not seen is told in slices, whatever dies between them", what_was_not_seen_is_told_in_slices},
    {"nothing counts against a device before it is told what was not seen", nothing_counts_before_the_absence_is_told},
};

int main(void)
{
    return GW_TEST_RUN("slices of rollouts", cases);
}
