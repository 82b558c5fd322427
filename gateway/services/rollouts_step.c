/* One attempt's step, then its rollout's, then what that asks for. */
#include <stdio.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_cleanup.h"
#include "job.h"
#include "rollouts_internal.h"

void rollouts_run_begin(struct rollouts_run *run, struct rollouts *r, struct turn *turn)
{
    run->r = r;
    run->turn = turn;
    run->acknowledged = false;
    run->said = NULL;
    run->terms_of[0] = '\0';
    run->follow_count = 0;
}

enum gw_rc rollouts_run_end(struct rollouts_run *run, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < run->follow_count; i++) { /* it may grow meanwhile */
        struct attempt_entry entry;
        struct attempt_event skip = {.kind = ATTEMPT_EV_SKIP, .now = run->turn->now, .code = run->follow[i].code};
        rc = run->turn->store->ops->attempt_get(run->turn->store->self, run->follow[i].id, &entry, err);
        if (!rc)
            rc = rollouts_feed(run, &entry, &skip, false, err);
    }
    return rc;
}

bool rollouts_online(const struct rollouts *r, const struct gw_device_id *device)
{
    const struct presence *presence = session_presence(r->session, device);
    return r->memory.watching && presence && presence->online;
}

void rollouts_note_job(struct rollouts_run *run, const struct gw_device_id *device)
{
    struct turn *turn = run->turn;
    for (size_t i = turn->count; i > 0 && i + 4 > turn->count; i--) /* the same device twice in a row is common */
        if (turn->outs[i - 1].kind == OUT_JOB && gw_device_id_eq(&turn->outs[i - 1].device, device))
            return;
    if (turn->count < ROLLOUTS_JOBS_MAX)
        turn_out(turn, OUT_JOB)->device = *device;
    else
        run->r->counts.unsent++; /* its attempt's timer, or its next connection, has it sent again */
}

enum gw_rc rollouts_bump(struct rollouts_run *run, const struct gw_device_id *device, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct inventory inventory;
    enum gw_rc rc = rollouts_inventory(store, device, &inventory, err);
    if (rc)
        return rc;
    if (inventory.job_n < JOB_NUMBER_MAX)
        inventory.job_n++; /* a device that has named the highest hears nothing new any more, by its own doing */
    return store->ops->inventory_put(store->self, &inventory, err);
}

static enum gw_rc load_terms(struct rollouts_run *run, const char *rollout, struct gw_err *err)
{
    struct rollout_entry entry;
    if (strcmp(run->terms_of, rollout) == 0)
        return GW_OK;
    enum gw_rc rc = run->turn->store->ops->rollout_get(run->turn->store->self, rollout, &entry, err);
    if (rc)
        return gw_err_wrap(err, rc == GW_NOT_FOUND ? GW_CORRUPT : rc, "rollout %s", rollout);
    run->terms = entry.plan.terms;
    memcpy(run->terms_of, entry.id, sizeof(run->terms_of));
    return GW_OK;
}

/* ok: the version is the device's own now, and its security floor cannot fall behind it. */
static enum gw_rc confirm(struct rollouts_run *run, const struct attempt_entry *entry, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct release_entry release;
    struct release_product product;
    struct inventory inventory;
    enum gw_rc rc = store->ops->release_get(store->self, entry->release, &release, err);
    if (!rc)
        rc = rollouts_inventory(store, &entry->device, &inventory, err);
    if (!rc) {
        memcpy(inventory.version, entry->version, sizeof(inventory.version));
        memcpy(inventory.release, entry->release, sizeof(inventory.release));
        inventory.release_counter = entry->release_counter;
        if (inventory.floor_confirmed < release.security_floor)
            inventory.floor_confirmed = release.security_floor;
        rc = store->ops->inventory_put(store->self, &inventory, err);
    }
    if (!rc)
        rc = store->ops->product_get(store->self, release.product, &product, err);
    if (rc == GW_NOT_FOUND) {
        product = (struct release_product){.counter_seen = release.release_counter};
        memcpy(product.product, release.product, sizeof(product.product));
        rc = GW_OK;
    }
    if (rc || product.floor_confirmed >= release.security_floor)
        return rc;
    product.floor_confirmed = release.security_floor;
    return store->ops->product_put(store->self, &product, err);
}

