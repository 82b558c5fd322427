#include "enrol.h"

#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "enrol_internal.h"
#include "gw_num.h"
#include "live_rows.h"

static void unauthorized(struct turn *turn, struct asker asker)
{
    turn_answer(turn, ANSWER_UNAUTHORIZED, asker)->rc = GW_DENIED;
}

static void retry_later(struct turn *turn, struct asker asker)
{
    turn_answer(turn, ANSWER_RETRY, asker)->retry_after_s = ENROL_RETRY_S;
}

static void to_worker(struct turn *turn, struct inbox_msg *msg, bool renew)
{
    struct work *work = turn_work(turn, WORK_CSR, msg->asker);
    work->enrol = msg->u.enrol;
    work->renew = renew;
    work->blob = msg->blob;
    work->blob_len = msg->blob_len;
    msg->blob = NULL;
}

/* What does not fit an invitation. */
struct wrong {
    enum audit_what what;
    const char *text, *fifth;
};
static const struct wrong wrong_secret = {AUDIT_SECRET_WRONG, "an enrolment request gave a wrong secret",
                                          "fifth wrong enrolment secret within an hour: the invitation is void"};
static const struct wrong second_key = {AUDIT_SECRET_SECOND_KEY,
                                        "a used enrolment secret came with a second public key",
                                        "a used enrolment secret came with a second public key, the fifth wrong try "
                                        "within an hour: the invitation is void"};

/* One more of them: counted, told, and at the fifth within an hour the invitation is void. */
static enum gw_rc note_wrong(struct turn *turn, const struct inbox_enrol *request, struct device_invite *invite,
                             const struct wrong *wrong, struct gw_err *err)
{
    if (invite->wrong_count == 0 || turn->now.ms - invite->wrong_since.ms >= ENROL_WRONG_WINDOW_MS) {
        invite->wrong_count = 0;
        invite->wrong_since = turn->now;
    }
    invite->wrong_count++;
    bool is_void = invite->wrong_count >= ENROL_WRONG_MAX;
    if (is_void)
        invite->expires = turn->now;
    enum gw_rc rc = turn->store->ops->invite_put(turn->store->self, invite, err);
    if (rc)
        return rc;
    return audit_note(turn, is_void ? AUDIT_SECRET_VOID : wrong->what, request->source, invite->device.text,
                      is_void ? wrong->fifth : wrong->text, err);
}

/* With credentials: right goes on to the worker, anything else is 401, never pending. */
static enum gw_rc request_with_secret(struct enrol *e, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    struct device_invite invite;
    bool known = false;
    enum gw_rc rc = enrol_secret_check(e, turn, &msg->u.enrol, &invite, &known, err);
    if (rc == GW_OK) {
        to_worker(turn, msg, false);
        return GW_OK;
    }
    if (rc != GW_DENIED)
        return rc;
    unauthorized(turn, msg->asker);
    if (known)
        return note_wrong(turn, &msg->u.enrol, &invite, &wrong_secret, err);
    e->stray_wrong++;
    return GW_OK;
}

enum gw_rc enrol_request(struct enrol *e, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    if (msg->u.enrol.has_secret)
        return request_with_secret(e, turn, msg, err);
    /* Without credentials the id stands in the CSR; it is read only when it could lead anywhere. */
    int64_t pending = 0;
    enum gw_rc rc = turn->store->ops->pending_count(turn->store->self, NULL, &pending, err);
    if (rc)
        return rc;
    if (turn->now.ms >= e->door_open_until.ms && pending == 0)
        unauthorized(turn, msg->asker);
    else
        to_worker(turn, msg, false);
    return GW_OK;
}

/* The connection's certificate: known, in force, its device active. Otherwise answers and says GW_DENIED. */
static enum gw_rc check_client(struct watch *watch, struct turn *turn, const struct inbox_msg *msg,
                               struct device_cert *ret_cert, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->cert_get(turn->store->self, &msg->u.enrol.cert_sha256, ret_cert, err);
    if (rc == GW_NOT_FOUND || (!rc && (ret_cert->revoked || ret_cert->not_after.ms <= turn->now.ms))) {
        turn_done(turn, msg->asker, GW_DENIED, "this certificate is not in force here: ask for a new invitation");
        rc = watch_certificate(watch, turn, &msg->u.enrol.id, msg->u.enrol.source, err);
        return rc ? rc : GW_DENIED;
    }
    struct device device;
    if (!rc)
        rc = turn->store->ops->device_get(turn->store->self, &ret_cert->device, &device, err);
    if (rc)
        return rc;
    if (device.state != DEVICE_ACTIVE) {
        turn_done(turn, msg->asker, GW_DENIED, "only an active device may do this");
        return GW_DENIED;
    }
    return GW_OK;
}

