#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "registry.h"

static bool minute_over(struct gw_wall since, struct gw_wall now)
{
    return since.ms == 0 || now.ms - since.ms >= WATCH_TELL_MS || now.ms < since.ms; /* a clock that was set back */
}

static bool is_reason(const struct bus_event *event, enum registry_reason reason)
{
    return strcmp(event->reason, registry_reason_text(reason)) == 0;
}

/* What an event about a kind says. */
struct words {
    enum audit_what what;
    const char *subj, *obj, *text;
};

static enum gw_rc tell_kind_of(struct turn *turn, struct watch_kind *kind, const struct words *words,
                               struct gw_err *err)
{
    if (kind->total == kind->told || !minute_over(kind->told_at, turn->now))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg), "%" PRIu64 " %s", kind->total - kind->told, words->text);
    kind->told = kind->total;
    kind->told_at = turn->now;
    return audit_note(turn, words->what, words->subj, words->obj, msg, err);
}

static enum gw_rc tell_kind(struct turn *turn, struct watch_kind *kind, enum audit_what what, const char *subj,
                            const char *text, struct gw_err *err)
{
    return tell_kind_of(turn, kind, &(struct words){what, subj, "listeners", text}, err);
}

static enum gw_rc tell_refusal(struct turn *turn, struct watch_refusal *r, struct gw_err *err)
{
    char msg[AUDIT_MSG_MAX];
    if (r->since == 1)
        (void)snprintf(msg, sizeof(msg), "%s", r->reason);
    else
        (void)snprintf(msg, sizeof(msg), "%s, %" PRIu64 " times", r->reason, r->since);
    bool impostor = strcmp(r->reason, registry_reason_text(REGISTRY_LOCAL_IMPOSTOR)) == 0;
    r->since = 0;
    r->told_at = turn->now;
    return audit_note(turn, impostor ? AUDIT_IMPOSTOR : AUDIT_BROKER_REFUSED, r->source[0] ? r->source : "network",
                      r->device.text[0] ? r->device.text : "broker", msg, err);
}

/* The slot of this refusal, a free one, or one that has been quiet for a minute; NULL when all are at work. */
static struct watch_refusal *slot_of(struct watch *w, const struct bus_event *event, struct gw_wall now)
{
    struct watch_refusal *quiet = NULL;
    for (size_t i = 0; i < w->refusal_count; i++) {
        struct watch_refusal *r = &w->refusals[i];
        if (gw_device_id_eq(&r->device, &event->device) && strcmp(r->reason, event->reason) == 0)
            return r;
        if (r->since == 0 && minute_over(r->told_at, now))
            quiet = r;
    }
    if (!quiet && w->refusal_count < WATCH_REFUSALS)
        quiet = &w->refusals[w->refusal_count++];
    if (!quiet)
        return NULL;
    *quiet = (struct watch_refusal){.device = event->device};
    memcpy(quiet->reason, event->reason, sizeof(quiet->reason));
    return quiet;
}

/* The first of a kind is told at once, what follows within a minute with the tick behind it. */
static enum gw_rc take_refusal(struct watch *w, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    uint64_t times = event->times ? event->times : 1;
    struct watch_refusal *r = slot_of(w, event, turn->now);
    if (!r) {
        w->others.total += times;
        return GW_OK;
    }
    r->since += times;
    memcpy(r->source, event->source, sizeof(r->source));
    return minute_over(r->told_at, turn->now) ? tell_refusal(turn, r, err) : GW_OK;
}

enum gw_rc watch_security(struct watch *w, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    uint64_t times = event->times ? event->times : 1;
    if (is_reason(event, REGISTRY_UNAUTHENTICATED)) {
        w->unauthenticated.total += times;
        memcpy(w->unauthenticated_source, event->source, sizeof(w->unauthenticated_source));
        return GW_OK;
    }
    w->broker += times;
    return take_refusal(w, turn, event, err);
}

enum gw_rc watch_certificate(struct watch *w, struct turn *turn, const struct gw_device_id *device, const char *source,
                             struct gw_err *err)
{
    struct bus_event event = {.kind = BUS_SECURITY, .device = *device};
    (void)snprintf(event.reason, sizeof(event.reason), "a certificate that is not in force, at HTTPS");
    (void)snprintf(event.source, sizeof(event.source), "%s", source);
    w->not_in_force++;
    return take_refusal(w, turn, &event, err);
}

void watch_artifact(struct watch *w, const struct gw_device_id *device, const char *source)
{
    w->artifacts.total++;
    w->artifacts_by = *device;
    (void)snprintf(w->artifacts_source, sizeof(w->artifacts_source), "%s", source);
}

