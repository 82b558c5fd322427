#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "enrol_internal.h"

enum gw_rc enrol_device_or_new(struct turn *turn, const struct gw_device_id *id, struct device *ret_device,
                               struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->device_get(turn->store->self, id, ret_device, err);
    if (rc != GW_NOT_FOUND)
        return rc;
    *ret_device = (struct device){.id = *id};
    return GW_OK;
}

enum gw_rc enrol_secret_check(struct enrol *e, struct turn *turn, const struct inbox_enrol *request,
                              struct device_invite *ret_invite, bool *ret_known, struct gw_err *err)
{
    enum gw_rc rc = turn->store->ops->invite_get(turn->store->self, &request->id, ret_invite, err);
    if (rc == GW_NOT_FOUND)
        return GW_DENIED;
    if (rc)
        return rc;
    if (ret_invite->expires.ms <= turn->now.ms)
        return GW_DENIED;
    *ret_known = true;
    if (!request->secret_readable)
        return GW_DENIED;
    struct gw_sha256 hash;
    e->hash->digest(gw_view_make(request->secret, sizeof(request->secret)), &hash);
    return gw_view_eq_secret(gw_view_make(hash.bytes, sizeof(hash.bytes)),
                             gw_view_make(ret_invite->secret_sha256.bytes, GW_SHA256_LEN))
               ? GW_OK
               : GW_DENIED;
}

struct key_search {
    const struct gw_sha256 *spki_sha256;
    struct gw_wall now;
    bool unused_only;
    bool found;
    struct device_cert *ret_cert;
};

static bool match_key(void *ctx, const struct device_cert *cert)
{
    struct key_search *s = ctx;
    if (!cert->revoked && cert->not_after.ms > s->now.ms && gw_sha256_eq(&cert->spki_sha256, s->spki_sha256) &&
        !(s->unused_only && cert->used)) {
        *s->ret_cert = *cert;
        s->found = true;
    }
    return true; /* the newest wins */
}

enum gw_rc enrol_cert_for_key(struct turn *turn, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                              bool unused_only, struct device_cert *ret_cert, struct gw_err *err)
{
    struct key_search s = {spki_sha256, turn->now, unused_only, false, ret_cert};
    enum gw_rc rc = turn->store->ops->cert_each_of(turn->store->self, device, match_key, &s, err);
    if (rc)
        return rc;
    return s.found ? GW_OK : GW_NOT_FOUND;
}

#define CERTS_SEEN_MAX 8

struct live_certs {
    struct gw_sha256 sha256[CERTS_SEEN_MAX];
    bool used[CERTS_SEEN_MAX];
    size_t count;
};

static bool collect_live(void *ctx, const struct device_cert *cert)
{
    struct live_certs *live = ctx;
    if (cert->revoked || live->count == CERTS_SEEN_MAX)
        return true;
    live->sha256[live->count] = cert->sha256;
    live->used[live->count++] = cert->used;
    return true;
}

/* Which of the live ones stays beside a new one: the newest that is in use, else the newest. */
static size_t keeper(const struct live_certs *live)
{
    size_t keep = live->count - 1;
    for (size_t i = 0; i < live->count; i++)
        if (live->used[i])
            keep = i;
    return keep;
}

enum gw_rc enrol_cert_keep(struct turn *turn, const struct device_cert *cert, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct live_certs live = {.count = 0};
    enum gw_rc rc = store->ops->cert_each_of(store->self, &cert->device, collect_live, &live, err);
    for (size_t i = 0; !rc && live.count > 1 && i < live.count; i++)
        if (i != keeper(&live))
            rc = store->ops->cert_delete(store->self, &live.sha256[i], err);
    return rc ? rc : store->ops->cert_put(store->self, cert, err);
}

struct older_certs {
    const struct gw_sha256 *newest;
    struct gw_wall not_before;
    struct live_certs live;
};

static bool collect_older(void *ctx, const struct device_cert *cert)
{
    struct older_certs *o = ctx;
    if (!gw_sha256_eq(&cert->sha256, o->newest) && cert->not_before.ms <= o->not_before.ms)
        (void)collect_live(&o->live, cert);
    return true;
}

enum gw_rc enrol_cert_used(struct turn *turn, const struct gw_device_id *device, const struct gw_sha256 *cert_sha256,
                           struct gw_err *err)
{
    const struct store *store = turn->store;
    struct device_cert cert;
    enum gw_rc rc = store->ops->cert_get(store->self, cert_sha256, &cert, err);
    if (rc || cert.used || !gw_device_id_eq(&cert.device, device))
        return rc;
    cert.used = true;
    rc = store->ops->cert_put(store->self, &cert, err);
    struct older_certs older = {.newest = cert_sha256, .not_before = cert.not_before};
    if (!rc)
        rc = store->ops->cert_each_of(store->self, device, collect_older, &older, err);
    for (size_t i = 0; !rc && i < older.live.count; i++)
        rc = store->ops->cert_delete(store->self, &older.live.sha256[i], err);
    if (!rc && older.live.count)
        turn_registry(turn, device);
    return rc;
}

enum gw_rc enrol_admitted(const struct store *store, int64_t *ret_count, struct gw_err *err)
{
    int64_t active = 0, quarantined = 0;
    enum gw_rc rc = store->ops->device_count(store->self, DEVICE_ACTIVE, &active, err);
    if (!rc)
        rc = store->ops->device_count(store->self, DEVICE_QUARANTINED, &quarantined, err);
    if (!rc)
        *ret_count = active + quarantined;
    return rc;
}

enum gw_rc enrol_room_check(struct enrol *e, struct turn *turn, struct asker asker, const struct device *device,
                            struct gw_err *err)
{
    int64_t admitted = 0;
    if (device_admissible(device->state))
        return GW_OK;
    enum gw_rc rc = enrol_admitted(turn->store, &admitted, err);
    if (rc || admitted < e->devices_max)
        return rc;
    turn_done(turn, asker, GW_AGAIN, "the gateway has as many devices as it may: ask its operator to make room");
    if (turn->now.ms - e->ceiling_noted.ms < GW_MINUTE_MS && turn->now.ms >= e->ceiling_noted.ms)
        return GW_NO_SPACE;
    e->ceiling_noted = turn->now;
    char msg[AUDIT_MSG_MAX];
    (void)snprintf(msg, sizeof(msg),
                   "refused: devices.max = %lld is reached; raise it in the configuration, or revoke or retire devices",
                   (long long)e->devices_max);
    rc = audit_note(turn, AUDIT_CEILING, "gateway", device->id.text, msg, err);
    return rc ? rc : GW_NO_SPACE;
}

void enrol_answer_cert(struct turn *turn, struct asker asker, const struct device_cert *cert)
{
    turn_answer(turn, ANSWER_ENROLLED, asker)->cert = *cert;
    turn->outs[turn->count - 1].after_registry = true;
}
