#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "artifacts.h"
#include "boot.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "gw_cleanup.h"
#include "invitation.h"
#include "recheck.h"

#define START_MS INT64_C(1800000000000)

static enum gw_rc bus_publish(void *self, const struct gw_device_id *device, const char *down, struct gw_view payload,
                              int qos, struct gw_err *err)
{
    (void)qos;
    struct desk *d = self;
    if (d->bus_fails || d->down_count == DESK_DOWNS_MAX)
        return gw_err_set(err, GW_AGAIN, "full");
    struct desk_down *at = &d->downs[d->down_count++];
    at->device = *device;
    (void)snprintf(at->down, sizeof(at->down), "%s", down);
    at->payload = gw_xalloc(payload.len + 1, 1);
    memcpy(at->payload, payload.ptr, payload.len);
    return GW_OK;
}

const char *desk_down(const struct desk *d, const char *device, const char *down)
{
    for (size_t i = d->down_count; i > 0; i--)
        if (strcmp(d->downs[i - 1].device.text, device) == 0 && strcmp(d->downs[i - 1].down, down) == 0)
            return d->downs[i - 1].payload;
    return NULL;
}

static enum gw_rc keep(struct desk *d, uint64_t generation, const struct bus_entry *entries, size_t count)
{
    if (d->bus_fails)
        return GW_AGAIN;
    d->generation = generation;
    d->entry_count = count;
    for (size_t i = 0; i < count && i < 64; i++)
        d->entries[i] = entries[i];
    return GW_OK;
}

static enum gw_rc bus_all(void *self, uint64_t generation, const struct bus_entry *entries, size_t count,
                          struct gw_err *err)
{
    (void)err;
    struct desk *d = self;
    d->sent_all++;
    return keep(d, generation, entries, count);
}

static enum gw_rc bus_device(void *self, uint64_t generation, const struct gw_device_id *device,
                             const struct bus_entry *entries, size_t count, struct gw_err *err)
{
    (void)device;
    (void)err;
    struct desk *d = self;
    d->sent_device++;
    return keep(d, generation, entries, count);
}

static void take_answer(void *ctx, struct answer *answer)
{
    struct desk *d = ctx;
    d->last = *answer;
    d->let_out++;
}

void desk_open(struct desk *d)
{
    struct mem *mem = mem_new();
    desk_open_over(d, mem_store(mem));
    d->mem = mem;
}

