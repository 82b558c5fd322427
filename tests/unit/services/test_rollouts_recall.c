/*
 * A release is not given out any more: its rollouts are told in slices, over SQLite. At each border between two of them
 * the process dies, once with the transaction and once behind its commit, and begins again without a broker.
 */
#include <stdio.h>
#include <string.h>

#include "rollouts_internal.h"
#include "world.h"

#define SMALL   5 /* rollouts of one device each, the older ones */
#define LARGE   3 /* devices of the youngest rollout, one after the other */
#define ALL     (SMALL + 1)
#define DEVICES (SMALL + LARGE)
#define ROWS    2 /* of a slice */

static struct rollout_entry rollouts[ALL]; /* of the world that is open */

static const char *name_of(int i)
{
    static char name[16];
    (void)snprintf(name, sizeof(name), "pump-%03d", i);
    return name;
}

/* To the devices that come now. */
static void roll_out(struct world *w, int i, uint64_t counter)
{
    struct rollout_plan plan = shop_plan(100, 1);
    plan.wave_count = 1;
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    w->d.now.ms += GW_SECOND_MS; /* the order of age is that of their numbers */
    for (int n = i; n < (i < SMALL ? i + 1 : DEVICES); n++)
        shop_device(&w->d, name_of(n), "1.0");
    rollouts[i] = shop_draft_of(&w->d, shop_id(counter), &plan);
    shop_wait(&w->d, 10 * GW_SECOND_MS);
    CU_ASSERT_EQUAL_FATAL(shop_change(&w->d, rollouts[i].id, ROLLOUT_EV_START), GW_OK);
}

static void open_world(struct world *w, const char *file, uint64_t releases)
{
    world_open(w, file, ROWS);
    for (uint64_t n = 1; n < releases; n++) {
        char version[16];
        (void)snprintf(version, sizeof(version), "%u.0", (unsigned)(SHOP_NEW + n));
        (void)shop_release(&w->d, SHOP_NEW + n, version, "");
    }
    for (int i = 0; i < ALL; i++)
        roll_out(w, i, SHOP_NEW + (uint64_t)i % releases);
}

static void die_and_start(struct world *w)
{
    world_die(w, GW_SECOND_MS);
}

static void connect_all(struct world *w)
{
    shop_broker_up(&w->d);
    for (int i = 0; i < DEVICES; i++)
        shop_connect(&w->d, name_of(i), "1.0", "boot-1", 0);
}

static unsigned in_state(struct world *w, enum rollout_state state)
{
    unsigned count = 0;
    for (int i = 0; i < ALL; i++)
        count += shop_rollout(&w->d, rollouts[i].id).rollout.state == state;
    return count;
}

static bool recalls(const struct world *w)
{
    return rollouts_recalls(&w->d.operate.rollouts);
}

static bool is_given(struct world *w, const char *release)
{
    bool given = false;
    GW_ASSERT_OK(rollouts_given(&w->d.store, release, &given, NULL), NULL);
    return given;
}

/* Nobody may fetch what is not given out. */
static void check_nobody_has_it(struct world *w)
{
    for (int i = 0; i < DEVICES; i++) {
        struct attempt_entry a = shop_attempt(&w->d, name_of(i));
        struct release_file file;
        char name[32];
        (void)snprintf(name, sizeof(name), "pump-%u.img", (unsigned)a.release_counter);
        if (!is_given(w, a.release))
            CU_ASSERT_NOT_EQUAL(
                rollouts_artifact(&w->d.store, &a.device, gw_view_str(a.id), gw_view_str(name), &file, NULL), GW_OK);
    }
}

static void withdraw(struct world *w, uint64_t counter)
{
    CU_ASSERT_EQUAL(desk_act(&w->d, ACT_RELEASES_WITHDRAW, NULL, shop_id(counter)), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&w->d)->kind, ANSWER_RELEASES);
}

