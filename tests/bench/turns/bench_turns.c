/*
 * How long one turn keeps core from everything else when a rollout is to a large fleet: the rollouts service over
 * state.db, each turn a transaction of its own, from its begin to the end of its commit. Prints figures, judges
 * nothing.
 *
 *     bench_turns DIR [DEVICES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_turn.h"
#include "gw_cleanup.h"
#include "repo.h"
#include "rest.h"
#include "row_fits.h"
#include "shop.h"

#define PUT_BATCH 1000

static struct desk d;
static struct repo *repo;
static unsigned devices = 100000;
static const char *dir;
static struct gw_err err;

static void fill_fleet(void)
{
    for (unsigned i = 0; i < devices; i++) {
        struct device device = {.state = DEVICE_ACTIVE, .created = d.now, .changed = d.now};
        struct inventory inventory = {.product = "pump",
                                      .hardware = "rev-c",
                                      .version = "1.0",
                                      .boot = "4f0c2a8e-5e3b-4a55-9c50-0d1f0f6e9a01",
                                      .slots = "[]",
                                      .attributes = "{}",
                                      .seen = d.now};
        (void)snprintf(device.id.text, sizeof(device.id.text), "pump-%07u", i);
        inventory.device = device.id;
        if (i % PUT_BATCH == 0)
            GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
        GW_ASSERT_OK(d.store.ops->device_put(d.store.self, &device, &err), &err);
        GW_ASSERT_OK(d.store.ops->inventory_put(d.store.self, &inventory, &err), &err);
        bench_put_cert(&d, &device.id, i);
        if (i % PUT_BATCH == PUT_BATCH - 1 || i + 1 == devices)
            GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
    }
}

/* The turns that the first one asks for, and those that they ask for. */
static void settle(const char *what, struct took first)
{
    struct took longest = {0}, all = {0};
    size_t turns = 0;
    for (; turns < d.due_count; turns++) {
        struct inbox_msg msg = {.kind = d.due[turns][0] ? INBOX_DUE : INBOX_LOOK};
        (void)snprintf(msg.u.due, sizeof(msg.u.due), "%s", d.due[turns]);
        struct took began = bench_now();
        GW_ASSERT_OK(desk_msg(&d, &msg), NULL);
        struct took t = bench_since(began);
        all.wall_ms += t.wall_ms;
        all.cpu_ms += t.cpu_ms;
        longest.wall_ms = t.wall_ms > longest.wall_ms ? t.wall_ms : longest.wall_ms;
        longest.cpu_ms = t.cpu_ms > longest.cpu_ms ? t.cpu_ms : longest.cpu_ms;
    }
    d.due_count = 0;
    printf("%-24s first turn %7.1f ms (%6.1f of CPU), then %4zu turns, the longest %6.1f ms (%5.1f), all %7.1f ms "
           "(%7.1f)\n",
           what, first.wall_ms, first.cpu_ms, turns, longest.wall_ms, longest.cpu_ms, all.wall_ms, all.cpu_ms);
}

static void begin_turn(void)
{
    turn_reset(&d.turn, 0);
    d.turn.store = &d.store;
    d.turn.now = d.now;
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, NULL), NULL);
}

static struct rollout_plan plan_of(const char *query)
{
    struct rollout_plan plan = shop_plan(20, 200);
    plan.back_concurrent = 200;
    if (query) {
        plan.waves[0].select = ROLLOUT_SELECT_QUERY;
        plan.waves[0].percent = 0;
        (void)snprintf(plan.waves[0].query, sizeof(plan.waves[0].query), "%s", query);
    }
    return plan;
}

/* The turns of a survey that is held, and all that follows: the answer is noted by the last of them. */
static struct rollout_entry survey_turns(const char *what)
{
    struct took longest = {0};
    struct rollout_entry entry = {.rev = 0};
    size_t turns = 0;
    for (; d.survey; turns++) {
        struct took began = bench_now();
        GW_ASSERT_OK(desk_surveyed(&d), NULL);
        struct took t = bench_since(began);
        longest.wall_ms = t.wall_ms > longest.wall_ms ? t.wall_ms : longest.wall_ms;
        longest.cpu_ms = t.cpu_ms > longest.cpu_ms ? t.cpu_ms : longest.cpu_ms;
    }
    const struct answer *answer = desk_answer(&d);
    if (answer && answer->rollout_count)
        entry = answer->rollouts[0].entry;
    printf("%-24s then core had %3zu turns, the longest %6.1f ms (%5.1f)\n", what, turns, longest.wall_ms,
           longest.cpu_ms);
    if (d.due_count > 0)
        settle(what, (struct took){0});
    return entry;
}

static struct rollout_entry look_for(enum act_kind kind, const char *query, const char *what)
{
    struct rollout_plan plan = plan_of(query);
    struct took began = bench_now();
    if (kind == ACT_ROLLOUT_PREVIEW)
        shop_survey_preview(&d, &plan);
    else
        shop_survey(&d, &plan);
    struct took t = bench_since(began);
    printf("%-24s in a query thread %7.1f ms (%6.1f of CPU)\n", what, t.wall_ms, t.cpu_ms);
    return survey_turns(what);
}

static void change(const char *id, enum rollout_event_kind event, const char *what)
{
    struct rollout_entry entry;
    struct rollouts_change c = {.event = event, .id = id, .if_rev = -1, .reason = "because", .actor = "user:ann"};
    struct took began = bench_now();
    begin_turn();
    GW_ASSERT_OK(rollouts_change(&d.operate.rollouts, &d.turn, &c, &entry, &err), &err);
    desk_end(&d, GW_OK);
    settle(what, bench_since(began));
}

