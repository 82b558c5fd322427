/* Rollouts over a store, turn by turn: what is stored, sent and told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "job.h"
#include "shop.h"

static enum rollout_state state_of(struct desk *d, const char *id)
{
    return shop_rollout(d, id).rollout.state;
}

static const char *name_of(int i)
{
    static char text[8][16];
    static unsigned next;
    char *out = text[next++ % 8];
    (void)snprintf(out, sizeof(text[0]), "pump-%03d", i);
    return out;
}

static bool has_job(struct desk *d, const char *device)
{
    char job[ATTEMPT_ID_LEN + 1];
    int64_t rev, n;
    return shop_job(d, device, job, &rev, &n);
}

static int64_t job_n(struct desk *d, const char *device)
{
    char job[ATTEMPT_ID_LEN + 1];
    int64_t rev, n;
    (void)shop_job(d, device, job, &rev, &n);
    return n;
}

static int with_job(struct desk *d, int devices)
{
    int count = 0;
    for (int i = 0; i < devices; i++)
        count += has_job(d, name_of(i));
    return count;
}

/* So many devices, a rollout to all of them at once, started. */
static struct rollout_entry start_all(struct desk *d, int devices, uint32_t concurrent)
{
    shop_open(d);
    shop_devices(d, devices);
    return shop_start_all(d, concurrent);
}

