/*
 * How long each kind of turn keeps core from everything else where there is much of everything: one message of each
 * kind through the services over state.db, with its commit and what leaves behind it. Prints each, then the longest;
 * judges nothing.
 *
 *     bench_kinds DIR [DEVICES]       RELEASES of one product, ROLLOUTS of DEVICES_EACH, all offered
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_turn.h"
#include "core_figures.h"
#include "core_loop.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "live_feed.h"
#include "release_import.h"
#include "repo.h"
#include "rollout_ask.h"
#include "shop.h"

#define RELEASES     10000
#define ROLLOUTS     2000
#define DEVICES_EACH 10
#define INVITED      100000
#define WINDOWS      100000 /* begun, of alerts' thresholds */
#define OUTBOX       20000  /* audit events that the journal has taken at once */
#define PUT_BATCH    1000
#define KINDS_MAX    128

struct kind {
    const char *what;
    struct took longest;
    size_t turns;
};

static struct desk d;
static struct repo *repo;
static struct core core; /* for its figures alone */
static unsigned devices = 100000;
static const char *dir;
static struct gw_err err;
static struct kind kinds[KINDS_MAX];
static size_t kind_count;

static void note(const char *what, struct took began)
{
    struct took took = bench_since(began);
    struct kind *k = NULL;
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].what, what) == 0)
            k = &kinds[i];
    CU_ASSERT_FATAL(k || kind_count < KINDS_MAX);
    if (!k) {
        k = &kinds[kind_count++];
        k->what = what;
    }
    k->turns++;
    if (took.cpu_ms > k->longest.cpu_ms)
        k->longest = took;
}

/* ---- a bus that takes everything, or has no room ---- */

static bool no_room;

static enum gw_rc publish(void *self, const struct gw_device_id *device, const char *down, struct gw_view payload,
                          int qos, struct gw_err *ret_err)
{
    (void)self;
    (void)device;
    (void)down;
    (void)payload;
    (void)qos;
    return no_room ? gw_err_set(ret_err, GW_AGAIN, "full") : GW_OK;
}

static enum gw_rc registry_all(void *self, uint64_t generation, const struct bus_entry *entries, size_t count,
                               struct gw_err *ret_err)
{
    (void)self;
    (void)generation;
    (void)entries;
    (void)count;
    (void)ret_err;
    return GW_OK;
}

static enum gw_rc registry_device(void *self, uint64_t generation, const struct gw_device_id *device,
                                  const struct bus_entry *entries, size_t count, struct gw_err *ret_err)
{
    (void)device;
    return registry_all(self, generation, entries, count, ret_err);
}

static const struct device_bus_ops bus_ops = {publish, registry_all, registry_device};

/* ---- much of everything ---- */

static void begin(void)
{
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
}

static void commit(void)
{
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
}

static void turn_over(unsigned n)
{
    if (n % PUT_BATCH != PUT_BATCH - 1)
        return;
    commit();
    begin();
}

static struct gw_device_id pump(unsigned n)
{
    struct gw_device_id id;
    (void)snprintf(id.text, sizeof(id.text), "pump-%07u", n);
    return id;
}

static void put_devices(void)
{
    begin();
    for (unsigned i = 0; i < devices; i++, turn_over(i)) {
        struct device device = {.id = pump(i), .state = DEVICE_ACTIVE, .created = d.now, .changed = d.now};
        struct inventory inventory = {.device = device.id,
                                      .product = "pump",
                                      .hardware = "rev-c",
                                      .version = "1.0",
                                      .boot = "boot-1",
                                      .slots = "[]",
                                      .attributes = "{}",
                                      .seen = d.now};
        GW_ASSERT_OK(d.store.ops->device_put(d.store.self, &device, &err), &err);
        GW_ASSERT_OK(d.store.ops->inventory_put(d.store.self, &inventory, &err), &err);
        bench_put_cert(&d, &device.id, i);
    }
    commit();
}

