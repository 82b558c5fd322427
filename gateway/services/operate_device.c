#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "invitation.h"
#include "operate_internal.h"

static enum gw_rc put_state(struct turn *turn, struct device *device, enum device_state to, struct gw_err *err)
{
    device->state = to;
    device->changed = turn->now;
    turn_live_device(turn, &device->id);
    return turn->store->ops->device_put(turn->store->self, device, err);
}

struct revoking {
    struct turn *turn;
    enum gw_rc rc;
    struct gw_sha256 sha256[8];
    size_t count;
};

static bool collect_cert(void *ctx, const struct device_cert *cert)
{
    struct revoking *r = ctx;
    if (!cert->revoked && r->count < sizeof(r->sha256) / sizeof(r->sha256[0]))
        r->sha256[r->count++] = cert->sha256;
    return true;
}

/* Live HTTPS connections of the device end; with `revoke` its certificates are marked so. */
static enum gw_rc cut_certs(struct turn *turn, const struct gw_device_id *id, bool revoke, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct revoking r = {.turn = turn};
    enum gw_rc rc = store->ops->cert_each_of(store->self, id, collect_cert, &r, err);
    for (size_t i = 0; !rc && i < r.count; i++) {
        turn_out(turn, OUT_CUT)->cert_sha256 = r.sha256[i];
        if (!revoke)
            continue;
        struct device_cert cert;
        rc = store->ops->cert_get(store->self, &r.sha256[i], &cert, err);
        cert.revoked = true;
        if (!rc)
            rc = store->ops->cert_put(store->self, &cert, err);
    }
    return rc;
}

static enum gw_rc forget_ways_in(struct turn *turn, const struct gw_device_id *id, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->invite_delete(turn->store->self, id, err);
    if (rc == GW_NOT_FOUND)
        rc = GW_OK;
    turn_live_all(turn, LIVE_PENDING); /* they are few */
    return rc ? rc : turn->store->ops->pending_delete(turn->store->self, id, NULL, err);
}

static enum gw_rc invite(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                         struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    const struct store *store = turn->store;
    struct invitation invitation = {.device = device->id};
    gw_random(invitation.secret, sizeof(invitation.secret));
    (void)snprintf(invitation.host, sizeof(invitation.host), "%s", o->facts->devices_host);
    invitation.port = o->facts->port_devices;
    memcpy(invitation.root, o->facts->root_spki.bytes, sizeof(invitation.root));
    struct device_invite row = {.device = device->id, .created = turn->now};
    row.expires.ms = turn->now.ms + ENROL_INVITE_MS;
    o->access.hash->digest(gw_view_make(invitation.secret, sizeof(invitation.secret)), &row.secret_sha256);
    struct device_invite old;
    enum gw_rc rc = store->ops->invite_get(store->self, &device->id, &old, err);
    if (rc == GW_OK)
        row.rev = old.rev;
    else if (rc == GW_NOT_FOUND)
        rc = GW_OK;
    if (!rc)
        rc = store->ops->invite_put(store->self, &row, err);
    if (device->rev == 0)
        device->created = turn->now;
    if (act->text[0])
        (void)snprintf(device->name, sizeof(device->name), "%s", act->text);
    if (!rc)
        rc = put_state(turn, device, DEVICE_INVITED, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_INVITED, act->actor.name, device->id.text, "an invitation was made, valid one day",
                        err);
    GW_CLEANUP(gw_buf_wipe) struct gw_buf text;
    gw_buf_init(&text, sizeof(((struct answer *)0)->text) - 1);
    if (!rc)
        rc = invitation_format(&invitation, &text);
    invitation_wipe(&invitation);
    if (rc)
        return rc;
    struct answer *answer = turn_answer(turn, ANSWER_INVITATION, msg->asker);
    (void)snprintf(answer->text, sizeof(answer->text), "%s", gw_buf_str(&text));
    answer->expires = row.expires;
    return GW_OK;
}

static enum gw_rc approve(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                          struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    const struct store *store = turn->store;
    struct device_pending pending;
    enum gw_rc rc = store->ops->pending_get(store->self, &device->id, &act->spki_sha256, &pending, err);
    if (rc == GW_NOT_FOUND || (!rc && pending.expires.ms <= turn->now.ms)) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no pending request of this device has that public key");
        return GW_OK;
    }
    if (!rc) /* others that claim the same id go, and so does an invitation: one key is meant */
        rc = forget_ways_in(turn, &device->id, err);
    pending.approved = true;
    if (!rc)
        rc = store->ops->pending_put(store->self, &pending, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_APPROVED, act->actor.name, device->id.text,
                        "a pending enrolment was approved by its public key", err);
    return rc ? rc : operate_device_get(o, turn, msg, err);
}