enum gw_rc enrol_renew(struct watch *watch, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    struct device_cert cert;
    enum gw_rc rc = check_client(watch, turn, msg, &cert, err);
    if (rc)
        return rc == GW_DENIED ? GW_OK : rc;
    msg->u.enrol.id = cert.device;
    to_worker(turn, msg, true);
    return GW_OK;
}

enum gw_rc enrol_trust(struct watch *watch, struct turn *turn, const struct inbox_msg *msg, const char *log_vkey,
                       struct gw_err *err)
{
    struct device_cert cert;
    enum gw_rc rc = check_client(watch, turn, msg, &cert, err);
    if (rc)
        return rc == GW_DENIED ? GW_OK : rc;
    struct answer *answer = turn_answer(turn, ANSWER_TRUST, msg->asker);
    (void)snprintf(answer->text, sizeof(answer->text), "%s", log_vkey);
    return GW_OK;
}

static void issue(struct turn *turn, const struct inbox_msg *msg, const struct gw_device_id *id)
{
    struct work *work = turn_work(turn, WORK_ISSUE, msg->asker);
    work->enrol = msg->u.csr.context;
    work->enrol.id = *id;
    work->renew = msg->u.csr.renew;
    work->spki = msg->u.csr.spki;
    work->spki_sha256 = msg->u.csr.spki_sha256;
}

/* The certificate that this key has already, or a new one. */
static enum gw_rc give_or_issue(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                const struct gw_device_id *id, struct gw_err *err)
{
    struct device device;
    struct device_cert cert;
    enum gw_rc rc = enrol_cert_for_key(turn, id, &msg->u.csr.spki_sha256, msg->u.csr.renew, &cert, err);
    if (rc == GW_OK) {
        turn_registry(turn, id);
        enrol_answer_cert(turn, msg->asker, &cert);
        return GW_OK;
    }
    if (rc == GW_NOT_FOUND)
        rc = enrol_device_or_new(turn, id, &device, err);
    if (!rc)
        rc = enrol_room_check(e, turn, msg->asker, &device, err);
    if (!rc && msg->u.csr.renew)
        rc = enrol_pace_check(e, turn, msg, id, err);
    if (!rc)
        issue(turn, msg, id);
    return rc == GW_NO_SPACE ? GW_OK : rc;
}

static enum gw_rc checked_with_secret(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                      struct gw_err *err)
{
    const struct inbox_csr *csr = &msg->u.csr;
    struct device_invite invite;
    bool known = false;
    enum gw_rc rc = enrol_secret_check(e, turn, &csr->context, &invite, &known, err);
    if (rc == GW_DENIED) {
        unauthorized(turn, msg->asker);
        return GW_OK;
    }
    if (rc)
        return rc;
    if (invite.bound && !gw_sha256_eq(&invite.spki_sha256, &csr->spki_sha256)) {
        unauthorized(turn, msg->asker);
        return note_wrong(turn, &csr->context, &invite, &second_key, err);
    }
    if (!invite.bound) {
        invite.bound = true;
        invite.spki_sha256 = csr->spki_sha256;
        rc = turn->store->ops->invite_put(turn->store->self, &invite, err);
        if (rc)
            return rc;
    }
    return give_or_issue(e, turn, msg, &csr->context.id, err);
}