/* Whether the device has an attempt of the rollout's rollback, in whatever state. */
static enum gw_rc has_back(const struct rollouts_run *run, const struct attempt_entry *entry, bool *ret_has,
                           struct gw_err *err)
{
    GW_CLEANUP(rollouts_list_done) struct rollouts_list list = {0};
    enum gw_rc rc = rollouts_of_device(run->turn->store, &entry->device, &list, err);
    *ret_has = false;
    for (size_t i = 0; !rc && i < list.count; i++)
        *ret_has |= list.items[i].back && strcmp(list.items[i].rollout, entry->rollout) == 0;
    return rc;
}

static enum gw_rc tell_rollout(struct rollouts_run *run, const struct attempt_entry *entry,
                               const struct attempt *before, struct gw_err *err)
{
    struct rollout_event event = {.kind = ROLLOUT_EV_CHANGED,
                                  .now = run->turn->now,
                                  .wave = entry->wave,
                                  .back = entry->back,
                                  .from = before->state,
                                  .to = entry->attempt.state,
                                  .held = attempt_holds(before),
                                  .holds = attempt_holds(&entry->attempt),
                                  .place = entry->place};
    if (event.from == event.to && (event.back || event.held == event.holds))
        return GW_OK;
    enum gw_rc rc = event.back ? GW_OK : has_back(run, entry, &event.has_back, err);
    return rc ? rc : rollouts_move(run, entry->rollout, &event, entry, "", err);
}

static enum gw_rc store_step(struct rollouts_run *run, struct attempt_entry *entry, const struct attempt_update *u,
                             struct gw_err *err)
{
    const struct store *store = run->turn->store;
    if (!u->changed && u->timer.ms == entry->timer.ms)
        return GW_OK;
    entry->attempt = u->next;
    entry->timer = u->timer;
    if (u->changed)
        entry->changed = run->turn->now;
    return store->ops->attempt_put(store->self, entry, err);
}

static enum gw_rc after_step(struct rollouts_run *run, const struct attempt_entry *entry, const struct attempt *before,
                             const struct attempt_update *u, struct gw_err *err)
{
    enum gw_rc rc = u->send == ATTEMPT_SEND_CHANGED ? rollouts_bump(run, &entry->device, err) : GW_OK;
    if (u->send != ATTEMPT_SEND_NONE)
        rollouts_note_job(run, &entry->device);
    if (rc || before->state == entry->attempt.state)
        return rc;
    if (entry->attempt.state == ATTEMPT_OK)
        rc = confirm(run, entry, err);
    else if (attempt_state_ended(entry->attempt.state) && entry->attempt.code == ATTEMPT_CODE_DIGEST)
        rc = rollouts_doubt(run, entry, err);
    turn_live_device(run->turn, &entry->device);
    return rc ? rc : rollouts_tell_attempt(run, entry, err);
}

static enum gw_rc feed(struct rollouts_run *run, struct attempt_entry *entry, const struct attempt_event *event,
                       bool told, struct gw_err *err)
{
    struct attempt before = entry->attempt;
    struct attempt_update u;
    enum gw_rc rc = load_terms(run, entry->rollout, err);
    if (rc)
        return rc;
    rc = attempt_step(&before, &run->terms, event, &u);
    if (rc == GW_CONFLICT)
        return GW_OK; /* it does not apply, and need not */
    if (rc)
        return gw_err_set(err, GW_CORRUPT, "attempt %s: its state does not bear the event", entry->id);
    run->acknowledged = u.ack;
    rc = store_step(run, entry, &u, err);
    if (!rc)
        rc = after_step(run, entry, &before, &u, err);
    return rc || told ? rc : tell_rollout(run, entry, &before, err);
}

enum gw_rc rollouts_feed_blind(struct rollouts_run *run, struct attempt_entry *entry, struct gw_err *err)
{
    struct attempt_event event = {
        .kind = ATTEMPT_EV_BLIND, .now = run->turn->now, .away_ms = run->r->memory.blind.away_ms};
    enum gw_rc rc = feed(run, entry, &event, false, err);
    event.kind = ATTEMPT_EV_ONLINE;
    return rc || !rollouts_online(run->r, &entry->device) ? rc : feed(run, entry, &event, false, err);
}

