/* Who may have which artifact. */
#include "artifacts.h"

#include <stdio.h>
#include <string.h>

#include "desk.h"

#define ROLLOUT "ro-aaaaaaaaaaaaaaaa"
#define RELEASE "0123456789abcdef"

static struct desk d;
static struct gw_err err;

static void begin(void)
{
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
}

static void commit(void)
{
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
}

static void stage(void)
{
    struct release_entry e = {.id = RELEASE,
                              .product = "pump",
                              .version = "2.1",
                              .channel = "stable",
                              .imported_by = "local:ann",
                              .release_counter = 21,
                              .state = RELEASE_STAGED,
                              .released_at = {10},
                              .expires_at = {20},
                              .imported = {15},
                              .changed = {15},
                              .bytes = 4096,
                              .file_count = 1,
                              .signer_count = 1};
    struct release_entry_file file = {.role = RELEASE_ROLE_ARTIFACT,
                                      .file = {.name = "pump.img", .format = "raw", .size = 4096}};
    memset(e.signers[0], '7', VENDOR_KEYID_LEN);
    file.file.sha256 = desk_hash(0xee);
    struct store_release release = {&e, &file, GW_VIEW_LIT("{}")};
    GW_ASSERT_OK(d.store.ops->release_add(d.store.self, &release, &err), &err);
}

static void roll_out(void)
{
    struct rollout_entry e = {.id = ROLLOUT,
                              .name = "pumps",
                              .release = RELEASE,
                              .product = "pump",
                              .version = "2.1",
                              .release_counter = 21,
                              .created = {100},
                              .changed = {100},
                              .created_by = "local:ann"};
    rollout_plan_init(&e.plan);
    e.plan.wave_count = 1;
    e.plan.seed = 1;
    e.plan.waves[0] = (struct rollout_wave_plan){.select = ROLLOUT_SELECT_REST,
                                                 .max_concurrent = 10,
                                                 .gate = {.ok_pct = 95, .unreachable_pct = 30, .min_sample = 1}};
    e.rollout = (struct rollout){.state = ROLLOUT_RUNNING, .wave_count = 1, .opened = 1};
    e.rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_OPEN, .total = 2};
    e.rollout.waves[0].count[ATTEMPT_DOWNLOADING] = 2;
    GW_ASSERT_OK(d.store.ops->rollout_add(d.store.self, &e, &err), &err);
}

static struct attempt_entry attempt_of(const char *device, unsigned number)
{
    struct attempt_entry e = {.rollout = ROLLOUT,
                              .device = desk_id(device),
                              .place = number,
                              .attempt = {.state = ATTEMPT_DOWNLOADING, .rev = 1},
                              .release = RELEASE,
                              .version = "2.1",
                              .release_counter = 21,
                              .created = {100},
                              .changed = {100}};
    attempt_id_format(ROLLOUT, number, e.id);
    return e;
}

static void put(const char *device, unsigned number, enum attempt_state state)
{
    struct attempt_entry e = attempt_of(device, number);
    e.attempt.state = state;
    e.attempt.taken = state == ATTEMPT_OK;
    begin();
    GW_ASSERT_OK(d.store.ops->attempt_put(d.store.self, &e, &err), &err);
    commit();
}

/* pump-1 (certificate 0x11…) and pump-2 (0x22…) with an attempt each, 1 and 2. */
static void open_world(void)
{
    desk_open(&d);
    desk_active(&d, "pump-1", 1, 0x11);
    desk_active(&d, "pump-2", 2, 0x22);
    begin();
    stage();
    roll_out();
    for (unsigned n = 1; n <= 2; n++) {
        char device[16];
        (void)snprintf(device, sizeof(device), "pump-%u", n);
        struct attempt_entry e = attempt_of(device, n);
        GW_ASSERT_OK(d.store.ops->attempt_add(d.store.self, &e, &err), &err);
    }
    commit();
}

/* What comes of a request: the status of its refusal, or 200 when a worker is to open the file. */
static int ask(const char *device, uint8_t cert, unsigned number, const char *name)
{
    struct inbox_msg msg = {.kind = INBOX_ARTIFACT, .now = d.now, .asker = {ASKER_ARTIFACT, {1, 2}}};
    struct inbox_artifact *a = &msg.u.artifact;
    a->device = desk_id(device);
    a->cert_sha256 = desk_hash(cert);
    (void)snprintf(a->source, sizeof(a->source), "192.0.2.9");
    (void)snprintf(a->name, sizeof(a->name), "%s", name);
    if (number)
        attempt_id_format(ROLLOUT, number, a->attempt);
    GW_ASSERT_OK(desk_msg(&d, &msg), &err);
    const struct turn_out *out = desk_out(&d, OUT_WORK);
    if (!out)
        return http_status_of(desk_answer(&d)->rc);
    CU_ASSERT_EQUAL(out->work->kind, WORK_ARTIFACT);
    CU_ASSERT_EQUAL(out->work->size, 4096);
    CU_ASSERT_EQUAL(out->work->sha256.bytes[0], 0xee);
    CU_ASSERT_EQUAL(out->work->asker.kind, ASKER_ARTIFACT);
    CU_ASSERT_EQUAL(out->work->asker.ticket.generation, 2);
    return 200;
}