/* A knock at the open door: kept as pending when the caps allow it. */
static enum gw_rc knock(struct enrol *e, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                        struct gw_err *err)
{
    const struct inbox_csr *csr = &msg->u.csr;
    const struct store *store = turn->store;
    int64_t all = 0, of_source = 0;
    enum gw_rc rc = store->ops->pending_count(store->self, NULL, &all, err);
    if (!rc)
        rc = store->ops->pending_count(store->self, csr->context.source, &of_source, err);
    if (rc)
        return rc;
    bool known_elsewhere = device->rev != 0 && device->state != DEVICE_INVITED && device->state != DEVICE_PENDING;
    if (turn->now.ms >= e->door_open_until.ms || known_elsewhere || all >= ENROL_PENDING_MAX ||
        of_source >= ENROL_PENDING_PER_SOURCE) {
        unauthorized(turn, msg->asker);
        return GW_OK;
    }
    if (device->rev == 0) {
        device->state = DEVICE_PENDING;
        device->created = device->changed = turn->now;
        rc = store->ops->device_put(store->self, device, err);
        if (rc)
            return rc;
    }
    struct device_pending pending = {.device = device->id, .spki = csr->spki, .spki_sha256 = csr->spki_sha256};
    (void)snprintf(pending.source, sizeof(pending.source), "%s", csr->context.source);
    pending.created = turn->now;
    pending.expires.ms = turn->now.ms + ENROL_PENDING_MS;
    rc = store->ops->pending_put(store->self, &pending, err);
    if (rc)
        return rc;
    live_pending_changed(turn, &pending);
    retry_later(turn, msg->asker);
    return audit_note(turn, AUDIT_KNOCKED, csr->context.source, device->id.text,
                      "an unknown device asks to be enrolled: compare the key's fingerprint and approve or reject",
                      err);
}

static enum gw_rc checked_without_secret(struct enrol *e, struct turn *turn, const struct inbox_msg *msg,
                                         struct gw_err *err)
{
    const struct inbox_csr *csr = &msg->u.csr;
    struct gw_device_id id;
    if (gw_device_id_parse(gw_view_str(csr->cn), &id)) {
        turn_done(turn, msg->asker, GW_INVALID, "the request's common name is no device id");
        return GW_OK;
    }
    struct device device;
    enum gw_rc rc = enrol_device_or_new(turn, &id, &device, err);
    if (rc)
        return rc;
    struct device_pending pending;
    rc = turn->store->ops->pending_get(turn->store->self, &id, &csr->spki_sha256, &pending, err);
    if (rc == GW_NOT_FOUND || (!rc && pending.expires.ms <= turn->now.ms))
        return knock(e, turn, msg, &device, err);
    if (rc)
        return rc;
    if (pending.approved)
        return give_or_issue(e, turn, msg, &id, err);
    retry_later(turn, msg->asker);
    return GW_OK;
}

enum gw_rc enrol_csr_checked(struct enrol *e, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_csr *csr = &msg->u.csr;
    if (csr->rc) {
        turn_done(turn, msg->asker, csr->rc, csr->why);
        return GW_OK;
    }
    bool named = csr->renew || csr->context.has_secret;
    if (named && csr->cn[0] && strcmp(csr->cn, csr->context.id.text) != 0) {
        turn_done(turn, msg->asker, GW_INVALID, "the request's common name differs from the device id");
        return GW_OK;
    }
    if (csr->renew)
        return give_or_issue(e, turn, msg, &csr->context.id, err);
    if (csr->context.has_secret)
        return checked_with_secret(e, turn, msg, err);
    return checked_without_secret(e, turn, msg, err);
}

/* May this certificate be handed out now? GW_DENIED when the ground for it has gone meanwhile. */
static enum gw_rc still_allowed(struct enrol *e, struct turn *turn, const struct inbox_issued *issued,
                                struct gw_err *err)
{
    if (issued->renew) { /* the device's state alone does not tell: it may have been invited again since */
        struct device_cert old;
        enum gw_rc rc = turn->store->ops->cert_get(turn->store->self, &issued->context.cert_sha256, &old, err);
        return rc == GW_NOT_FOUND || (!rc && old.revoked) ? GW_DENIED : rc;
    }
    if (issued->context.has_secret) {
        struct device_invite invite;
        bool known = false;
        enum gw_rc rc = enrol_secret_check(e, turn, &issued->context, &invite, &known, err);
        if (rc)
            return rc;
        return invite.bound && gw_sha256_eq(&invite.spki_sha256, &issued->spki_sha256) ? GW_OK : GW_DENIED;
    }
    struct device_pending pending;
    enum gw_rc rc =
        turn->store->ops->pending_get(turn->store->self, &issued->context.id, &issued->spki_sha256, &pending, err);
    if (rc == GW_NOT_FOUND)
        return GW_DENIED;
    return !rc && !pending.approved ? GW_DENIED : rc;
}