void desk_open_over(struct desk *d, struct store store)
{
    static const struct device_bus_ops bus = {bus_publish, bus_all, bus_device};
    *d = (struct desk){.now = {START_MS}, .store = store};
    crypto_init();
    d->downs = gw_xalloc(DESK_DOWNS_MAX, sizeof(*d->downs));
    d->due = gw_xalloc(DESK_DUE_MAX, sizeof(*d->due));
    session_init(&d->session, take_answer, d, d->now);
    d->session.bus = (struct device_bus){&bus, d};
    d->operate.session = &d->session;
    d->sessions = session_table_new();
    people_init(&d->operate.people, crypto_sha256(), d->sessions);
    d->tokens = token_table_new();
    d->operate.tokens = (struct tokens){crypto_sha256(), d->tokens};
    d->operate.facts = &d->facts;
    d->operate.enrol.hash = crypto_sha256();
    d->operate.enrol.devices_max = 1000;
    (void)snprintf(d->facts.devices_host, sizeof(d->facts.devices_host), "localhost");
    d->facts.port_devices = 8443;
    struct gw_sha256 key = desk_hash(1);
    CU_ASSERT_EQUAL_FATAL(access_init(&d->operate.access, crypto_sha256(), &key, &d->store, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(rollouts_init(&d->operate.rollouts, &d->session, &d->store, NULL), GW_OK);
}

void desk_close(struct desk *d)
{
    turn_reset(&d->turn, 0);
    rollout_survey_free(d->survey);
    session_done(&d->session);
    session_table_free(d->sessions);
    token_table_free(d->tokens);
    rollouts_done(&d->operate.rollouts);
    for (size_t i = 0; i < d->down_count; i++)
        free(d->downs[i].payload);
    free(d->downs);
    free(d->due);
    if (d->mem)
        mem_free(d->mem);
}

static enum gw_rc run(struct desk *d, struct inbox_msg *msg, struct gw_err *err)
{
    switch (msg->kind) {
    case INBOX_TICK: {
        enum gw_rc rc = enrol_tick(&d->operate.enrol, &d->turn, err);
        if (!rc)
            rc = denials_tick(&d->operate.denials, &d->turn, err);
        if (!rc)
            rc = tokens_tick(&d->operate.tokens, &d->turn, err);
        if (!rc)
            rc = watch_tick(&d->session.watch, &d->turn, &d->doors, err);
        if (!rc)
            rc = watch_storage(&d->session.watch, &d->turn, &d->storage, err);
        if (!rc)
            rc = watch_clock(&d->session.watch, &d->turn, d->now, (struct gw_mono){d->now.ms - d->clock_ahead_ms}, err);
        if (!rc)
            rc = alerts_tick(&d->operate.alerts, &d->turn, &d->session, err);
        if (!rc && d->operate.releases.imports.ops)
            rc = recheck_look(&d->operate.releases.imports, &d->turn, err);
        return rc ? rc : rollouts_look(&d->operate.rollouts, &d->turn, err);
    }
    case INBOX_ENROL:
        return enrol_request(&d->operate.enrol, &d->turn, msg, err);
    case INBOX_RENEW:
        return enrol_renew(&d->session.watch, &d->turn, msg, err);
    case INBOX_TRUST:
        return enrol_trust(&d->session.watch, &d->turn, msg, "key", err);
    case INBOX_ARTIFACT:
        return artifacts_request(&d->session.watch, &d->turn, msg, err);
    case INBOX_UNREAD:
        return artifacts_unread(&d->operate.rollouts.counts, &d->turn, msg, err);
    case INBOX_CSR_CHECKED:
        return enrol_csr_checked(&d->operate.enrol, &d->turn, msg, err);
    case INBOX_ISSUED:
        return enrol_issued(&d->operate.enrol, &d->turn, msg, err);
    case INBOX_HASHED:
        return operate_hashed(&d->operate, &d->turn, msg, err);
    case INBOX_CHECKED:
        return operate_checked(&d->operate, &d->turn, msg, err);
    case INBOX_KEY_READ:
        return operate_key_read(&d->operate, &d->turn, msg, err);
    case INBOX_IMPORTED:
        return operate_imported(&d->operate, &d->turn, msg, err);
    case INBOX_SURVEYED:
        return operate_surveyed(&d->operate, &d->turn, msg, err);
    case INBOX_VERIFIED:
        return operate_verified(&d->operate, &d->turn, msg, err);
    case INBOX_ACT:
        return operate_act(&d->operate, &d->turn, msg, err);
    case INBOX_BUS: {
        struct bus_event event = msg->u.bus;
        event.payload = gw_view_make(msg->blob, msg->blob_len);
        enum gw_rc rc = session_event(&d->session, &d->turn, &event, err);
        return rc ? rc : rollouts_bus(&d->operate.rollouts, &d->turn, &event, err);
    }
    case INBOX_FEED:
        return alerts_feed(&d->operate.alerts, &d->turn, msg, err);
    case INBOX_DUE:
        return rollouts_due(&d->operate.rollouts, &d->turn, msg->u.due, err);
    case INBOX_LOOK:
        return rollouts_look(&d->operate.rollouts, &d->turn, err);
    case INBOX_PROGRESS:
    case INBOX_CHILD:
    case INBOX_LIVE:
        break;
    case INBOX_START:
        return boot_start(&d->turn, err);
    case INBOX_STOP:
        return boot_stop(&d->turn, err);
    }
    return GW_INVALID;
}

static enum gw_rc between_pages(void *ctx, struct gw_err *err)
{
    struct desk *d = ctx;
    enum gw_rc rc = d->between ? d->between(d) : GW_OK;
    return rc ? gw_err_set(err, rc, "ended between two pages") : GW_OK;
}

static void look_for(struct desk *d, struct turn_out *out)
{
    const struct rows_source source = {.store = d->store, .session = &d->session, .match = d->match};
    CU_ASSERT_PTR_NULL_FATAL(d->survey);
    d->survey = GW_TAKE(out->survey);
    rollouts_survey(&source, d->survey, &(struct rollouts_pause){between_pages, d});
}

static void let_out(struct desk *d, struct turn_out *out)
{
    if (out->kind == OUT_SURVEY)
        look_for(d, out);
    if (out->kind == OUT_SESSION)
        session_table_apply(d->sessions, out->session);
    if (out->kind == OUT_TOKEN)
        token_table_apply(d->tokens, out->token);
    if (out->kind == OUT_JOB)
        rollouts_send_job(&d->operate.rollouts, &d->store, &out->device, d->now);
    if (out->kind == OUT_CONFIG)
        advice_send(&d->session, &d->store, &out->device, d->now);
    if (out->kind == OUT_JOBACK)
        rollouts_send_back(&d->operate.rollouts, &out->device, out->id, out->rev, out->word);
    if ((out->kind == OUT_DUE || out->kind == OUT_LOOK) && d->due_count < DESK_DUE_MAX)
        (void)snprintf(d->due[d->due_count++], sizeof(d->due[0]), "%s", out->kind == OUT_DUE ? out->id : "");
}

void desk_end(struct desk *d, enum gw_rc rc)
{
    if (rc) {
        d->store.ops->rollback(d->store.self);
        return;
    }
    CU_ASSERT_EQUAL_FATAL(d->store.ops->commit(d->store.self, NULL), GW_OK);
    for (size_t i = 0; i < d->turn.count && !d->dies; i++)
        let_out(d, &d->turn.outs[i]);
}

enum gw_rc desk_msg(struct desk *d, struct inbox_msg *msg)
{
    struct gw_err err = {0};
    struct rollouts_memory before = d->operate.rollouts.memory;
    turn_reset(&d->turn, 0);
    d->turn.store = &d->store;
    d->turn.now = d->now;
    msg->now = d->now;
    CU_ASSERT_EQUAL_FATAL(d->store.ops->begin(d->store.self, NULL), GW_OK);
    enum gw_rc rc = run(d, msg, &err);
    if (rc) {
        gw_test_note(rc, &err, "turn");
        d->operate.rollouts.memory = before;
        if (msg->kind == INBOX_DUE)
            rollouts_park(&d->operate.rollouts, msg->u.due, d->now);
    }
    desk_end(d, rc);
    free(msg->blob);
    msg->blob = NULL;
    while (!rc && d->survey && !d->holds && msg->kind != INBOX_SURVEYED)
        rc = desk_surveyed(d);
    return rc;
}

enum gw_rc desk_surveyed(struct desk *d)
{
    struct inbox_msg msg = {.kind = INBOX_SURVEYED, .asker = d->survey->asker, .u.survey = d->survey};
    enum gw_rc rc = desk_msg(d, &msg);
    if (!rc && d->survey->more)
        return rc;
    rollout_survey_free(GW_TAKE(d->survey));
    d->holds = false;
    rollouts_survey_ended(&d->operate.rollouts);
    return rc;
}

void desk_settle(struct desk *d)
{
    for (size_t i = 0; i < d->due_count; i++) {
        struct inbox_msg msg = {.kind = d->due[i][0] ? INBOX_DUE : INBOX_LOOK};
        (void)snprintf(msg.u.due, sizeof(msg.u.due), "%s", d->due[i]);
        (void)desk_msg(d, &msg);
    }
    d->due_count = 0;
}

enum gw_rc desk_bus(struct desk *d, const struct bus_event *event)
{
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = *event, .blob_len = event->payload.len};
    if (event->payload.len) {
        msg.blob = gw_xalloc(event->payload.len, 1);
        memcpy(msg.blob, event->payload.ptr, event->payload.len);
    }
    enum gw_rc rc = desk_msg(d, &msg);
    desk_settle(d);
    return rc;
}

enum gw_rc desk_act(struct desk *d, enum act_kind kind, const char *device, const char *text)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {.kind = ASKER_REST}};
    struct inbox_act *act = &msg.u.act;
    *act = (struct inbox_act){.kind = kind, .if_rev = -1};
    act->actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    if (device)
        act->device = desk_id(device);
    if (text)
        (void)snprintf(act->text, sizeof(act->text), "%s", text);
    (void)snprintf(act->source, sizeof(act->source), "local");
    return desk_msg(d, &msg);
}