static void brings_a_release_to_a_fleet_in_waves(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 4);
    struct rollout_plan plan = shop_plan(25, 10);
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_TRUE(r.rollout.waves[0].total == 1 && r.rollout.waves[1].total == 3);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.created"), 1);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.started"), 1);
    CU_ASSERT_EQUAL(with_job(&d, 4), 1);
    int first = 0;
    while (!has_job(&d, name_of(first)))
        first++;
    CU_ASSERT_EQUAL(job_n(&d, name_of(first)), 1);
    shop_check(&d, r.id);
    shop_installs(&d, name_of(first), "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&d, name_of(first)).attempt.state, ATTEMPT_OK);
    CU_ASSERT_FALSE(has_job(&d, name_of(first))); /* withdrawn from it, with a higher n */
    CU_ASSERT_EQUAL(job_n(&d, name_of(first)), 2);
    CU_ASSERT_EQUAL(with_job(&d, 4), 3);
    for (int i = 0; i < 4; i++)
        if (i != first)
            shop_installs(&d, name_of(i), "2.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_FINISHED);
    CU_ASSERT_EQUAL(desk_audits(&d, "upd.ok"), 4);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.finished"), 1);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_job_is_the_signed_release_with_a_way_to_its_artifact(void)
{
    struct desk d;
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct gw_err err = {0};
    (void)start_all(&d, 1, 1);
    GW_ASSERT_OK(job_message_parse(gw_view_str(desk_down(&d, "pump-000", "job")), &m, &err), &err);
    struct attempt_entry a = shop_attempt(&d, "pump-000");
    CU_ASSERT_TRUE_FATAL(m.has_job);
    CU_ASSERT_STRING_EQUAL(m.job.job, a.id);
    CU_ASSERT_STRING_EQUAL(m.job.attempt, a.id);
    CU_ASSERT_TRUE(m.job.kind == JOB_UPDATE && m.job.rev == 1);
    CU_ASSERT_STRING_EQUAL(m.job.artifact.name, "pump-2.img");
    CU_ASSERT_EQUAL(m.job.artifact.size, 1002);
    char path[JOB_PATH_MAX];
    (void)snprintf(path, sizeof(path), "/artifacts/%s/pump-2.img", a.id);
    CU_ASSERT_STRING_EQUAL(m.job.paths[0], path);
    CU_ASSERT_EQUAL(m.job.postpone_until_max.ms, d.now.ms + ATTEMPT_POSTPONE_MS_DEFAULT);
    CU_ASSERT_PTR_NOT_NULL(memmem(m.job.envelope.payload.ptr, m.job.envelope.payload.len, "\"2.0\"", 5));
    CU_ASSERT_STRING_EQUAL(a.before_version, "1.0");
    CU_ASSERT_STRING_EQUAL(a.before_release, shop_id(SHOP_OLD));
    desk_close(&d);
}

static void ok_raises_the_floors(void)
{
    struct desk d;
    struct inventory inventory;
    struct release_product product;
    (void)start_all(&d, 1, 1);
    shop_installs(&d, "pump-000", "2.0");
    struct gw_device_id id = desk_id("pump-000");
    GW_ASSERT_OK(d.store.ops->inventory_get(d.store.self, &id, &inventory, NULL), NULL);
    GW_ASSERT_OK(d.store.ops->product_get(d.store.self, "pump", &product, NULL), NULL);
    CU_ASSERT_TRUE(inventory.floor_confirmed == 1 && inventory.release_counter == 2);
    CU_ASSERT_STRING_EQUAL(inventory.release, shop_id(SHOP_NEW));
    CU_ASSERT_EQUAL(product.floor_confirmed, 1);
    desk_close(&d);
}

static void a_gate_holds_until_a_person_waives_it(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 4);
    struct rollout_plan plan = shop_plan(50, 10);
    plan.abort.failure_pct = 0;
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    CU_ASSERT_EQUAL(with_job(&d, 4), 2);
    for (int i = 0; i < 4; i++)
        if (has_job(&d, name_of(i)))
            shop_report(&d, name_of(i), JOB_STATE_FAILED, "digest", "1.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_HOLDING);
    CU_ASSERT_STRING_EQUAL(shop_rollout(&d, r.id).reason,
                           "wave 1 holds: too few of those that have decided are ok (gate)");
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.held", "gateway"));
    CU_ASSERT_EQUAL(desk_audits(&d, "upd.failed"), 2);
    CU_ASSERT_EQUAL(with_job(&d, 4), 0);
    CU_ASSERT_EQUAL(shop_waive(&d, r.id, 1, ROLLOUT_HOLD_GATE), GW_CONFLICT);
    CU_ASSERT_EQUAL(shop_waive(&d, r.id, 0, ROLLOUT_HOLD_GATE), GW_OK);
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.waived", "user:ann"));
    CU_ASSERT_EQUAL(with_job(&d, 4), 2);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void too_many_failures_abort_and_the_others_are_asked_to_leave(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 10);
    struct rollout_plan plan = shop_plan(60, 10);
    plan.abort = (struct rollout_abort){.failure_pct = 20, .min_decided = 2, .action = ROLLOUT_ON_FAILURE_ABORT};
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    int failed = 0, begun = -1;
    for (int i = 0; i < 10; i++) {
        if (!has_job(&d, name_of(i)))
            continue;
        if (begun < 0) {
            begun = i;
            shop_report(&d, name_of(i), JOB_STATE_INSTALLING, "", "");
        } else if (failed < 2) {
            failed++;
            shop_report(&d, name_of(i), JOB_STATE_FAILED, "install", "1.0");
        }
    }
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ABORTING);
    CU_ASSERT_EQUAL(with_job(&d, 10), 1); /* the one that has begun comes to its end */
    for (int i = 0; i < 10; i++)
        if (shop_attempt(&d, name_of(i)).attempt.cancel)
            shop_report(&d, name_of(i), JOB_STATE_CANCELLED, "", "1.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ABORTING);
    shop_installs(&d, name_of(begun), "2.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ABORTED);
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.abort", "gateway"));
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.aborted", "gateway"));
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.waves[0].holders, 1);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_rollback_brings_holders_back_to_what_they_ran(void)
{
    struct desk d;
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    struct rollout_entry r = start_all(&d, 2, 2);
    shop_installs(&d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ROLLING_BACK);
    GW_ASSERT_OK(job_message_parse(gw_view_str(desk_down(&d, "pump-000", "job")), &m, NULL), NULL);
    CU_ASSERT_TRUE_FATAL(m.has_job);
    CU_ASSERT_EQUAL(m.job.kind, JOB_ROLLBACK);
    CU_ASSERT_STRING_EQUAL(m.job.artifact.name, "pump-1.img");
    CU_ASSERT_TRUE(shop_attempt(&d, "pump-000").back);
    CU_ASSERT_FALSE(has_job(&d, "pump-001")); /* it had not begun */
    shop_report(&d, "pump-001", JOB_STATE_CANCELLED, "", "1.0");
    shop_check(&d, r.id);
    shop_installs(&d, "pump-000", "1.0");
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.state, ATTEMPT_OK);
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ROLLED_BACK);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.waves[0].holders, 0);
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.rollback", "user:ann"));
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.rolled_back", "gateway"));
    shop_check(&d, r.id);
    desk_close(&d);
}

