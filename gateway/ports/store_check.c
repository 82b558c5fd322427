#include "store_check.h"

#include <string.h>

/* A text in an array of this size ends inside of it. */
static bool ends(const char *text, size_t size)
{
    return strnlen(text, size) < size;
}

static enum gw_rc refuse(struct gw_err *err, const char *what)
{
    return gw_err_set(err, GW_INVALID, "%s", what);
}

static bool id_ok(const struct gw_device_id *id)
{
    struct gw_device_id parsed;
    return ends(id->text, sizeof(id->text)) && gw_device_id_parse(gw_view_str(id->text), &parsed) == GW_OK;
}

static bool state_ok(enum device_state state)
{
    return state >= DEVICE_INVITED && state <= DEVICE_RETIRED;
}

enum gw_rc store_check_device(const struct device *device, struct gw_err *err)
{
    if (!id_ok(&device->id))
        return refuse(err, "device: not a device id");
    if (!state_ok(device->state))
        return refuse(err, "device: no such state");
    if (!ends(device->name, sizeof(device->name)))
        return refuse(err, "device: name without an end");
    return GW_OK;
}

enum gw_rc store_check_cert(const struct device_cert *cert, struct gw_err *err)
{
    if (!id_ok(&cert->device))
        return refuse(err, "certificate: not a device id");
    if (cert->der_len > sizeof(cert->der))
        return refuse(err, "certificate: more bytes than a certificate may have");
    return GW_OK;
}

enum gw_rc store_check_invite(const struct device_invite *invite, struct gw_err *err)
{
    if (!id_ok(&invite->device))
        return refuse(err, "invitation: not a device id");
    if (invite->wrong_count < 0)
        return refuse(err, "invitation: a negative count");
    return GW_OK;
}

enum gw_rc store_check_pending(const struct device_pending *pending, struct gw_err *err)
{
    if (!id_ok(&pending->device))
        return refuse(err, "pending entry: not a device id");
    if (pending->spki.len > sizeof(pending->spki.der))
        return refuse(err, "pending entry: more bytes than a public key may have");
    if (!ends(pending->source, sizeof(pending->source)))
        return refuse(err, "pending entry: source without an end");
    return GW_OK;
}

enum gw_rc store_check_user(const struct user *user, struct gw_err *err)
{
    if (!ends(user->name, sizeof(user->name)) || user_name_check(gw_view_str(user->name)) != GW_OK)
        return refuse(err, "user: not a user's name");
    if (user->role < USER_VIEWER || user->role > USER_ADMIN)
        return refuse(err, "user: no such role");
    if (!ends(user->password_hash, sizeof(user->password_hash)))
        return refuse(err, "user: password hash without an end");
    return GW_OK;
}

enum gw_rc store_check_audit(const struct audit_event *event, struct gw_err *err)
{
    if (event->sev < EVENT_SEV_INFO || event->sev > EVENT_SEV_FATAL)
        return refuse(err, "audit event: no such severity");
    if (event->res < EVENT_OK || event->res > EVENT_DENIED)
        return refuse(err, "audit event: no such result");
    if (!ends(event->cls, sizeof(event->cls)) || !ends(event->subj, sizeof(event->subj)) ||
        !ends(event->obj, sizeof(event->obj)) || !ends(event->msg, sizeof(event->msg)))
        return refuse(err, "audit event: text without an end");
    return GW_OK;
}

enum gw_rc store_check_setting(const char *key, struct gw_view value, struct gw_err *err)
{
    size_t len = strnlen(key, STORE_KEY_MAX + 1);
    if (len == 0 || len > STORE_KEY_MAX)
        return gw_err_set(err, GW_INVALID, "setting: a key has 1 to %d characters", STORE_KEY_MAX);
    if (value.len > STORE_SETTING_MAX)
        return gw_err_set(err, GW_TOO_BIG, "setting %s: %zu bytes, at most %d", key, value.len, STORE_SETTING_MAX);
    return GW_OK;
}
