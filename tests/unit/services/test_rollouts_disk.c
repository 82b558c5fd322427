/* Rollouts over SQLite: the process dies between the commit and what was to be sent, and begins again. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "world.h"

static void open_world(struct world *w)
{
    world_open(w, "state.db", 0);
}

/* Everything in memory is gone; so much later it starts again, and the broker with it. */
static void die_and_start(struct world *w, int64_t away_ms)
{
    world_die(w, away_ms);
    shop_broker_up(&w->d);
}

static bool job_of(struct desk *d, const char *device, int64_t *ret_n)
{
    char job[ATTEMPT_ID_LEN + 1];
    int64_t rev;
    return shop_job(d, device, job, &rev, ret_n);
}

static void an_offer_that_was_lost_is_told_on_the_next_connection(void)
{
    struct world w;
    int64_t n;
    open_world(&w);
    shop_devices(&w.d, 3);
    w.d.dies = true;
    struct rollout_entry r = shop_start_all(&w.d, 3);
    CU_ASSERT_TRUE(!job_of(&w.d, "pump-000", &n) && n == 0);
    die_and_start(&w, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(w.d.down_count, 0);
    shop_connect(&w.d, "pump-000", "1.0", "boot-1", 0);
    CU_ASSERT_TRUE(job_of(&w.d, "pump-000", &n) && n == 1);
    shop_installs(&w.d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_OK);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static void a_cancellation_that_was_lost_is_asked_for_again(void)
{
    struct world w;
    int64_t n;
    open_world(&w);
    shop_devices(&w.d, 3);
    struct rollout_entry r = shop_start_all(&w.d, 3);
    w.d.dies = true; /* the sweep is noted in memory alone */
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    CU_ASSERT_FALSE(shop_attempt(&w.d, "pump-000").attempt.cancel);
    die_and_start(&w, GW_MINUTE_MS);
    for (int i = 0; i < 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        CU_ASSERT_TRUE(shop_attempt(&w.d, id).attempt.cancel);
        shop_connect(&w.d, id, "1.0", "boot-1", 1);
        CU_ASSERT_TRUE(!job_of(&w.d, id, &n) && n == 2);
        shop_report(&w.d, id, JOB_STATE_CANCELLED, "", "1.0");
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.state, ROLLOUT_ABORTED);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static void the_time_without_a_gateway_counts_against_nobody(void)
{
    struct world w;
    open_world(&w);
    shop_devices(&w.d, 2);
    struct rollout_entry r = shop_start_all(&w.d, 2);
    shop_report(&w.d, "pump-000", JOB_STATE_REBOOTING, "", "");
    shop_connect(&w.d, "pump-000", "2.0", "boot-2", 0);
    shop_wait(&w.d, 9 * GW_MINUTE_MS); /* of ten */
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_CONFIRMING);
    die_and_start(&w, 3 * GW_DAY_MS);
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_CONFIRMING);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-001").attempt.state, ATTEMPT_OFFERED);
    shop_connect(&w.d, "pump-000", "2.0", "boot-2", 1);
    shop_wait(&w.d, 9 * GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_CONFIRMING); /* begun again */
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-000").attempt.state, ATTEMPT_OK);
    shop_check(&w.d, r.id);
    world_close(&w);
}

/* A word to the database behind everybody's back, while the gateway is down. */
static void tamper(struct world *w, const char *sql)
{
    const char *const argv[] = {"sqlite3", w->path, "PRAGMA ignore_check_constraints = ON;", sql, NULL};
    world_down(w);
    CU_ASSERT_EQUAL(gw_proc_run(argv, NULL), 0);
    world_up(w, 0);
    w->d.operate.access.claimed = true;
    shop_broker_up(&w->d);
}

/* Somebody has had the release read again. */
static void find_damaged(struct desk *d, uint64_t counter)
{
    struct import_verify *v = gw_xalloc(1, sizeof(*v));
    (void)snprintf(v->id, sizeof(v->id), "%s", shop_id(counter));
    (void)snprintf(v->actor.name, sizeof(v->actor.name), "local:ann");
    v->asker.kind = ASKER_REST;
    v->file_count = 1;
    v->files[0].sha256 = desk_hash((uint8_t)counter);
    v->rc = GW_CORRUPT;
    struct inbox_msg msg = {.kind = INBOX_VERIFIED, .asker = v->asker, .blob = (uint8_t *)v, .blob_len = sizeof(*v)};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
    desk_settle(d);
}

/* The first of two rollouts of one release has a row that is damaged. */
static void the_other_one_goes_on(const char *progress)
{
    struct world w;
    char text[256];
    struct release_entry release;
    open_world(&w);
    (void)shop_release(&w.d, 3, "3.0", "");
    shop_devices(&w.d, 2);
    struct rollout_entry harmed = shop_start_all(&w.d, 2);
    w.d.now.ms += GW_SECOND_MS;
    shop_device(&w.d, "pump-900", "1.0");
    shop_device(&w.d, "pump-901", "1.0");
    struct rollout_entry other = shop_start_all(&w.d, 2);
    (void)snprintf(text, sizeof(text), "UPDATE rollout SET progress = %s WHERE id = '%s'", progress, harmed.id);
    tamper(&w, text);
    CU_ASSERT_TRUE(w.d.operate.rollouts.memory.watching); /* its clock runs */
    shop_wait(&w.d, GW_MINUTE_MS);
    CU_ASSERT(desk_audits(&w.d, "rollout.damaged") > 0 && desk_audited(&w.d, "rollout.damaged", "gateway"));
    CU_ASSERT_TRUE(desk_says(&w.d, harmed.id, "it is left alone for ten minutes"));
    shop_connect(&w.d, "pump-900", "1.0", "boot-1", 0);
    shop_installs(&w.d, "pump-900", "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&w.d, "pump-900").attempt.state, ATTEMPT_OK);
    struct rollout_plan plan = shop_plan(50, 1);
    struct rollout_preview_try t = shop_preview(&w.d, shop_id(3), &plan, NULL); /* its devices are not free */
    CU_ASSERT(t.rc == GW_INVALID && t.left.busy == 4);
    find_damaged(&w.d, SHOP_NEW);
    GW_ASSERT_OK(w.d.store.ops->release_get(w.d.store.self, shop_id(SHOP_NEW), &release, NULL), NULL);
    CU_ASSERT_NOT_EQUAL(release.damaged.ms, 0);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, other.id).rollout.state, ROLLOUT_PAUSED);
    CU_ASSERT_STRING_EQUAL(shop_rollout(&w.d, other.id).reason, "a stored artifact of its release is damaged");
    CU_ASSERT_TRUE(shop_attempt(&w.d, "pump-901").attempt.cancel);
    shop_check(&w.d, other.id);
    world_close(&w);
}

