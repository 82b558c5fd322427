/* A device says that an artifact is not what was signed: what the gateway finds when it reads its own copy again. */
#include "recheck.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "shop.h"

static struct import_status importing; /* what the import thread says of itself */

static void say_status(void *self, struct import_status *ret_status)
{
    (void)self;
    *ret_status = importing;
}

/* A rollout of SHOP_NEW to so many devices, all offered. */
static struct rollout_entry start_all(struct desk *d, int devices)
{
    static const struct import_ops ops = {.status = say_status};
    importing = (struct import_status){.running = false};
    shop_open(d);
    d->operate.access.claimed = true;
    d->operate.releases = (struct releases){.threshold = 1, .imports = {&ops, NULL}};
    shop_devices(d, devices);
    return shop_start_all(d, (uint32_t)devices);
}

/* The next second; what the import thread is asked for then, no files: nothing. */
static struct import_verify tick(struct desk *d)
{
    struct inbox_msg msg = {.kind = INBOX_TICK};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
    const struct turn_out *out = desk_out(d, OUT_VERIFY);
    return out ? *out->verify : (struct import_verify){.file_count = 0};
}

static bool is_quiet(struct desk *d)
{
    return tick(d).file_count == 0;
}

/* The import thread has read what it was asked for. */
static void read_it(struct desk *d, const struct import_verify *asked, enum gw_rc rc)
{
    struct import_verify *v = gw_xalloc(1, sizeof(*v));
    *v = *asked;
    v->rc = rc;
    v->bad = rc ? 0 : v->file_count;
    struct inbox_msg msg = {.kind = INBOX_VERIFIED, .asker = v->asker, .blob = (uint8_t *)v, .blob_len = sizeof(*v)};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
    CU_ASSERT_PTR_NULL(asked->asker.kind ? NULL : desk_answer(d)); /* nobody waits for one */
    desk_settle(d);
}

static struct release_entry release(struct desk *d, uint64_t counter)
{
    struct release_entry entry = {.rev = 0};
    CU_ASSERT_EQUAL_FATAL(d->store.ops->release_get(d->store.self, shop_id(counter), &entry, NULL), GW_OK);
    return entry;
}

static bool keep_last(void *ctx, const struct audit_event *event)
{
    struct audit_event *last = ctx;
    if (strcmp(event->cls, last->cls) == 0)
        *last = *event;
    return true;
}

/* The last event of this class. */
static struct audit_event told(struct desk *d, const char *cls)
{
    struct audit_event event = {.n = 0};
    (void)snprintf(event.cls, sizeof(event.cls), "%s", cls);
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 1000, keep_last, &event, NULL), GW_OK);
    return event;
}

static void one_read_an_hour_however_many_devices_complain(void)
{
    struct desk d;
    (void)start_all(&d, 3);
    CU_ASSERT_TRUE(is_quiet(&d));
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "install", "1.0"); /* another reason is none to look */
    CU_ASSERT_TRUE(is_quiet(&d));
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    importing.running = true;
    CU_ASSERT_TRUE(is_quiet(&d)); /* an import goes first */
    importing = (struct import_status){.verifying = true};
    CU_ASSERT_TRUE(is_quiet(&d));
    importing.verifying = false;
    struct import_verify asked = tick(&d);
    CU_ASSERT(asked.asker.kind == ASKER_NOBODY && asked.file_count == 1);
    CU_ASSERT_STRING_EQUAL(asked.files[0].name, "pump-2.img");
    CU_ASSERT_STRING_EQUAL(asked.id, shop_id(SHOP_NEW));
    CU_ASSERT_STRING_EQUAL(asked.device.text, "pump-001");
    CU_ASSERT_TRUE(is_quiet(&d)); /* it is read */
    d.now.ms += RECHECK_AGAIN_MS;
    CU_ASSERT_FALSE(is_quiet(&d)); /* nothing came back: asked again, also after a restart */
    read_it(&d, &asked, GW_AGAIN); /* the gateway stopped while it read */
    d.now.ms += RECHECK_AGAIN_MS;
    CU_ASSERT_FALSE(is_quiet(&d));
    read_it(&d, &asked, GW_OK);
    CU_ASSERT_TRUE(is_quiet(&d));
    shop_report(&d, "pump-002", JOB_STATE_REJECTED, "digest", "1.0");
    CU_ASSERT_TRUE(is_quiet(&d)); /* it has just been read */
    desk_close(&d);
}

static void an_intact_file_points_at_the_device(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 10);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    read_it(&d, &asked, GW_OK);
    struct audit_event event = told(&d, "upd.mismatch");
    CU_ASSERT(event.sev == EVENT_SEV_LOW && event.res == EVENT_FAIL);
    CU_ASSERT_STRING_EQUAL(event.subj, "device:pump-001");
    CU_ASSERT_STRING_EQUAL(event.obj, "pump 2.0");
    CU_ASSERT_PTR_NOT_NULL(strstr(event.msg, "pump-2.img: the device received something else"));
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.hash_mismatch"), 0);
    CU_ASSERT(d.operate.releases.intact == 1 && d.operate.releases.damaged == 0);
    struct release_entry intact = release(&d, SHOP_NEW);
    CU_ASSERT(release_is_given(&intact));
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_RUNNING);
    read_it(&d, &asked, GW_CORRUPT); /* told a second time: the first answer stands */
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.hash_mismatch"), 0);
    desk_close(&d);
}

