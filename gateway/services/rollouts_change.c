/* What people do to a rollout. */
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

enum gw_rc rollouts_applies(const struct rollout_entry *entry, const struct rollout_event *event, struct gw_err *err)
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
        rc = rollouts_applies(&entry, &event, err);
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
