/* What reading stored artifacts again has come to. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "recheck.h"
#include "releases_internal.h"

/* Nobody asked for it: a device has complained. */
static bool is_own(const struct import_verify *v)
{
    return v->asker.kind == ASKER_NOBODY;
}

static void name_of(const struct release_entry *entry, char out[AUDIT_NAME_MAX])
{
    (void)snprintf(out, AUDIT_NAME_MAX, "%.46s %.46s", entry->product, entry->version);
}

/* One file may be in several releases: one content, one blob. */
static enum gw_rc mark_all(struct turn *turn, const struct gw_sha256 *sha256, bool *ret_marked, struct gw_err *err)
{
    int64_t count = 0;
    enum gw_rc rc = turn->store->ops->release_damage(turn->store->self, sha256, turn->now, &count, err);
    *ret_marked = count > 0;
    turn_live_all(turn, LIVE_RELEASES);
    return rc;
}

/* A stored artifact is not what was signed. */
static enum gw_rc tell_damage(struct turn *turn, const struct inbox_msg *msg, const struct import_verify *v,
                              const struct release_entry *entry, struct gw_err *err)
{
    char name[AUDIT_NAME_MAX], text[AUDIT_MSG_MAX];
    struct gw_err why = {0};
    struct release_refusal refusal = {0};
    name_of(entry, name);
    (void)release_refuse(&refusal, &why, GW_CORRUPT, RELEASE_CHECK_DIGEST, v->files[v->bad].name,
                         v->rc == GW_NOT_FOUND ? "the stored artifact is gone" : "the stored artifact was altered");
    (void)snprintf(text, sizeof(text), "%.180s; it is not given out any more%s%s", gw_err_text(&why),
                   is_own(v) ? "; noticed through " : "", is_own(v) ? v->device.text : "");
    if (!is_own(v)) {
        char answer[GW_ERR_TEXT_MAX + 96];
        (void)snprintf(answer, sizeof(answer),
                       "%s: put it back from a backup and verify again, or withdraw the release", gw_err_text(&why));
        turn_done(turn, msg->asker, GW_CORRUPT, answer);
        turn->outs[turn->count - 1].answer->refusal = refusal;
    }
    return audit_note(turn, AUDIT_BLOB_DAMAGED, v->actor.name, name, text, err);
}

/* The file that a device complained of is what was signed: what it received was changed on its way, or on the device.
 */
static enum gw_rc tell_intact(struct turn *turn, const struct import_verify *v, const struct release_entry *entry,
                              struct gw_err *err)
{
    char subj[AUDIT_NAME_MAX], name[AUDIT_NAME_MAX], text[AUDIT_MSG_MAX];
    (void)snprintf(subj, sizeof(subj), "device:%s", v->device.text);
    name_of(entry, name);
    (void)snprintf(text, sizeof(text),
                   "%s: the device received something else, the stored artifact is what was signed: look at the device "
                   "and its network",
                   v->files[0].name);
    return audit_note(turn, AUDIT_BLOB_INTACT, subj, name, text, err);
}

static enum gw_rc tell_unread(struct turn *turn, const struct import_verify *v, const struct release_entry *entry,
                              struct gw_err *err)
{
    char name[AUDIT_NAME_MAX], text[AUDIT_MSG_MAX];
    name_of(entry, name);
    (void)snprintf(text, sizeof(text), "%s: the stored artifact could not be read: %.120s; verify the release",
                   v->files[0].name, v->why);
    return audit_note(turn, AUDIT_BLOB_UNREAD, v->actor.name, name, text, err);
}

/* All of it is as it should be: what was against it has been mended. */
static enum gw_rc give_again(const struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                             struct release_entry *entry, struct gw_err *err)
{
    const struct import_verify *v = (const struct import_verify *)(const void *)msg->blob;
    char name[AUDIT_NAME_MAX];
    bool mended = entry->damaged.ms != 0;
    enum gw_rc rc = GW_OK;
    if (mended) {
        entry->damaged.ms = 0;
        entry->changed = turn->now;
        turn_live(turn, LIVE_RELEASES, entry->id);
        rc = turn->store->ops->release_put(turn->store->self, entry, err);
    }
    if (!rc)
        rc = recheck_forget(turn, entry->id, err);
    name_of(entry, name);
    if (!rc)
        rc = audit_note(turn, AUDIT_RELEASE_VERIFIED, v->actor.name, name,
                        mended ? "all stored artifacts are what was signed: it is given out again"
                               : "all stored artifacts are what was signed",
                        err);
    return rc ? rc : releases_answer(r, turn, msg->asker, entry, err);
}

/* The gateway's own wish: what it was told, if it still waits for it. */
static enum gw_rc own_verified(struct releases *r, struct turn *turn, const struct import_verify *v,
                               const struct release_entry *entry, struct gw_err *err)
{
    if (!v->rc) {
        r->intact++;
        return tell_intact(turn, v, entry, err);
    }
    return tell_unread(turn, v, entry, err);
}

/* False: nobody waits for this any more. */
static enum gw_rc awaited(struct turn *turn, const struct import_verify *v, bool *ret_awaited, struct gw_err *err)
{
    *ret_awaited = !is_own(v);
    if (!is_own(v) || v->rc == GW_AGAIN)
        return GW_OK; /* the gateway stops: the next start reads it */
    return recheck_settle(turn, &v->files[0].sha256, ret_awaited, err);
}

enum gw_rc releases_verified(struct releases *r, struct turn *turn, const struct inbox_msg *msg, bool *ret_damaged,
                             struct gw_err *err)
{
    const struct import_verify *v = (const struct import_verify *)(const void *)msg->blob;
    struct release_entry entry;
    bool waits = false;
    *ret_damaged = false;
    enum gw_rc rc = awaited(turn, v, &waits, err);
    if (!rc && waits)
        rc = turn->store->ops->release_get(turn->store->self, v->id, &entry, err);
    if (rc || !waits)
        return rc;
    if (entry.state == RELEASE_WITHDRAWN) { /* its files may be gone */
        if (!is_own(v))
            turn_done(turn, msg->asker, GW_CONFLICT, "the release was withdrawn meanwhile");
        return GW_OK;
    }
    if (v->rc == GW_CORRUPT || v->rc == GW_NOT_FOUND) {
        r->damaged++;
        rc = mark_all(turn, &v->files[v->bad].sha256, ret_damaged, err);
        return rc ? rc : tell_damage(turn, msg, v, &entry, err);
    }
    if (is_own(v))
        return own_verified(r, turn, v, &entry, err);
    if (v->rc) {
        turn_done(turn, msg->asker, v->rc, v->why);
        return GW_OK;
    }
    return give_again(r, turn, msg, &entry, err);
}