static enum gw_rc reject(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                         struct gw_err *err)
{
    enum gw_rc rc = forget_ways_in(turn, &device->id, err);
    if (!rc)
        rc = put_state(turn, device, DEVICE_REJECTED, err);
    if (!rc)
        rc = audit_note(turn, AUDIT_REJECTED, msg->u.act.actor.name, device->id.text, "the device was rejected", err);
    return rc ? rc : operate_device_get(o, turn, msg, err);
}

/* quarantine, release, revoke, retire: a new state, the broker told, live connections cut. */
static enum gw_rc restrict_to(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                              enum device_state to, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    bool final = act->kind == ACT_REVOKE || act->kind == ACT_RETIRE;
    enum gw_rc rc = final ? forget_ways_in(turn, &device->id, err) : GW_OK;
    if (!rc && act->kind != ACT_RELEASE)
        rc = cut_certs(turn, &device->id, final, err);
    if (!rc)
        rc = put_state(turn, device, to, err);
    if (!rc) {
        enum audit_what what = act->kind == ACT_QUARANTINE ? AUDIT_QUARANTINED
                               : act->kind == ACT_RELEASE  ? AUDIT_RELEASED
                               : act->kind == ACT_REVOKE   ? AUDIT_REVOKED
                                                           : AUDIT_RETIRED;
        rc = audit_note(turn, what, act->actor.name, device->id.text, "the device's state was changed", err);
    }
    if (rc)
        return rc;
    if (final) {
        rc = rollouts_device_gone(&o->rollouts, turn, &device->id, err);
        if (rc)
            return rc;
    }
    turn_registry(turn, &device->id);
    rc = operate_device_get(o, turn, msg, err);
    if (!rc)
        turn->outs[turn->count - 1].after_registry = true; /* the page says "cut" only when it is */
    return rc;
}

static enum device_act device_act_of(enum act_kind kind)
{
    static const struct {
        enum act_kind kind;
        enum device_act act;
    } map[] = {
        {ACT_INVITE, DEVICE_ACT_INVITE},         {ACT_APPROVE, DEVICE_ACT_APPROVE}, {ACT_REJECT, DEVICE_ACT_REJECT},
        {ACT_QUARANTINE, DEVICE_ACT_QUARANTINE}, {ACT_RELEASE, DEVICE_ACT_RELEASE}, {ACT_REVOKE, DEVICE_ACT_REVOKE},
        {ACT_RETIRE, DEVICE_ACT_RETIRE},
    };
    for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
        if (map[i].kind == kind)
            return map[i].act;
    return 0;
}

static enum gw_rc device_turn(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                              struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    enum device_state to = DEVICE_INVITED; /* a device that is not known yet can only be invited */
    if (device->rev != 0 && device_step(device->state, device_act_of(act->kind), &to)) {
        char why[160];
        (void)snprintf(why, sizeof(why), "%s is %s: %s does not apply", device->id.text,
                       device_state_text(device->state), device_act_text(device_act_of(act->kind)));
        turn_done(turn, msg->asker, GW_CONFLICT, why);
        return GW_OK;
    }
    if (act->kind == ACT_INVITE)
        return invite(o, turn, msg, device, err);
    if (act->kind == ACT_APPROVE)
        return approve(o, turn, msg, device, err);
    if (act->kind == ACT_REJECT)
        return reject(o, turn, msg, device, err);
    return restrict_to(o, turn, msg, device, to, err);
}

enum gw_rc operate_device_act(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    struct device device;
    enum gw_rc rc = turn->store->ops->device_get(turn->store->self, &act->device, &device, err);
    if (rc == GW_NOT_FOUND && act->kind == ACT_INVITE) {
        device = (struct device){.id = act->device};
        rc = GW_OK;
    }
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such device");
        return GW_OK;
    }
    if (rc)
        return rc;
    if (act->if_rev >= 0 && act->if_rev != device.rev) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the device was changed meanwhile: look again");
        return GW_OK;
    }
    return device_turn(o, turn, msg, &device, err);
}

enum gw_rc operate_door(struct operate *o, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    bool open = act->kind == ACT_DOOR_OPEN;
    if (open && (act->number < 1 || act->number > ENROL_DOOR_MINUTES_MAX)) {
        turn_done(turn, msg->asker, GW_INVALID, "the door opens for 1 to 60 minutes");
        return GW_OK;
    }
    o->enrol.door_open_until.ms = open ? turn->now.ms + act->number * GW_MINUTE_MS : 0;
    turn_done(turn, msg->asker, GW_OK, open ? "the enrolment door is open" : "the enrolment door is closed");
    return audit_note(turn, open ? AUDIT_DOOR_OPENED : AUDIT_DOOR_CLOSED, act->actor.name, "enrolment door",
                      open ? "devices without an invitation may ask to be enrolled" : "closed by hand", err);
}