static void a_row_that_cannot_be_read_harms_its_own_rollout_alone(void)
{
    the_other_one_goes_on("x'00'");
}

/* 99 devices in the first wave, two of them in a state (repo_rollout_pack.h). */
static void counters_that_contradict_themselves_harm_their_own_rollout_alone(void)
{
    the_other_one_goes_on("CAST(substr(progress, 1, 8) || x'00000063' || substr(progress, 13) AS BLOB)");
}

static void a_failed_turn_leaves_nothing(void)
{
    struct world w;
    open_world(&w);
    shop_devices(&w.d, 2);
    struct rollout_plan plan = shop_plan(50, 1);
    struct rollout_entry r = shop_draft(&w.d, &plan);
    struct rollout_entry before = shop_rollout(&w.d, r.id);
    CU_ASSERT_EQUAL(shop_waive(&w.d, r.id, 0, ROLLOUT_HOLD_GATE), GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_audits(&w.d, "rollout.waived"), 0);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rev, before.rev);
    world_close(&w);
}

static void the_whole_way_there_and_back(void)
{
    struct world w;
    open_world(&w);
    shop_devices(&w.d, 5);
    struct rollout_entry r = shop_start_all(&w.d, 2);
    for (int i = 0; i < 5; i++) {
        int64_t n;
        char id[16];
        for (int j = 0; j < 5; j++) {
            (void)snprintf(id, sizeof(id), "pump-%03d", j);
            if (job_of(&w.d, id, &n))
                break;
        }
        shop_installs(&w.d, id, "2.0");
        shop_check(&w.d, r.id);
        die_and_start(&w, GW_SECOND_MS);
        for (int j = 0; j < 5; j++) { /* the broker had died with it: all of them connect again */
            char other[16];
            (void)snprintf(other, sizeof(other), "pump-%03d", j);
            struct attempt_entry a = shop_attempt(&w.d, other);
            bool done = a.attempt.state == ATTEMPT_OK;
            shop_connect(&w.d, other, done ? "2.0" : "1.0", done ? a.attempt.boot_confirm : "boot-1", 0);
        }
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.state, ROLLOUT_FINISHED);
    CU_ASSERT_EQUAL(shop_change(&w.d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    die_and_start(&w, GW_SECOND_MS);
    for (int i = 0; i < 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&w.d, id, "2.0", "boot-x", 0);
        shop_installs(&w.d, id, "1.0");
    }
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.state, ROLLOUT_ROLLED_BACK);
    CU_ASSERT_EQUAL(shop_rollout(&w.d, r.id).rollout.waves[0].holders, 0);
    shop_check(&w.d, r.id);
    world_close(&w);
}

static const struct gw_test_case cases[] = {
    {"an offer that was lost is told on the next connection", an_offer_that_was_lost_is_told_on_the_next_connection},
    {"a cancellation that was lost is asked for again", a_cancellation_that_was_lost_is_asked_for_again},
    {"the time without a gateway counts against nobody", the_time_without_a_gateway_counts_against_nobody},
    {"a row that cannot be read harms its own rollout alone", a_row_that_cannot_be_read_harms_its_own_rollout_alone},
    {"counters that contradict themselves harm their own rollout alone",
     counters_that_contradict_themselves_harm_their_own_rollout_alone},
    {"a turn that fails leaves nothing", a_failed_turn_leaves_nothing},
    {"the whole way there and back, with a death after each device", the_whole_way_there_and_back},
};

int main(void)
{
    return GW_TEST_RUN("rollouts on disk", cases);
}
