/*
 * Drafts, out of a survey of who would be in them (rollout_survey.h):
 *
 *     survey ─► seats, ROLLOUTS_LISTS_MAX lists a turn ─► ... ─► the last of them, the rollout, its audit event and its
 *                        │                                       first slice of attempts in one turn ─► answer
 *                        └─ death, a refusal, a failed turn: lists of no rollout, dropped by the tick
 *
 * Until the last of these turns there is no rollout and nobody was told of one. Devices change meanwhile as they do
 * between two slices of attempts (rollouts_slice.c): each is looked at once more when its turn comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollouts_act.h"
#include "rollouts_internal.h"

static void answer_preview(struct turn *turn, const struct rollout_survey *survey)
{
    struct answer *answer = turn_answer(turn, ANSWER_ROLLOUT_PREVIEW, survey->asker);
    answer->rollouts = gw_xalloc(1, sizeof(*answer->rollouts));
    answer->rollout_count = 1;
    answer->rollouts[0].entry = survey->entry;
    answer->left = survey->left;
}

static enum gw_rc tell_created(struct turn *turn, const struct rollout_entry *entry, uint32_t devices,
                               struct gw_err *err)
{
    char name[AUDIT_NAME_MAX], msg[AUDIT_MSG_MAX];
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry->id, entry->product, entry->version);
    (void)snprintf(msg, sizeof(msg), "a rollout to %u device%s in %u wave%s was drafted", devices, gw_plural(devices),
                   (unsigned)entry->plan.wave_count, gw_plural(entry->plan.wave_count));
    turn_live(turn, LIVE_ROLLOUTS, entry->id);
    return audit_note(turn, AUDIT_ROLLOUT_CREATED, entry->created_by, name, msg, err);
}

/* Its first slice is planned at once, which is all of a small one. */
static enum gw_rc write_draft(struct rollouts *r, struct turn *turn, const struct rollout_survey *survey,
                              struct gw_err *err)
{
    struct rollout_entry entry = survey->entry;
    entry.created = entry.changed = turn->now;
    enum gw_rc rc = turn->store->ops->rollout_add(turn->store->self, &entry, err);
    if (!rc)
        rc = tell_created(turn, &entry, survey->stored, err);
    if (rc)
        return rc;
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, r, turn);
    rc = rollouts_slice(run, &entry, err);
    if (!rc)
        rc = rollouts_run_end(run, err);
    if (!rc)
        rc = turn->store->ops->rollout_get(turn->store->self, entry.id, &entry, err);
    if (!rc)
        rollouts_answer(turn, survey->asker, &entry);
    return rc;
}

/* The next lists of devices; behind the last one the rollout. */
static enum gw_rc store_slice(struct rollouts *r, struct turn *turn, struct rollout_survey *survey, struct gw_err *err)
{
    const struct store *store = turn->store;
    enum gw_rc rc = GW_OK;
    for (uint32_t n = 0; !rc && survey->seats && n < r->lists_max; n++) {
        const struct rollout_seats *list = survey->seats;
        rc = store->ops->seats_add(store->self, survey->entry.id, survey->stored, list->seats, list->count, err);
        survey->stored += (uint32_t)list->count;
        rollout_survey_shift(survey);
    }
    if (!rc && !survey->seats)
        return write_draft(r, turn, survey, err);
    survey->more = !rc;
    return rc;
}

/* What people are told is an answer; anything else is an error, and the turn leaves nothing. */
static enum gw_rc refuse(struct turn *turn, struct asker asker, const struct gw_err *why, struct gw_err *err)
{
    if (!rollouts_refuses(why->rc))
        return gw_err_set(err, why->rc, "%s", gw_err_text(why));
    turn_done(turn, asker, why->rc, gw_err_text(why));
    return GW_OK;
}

enum gw_rc rollouts_surveyed(struct rollouts *r, struct turn *turn, struct rollout_survey *survey, struct gw_err *err)
{
    struct release_entry release;
    uint8_t random[ROLLOUT_ID_BYTES];
    struct gw_err why = survey->err;
    survey->more = false;
    if (!why.rc)
        why.rc = rollouts_given_release(turn->store, survey->entry.release, &release, &why);
    if (why.rc)
        return refuse(turn, survey->asker, &why, err);
    if (survey->act.kind != ACT_ROLLOUT_CREATE) {
        answer_preview(turn, survey);
        return GW_OK;
    }
    if (!survey->entry.id[0]) {
        gw_random(random, sizeof(random));
        rollout_id_format(random, survey->entry.id);
    }
    r->storing = true;
    return rollouts_written(store_slice(r, turn, survey, err), err);
}

void rollouts_survey_ended(struct rollouts *r)
{
    r->seats_lost = r->seats_lost || r->storing;
    r->storing = false;
}

enum gw_rc rollouts_drop_lost(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    int count = 0;
    if (!r->seats_lost || r->storing)
        return GW_OK;
    enum gw_rc rc = turn->store->ops->seats_drop_lost(turn->store->self, ROLLOUTS_LISTS_MAX, &count, err);
    if (!rc && count == 0)
        r->seats_lost = false;
    return rc;
}