const struct turn_out *desk_out(const struct desk *d, enum turn_out_kind kind)
{
    for (size_t i = 0; i < d->turn.count; i++)
        if (d->turn.outs[i].kind == kind)
            return &d->turn.outs[i];
    return NULL;
}

const struct answer *desk_answer(const struct desk *d)
{
    const struct turn_out *out = desk_out(d, OUT_ANSWER);
    return out ? out->answer : NULL;
}

struct counting {
    const char *cls;
    size_t count;
};

static bool count_audit(void *ctx, const struct audit_event *event)
{
    struct counting *c = ctx;
    c->count += strcmp(event->cls, c->cls) == 0;
    return true;
}

size_t desk_audits(struct desk *d, const char *cls)
{
    struct counting c = {cls, 0};
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 10000, count_audit, &c, NULL), GW_OK);
    return c.count;
}

struct finding {
    const char *cls, *subj;
    bool found;
};

static bool find_audit(void *ctx, const struct audit_event *event)
{
    struct finding *f = ctx;
    f->found = f->found || (strcmp(event->cls, f->cls) == 0 && strcmp(event->subj, f->subj) == 0);
    return !f->found;
}

bool desk_audited(struct desk *d, const char *cls, const char *subj)
{
    struct finding f = {cls, subj, false};
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 10000, find_audit, &f, NULL), GW_OK);
    return f.found;
}