static void put_invited(void)
{
    begin();
    for (unsigned i = 0; i < INVITED; i++, turn_over(i)) {
        struct device device = {.state = DEVICE_INVITED, .created = d.now, .changed = d.now};
        struct device_invite invite = {.created = d.now, .expires = {d.now.ms + GW_DAY_MS}};
        (void)snprintf(device.id.text, sizeof(device.id.text), "new-%07u", i);
        invite.device = device.id;
        GW_ASSERT_OK(d.store.ops->device_put(d.store.self, &device, &err), &err);
        GW_ASSERT_OK(d.store.ops->invite_put(d.store.self, &invite, &err), &err);
    }
    commit();
}

static void put_releases(void)
{
    for (uint64_t i = 1; i <= RELEASES; i++) { /* all with the file of SHOP_NEW (shop.c) */
        char version[16];
        (void)snprintf(version, sizeof(version), "3.%u", (unsigned)i);
        (void)shop_release(&d, SHOP_NEW + 256 * i, version, "");
    }
}

static struct rollout_entry running(unsigned n)
{
    struct rollout_entry e = {.plan = shop_plan(20, DEVICES_EACH),
                              .release_counter = SHOP_NEW,
                              .attempts = DEVICES_EACH,
                              .created = {d.now.ms + n},
                              .changed = d.now};
    const uint32_t totals[] = {DEVICES_EACH};
    uint8_t bytes[ROLLOUT_ID_BYTES] = {0};
    memcpy(bytes, &n, sizeof(n));
    rollout_id_format(bytes, e.id);
    (void)snprintf(e.release, sizeof(e.release), "%s", shop_id(SHOP_NEW));
    (void)snprintf(e.product, sizeof(e.product), "pump");
    (void)snprintf(e.version, sizeof(e.version), "2.0");
    (void)snprintf(e.created_by, sizeof(e.created_by), "user:ann");
    e.plan.wave_count = 1;
    e.plan.waves[0] = e.plan.waves[1];
    GW_ASSERT_OK(rollout_init(&e.rollout, &e.plan, totals, &err), &err);
    e.rollout.rest.unplanned = 0;
    e.rollout.state = ROLLOUT_RUNNING;
    e.rollout.opened = 1;
    e.rollout.waves[0].state = ROLLOUT_WAVE_OPEN;
    e.rollout.waves[0].count[ATTEMPT_PLANNED] = 0;
    e.rollout.waves[0].count[ATTEMPT_OFFERED] = DEVICES_EACH;
    return e;
}

static void put_attempt(const struct rollout_entry *r, unsigned n, unsigned place)
{
    struct attempt_entry e = {.device = pump(n * DEVICES_EACH + place), .place = place, .release_counter = SHOP_NEW};
    struct attempt *a = &e.attempt;
    attempt_id_format(r->id, place, e.id);
    memcpy(e.rollout, r->id, sizeof(e.rollout));
    memcpy(e.release, r->release, sizeof(e.release));
    memcpy(e.version, r->version, sizeof(e.version));
    a->state = ATTEMPT_OFFERED;
    a->rev = 1;
    a->first_offer = a->offered = a->sent = a->step_since = e.created = e.changed = d.now;
    e.timer.ms = d.now.ms + GW_HOUR_MS;
    GW_ASSERT_OK(d.store.ops->attempt_add(d.store.self, &e, &err), &err);
}

static void put_rollouts(void)
{
    begin();
    for (unsigned i = 0; i < ROLLOUTS; i++, turn_over(i)) {
        struct rollout_entry r = running(i);
        GW_ASSERT_OK(d.store.ops->rollout_add(d.store.self, &r, &err), &err);
        for (unsigned place = 0; place < DEVICES_EACH; place++)
            put_attempt(&r, i, place);
    }
    commit();
}

