/* Who would be offered a release, and the draft that holds them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollouts_internal.h"
#include "rows.h"

/* One that the release is for, and a bit for each wave whose query it fits. */
struct candidate {
    struct gw_device_id id;
    uint32_t fits;
};

/* Devices that the release is for; members borrow their ids. */
struct crowd {
    struct rollouts *r;
    const struct store *store;
    const struct release *release;
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
    int64_t looked;
    enum gw_rc rc;
    struct gw_err *err;
};

static void crowd_done(struct crowd *c)
{
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
        if (!c->r->match.fits)
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
    const struct row_match *match = &c->r->match;
    *ret_fits = 0;
    if (c->query_count == 0)
        return GW_OK;
    if (c->count > c->r->asked_max)
        return gw_err_set(c->err, GW_TOO_BIG,
                          "the release is for more than %u devices: their waves take lists and parts, no queries",
                          c->r->asked_max);
    enum gw_rc rc = rows_device(c->store, c->r->session, device, &row, c->err);
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
    c->looked++;
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

static enum gw_rc gather(struct crowd *c, struct gw_err *err)
{
    struct store_inventory_after after = {.device = {""}};
    memcpy(after.product, c->release->product, sizeof(after.product));
    enum gw_rc rc = c->store->ops->rollout_each_live(c->store->self, note_live, c, err);
    if (!rc && !c->rc)
        rc = c->store->ops->inventory_each(c->store->self, &after, ROLLOUT_DEVICES_MAX, look_at_device, c, err);
    if (!rc)
        rc = c->rc;
    if (!rc && c->count == 0)
        return gw_err_set(err, GW_INVALID,
                          "the release is for no device now: %u not active, %u do not fit, %u run it, %u are busy",
                          c->left.state, c->left.fit, c->left.running, c->left.busy);
    c->members = gw_xalloc(c->count ? c->count : 1, sizeof(*c->members));
    for (size_t i = 0; !rc && i < c->count; i++)
        c->members[i] = (struct rollout_member){.id = gw_view_str(c->found[i].id.text), .fits = c->found[i].fits};
    return rc;
}

/* ---- rest ---- */

static void note_looked(struct crowd *c)
{
    struct rollouts *r = c->r;
    int64_t us = c->looked * (c->query_count ? ROLLOUTS_ASK_US : ROLLOUTS_LOOK_US);
    r->rest_ms = (us * ROLLOUTS_REST + 999) / 1000;
    if (r->rest_until.ms < c->now.ms)
        r->rest_until = c->now;
    r->rest_until.ms += r->rest_ms;
}

int64_t rollouts_rests_ms(struct rollouts *r, struct gw_wall now)
{
    int64_t owed_ms = r->rest_until.ms - now.ms;
    int64_t may_ms = r->rest_ms > ROLLOUTS_OWED_MS ? r->rest_ms : ROLLOUTS_OWED_MS;
    if (owed_ms > 2 * may_ms) /* more is never owed: the clock has gone back */
        r->rest_until.ms = owed_ms = 0;
    return owed_ms > may_ms ? owed_ms - may_ms : 0;
}

static enum gw_rc given_release(struct rollouts *r, const struct store *store, const char *id,
                                struct release_entry *ret_entry, const struct release **ret_release, struct gw_err *err)
{
    if (!release_id_valid(gw_view_str(id)))
        return gw_err_set(err, GW_NOT_FOUND, "no such release");
    enum gw_rc rc = store->ops->release_get(store->self, id, ret_entry, err);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, rc, "no such release");
    if (!rc && !release_is_given(ret_entry))
        return gw_err_set(err, GW_CONFLICT, "%s", rollouts_withheld_text(ret_entry));
    return rc ? rc : rollouts_load(r, store, id, ret_release, err);
}

static void fill_entry(struct rollout_entry *out, const struct turn *turn, const struct rollouts_order *order,
                       const struct release_entry *release)
{
    memcpy(out->name, order->name, sizeof(out->name));
    memcpy(out->release, release->id, sizeof(out->release));
    memcpy(out->product, release->product, sizeof(out->product));
    memcpy(out->version, release->version, sizeof(out->version));
    out->release_counter = release->release_counter;
    out->plan = order->plan;
    while (out->plan.seed == 0)
        gw_random(&out->plan.seed, sizeof(out->plan.seed));
    out->created = out->changed = turn->now;
    (void)snprintf(out->created_by, sizeof(out->created_by), "%s", order->actor);
}

