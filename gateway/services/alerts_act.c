/* What people do with alerts. */
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "audit_note.h"
#include "gather.h"
#include "gw_cleanup.h"

static bool gather_alert(void *ctx, const struct alert *alert)
{
    struct gather *g = ctx;
    if (!gather_room(g, g->answer->alert_count))
        return false;
    g->answer->alerts[g->answer->alert_count++] = *alert;
    return true;
}

static enum gw_rc list(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    if (msg->blob_len != sizeof(struct store_alerts))
        return gw_err_set(err, GW_INVALID, "a list of alerts without its filter");
    const struct store_alerts *which = (const struct store_alerts *)(const void *)msg->blob;
    int64_t limit = msg->u.act.number;
    if (limit < 1 || limit > ALERTS_LIST_MAX)
        limit = ALERTS_LIST_MAX;
    struct answer *answer = turn_answer(turn, ANSWER_ALERTS, msg->asker);
    answer->alerts = gw_xalloc((size_t)limit, sizeof(*answer->alerts));
    struct gather g = {answer, (size_t)limit};
    return turn->store->ops->alert_each(turn->store->self, which, (int)limit + 1, gather_alert, &g, err);
}

static void show(struct turn *turn, const struct inbox_msg *msg, const struct alert *alert)
{
    struct answer *answer = turn_answer(turn, ANSWER_ALERTS, msg->asker);
    answer->single = true;
    answer->alerts = gw_xalloc(1, sizeof(*answer->alerts));
    answer->alerts[0] = *alert;
    answer->alert_count = 1;
}

/* What each act is: a step of the alert, unless it is only a note. */
static const struct {
    enum act_kind kind;
    enum alert_act act; /* 0: none */
    enum audit_what what;
    const char *done;
} acts[] = {
    {ACT_ALERT_ACK, ALERT_ACT_ACKNOWLEDGE, AUDIT_ALERT_ACKNOWLEDGED, "acknowledged"},
    {ACT_ALERT_SNOOZE, ALERT_ACT_SNOOZE, AUDIT_ALERT_SNOOZED, "snoozed"},
    {ACT_ALERT_RESOLVE, ALERT_ACT_RESOLVE, AUDIT_ALERT_RESOLVED, "resolved"},
    {ACT_ALERT_NOTE, (enum alert_act)0, AUDIT_ALERT_NOTED, "noted"},
};

static enum gw_rc audit(struct turn *turn, const struct inbox_msg *msg, const struct alert *alert, size_t i,
                        struct gw_err *err)
{
    char text[AUDIT_MSG_MAX];
    (void)snprintf(text, sizeof(text), "alert %s of %s was %s", alert->cause.cls,
                   alert->cause.device.text[0] ? alert->cause.device.text : "the gateway", acts[i].done);
    return audit_note(turn, acts[i].what, msg->u.act.actor.name, alert->id, text, err);
}

/* A note in the blob replaces the one that is there. */
static enum gw_rc set_note(struct alert *alert, const struct inbox_msg *msg)
{
    if (!msg->blob)
        return GW_OK;
    return gw_view_copy_str(gw_view_make(msg->blob, msg->blob_len), alert->note, sizeof(alert->note));
}

static enum gw_rc apply(struct turn *turn, const struct inbox_msg *msg, struct alert *alert, size_t i,
                        struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    if (act->if_rev >= 0 && act->if_rev != alert->rev) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the alert has changed meanwhile: look again");
        return GW_OK;
    }
    if (acts[i].act && alert_step(alert->state, acts[i].act, &alert->state)) {
        char why[128];
        (void)snprintf(why, sizeof(why), "the alert is %s: it cannot be %s", alert_state_text(alert->state),
                       acts[i].done);
        turn_done(turn, msg->asker, GW_CONFLICT, why);
        return GW_OK;
    }
    if (set_note(alert, msg)) {
        turn_done(turn, msg->asker, GW_INVALID, "a note has at most 500 bytes and no NUL");
        return GW_OK;
    }
    if (acts[i].act) {
        alert->until.ms = act->kind == ACT_ALERT_SNOOZE ? act->number : 0;
        (void)snprintf(alert->by, sizeof(alert->by), "%s", act->actor.name);
    }
    alert->changed = turn->now;
    enum gw_rc rc = turn->store->ops->alert_put(turn->store->self, alert, err);
    if (!rc)
        rc = audit(turn, msg, alert, i, err);
    if (rc)
        return rc;
    turn_live(turn, LIVE_ALERTS, alert->id);
    show(turn, msg, alert);
    return GW_OK;
}

static enum gw_rc change(struct turn *turn, const struct inbox_msg *msg, struct alert *alert, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    if (act->kind == ACT_ALERT_SNOOZE &&
        (act->number <= turn->now.ms || act->number - turn->now.ms > ALERT_SNOOZE_MS_MAX)) {
        turn_done(turn, msg->asker, GW_INVALID, "a snooze ends in the future, at most 30 days from now");
        return GW_OK;
    }
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (acts[i].kind == act->kind)
            return apply(turn, msg, alert, i, err);
    return gw_err_set(err, GW_INVALID, "no act on an alert");
}

enum gw_rc alerts_act(struct alerts *a, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    (void)a;
    const struct inbox_act *act = &msg->u.act;
    if (act->kind == ACT_ALERT_LIST)
        return list(turn, msg, err);
    struct alert alert;
    enum gw_rc rc = turn->store->ops->alert_get(turn->store->self, act->text, &alert, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such alert");
        return GW_OK;
    }
    if (rc)
        return rc;
    if (act->kind != ACT_ALERT_GET)
        return change(turn, msg, &alert, err);
    show(turn, msg, &alert);
    return GW_OK;
}