enum gw_rc rollouts_feed(struct rollouts_run *run, struct attempt_entry *entry, const struct attempt_event *event,
                         bool told, struct gw_err *err)
{
    enum attempt_state state = entry->attempt.state;
    bool waits = attempt_state_open(state) || state == ATTEMPT_DEFERRED;
    enum gw_rc rc = GW_OK;
    if (waits && rollouts_is_blind(run->r, entry->changed))
        rc = rollouts_feed_blind(run, entry, err);
    return rc ? rc : feed(run, entry, event, told, err);
}

static bool asks_to_leave(const struct rollout_rows *rows, bool back)
{
    return back ? rows->cancel_open_back : rows->cancel_open;
}

/* Devices are asked in slices, in turns of their own. */
static void begin_sweeps(struct rollouts_run *run, struct rollout_entry *entry, const struct rollout_rows *rows)
{
    for (int back = 0; back < 2; back++) {
        if (!asks_to_leave(rows, back != 0))
            continue;
        struct gw_wall again = {run->turn->now.ms + ROLLOUTS_SWEEP_MS};
        if (!rollouts_sweep_begin(run->r, entry->id, back != 0, ROLLOUTS_SWEEP_CANCEL) &&
            (entry->timer.ms == 0 || again.ms < entry->timer.ms))
            entry->timer = again; /* TICK asks for it again */
        else
            turn_due(run->turn, entry->id);
    }
}

enum gw_rc rollouts_move(struct rollouts_run *run, const char *id, const struct rollout_event *event,
                         const struct attempt_entry *entry, const char *reason, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct rollout_event limited = *event;
    struct rollout_update u;
    struct rollout_entry stored = {.rev = 0};
    limited.rows_max = run->r->rows_max;
    enum gw_rc rc = rollouts_blind_first(run, id, event, &stored, err);
    limited.due = stored.timer.ms != 0 && stored.timer.ms <= run->turn->now.ms;
    if (!rc)
        rc = rollouts_withheld(run, &stored, &limited.withheld, err);
    if (!rc)
        rc = rollout_step(&stored.rollout, &stored.plan, &limited, &u, err);
    if (rc)
        return gw_err_wrap(err, rc, "rollout %s", id);
    if (limited.withheld && u.timer.ms == 0)
        u.timer.ms = run->turn->now.ms + ROLLOUTS_STALL_MS; /* should the release be given again before it is told */
    enum rollout_state before = stored.rollout.state;
    bool unplanned = stored.rollout.rest.unplanned > 0;
    bool asked = event->kind == ROLLOUT_EV_CHANGED && limited.due;
    bool keeps =
        asked && u.timer.ms != 0 && u.timer.ms >= stored.timer.ms; /* else a lost turn would wait for silence */
    stored.rollout = u.next;
    stored.timer = keeps ? stored.timer : u.timer;
    stored.changed = run->turn->now;
    if (u.by_rule)
        rollouts_rule_text(&stored, stored.reason);
    else if (reason[0])
        (void)snprintf(stored.reason, sizeof(stored.reason), "%s", reason);
    begin_sweeps(run, &stored, &u.rows);
    if (!asked && stored.timer.ms != 0 && stored.timer.ms <= run->turn->now.ms)
        turn_due(run->turn, stored.id); /* more to do; a report need not ask for what has its turn already */
    if (u.rows.plan_back_member && entry)
        rc = rollouts_add_back(run, &stored, entry, err);
    if (!rc && unplanned && stored.rollout.state != ROLLOUT_DRAFT)
        rc = store->ops->seats_drop(store->self, stored.id, UINT32_MAX, err);
    if (!rc)
        rc = store->ops->rollout_put(store->self, &stored, err);
    turn_live(run->turn, LIVE_ROLLOUTS, stored.id);
    if (!rc)
        rc = rollouts_tell_move(run, &stored, before, u.by_rule, err);
    return rc ? rc : rollouts_rows(run, &stored, &u.rows, err);
}
