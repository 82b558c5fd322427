/*
 * What becomes of rollouts when releases are not given out any more. One whose row is damaged is set aside and told
 * (rollouts_park()), before anything of it is written: the others go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "rollouts_internal.h"

struct affected {
    char id[ROLLOUT_ID_LEN + 1];
    bool offers;  /* a recalled release */
    bool returns; /* is of another release, and goes back */
};

struct recalling {
    const struct rollouts_recall *recall;
    struct affected *items; /* owned */
    size_t count, cap;
    const char *aim; /* of the one that is looked at: the recalled release that it goes back to */
};

static void recalling_done(struct recalling *a)
{
    free(a->items);
}

/* Which of the recalled ones; NULL: none. */
static const char *find_release(const struct rollouts_recall *recall, const char *release)
{
    for (size_t i = 0; i < recall->count; i++)
        if (strcmp(recall->releases[i], release) == 0)
            return recall->releases[i];
    return NULL;
}

static bool note_affected(void *ctx, const struct rollout_entry *entry)
{
    struct recalling *a = ctx;
    enum rollout_state state = entry->rollout.state;
    bool ours = find_release(a->recall, entry->release) != NULL;
    if (state == ROLLOUT_DRAFT || (!ours && state != ROLLOUT_ROLLING_BACK))
        return true; /* a draft cannot start any more */
    a->items = gw_xgrow(a->items, a->count, &a->cap, sizeof(*a->items));
    struct affected *item = &a->items[a->count++];
    *item = (struct affected){.offers = state == ROLLOUT_RUNNING || state == ROLLOUT_HOLDING, .returns = !ours};
    memcpy(item->id, entry->id, sizeof(item->id));
    return true;
}

/* Reads it and tries the event, without writing. GW_CORRUPT: it is damaged. */
static enum gw_rc read_sound(const struct turn *turn, const char *id, enum rollout_event_kind kind,
                             struct rollout_entry *ret_entry, struct gw_err *err)
{
    const struct rollout_event event = {.kind = kind, .now = turn->now};
    enum gw_rc rc = turn->store->ops->rollout_get(turn->store->self, id, ret_entry, err);
    if (!rc)
        rc = rollouts_applies(ret_entry, &event, err);
    return rc == GW_CONFLICT ? GW_OK : rc; /* sound, if not to be changed now */
}

static enum gw_rc stop_offers(struct rollouts *r, struct turn *turn, const struct rollouts_recall *recall,
                              const struct affected *item, struct gw_err *err)
{
    struct rollouts_change pause = {
        .event = ROLLOUT_EV_PAUSE, .id = item->id, .if_rev = -1, .reason = recall->why, .actor = recall->actor};
    struct rollout_entry entry;
    enum gw_rc rc = read_sound(turn, item->id, item->offers ? ROLLOUT_EV_PAUSE : ROLLOUT_EV_TICK, &entry, err);
    if (rc == GW_CORRUPT) {
        rollouts_park(r, item->id, turn->now);
        return GW_OK;
    }
    if (!rc && item->offers)
        rc = rollouts_change(r, turn, &pause, &entry, err);
    if (rc)
        return rc;
    (void)rollouts_sweep_begin(r, item->id, false, ROLLOUTS_SWEEP_CANCEL); /* too many: their timers ask */
    turn_due(turn, item->id);
    return GW_OK;
}

static bool note_aim(void *ctx, const struct attempt_entry *entry)
{
    struct recalling *a = ctx;
    a->aim = find_release(a->recall, entry->release);
    return !a->aim;
}

/* One that goes back cannot pause: it says why its devices will not come there. */
static enum gw_rc say_why(struct turn *turn, struct rollout_entry *entry, const char *aim, struct gw_err *err)
{
    struct release_entry release;
    char name[AUDIT_NAME_MAX];
    enum gw_rc rc = turn->store->ops->release_get(turn->store->self, aim, &release, err);
    if (rc)
        return rc;
    bool withdrawn = release.state == RELEASE_WITHDRAWN;
    (void)snprintf(entry->reason, sizeof(entry->reason), "%s%s, which it goes back to, %s",
                   withdrawn ? "" : "a stored artifact of ", release.version,
                   withdrawn ? "was withdrawn" : "is damaged");
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry->id, entry->product, entry->version);
    rc = audit_note(turn, AUDIT_ROLLOUT_GOES_BACK, "gateway", name, entry->reason, err);
    turn_live(turn, LIVE_ROLLOUTS, entry->id);
    return rc ? rc : turn->store->ops->rollout_put(turn->store->self, entry, err);
}

/* As far as the first ROLLOUT_SLICE_MAX of its devices tell. */
static enum gw_rc tell_returning(struct rollouts *r, struct turn *turn, struct recalling *a, const char *id,
                                 struct gw_err *err)
{
    struct store_attempt_filter filter = rollouts_filter(id, true, 0);
    struct rollout_entry entry;
    a->aim = NULL;
    enum gw_rc rc = read_sound(turn, id, ROLLOUT_EV_TICK, &entry, err);
    if (!rc)
        rc = turn->store->ops->attempt_each(turn->store->self, &filter, ROLLOUT_SLICE_MAX, note_aim, a, err);
    if (rc == GW_CORRUPT) {
        rollouts_park(r, id, turn->now);
        return GW_OK;
    }
    return rc || !a->aim ? rc : say_why(turn, &entry, a->aim, err);
}

enum gw_rc rollouts_recalled(struct rollouts *r, struct turn *turn, const struct rollouts_recall *recall,
                             struct gw_err *err)
{
    GW_CLEANUP(recalling_done) struct recalling a = {.recall = recall};
    if (recall->count == 0)
        return GW_OK;
    enum gw_rc rc = turn->store->ops->rollout_each_live(turn->store->self, NULL, note_affected, &a, err);
    for (size_t i = 0; !rc && i < a.count; i++)
        rc = a.items[i].returns ? tell_returning(r, turn, &a, a.items[i].id, err)
                                : stop_offers(r, turn, recall, &a.items[i], err);
    return rollouts_refuses(rc) ? rollouts_written(rc, err) : rc;
}
