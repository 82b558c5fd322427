/* What an import came to. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "releases_internal.h"

struct beside {
    const struct release *release;
    struct release_refusal *refusal;
    struct gw_err *err;
    enum gw_rc rc;
};

static bool stands_beside(void *ctx, const struct release_entry *entry)
{
    struct beside *b = ctx;
    struct release_known known = {.release_counter = entry->release_counter, .state = entry->state};
    if (strcmp(entry->product, b->release->product) != 0)
        return false; /* they come by product */
    (void)snprintf(known.product, sizeof(known.product), "%s", entry->product);
    (void)snprintf(known.version, sizeof(known.version), "%s", entry->version);
    b->rc = release_admit_beside(b->release, &known, b->refusal, b->err);
    return b->rc == GW_OK;
}

enum gw_rc releases_admit(const struct store *store, const struct release *release, const struct release_trust *trust,
                          struct gw_wall now, struct release_refusal *ret_refusal, struct gw_err *err)
{
    struct release_product product = {.floor_confirmed = 0};
    enum gw_rc rc = store->ops->product_get(store->self, release->product, &product, err);
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    rc = release_admit(release, trust, product.floor_confirmed, now, ret_refusal, err);
    if (rc)
        return rc;
    struct store_release_after after = {.release_counter = 0}; /* counters begin at 1 */
    (void)snprintf(after.product, sizeof(after.product), "%s", release->product);
    struct beside b = {release, ret_refusal, err, GW_OK};
    rc = store->ops->release_each(store->self, &after, INT32_MAX, stands_beside, &b, err);
    return rc ? rc : b.rc;
}

static enum audit_what refusal_kind(enum release_check check)
{
    switch (check) {
    case RELEASE_CHECK_SIGNATURE:
    case RELEASE_CHECK_DIGEST:
    case RELEASE_CHECK_FLOOR:
        return AUDIT_RELEASE_FORGED;
    case RELEASE_CHECK_CONTAINER:
    case RELEASE_CHECK_ENVELOPE:
    case RELEASE_CHECK_MANIFEST:
    case RELEASE_CHECK_EXPIRY:
    case RELEASE_CHECK_FILES:
    case RELEASE_CHECK_SIZE:
        return AUDIT_RELEASE_REFUSED;
    case RELEASE_CHECK_DUPLICATE:
    case RELEASE_CHECK_SPACE:
        return AUDIT_RELEASE_LEFT;
    }
    return AUDIT_RELEASE_LEFT;
}

static void name_of(const struct import_outcome *o, char out[AUDIT_NAME_MAX])
{
    if (o->has_release)
        (void)snprintf(out, AUDIT_NAME_MAX, "%.46s %.46s", o->release.product, o->release.version);
    else
        (void)snprintf(out, AUDIT_NAME_MAX, "release");
}

static enum gw_rc refuse(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                         const struct release_refusal *refusal, const struct gw_err *why, struct gw_err *err)
{
    const struct import_outcome *o = (const struct import_outcome *)(const void *)msg->blob;
    char name[AUDIT_NAME_MAX];
    name_of(o, name);
    /* The asker's bytes are to blame, not what the gateway stores or can do. */
    enum gw_rc rc = why->rc == GW_CORRUPT || why->rc == GW_UNSUPPORTED ? GW_INVALID : why->rc;
    turn_done(turn, msg->asker, rc, gw_err_text(why));
    turn->outs[turn->count - 1].answer->refusal = *refusal;
    r->refused[refusal->check]++;
    return audit_note(turn, refusal_kind(refusal->check), o->actor.name, name, gw_err_text(why), err);
}

static void list_files(const struct release *release, struct release_entry_file files[RELEASE_FILES_MAX])
{
    for (size_t i = 0; i < release_file_count(release); i++)
        files[i] = (struct release_entry_file){release_role_at(release, i), *release_file_at(release, i)};
}

static enum gw_rc remember_counter(struct turn *turn, const struct release *release, bool *ret_older,
                                   struct gw_err *err)
{
    struct release_product product = {.counter_seen = 0};
    enum gw_rc rc = turn->store->ops->product_get(turn->store->self, release->product, &product, err);
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    *ret_older = release->release_counter < product.counter_seen;
    if (*ret_older)
        return GW_OK;
    (void)snprintf(product.product, sizeof(product.product), "%s", release->product);
    product.counter_seen = release->release_counter;
    return turn->store->ops->product_put(turn->store->self, &product, err);
}

static enum gw_rc stage(struct releases *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct import_outcome *o = (const struct import_outcome *)(const void *)msg->blob;
    struct release_entry entry;
    GW_FREE struct release_entry_file *files = gw_xalloc(RELEASE_FILES_MAX, sizeof(*files));
    release_entry_of(&o->release, &entry);
    list_files(&o->release, files);
    (void)snprintf(entry.id, sizeof(entry.id), "%s", o->id);
    (void)snprintf(entry.imported_by, sizeof(entry.imported_by), "%s", o->actor.name);
    entry.imported = entry.changed = turn->now;
    entry.signer_count = o->signer_count;
    memcpy(entry.signers, o->signers, sizeof(entry.signers));
    struct store_release release = {&entry, files, gw_view_make(o->envelope, o->envelope_len)};
    bool older = false;
    enum gw_rc rc = turn->store->ops->release_add(turn->store->self, &release, err);
    if (!rc)
        rc = remember_counter(turn, &o->release, &older, err);
    char name[AUDIT_NAME_MAX];
    name_of(o, name);
    if (!rc)
        rc = audit_note(
            turn, older ? AUDIT_RELEASE_OLDER : AUDIT_RELEASE_STAGED, o->actor.name, name,
            older ? "a release was staged although a newer one was known" : "a release was checked and staged", err);
    turn_live(turn, LIVE_RELEASES, entry.id);
    return rc ? rc : releases_answer(r, turn, msg->asker, &entry, err);
}

enum gw_rc releases_imported(struct releases *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct import_outcome *o = (const struct import_outcome *)(const void *)msg->blob;
    struct release_refusal refusal = o->refusal;
    struct gw_err why = {.rc = o->rc};
    if (o->rc) {
        (void)snprintf(why.text, sizeof(why.text), "%s", o->why);
        return refuse(r, turn, msg, &refusal, &why, err);
    }
    struct release_trust trust = {.threshold = r->threshold};
    enum gw_rc rc = releases_trusted(turn->store, o->signers, o->signer_count, &trust.signers, err);
    if (rc)
        return rc;
    rc = releases_admit(turn->store, &o->release, &trust, turn->now, &refusal, &why);
    if (rc && refusal.check)
        return refuse(r, turn, msg, &refusal, &why, err);
    return rc ? gw_err_set(err, rc, "%s", gw_err_text(&why)) : stage(r, turn, msg, err);
}
