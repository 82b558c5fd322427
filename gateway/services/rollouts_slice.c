/*
 * What touches every device of a rollout, a slice of rows a turn (rollout_step.h): the attempts of a draft, and those
 * of a rollback. Each slice is one transaction with the counters that tell what remains, and notes the turn of the
 * next; after a stop the rollout's timer, which is due, goes on.
 */
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "rollouts_internal.h"

/* ---- drafts ---- */

struct draft_slice {
    struct rollouts_run *run;
    struct rollout_entry *entry;
    uint32_t left_out[ROLLOUT_WAVES_MAX];
};

/* A device that another rollout has taken meanwhile leaves this one before it starts. */
static enum gw_rc add_seat(struct draft_slice *d, const struct rollout_seat *seat, struct gw_err *err)
{
    const struct store *store = d->run->turn->store;
    struct attempt_entry a = {.device = seat->device,
                              .wave = seat->wave,
                              .place = seat->place,
                              .attempt = {.state = ATTEMPT_PLANNED},
                              .created = d->run->turn->now,
                              .changed = d->run->turn->now,
                              .release_counter = d->entry->release_counter};
    attempt_id_format(d->entry->id, d->entry->attempts++, a.id);
    memcpy(a.rollout, d->entry->id, sizeof(a.rollout));
    memcpy(a.release, d->entry->release, sizeof(a.release));
    memcpy(a.version, d->entry->version, sizeof(a.version));
    enum gw_rc rc = store->ops->attempt_add(store->self, &a, err);
    if (rc != GW_EXISTS)
        return rc;
    a.attempt.state = ATTEMPT_CANCELLED;
    a.attempt.code = ATTEMPT_CODE_NOT_FIT;
    d->left_out[a.wave]++;
    rc = store->ops->attempt_add(store->self, &a, err);
    return rc ? rc : rollouts_tell_attempt(d->run, &a, err);
}

static enum gw_rc tell_left_out(struct draft_slice *d, struct gw_err *err)
{
    struct rollout_event left = {
        .kind = ROLLOUT_EV_CHANGED, .now = d->run->turn->now, .from = ATTEMPT_PLANNED, .to = ATTEMPT_CANCELLED};
    enum gw_rc rc = GW_OK;
    for (; !rc && left.wave < ROLLOUT_WAVES_MAX; left.wave++)
        for (; !rc && d->left_out[left.wave] > 0; d->left_out[left.wave]--)
            rc = rollouts_move(d->run, d->entry->id, &left, NULL, "", err);
    return rc;
}

static enum gw_rc slice_draft(struct rollouts_run *run, struct rollout_entry *entry, struct gw_err *err)
{
    GW_FREE struct rollout_seat *seats = gw_xalloc(ROLLOUT_SLICE_MAX, sizeof(*seats));
    const struct store *store = run->turn->store;
    struct draft_slice d = {.run = run, .entry = entry};
    struct rollout_event planned = {.kind = ROLLOUT_EV_PLANNED, .now = run->turn->now};
    size_t count = 0;
    enum gw_rc rc = store->ops->seats_get(store->self, entry->id, entry->attempts, seats, &count, err);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, GW_CORRUPT, "rollout %s: its devices are not known", entry->id);
    for (size_t i = 0; !rc && i < count; i++)
        rc = add_seat(&d, &seats[i], err);
    if (!rc)
        rc = store->ops->seats_drop(store->self, entry->id, entry->attempts, err);
    if (!rc)
        rc = store->ops->rollout_put(store->self, entry, err); /* the numbers that its attempts have */
    planned.rows = (uint32_t)count;
    if (!rc)
        rc = rollouts_move(run, entry->id, &planned, NULL, "", err);
    return rc ? rc : tell_left_out(&d, err);
}

/* ---- going back ---- */

enum gw_rc rollouts_add_back(struct rollouts_run *run, struct rollout_entry *entry, const struct attempt_entry *forward,
                             struct gw_err *err)
{
    struct attempt_entry back = {.device = forward->device,
                                 .wave = forward->wave,
                                 .place = forward->place,
                                 .back = true,
                                 .attempt = {.state = ATTEMPT_PLANNED},
                                 .created = run->turn->now,
                                 .changed = run->turn->now,
                                 .release_counter = forward->before_counter,
                                 .before_counter = forward->release_counter};
    attempt_id_format(entry->id, entry->attempts++, back.id);
    memcpy(back.rollout, entry->id, sizeof(back.rollout));
    memcpy(back.release, forward->before_release, sizeof(back.release));
    memcpy(back.version, forward->before_version, sizeof(back.version));
    memcpy(back.before_release, forward->release, sizeof(back.before_release));
    memcpy(back.before_version, forward->version, sizeof(back.before_version));
    return run->turn->store->ops->attempt_add(run->turn->store->self, &back, err);
}

/* Those of an earlier rollback: all of them have ended. */
static enum gw_rc slice_old_back(struct rollouts_run *run, const struct rollout_entry *entry, struct gw_err *err)
{
    GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
    const struct store *store = run->turn->store;
    struct store_attempt_filter filter = rollouts_filter(entry->id, true, 0);
    struct rollout_event dropped = {.kind = ROLLOUT_EV_PLANNED, .now = run->turn->now};
    enum gw_rc rc = rollouts_page(store, &filter, run->r->rows_max, &page, err);
    for (size_t i = 0; !rc && i < page.count; i++)
        if (!attempt_state_ended(page.items[i].attempt.state))
            rc = gw_err_set(err, GW_CORRUPT, "attempt %s: it goes back before its rollback", page.items[i].id);
    if (!rc && page.count == 0)
        rc = gw_err_set(err, GW_CORRUPT, "rollout %s: attempts that go back are not there", entry->id);
    if (rc)
        return rc;
    struct store_attempt_last last = rollouts_last(&page);
    rc = store->ops->attempt_drop_back(store->self, &last, err);
    dropped.rows = (uint32_t)page.count;
    return rc ? rc : rollouts_move(run, entry->id, &dropped, NULL, "", err);
}

/* Looks at the next devices of the wave, whether they hold the version or not. */
static enum gw_rc slice_holders(struct rollouts_run *run, struct rollout_entry *entry, struct gw_err *err)
{
    GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
    const struct store *store = run->turn->store;
    struct store_attempt_filter filter = rollouts_filter(entry->id, false, 0);
    struct rollout_event looked = {
        .kind = ROLLOUT_EV_PLANNED, .now = run->turn->now, .place = entry->rollout.rest.place};
    filter.wave = filter.wave_last = entry->rollout.rest.wave;
    filter.place = entry->rollout.rest.place;
    enum gw_rc rc = rollouts_page(store, &filter, run->r->rows_max, &page, err);
    for (size_t i = 0; !rc && i < page.count; i++)
        if (attempt_holds(&page.items[i].attempt)) {
            rc = rollouts_add_back(run, entry, &page.items[i], err);
            looked.rows++;
        }
    if (!rc && looked.rows > 0)
        rc = store->ops->rollout_put(store->self, entry, err);
    if (page.count > 0)
        looked.place = page.items[page.count - 1].place + 1;
    looked.through = page.count < run->r->rows_max;
    return rc ? rc : rollouts_move(run, entry->id, &looked, NULL, "", err);
}

enum gw_rc rollouts_slice(struct rollouts_run *run, struct rollout_entry *entry, struct gw_err *err)
{
    if (entry->rollout.state == ROLLOUT_DRAFT)
        return slice_draft(run, entry, err);
    return entry->rollout.rest.old_back > 0 ? slice_old_back(run, entry, err) : slice_holders(run, entry, err);
}