static enum gw_rc tell_artifacts(struct watch *w, struct turn *turn, struct gw_err *err)
{
    char by[AUDIT_NAME_MAX], text[AUDIT_MSG_MAX];
    (void)snprintf(by, sizeof(by), "device:%s", w->artifacts_by.text);
    (void)snprintf(text, sizeof(text), "requests for artifacts that are not the asker's; the last came from %s",
                   w->artifacts_source);
    return tell_kind_of(turn, &w->artifacts, &(struct words){AUDIT_ARTIFACT_REFUSED, by, "artifacts", text}, err);
}

enum gw_rc watch_tick(struct watch *w, struct turn *turn, const struct answer_refused *doors, struct gw_err *err)
{
    w->tls.total = doors->tls;
    w->certificate.total = doors->certificate;
    w->half_open.total = doors->half_open;
    w->ceiling.total = doors->ceiling;
    w->batches.total = doors->batches;
    char batches_by[AUDIT_NAME_MAX];
    (void)snprintf(batches_by, sizeof(batches_by), "device:%s", doors->batches_by.text);
    enum gw_rc rc = tell_kind(turn, &w->tls, AUDIT_NET_REFUSED, "network", "TLS handshakes failed at HTTPS", err);
    if (!rc)
        rc = tell_kind(turn, &w->certificate, AUDIT_BROKER_REFUSED, "network",
                       "connections to the devices' HTTPS listener showed a foreign or expired certificate", err);
    if (!rc)
        rc = tell_kind(turn, &w->half_open, AUDIT_NET_REFUSED, "network",
                       "connections to HTTPS or the admin socket were closed before they sent a whole request", err);
    if (!rc)
        rc = tell_kind(turn, &w->ceiling, AUDIT_NET_REFUSED, "network",
                       "connections to HTTPS or the admin socket were closed at a ceiling", err);
    if (!rc)
        rc = tell_kind(turn, &w->batches, AUDIT_PROTO_ERROR, batches_by,
                       "messages on up/log were no log batch; the last came from this device, the daemon's log says "
                       "what was wrong with it",
                       err);
    if (!rc)
        rc = tell_kind(turn, &w->unauthenticated, AUDIT_NET_REFUSED, w->unauthenticated_source,
                       "connections to MQTT ended without a session: no or a foreign certificate, or half open", err);
    if (!rc)
        rc = tell_kind(turn, &w->others, AUDIT_BROKER_REFUSED, "network", "further refusals of devices", err);
    if (!rc)
        rc = tell_artifacts(w, turn, err);
    for (size_t i = 0; !rc && i < w->refusal_count; i++)
        if (w->refusals[i].since && minute_over(w->refusals[i].told_at, turn->now))
            rc = tell_refusal(turn, &w->refusals[i], err);
    return rc;
}

void watch_totals(const struct watch *w, struct answer_refused *ret_totals)
{
    *ret_totals = (struct answer_refused){.tls = w->tls.total,
                                          .certificate = w->certificate.total + w->not_in_force,
                                          .half_open = w->half_open.total,
                                          .ceiling = w->ceiling.total,
                                          .batches = w->batches.total,
                                          .artifacts = w->artifacts.total,
                                          .unauthenticated = w->unauthenticated.total,
                                          .broker = w->broker};
}

/* True when this is to be told now: it has been wrong for `wait_ms`, is not told yet, and the last time was a minute
 * ago. */
static bool trouble_is_due(struct watch_trouble *t, bool wrong, int64_t wait_ms, struct gw_wall now)
{
    if (!wrong) {
        t->told = false;
        t->since.ms = 0;
        return false;
    }
    if (t->since.ms == 0 || now.ms < t->since.ms)
        t->since = now;
    if (t->told || now.ms - t->since.ms < wait_ms || !minute_over(t->told_at, now))
        return false;
    t->told = true;
    t->told_at = now;
    return true;
}

static enum gw_rc tell_held(struct turn *turn, struct watch_trouble *t, uint64_t bytes, uint64_t max_bytes,
                            const char *file, struct gw_err *err)
{
    if (!trouble_is_due(t, bytes > max_bytes, WATCH_HELD_MS, turn->now))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg),
                   "%s has %" PRIu64 " MiB and may have %" PRIu64
                   ": another program has the database open and reads without an end; end that program",
                   file, bytes >> 20, max_bytes >> 20);
    return audit_note(turn, AUDIT_STORE_HELD, "gateway", file, msg, err);
}

