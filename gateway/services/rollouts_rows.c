/* What a rollout's step asks of its attempts' rows. */
#include <stdlib.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "rollouts_internal.h"

void rollouts_list_done(struct rollouts_list *list)
{
    free(list->items);
    *list = (struct rollouts_list){0};
}

static bool list_add(void *ctx, const struct attempt_entry *entry)
{
    struct rollouts_list *list = ctx;
    list->items = gw_xgrow(list->items, list->count, &list->cap, sizeof(*list->items));
    list->items[list->count++] = *entry;
    return true;
}

enum gw_rc rollouts_of_device(const struct store *store, const struct gw_device_id *device,
                              struct rollouts_list *ret_list, struct gw_err *err)
{
    return store->ops->attempt_each_of(store->self, device, ROLLOUTS_OF_DEVICE, list_add, ret_list, err);
}

enum gw_rc rollouts_page(const struct store *store, const struct store_attempt_filter *filter, size_t limit,
                         struct rollouts_list *ret_list, struct gw_err *err)
{
    return store->ops->attempt_each(store->self, filter, (int)limit, list_add, ret_list, err);
}

struct store_attempt_filter rollouts_filter(const char *rollout, bool back, enum attempt_state state)
{
    struct store_attempt_filter filter = {.back = back, .state = state, .wave_last = ROLLOUT_WAVES_MAX - 1};
    memcpy(filter.rollout, rollout, strlen(rollout) + 1);
    return filter;
}

struct store_attempt_last rollouts_last(const struct rollouts_list *page)
{
    const struct attempt_entry *e = &page->items[page->count - 1];
    struct store_attempt_last last = {.back = e->back, .wave = e->wave, .place = e->place};
    memcpy(last.rollout, e->rollout, sizeof(last.rollout));
    return last;
}

/* ---- bulk cancellations ---- */

/* Those that had been offered it before know the job: it is withdrawn from them in slices. */
static enum gw_rc withdraw(struct rollouts_run *run, const struct rollouts_list *page, struct gw_err *err)
{
    size_t told = 0;
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < page->count; i++)
        if (page->items[i].attempt.rev > 0) {
            rc = rollouts_bump(run, &page->items[i].device, err);
            told++;
        }
    if (rc || told == 0)
        return rc;
    const struct attempt_entry *e = &page->items[0];
    (void)rollouts_sweep_begin(run->r, e->rollout, e->back, ROLLOUTS_SWEEP_SEND); /* too many: at the next connect */
    turn_due(run->turn, e->rollout);
    return GW_OK;
}

static enum gw_rc cancel_planned(struct rollouts_run *run, const char *rollout, bool back, const uint32_t *counts,
                                 struct gw_err *err)
{
    const struct store *store = run->turn->store;
    enum gw_rc rc = GW_OK;
    for (uint16_t wave = 0; !rc && wave < ROLLOUT_WAVES_MAX; wave++) {
        GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
        struct store_attempt_filter filter = rollouts_filter(rollout, back, ATTEMPT_PLANNED);
        filter.wave = filter.wave_last = wave;
        if (counts[wave] == 0)
            continue;
        rc = rollouts_page(store, &filter, counts[wave], &page, err);
        if (!rc && page.count != counts[wave])
            rc = gw_err_set(err, GW_CORRUPT, "rollout %s: a cancellation for nobody in wave %u", rollout, wave + 1u);
        if (rc)
            return rc;
        struct store_attempt_last last = rollouts_last(&page);
        rc = store->ops->attempt_cancel_planned(store->self, &last, run->turn->now, err);
        if (!rc)
            rc = withdraw(run, &page, err);
        turn_live_all(run->turn, LIVE_DEVICES);
    }
    return rc;
}

/* ---- offers ---- */

/* What it runs now is what a rollback brings it back to. A device may tell anything: what is no version of a release is
 * none that it could go back to. */
