#include "shop.h"

#include <stdio.h>
#include <string.h>

#include "dsse.h"
#include "gw_cleanup.h"
#include "job.h"
#include "release_manifest.h"

#define PUMP "pump"

const char *shop_id(uint64_t counter)
{
    static char text[4][RELEASE_ID_LEN + 1];
    static unsigned next;
    char *out = text[next++ % 4];
    (void)snprintf(out, RELEASE_ID_LEN + 1, "%016llx", (unsigned long long)counter);
    return out;
}

static void envelope_of(const struct release *release, struct gw_buf *out)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    dsse_init(&e);
    (void)snprintf(e.type, sizeof(e.type), "%s", RELEASE_MANIFEST_TYPE);
    gw_buf_init(&e.payload, RELEASE_MANIFEST_MAX);
    struct gw_err err = {0};
    GW_ASSERT_OK(release_manifest_format(release, &e.payload, &err), &err);
    e.signature_count = 1;
    memset(e.signatures[0].keyid, 'a', DSSE_KEYID_LEN);
    e.signatures[0].len = 64;
    GW_ASSERT_OK(dsse_format(&e, out), NULL);
}

static void describe(struct release *r, uint64_t counter, const char *version, const char *min_version)
{
    (void)snprintf(r->product, sizeof(r->product), PUMP);
    (void)snprintf(r->version, sizeof(r->version), "%s", version);
    (void)snprintf(r->channel, sizeof(r->channel), "stable");
    (void)snprintf(r->min_version, sizeof(r->min_version), "%s", min_version);
    r->release_counter = counter;
    r->security_floor = counter - 1;
    r->hardware_count = r->artifact_count = 1;
    (void)snprintf(r->hardware[0], sizeof(r->hardware[0]), "rev-c");
    struct release_file *file = &r->artifacts[0];
    (void)snprintf(file->name, sizeof(file->name), "pump-%u.img", (unsigned)counter);
    (void)snprintf(file->format, sizeof(file->format), "raw");
    file->sha256 = desk_hash((uint8_t)counter);
    file->size = 1000 + counter;
    r->released_at.ms = INT64_C(1700000000000);
    r->expires_at.ms = INT64_C(1900000000000);
}

const char *shop_release(struct desk *d, uint64_t counter, const char *version, const char *min_version)
{
    GW_FREE struct release *r = gw_xalloc(1, sizeof(*r));
    GW_CLEANUP(gw_buf_done) struct gw_buf envelope;
    struct release_entry entry;
    struct release_entry_file file = {.role = RELEASE_ROLE_ARTIFACT};
    struct gw_err err = {0};
    describe(r, counter, version, min_version);
    gw_buf_init(&envelope, RELEASE_ENVELOPE_MAX);
    envelope_of(r, &envelope);
    release_entry_of(r, &entry);
    (void)snprintf(entry.id, sizeof(entry.id), "%s", shop_id(counter));
    entry.state = RELEASE_STAGED;
    entry.signer_count = 1;
    memset(entry.signers[0], 'a', VENDOR_KEYID_LEN);
    entry.imported = entry.changed = d->now;
    file.file = r->artifacts[0];
    struct store_release put = {&entry, &file, gw_buf_view(&envelope)};
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, &err), &err);
    GW_ASSERT_OK(d->store.ops->release_add(d->store.self, &put, &err), &err);
    GW_ASSERT_OK(d->store.ops->commit(d->store.self, &err), &err);
    return shop_id(counter);
}

void shop_broker_up(struct desk *d)
{
    CU_ASSERT_EQUAL(desk_bus(d, &(struct bus_event){.kind = BUS_UP}), GW_OK);
    CU_ASSERT_EQUAL(desk_bus(d, &(struct bus_event){.kind = BUS_PRESENCE_SYNC}), GW_OK);
}

static void fill(struct desk *d)
{
    (void)shop_release(d, SHOP_OLD, "1.0", "");
    (void)shop_release(d, SHOP_NEW, "2.0", "");
    shop_broker_up(d);
}

void shop_open(struct desk *d)
{
    desk_open(d);
    fill(d);
}

void shop_open_over(struct desk *d, struct store store)
{
    desk_open_over(d, store);
    fill(d);
}