static void put_alerts(void)
{
    begin();
    for (unsigned i = 0; i < ALERTS_MAX; i++, turn_over(i)) {
        struct alert a = {.cause = {.cls = "auth.login", .device = pump(i)},
                          .sev = EVENT_SEV_MEDIUM,
                          .state = i % 10 ? ALERT_NEW : ALERT_RESOLVED,
                          .first = d.now,
                          .last = d.now,
                          .changed = d.now,
                          .count = 1,
                          .msg = "three wrong passwords"};
        (void)snprintf(a.id, sizeof(a.id), "%016x", i);
        GW_ASSERT_OK(d.store.ops->alert_put(d.store.self, &a, &err), &err);
    }
    for (unsigned i = 0; i < WINDOWS; i++, turn_over(i)) {
        struct alert_window w = {.cause = {.cls = "boot.start", .device = pump(i % devices)},
                                 .until = {d.now.ms + GW_MINUTE_MS},
                                 .count = 1,
                                 .times = {d.now}};
        GW_ASSERT_OK(d.store.ops->alert_window_put(d.store.self, &w, &err), &err);
    }
    commit();
}

static void put_people(void)
{
    begin();
    for (unsigned i = 0; i < PEOPLE_MAX; i++) {
        struct user user = {.role = USER_VIEWER, .password_hash = "x", .created = d.now};
        (void)snprintf(user.name, sizeof(user.name), "u%u", i);
        GW_ASSERT_OK(d.store.ops->user_put(d.store.self, &user, &err), &err);
    }
    for (unsigned i = 0; i < TOKENS_MAX - 2; i++) {
        struct token token = {.role = TOKEN_VIEWER, .created = d.now, .expires = {d.now.ms + GW_DAY_MS}};
        (void)snprintf(token.name, sizeof(token.name), "t%u", i);
        memcpy(token.sha256.bytes, &i, sizeof(i));
        GW_ASSERT_OK(d.store.ops->token_put(d.store.self, &token, &err), &err);
    }
    for (unsigned i = 0; i < ENROL_PENDING_MAX; i++) {
        struct device_pending p = {.created = d.now, .expires = {d.now.ms + GW_DAY_MS}, .spki = {.len = 44}};
        (void)snprintf(p.device.text, sizeof(p.device.text), "new-%07u", i);
        (void)snprintf(p.source, sizeof(p.source), "192.0.2.%u", i);
        GW_ASSERT_OK(d.store.ops->pending_put(d.store.self, &p, &err), &err);
    }
    commit();
}

/* ---- turns ---- */

static enum gw_rc one(const char *what, struct inbox_msg *msg)
{
    struct took began = bench_now();
    enum gw_rc rc = desk_msg(&d, msg);
    note(what, began);
    return rc;
}

/* The turns that turns ask for. */
static void settle(const char *what)
{
    for (size_t i = 0; i < d.due_count; i++) {
        struct inbox_msg msg = {.kind = d.due[i][0] ? INBOX_DUE : INBOX_LOOK};
        (void)snprintf(msg.u.due, sizeof(msg.u.due), "%s", d.due[i]);
        GW_ASSERT_OK(one(what, &msg), NULL);
    }
    d.due_count = 0;
}

static void tick(const char *what, int64_t ms)
{
    struct inbox_msg msg = {.kind = INBOX_TICK};
    d.now.ms += ms;
    GW_ASSERT_OK(one(what, &msg), NULL);
    settle("a due rollout or attempt");
}

static struct inbox_act act_of(enum act_kind kind, const char *text, const char *device)
{
    struct inbox_act act = {.kind = kind, .number = 500, .if_rev = -1};
    act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    (void)snprintf(act.text, sizeof(act.text), "%s", text);
    (void)snprintf(act.source, sizeof(act.source), "local");
    if (device)
        act.device = desk_id(device);
    return act;
}