static enum gw_rc note_before(const struct store *store, struct attempt_entry *entry, const struct inventory *inventory,
                              struct gw_err *err)
{
    struct release_entry release = {.rev = 0};
    entry->before_version[0] = entry->before_release[0] = '\0';
    entry->before_counter = 0;
    if (!release_version_valid(gw_view_str(inventory->version)))
        return GW_OK;
    memcpy(entry->before_version, inventory->version, sizeof(entry->before_version));
    memcpy(entry->before_release, inventory->release, sizeof(entry->before_release));
    entry->before_counter = inventory->release_counter;
    if (entry->before_release[0])
        return GW_OK;
    enum gw_rc rc = rollouts_find(store, inventory->product, inventory->version, &release, err);
    memcpy(entry->before_release, release.id, sizeof(entry->before_release));
    entry->before_counter = release.release_counter;
    return rc;
}

/* An offer that comes to nothing is made all the same, since it is counted, and skipped behind: at once, or when
 * there are too many in a turn of its own, without being sent. */
static enum gw_rc skip_offer(struct rollouts_run *run, struct attempt_entry *entry, enum attempt_code code,
                             struct gw_err *err)
{
    const struct store *store = run->turn->store;
    if (run->follow_count < ROLLOUTS_FOLLOW_MAX) {
        struct rollouts_follow *follow = &run->follow[run->follow_count++];
        memcpy(follow->id, entry->id, sizeof(follow->id));
        follow->code = code;
        return GW_OK;
    }
    entry->timer = run->turn->now;
    turn_due(run->turn, entry->id);
    return store->ops->attempt_put(store->self, entry, err);
}

static enum gw_rc offer(struct rollouts_run *run, struct attempt_entry *entry, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct inventory inventory;
    enum attempt_code code;
    enum gw_rc rc = rollouts_inventory(store, &entry->device, &inventory, err);
    if (!rc)
        rc = rollouts_check_offer(run->r, store, entry, &inventory, &code, err);
    if (!rc && !entry->back && entry->attempt.rev == 0)
        rc = note_before(store, entry, &inventory, err);
    if (rc)
        return rc;
    struct attempt_event event = {
        .kind = ATTEMPT_EV_OFFER, .now = run->turn->now, .online = rollouts_online(run->r, &entry->device)};
    memcpy(event.boot, inventory.boot, sizeof(event.boot));
    rc = rollouts_feed(run, entry, &event, true, err);
    return rc || code == ATTEMPT_CODE_NONE ? rc : skip_offer(run, entry, code, err);
}

static enum gw_rc offers(struct rollouts_run *run, const char *rollout, bool back, const uint32_t *counts,
                         struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    for (uint16_t wave = 0; !rc && wave < ROLLOUT_WAVES_MAX; wave++) {
        GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
        struct store_attempt_filter filter = rollouts_filter(rollout, back, ATTEMPT_PLANNED);
        filter.wave = filter.wave_last = wave;
        if (counts[wave] == 0)
            continue;
        rc = rollouts_page(run->turn->store, &filter, counts[wave], &page, err);
        if (!rc && page.count != counts[wave])
            rc = gw_err_set(err, GW_CORRUPT, "rollout %s: an offer for nobody in wave %u", rollout, wave + 1u);
        for (size_t i = 0; !rc && i < page.count; i++)
            rc = offer(run, &page.items[i], err);
    }
    return rc;
}

enum gw_rc rollouts_rows(struct rollouts_run *run, const struct rollout_entry *entry, const struct rollout_rows *rows,
                         struct gw_err *err)
{
    enum gw_rc rc = cancel_planned(run, entry->id, false, rows->cancel, err);
    if (!rc)
        rc = cancel_planned(run, entry->id, true, rows->cancel_back, err);
    if (!rc)
        rc = offers(run, entry->id, false, rows->offer, err);
    return rc ? rc : offers(run, entry->id, true, rows->offer_back, err);
}

/* ---- sweeps ---- */