void shop_connect(struct desk *d, const char *id, const char *version, const char *boot, int64_t job_n)
{
    struct bus_event here = {.kind = BUS_PRESENCE, .device = desk_id(id), .online = true};
    struct bus_event state = {.kind = BUS_MESSAGE, .topic = BUS_TOPIC_STATE, .device = desk_id(id)};
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "{\"product\":\"" PUMP "\",\"hardware\":\"rev-c\",\"release\":\"%s\",\"boot\":\"%s\","
                   "\"job_n\":\"%lld\"}",
                   version, boot, (long long)job_n);
    state.payload = gw_view_str(text);
    CU_ASSERT_EQUAL(desk_bus(d, &here), GW_OK);
    CU_ASSERT_EQUAL(desk_bus(d, &state), GW_OK);
}

void shop_offline(struct desk *d, const char *id)
{
    CU_ASSERT_EQUAL(desk_bus(d, &(struct bus_event){.kind = BUS_PRESENCE, .device = desk_id(id)}), GW_OK);
}

void shop_device(struct desk *d, const char *id, const char *version)
{
    struct device device = {.id = desk_id(id), .state = DEVICE_ACTIVE, .created = d->now, .changed = d->now};
    struct gw_err err = {0};
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, &err), &err);
    GW_ASSERT_OK(d->store.ops->device_put(d->store.self, &device, &err), &err);
    GW_ASSERT_OK(d->store.ops->commit(d->store.self, &err), &err);
    shop_connect(d, id, version, "boot-1", 0);
}

void shop_devices(struct desk *d, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_device(d, id, "1.0");
    }
}

struct rollout_plan shop_plan(uint8_t percent, uint32_t concurrent)
{
    struct rollout_plan plan;
    rollout_plan_init(&plan);
    const struct rollout_gate gate = {.ok_pct = 100, .unreachable_pct = 100, .min_sample = 1};
    plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_PERCENT, .percent = percent, .max_concurrent = concurrent, .gate = gate};
    plan.waves[1] =
        (struct rollout_wave_plan){.select = ROLLOUT_SELECT_REST, .max_concurrent = concurrent, .gate = gate};
    plan.wave_count = 2;
    plan.seed = 7;
    return plan;
}

static void begin(struct desk *d)
{
    turn_reset(&d->turn, 0);
    d->turn.store = &d->store;
    d->turn.now = d->now;
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, NULL), NULL);
}

static void end(struct desk *d, enum gw_rc rc)
{
    desk_end(d, rc);
    desk_settle(d);
}

/* Up to its first turn, which is held. */
static void survey(struct desk *d, enum act_kind kind, const char *release, const struct rollout_plan *plan,
                   const char *listed)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .u.act = {.kind = kind, .if_rev = -1}};
    bool dies = d->dies;
    size_t count = listed ? 1 : 0, len = sizeof(struct rollout_ask_order) + count * sizeof(struct rollout_ask_pick);
    struct rollout_ask_order *order = gw_xalloc(1, len);
    (void)snprintf(order->release, sizeof(order->release), "%s", release);
    order->plan = *plan;
    order->pick_count = (uint32_t)count;
    if (listed)
        order->picks[0].device = desk_id(listed);
    msg.u.act.actor = (struct actor){.name = "user:ann", .role = USER_OPERATOR, .local = true};
    msg.blob = (uint8_t *)order; /* the desk frees it */
    msg.blob_len = len;
    d->holds = true;
    d->dies = false;
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
    d->dies = dies;
    CU_ASSERT_PTR_NOT_NULL_FATAL(d->survey);
}

void shop_survey(struct desk *d, const struct rollout_plan *plan)
{
    survey(d, ACT_ROLLOUT_CREATE, shop_id(SHOP_NEW), plan, NULL);
}

void shop_survey_preview(struct desk *d, const struct rollout_plan *plan)
{
    survey(d, ACT_ROLLOUT_PREVIEW, shop_id(SHOP_NEW), plan, NULL);
}

struct rollout_entry shop_draft_of(struct desk *d, const char *release, const struct rollout_plan *plan)
{
    enum gw_rc rc = GW_OK;
    survey(d, ACT_ROLLOUT_CREATE, release, plan, NULL);
    while (!rc && d->survey)
        rc = desk_surveyed(d);
    const struct answer *answer = desk_answer(d);
    CU_ASSERT_EQUAL_FATAL(rc, GW_OK);
    CU_ASSERT_FATAL(answer && answer->kind == ANSWER_ROLLOUTS && answer->rollout_count == 1);
    struct rollout_entry entry = answer->rollouts[0].entry;
    desk_settle(d);
    return entry;
}