static void act(const char *what, struct inbox_act act, const void *blob, size_t len)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {.kind = ASKER_REST}, .u.act = act, .blob_len = len};
    if (len) {
        msg.blob = gw_xalloc(1, len);
        memcpy(msg.blob, blob, len);
    }
    GW_ASSERT_OK(one(what, &msg), NULL);
    const struct answer *answer = desk_answer(&d);
    if (answer && answer->kind == ANSWER_DONE && answer->rc)
        printf("# %s: %s\n", what, answer->text);
    settle("what follows an act");
}

static void bus(const char *what, struct bus_event event, const char *payload)
{
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = event, .blob_len = strlen(payload)};
    if (msg.blob_len)
        msg.blob = (uint8_t *)strdup(payload);
    GW_ASSERT_OK(one(what, &msg), NULL);
    settle("what follows a device's message");
}

static void says(const char *what, unsigned n, enum bus_topic topic, const char *payload)
{
    d.now.ms += GW_SECOND_MS;
    bus(what, (struct bus_event){.kind = BUS_MESSAGE, .device = pump(n), .topic = topic}, payload);
}

static void reports(unsigned n, const char *state)
{
    char text[512];
    struct rollout_entry r = running(n / DEVICES_EACH);
    char id[ATTEMPT_ID_LEN + 1];
    attempt_id_format(r.id, n % DEVICES_EACH, id);
    (void)snprintf(text, sizeof(text), "{\"job\":\"%s\",\"rev\":1,\"state\":\"%s\",\"boot\":\"boot-1\"}", id, state);
    says("up/job", n, BUS_TOPIC_JOB, text);
}

static void messages_of_devices(void)
{
    for (unsigned n = 0; n < 100; n++) {
        bus("a device connects",
            (struct bus_event){.kind = BUS_PRESENCE, .device = pump(n), .online = true, .source = "192.0.2.1"}, "");
        says("up/state, a version that is known", n, BUS_TOPIC_STATE,
             "{\"product\":\"pump\",\"hardware\":\"rev-c\",\"release\":\"3.9999\",\"boot\":\"boot-2\"}");
        says("up/state, a version that nobody knows", n, BUS_TOPIC_STATE,
             "{\"product\":\"pump\",\"hardware\":\"rev-c\",\"release\":\"9.9\",\"boot\":\"boot-2\"}");
        reports(n, "downloading");
        reports(n, "failed");
        bus("a device goes", (struct bus_event){.kind = BUS_PRESENCE, .device = pump(n)}, "");
        bus("the broker refuses something",
            (struct bus_event){.kind = BUS_SECURITY, .device = pump(n), .source = "192.0.2.1"}, "");
    }
}

static void reads(void)
{
    struct store_alerts alerts = {.states = 1u << ALERT_NEW | 1u << ALERT_RESOLVED, .min_sev = EVENT_SEV_INFO};
    act("status, and each overview", act_of(ACT_STATUS, "", NULL), NULL, 0);
    act("a list of 500 devices", act_of(ACT_DEVICE_LIST, "", NULL), NULL, 0);
    act("a list of 500 devices", act_of(ACT_DEVICE_LIST, "", "pump-0050000"), NULL, 0);
    act("one device", act_of(ACT_DEVICE_GET, "", "pump-0000007"), NULL, 0);
    act("attempts of a device", act_of(ACT_DEVICE_ATTEMPTS, "", "pump-0000007"), NULL, 0);
    act("all who wait for approval", act_of(ACT_PENDING_LIST, "", NULL), NULL, 0);
    act("a list of 500 releases", act_of(ACT_RELEASES_LIST, "", NULL), NULL, 0);
    act("a list of 500 releases", act_of(ACT_RELEASES_LIST, shop_id(SHOP_NEW + 256 * (RELEASES - 600)), NULL), NULL, 0);
    act("one release", act_of(ACT_RELEASES_GET, shop_id(SHOP_NEW), NULL), NULL, 0);
    act("a list of 100 rollouts", act_of(ACT_ROLLOUT_LIST, "", NULL), NULL, 0);
    act("one rollout", act_of(ACT_ROLLOUT_GET, running(3).id, NULL), NULL, 0);
    act("a list of 500 alerts", act_of(ACT_ALERT_LIST, "", NULL), &alerts, sizeof(alerts));
    alerts.min_sev = EVENT_SEV_FATAL; /* none */
    act("a list of alerts that there are none of", act_of(ACT_ALERT_LIST, "", NULL), &alerts, sizeof(alerts));
    act("all tokens", act_of(ACT_TOKEN_LIST, "", NULL), NULL, 0);
    act("all accounts", act_of(ACT_USER_LIST, "", NULL), NULL, 0);
    act("all keys of vendors", act_of(ACT_KEY_LIST, "", NULL), NULL, 0);
}