/* States in which a device can still be asked to leave. */
static enum attempt_state next_state(enum rollouts_sweep_kind kind, enum attempt_state state)
{
    static const enum attempt_state order[] = {ATTEMPT_OFFERED, ATTEMPT_ACCEPTED, ATTEMPT_DOWNLOADING,
                                               ATTEMPT_DOWNLOADED, ATTEMPT_DEFERRED};
    if (kind == ROLLOUTS_SWEEP_SEND)
        return state ? 0 : ATTEMPT_CANCELLED;
    if (state == 0)
        return order[0];
    for (size_t i = 0; i + 1 < sizeof(order) / sizeof(order[0]); i++)
        if (order[i] == state)
            return order[i + 1];
    return 0;
}

bool rollouts_sweep_begin(struct rollouts *r, const char *rollout, bool back, enum rollouts_sweep_kind kind)
{
    struct rollouts_sweep *slot = NULL;
    for (size_t i = 0; i < ROLLOUTS_SWEEPS_MAX; i++) {
        struct rollouts_sweep *s = &r->memory.sweeps[i];
        if (s->kind == kind && s->back == back && strcmp(s->rollout, rollout) == 0) {
            slot = s; /* from the start again */
            break;
        }
        if (s->kind == 0)
            slot = s;
    }
    if (!slot)
        return false;
    *slot = (struct rollouts_sweep){.kind = kind, .back = back, .state = next_state(kind, 0)};
    memcpy(slot->rollout, rollout, strlen(rollout) + 1);
    return true;
}

static bool is_swept(const struct rollouts *r, const char *rollout)
{
    for (size_t i = 0; i < ROLLOUTS_SWEEPS_MAX; i++)
        if (r->memory.sweeps[i].kind && strcmp(r->memory.sweeps[i].rollout, rollout) == 0)
            return true;
    return false;
}

static enum gw_rc sweep_one(struct rollouts_run *run, enum rollouts_sweep_kind kind, struct attempt_entry *entry,
                            struct gw_err *err)
{
    struct attempt_event cancel = {.kind = ATTEMPT_EV_CANCEL, .now = run->turn->now};
    if (kind == ROLLOUTS_SWEEP_CANCEL)
        return rollouts_feed(run, entry, &cancel, false, err);
    if (entry->attempt.rev > 0)
        rollouts_note_job(run, &entry->device);
    return GW_OK;
}

/* Its place is noted before the slice is worked at: what follows may begin it again. */
static enum gw_rc sweep_slice(struct rollouts_run *run, struct rollouts_sweep *s, size_t *budget, struct gw_err *err)
{
    GW_CLEANUP(rollouts_list_done) struct rollouts_list page = {0};
    enum rollouts_sweep_kind kind = s->kind;
    struct store_attempt_filter filter = rollouts_filter(s->rollout, s->back, s->state);
    filter.wave = s->wave;
    filter.place = s->place;
    enum gw_rc rc = rollouts_page(run->turn->store, &filter, *budget, &page, err);
    if (rc)
        return rc;
    if (page.count == *budget) {
        s->wave = page.items[page.count - 1].wave;
        s->place = page.items[page.count - 1].place + 1;
    } else {
        s->state = next_state(s->kind, s->state);
        s->wave = 0;
        s->place = 0;
        if (s->state == 0)
            s->kind = 0;
    }
    *budget -= page.count;
    s->at = run->turn->now;
    for (size_t i = 0; !rc && i < page.count; i++)
        rc = sweep_one(run, kind, &page.items[i], err);
    return rc;
}

enum gw_rc rollouts_sweep(struct rollouts_run *run, const char *rollout, struct gw_err *err)
{
    size_t budget = ROLLOUTS_SWEEP_SLICE;
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && budget > 0 && i < ROLLOUTS_SWEEPS_MAX; i++) {
        struct rollouts_sweep *s = &run->r->memory.sweeps[i];
        while (!rc && budget > 0 && s->kind && strcmp(s->rollout, rollout) == 0)
            rc = sweep_slice(run, s, &budget, err);
    }
    if (!rc && is_swept(run->r, rollout))
        turn_due(run->turn, rollout);
    return rc;
}