struct last_told {
    const char *cls;
    struct audit_event event;
};

static bool keep_last(void *ctx, const struct audit_event *event)
{
    struct last_told *last = ctx;
    if (strcmp(event->cls, last->cls) == 0)
        last->event = *event;
    return true;
}

/* The last event of this class. */
static struct audit_event told(struct desk *d, const char *cls)
{
    struct last_told last = {.cls = cls};
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 1000, keep_last, &last, NULL), GW_OK);
    return last.event;
}

static void who_cannot_go_back_is_left_out_and_shown(void)
{
    struct desk d;
    shop_open(&d);
    (void)shop_release(&d, 5, "5.0", ""); /* security floor 4 */
    shop_device(&d, "pump-000", "0.9");   /* nobody has imported that */
    shop_device(&d, "pump-001", "2.0");
    struct rollout_plan plan = shop_plan(100, 9);
    struct rollout_entry r = shop_draft_of(&d, shop_id(5), &plan);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    shop_installs(&d, "pump-000", "5.0");
    shop_installs(&d, "pump-001", "5.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_FINISHED);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.code, ATTEMPT_CODE_UNKNOWN_BEFORE);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-001").attempt.code, ATTEMPT_CODE_FLOOR);
    CU_ASSERT_EQUAL(with_job(&d, 2), 0);
    CU_ASSERT_EQUAL(desk_audits(&d, "upd.left_out"), 2);
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ROLLED_BACK);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.waves[0].holders, 2);
    CU_ASSERT_STRING_EQUAL(told(&d, "rollout.rolled_back").msg,
                           "2 devices still hold 5.0; back: 0 ok, 0 failed, 2 left out");
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_rollback_that_leaves_holders_says_so(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 3, 3);
    for (int i = 0; i < 3; i++)
        shop_installs(&d, name_of(i), "2.0");
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "digest", "2.0");
    shop_report(&d, "pump-001", JOB_STATE_REJECTED, "digest", "2.0");
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.rolled_back"), 0);
    shop_installs(&d, "pump-002", "1.0");
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ROLLED_BACK);
    struct audit_event event = told(&d, "rollout.rolled_back");
    CU_ASSERT(event.res == EVENT_FAIL && event.sev == EVENT_SEV_MEDIUM);
    CU_ASSERT_STRING_EQUAL(event.msg, "2 devices still hold 2.0; back: 1 ok, 2 failed, 0 left out");
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK); /* again, for those two */
    shop_installs(&d, "pump-000", "1.0");
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "2.0");
    CU_ASSERT_STRING_EQUAL(told(&d, "rollout.rolled_back").msg,
                           "1 device still holds 2.0; back: 1 ok, 1 failed, 0 left out");
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    shop_installs(&d, "pump-001", "1.0");
    event = told(&d, "rollout.rolled_back");
    CU_ASSERT(event.res == EVENT_OK && event.sev == EVENT_SEV_LOW);
    CU_ASSERT_STRING_EQUAL(event.msg, "no device holds 2.0 any more");
    shop_check(&d, r.id);
    desk_close(&d);
}

