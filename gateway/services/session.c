#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrol.h"
#include "gw_cleanup.h"

#define PRESENCE_CAP_FIRST 256

void session_init(struct session *s, session_answer_fn *answer, void *answer_ctx, struct gw_wall now)
{
    *s = (struct session){.answer = answer, .answer_ctx = answer_ctx};
    device_config_init(&s->advice);
    (void)pthread_mutex_init(&s->lock, NULL);
    s->began = now;
    s->generation = (uint64_t)now.ms; /* above what an earlier run of ours told a broker that still lives */
    s->presence_cap = PRESENCE_CAP_FIRST;
    s->presence = gw_xalloc(s->presence_cap, sizeof(*s->presence));
    s->waiting = gw_xalloc(SESSION_WAITING_MAX, sizeof(*s->waiting));
}

void session_done(struct session *s)
{
    for (; s->waiting_count; s->waiting_count--) {
        answer_free(s->waiting[s->waiting_head].answer);
        s->waiting_head = (s->waiting_head + 1) % SESSION_WAITING_MAX;
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s->waiting);
    free(s->presence);
    s->waiting = NULL;
    s->presence = NULL;
}

/* FNV-1a: keys are names we gave ourselves, so nobody can aim at collisions. */
static size_t slot_of(const struct presence *table, size_t cap, const struct gw_device_id *id)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *c = id->text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    size_t at = (size_t)hash & (cap - 1);
    while (table[at].id.text[0] && !gw_device_id_eq(&table[at].id, id))
        at = (at + 1) & (cap - 1);
    return at;
}

static void grow(struct session *s)
{
    struct presence *before = s->presence, *grown = gw_xalloc(s->presence_cap * 2, sizeof(*grown));
    for (size_t i = 0; i < s->presence_cap; i++)
        if (before[i].id.text[0])
            grown[slot_of(grown, s->presence_cap * 2, &before[i].id)] = before[i];
    (void)pthread_mutex_lock(&s->lock);
    s->presence = grown;
    s->presence_cap *= 2;
    (void)pthread_mutex_unlock(&s->lock);
    free(before);
}

static struct presence *presence_at(struct session *s, const struct gw_device_id *id)
{
    if (s->presence_count * 2 >= s->presence_cap)
        grow(s);
    struct presence *p = &s->presence[slot_of(s->presence, s->presence_cap, id)];
    if (!p->id.text[0]) {
        (void)pthread_mutex_lock(&s->lock);
        p->id = *id;
        (void)pthread_mutex_unlock(&s->lock);
        s->presence_count++;
    }
    return p;
}

const struct presence *session_presence(const struct session *s, const struct gw_device_id *id)
{
    const struct presence *p = &s->presence[slot_of(s->presence, s->presence_cap, id)];
    return p->id.text[0] ? p : NULL;
}

void session_seen(struct session *s, const struct gw_device_id *id, struct session_seen *ret_seen)
{
    *ret_seen = (struct session_seen){.online = false};
    (void)pthread_mutex_lock(&s->lock);
    const struct presence *p = session_presence(s, id);
    if (p) {
        ret_seen->online = p->online;
        ret_seen->seen = p->seen;
        memcpy(ret_seen->source, p->source, sizeof(ret_seen->source));
    }
    (void)pthread_mutex_unlock(&s->lock);
}

bool session_may_tell_gap(struct session *s, const struct gw_device_id *id, struct gw_wall now)
{
    struct presence *p = presence_at(s, id);
    if (p->gap_told.ms + GW_SECOND_MS > now.ms && p->gap_told.ms <= now.ms)
        return false;
    p->gap_told = now;
    return true;
}

/* SESSION_JOBS_MAX in a second that begins with the first. */
static bool may_send(struct gw_wall *since, uint8_t *sent, struct gw_wall now)
{
    if (since->ms + GW_SECOND_MS <= now.ms || since->ms > now.ms) {
        *since = now;
        *sent = 0;
    }
    if (*sent == SESSION_JOBS_MAX)
        return false;
    (*sent)++;
    return true;
}

bool session_may_send_job(struct session *s, const struct gw_device_id *id, struct gw_wall now)
{
    struct presence *p = presence_at(s, id);
    return may_send(&p->jobs_since, &p->jobs_sent, now);
}