static void writes_to_devices(void)
{
    struct desk_request r = {.device = "fresh-1", .key = 9};
    for (int i = 0; i < 3; i++) {
        char id[24];
        (void)snprintf(id, sizeof(id), "pump-%07d", 500 + i);
        act("quarantine a device", act_of(ACT_QUARANTINE, "because", id), NULL, 0);
        act("release it again", act_of(ACT_RELEASE, "because", id), NULL, 0);
        act("revoke a device", act_of(ACT_REVOKE, "because", id), NULL, 0);
        act("retire a device", act_of(ACT_RETIRE, "because", id), NULL, 0);
    }
    struct inbox_act door = act_of(ACT_DOOR_OPEN, "", NULL);
    door.number = 1;
    act("open the door", door, NULL, 0);
    act("close the door", act_of(ACT_DOOR_CLOSE, "", NULL), NULL, 0);
    act("reject a device", act_of(ACT_REJECT, "because", "new-0000007"), NULL, 0);
    struct took began = bench_now();
    desk_invite(&d, r.device, r.secret);
    note("invite a device", began);
    began = bench_now();
    GW_ASSERT_OK(desk_csr(&d, &r), NULL);
    note("a device enrols", began);
    began = bench_now();
    GW_ASSERT_OK(desk_issued(&d, &r, 200), NULL);
    note("its certificate is there", began);
}

static void writes_of_people(void)
{
    struct inbox_act add = act_of(ACT_TOKEN_ADD, "viewer", NULL), role = act_of(ACT_USER_ROLE, "", NULL);
    add.number = 1;
    (void)snprintf(add.name, sizeof(add.name), "one-more");
    (void)snprintf(role.name, sizeof(role.name), "u7");
    role.number = USER_OPERATOR;
    act("make a token", add, NULL, 0);
    add.kind = ACT_TOKEN_REVOKE;
    act("revoke a token", add, NULL, 0);
    act("give an account another role", role, NULL, 0);
    act("acknowledge an alert", act_of(ACT_ALERT_ACK, "0000000000000007", NULL), NULL, 0);
    act("resolve an alert", act_of(ACT_ALERT_RESOLVE, "0000000000000008", NULL), NULL, 0);
}

/* Each of them a new cause, where the oldest resolved one makes room. */
static void alerts_of_the_feed(void)
{
    for (unsigned n = 0; n < 20; n++) {
        struct feed_batch *batch = gw_xalloc(1, sizeof(*batch));
        GW_ASSERT_OK(alerts_cursor(&d.store, &batch->from, &err), &err);
        batch->to = (struct journal_feed){.epoch = 1, .n = n + 1};
        batch->count = FEED_HITS_MAX;
        for (unsigned i = 0; i < FEED_HITS_MAX; i++) {
            struct feed_hit *hit = &batch->hits[i];
            hit->what.cause = (struct alert_cause){.cls = "cfg.change", .device = pump(n * FEED_HITS_MAX + i)};
            hit->what.sev = hit->alarm = EVENT_SEV_CRITICAL;
            hit->count = 1;
            hit->first = hit->last = d.now;
            hit->log.kind = LOG_DEVICE;
            hit->log.device = hit->what.cause.device;
            (void)snprintf(hit->msg, sizeof(hit->msg), "something was changed");
        }
        struct inbox_msg msg = {.kind = INBOX_FEED, .blob = (uint8_t *)batch, .blob_len = sizeof(*batch)};
        GW_ASSERT_OK(one("a batch of the alerts' feed", &msg), NULL);
        settle("what follows an alert");
    }
}