static void a_damaged_file_is_given_to_nobody(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 10);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    read_it(&d, &asked, GW_CORRUPT);
    struct audit_event event = told(&d, "integ.hash_mismatch");
    CU_ASSERT_EQUAL(event.sev, EVENT_SEV_CRITICAL);
    CU_ASSERT_STRING_EQUAL(event.subj, "gateway");
    CU_ASSERT_STRING_EQUAL(event.obj, "pump 2.0");
    CU_ASSERT_PTR_NOT_NULL(strstr(event.msg, "pump-2.img: the stored artifact was altered"));
    CU_ASSERT_PTR_NOT_NULL(strstr(event.msg, "noticed through pump-001"));
    CU_ASSERT_EQUAL(d.operate.releases.damaged, 1);
    CU_ASSERT_EQUAL(release(&d, SHOP_NEW).damaged.ms, d.now.ms);
    struct release_entry old = release(&d, SHOP_OLD);
    CU_ASSERT(release_is_given(&old)); /* nothing else is harmed */
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_PAUSED);
    CU_ASSERT_STRING_EQUAL(shop_rollout(&d, r.id).reason, "a stored artifact of its release is damaged");
    char job[ATTEMPT_ID_LEN + 1];
    int64_t rev, n;
    CU_ASSERT_FALSE(shop_job(&d, "pump-002", job, &rev, &n)); /* who has not begun is asked to leave */
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_RESUME), GW_CONFLICT);
    CU_ASSERT_TRUE(is_quiet(&d));
    shop_check(&d, r.id);
    desk_close(&d);
}

static void every_release_that_names_a_damaged_file_is_marked(void)
{
    enum { MANY = 100 };
    struct desk d;
    struct rollout_entry r = start_all(&d, 3);
    for (uint64_t i = 1; i <= MANY; i++) { /* files of every 256th have the same digest (shop.c) */
        char version[16];
        (void)snprintf(version, sizeof(version), "2.%u", (unsigned)i);
        (void)shop_release(&d, SHOP_NEW + 256 * i, version, "");
    }
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    read_it(&d, &asked, GW_CORRUPT);
    size_t marked = 0;
    for (uint64_t i = 0; i <= MANY; i++)
        marked += release(&d, SHOP_NEW + 256 * i).damaged.ms == d.now.ms;
    CU_ASSERT_EQUAL(marked, MANY + 1);
    CU_ASSERT_EQUAL(release(&d, SHOP_OLD).damaged.ms, 0);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_PAUSED);
    desk_close(&d);
}

static void a_rollback_to_a_damaged_file_says_so(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 3);
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "pump-%03d", i);
        shop_installs(&d, name, "2.0");
    }
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "2.0");
    struct import_verify asked = tick(&d);
    CU_ASSERT_STRING_EQUAL(asked.id, shop_id(SHOP_OLD));
    read_it(&d, &asked, GW_CORRUPT);
    CU_ASSERT_NOT_EQUAL(release(&d, SHOP_OLD).damaged.ms, 0);
    struct rollout_entry now = shop_rollout(&d, r.id);
    CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_ROLLING_BACK); /* there is no pause in it */
    CU_ASSERT_STRING_EQUAL(now.reason, "a stored artifact of 1.0, which it goes back to, is damaged");
    struct audit_event event = told(&d, "rollout.rollback");
    CU_ASSERT(event.res == EVENT_FAIL && event.sev == EVENT_SEV_HIGH);
    CU_ASSERT_STRING_EQUAL(event.msg, now.reason);
    CU_ASSERT_STRING_EQUAL(event.subj, "gateway");
    shop_check(&d, r.id);
    desk_close(&d);
}

static void all_files_intact_again_are_given_out_again(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 2);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    read_it(&d, &asked, GW_NOT_FOUND); /* gone is damaged, too */
    CU_ASSERT_NOT_EQUAL(release(&d, SHOP_NEW).damaged.ms, 0);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_VERIFY, NULL, shop_id(SHOP_NEW)), GW_OK);
    const struct turn_out *out = desk_out(&d, OUT_VERIFY);
    CU_ASSERT_FATAL(out && out->verify->asker.kind != ASKER_NOBODY);
    asked = *out->verify;
    read_it(&d, &asked, GW_OK); /* a person has put the file back */
    CU_ASSERT_EQUAL(release(&d, SHOP_NEW).damaged.ms, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(told(&d, "release.verify").msg, "given out again"));
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_PAUSED); /* a person says when it goes on */
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_RESUME), GW_OK);
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "digest", "1.0");
    CU_ASSERT_FALSE(is_quiet(&d)); /* within the hour: what was found before the mending counts no more */
    desk_close(&d);
}