enum gw_rc watch_storage(struct watch *w, struct turn *turn, const struct answer_storage *storage, struct gw_err *err)
{
    static const struct words dropped = {
        AUDIT_LOGS_DROPPED, "devices", "journal.db",
        "messages of devices found the journal's queue or disk full; batches are sent again"};
    static const struct words altered = {
        AUDIT_LOG_ALTERED, "gateway", "journal.db",
        "checkpoints were refused by gatehouse-keyd: it has signed more, or something else, of a log than the journal "
        "holds; the daemon's log names it"};
    static const struct words lost_turns = {
        AUDIT_STORE_FULL, "gateway", "state.db",
        "transactions of state.db could not be stored: acts were refused and nothing left; see that its disk has room, "
        "the daemon's log says more"};
    const struct words damaged = {
        AUDIT_LOG_DAMAGED, "gateway", storage->damaged_by.text[0] ? storage->damaged_by.text : "journal.db",
        "stored logs are damaged and take nothing more, the last that of this device: what it "
        "sends is not acknowledged; the daemon's log says more"};
    enum gw_rc rc = GW_OK;
    w->storage = *storage;
    w->damaged.total = storage->damaged;
    w->lost_turns.total = storage->state_failed_commits;
    w->dropped.total = storage->dropped;
    w->altered.total = storage->checkpoints_denied;
    /* also when it has passed before it could be told: a full disk is state.db's too */
    if (w->full.told)
        w->failed_told = storage->failed_commits;
    bool unheard = storage->failed_commits != w->failed_told;
    if (trouble_is_due(&w->full, storage->journal_full || unheard, 0, turn->now)) {
        w->failed_told = storage->failed_commits;
        rc = audit_note(turn, AUDIT_STORE_FULL, "gateway", "journal.db",
                        "the journal cannot be written: nothing is acknowledged until it can; see that its disk has "
                        "room, the daemon's log says more",
                        err);
    }
    if (!rc)
        rc = tell_held(turn, &w->state_held, storage->state_wal_bytes, storage->state_wal_max_bytes, "state.db-wal",
                       err);
    if (!rc)
        rc = tell_held(turn, &w->journal_held, storage->journal_wal_bytes, storage->journal_wal_max_bytes,
                       "journal.db-wal", err);
    if (!rc)
        rc = tell_kind_of(turn, &w->dropped, &dropped, err);
    if (!rc)
        rc = tell_kind_of(turn, &w->altered, &altered, err);
    if (!rc)
        rc = tell_kind_of(turn, &w->damaged, &damaged, err);
    if (!rc)
        rc = tell_kind_of(turn, &w->lost_turns, &lost_turns, err);
    return rc;
}

enum gw_rc watch_clock(struct watch *w, struct turn *turn, struct gw_wall wall, struct gw_mono mono, struct gw_err *err)
{
    struct watch_clock *c = &w->clock;
    int64_t ahead_ms = wall.ms - mono.ms, step_ms = ahead_ms - c->ahead_ms;
    if (c->known && (step_ms >= WATCH_STEP_MS || step_ms <= -WATCH_STEP_MS)) {
        c->step_ms += step_ms;
        c->steps++;
    }
    c->known = true;
    c->ahead_ms = ahead_ms;
    if (c->steps == 0 || (c->told && mono.ms - c->told_at.ms < WATCH_TELL_MS))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg),
                   "the clock of this machine was set %s by %" PRId64 " s, in steps: %" PRIu32
                   "; times in logs and ends of certificates are measured by it",
                   c->step_ms < 0 ? "back" : "ahead", (c->step_ms < 0 ? -c->step_ms : c->step_ms) / GW_SECOND_MS,
                   c->steps);
    c->steps = 0;
    c->step_ms = 0;
    c->told = true;
    c->told_at = mono;
    return audit_note(turn, AUDIT_TIME_STEP, "gateway", "clock", msg, err);
}

static void untold_kind(struct watch_kind *kind, const struct watch_kind *before)
{
    kind->told = before->told;
    kind->told_at = before->told_at;
}

void watch_untold(struct watch *w, const struct watch *before)
{
    untold_kind(&w->tls, &before->tls);
    untold_kind(&w->certificate, &before->certificate);
    untold_kind(&w->half_open, &before->half_open);
    untold_kind(&w->ceiling, &before->ceiling);
    untold_kind(&w->batches, &before->batches);
    untold_kind(&w->artifacts, &before->artifacts);
    untold_kind(&w->unauthenticated, &before->unauthenticated);
    untold_kind(&w->others, &before->others);
    untold_kind(&w->dropped, &before->dropped);
    untold_kind(&w->altered, &before->altered);
    untold_kind(&w->damaged, &before->damaged);
    untold_kind(&w->lost_turns, &before->lost_turns);
    w->clock = before->clock; /* the step is seen again by the next tick */
    w->full = before->full;
    w->failed_told = before->failed_told;
    w->state_held = before->state_held;
    w->journal_held = before->journal_held;
}