static void an_offer_looks_once_more_whether_it_fits(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 3);
    struct rollout_plan plan = shop_plan(100, 1);
    struct rollout_entry r = shop_draft(&d, &plan);
    shop_connect(&d, "pump-000", "2.0", "boot-2", 0); /* somebody was there with a stick */
    shop_state(&d, "pump-001", DEVICE_QUARANTINED);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    shop_installs(&d, "pump-002", "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.code, ATTEMPT_CODE_ALREADY_RUNNING);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-001").attempt.code, ATTEMPT_CODE_NOT_FIT);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-002").attempt.state, ATTEMPT_OK);
    CU_ASSERT_FALSE(has_job(&d, "pump-000"));
    CU_ASSERT_FALSE(has_job(&d, "pump-001"));
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_FINISHED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void withdrawing_its_release_pauses_a_rollout_and_takes_back_what_has_not_begun(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 3, 2);
    int begun = 0;
    while (!has_job(&d, name_of(begun)))
        begun++;
    shop_report(&d, name_of(begun), JOB_STATE_INSTALLING, "", "");
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, shop_id(SHOP_NEW)), GW_OK);
    desk_settle(&d);
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_PAUSED);
    CU_ASSERT_STRING_EQUAL(shop_rollout(&d, r.id).reason, "its release was withdrawn");
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.paused", "local:root"));
    CU_ASSERT_TRUE(with_job(&d, 3) == 1 && has_job(&d, name_of(begun)));
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_RESUME), GW_CONFLICT);
    for (int i = 0; i < 3; i++)
        if (shop_attempt(&d, name_of(i)).attempt.cancel)
            shop_report(&d, name_of(i), JOB_STATE_CANCELLED, "", "1.0");
    shop_installs(&d, name_of(begun), "2.0"); /* what has begun comes to its end */
    CU_ASSERT_EQUAL(shop_attempt(&d, name_of(begun)).attempt.state, ATTEMPT_OK);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    CU_ASSERT_EQUAL(state_of(&d, r.id), ROLLOUT_ABORTED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_draft_of_a_withdrawn_release_does_not_start(void)
{
    struct desk d;
    struct rollout_preview_try t;
    shop_open(&d);
    shop_devices(&d, 2);
    struct rollout_plan plan = shop_plan(100, 1);
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, shop_id(SHOP_NEW)), GW_OK);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_CONFLICT);
    t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_CONFLICT);
    t = shop_preview(&d, "0123456789abcdef", &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_NOT_FOUND);
    desk_close(&d);
}

static void a_preview_tells_whom_it_leaves_out_and_why(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 5);
    shop_device(&d, "pump-busy", "1.0");
    shop_device(&d, "pump-new", "2.0");
    shop_device(&d, "pump-gone", "1.0");
    shop_state(&d, "pump-gone", DEVICE_REVOKED);
    (void)shop_release(&d, 3, "3.0", "1.5");
    struct rollout_plan plan = shop_plan(20, 1);
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_OK);
    CU_ASSERT_TRUE(t.left.running == 1 && t.left.state == 1 && t.left.fit == 0 && t.left.busy == 0);
    CU_ASSERT_TRUE(t.totals[0] == 2 && t.totals[1] == 4); /* 20 % of 6, rounded up */
    t = shop_preview(&d, shop_id(3), &plan, NULL);        /* min_version 1.5 */
    CU_ASSERT_TRUE(t.rc == GW_OK && t.left.fit == 6);
    (void)shop_draft(&d, &plan);
    t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_INVALID); /* nobody: a draft holds its devices */
    CU_ASSERT_EQUAL(t.left.busy, 6);
    plan.waves[0].select = ROLLOUT_SELECT_LIST;
    plan.waves[0].percent = 0;
    t = shop_preview(&d, shop_id(3), &plan, "pump-000");
    CU_ASSERT_EQUAL(t.rc, GW_INVALID); /* a listed device that it is not for */
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "pump-000"));
    desk_close(&d);
}

/* What a query sees here: id, and online as a device's status. */
static uint32_t fits(void *self, const struct answer *row, const struct row_filters *filters)
{
    (void)self;
    const struct answer_device *d = &row->devices[0];
    CU_ASSERT(row->kind == ANSWER_DEVICES && row->single && row->device_count == 1);
    const struct filter_field fields[] = {
        {.key = GW_VIEW_LIT("id"), .value = gw_view_str(d->device.id.text)},
        {.key = GW_VIEW_LIT("status"), .value = gw_view_str(d->online ? "online" : "offline")},
        {.key = GW_VIEW_LIT("version"), .value = gw_view_str(d->inventory.version)}};
    const struct filter_row shown = {fields, sizeof(fields) / sizeof(fields[0])};
    uint32_t mask = 0;
    for (size_t i = 0; i < filters->count; i++)
        mask |= (uint32_t)filter_match(&filters->list[i], &shown, filters->now) << i;
    return mask;
}