static void every_rollout_is_paused_whatever_dies_between_the_slices(void)
{
    static struct world w;
    open_world(&w, "paused.db", 1);
    w.d.dies = true;
    withdraw(&w, SHOP_NEW);
    check_nobody_has_it(&w); /* from the first commit on */
    die_and_start(&w);
    unsigned paused = ROWS;
    for (; paused < ALL; paused += ROWS) {
        world_lose_slice(&w, ROLLOUTS_RECALL_DUE);
        CU_ASSERT(in_state(&w, ROLLOUT_PAUSED) == paused && in_state(&w, ROLLOUT_RUNNING) == ALL - paused);
        CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.paused"), paused);
        CU_ASSERT_TRUE(recalls(&w));
        check_nobody_has_it(&w);
        world_slice_and_die(&w, ROLLOUTS_RECALL_DUE);
    }
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ALL);
    world_lose_slice(&w, ROLLOUTS_RECALL_DUE); /* it finds that there is nothing left */
    world_slice_and_die(&w, ROLLOUTS_RECALL_DUE);
    CU_ASSERT_FALSE(recalls(&w));
    CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.paused"), ALL);
    for (int i = 0; i < ALL; i++) {
        CU_ASSERT_STRING_EQUAL(shop_rollout(&w.d, rollouts[i].id).reason, "its release was withdrawn");
        shop_check(&w.d, rollouts[i].id);
    }
    CU_ASSERT_TRUE(desk_audited(&w.d, "rollout.paused", "local:root"));
    CU_ASSERT_FALSE(desk_audited(&w.d, "rollout.paused", "gateway"));
    connect_all(&w);
    shop_wait(&w.d, GW_MINUTE_MS);
    for (int i = 0; i < DEVICES; i++) {
        char job[ATTEMPT_ID_LEN + 1];
        int64_t rev, n;
        CU_ASSERT_FALSE(shop_job(&w.d, name_of(i), job, &rev, &n));
    }
    world_close(&w);
}

static void slices_go_on_at_once_and_by_the_clock(void)
{
    static struct world w;
    open_world(&w, "clock.db", 1);
    w.d.dies = true;
    withdraw(&w, SHOP_NEW);
    die_and_start(&w);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ROWS);
    shop_wait(&w.d, GW_SECOND_MS); /* without a broker */
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ALL);
    CU_ASSERT_FALSE(recalls(&w));
    world_close(&w);
    open_world(&w, "once.db", 1);
    withdraw(&w, SHOP_NEW);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ROWS);
    desk_settle(&w.d);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ALL);
    world_close(&w);
}

/* Whose place would be free is not taken by the next device, which stays planned. */
static void nobody_is_offered_it_before_its_slice_comes(void)
{
    static struct world w;
    open_world(&w, "offers.db", 1);
    const char *id = rollouts[SMALL].id;
    int offered = 0;
    w.d.dies = true;
    withdraw(&w, SHOP_NEW);
    w.d.dies = false;
    for (int i = SMALL; i < DEVICES; i++)
        if (shop_attempt(&w.d, name_of(i)).attempt.state == ATTEMPT_OFFERED)
            offered = i;
    shop_report(&w.d, name_of(offered), JOB_STATE_REJECTED, "", "1.0");
    struct rollout_entry now = shop_rollout(&w.d, id);
    CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_RUNNING);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_PLANNED], LARGE - 1);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_REJECTED], 1);
    CU_ASSERT_NOT_EQUAL(now.timer.ms, 0);
    shop_wait(&w.d, GW_MINUTE_MS);
    now = shop_rollout(&w.d, id);
    CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_PAUSED);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_PLANNED], LARGE - 1);
    shop_check(&w.d, id);
    world_close(&w);
}

static void damage(struct world *w, uint64_t counter, const char *actor)
{
    struct gw_sha256 sha256 = desk_hash((uint8_t)counter);
    struct gw_err err = {0};
    int64_t count = 0;
    turn_reset(&w->d.turn, 0);
    w->d.turn.store = &w->d.store;
    w->d.turn.now = w->d.now;
    GW_ASSERT_OK(w->d.store.ops->begin(w->d.store.self, &err), &err);
    GW_ASSERT_OK(w->d.store.ops->release_damage(w->d.store.self, &sha256, w->d.now, &count, &err), &err);
    enum gw_rc rc = count ? rollouts_recalled(&w->d.operate.rollouts, &w->d.turn, actor, &err) : GW_OK;
    GW_ASSERT_OK(rc, &err);
    desk_end(&w->d, rc);
}

static void mend(struct world *w, uint64_t counter)
{
    struct release_entry release;
    struct gw_err err = {0};
    GW_ASSERT_OK(w->d.store.ops->release_get(w->d.store.self, shop_id(counter), &release, &err), &err);
    release.damaged.ms = 0;
    release.changed = w->d.now;
    GW_ASSERT_OK(w->d.store.ops->begin(w->d.store.self, &err), &err);
    GW_ASSERT_OK(w->d.store.ops->release_put(w->d.store.self, &release, &err), &err);
    GW_ASSERT_OK(w->d.store.ops->commit(w->d.store.self, &err), &err);
}