static bool event_says(void *ctx, const struct audit_event *event)
{
    const char **wanted = ctx; /* object, words; NULL once found */
    if (wanted[0] && strcmp(event->obj, wanted[0]) == 0 && strstr(event->msg, wanted[1]))
        wanted[0] = NULL;
    return true;
}

bool desk_says(struct desk *d, const char *obj, const char *words)
{
    const char *wanted[] = {obj, words};
    CU_ASSERT_EQUAL(d->store.ops->audit_each(d->store.self, 0, 1000, event_says, wanted, NULL), GW_OK);
    return !wanted[0];
}

struct gw_device_id desk_id(const char *text)
{
    struct gw_device_id id;
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str(text), &id), GW_OK);
    return id;
}

struct gw_sha256 desk_hash(uint8_t byte)
{
    struct gw_sha256 hash;
    memset(hash.bytes, byte, sizeof(hash.bytes));
    return hash;
}

static struct inbox_enrol context_of(const struct desk_request *r)
{
    struct inbox_enrol e = {.has_secret = r->device != NULL, .secret_readable = true};
    if (r->device)
        e.id = desk_id(r->device);
    memcpy(e.secret, r->secret, sizeof(e.secret));
    (void)snprintf(e.source, sizeof(e.source), "%s", r->source ? r->source : "192.0.2.1");
    return e;
}

enum gw_rc desk_enrol(struct desk *d, const struct desk_request *r)
{
    struct inbox_msg msg = {.kind = INBOX_ENROL, .u.enrol = context_of(r)};
    msg.blob = gw_xalloc(4, 1);
    msg.blob_len = 4;
    return desk_msg(d, &msg);
}

enum gw_rc desk_csr(struct desk *d, const struct desk_request *r)
{
    struct inbox_msg msg = {.kind = INBOX_CSR_CHECKED};
    struct inbox_csr *csr = &msg.u.csr;
    *csr = (struct inbox_csr){.context = context_of(r), .spki_sha256 = desk_hash(r->key)};
    csr->spki = (struct device_spki){.der = {r->key}, .len = 44};
    (void)snprintf(csr->cn, sizeof(csr->cn), "%s", r->cn ? r->cn : r->device ? r->device : "");
    return desk_msg(d, &msg);
}

enum gw_rc desk_issued(struct desk *d, const struct desk_request *r, uint8_t serial)
{
    struct inbox_msg msg = {.kind = INBOX_ISSUED};
    struct inbox_issued *issued = &msg.u.issued;
    *issued = (struct inbox_issued){.context = context_of(r), .spki_sha256 = desk_hash(r->key)};
    if (!r->device)
        issued->context.id = desk_id(r->cn);
    struct device_cert *cert = &issued->cert;
    cert->device = issued->context.id;
    cert->sha256 = desk_hash(serial);
    cert->spki_sha256 = issued->spki_sha256;
    cert->serial[0] = serial;
    cert->not_before = d->now;
    cert->not_after.ms = d->now.ms + 365 * GW_DAY_MS;
    cert->der_len = 1;
    return desk_msg(d, &msg);
}

void desk_invite(struct desk *d, const char *device, uint8_t secret[INBOX_SECRET_LEN])
{
    CU_ASSERT_EQUAL_FATAL(desk_act(d, ACT_INVITE, device, NULL), GW_OK);
    const struct answer *answer = desk_answer(d);
    CU_ASSERT_FATAL(answer != NULL && answer->kind == ANSWER_INVITATION);
    struct invitation invitation;
    CU_ASSERT_EQUAL_FATAL(invitation_parse(gw_view_str(answer->text), &invitation, NULL), GW_OK);
    memcpy(secret, invitation.secret, INBOX_SECRET_LEN);
}

void desk_active(struct desk *d, const char *device, uint8_t key, uint8_t serial)
{
    struct desk_request r = {.device = device, .key = key};
    desk_invite(d, device, r.secret);
    CU_ASSERT_EQUAL_FATAL(desk_csr(d, &r), GW_OK);
    CU_ASSERT_FATAL(desk_out(d, OUT_WORK) != NULL);
    CU_ASSERT_EQUAL_FATAL(desk_issued(d, &r, serial), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_answer(d)->kind, ANSWER_ENROLLED);
}
