/* What people do to a rollout, and what becomes of it when its release is recalled. */
#include <stdio.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_utf8.h"
#include "rollouts_internal.h"

static enum audit_what what_of(enum rollout_event_kind event)
{
    switch (event) {
    case ROLLOUT_EV_START:
        return AUDIT_ROLLOUT_STARTED;
    case ROLLOUT_EV_PAUSE:
        return AUDIT_ROLLOUT_PAUSED;
    case ROLLOUT_EV_RESUME:
        return AUDIT_ROLLOUT_RESUMED;
    case ROLLOUT_EV_ABORT:
        return AUDIT_ROLLOUT_ABORT;
    case ROLLOUT_EV_ROLLBACK:
        return AUDIT_ROLLOUT_ROLLBACK;
    case ROLLOUT_EV_WAIVE:
        return AUDIT_ROLLOUT_WAIVED;
    case ROLLOUT_EV_CHANGED:
    case ROLLOUT_EV_TICK:
    case ROLLOUT_EV_BLIND:
    case ROLLOUT_EV_PLANNED:
        return 0;
    }
    return 0;
}

static bool needs_reason(enum rollout_event_kind event)
{
    return event == ROLLOUT_EV_WAIVE || event == ROLLOUT_EV_ABORT || event == ROLLOUT_EV_ROLLBACK;
}

static enum gw_rc tell_change(struct turn *turn, const struct rollouts_change *change,
                              const struct rollout_entry *entry, const char *reason, struct gw_err *err)
{
    char name[AUDIT_NAME_MAX], msg[AUDIT_MSG_MAX];
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry->id, entry->product, entry->version);
    if (change->event == ROLLOUT_EV_WAIVE)
        (void)snprintf(msg, sizeof(msg), "wave %u, %s: %.200s", change->wave + 1u, rollout_hold_text(change->waive),
                       reason);
    else
        (void)snprintf(msg, sizeof(msg), "%s%s%.200s", rollout_event_text(change->event), reason[0] ? ": " : "",
                       reason);
    return audit_note(turn, what_of(change->event), change->actor, name, msg, err);
}

/* May this be done to this rollout, as things are beside it? */
static enum gw_rc admit(const struct turn *turn, const struct rollouts_change *change,
                        const struct rollout_entry *entry, const char *reason, struct gw_err *err)
{
    struct release_entry release;
    if (!what_of(change->event))
        return gw_err_set(err, GW_INVALID, "no such act");
    if (change->if_rev >= 0 && change->if_rev != entry->rev)
        return gw_err_set(err, GW_CONFLICT, "the rollout was changed meanwhile: look again");
    if (needs_reason(change->event) && !reason[0])
        return gw_err_set(err, GW_INVALID, "say why: a reason is asked for");
    if (change->event != ROLLOUT_EV_START && change->event != ROLLOUT_EV_RESUME)
        return GW_OK;
    enum gw_rc rc = turn->store->ops->release_get(turn->store->self, entry->release, &release, err);
    if (rc || release_is_given(&release))
        return rc;
    return gw_err_set(err, GW_CONFLICT, "%s: %sabort the rollout or roll it back", rollouts_withheld_text(&release),
                      release.state == RELEASE_STAGED ? "put it back and verify the release, or " : "");
}

/* Does it apply now? Asked before anything is written, so that a refusal leaves nothing, not even its audit event. */
static enum gw_rc applies(const struct rollout_entry *entry, const struct rollout_event *event, struct gw_err *err)
{
    GW_FREE struct rollout_update *update = gw_xalloc(1, sizeof(*update));
    return rollout_step(&entry->rollout, &entry->plan, event, update, err);
}

bool rollouts_refuses(enum gw_rc rc)
{
    return rc == GW_NOT_FOUND || rc == GW_CONFLICT || rc == GW_INVALID || rc == GW_TOO_BIG;
}

enum gw_rc rollouts_written(enum gw_rc rc, struct gw_err *err)
{
    return rollouts_refuses(rc) || rc == GW_EXISTS ? gw_err_wrap(err, GW_CORRUPT, "an act on a rollout") : rc;
}

enum gw_rc rollouts_change(struct rollouts *r, struct turn *turn, const struct rollouts_change *change,
                           struct rollout_entry *ret_entry, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct rollout_event event = {
        .kind = change->event, .now = turn->now, .wave = change->wave, .waive = change->waive};
    char reason[ROLLOUT_REASON_MAX] = "";
    struct rollout_entry entry;
    if (change->reason)
        (void)gw_utf8_clean(gw_view_trim(gw_view_str(change->reason)), reason, sizeof(reason));
    enum gw_rc rc = rollout_id_valid(gw_view_str(change->id))
                        ? store->ops->rollout_get(store->self, change->id, &entry, err)
                        : GW_NOT_FOUND;
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, rc, "no such rollout");
    if (!rc)
        rc = admit(turn, change, &entry, reason, err);
    if (!rc)
        rc = applies(&entry, &event, err);
    if (rc)
        return rc;
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, r, turn);
    rc = tell_change(turn, change, &entry, reason, err);
    if (!rc)
        rc = rollouts_move(run, entry.id, &event, NULL, reason, err);
    if (!rc)
        rc = rollouts_run_end(run, err);
    if (!rc)
        rc = store->ops->rollout_get(store->self, entry.id, ret_entry, err);
    return rollouts_written(rc, err);
}

