/* Who would be offered a release: looked for in a query thread, page by page, each of them one snapshot of the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "rollouts_internal.h"
#include "rows.h"

/* One that the release is for, and a bit for each wave whose query it fits. */
struct candidate {
    struct gw_device_id id;
    uint32_t fits;
};

/* Devices that the release is for; members borrow their ids. */
struct crowd {
    const struct rows_source *source;
    const struct store *store;
    const struct rollout_survey *survey;
    const struct rollouts_pause *pause;
    struct release *release; /* owned */
    struct gw_wall now;
    struct filter *queries; /* owned */
    uint16_t *query_waves;  /* owned; whose they are */
    size_t query_count;
    char (*live)[ROLLOUT_ID_LEN + 1]; /* owned; rollouts of the product that may still call devices back */
    size_t live_count, live_cap;
    struct candidate *found; /* owned */
    size_t count, cap;
    struct rollout_member *members; /* owned */
    struct rollout_left left;
    struct store_inventory_after after; /* where the next page begins */
    size_t page;                        /* devices that this one has had */
    enum gw_rc rc;
    struct gw_err *err;
};

static void crowd_done(struct crowd *c)
{
    free(c->release);
    free(c->queries);
    free(c->query_waves);
    free(c->live);
    free(c->found);
    free(c->members);
}

static enum gw_rc read_queries(struct crowd *c, const struct rollout_plan *plan, struct gw_err *err)
{
    for (uint16_t w = 0; w < plan->wave_count; w++) {
        if (plan->waves[w].select != ROLLOUT_SELECT_QUERY)
            continue;
        if (!c->source->match.fits)
            return gw_err_set(err, GW_INVALID, "wave %u: there are no queries here", w + 1u);
        if (!c->queries) {
            c->queries = gw_xalloc(plan->wave_count, sizeof(*c->queries));
            c->query_waves = gw_xalloc(plan->wave_count, sizeof(*c->query_waves));
        }
        if (filter_parse(gw_view_str(plan->waves[w].query), &c->queries[c->query_count], err))
            return gw_err_wrap(err, GW_INVALID, "wave %u: query", w + 1u);
        c->query_waves[c->query_count++] = w;
    }
    return GW_OK;
}

/* Holds the device, as people see it, against the queries. */
static enum gw_rc ask_queries(struct crowd *c, const struct device *device, uint32_t *ret_fits)
{
    struct answer_device row;
    GW_FREE struct answer *answer = NULL;
    const struct row_match *match = &c->source->match;
    *ret_fits = 0;
    if (c->query_count == 0)
        return GW_OK;
    if (c->count > c->survey->asked_max)
        return gw_err_set(c->err, GW_TOO_BIG,
                          "the release is for more than %u devices: their waves take lists and parts, no queries",
                          c->survey->asked_max);
    enum gw_rc rc = rows_device(c->store, c->source->session, device, &row, c->err);
    if (rc)
        return rc;
    answer = gw_xalloc(1, sizeof(*answer));
    *answer = (struct answer){.kind = ANSWER_DEVICES, .single = true, .devices = &row, .device_count = 1};
    uint32_t fits = match->fits(match->self, answer, &(struct row_filters){c->queries, c->query_count, c->now});
    for (size_t i = 0; i < c->query_count; i++)
        *ret_fits |= (fits >> i & 1) << c->query_waves[i];
    return GW_OK;
}

static enum gw_rc crowd_add(struct crowd *c, const struct device *device)
{
    c->found = gw_xgrow(c->found, c->count, &c->cap, sizeof(*c->found));
    struct candidate *candidate = &c->found[c->count++];
    candidate->id = device->id;
    return ask_queries(c, device, &candidate->fits);
}

struct standing {
    const struct crowd *c;
    bool busy;
};

/* A device that is through with a rollout is still its: the abort rule may call it back. */
static bool find_busy(void *ctx, const struct attempt_entry *entry)
{
    struct standing *s = ctx;
    s->busy = !attempt_state_ended(entry->attempt.state);
    for (size_t i = 0; !s->busy && i < s->c->live_count; i++)
        s->busy = strcmp(s->c->live[i], entry->rollout) == 0;
    return !s->busy;
}

