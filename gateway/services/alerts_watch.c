/* What lasts and is seen by looking: devices that are away, certificates that end; and the clock of snoozes. */
#include <stdio.h>

#include "alerts.h"
#include "gw_num.h"

struct waking {
    struct alert alerts[ALERTS_WAKE_MAX];
    size_t count;
};

static bool gather_due(void *ctx, const struct alert *alert)
{
    struct waking *w = ctx;
    w->alerts[w->count++] = *alert;
    return w->count < ALERTS_WAKE_MAX;
}

static enum gw_rc end_snoozes(struct turn *turn, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct waking w = {.count = 0};
    enum gw_rc rc = store->ops->alert_each_due(store->self, turn->now, ALERTS_WAKE_MAX, gather_due, &w, err);
    for (size_t i = 0; !rc && i < w.count; i++) {
        struct alert *alert = &w.alerts[i];
        if (alert_step(alert->state, ALERT_ACT_WAKE, &alert->state))
            continue;
        alert->until.ms = 0;
        alert->changed = turn->now;
        rc = store->ops->alert_put(store->self, alert, err);
        if (!rc)
            turn_live(turn, LIVE_ALERTS, alert->id);
    }
    return rc;
}

struct sweep {
    struct gw_device_id ids[ALERTS_SWEEP];
    enum device_state states[ALERTS_SWEEP];
    size_t count;
};

static bool gather_device(void *ctx, const struct device *device)
{
    struct sweep *s = ctx;
    s->ids[s->count] = device->id;
    s->states[s->count++] = device->state;
    return s->count < ALERTS_SWEEP;
}

static struct alerts_event event_of(const char *cls, const struct gw_device_id *device, struct gw_wall now)
{
    struct alerts_event event = {.cause = {.device = *device}, .sev = EVENT_SEV_MEDIUM, .count = 1, .last = now};
    (void)snprintf(event.cause.cls, sizeof(event.cause.cls), "%s", cls);
    event.first = now;
    return event;
}

static bool newest_attempt(void *ctx, const struct attempt_entry *entry)
{
    *(bool *)ctx = attempt_state_begun(entry->attempt.state);
    return false;
}

/* An update is being installed: the rollout watches the device until it is back, or given up. */
static enum gw_rc is_updating(struct turn *turn, const struct gw_device_id *id, bool *ret_updating, struct gw_err *err)
{
    *ret_updating = false;
    return turn->store->ops->attempt_each_of(turn->store->self, id, 1, newest_attempt, ret_updating, err);
}

/* Away for too long, seen from here: nobody is away for longer than somebody could have seen them. */
static enum gw_rc look_at_presence(struct alerts *a, struct turn *turn, const struct session *session,
                                   const struct gw_device_id *id, bool expected, struct gw_err *err)
{
    const struct presence *p = session_presence(session, id);
    struct gw_wall since = p ? p->seen : session->began;
    if (session->up.ms > since.ms)
        since = session->up;
    bool away = a->offline_ms > 0 && expected && (!p || !p->online);
    bool early = away && turn->now.ms - since.ms < a->offline_ms;
    enum gw_rc rc = away && !early ? is_updating(turn, id, &early, err) : GW_OK;
    if (rc || early)
        return rc; /* neither: an alert from before a restart stays */
    char msg[ALERT_MSG_MAX];
    struct alerts_event event = event_of(ALERTS_OFFLINE, id, turn->now);
    int64_t minutes = a->offline_ms / GW_MINUTE_MS;
    (void)snprintf(msg, sizeof(msg), "not connected for more than %lld minute%s", (long long)minutes,
                   gw_plural((uint64_t)minutes));
    event.msg = msg;
    return alerts_hold(a, turn, &event, away, err);
}

static bool newest_cert(void *ctx, const struct device_cert *cert)
{
    struct gw_wall *end = ctx;
    if (!cert->revoked && cert->not_after.ms > end->ms)
        *end = cert->not_after;
    return true;
}

static enum gw_rc look_at_cert(struct alerts *a, struct turn *turn, const struct gw_device_id *id, bool expected,
                               struct gw_err *err)
{
    struct gw_wall end = {0};
    enum gw_rc rc = turn->store->ops->cert_each_of(turn->store->self, id, newest_cert, &end, err);
    if (rc)
        return rc;
    char msg[ALERT_MSG_MAX], date[GW_WALL_TEXT_MAX];
    struct alerts_event event = event_of(ALERTS_CERT, id, turn->now);
    int64_t left_ms = end.ms - turn->now.ms;
    if (gw_wall_format(end, date))
        date[0] = '\0';
    (void)snprintf(msg, sizeof(msg), "its certificate ends at %s and was not renewed", date);
    event.msg = msg;
    if (left_ms < ALERTS_CERT_LATE_MS)
        event.sev = EVENT_SEV_HIGH;
    return alerts_hold(a, turn, &event, expected && end.ms > 0 && left_ms < ALERTS_CERT_MS, err);
}

/* The next devices in order of id; from the start again behind the last. While the broker is away nobody is offline:
 * that trouble has its own event. */
static enum gw_rc sweep(struct alerts *a, struct turn *turn, const struct session *session, struct gw_err *err)
{
    struct sweep s = {.count = 0};
    const struct store *store = turn->store;
    enum gw_rc rc = store->ops->device_each(store->self, &a->swept, ALERTS_SWEEP, gather_device, &s, err);
    for (size_t i = 0; !rc && i < s.count; i++) {
        bool admitted = s.states[i] == DEVICE_ACTIVE || s.states[i] == DEVICE_QUARANTINED;
        if (session->broker_up)
            rc = look_at_presence(a, turn, session, &s.ids[i], admitted, err);
        if (!rc)
            rc = look_at_cert(a, turn, &s.ids[i], admitted, err);
    }
    if (!rc)
        a->swept = s.count == ALERTS_SWEEP ? s.ids[s.count - 1] : (struct gw_device_id){{0}};
    return rc;
}

static enum gw_rc watch_disk(struct alerts *a, struct turn *turn, const struct session *session, struct gw_err *err)
{
    static const struct gw_device_id own;
    struct alerts_event event = event_of(ALERTS_FULL, &own, turn->now);
    event.sev = EVENT_SEV_HIGH;
    event.msg = "the journal cannot be written: nothing is acknowledged until it can";
    return alerts_hold(a, turn, &event, session->watch.storage.journal_full, err);
}

enum gw_rc alerts_tick(struct alerts *a, struct turn *turn, const struct session *session, struct gw_err *err)
{
    const struct store *store = turn->store;
    enum gw_rc rc = end_snoozes(turn, err);
    if (!rc)
        rc = watch_disk(a, turn, session, err);
    if (!rc)
        rc = sweep(a, turn, session, err);
    if (rc || (turn->now.ms - a->tidied.ms < GW_MINUTE_MS && turn->now.ms >= a->tidied.ms))
        return rc;
    int dropped = 0;
    rc = store->ops->alert_window_delete_expired(store->self, turn->now, ALERTS_TIDY, &dropped, err);
    if (!rc && dropped < ALERTS_TIDY)
        a->tidied = turn->now;
    return rc;
}
