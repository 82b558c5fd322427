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

enum gw_rc store_check_token(const struct token *token, struct gw_err *err)
{
    if (!ends(token->name, sizeof(token->name)) || user_name_check(gw_view_str(token->name)) != GW_OK)
        return refuse(err, "token: not a token's name");
    if (token->role != TOKEN_VIEWER && token->role != TOKEN_OPERATOR && token->role != TOKEN_METRICS)
        return refuse(err, "token: no such role");
    if (!ends(token->made_by, sizeof(token->made_by)))
        return refuse(err, "token: its maker's name without an end");
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

static bool keyid_ok(const char *keyid)
{
    struct gw_sha256 digest;
    return gw_hex_parse(gw_view_make(keyid, strnlen(keyid, VENDOR_KEYID_LEN + 1)), digest.bytes, GW_SHA256_LEN) ==
           GW_OK;
}

enum gw_rc store_check_vendor_key(const struct vendor_key *key, struct gw_err *err)
{
    if (!keyid_ok(key->keyid))
        return refuse(err, "vendor key: not a keyid");
    if (key->spki.len > sizeof(key->spki.der))
        return refuse(err, "vendor key: more bytes than a public key may have");
    if (!ends(key->name, sizeof(key->name)))
        return refuse(err, "vendor key: name without an end");
    return GW_OK;
}

static bool release_texts_end(const struct release_entry *e)
{
    return ends(e->id, sizeof(e->id)) && ends(e->product, sizeof(e->product)) && ends(e->version, sizeof(e->version)) &&
           ends(e->channel, sizeof(e->channel)) && ends(e->imported_by, sizeof(e->imported_by));
}

static bool release_file_ok(const struct release_entry_file *f)
{
    return ends(f->file.name, sizeof(f->file.name)) && release_file_name_valid(gw_view_str(f->file.name)) &&
           ends(f->file.format, sizeof(f->file.format)) && ends(f->file.hardware, sizeof(f->file.hardware)) &&
           f->role >= RELEASE_ROLE_ARTIFACT && f->role <= RELEASE_ROLE_NOTES && f->file.size <= RELEASE_FILE_BYTES_MAX;
}

enum gw_rc store_check_release(const struct store_release *release, struct gw_err *err)
{
    const struct release_entry *e = release->entry;
    if (!release_texts_end(e) || !release_id_valid(gw_view_str(e->id)) ||
        !release_product_valid(gw_view_str(e->product)) || !release_version_valid(gw_view_str(e->version)))
        return refuse(err, "release: a text that breaks its grammar");
    if (e->release_counter == 0 || e->release_counter > RELEASE_COUNTER_MAX || e->security_floor > e->release_counter)
        return refuse(err, "release: no such counter or floor");
    if (e->state < RELEASE_STAGED || e->state > RELEASE_WITHDRAWN)
        return refuse(err, "release: no such state");
    if (e->signer_count > VENDOR_SIGNERS_MAX || e->file_count == 0 || e->file_count > RELEASE_FILES_MAX)
        return refuse(err, "release: no files, or more files or signers than there may be");
    for (size_t i = 0; i < e->signer_count; i++)
        if (!keyid_ok(e->signers[i]))
            return refuse(err, "release: not a keyid");
    for (size_t i = 0; i < e->file_count; i++)
        if (!release_file_ok(&release->files[i]))
            return refuse(err, "release: a file that breaks its rules");
    if (release->envelope.len > RELEASE_ENVELOPE_MAX)
        return gw_err_set(err, GW_TOO_BIG, "release: an envelope of %zu bytes", release->envelope.len);
    return GW_OK;
}

enum gw_rc store_check_product(const struct release_product *product, struct gw_err *err)
{
    if (!ends(product->product, sizeof(product->product)) || !release_product_valid(gw_view_str(product->product)))
        return refuse(err, "product: not a product's name");
    if (product->counter_seen > RELEASE_COUNTER_MAX || product->floor_confirmed > RELEASE_COUNTER_MAX)
        return refuse(err, "product: no such counter");
    return GW_OK;
}

static bool cause_ok(const struct alert_cause *cause)
{
    return ends(cause->cls, sizeof(cause->cls)) && cause->cls[0] &&
           ends(cause->device.text, sizeof(cause->device.text)) &&
           (cause->device.text[0] == '\0' || id_ok(&cause->device));
}

enum gw_rc store_check_alert(const struct alert *alert, struct gw_err *err)
{
    if (!ends(alert->id, sizeof(alert->id)) || !alert_id_valid(gw_view_str(alert->id)))
        return refuse(err, "alert: not an alert's id");
    if (!cause_ok(&alert->cause))
        return refuse(err, "alert: no cause");
    if (alert->sev < EVENT_SEV_INFO || alert->sev > EVENT_SEV_FATAL || alert->state < ALERT_NEW ||
        alert->state > ALERT_RESOLVED)
        return refuse(err, "alert: no such severity or state");
    if (alert->count == 0 || alert->count > INT64_MAX || alert->seq > INT64_MAX)
        return refuse(err, "alert: no such count or sequence number");
    if (!ends(alert->by, sizeof(alert->by)) || !ends(alert->note, sizeof(alert->note)) ||
        !ends(alert->msg, sizeof(alert->msg)))
        return refuse(err, "alert: text without an end");
    if (alert->has_evidence && (alert->log.kind < LOG_DEVICE || alert->log.kind > LOG_ROOT))
        return refuse(err, "alert: evidence in no log");
    return GW_OK;
}

enum gw_rc store_check_alert_window(const struct alert_window *window, struct gw_err *err)
{
    if (!cause_ok(&window->cause))
        return refuse(err, "alert window: no cause");
    if (window->count > ALERT_WINDOW_MAX)
        return refuse(err, "alert window: more times than there may be");
    return GW_OK;
}

static bool release_id_ok(const char *id, size_t size)
{
    return ends(id, size) && release_id_valid(gw_view_str(id));
}

static bool version_ok(const char *version, size_t size)
{
    return ends(version, size) && release_version_valid(gw_view_str(version));
}

static bool rollout_id_ok(const char *id, size_t size)
{
    return ends(id, size) && rollout_id_valid(gw_view_str(id));
}

static bool rollout_texts_ok(const struct rollout_entry *e)
{
    return rollout_id_ok(e->id, sizeof(e->id)) && ends(e->name, sizeof(e->name)) &&
           release_id_ok(e->release, sizeof(e->release)) && ends(e->product, sizeof(e->product)) &&
           release_product_valid(gw_view_str(e->product)) && version_ok(e->version, sizeof(e->version)) &&
           ends(e->created_by, sizeof(e->created_by)) && ends(e->reason, sizeof(e->reason));
}

static bool counts_ok(const uint32_t count[ATTEMPT_STATES], uint32_t total)
{
    uint64_t sum = 0;
    for (size_t s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++)
        sum += count[s];
    return sum == total && count[0] == 0;
}

static bool rollout_state_ok(const struct rollout *r, uint16_t waves)
{
    if (r->state < ROLLOUT_DRAFT || r->state > ROLLOUT_FINISHED || r->wave_count != waves || r->opened > waves ||
        r->hold_wave >= waves || r->rest.wave >= waves || (r->rest.unplanned > 0 && r->state != ROLLOUT_DRAFT) ||
        r->hold < ROLLOUT_HOLD_NONE || r->hold > ROLLOUT_HOLD_SOAK)
        return false;
    for (size_t i = 0; i < waves; i++) {
        const struct rollout_wave *w = &r->waves[i];
        if (w->state < ROLLOUT_WAVE_WAITING || w->state > ROLLOUT_WAVE_STOPPED || w->soak_from.ms < 0 ||
            w->holders > w->total || !counts_ok(w->count, w->total) || !counts_ok(w->back, w->back_total))
            return false;
    }
    return true;
}

enum gw_rc store_check_rollout(const struct rollout_entry *entry, struct gw_err *err)
{
    if (!rollout_texts_ok(entry))
        return refuse(err, "rollout: a text that breaks its grammar");
    if (entry->release_counter == 0 || entry->release_counter > RELEASE_COUNTER_MAX)
        return refuse(err, "rollout: no such counter");
    enum gw_rc rc = rollout_plan_valid(&entry->plan, err);
    if (rc)
        return rc;
    if (!rollout_state_ok(&entry->rollout, entry->plan.wave_count))
        return refuse(err, "rollout: a state that breaks its rules");
    return GW_OK;
}

/* A release and its version as far as they are known. */
static bool aim_ok(const char release[RELEASE_ID_LEN + 1], const char version[RELEASE_VERSION_MAX + 1],
                   uint64_t counter)
{
    return (release[0] == '\0' || release_id_ok(release, RELEASE_ID_LEN + 1)) &&
           (version[0] == '\0' || version_ok(version, RELEASE_VERSION_MAX + 1)) && counter <= RELEASE_COUNTER_MAX;
}

enum gw_rc store_check_attempt(const struct attempt_entry *entry, struct gw_err *err)
{
    const struct attempt *a = &entry->attempt;
    if (!ends(entry->id, sizeof(entry->id)) || !attempt_id_valid(gw_view_str(entry->id)) ||
        !rollout_id_ok(entry->rollout, sizeof(entry->rollout)) || !id_ok(&entry->device))
        return refuse(err, "attempt: an id that breaks its grammar");
    if (entry->wave >= ROLLOUT_WAVES_MAX)
        return refuse(err, "attempt: no such wave");
    if (a->state < ATTEMPT_PLANNED || a->state >= ATTEMPT_STATES || a->code < ATTEMPT_CODE_NONE ||
        a->code > ATTEMPT_CODE_UNKNOWN_BEFORE)
        return refuse(err, "attempt: no such state or code");
    if (!ends(a->boot_before, sizeof(a->boot_before)) || !ends(a->boot_confirm, sizeof(a->boot_confirm)))
        return refuse(err, "attempt: a boot id without an end");
    if (!aim_ok(entry->release, entry->version, entry->release_counter) ||
        !aim_ok(entry->before_release, entry->before_version, entry->before_counter))
        return refuse(err, "attempt: a release or version that breaks its grammar");
    return GW_OK;
}

enum gw_rc store_check_seats(const char *rollout, const struct rollout_seat *seats, size_t count, struct gw_err *err)
{
    if (!rollout_id_valid(gw_view_str(rollout)) || count == 0 || count > ROLLOUT_SLICE_MAX)
        return refuse(err, "devices of a draft: not a rollout's id, none, or more than a list may have");
    for (size_t i = 0; i < count; i++)
        if (!id_ok(&seats[i].device) || seats[i].wave >= ROLLOUT_WAVES_MAX)
            return refuse(err, "devices of a draft: no such device id or wave");
    return GW_OK;
}

enum gw_rc store_check_inventory(const struct inventory *inventory, struct gw_err *err)
{
    const struct inventory *i = inventory;
    if (!id_ok(&i->device))
        return refuse(err, "inventory: not a device id");
    if (!ends(i->product, sizeof(i->product)) || !ends(i->hardware, sizeof(i->hardware)) ||
        !ends(i->version, sizeof(i->version)) || !ends(i->slots, sizeof(i->slots)) || !ends(i->boot, sizeof(i->boot)) ||
        !ends(i->agent, sizeof(i->agent)) || !ends(i->attributes, sizeof(i->attributes)))
        return refuse(err, "inventory: text without an end");
    if (i->release[0] != '\0' && !release_id_ok(i->release, sizeof(i->release)))
        return refuse(err, "inventory: not a release's id");
    if (i->uptime_s < 0 || i->job_n < 0 || i->floor_confirmed > RELEASE_COUNTER_MAX ||
        i->release_counter > RELEASE_COUNTER_MAX)
        return refuse(err, "inventory: a number out of range");
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
