/* What reading stored artifacts again has come to. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "recheck.h"
#include "releases_internal.h"

#define PAGE 64 /* releases that are looked at together */

/* Nobody asked for it: a device has complained. */
static bool is_own(const struct import_verify *v)
{
    return v->asker.kind == ASKER_NOBODY;
}

static void name_of(const struct release_entry *entry, char out[AUDIT_NAME_MAX])
{
    (void)snprintf(out, AUDIT_NAME_MAX, "%.46s %.46s", entry->product, entry->version);
}

void releases_damage_done(struct releases_damage *damage)
{
    free(damage->ids);
}

struct page {
    struct release_entry items[PAGE];
    size_t count;
};

static bool gather(void *ctx, const struct release_entry *entry)
{
    struct page *page = ctx;
    page->items[page->count++] = *entry;
    return page->count < PAGE;
}

struct seeking {
    const struct gw_sha256 *sha256;
    bool found;
};

static bool seek(void *ctx, const struct release_entry_file *file)
{
    struct seeking *s = ctx;
    s->found = gw_sha256_eq(&file->file.sha256, s->sha256);
    return !s->found;
}

static enum gw_rc mark(struct turn *turn, struct release_entry *entry, struct releases_damage *damage,
                       struct gw_err *err)
{
    entry->damaged = entry->changed = turn->now;
    damage->ids = gw_xgrow(damage->ids, damage->count, &damage->cap, sizeof(*damage->ids));
    memcpy(damage->ids[damage->count++], entry->id, sizeof(entry->id));
    turn_live(turn, LIVE_RELEASES, entry->id);
    return turn->store->ops->release_put(turn->store->self, entry, err);
}

/* One file may be in several releases: one content, one blob. */
static enum gw_rc mark_page(struct turn *turn, struct page *page, const struct gw_sha256 *sha256,
                            struct releases_damage *damage, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < page->count; i++) {
        struct release_entry *entry = &page->items[i];
        struct seeking s = {sha256, false};
        if (!release_is_given(entry))
            continue;
        rc = turn->store->ops->release_files(turn->store->self, entry->id, seek, &s, err);
        if (!rc && s.found)
            rc = mark(turn, entry, damage, err);
    }
    return rc;
}

static enum gw_rc mark_all(struct turn *turn, const struct gw_sha256 *sha256, struct releases_damage *damage,
                           struct gw_err *err)
{
    struct store_release_after after = {.release_counter = 0};
    GW_FREE struct page *page = gw_xalloc(1, sizeof(*page));
    for (;;) {
        page->count = 0;
        enum gw_rc rc = turn->store->ops->release_each(turn->store->self, &after, PAGE, gather, page, err);
        if (!rc && page->count) {
            const struct release_entry *last = &page->items[page->count - 1];
            memcpy(after.product, last->product, sizeof(after.product));
            after.release_counter = last->release_counter;
            rc = mark_page(turn, page, sha256, damage, err);
        }
        if (rc || page->count < PAGE)
            return rc;
    }
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
        turn_done(turn, msg->asker, GW_CORRUPT, gw_err_text(&why));
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

enum gw_rc releases_verified(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                             struct releases_damage *ret_damage, struct gw_err *err)
{
    const struct import_verify *v = (const struct import_verify *)(const void *)msg->blob;
    struct release_entry entry;
    bool waits = false;
    ret_damage->count = 0;
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
        rc = mark_all(turn, &v->files[v->bad].sha256, ret_damage, err);
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