bool session_may_advise(struct session *s, const struct gw_device_id *id, struct gw_wall now)
{
    struct presence *p = presence_at(s, id);
    return may_send(&p->advised_since, &p->advised, now);
}

bool session_queue(struct session *s, const struct gw_device_id *id)
{
    struct presence *p = presence_at(s, id);
    if (p->queued == SESSION_QUEUED_MAX)
        return false;
    p->queued++;
    return true;
}

void session_unqueue(struct session *s, const struct gw_device_id *id)
{
    struct presence *p = presence_at(s, id);
    if (p->queued > 0)
        p->queued--;
}

/* Under the lock. */
static void set_online(struct session *s, struct presence *p, bool online, struct gw_wall now)
{
    if (p->online == online)
        return;
    p->online = online;
    p->seen = now;
    s->online_count = online ? s->online_count + 1 : s->online_count - 1;
}

static void all_offline(struct session *s, struct gw_wall now)
{
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->presence_cap; i++)
        if (s->presence[i].id.text[0])
            set_online(s, &s->presence[i], false, now);
    (void)pthread_mutex_unlock(&s->lock);
}

static void release_confirmed(struct session *s)
{
    while (s->waiting_count && s->waiting[s->waiting_head].generation <= s->confirmed) {
        struct answer *answer = s->waiting[s->waiting_head].answer;
        s->waiting_head = (s->waiting_head + 1) % SESSION_WAITING_MAX;
        s->waiting_count--;
        s->answer(s->answer_ctx, answer);
        answer_free(answer);
    }
}

static enum gw_rc note_presence(struct session *s, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    struct presence *p = presence_at(s, &event->device);
    (void)pthread_mutex_lock(&s->lock);
    set_online(s, p, event->online, turn->now);
    if (event->online)
        (void)snprintf(p->source, sizeof(p->source), "%s", event->source);
    (void)pthread_mutex_unlock(&s->lock);
    turn_live_device(turn, &event->device);
    if (!event->online)
        return GW_OK;
    p->cert_sha256 = event->cert_sha256;
    enum gw_rc rc = enrol_cert_used(turn, &event->device, &event->cert_sha256, err);
    return rc == GW_NOT_FOUND ? GW_OK : rc; /* the registry will cut it: nothing to note */
}

enum gw_rc session_event(struct session *s, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    switch (event->kind) {
    case BUS_UP:
        s->broker_up = true;
        s->up = turn->now;
        s->sent = turn->now;
        (void)turn_out(turn, OUT_REGISTRY_ALL);
        return GW_OK;
    case BUS_DOWN:
        s->broker_up = s->listed = false;
        s->confirmed = 0;
        all_offline(s, turn->now);
        turn_live_all(turn, LIVE_DEVICES);
        return GW_OK;
    case BUS_REGISTRY_AT:
        s->confirmed = event->generation;
        release_confirmed(s);
        return GW_OK;
    case BUS_REGISTRY_WANTED:
        (void)turn_out(turn, OUT_REGISTRY_ALL);
        return GW_OK;
    case BUS_PRESENCE:
        return note_presence(s, turn, event, err);
    case BUS_PRESENCE_SYNC:
        s->listed = true;
        all_offline(s, turn->now);
        turn_live_all(turn, LIVE_DEVICES);
        return GW_OK;
    case BUS_SECURITY:
        return watch_security(&s->watch, turn, event, err);
    case BUS_MESSAGE:
        return GW_OK; /* sorted out before: log, state and job messages have services of their own */
    }
    return GW_INVALID;
}

/* Collects entries, at most the two newest of each device. Certificates come ordered by (device, not_before). */
struct collect {
    struct bus_entry *entries;
    size_t count, cap;
    const struct store *store;
    struct gw_wall now;
};

static bool collect_entry(void *ctx, const struct store_admitted *cert)
{
    struct collect *c = ctx;
    if (cert->not_after.ms <= c->now.ms)
        return true;
    c->entries = gw_xgrow(c->entries, c->count, &c->cap, sizeof(*c->entries));
    struct bus_entry *e = c->entries;
    if (c->count >= 2 && gw_device_id_eq(&e[c->count - 1].id, &cert->device) &&
        gw_device_id_eq(&e[c->count - 2].id, &cert->device)) {
        e[c->count - 2] = e[c->count - 1];
        c->count--;
    }
    e[c->count++] = (struct bus_entry){.cert_sha256 = cert->sha256,
                                       .id = cert->device,
                                       .not_after = cert->not_after,
                                       .quarantined = cert->quarantined};
    return true;
}