static void a_file_that_cannot_be_read_is_told(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 10);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    (void)snprintf(asked.why, sizeof(asked.why), "read: Input/output error");
    read_it(&d, &asked, GW_IO);
    CU_ASSERT_EQUAL(told(&d, "release.verify").res, EVENT_FAIL);
    CU_ASSERT_PTR_NOT_NULL(strstr(told(&d, "release.verify").msg, "Input/output error"));
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_RUNNING);
    CU_ASSERT_TRUE(is_quiet(&d));
    desk_close(&d);
}

static void a_release_that_went_meanwhile_is_left_alone(void)
{
    struct desk d;
    (void)start_all(&d, 10);
    shop_report(&d, "pump-001", JOB_STATE_FAILED, "digest", "1.0");
    struct import_verify asked = tick(&d);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, shop_id(SHOP_NEW)), GW_OK);
    CU_ASSERT_TRUE(is_quiet(&d)); /* there is nothing to read any more */
    read_it(&d, &asked, GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.hash_mismatch"), 0);
    desk_close(&d);
}

static void a_file_that_is_not_there_is_looked_for(void)
{
    struct desk d;
    (void)start_all(&d, 2);
    struct inbox_msg unread = {.kind = INBOX_UNREAD}, nobodys = {.kind = INBOX_UNREAD};
    struct inbox_artifact *a = &unread.u.artifact;
    a->device = desk_id("pump-001");
    memcpy(a->attempt, shop_attempt(&d, "pump-001").id, sizeof(a->attempt));
    CU_ASSERT_EQUAL(desk_msg(&d, &nobodys), GW_OK);
    CU_ASSERT_EQUAL(desk_msg(&d, &unread), GW_OK); /* a file that the release does not name */
    CU_ASSERT_TRUE(is_quiet(&d));
    (void)snprintf(a->name, sizeof(a->name), "pump-2.img");
    CU_ASSERT_EQUAL(desk_msg(&d, &unread), GW_OK);
    struct import_verify asked = tick(&d);
    CU_ASSERT_EQUAL(asked.file_count, 1);
    CU_ASSERT_STRING_EQUAL(asked.device.text, "pump-001");
    read_it(&d, &asked, GW_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(told(&d, "integ.hash_mismatch").msg, "pump-2.img: the stored artifact is gone"));
    desk_close(&d);
}

static bool want(struct desk *d, uint8_t number)
{
    struct gw_err err = {0};
    struct recheck wanted = {.sha256 = desk_hash(number), .device = desk_id("pump-000")};
    bool dropped = false;
    (void)snprintf(wanted.release, sizeof(wanted.release), "%s", shop_id(SHOP_NEW));
    d->turn.store = &d->store;
    d->turn.now = d->now;
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, &err), &err);
    GW_ASSERT_OK(recheck_want(&d->turn, &wanted, &dropped, &err), &err);
    GW_ASSERT_OK(d->store.ops->commit(d->store.self, &err), &err);
    return !dropped;
}

static void too_many_files_at_a_time_are_left_out(void)
{
    struct desk d;
    (void)start_all(&d, 1);
    for (uint8_t i = 0; i < RECHECK_MAX; i++)
        CU_ASSERT_TRUE(want(&d, (uint8_t)(100 + i)));
    CU_ASSERT_TRUE(want(&d, 100)); /* it is there already */
    CU_ASSERT_FALSE(want(&d, 200));
    for (int i = 0; i < RECHECK_MAX; i++)
        CU_ASSERT_TRUE(is_quiet(&d)); /* no release names these: each is done with */
    CU_ASSERT_FALSE(want(&d, 200));
    d.now.ms += RECHECK_SPAN_MS;
    CU_ASSERT_TRUE(want(&d, 200));
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "digest", "1.0");
    CU_ASSERT_TRUE(is_quiet(&d));
    CU_ASSERT_STRING_EQUAL(tick(&d).files[0].name, "pump-2.img");
    desk_close(&d);
}

const struct gw_test_case recheck_cases[] = {
    {"one read an hour, however many devices complain", one_read_an_hour_however_many_devices_complain},
    {"an intact file points at the device", an_intact_file_points_at_the_device},
    {"a damaged file is given to nobody, and its rollout pauses", a_damaged_file_is_given_to_nobody},
    {"every release that names a damaged file is marked", every_release_that_names_a_damaged_file_is_marked},
    {"a rollback to a damaged file says so", a_rollback_to_a_damaged_file_says_so},
    {"all files intact again are given out again", all_files_intact_again_are_given_out_again},
    {"a file that is not there is looked for", a_file_that_is_not_there_is_looked_for},
    {"a file that cannot be read is told", a_file_that_cannot_be_read_is_told},
    {"a release that went meanwhile is left alone", a_release_that_went_meanwhile_is_left_alone},
    {"too many files at a time are left out", too_many_files_at_a_time_are_left_out},
};
const size_t recheck_case_count = sizeof(recheck_cases) / sizeof(recheck_cases[0]);