/* Every device has installed it: past the service, which would take its time. */
static void install_all(const char *id)
{
    struct rollout_entry r = shop_rollout(&d, id);
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
    for (uint32_t n = 0; n < r.attempts; n++) {
        struct attempt_entry e;
        struct inventory inventory;
        char attempt[ATTEMPT_ID_LEN + 1];
        attempt_id_format(id, n, attempt);
        GW_ASSERT_OK(d.store.ops->attempt_get(d.store.self, attempt, &e, &err), &err);
        e.attempt.state = ATTEMPT_OK;
        e.attempt.taken = true;
        memcpy(e.before_release, shop_id(SHOP_OLD), sizeof(e.before_release));
        memcpy(e.before_version, "1.0", 4);
        e.before_counter = SHOP_OLD;
        GW_ASSERT_OK(d.store.ops->attempt_put(d.store.self, &e, &err), &err);
        GW_ASSERT_OK(d.store.ops->inventory_get(d.store.self, &e.device, &inventory, &err), &err);
        memcpy(inventory.version, "2.0", 4);
        GW_ASSERT_OK(d.store.ops->inventory_put(d.store.self, &inventory, &err), &err);
    }
    r.rollout.state = ROLLOUT_FINISHED;
    r.rollout.opened = r.rollout.wave_count;
    for (unsigned w = 0; w < r.rollout.wave_count; w++) {
        struct rollout_wave *wave = &r.rollout.waves[w];
        wave->state = ROLLOUT_WAVE_PASSED;
        wave->count[ATTEMPT_PLANNED] = 0;
        wave->count[ATTEMPT_OK] = wave->holders = wave->total;
    }
    GW_ASSERT_OK(d.store.ops->rollout_put(d.store.self, &r, &err), &err);
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
}

static void print_one(const char *what, struct took t)
{
    printf("%-40s %7.1f ms (%6.1f of CPU)\n", what, t.wall_ms, t.cpu_ms);
}

static void time_msg(const char *what, struct inbox_msg *msg)
{
    struct took began = bench_now();
    GW_ASSERT_OK(desk_msg(&d, msg), NULL);
    print_one(what, bench_since(began));
}

/* What else core does that may look at the whole fleet. */
static void times_other_turns(void)
{
    const struct actor root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    struct inbox_msg tick = {.kind = INBOX_TICK},
                     status = {.kind = INBOX_ACT, .u.act = {.kind = ACT_STATUS, .actor = root}},
                     list = {.kind = INBOX_ACT, .u.act = {.kind = ACT_DEVICE_LIST, .number = 500, .actor = root}};
    struct took began = bench_now();
    GW_ASSERT_OK(session_send_all(&d.session, &d.store, d.now, &err), &err);
    print_one("the registry for the broker", bench_since(began));
    for (unsigned i = 0; i < devices; i++) {
        struct inbox_msg seen = {.kind = INBOX_BUS, .u.bus = {.kind = BUS_PRESENCE, .online = true}};
        (void)snprintf(seen.u.bus.device.text, sizeof(seen.u.bus.device.text), "pump-%07u", i);
        d.session.broker_up = true;
        struct gw_device_id id = seen.u.bus.device;
        (void)session_may_send_job(&d.session, &id, d.now); /* a row of the table of who is connected */
    }
    for (int i = 0; i < 3; i++)
        time_msg("a second's tick", &tick);
    for (int i = 0; i < 3; i++)
        time_msg("status, and each overview", &status);
    time_msg("a list of 500 devices", &list);
    struct inbox_msg down = {.kind = INBOX_BUS, .u.bus = {.kind = BUS_DOWN}},
                     sync = {.kind = INBOX_BUS, .u.bus = {.kind = BUS_PRESENCE_SYNC}};
    time_msg("the broker goes", &down);
    time_msg("its list of who is connected begins", &sync);
    settle("told how long they were not seen", (struct took){0});
}

static void runs_rollouts_to_a_large_fleet(void)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/state.db", dir);
    GW_ASSERT_OK(repo_open(path, NULL, &repo, &err), &err);
    shop_open_over(&d, repo_store(repo));
    fill_fleet();
    printf("%u devices, at most %u rows of attempts a turn\n", devices, d.operate.rollouts.rows_max);
    (void)look_for(ACT_ROLLOUT_PREVIEW, NULL, "preview");
    struct rest *rest = rest_new(&(struct rest_config){.gateway = "gw-0123456789abcdef"});
    d.match = row_fits_port(rest);
    d.operate.rollouts.asked_max = ROLLOUT_DEVICES_MAX;
    (void)look_for(ACT_ROLLOUT_PREVIEW, "inventory.hardware:rev-c -id:pump-0000001", "preview with a query");
    struct rollout_entry r = look_for(ACT_ROLLOUT_CREATE, NULL, "draft");
    change(r.id, ROLLOUT_EV_START, "start");
    change(r.id, ROLLOUT_EV_ABORT, "abort of the rollout");
    r = look_for(ACT_ROLLOUT_CREATE, NULL, "draft");
    install_all(r.id);
    change(r.id, ROLLOUT_EV_ROLLBACK, "roll back");
    change(r.id, ROLLOUT_EV_ABORT, "abort of the rollback");
    times_other_turns();
    desk_close(&d);
    rest_free(rest);
    repo_close(repo);
}

static const struct gw_test_case cases[] = {
    {"runs rollouts to a large fleet", runs_rollouts_to_a_large_fleet},
};

int main(int argc, char **argv)
{
    if (argc > 2)
        devices = (unsigned)strtoul(argv[2], NULL, 10);
    if (argc < 2 || devices < 1 || devices > ROLLOUT_DEVICES_MAX) {
        (void)fprintf(stderr, "Usage: bench_turns DIR [DEVICES]\n");
        return 2;
    }
    dir = argv[1];
    return GW_TEST_RUN("turns", cases);
}