static void audit_leaves(void)
{
    begin();
    struct audit_event event = {
        .t = d.now, .sev = EVENT_SEV_INFO, .res = EVENT_OK, .cls = "auth.login", .subj = "user:ann", .obj = "gateway"};
    for (unsigned i = 0; i < OUTBOX; i++)
        GW_ASSERT_OK(d.store.ops->audit_put(d.store.self, &event, &err), &err);
    commit();
    struct took began = bench_now();
    begin();
    GW_ASSERT_OK(d.store.ops->audit_delete(d.store.self, event.n, &err), &err);
    commit();
    note("the journal has 20,000 audit events", began);
}

#define ACKNOWLEDGED 10000

/* One commit of the journal has batches of so many devices. */
static void devices_are_acknowledged(void)
{
    GW_FREE struct log_progress *progress = gw_xalloc(ACKNOWLEDGED, sizeof(*progress));
    for (unsigned i = 0; i < ACKNOWLEDGED; i++) {
        progress[i] = (struct log_progress){.device = pump(i), .epoch = 7, .next = 100 + i};
        memset(progress[i].note, 'n', 300);
    }
    struct took began = bench_now();
    ingest_acknowledge(&d.session, progress, ACKNOWLEDGED, 1000000, d.now);
    note("10,000 devices are acknowledged", began);
}

/* ---- what core does beside turns ---- */

static bool has_room(void *ctx)
{
    (void)ctx;
    return true;
}

static void take_row(void *ctx, const struct turn_row *row, const struct answer *answer)
{
    (void)ctx;
    (void)row;
    (void)answer;
}

static void take_sweep(void *ctx, enum live_topic topic, bool begins)
{
    (void)ctx;
    (void)topic;
    (void)begins;
}

static void figures_and_rows(void)
{
    static const struct live_outlets outlets = {NULL, has_room, take_row, take_sweep};
    struct live_feed feed;
    struct core_figures figures;
    core.store = &d.store;
    for (int i = 0; i < 3; i++) {
        struct took began = bench_now();
        core_figures_get(&core, &figures);
        note("the figures of a second", began);
    }
    live_feed_init(&feed, &outlets, &d.store, &d.operate);
    live_feed_all(&feed);
    struct took began = bench_now();
    live_feed_tick(&feed, d.now);
    note("the overview of a second", began);
    for (bool more = true; more;) {
        began = bench_now();
        more = live_feed_run(&feed, d.now);
        note("64 rows for those who watch", began);
    }
    live_feed_done(&feed);
}

/* ---- releases and rollouts ---- */