static bool collect_cert(void *ctx, const struct device_cert *cert)
{
    const struct store_admitted admitted = {
        .device = cert->device, .sha256 = cert->sha256, .not_after = cert->not_after};
    return cert->revoked || collect_entry(ctx, &admitted);
}

/* Fills in the quarantine flag of every entry; drops entries of devices that are not admissible. */
static enum gw_rc mark_states(struct collect *c, struct gw_err *err)
{
    size_t kept = 0;
    struct device device = {0};
    for (size_t i = 0; i < c->count; i++) {
        if (!gw_device_id_eq(&device.id, &c->entries[i].id)) {
            enum gw_rc rc = c->store->ops->device_get(c->store->self, &c->entries[i].id, &device, err);
            if (rc)
                return rc;
        }
        if (!device_admissible(device.state))
            continue;
        c->entries[i].quarantined = device.state == DEVICE_QUARANTINED;
        c->entries[kept++] = c->entries[i];
    }
    c->count = kept;
    return GW_OK;
}

enum gw_rc session_send_all(struct session *s, const struct store *store, struct gw_wall now, struct gw_err *err)
{
    struct collect c = {.store = store, .now = now};
    s->sent = now;
    enum gw_rc rc = store->ops->cert_each_admissible(store->self, collect_entry, &c, err);
    if (!rc)
        rc = s->bus.ops->registry_all(s->bus.self, ++s->generation, c.entries, c.count, err);
    free(c.entries);
    return rc;
}

enum gw_rc session_send_device(struct session *s, const struct store *store, const struct gw_device_id *id,
                               struct gw_wall now, struct gw_err *err)
{
    if (!s->broker_up)
        return GW_OK; /* it gets the whole registry when it comes */
    struct collect c = {.store = store, .now = now};
    s->sent = now;
    enum gw_rc rc = store->ops->cert_each_of(store->self, id, collect_cert, &c, err);
    if (!rc)
        rc = mark_states(&c, err);
    if (!rc)
        rc = s->bus.ops->registry_device(s->bus.self, ++s->generation, id, c.entries, c.count, err);
    free(c.entries);
    if (rc)
        s->sent.ms = now.ms - SESSION_CONFIRM_MS; /* the next tick sends all, once, however many have failed */
    return rc;
}

bool session_registry_overdue(const struct session *s, struct gw_wall now)
{
    int64_t waited_ms = now.ms - s->sent.ms;
    return s->broker_up && s->confirmed != s->generation && (waited_ms >= SESSION_CONFIRM_MS || waited_ms < 0);
}

/* What an answer says when the broker's word did not come in time. */
static void make_late(struct answer *answer)
{
    if (answer->kind == ANSWER_ENROLLED) {
        answer->kind = ANSWER_RETRY;
        answer->retry_after_s = 5;
        return;
    }
    answer->kind = ANSWER_DONE;
    answer->rc = GW_TIMEOUT;
    (void)snprintf(answer->text, sizeof(answer->text),
                   "decided and stored, but the broker has not confirmed it yet: see `gatehouse status`");
}

void session_hold(struct session *s, struct answer *answer, struct gw_wall now)
{
    if (s->broker_up && s->confirmed >= s->generation) {
        s->answer(s->answer_ctx, answer);
        answer_free(answer);
        return;
    }
    if (s->waiting_count == SESSION_WAITING_MAX) {
        make_late(answer);
        s->answer(s->answer_ctx, answer);
        answer_free(answer);
        return;
    }
    size_t at = (s->waiting_head + s->waiting_count++) % SESSION_WAITING_MAX;
    s->waiting[at] = (struct session_waiting){s->generation, {now.ms + SESSION_CONFIRM_MS}, answer};
}

void session_tick(struct session *s, struct gw_wall now)
{
    while (s->waiting_count && s->waiting[s->waiting_head].deadline.ms <= now.ms) {
        struct answer *answer = s->waiting[s->waiting_head].answer;
        s->waiting_head = (s->waiting_head + 1) % SESSION_WAITING_MAX;
        s->waiting_count--;
        make_late(answer);
        s->answer(s->answer_ctx, answer);
        answer_free(answer);
    }
}