static void an_open_attempt_names_its_files(void)
{
    open_world();
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 1, "pump.img"), 200);
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 1, "other.img"), 404);
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 2, "pump.img"), 404); /* the neighbour's */
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 3, "pump.img"), 404); /* nobody's */
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 0, ""), 404);         /* none that could be */
    desk_close(&d);
}

static void an_ended_attempt_names_them_only_when_it_was_installed_last(void)
{
    open_world();
    put("pump-1", 1, ATTEMPT_FAILED);
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 1, "pump.img"), 404);
    put("pump-2", 2, ATTEMPT_OK);
    CU_ASSERT_EQUAL(ask("pump-2", 0x22, 2, "pump.img"), 200);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_QUARANTINE, "pump-2", NULL), GW_OK);
    CU_ASSERT_EQUAL(ask("pump-2", 0x22, 2, "pump.img"), 404); /* in quarantine the open one alone */
    put("pump-2", 2, ATTEMPT_DOWNLOADING);
    CU_ASSERT_EQUAL(ask("pump-2", 0x22, 2, "pump.img"), 200);
    desk_close(&d);
}

static void only_the_certificate_in_force_opens_it(void)
{
    open_world();
    CU_ASSERT_EQUAL(ask("pump-1", 0x22, 1, "pump.img"), 403); /* the neighbour's certificate */
    CU_ASSERT_EQUAL(ask("pump-1", 0x33, 1, "pump.img"), 403);
    CU_ASSERT_EQUAL(ask("nobody", 0x11, 1, "pump.img"), 403);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 1, "pump.img"), 403);
    d.now.ms += 400 * GW_DAY_MS;
    CU_ASSERT_EQUAL(ask("pump-2", 0x22, 2, "pump.img"), 403); /* it has ended */
    desk_close(&d);
}

static void refusals_are_counted_and_told_once_a_minute(void)
{
    struct inbox_msg tick = {.kind = INBOX_TICK};
    struct answer_refused totals = {0};
    open_world();
    for (int i = 0; i < 5; i++)
        (void)ask("pump-1", 0x11, 2, "pump.img");
    GW_ASSERT_OK(desk_msg(&d, &tick), &err);
    CU_ASSERT_EQUAL(desk_audits(&d, "artifact.refused"), 1);
    CU_ASSERT(desk_audited(&d, "artifact.refused", "device:pump-1"));
    (void)ask("pump-2", 0x22, 1, "pump.img");
    d.now.ms += GW_SECOND_MS;
    GW_ASSERT_OK(desk_msg(&d, &tick), &err);
    CU_ASSERT_EQUAL(desk_audits(&d, "artifact.refused"), 1);
    d.now.ms += GW_MINUTE_MS;
    GW_ASSERT_OK(desk_msg(&d, &tick), &err);
    CU_ASSERT_EQUAL(desk_audits(&d, "artifact.refused"), 2);
    CU_ASSERT(desk_audited(&d, "artifact.refused", "device:pump-2"));
    watch_totals(&d.session.watch, &totals);
    CU_ASSERT_EQUAL(totals.artifacts, 6);
    desk_close(&d);
}

static void a_damaged_release_is_not_the_devices_fault(void)
{
    struct release_entry release;
    struct answer_refused totals = {0};
    open_world();
    GW_ASSERT_OK(d.store.ops->release_get(d.store.self, RELEASE, &release, &err), &err);
    release.damaged = d.now;
    begin();
    GW_ASSERT_OK(d.store.ops->release_put(d.store.self, &release, &err), &err);
    commit();
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 1, "pump.img"), 503);
    CU_ASSERT_EQUAL(ask("pump-1", 0x11, 2, "pump.img"), 404); /* the neighbour's stays nobody else's business */
    watch_totals(&d.session.watch, &totals);
    CU_ASSERT(d.session.watch.artifacts_damaged == 1 && totals.artifacts == 1);
    desk_close(&d);
}

const struct gw_test_case artifacts_cases[] = {
    {"an open attempt names its files", an_open_attempt_names_its_files},
    {"a damaged release is not the device's fault", a_damaged_release_is_not_the_devices_fault},
    {"an ended attempt names them only when it was installed last",
     an_ended_attempt_names_them_only_when_it_was_installed_last},
    {"only the certificate in force opens it", only_the_certificate_in_force_opens_it},
    {"refusals are counted and told once a minute", refusals_are_counted_and_told_once_a_minute},
};
const size_t artifacts_case_count = sizeof(artifacts_cases) / sizeof(artifacts_cases[0]);