static struct rollout_plan query_plan(const char *query)
{
    struct rollout_plan plan = shop_plan(20, 1);
    plan.waves[0].select = ROLLOUT_SELECT_QUERY;
    plan.waves[0].percent = 0;
    (void)snprintf(plan.waves[0].query, sizeof(plan.waves[0].query), "%s", query);
    return plan;
}

static void a_query_selects_once_when_the_draft_is_made(void)
{
    struct desk d;
    shop_open(&d);
    d.match = (struct row_match){NULL, fits};
    shop_devices(&d, 5);
    shop_offline(&d, "pump-001");
    shop_offline(&d, "pump-003");
    struct rollout_plan plan = query_plan("status:offline version:1.0");
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_OK);
    CU_ASSERT_TRUE(t.totals[0] == 2 && t.totals[1] == 3);
    struct rollout_entry r = shop_draft(&d, &plan);
    CU_ASSERT_STRING_EQUAL(shop_rollout(&d, r.id).plan.waves[0].query, "status:offline version:1.0");
    shop_connect(&d, "pump-001", "1.0", "boot-1", 0); /* what it selected stays */
    shop_offline(&d, "pump-002");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(shop_attempt(&d, name_of(i)).wave, i == 1 || i == 3 ? 0 : 1);
    desk_close(&d);
}

static void queries_are_asked_of_so_many_devices(void)
{
    struct desk d;
    struct rollout_plan plan = shop_plan(100, 10);
    shop_open(&d);
    shop_devices(&d, 3);
    d.operate.rollouts.asked_max = 2;
    CU_ASSERT_EQUAL(shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL).rc, GW_OK); /* it asks nothing */
    plan = query_plan("version:1.0");
    d.match = (struct row_match){NULL, fits};
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_TOO_BIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.err.text, "more than 2 devices"));
    desk_close(&d);
}

static void several_queries_each_have_their_wave(void)
{
    struct desk d;
    shop_open(&d);
    d.match = (struct row_match){NULL, fits};
    shop_devices(&d, 6);
    shop_offline(&d, "pump-004");
    struct rollout_plan plan = query_plan("id:pump-002"), tail = shop_plan(50, 1);
    plan.waves[3] = plan.waves[1];
    plan.waves[1] = tail.waves[0]; /* 50 % of the five that are left */
    plan.waves[2] = plan.waves[0];
    (void)snprintf(plan.waves[2].query, sizeof(plan.waves[2].query), "version:1.0 -id:pump-002");
    plan.wave_count = 4;
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    GW_ASSERT_OK(t.rc, &t.err);
    CU_ASSERT_TRUE(t.totals[0] == 1 && t.totals[1] == 3 && t.totals[2] == 2 && t.totals[3] == 0);
    (void)shop_draft(&d, &plan);
    for (int i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(shop_attempt(&d, name_of(i)).wave == 0, i == 2);
    desk_close(&d);
}

static void a_query_that_is_none_or_selects_nobody_drafts_nothing(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 2);
    struct rollout_plan plan = query_plan("status:offline");
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_INVALID); /* nobody to ask */
    d.match = (struct row_match){NULL, fits};
    t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_INVALID);
    CU_ASSERT_STRING_EQUAL(t.err.text, "wave 1: no device that is left fits the query");
    plan = query_plan("status:\"offline");
    t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_INVALID);
    CU_ASSERT_STRING_EQUAL(t.err.text, "wave 1: query: a quote is not closed (at byte 16 of the query)");
    desk_close(&d);
}