static void an_import(void)
{
    struct import_outcome *o = gw_xalloc(1, sizeof(*o));
    struct release *r = &o->release;
    o->actor = act_of(ACT_RELEASES_IMPORT, "", NULL).actor;
    o->has_release = true;
    (void)snprintf(r->product, sizeof(r->product), "pump");
    (void)snprintf(r->version, sizeof(r->version), "4.0");
    (void)snprintf(r->channel, sizeof(r->channel), "stable");
    r->release_counter = RELEASE_COUNTER_MAX;
    r->hardware_count = r->artifact_count = 1;
    (void)snprintf(r->hardware[0], sizeof(r->hardware[0]), "rev-c");
    (void)snprintf(r->artifacts[0].name, sizeof(r->artifacts[0].name), "a.img");
    (void)snprintf(r->artifacts[0].format, sizeof(r->artifacts[0].format), "raw");
    r->released_at.ms = INT64_C(1700000000000);
    r->expires_at.ms = INT64_C(1900000000000);
    (void)snprintf(o->id, sizeof(o->id), "00000000000000ff");
    struct inbox_msg msg = {
        .kind = INBOX_IMPORTED, .asker = {.kind = ASKER_REST}, .blob = (uint8_t *)o, .blob_len = sizeof(*o)};
    struct vendor_key key = {.name = "ann", .added = d.now, .spki = {.len = 44}};
    memset(key.keyid, 'a', VENDOR_KEYID_LEN);
    begin();
    GW_ASSERT_OK(d.store.ops->vendor_key_put(d.store.self, &key, &err), &err);
    commit();
    o->signer_count = 1;
    memcpy(o->signers[0], key.keyid, sizeof(key.keyid));
    d.operate.releases.threshold = 1;
    GW_ASSERT_OK(one("a release is imported", &msg), NULL);
    const struct answer *answer = desk_answer(&d);
    if (answer && answer->kind == ANSWER_DONE)
        printf("# import: %s\n", answer->text);
}

static void a_damaged_file(void)
{
    struct import_verify *v = gw_xalloc(1, sizeof(*v));
    v->asker.kind = ASKER_REST;
    v->actor = act_of(ACT_RELEASES_VERIFY, "", NULL).actor;
    (void)snprintf(v->id, sizeof(v->id), "%s", shop_id(SHOP_NEW));
    v->file_count = 1;
    (void)snprintf(v->files[0].name, sizeof(v->files[0].name), "pump-2.img");
    v->files[0].sha256 = desk_hash(SHOP_NEW);
    v->rc = GW_CORRUPT;
    struct inbox_msg msg = {.kind = INBOX_VERIFIED, .asker = v->asker, .blob = (uint8_t *)v, .blob_len = sizeof(*v)};
    GW_ASSERT_OK(one("a file of 10,000 releases is damaged", &msg), NULL);
    settle("its 2,000 rollouts are told");
}

static void a_rollout(const char *act_text, const char *id, enum rollout_event_kind event)
{
    struct rollout_entry entry;
    struct rollouts_change c = {.event = event, .id = id, .if_rev = -1, .reason = "because", .actor = "user:ann"};
    struct took began = bench_now();
    turn_reset(&d.turn, 0);
    d.turn.store = &d.store;
    d.turn.now = d.now;
    begin();
    GW_ASSERT_OK(rollouts_change(&d.operate.rollouts, &d.turn, &c, &entry, &err), &err);
    desk_end(&d, GW_OK);
    note(act_text, began);
}

/* To all that are free: 256 offers a step, each of which looks for what the device runs, and is sent. */
static void a_large_rollout(void)
{
    struct rollout_plan plan = shop_plan(20, 100000);
    shop_survey(&d, &plan);
    while (d.survey) {
        struct took began = bench_now();
        GW_ASSERT_OK(desk_surveyed(&d), NULL);
        note("store a draft's devices", began);
    }
    const struct answer *answer = desk_answer(&d);
    char id[ROLLOUT_ID_LEN + 1] = "";
    if (answer && answer->kind == ANSWER_ROLLOUTS)
        memcpy(id, answer->rollouts[0].entry.id, sizeof(id));
    settle("a slice of a draft");
    a_rollout("start a rollout, and its first 256 offers", id, ROLLOUT_EV_START);
    no_room = true;
    settle("256 offers, for which the broker has no room");
    no_room = false;
    for (bool more = true; more;) {
        struct took began = bench_now();
        more = rollouts_resend(&d.operate.rollouts, &d.store);
        note("128 jobs that had waited for room", began);
    }
    d.session.broker_up = true;
    bus("the broker goes", (struct bus_event){.kind = BUS_DOWN}, "");
    d.now.ms += GW_HOUR_MS;
    bus("the broker comes", (struct bus_event){.kind = BUS_UP}, "");
    bus("its list of who is connected begins", (struct bus_event){.kind = BUS_PRESENCE_SYNC}, "");
    tick("a second's tick", GW_SECOND_MS);
    a_rollout("abort a rollout", id, ROLLOUT_EV_ABORT);
    settle("a slice of an abort");
}

