#include "operate.h"

#include <stdio.h>

#include "act_rule.h"
#include "act_text.h"
#include "audit_note.h"
#include "gw_cleanup.h"
#include "operate_internal.h"
#include "rollouts_act.h"

static const char *object_of(const struct inbox_act *act)
{
    if (act->kind == ACT_RELEASES_IMPORT)
        return "release";
    if (act->device.text[0])
        return act->device.text;
    bool says_which = !act->refused && act->kind != ACT_CLAIM; /* text may be a reason, or a secret */
    return act->name[0] || !says_which ? act->name : act->text;
}

/* A refusal by permission is answered and, when somebody is known to have asked, audited. */
static enum gw_rc deny(struct operate *o, struct turn *turn, const struct inbox_act *act, struct asker asker,
                       const struct gw_err *why, struct gw_err *err)
{
    const char *what = act_text(act->kind);
    char text[256];
    turn_done(turn, asker, why->rc, gw_err_text(why));
    if (why->rc != GW_DENIED || !act->actor.name[0] || !denials_tell(&o->denials, act->actor.name, turn->now))
        return GW_OK;
    (void)snprintf(text, sizeof(text), "refused to %s: %s", what ? what : "do what is not known", gw_err_text(why));
    return audit_note(turn, AUDIT_ACT_DENIED, act->actor.name, object_of(act), text, err);
}

/* May this act of the message be done now, in this name? False: it has been answered. */
static enum gw_rc admit(struct operate *o, struct turn *turn, const struct inbox_act *act, struct asker asker,
                        bool *ret_go, struct gw_err *err)
{
    struct gw_err why = {0};
    *ret_go = false;
    bool live = false;
    bool token = actor_is_token(&act->actor);
    enum gw_rc rc =
        token ? tokens_live(turn, &act->actor, &live, err) : people_live(&o->people, turn, &act->actor, &live, err);
    if (rc)
        return rc;
    if (!live) {
        people_ended(turn, asker, token ? "the token has ended" : "the session has ended: sign in again");
        return GW_OK;
    }
    if (act->refused)
        (void)gw_err_set(&why, GW_DENIED, "%s", act->text);
    if (act->refused || access_check(&o->access, act, &why))
        return deny(o, turn, act, asker, &why, err);
    *ret_go = true;
    return GW_OK;
}

enum gw_rc operate_imported(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct import_outcome *outcome = (const struct import_outcome *)(const void *)msg->blob;
    struct inbox_act act = {.kind = ACT_RELEASES_IMPORT, .actor = outcome->actor};
    bool go;
    enum gw_rc rc = admit(o, turn, &act, msg->asker, &go, err);
    return rc || !go ? rc : releases_imported(&o->releases, turn, msg, err);
}

enum gw_rc operate_surveyed(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    struct rollout_survey *survey = msg->u.survey;
    bool go;
    survey->more = false;
    enum gw_rc rc = admit(o, turn, &survey->act, msg->asker, &go, err);
    return rc || !go ? rc : rollouts_surveyed(&o->rollouts, turn, survey, err);
}

enum gw_rc operate_verified(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct import_verify *v = (const struct import_verify *)(const void *)msg->blob;
    bool damaged = false;
    enum gw_rc rc = releases_verified(&o->releases, turn, msg, &damaged, err);
    return rc || !damaged ? rc : rollouts_recalled(&o->rollouts, turn, v->actor.name, err);
}

enum gw_rc operate_hashed(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    if (msg->u.act.kind == ACT_CLAIM)
        return access_claim_hashed(&o->access, turn, msg, err);
    bool go;
    enum gw_rc rc = admit(o, turn, &msg->u.act, msg->asker, &go, err);
    return rc || !go ? rc : people_hashed(turn, msg, err);
}

enum gw_rc operate_checked(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    bool go;
    enum gw_rc rc = admit(o, turn, &msg->u.act, msg->asker, &go, err);
    return rc || !go ? rc : people_checked(&o->people, turn, msg, err);
}

enum gw_rc operate_key_read(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    bool go;
    enum gw_rc rc = admit(o, turn, &msg->u.act, msg->asker, &go, err);
    return rc || !go ? rc : releases_key_read(turn, msg, err);
}

static enum gw_rc claim_act(struct operate *o, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    return msg->u.act.kind == ACT_CLAIM ? access_claim(&o->access, turn, msg, err)
                                        : access_claim_code(&o->access, turn, msg, err);
}

static enum gw_rc release_act(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    enum gw_rc rc = releases_act(&o->releases, turn, msg, err);
    const struct turn_out *last = turn->count ? &turn->outs[turn->count - 1] : NULL;
    bool done = last && last->kind == OUT_ANSWER && last->answer->kind == ANSWER_RELEASES;
    if (rc || !done || msg->u.act.kind != ACT_RELEASES_WITHDRAW)
        return rc;
    return rollouts_recalled(&o->rollouts, turn, msg->u.act.actor.name, err);
}

/* A list of what fits a query is read where the logs are. */
static bool has_query(const struct inbox_msg *msg)
{
    switch ((int)msg->u.act.kind) {
    case ACT_DEVICE_LIST:
    case ACT_RELEASES_LIST:
    case ACT_ROLLOUT_LIST:
    case ACT_ALERT_LIST:
        return msg->blob_len == sizeof(struct query);
    }
    return false;
}

enum gw_rc operate_act(struct operate *o, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    bool go;
    enum gw_rc rc = admit(o, turn, &msg->u.act, msg->asker, &go, err);
    if (rc || !go)
        return rc;
    if (has_query(msg))
        return operate_query(turn, msg, err);
    switch (act_rule(msg->u.act.kind)->group) {
    case ACT_GROUP_DEVICE:
        return operate_device_act(o, turn, msg, err);
    case ACT_GROUP_DOOR:
        return operate_door(o, turn, msg, err);
    case ACT_GROUP_CLAIM:
        return claim_act(o, turn, msg, err);
    case ACT_GROUP_READ:
        return operate_read(o, turn, msg, err);
    case ACT_GROUP_LOG:
        return operate_query(turn, msg, err);
    case ACT_GROUP_KEY:
        return releases_key_act(turn, msg, err);
    case ACT_GROUP_RELEASE:
        return release_act(o, turn, msg, err);
    case ACT_GROUP_ROLLOUT:
        return rollouts_act(&o->rollouts, turn, msg, err);
    case ACT_GROUP_ROLLOUT_READ:
        return rollouts_read(turn, msg, err);
    case ACT_GROUP_TOKEN:
        return tokens_act(&o->tokens, turn, msg, err);
    case ACT_GROUP_ALERT:
        return alerts_act(&o->alerts, turn, msg, err);
    case ACT_GROUP_SESSION:
        return people_act(&o->people, turn, msg, err);
    case ACT_GROUP_USER:
        return people_user_act(&o->people, turn, msg, err);
    }
    return GW_INVALID;
}