static void acts_ask_for_reasons_and_for_the_revision_that_was_seen(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 2, 1), out;
    struct gw_err err = {0};
    struct rollouts_change c = {
        .event = ROLLOUT_EV_ABORT, .id = r.id, .if_rev = -1, .reason = " ", .actor = "user:ann"};
    CU_ASSERT_EQUAL(rollouts_change(&d.operate.rollouts, &d.turn, &c, &out, &err), GW_INVALID);
    c = (struct rollouts_change){.event = ROLLOUT_EV_PAUSE, .id = r.id, .if_rev = 1, .actor = "user:ann"};
    CU_ASSERT_EQUAL(rollouts_change(&d.operate.rollouts, &d.turn, &c, &out, &err), GW_CONFLICT);
    c.id = "ro-2222222222222222";
    CU_ASSERT_EQUAL(rollouts_change(&d.operate.rollouts, &d.turn, &c, &out, &err), GW_NOT_FOUND);
    c.id = "../x";
    CU_ASSERT_EQUAL(rollouts_change(&d.operate.rollouts, &d.turn, &c, &out, &err), GW_NOT_FOUND);
    c = (struct rollouts_change){.event = ROLLOUT_EV_TICK, .id = r.id, .if_rev = -1, .actor = "user:ann"};
    CU_ASSERT_EQUAL(rollouts_change(&d.operate.rollouts, &d.turn, &c, &out, &err), GW_INVALID);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_CONFLICT); /* it runs */
    desk_close(&d);
}

static void a_pause_stops_offers_and_nothing_else(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 3, 1);
    int first = 0;
    while (!has_job(&d, name_of(first)))
        first++;
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_PAUSE), GW_OK);
    shop_installs(&d, name_of(first), "2.0");
    CU_ASSERT_EQUAL(with_job(&d, 3), 0);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_RESUME), GW_OK);
    CU_ASSERT_EQUAL(with_job(&d, 3), 1);
    CU_ASSERT_TRUE(desk_audited(&d, "rollout.paused", "user:ann") && desk_audited(&d, "rollout.resumed", "user:ann"));
    desk_close(&d);
}

/* Drafts the third release for whoever is free, in one wave. */
static struct rollout_entry draft_third(struct desk *d)
{
    struct rollout_plan plan = shop_plan(100, 10);
    plan.wave_count = 1;
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    return shop_draft_of(d, shop_id(3), &plan);
}

/* A device that is through may be called back by the rollout's own rule as long as that goes on. */
static void a_device_stands_in_one_rollout_that_has_not_ended(void)
{
    struct desk d;
    struct rollout_plan plan = shop_plan(50, 10);
    shop_open(&d);
    shop_devices(&d, 2);
    (void)shop_release(&d, 3, "3.0", "");
    struct rollout_entry r = shop_start_all(&d, 10);
    shop_installs(&d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.state, ATTEMPT_OK);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_RUNNING);
    struct rollout_preview_try t = shop_preview(&d, shop_id(3), &plan, NULL);
    CU_ASSERT(t.rc == GW_INVALID && t.left.busy == 2);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_ABORTING);
    t = shop_preview(&d, shop_id(3), &plan, NULL); /* it calls nobody back any more: only who has the job is busy */
    CU_ASSERT_EQUAL(t.left.busy, 1);
    shop_report(&d, "pump-001", JOB_STATE_CANCELLED, "", "1.0");
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_ABORTED);
    t = shop_preview(&d, shop_id(3), &plan, NULL);
    CU_ASSERT(t.rc == GW_OK && t.left.busy == 0 && t.totals[0] == 1 && t.totals[1] == 1);
    desk_close(&d);
}

