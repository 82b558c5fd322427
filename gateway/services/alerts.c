#include "alerts.h"

#include <stdio.h>
#include <string.h>

#include "gw_id.h"
#include "gw_utf8.h"

static void note_event(struct alert *alert, const struct alerts_event *event, struct gw_wall now)
{
    alert->count = event->count < (uint64_t)INT64_MAX - alert->count ? alert->count + event->count : INT64_MAX;
    if (event->last.ms > alert->last.ms)
        alert->last = event->last;
    alert->changed = now;
    (void)gw_utf8_clean(gw_view_str(event->msg), alert->msg, sizeof(alert->msg));
    alert->has_evidence = event->log != NULL;
    alert->log = event->log ? *event->log : (struct log_id){.kind = (enum log_kind)0};
    alert->seq = event->log ? event->seq : 0;
}

/* A severity above what was acknowledged or snoozed makes it new again. */
static void worsen(struct alert *alert, enum event_sev sev)
{
    if (sev <= alert->sev)
        return;
    alert->sev = sev;
    if (alert_step(alert->state, ALERT_ACT_WORSE, &alert->state) == GW_OK)
        alert->until.ms = 0;
}

static enum gw_rc put(struct turn *turn, struct alert *alert, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->alert_put(turn->store->self, alert, err);
    if (!rc)
        turn_live(turn, LIVE_ALERTS, alert->id);
    return rc;
}

/* *ret_room: a new alert may be kept. */
static enum gw_rc make_room(struct turn *turn, bool *ret_room, struct gw_err *err)
{
    const struct store *store = turn->store;
    int64_t count = 0;
    enum gw_rc rc = store->ops->alert_count(store->self, &count, err);
    if (!rc && count >= ALERTS_MAX) {
        rc = store->ops->alert_drop_resolved(store->self, ALERTS_DROP, err);
        turn_live_all(turn, LIVE_ALERTS);
        if (!rc)
            rc = store->ops->alert_count(store->self, &count, err);
    }
    *ret_room = count < ALERTS_MAX;
    return rc;
}

static enum gw_rc open_new(struct turn *turn, const struct alerts_event *event, struct gw_err *err)
{
    struct alert alert = {
        .cause = event->cause, .sev = event->sev, .state = ALERT_NEW, .first = event->first, .last = event->last};
    uint8_t bytes[ALERT_ID_LEN / 2];
    gw_random(bytes, sizeof(bytes));
    gw_hex_format(bytes, sizeof(bytes), alert.id);
    note_event(&alert, event, turn->now);
    return put(turn, &alert, err);
}

/* The cause has no open alert. One of a device that there is no room for is told by one of the gateway's own. */
static enum gw_rc raise_new(struct alerts *a, struct turn *turn, const struct alerts_event *event, struct gw_err *err)
{
    bool room = false;
    enum gw_rc rc = make_room(turn, &room, err);
    if (rc)
        return rc;
    if (room || event->cause.device.text[0] == '\0')
        return open_new(turn, event, err);
    a->lost++;
    const struct alerts_event full = {
        .cause = {.cls = ALERTS_CEILING},
        .sev = EVENT_SEV_HIGH,
        .count = 1,
        .first = event->first,
        .last = event->last,
        .msg = "there are as many open alerts as can be kept: resolve some; new causes of devices are not shown",
    };
    return alerts_raise(a, turn, &full, err); /* once deep: it is no device's */
}

enum gw_rc alerts_raise(struct alerts *a, struct turn *turn, const struct alerts_event *event, struct gw_err *err)
{
    struct alert alert;
    enum gw_rc rc = turn->store->ops->alert_open(turn->store->self, &event->cause, &alert, err);
    if (rc == GW_NOT_FOUND)
        return raise_new(a, turn, event, err);
    if (rc)
        return rc;
    note_event(&alert, event, turn->now);
    worsen(&alert, event->sev);
    return put(turn, &alert, err);
}

enum gw_rc alerts_hold(struct alerts *a, struct turn *turn, const struct alerts_event *event, bool wrong,
                       struct gw_err *err)
{
    struct alert alert;
    enum gw_rc rc = turn->store->ops->alert_open(turn->store->self, &event->cause, &alert, err);
    if (rc == GW_NOT_FOUND)
        return wrong ? raise_new(a, turn, event, err) : GW_OK;
    if (rc)
        return rc;
    if (wrong) {
        if (event->sev <= alert.sev)
            return GW_OK;
        worsen(&alert, event->sev);
    } else if (alert_step(alert.state, ALERT_ACT_RESOLVE, &alert.state) == GW_OK) {
        (void)snprintf(alert.by, sizeof(alert.by), "gateway");
        alert.until.ms = 0;
    }
    alert.changed = turn->now;
    return put(turn, &alert, err);
}