static bool look_at_device(void *ctx, const struct inventory *inventory)
{
    struct crowd *c = ctx;
    struct device device = {.rev = 0};
    struct release_target target = rollouts_target(inventory);
    struct standing standing = {c, false};
    enum release_fit fit = release_fits(c->release, &target);
    c->after.device = inventory->device;
    c->page++;
    c->rc = c->store->ops->device_get(c->store->self, &inventory->device, &device, c->err);
    if (c->rc == GW_NOT_FOUND)
        c->rc = GW_OK;
    if (!c->rc)
        c->rc = c->store->ops->attempt_each_of(c->store->self, &inventory->device, ROLLOUTS_OF_DEVICE, find_busy,
                                               &standing, c->err);
    if (c->rc)
        return false;
    if (device.state != DEVICE_ACTIVE)
        c->left.state++;
    else if (fit == RELEASE_FIT_RUNNING || strcmp(inventory->version, c->release->version) == 0)
        c->left.running++;
    else if (fit != RELEASE_FITS)
        c->left.fit++;
    else if (standing.busy)
        c->left.busy++;
    else
        c->rc = crowd_add(c, &device);
    return !c->rc;
}

/* Of a draft of the product that is not whole, some devices have no attempt that tells of it. */
static bool note_live(void *ctx, const struct rollout_entry *entry)
{
    struct crowd *c = ctx;
    if (strcmp(entry->product, c->release->product) != 0)
        return true;
    if (entry->rollout.state == ROLLOUT_ABORTING)
        return true; /* it calls nobody back: who is through with it is free */
    c->live = gw_xgrow(c->live, c->live_count, &c->live_cap, sizeof(*c->live));
    memcpy(c->live[c->live_count++], entry->id, sizeof(entry->id));
    if (entry->rollout.rest.unplanned > 0)
        c->rc = gw_err_set(c->err, GW_CONFLICT, "rollout %s to the same product is still being planned: wait a moment",
                           entry->id);
    return !c->rc;
}

/* The next devices of the product, in a transaction of its own that changes nothing. */
static enum gw_rc look_at_page(struct crowd *c, bool first, struct gw_err *err)
{
    enum gw_rc rc = c->store->ops->begin(c->store->self, err);
    if (rc)
        return rc;
    c->page = 0;
    if (first)
        rc = c->store->ops->rollout_each_live(c->store->self, NULL, note_live, c, err);
    if (!rc && !c->rc)
        rc = c->store->ops->inventory_each(c->store->self, &c->after, (int)c->survey->page_max, look_at_device, c, err);
    c->store->ops->rollback(c->store->self);
    return rc ? rc : c->rc;
}

static enum gw_rc gather(struct crowd *c, struct gw_err *err)
{
    memcpy(c->after.product, c->release->product, sizeof(c->after.product));
    enum gw_rc rc = look_at_page(c, true, err);
    while (!rc && c->page == c->survey->page_max) {
        rc = c->pause->fn(c->pause->ctx, err);
        if (!rc)
            rc = look_at_page(c, false, err);
    }
    if (!rc && c->count == 0)
        return gw_err_set(err, GW_INVALID,
                          "the release is for no device now: %u not active, %u do not fit, %u run it, %u are busy",
                          c->left.state, c->left.fit, c->left.running, c->left.busy);
    c->members = gw_xalloc(c->count ? c->count : 1, sizeof(*c->members));
    for (size_t i = 0; !rc && i < c->count; i++)
        c->members[i] = (struct rollout_member){.id = gw_view_str(c->found[i].id.text), .fits = c->found[i].fits};
    return rc;
}

/* ---- waves ---- */

enum gw_rc rollouts_given_release(const struct store *store, const char *id, struct release_entry *ret_entry,
                                  struct gw_err *err)
{
    if (!release_id_valid(gw_view_str(id)))
        return gw_err_set(err, GW_NOT_FOUND, "no such release");
    enum gw_rc rc = store->ops->release_get(store->self, id, ret_entry, err);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, rc, "no such release");
    if (!rc && !release_is_given(ret_entry))
        return gw_err_set(err, GW_CONFLICT, "%s", rollouts_withheld_text(ret_entry));
    return rc;
}