static void a_rollback_leaves_out_devices_of_another_rollout(void)
{
    struct desk d;
    char job[ATTEMPT_ID_LEN + 1];
    int64_t rev, n;
    shop_open(&d);
    shop_devices(&d, 2);
    struct rollout_entry first = shop_start_all(&d, 10);
    shop_installs(&d, "pump-000", "2.0");
    shop_installs(&d, "pump-001", "2.0");
    CU_ASSERT_EQUAL(shop_rollout(&d, first.id).rollout.state, ROLLOUT_FINISHED);
    (void)shop_release(&d, 3, "3.0", "");
    struct rollout_entry second = draft_third(&d);
    CU_ASSERT_EQUAL(shop_change(&d, first.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    desk_settle(&d);
    struct rollout_entry now = shop_rollout(&d, first.id);
    CU_ASSERT(now.rollout.state == ROLLOUT_ROLLED_BACK && now.rollout.waves[0].holders == 2);
    CU_ASSERT_EQUAL(now.rollout.waves[0].back[ATTEMPT_CANCELLED], 2);
    CU_ASSERT_EQUAL(desk_audits(&d, "upd.left_out"), 2);
    CU_ASSERT_FALSE(shop_job(&d, "pump-000", job, &rev, &n));
    CU_ASSERT_EQUAL(shop_change(&d, second.id, ROLLOUT_EV_START), GW_OK);
    CU_ASSERT_TRUE(shop_job(&d, "pump-000", job, &rev, &n));
    CU_ASSERT_EQUAL(shop_rollout(&d, second.id).rollout.waves[0].count[ATTEMPT_OFFERED], 2);
    shop_check(&d, first.id);
    shop_check(&d, second.id);
    CU_ASSERT_EQUAL(shop_change(&d, second.id, ROLLOUT_EV_ABORT), GW_OK);
    shop_wait(&d, 2 * ATTEMPT_CANCEL_MS); /* they do not answer */
    CU_ASSERT_EQUAL(shop_rollout(&d, second.id).rollout.state, ROLLOUT_ABORTED);
    CU_ASSERT_EQUAL(shop_change(&d, first.id, ROLLOUT_EV_ROLLBACK), GW_OK); /* again, now that they are free */
    desk_settle(&d);
    CU_ASSERT_EQUAL(shop_rollout(&d, first.id).rollout.waves[0].back[ATTEMPT_OFFERED], 2);
    desk_close(&d);
}

const struct gw_test_case rollouts_cases[] = {
    {"a release comes to a fleet in waves", brings_a_release_to_a_fleet_in_waves},
    {"a job is the signed release with a way to its artifact", a_job_is_the_signed_release_with_a_way_to_its_artifact},
    {"ok raises the floors of device and product", ok_raises_the_floors},
    {"a gate holds until a person waives it", a_gate_holds_until_a_person_waives_it},
    {"too many failures abort, and the others are asked to leave",
     too_many_failures_abort_and_the_others_are_asked_to_leave},
    {"a rollback brings holders back to what they ran", a_rollback_brings_holders_back_to_what_they_ran},
    {"a rollback that leaves holders says so", a_rollback_that_leaves_holders_says_so},
    {"a device stands in one rollout that has not ended", a_device_stands_in_one_rollout_that_has_not_ended},
    {"a rollback leaves out devices that another rollout holds", a_rollback_leaves_out_devices_of_another_rollout},
    {"who cannot go back is left out and shown", who_cannot_go_back_is_left_out_and_shown},
    {"an offer looks once more whether it fits", an_offer_looks_once_more_whether_it_fits},
    {"withdrawing its release pauses a rollout and takes back what has not begun",
     withdrawing_its_release_pauses_a_rollout_and_takes_back_what_has_not_begun},
    {"a draft of a withdrawn release does not start", a_draft_of_a_withdrawn_release_does_not_start},
    {"a preview tells whom it leaves out, and why", a_preview_tells_whom_it_leaves_out_and_why},
    {"a query selects once, when the draft is made", a_query_selects_once_when_the_draft_is_made},
    {"queries are asked of so many devices and no more", queries_are_asked_of_so_many_devices},
    {"several queries each have their wave", several_queries_each_have_their_wave},
    {"a query that is none or selects nobody drafts nothing", a_query_that_is_none_or_selects_nobody_drafts_nothing},
    {"acts ask for reasons and for the revision that was seen",
     acts_ask_for_reasons_and_for_the_revision_that_was_seen},
    {"a pause stops offers and nothing else", a_pause_stops_offers_and_nothing_else},
};
const size_t rollouts_case_count = sizeof(rollouts_cases) / sizeof(rollouts_cases[0]);