static int is_longer(const void *a, const void *b)
{
    const struct kind *x = a, *y = b;
    return (x->longest.cpu_ms < y->longest.cpu_ms) - (x->longest.cpu_ms > y->longest.cpu_ms);
}

static void print_all(void)
{
    qsort(kinds, kind_count, sizeof(kinds[0]), is_longer);
    printf("%-48s %7s %9s %9s\n", "of each kind of turn, the longest", "turns", "CPU, ms", "clock, ms");
    for (size_t i = 0; i < kind_count; i++)
        printf("%-48s %7zu %9.2f %9.2f\n", kinds[i].what, kinds[i].turns, kinds[i].longest.cpu_ms,
               kinds[i].longest.wall_ms);
}

static enum gw_rc take_audit(void *ctx, int64_t n, struct gw_view event)
{
    (void)ctx;
    (void)n;
    (void)event;
    return GW_OK;
}

/* Behind a stop in the midst of everything. */
static void starts(const char *path)
{
    int64_t fed = 0;
    struct took began = bench_now();
    GW_ASSERT_OK(repo_open(path, NULL, &repo, &err), &err);
    desk_open_over(&d, repo_store(repo));
    note("start: state.db, and what services read", began);
    began = bench_now();
    GW_ASSERT_OK(ingest_feed_audit(&d.store, &fed, take_audit, NULL, &err), &err);
    note("start: all that the journal was not given", began);
    printf("start: the last audit event is number %lld\n", (long long)fed);
    tick("start: the first tick", GW_SECOND_MS);
}

static void measures_each_kind_of_turn(void)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/kinds.db", dir);
    GW_ASSERT_OK(repo_open(path, NULL, &repo, &err), &err);
    shop_open_over(&d, repo_store(repo));
    d.session.bus = (struct device_bus){&bus_ops, NULL};
    put_devices();
    put_invited();
    put_releases();
    put_rollouts();
    put_alerts();
    put_people();
    printf("%u devices, %d more invited, %d releases, %d rollouts of %d devices, %d alerts, %d windows\n", devices,
           INVITED, RELEASES, ROLLOUTS, DEVICES_EACH, ALERTS_MAX, WINDOWS);
    figures_and_rows();
    for (int i = 0; i < 10; i++)
        tick("a second's tick", GW_SECOND_MS);
    tick("a tick when 100,000 windows are over", 2 * GW_MINUTE_MS);
    messages_of_devices();
    reads();
    writes_to_devices();
    writes_of_people();
    alerts_of_the_feed();
    audit_leaves();
    devices_are_acknowledged();
    an_import();
    a_large_rollout();
    struct took began = bench_now();
    GW_ASSERT_OK(session_send_all(&d.session, &d.store, d.now, &err), &err);
    note("the registry for the broker", began);
    a_damaged_file();
    tick("a second's tick", GW_SECOND_MS);
    desk_close(&d);
    repo_close(repo);
    starts(path);
    print_all();
    desk_close(&d);
    repo_close(repo);
}

static const struct gw_test_case cases[] = {
    {"measures each kind of turn", measures_each_kind_of_turn},
};

int main(int argc, char **argv)
{
    if (argc > 2)
        devices = (unsigned)strtoul(argv[2], NULL, 10);
    if (argc < 2 || devices < ROLLOUTS * DEVICES_EACH || devices > ROLLOUT_DEVICES_MAX) {
        (void)fprintf(stderr, "Usage: bench_kinds DIR [DEVICES]\n");
        return 2;
    }
    dir = argv[1];
    gw_log_init("bench", GW_LOG_ERROR);
    return GW_TEST_RUN("kinds of turns", cases);
}
