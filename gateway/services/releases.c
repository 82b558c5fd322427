#include "releases.h"

#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gather.h"
#include "gw_cleanup.h"
#include "releases_internal.h"

static bool gather_file(void *ctx, const struct release_entry_file *file)
{
    struct answer *answer = ctx;
    if (answer->file_count == RELEASE_FILES_MAX)
        return false;
    answer->files[answer->file_count++] = *file;
    return true;
}

static enum gw_rc fill_trust(const struct store *store, unsigned threshold, struct answer_release *a,
                             struct gw_err *err)
{
    a->threshold = threshold;
    return releases_trusted(store, a->entry.signers, a->entry.signer_count, &a->trusted_signers, err);
}

enum gw_rc releases_row(const struct store *store, unsigned threshold, const struct release_entry *entry,
                        struct answer *ret_answer, struct gw_err *err)
{
    ret_answer->release_count = 1;
    ret_answer->releases[0] = (struct answer_release){.entry = *entry};
    ret_answer->file_count = 0;
    enum gw_rc rc = store->ops->release_files(store->self, entry->id, gather_file, ret_answer, err);
    return rc ? rc : fill_trust(store, threshold, &ret_answer->releases[0], err);
}

enum gw_rc releases_answer(const struct releases *r, struct turn *turn, struct asker asker,
                           const struct release_entry *entry, struct gw_err *err)
{
    struct answer *answer = turn_answer(turn, ANSWER_RELEASES, asker);
    answer->single = true;
    answer->releases = gw_xalloc(1, sizeof(*answer->releases));
    answer->files = gw_xalloc(RELEASE_FILES_MAX, sizeof(*answer->files));
    return releases_row(turn->store, r->threshold, entry, answer, err);
}

static bool gather_release(void *ctx, const struct release_entry *entry)
{
    struct gather *g = ctx;
    if (!gather_room(g, g->answer->release_count))
        return false;
    g->answer->releases[g->answer->release_count++].entry = *entry;
    return true;
}

/* The cursor is the id of the last release that was shown. */
enum gw_rc releases_behind(const struct store *store, const char *id, struct store_release_after *ret_after,
                           struct gw_err *err)
{
    struct release_entry entry;
    *ret_after = (struct store_release_after){.release_counter = 0};
    if (!id[0])
        return GW_OK;
    enum gw_rc rc = store->ops->release_get(store->self, id, &entry, err);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, GW_INVALID, "cursor: no such release");
    if (rc)
        return rc;
    (void)snprintf(ret_after->product, sizeof(ret_after->product), "%s", entry.product);
    ret_after->release_counter = entry.release_counter;
    return GW_OK;
}

static enum gw_rc list(struct releases *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    int64_t limit = act->number < 1 || act->number > RELEASES_LIST_MAX ? RELEASES_LIST_MAX : act->number;
    struct store_release_after after;
    struct gw_err why = {0};
    enum gw_rc rc = releases_behind(turn->store, act->text, &after, &why);
    if (rc == GW_INVALID) {
        turn_done(turn, msg->asker, rc, gw_err_text(&why));
        return GW_OK;
    }
    if (rc)
        return gw_err_set(err, rc, "%s", gw_err_text(&why));
    struct answer *answer = turn_answer(turn, ANSWER_RELEASES, msg->asker);
    answer->releases = gw_xalloc((size_t)limit, sizeof(*answer->releases));
    struct gather g = {answer, (size_t)limit};
    rc = turn->store->ops->release_each(turn->store->self, &after, (int)limit + 1, gather_release, &g, err);
    for (size_t i = 0; !rc && i < answer->release_count; i++)
        rc = fill_trust(turn->store, r->threshold, &answer->releases[i], err);
    return rc;
}

static enum gw_rc withdraw(struct releases *r, struct turn *turn, const struct inbox_msg *msg,
                           struct release_entry *entry, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    if (act->if_rev >= 0 && act->if_rev != entry->rev) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the release was changed meanwhile: look again");
        return GW_OK;
    }
    if (entry->state == RELEASE_WITHDRAWN) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the release is withdrawn already");
        return GW_OK;
    }
    entry->state = RELEASE_WITHDRAWN;
    entry->changed = turn->now;
    enum gw_rc rc = turn->store->ops->release_put(turn->store->self, entry, err);
    char name[AUDIT_NAME_MAX];
    (void)snprintf(name, sizeof(name), "%.46s %.46s", entry->product, entry->version);
    if (!rc)
        rc = audit_note(turn, AUDIT_RELEASE_WITHDRAWN, act->actor.name, name,
                        "the release was withdrawn for good; its artifacts go", err);
    if (rc)
        return rc;
    (void)turn_out(turn, OUT_COLLECT);
    turn_live(turn, LIVE_RELEASES, entry->id);
    return releases_answer(r, turn, msg->asker, entry, err);
}

struct listing {
    struct import_verify *verify;
};

static bool list_file(void *ctx, const struct release_entry_file *file)
{
    struct listing *l = ctx;
    if (l->verify->file_count == RELEASE_FILES_MAX)
        return false;
    l->verify->files[l->verify->file_count++] = file->file;
    return true;
}

static enum gw_rc verify(struct turn *turn, const struct inbox_msg *msg, const struct release_entry *entry,
                         struct gw_err *err)
{
    if (entry->state != RELEASE_STAGED) {
        turn_done(turn, msg->asker, GW_CONFLICT, "the release is withdrawn: its artifacts are not kept");
        return GW_OK;
    }
    struct import_verify *v = gw_xalloc(1, sizeof(*v));
    turn_out(turn, OUT_VERIFY)->verify = v;
    v->asker = msg->asker;
    v->actor = msg->u.act.actor;
    (void)snprintf(v->id, sizeof(v->id), "%s", entry->id);
    struct listing l = {v};
    return turn->store->ops->release_files(turn->store->self, entry->id, list_file, &l, err);
}

enum gw_rc releases_act(struct releases *r, struct turn *turn, const struct inbox_msg *msg, struct gw_err *err)
{
    const struct inbox_act *act = &msg->u.act;
    if (act->kind == ACT_RELEASES_LIST)
        return list(r, turn, msg, err);
    if (act->kind == ACT_RELEASES_PROGRESS) {
        r->imports.ops->status(r->imports.self, &turn_answer(turn, ANSWER_IMPORT, msg->asker)->import);
        return GW_OK;
    }
    struct release_entry entry;
    enum gw_rc rc = turn->store->ops->release_get(turn->store->self, act->text, &entry, err);
    if (rc == GW_NOT_FOUND) {
        turn_done(turn, msg->asker, GW_NOT_FOUND, "no such release");
        return GW_OK;
    }
    if (rc)
        return rc;
    if (act->kind == ACT_RELEASES_WITHDRAW)
        return withdraw(r, turn, msg, &entry, err);
    return act->kind == ACT_RELEASES_VERIFY ? verify(turn, msg, &entry, err)
                                            : releases_answer(r, turn, msg->asker, &entry, err);
}