struct rollout_entry shop_draft(struct desk *d, const struct rollout_plan *plan)
{
    return shop_draft_of(d, shop_id(SHOP_NEW), plan);
}

struct rollout_preview_try shop_preview(struct desk *d, const char *release, const struct rollout_plan *plan,
                                        const char *listed)
{
    struct rollout_preview_try t = {.rc = GW_OK};
    survey(d, ACT_ROLLOUT_PREVIEW, release, plan, listed);
    t.err = d->survey->err;
    t.left = d->survey->left;
    for (unsigned w = 0; w < d->survey->entry.rollout.wave_count; w++)
        t.totals[w] = d->survey->entry.rollout.waves[w].total;
    t.rc = t.err.rc;
    enum gw_rc rc = desk_surveyed(d);
    CU_ASSERT(t.rc || rc || desk_answer(d)->kind == ANSWER_ROLLOUT_PREVIEW);
    return t;
}

void shop_state(struct desk *d, const char *id, enum device_state state)
{
    struct device device;
    struct gw_device_id name = desk_id(id);
    GW_ASSERT_OK(d->store.ops->device_get(d->store.self, &name, &device, NULL), NULL);
    device.state = state;
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, NULL), NULL);
    GW_ASSERT_OK(d->store.ops->device_put(d->store.self, &device, NULL), NULL);
    GW_ASSERT_OK(d->store.ops->commit(d->store.self, NULL), NULL);
}

static enum gw_rc change(struct desk *d, const struct rollouts_change *change)
{
    struct rollout_entry entry;
    struct gw_err err = {0};
    begin(d);
    enum gw_rc rc = rollouts_change(&d->operate.rollouts, &d->turn, change, &entry, &err);
    gw_test_note(rc, &err, rollout_event_text(change->event));
    end(d, rc);
    return rc;
}

enum gw_rc shop_change(struct desk *d, const char *id, enum rollout_event_kind event)
{
    return change(
        d, &(struct rollouts_change){.event = event, .id = id, .if_rev = -1, .reason = "because", .actor = "user:ann"});
}

enum gw_rc shop_waive(struct desk *d, const char *id, uint16_t wave, enum rollout_hold hold)
{
    return change(d, &(struct rollouts_change){.event = ROLLOUT_EV_WAIVE,
                                               .id = id,
                                               .if_rev = -1,
                                               .wave = wave,
                                               .waive = hold,
                                               .reason = "because",
                                               .actor = "user:ann"});
}

struct rollout_entry shop_start_all(struct desk *d, uint32_t concurrent)
{
    struct rollout_plan plan = shop_plan(100, concurrent);
    plan.wave_count = 1;
    plan.waves[0].select = ROLLOUT_SELECT_REST;
    plan.waves[0].percent = 0;
    struct rollout_entry r = shop_draft(d, &plan);
    CU_ASSERT_EQUAL_FATAL(shop_change(d, r.id, ROLLOUT_EV_START), GW_OK);
    return r;
}

void shop_alarm(struct desk *d, const char *device, const char *boot, enum event_sev sev)
{
    struct gw_device_id id = desk_id(device);
    struct gw_err err = {0};
    begin(d);
    enum gw_rc rc = rollouts_alarm(&d->operate.rollouts, &d->turn, &id, boot, sev, &err);
    gw_test_note(rc, &err, "alarm");
    end(d, rc);
    CU_ASSERT_EQUAL(rc, GW_OK);
}

struct rollout_entry shop_rollout(struct desk *d, const char *id)
{
    struct rollout_entry entry;
    struct gw_err err = {0};
    GW_ASSERT_OK(d->store.ops->rollout_get(d->store.self, id, &entry, &err), &err);
    return entry;
}

bool shop_job(struct desk *d, const char *device, char out[ATTEMPT_ID_LEN + 1], int64_t *ret_rev, int64_t *ret_n)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    const char *payload = desk_down(d, device, "job");
    struct gw_err err = {0};
    out[0] = '\0';
    *ret_n = *ret_rev = 0;
    if (!payload)
        return false;
    GW_ASSERT_OK(job_message_parse(gw_view_str(payload), &m, &err), &err);
    *ret_n = m.n;
    *ret_rev = m.job.rev;
    (void)snprintf(out, ATTEMPT_ID_LEN + 1, "%s", m.job.attempt);
    return m.has_job;
}