static void one_that_is_mended_before_its_slice_goes_on(void)
{
    static struct world w;
    open_world(&w, "mended.db", 1);
    w.d.dies = true;
    damage(&w, SHOP_NEW, "gateway");
    w.d.dies = false;
    for (int i = SMALL; i < DEVICES; i++)
        if (shop_attempt(&w.d, name_of(i)).attempt.state == ATTEMPT_OFFERED)
            shop_report(&w.d, name_of(i), JOB_STATE_REJECTED, "", "1.0");
    CU_ASSERT_EQUAL(shop_rollout(&w.d, rollouts[SMALL].id).rollout.waves[0].count[ATTEMPT_PLANNED], LARGE - 1);
    mend(&w, SHOP_NEW);
    shop_wait(&w.d, 5 * GW_SECOND_MS);
    struct rollout_entry now = shop_rollout(&w.d, rollouts[SMALL].id);
    CU_ASSERT(now.rollout.state == ROLLOUT_RUNNING || now.rollout.state == ROLLOUT_HOLDING);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_OFFERED], 1);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ROWS); /* those that were told wait for a person */
    CU_ASSERT_FALSE(recalls(&w));
    world_close(&w);
}

static void others_that_come_meanwhile_are_told_behind_it(void)
{
    static struct world w;
    open_world(&w, "others.db", 3);
    w.d.dies = true;
    damage(&w, SHOP_NEW, "user:ann");
    w.d.now.ms += GW_SECOND_MS;
    damage(&w, SHOP_NEW + 1, "user:bob");
    damage(&w, SHOP_NEW + 2, "user:eve");
    check_nobody_has_it(&w);
    die_and_start(&w);
    while (recalls(&w))
        world_slice_and_die(&w, ROLLOUTS_RECALL_DUE);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ALL);
    CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.paused"), ALL);
    CU_ASSERT_TRUE(desk_audited(&w.d, "rollout.paused", "user:ann"));
    CU_ASSERT_TRUE(desk_audited(&w.d, "rollout.paused", "gateway")); /* for more than one of them */
    CU_ASSERT_FALSE(desk_audited(&w.d, "rollout.paused", "user:bob"));
    world_close(&w);
}

/* What cannot be read of what is left makes nobody halt: all are looked at once more. */
static void where_it_goes_on_cannot_be_read(void)
{
    static const char *const broken[] = {"now x user:ann\n",
                                         "now 1\n",
                                         "next 1 user:ann\n",
                                         "behind 1 nobody\n",
                                         "now 1 user:ann\nthen 2 user:bob\n",
                                         ""};
    static struct world w;
    open_world(&w, "broken.db", 1);
    w.d.dies = true;
    withdraw(&w, SHOP_NEW);
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        GW_ASSERT_OK(w.d.store.ops->begin(w.d.store.self, NULL), NULL);
        GW_ASSERT_OK(w.d.store.ops->setting_put(w.d.store.self, "rollouts.recall", gw_view_str(broken[i]), NULL), NULL);
        GW_ASSERT_OK(w.d.store.ops->commit(w.d.store.self, NULL), NULL);
        die_and_start(&w);
        CU_ASSERT_TRUE(recalls(&w));
    }
    shop_wait(&w.d, GW_SECOND_MS);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), ALL);
    CU_ASSERT_FALSE(recalls(&w));
    world_close(&w);
}

/* Each looks at its devices, which are more than a slice. */
static void rollouts_that_go_back_say_so_once(void)
{
    static struct world w;
    open_world(&w, "back.db", 1);
    for (int i = 0; i < SMALL; i++)
        shop_installs(&w.d, name_of(i), "2.0");
    for (int i = 0; i < SMALL; i++) {
        w.d.dies = true;
        CU_ASSERT_EQUAL(shop_change(&w.d, rollouts[i].id, ROLLOUT_EV_ROLLBACK), GW_OK);
        w.d.dies = false;
        desk_settle(&w.d);
    }
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_ROLLING_BACK), SMALL);
    w.d.dies = true;
    damage(&w, SHOP_OLD, "gateway");
    die_and_start(&w);
    while (recalls(&w)) {
        world_lose_slice(&w, ROLLOUTS_RECALL_DUE);
        world_slice_and_die(&w, ROLLOUTS_RECALL_DUE);
    }
    for (int i = 0; i < SMALL; i++)
        CU_ASSERT_STRING_EQUAL(shop_rollout(&w.d, rollouts[i].id).reason,
                               "a stored artifact of 1.0, which it goes back to, is damaged");
    CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.rollback"), 2 * SMALL); /* the persons' acts, and these */
    CU_ASSERT_EQUAL(in_state(&w, ROLLOUT_PAUSED), 0);
    world_close(&w);
}