/* ---- a release that is not given out any more ---- */

#define AFFECTED_MAX 64 /* rollouts of one release that have not ended; their devices exclude one another */

struct affected {
    const char *release;
    char ids[AFFECTED_MAX][ROLLOUT_ID_LEN + 1];
    bool offers[AFFECTED_MAX];
    size_t count;
};

static bool note_affected(void *ctx, const struct rollout_entry *entry)
{
    struct affected *a = ctx;
    enum rollout_state state = entry->rollout.state;
    if (strcmp(entry->release, a->release) != 0 || state == ROLLOUT_DRAFT)
        return true; /* a draft cannot start any more */
    if (a->count == AFFECTED_MAX)
        return false; /* each further one finds out when it offers, and when its timers are due */
    a->offers[a->count] = state == ROLLOUT_RUNNING || state == ROLLOUT_HOLDING;
    memcpy(a->ids[a->count++], entry->id, sizeof(entry->id));
    return true;
}

struct returning {
    const char *release;
    char ids[AFFECTED_MAX][ROLLOUT_ID_LEN + 1];
    size_t count;
    bool goes; /* the one that is looked at goes back to it */
};

static bool note_returning(void *ctx, const struct rollout_entry *entry)
{
    struct returning *b = ctx;
    if (entry->rollout.state == ROLLOUT_ROLLING_BACK && strcmp(entry->release, b->release) != 0)
        memcpy(b->ids[b->count++], entry->id, sizeof(entry->id));
    return b->count < AFFECTED_MAX;
}

static bool note_goes(void *ctx, const struct attempt_entry *entry)
{
    struct returning *b = ctx;
    b->goes = strcmp(entry->release, b->release) == 0;
    return !b->goes;
}

/* One that goes back cannot pause: it says why its devices will not come there. */
static enum gw_rc tell_returning(struct rollouts *r, struct turn *turn, const char *id,
                                 const struct release_entry *release, struct gw_err *err)
{
    const struct rollout_event event = {.kind = ROLLOUT_EV_TICK, .now = turn->now};
    struct rollout_entry entry;
    char name[AUDIT_NAME_MAX], why[ROLLOUT_REASON_MAX];
    bool withdrawn = release->state == RELEASE_WITHDRAWN;
    (void)snprintf(why, sizeof(why), "%s%s, which it goes back to, %s", withdrawn ? "" : "a stored artifact of ",
                   release->version, withdrawn ? "was withdrawn" : "is damaged");
    enum gw_rc rc = turn->store->ops->rollout_get(turn->store->self, id, &entry, err);
    if (rc)
        return rc;
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry.id, entry.product, entry.version);
    rc = audit_note(turn, AUDIT_ROLLOUT_GOES_BACK, "gateway", name, why, err);
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, r, turn);
    if (!rc)
        rc = rollouts_move(run, id, &event, NULL, why, err);
    if (!rc)
        rc = rollouts_run_end(run, err);
    return rollouts_written(rc, err);
}

/* Rollouts of other releases that go back to this one, as far as the first ROLLOUT_SLICE_MAX of their devices tell. */
static enum gw_rc tell_all_returning(struct rollouts *r, struct turn *turn, const char *id, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct release_entry release;
    GW_FREE struct returning *b = gw_xalloc(1, sizeof(*b));
    *b = (struct returning){.release = id};
    enum gw_rc rc = store->ops->release_get(store->self, id, &release, err);
    if (!rc)
        rc = store->ops->rollout_each_live(store->self, note_returning, b, err);
    for (size_t i = 0; !rc && i < b->count; i++) {
        struct store_attempt_filter filter = rollouts_filter(b->ids[i], true, 0);
        b->goes = false;
        rc = store->ops->attempt_each(store->self, &filter, ROLLOUT_SLICE_MAX, note_goes, b, err);
        if (!rc && b->goes)
            rc = tell_returning(r, turn, b->ids[i], &release, err);
    }
    return rc;
}

enum gw_rc rollouts_recalled(struct rollouts *r, struct turn *turn, const char *release, const char *why,
                             const char *actor, struct gw_err *err)
{
    struct affected a = {.release = release};
    struct rollout_entry entry;
    enum gw_rc rc = turn->store->ops->rollout_each_live(turn->store->self, note_affected, &a, err);
    for (size_t i = 0; !rc && i < a.count; i++) {
        struct rollouts_change pause = {
            .event = ROLLOUT_EV_PAUSE, .id = a.ids[i], .if_rev = -1, .reason = why, .actor = actor};
        if (a.offers[i])
            rc = rollouts_change(r, turn, &pause, &entry, err);
        (void)rollouts_sweep_begin(r, a.ids[i], false, ROLLOUTS_SWEEP_CANCEL); /* too many: their timers ask */
        turn_due(turn, a.ids[i]);
    }
    return rc ? rc : tell_all_returning(r, turn, release, err);
}
