#include "rollouts_act.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "rollouts_internal.h"

/* What people are told is an answer: these codes come before anything was written, rollouts_written() sees to it.
 * Anything else is an error, and the turn leaves nothing. */
static enum gw_rc refuse_or_fail(struct turn *turn, struct asker asker, enum gw_rc rc, const struct gw_err *err)
{
    if (!rollouts_refuses(rc))
        return rc;
    turn_done(turn, asker, rc, gw_err_text(err));
    return GW_OK;
}

/* Looking through all devices is for the query threads. */
static enum gw_rc order(const struct rollouts *r, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    const struct rollout_ask_order *ask = (const void *)msg->blob;
    if (msg->blob_len < sizeof(*ask) || ask->pick_count > ROLLOUT_PICKS_MAX ||
        msg->blob_len != sizeof(*ask) + ask->pick_count * sizeof(ask->picks[0]))
        return gw_err_set(err, GW_INVALID, "that is no order of a rollout");
    struct rollout_survey *survey = gw_xalloc(1, sizeof(*survey));
    survey->asker = msg->asker;
    survey->act = msg->u.act;
    survey->order = (struct rollout_ask_order *)(void *)GW_TAKE(msg->blob);
    survey->list_max = r->rows_max;
    survey->asked_max = r->asked_max;
    survey->page_max = r->page_max;
    turn_out(turn, OUT_SURVEY)->survey = survey;
    return GW_OK;
}

/* 0: it is none of the changes. */
static enum rollout_event_kind event_of(enum act_kind kind)
{
    switch ((int)kind) {
    case ACT_ROLLOUT_START:
        return ROLLOUT_EV_START;
    case ACT_ROLLOUT_PAUSE:
        return ROLLOUT_EV_PAUSE;
    case ACT_ROLLOUT_RESUME:
        return ROLLOUT_EV_RESUME;
    case ACT_ROLLOUT_ABORT:
        return ROLLOUT_EV_ABORT;
    case ACT_ROLLOUT_ROLLBACK:
        return ROLLOUT_EV_ROLLBACK;
    case ACT_ROLLOUT_WAIVE:
        return ROLLOUT_EV_WAIVE;
    }
    return 0;
}

enum gw_rc rollouts_act(struct rollouts *r, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    const struct rollout_ask_change *ask = (const void *)msg->blob;
    if (act->kind == ACT_ROLLOUT_CREATE || act->kind == ACT_ROLLOUT_PREVIEW)
        return order(r, turn, msg, err);
    if (event_of(act->kind) == 0 || msg->blob_len != sizeof(*ask))
        return gw_err_set(err, GW_INVALID, "that is no act on a rollout");
    struct rollouts_change change = {
        .event = event_of(act->kind),
        .id = act->text,
        .if_rev = act->if_rev,
        .wave = ask->wave,
        .waive = ask->waive,
        .reason = ask->reason,
        .actor = act->actor.name,
    };
    struct rollout_entry entry;
    enum gw_rc rc = rollouts_change(r, turn, &change, &entry, err);
    if (rc)
        return refuse_or_fail(turn, msg->asker, rc, err);
    rollouts_answer(turn, msg->asker, &entry);
    return GW_OK;
}