/* ---- whatever happens ---- */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static struct release_entry release_of(struct world *w, const char *id)
{
    struct release_entry release;
    GW_ASSERT_OK(w->d.store.ops->release_get(w->d.store.self, id, &release, NULL), NULL);
    return release;
}

static void check_world(struct world *w)
{
    check_nobody_has_it(w);
    for (int i = 0; i < DEVICES; i++) {
        struct attempt_entry a = shop_attempt(&w->d, name_of(i));
        struct release_entry release = release_of(w, a.release);
        CU_ASSERT(release_is_given(&release) || a.attempt.first_offer.ms <= release.changed.ms);
    }
    for (int i = 0; i < ALL; i++) {
        struct rollout_entry r = shop_rollout(&w->d, rollouts[i].id);
        bool offers = r.rollout.state == ROLLOUT_RUNNING || r.rollout.state == ROLLOUT_HOLDING;
        CU_ASSERT(!offers || is_given(w, r.release) || recalls(w));
        shop_check(&w->d, r.id);
    }
}

static void say_something(struct world *w, uint64_t *seed)
{
    static const enum job_state states[] = {JOB_STATE_ACCEPTED, JOB_STATE_DOWNLOADING, JOB_STATE_REJECTED,
                                            JOB_STATE_FAILED, JOB_STATE_CANCELLED};
    const char *device = name_of((int)draw(seed, DEVICES));
    if (w->d.session.listed)
        shop_report(&w->d, device, states[draw(seed, sizeof(states) / sizeof(states[0]))], "", "1.0");
}

static void anything(struct world *w, uint64_t *seed)
{
    uint64_t counter = SHOP_NEW + draw(seed, 3);
    w->d.dies = draw(seed, 2) == 0;
    switch (draw(seed, 9)) {
    case 0:
        if (draw(seed, 4) == 0)
            (void)desk_act(&w->d, ACT_RELEASES_WITHDRAW, NULL, shop_id(counter));
        break;
    case 1:
        damage(w, counter, draw(seed, 2) ? "gateway" : "user:ann");
        break;
    case 2:
        if (release_of(w, shop_id(counter)).damaged.ms)
            mend(w, counter);
        break;
    case 3:
        (void)shop_change(&w->d, rollouts[draw(seed, ALL)].id, ROLLOUT_EV_RESUME);
        break;
    case 4:
        world_lose_slice(w, ROLLOUTS_RECALL_DUE);
        break;
    case 5:
        die_and_start(w);
        break;
    case 6:
        if (!w->d.session.listed)
            connect_all(w);
        break;
    case 7:
        w->d.dies = false;
        shop_wait(&w->d, (int64_t)draw(seed, 5) * GW_SECOND_MS);
        break;
    default:
        say_something(w, seed);
        break;
    }
    if (w->d.dies)
        die_and_start(w);
}

static void nobody_has_it_and_nothing_runs_on_whatever_happens(void)
{
    static struct world w;
    for (uint64_t n = 1; n <= 8; n++) {
        char file[32];
        uint64_t seed = n;
        unsigned failed = CU_get_number_of_failures();
        (void)snprintf(file, sizeof(file), "any-%u.db", (unsigned)n);
        open_world(&w, file, 3);
        for (int step = 0; step < 80; step++) {
            w.d.now.ms += 5; /* what is offered later is offered later */
            anything(&w, &seed);
            check_world(&w);
        }
        w.d.dies = false;
        shop_wait(&w.d, GW_MINUTE_MS);
        CU_ASSERT_FALSE(recalls(&w));
        check_world(&w);
        world_close(&w);
        if (CU_get_number_of_failures() != failed)
            printf("# seed %u\n", (unsigned)n);
    }
}

static const struct gw_test_case cases[] = {
    {"every rollout of a withdrawn release is paused, whatever dies between the slices",
     every_rollout_is_paused_whatever_dies_between_the_slices},
    {"slices go on at once, and by the clock without a broker", slices_go_on_at_once_and_by_the_clock},
    {"nobody is offered the release before the rollout's slice comes", nobody_is_offered_it_before_its_slice_comes},
    {"one whose release is mended before its slice comes goes on", one_that_is_mended_before_its_slice_goes_on},
    {"releases that are recalled meanwhile are told behind the first", others_that_come_meanwhile_are_told_behind_it},
    {"all are looked at once more when it cannot be read where it goes on", where_it_goes_on_cannot_be_read},
    {"rollouts that go back to a damaged release say so, once", rollouts_that_go_back_say_so_once},
    {"nobody has it and nothing runs on, whatever happens and dies",
     nobody_has_it_and_nothing_runs_on_whatever_happens},
};

int main(void)
{
    return GW_TEST_RUN("releases that are recalled", cases);
}