static void say(struct desk *d, const char *device, const struct job_report *report)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct bus_event event = {.kind = BUS_MESSAGE, .topic = BUS_TOPIC_JOB, .device = desk_id(device)};
    gw_buf_init(&text, JOB_REPORT_MAX);
    GW_ASSERT_OK(job_report_format(report, &text), NULL);
    event.payload = gw_buf_view(&text);
    CU_ASSERT_EQUAL(desk_bus(d, &event), GW_OK);
}

void shop_report(struct desk *d, const char *device, enum job_state state, const char *code, const char *running)
{
    struct job_report report = {.state = state};
    char job[ATTEMPT_ID_LEN + 1];
    int64_t n;
    if (!shop_job(d, device, job, &report.rev, &n)) { /* withdrawn: it still knows what it was */
        struct attempt_entry entry = shop_attempt(d, device);
        memcpy(job, entry.id, sizeof(job));
        report.rev = entry.attempt.rev;
    }
    (void)snprintf(report.job, sizeof(report.job), "%s", job);
    (void)snprintf(report.code, sizeof(report.code), "%s", code);
    (void)snprintf(report.running, sizeof(report.running), "%s", running);
    if (state == JOB_STATE_DEFERRED)
        report.until.ms = d->now.ms + GW_HOUR_MS;
    say(d, device, &report);
}

void shop_installs(struct desk *d, const char *device, const char *version)
{
    static unsigned boots = 1;
    char boot[16];
    (void)snprintf(boot, sizeof(boot), "boot-%u", ++boots);
    shop_report(d, device, JOB_STATE_INSTALLING, "", "");
    shop_report(d, device, JOB_STATE_REBOOTING, "", "");
    shop_offline(d, device);
    shop_connect(d, device, version, boot, 0);
    shop_wait(d, ATTEMPT_CONFIRM_MS_DEFAULT);
}

static bool take_attempt(void *ctx, const struct attempt_entry *entry)
{
    *(struct attempt_entry *)ctx = *entry;
    return false;
}

struct attempt_entry shop_attempt(struct desk *d, const char *device)
{
    struct attempt_entry entry = {.id = ""};
    struct gw_device_id id = desk_id(device);
    GW_ASSERT_OK(d->store.ops->attempt_each_of(d->store.self, &id, 1, take_attempt, &entry, NULL), NULL);
    CU_ASSERT_TRUE_FATAL(entry.id[0] != '\0');
    return entry;
}

void shop_wait(struct desk *d, int64_t ms)
{
    int64_t until_ms = d->now.ms + ms;
    while (d->now.ms < until_ms) {
        d->now.ms = d->now.ms + GW_MINUTE_MS < until_ms ? d->now.ms + GW_MINUTE_MS : until_ms;
        struct inbox_msg tick = {.kind = INBOX_TICK};
        CU_ASSERT_EQUAL(desk_msg(d, &tick), GW_OK);
        desk_settle(d);
        while (rollouts_resend(&d->operate.rollouts, &d->store))
            ;
    }
}

struct sums {
    uint32_t count[2][ROLLOUT_WAVES_MAX][ATTEMPT_STATES];
    uint32_t holders[ROLLOUT_WAVES_MAX];
};

static bool add_count(void *ctx, const struct store_attempt_count *count)
{
    struct sums *s = ctx;
    s->count[count->back][count->wave][count->state] += count->count;
    if (!count->back)
        s->holders[count->wave] += count->holders;
    return true;
}

void shop_check(struct desk *d, const char *rollout)
{
    struct rollout_entry entry = shop_rollout(d, rollout);
    GW_FREE struct sums *s = gw_xalloc(1, sizeof(*s));
    GW_ASSERT_OK(d->store.ops->attempt_count(d->store.self, rollout, add_count, s, NULL), NULL);
    for (unsigned w = 0; w < entry.rollout.wave_count; w++) {
        const struct rollout_wave *wave = &entry.rollout.waves[w];
        CU_ASSERT_EQUAL(memcmp(wave->count, s->count[0][w], sizeof(wave->count)), 0);
        CU_ASSERT_EQUAL(memcmp(wave->back, s->count[1][w], sizeof(wave->back)), 0);
        CU_ASSERT_EQUAL(wave->holders, s->holders[w]);
    }
}