/* assign() puts lists into another order: it works on a copy. */
static enum gw_rc assign(struct crowd *c, const struct rollouts_order *order, struct rollouts_preview *preview,
                         struct gw_err *err)
{
    GW_FREE struct rollout_pick *picks = NULL;
    if (order->pick_count) {
        picks = gw_xalloc(order->pick_count, sizeof(*picks));
        memcpy(picks, order->picks, order->pick_count * sizeof(*picks));
    }
    struct rollout_fleet fleet = {
        .members = c->members, .count = c->count, .picks = picks, .pick_count = order->pick_count};
    enum gw_rc rc = rollout_assign(&preview->entry.plan, &fleet, preview->totals, err);
    return rc ? rc : rollout_init(&preview->entry.rollout, &preview->entry.plan, preview->totals, err);
}

static enum gw_rc prepare(struct crowd *c, struct turn *turn, const struct rollouts_order *order,
                          struct rollouts_preview *out, struct gw_err *err)
{
    struct release_entry release;
    *out = (struct rollouts_preview){.entry = {.rev = 0}};
    enum gw_rc rc = given_release(c->r, c->store, order->release, &release, &c->release, err);
    if (!rc)
        rc = rollout_plan_valid(&order->plan, err);
    if (!rc)
        rc = read_queries(c, &order->plan, err);
    if (rc)
        return rc;
    fill_entry(&out->entry, turn, order, &release);
    rc = gather(c, err);
    note_looked(c);
    out->left = c->left;
    return rc ? rc : assign(c, order, out, err);
}

enum gw_rc rollouts_preview(struct rollouts *r, struct turn *turn, const struct rollouts_order *order,
                            struct rollouts_preview *ret_preview, struct gw_err *err)
{
    GW_CLEANUP(crowd_done) struct crowd c = {.r = r, .store = turn->store, .now = turn->now, .err = err};
    return prepare(&c, turn, order, ret_preview, err);
}

static enum gw_rc tell_created(struct turn *turn, const struct rollouts_order *order, const struct rollout_entry *entry,
                               size_t devices, struct gw_err *err)
{
    char name[AUDIT_NAME_MAX], msg[AUDIT_MSG_MAX];
    (void)snprintf(name, sizeof(name), "%s %.32s %.32s", entry->id, entry->product, entry->version);
    (void)snprintf(msg, sizeof(msg), "a rollout to %zu device%s in %u wave%s was drafted", devices, gw_plural(devices),
                   (unsigned)entry->plan.wave_count, gw_plural(entry->plan.wave_count));
    turn_live(turn, LIVE_ROLLOUTS, entry->id);
    return audit_note(turn, AUDIT_ROLLOUT_CREATED, order->actor, name, msg, err);
}

/* Its first slice is planned at once, which is all of a small one. */
static enum gw_rc write_draft(struct crowd *c, struct turn *turn, const struct rollouts_order *order,
                              struct rollout_entry *entry, struct gw_err *err)
{
    const struct store *store = turn->store;
    enum gw_rc rc = store->ops->rollout_add(store->self, entry, err);
    if (!rc)
        rc = rollouts_keep_seats(c->r, store, entry, c->members, c->count, err);
    if (!rc)
        rc = tell_created(turn, order, entry, c->count, err);
    if (rc)
        return rc;
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, c->r, turn);
    rc = rollouts_slice(run, entry, err);
    return rc ? rc : rollouts_run_end(run, err);
}

enum gw_rc rollouts_create(struct rollouts *r, struct turn *turn, const struct rollouts_order *order,
                           struct rollout_entry *ret_entry, struct gw_err *err)
{
    GW_CLEANUP(crowd_done) struct crowd c = {.r = r, .store = turn->store, .now = turn->now, .err = err};
    struct rollouts_preview preview;
    uint8_t random[ROLLOUT_ID_BYTES];
    enum gw_rc rc = prepare(&c, turn, order, &preview, err);
    if (rc)
        return rc;
    gw_random(random, sizeof(random));
    rollout_id_format(random, preview.entry.id);
    rc = write_draft(&c, turn, order, &preview.entry, err);
    if (!rc)
        rc = c.store->ops->rollout_get(c.store->self, preview.entry.id, ret_entry, err);
    return rollouts_written(rc, err);
}