static enum gw_rc accept_issued(struct enrol *e, struct turn *turn, const struct inbox_msg *msg, struct device *device,
                                struct gw_err *err)
{
    const struct inbox_issued *issued = &msg->u.issued;
    enum device_act act = issued->context.has_secret || issued->renew ? DEVICE_ACT_ENROL : DEVICE_ACT_APPROVE;
    enum device_state to;
    if (device_step(device->state, act, &to)) {
        turn_done(turn, msg->asker, GW_DENIED, "the device is no longer waiting for a certificate");
        return GW_OK;
    }
    struct device_cert cert;
    enum gw_rc rc = enrol_room_check(e, turn, msg->asker, device, err);
    if (rc)
        return rc == GW_NO_SPACE ? GW_OK : rc;
    rc = enrol_cert_for_key(turn, &device->id, &issued->spki_sha256, issued->renew, &cert, err);
    if (rc == GW_NOT_FOUND) { /* else a twin of this request was faster: give what it got */
        cert = issued->cert;
        rc = enrol_cert_keep(turn, &cert, err);
        if (!rc)
            rc = audit_note(turn, issued->renew ? AUDIT_RENEWED : AUDIT_ENROLLED, issued->context.source,
                            device->id.text, "a device certificate was issued", err);
    }
    if (!rc && device->state != to) {
        device->state = to;
        device->changed = turn->now;
        rc = turn->store->ops->device_put(turn->store->self, device, err);
    }
    if (rc)
        return rc;
    turn_live_device(turn, &device->id);
    turn_registry(turn, &device->id);
    enrol_answer_cert(turn, msg->asker, &cert);
    return GW_OK;
}

enum gw_rc enrol_issued(struct enrol *e, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_issued *issued = &msg->u.issued;
    if (issued->rc) {
        if (issued->renew)
            enrol_pace_undo(e, &issued->context.id);
        turn_done(turn, msg->asker, GW_AGAIN, "the key process did not answer: try again");
        return GW_OK;
    }
    enum gw_rc rc = still_allowed(e, turn, issued, err);
    if (rc == GW_DENIED) {
        unauthorized(turn, msg->asker);
        return GW_OK;
    }
    struct device device;
    if (!rc)
        rc = enrol_device_or_new(turn, &issued->context.id, &device, err);
    return rc ? rc : accept_issued(e, turn, msg, &device, err);
}

static enum gw_rc drop_expired(struct turn *turn, struct gw_err *err)
{
    const struct store *store = turn->store;
    int64_t before = 0, after = 0;
    enum gw_rc rc = store->ops->pending_count(store->self, NULL, &before, err);
    if (!rc)
        rc = store->ops->pending_delete_expired(store->self, turn->now, err);
    if (!rc)
        rc = store->ops->pending_count(store->self, NULL, &after, err);
    if (!rc && after != before)
        turn_live_all(turn, LIVE_PENDING);
    return rc;
}

enum gw_rc enrol_tick(struct enrol *e, struct turn *turn, struct gw_err *err)
{
    enum gw_rc rc = drop_expired(turn, err);
    if (!rc && e->door_open_until.ms && turn->now.ms >= e->door_open_until.ms) {
        e->door_open_until.ms = 0;
        rc = audit_note(turn, AUDIT_DOOR_CLOSED, "gateway", "enrolment door", "its time is over", err);
    }
    if (!rc && e->stray_wrong && turn->now.ms - e->stray_noted.ms >= GW_MINUTE_MS) {
        char msg[AUDIT_MSG_MAX];
        (void)snprintf(msg, sizeof(msg), "%lld enrolment request%s named devices that have no open invitation",
                       (long long)e->stray_wrong, gw_plural((uint64_t)e->stray_wrong));
        rc = audit_note(turn, AUDIT_SECRET_WRONG, "network", "enrolment", msg, err);
        if (!rc) {
            e->stray_wrong = 0;
            e->stray_noted = turn->now;
        }
    }
    return rc;
}