static void fill_entry(struct rollout_survey *survey, const struct release_entry *release, struct gw_wall now)
{
    const struct rollout_ask_order *order = survey->order;
    struct rollout_entry *out = &survey->entry;
    *out = (struct rollout_entry){.plan = order->plan, .created = now, .changed = now};
    memcpy(out->name, order->name, sizeof(out->name));
    memcpy(out->release, release->id, sizeof(out->release));
    memcpy(out->product, release->product, sizeof(out->product));
    memcpy(out->version, release->version, sizeof(out->version));
    out->release_counter = release->release_counter;
    while (out->plan.seed == 0)
        gw_random(&out->plan.seed, sizeof(out->plan.seed));
    (void)snprintf(out->created_by, sizeof(out->created_by), "%s", survey->act.actor.name);
}

static enum gw_rc assign(struct crowd *c, struct rollout_survey *survey, struct gw_err *err)
{
    const struct rollout_ask_order *order = survey->order;
    uint32_t totals[ROLLOUT_WAVES_MAX] = {0};
    GW_FREE struct rollout_pick *picks = gw_xalloc(order->pick_count ? order->pick_count : 1, sizeof(*picks));
    for (size_t i = 0; i < order->pick_count; i++)
        picks[i] = (struct rollout_pick){gw_view_str(order->picks[i].device.text), order->picks[i].wave};
    struct rollout_fleet fleet = {
        .members = c->members, .count = c->count, .picks = picks, .pick_count = order->pick_count};
    enum gw_rc rc = rollout_assign(&survey->entry.plan, &fleet, totals, err);
    return rc ? rc : rollout_init(&survey->entry.rollout, &survey->entry.plan, totals, err);
}

/* Members come as they were assigned: lists first. Seats go in order of wave and place, as offers do. */
static void seat_all(const struct crowd *c, struct rollout_survey *survey)
{
    size_t max = survey->list_max, lists = (c->count + max - 1) / max, first[ROLLOUT_WAVES_MAX] = {0};
    GW_FREE struct rollout_seats **at = gw_xalloc(lists, sizeof(struct rollout_seats *));
    struct rollout_seats **end = &survey->seats;
    for (size_t i = 0; i < lists; i++) {
        *end = at[i] = gw_xalloc(1, sizeof(*at[i]));
        at[i]->count = i + 1 < lists ? max : c->count - i * max;
        end = &at[i]->next;
    }
    for (uint16_t w = 1; w < survey->entry.rollout.wave_count; w++)
        first[w] = first[w - 1] + survey->entry.rollout.waves[w - 1].total;
    for (size_t i = 0; i < c->count; i++) {
        const struct rollout_member *m = &c->members[i];
        size_t n = first[m->wave] + m->place;
        struct rollout_seat *seat = &at[n / max]->seats[n % max];
        *seat = (struct rollout_seat){.wave = m->wave, .place = m->place};
        memcpy(seat->device.text, m->id.ptr, m->id.len);
    }
}

static enum gw_rc survey_all(struct crowd *c, struct rollout_survey *survey, struct gw_err *err)
{
    struct release_entry release;
    enum gw_rc rc = rollouts_given_release(c->store, survey->order->release, &release, err);
    if (!rc)
        rc = rollout_plan_valid(&survey->order->plan, err);
    if (!rc)
        rc = read_queries(c, &survey->order->plan, err);
    if (!rc)
        rc = rollouts_read_release(c->store, release.id, c->release, err);
    if (rc)
        return rc;
    fill_entry(survey, &release, c->now);
    rc = gather(c, err);
    survey->left = c->left;
    if (!rc)
        rc = assign(c, survey, err);
    if (!rc && survey->act.kind == ACT_ROLLOUT_CREATE)
        seat_all(c, survey);
    return rc;
}

void rollouts_survey(const struct rows_source *source, struct rollout_survey *survey,
                     const struct rollouts_pause *pause)
{
    struct gw_err err = {0};
    GW_CLEANUP(crowd_done)
    struct crowd c = {.source = source,
                      .store = &source->store,
                      .survey = survey,
                      .pause = pause,
                      .release = gw_xalloc(1, sizeof(*c.release)),
                      .now = gw_wall_now(),
                      .err = &err};
    enum gw_rc rc = survey_all(&c, survey, &err);
    survey->err = err;
    survey->err.rc = rc;
}
