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

/* Borrows device ids from the blob: the message outlives the call. */
static struct rollout_pick *picks_of(const struct rollout_ask_order *ask)
{
    struct rollout_pick *picks = gw_xalloc(ask->pick_count ? ask->pick_count : 1, sizeof(*picks));
    for (size_t i = 0; i < ask->pick_count; i++)
        picks[i] = (struct rollout_pick){gw_view_str(ask->picks[i].device.text), ask->picks[i].wave};
    return picks;
}

static void answer_preview(struct turn *turn, struct asker asker, const struct rollouts_preview *preview)
{
    struct answer *answer = turn_answer(turn, ANSWER_ROLLOUT_PREVIEW, asker);
    answer->rollouts = gw_xalloc(1, sizeof(*answer->rollouts));
    answer->rollout_count = 1;
    answer->rollouts[0].entry = preview->entry;
    answer->left = (struct rollout_left){
        .state = preview->left.state,
        .fit = preview->left.fit,
        .running = preview->left.running,
        .busy = preview->left.busy,
    };
}

static void put_off(struct turn *turn, struct asker asker, int64_t rests_ms)
{
    struct answer *answer = turn_answer(turn, ANSWER_DONE, asker);
    answer->rc = GW_AGAIN;
    answer->retry_after_s = (int)((rests_ms + GW_SECOND_MS - 1) / GW_SECOND_MS);
    (void)snprintf(answer->text, sizeof(answer->text),
                   "previews and drafts have looked through all devices too often: try again in %d s",
                   answer->retry_after_s);
}

static enum gw_rc order(struct rollouts *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct rollout_ask_order *ask = (const void *)msg->blob;
    if (msg->blob_len < sizeof(*ask) || ask->pick_count > ROLLOUT_PICKS_MAX ||
        msg->blob_len != sizeof(*ask) + ask->pick_count * sizeof(ask->picks[0]))
        return gw_err_set(err, GW_INVALID, "that is no order of a rollout");
    int64_t rests_ms = rollouts_rests_ms(r, turn->now);
    if (rests_ms > 0) {
        put_off(turn, msg->asker, rests_ms);
        return GW_OK;
    }
    GW_FREE struct rollout_pick *picks = picks_of(ask);
    struct rollouts_order o = {
        .plan = ask->plan, .picks = picks, .pick_count = ask->pick_count, .actor = msg->u.act.actor.name};
    memcpy(o.release, ask->release, sizeof(o.release));
    memcpy(o.name, ask->name, sizeof(o.name));
    if (msg->u.act.kind == ACT_ROLLOUT_PREVIEW) {
        GW_FREE struct rollouts_preview *preview = gw_xalloc(1, sizeof(*preview));
        enum gw_rc rc = rollouts_preview(r, turn, &o, preview, err);
        if (rc)
            return refuse_or_fail(turn, msg->asker, rc, err);
        answer_preview(turn, msg->asker, preview);
        return GW_OK;
    }
    struct rollout_entry entry;
    enum gw_rc rc = rollouts_create(r, turn, &o, &entry, err);
    if (rc)
        return refuse_or_fail(turn, msg->asker, rc, err);
    rollouts_answer(turn, msg->asker, &entry);
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

enum gw_rc rollouts_act(struct rollouts *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
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
