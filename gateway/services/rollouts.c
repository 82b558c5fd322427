#include "rollouts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempt_step.h"
#include "audit_note.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "rollouts_internal.h"

enum gw_rc rollouts_init(struct rollouts *r, struct session *session, const struct store *store, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    uint64_t ms = 0;
    *r = (struct rollouts){.session = session,
                           .rows_max = ROLLOUT_SLICE_MAX,
                           .lists_max = ROLLOUTS_LISTS_MAX,
                           .asked_max = ROLLOUTS_ASKED_MAX,
                           .page_max = ROLLOUTS_SURVEY_PAGE,
                           .seats_lost = true};
    r->unsent = gw_xalloc(ROLLOUTS_UNSENT_MAX, sizeof(*r->unsent));
    gw_buf_init(&text, STORE_SETTING_MAX);
    enum gw_rc rc = store->ops->setting_get(store->self, ROLLOUTS_ALIVE_KEY, &text, err);
    if (rc == GW_NOT_FOUND)
        return rollouts_recall_load(r, store, err); /* it never saw any */
    if (!rc && gw_parse_u64(gw_buf_view(&text), INT64_MAX, &ms))
        rc = gw_err_set(err, GW_CORRUPT, ROLLOUTS_ALIVE_KEY " is no time");
    r->memory.blind_at.ms = (int64_t)ms;
    return rc ? rc : rollouts_recall_load(r, store, err);
}

void rollouts_done(struct rollouts *r)
{
    rollouts_load_forget(r);
    free(r->unsent);
    r->unsent = NULL;
}

/* ---- rows that are set aside ---- */

static bool is_parked(const struct rollouts *r, const char *id, struct gw_wall now)
{
    for (size_t i = 0; i < ROLLOUTS_PARKED_MAX; i++)
        if (r->parked[i].until.ms > now.ms && strcmp(r->parked[i].id, id) == 0)
            return true;
    return false;
}

void rollouts_park(struct rollouts *r, const char *id, struct gw_wall now)
{
    struct rollouts_parked *slot = NULL;
    for (size_t i = 0; i < ROLLOUTS_PARKED_MAX && !slot; i++)
        if (strcmp(r->parked[i].id, id) == 0)
            slot = &r->parked[i];
    if (!slot)
        slot = &r->parked[r->parked_next++ % ROLLOUTS_PARKED_MAX];
    *slot = (struct rollouts_parked){.until = {now.ms + ROLLOUTS_PARK_MS}};
    memcpy(slot->id, id, strlen(id) + 1);
}

static enum gw_rc tell_parked(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    for (size_t i = 0; i < ROLLOUTS_PARKED_MAX; i++) {
        struct rollouts_parked *p = &r->parked[i];
        if (!p->id[0] || p->told)
            continue;
        p->told = true;
        enum gw_rc rc = audit_note(turn, AUDIT_ROLLOUT_DAMAGED, "gateway", p->id,
                                   "its stored state contradicts itself; it is left alone for ten minutes", err);
        if (rc)
            return rc;
    }
    return GW_OK;
}

static enum gw_rc tell_bad(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    uint64_t bad = r->counts.bad_reports + r->counts.bad_states, untold = bad - r->memory.told;
    int64_t since_ms = turn->now.ms - r->memory.told_at.ms;
    char subj[AUDIT_NAME_MAX], msg[AUDIT_MSG_MAX];
    if (bad == r->memory.told || (since_ms >= 0 && since_ms < ROLLOUTS_TELL_MS))
        return GW_OK;
    (void)snprintf(subj, sizeof(subj), "device:%s", r->counts.bad_by.text);
    (void)snprintf(msg, sizeof(msg),
                   "%llu message%s on up/job or up/state broke %s grammar; the last came from this "
                   "device: %s",
                   (unsigned long long)untold, gw_plural(untold), untold == 1 ? "its" : "their", r->counts.bad_why);
    r->memory.told = bad;
    r->memory.told_at = turn->now;
    return audit_note(turn, AUDIT_PROTO_ERROR, subj, "up/job, up/state", msg, err);
}

/* ---- devices come and go ---- */

static enum gw_rc feed_device(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                              const struct attempt_event *event, struct gw_err *err)
{
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    GW_CLEANUP(rollouts_list_done) struct rollouts_list list = {0};
    rollouts_run_begin(run, r, turn);
    enum gw_rc rc = rollouts_of_device(turn->store, device, &list, err);
    for (size_t i = 0; !rc && i < list.count; i++)
        if (!attempt_state_ended(list.items[i].attempt.state))
            rc = rollouts_feed(run, &list.items[i], event, false, err);
    return rc ? rc : rollouts_run_end(run, err);
}

enum gw_rc rollouts_bus(struct rollouts *r, struct turn *turn, const struct bus_event *event, struct gw_err *err)
{
    struct attempt_event seen = {.kind = event->online ? ATTEMPT_EV_ONLINE : ATTEMPT_EV_OFFLINE, .now = turn->now};
    switch (event->kind) {
    case BUS_DOWN:
        return rollouts_follow_session(r, turn, err);
    case BUS_PRESENCE_SYNC:
        return rollouts_watch_anew(r, turn, err);
    case BUS_PRESENCE:
        return r->memory.watching ? feed_device(r, turn, &event->device, &seen, err) : GW_OK;
    case BUS_MESSAGE: /* logs go to the journal */
        return event->topic == BUS_TOPIC_STATE ? rollouts_state(r, turn, &event->device, event->payload, err)
               : event->topic == BUS_TOPIC_JOB ? rollouts_report(r, turn, &event->device, event->payload, err)
                                               : GW_OK;
    case BUS_UP:
    case BUS_REGISTRY_AT:
    case BUS_REGISTRY_WANTED:
    case BUS_SECURITY:
        return GW_OK;
    }
    return GW_INVALID;
}

enum gw_rc rollouts_alarm(struct rollouts *r, struct turn *turn, const struct gw_device_id *device, const char *boot,
                          enum event_sev sev, struct gw_err *err)
{
    struct attempt_event event = {.kind = ATTEMPT_EV_ALARM, .now = turn->now, .sev = sev};
    if (sev < EVENT_SEV_CRITICAL)
        return GW_OK;
    if (gw_view_copy_str(gw_view_str(boot), event.boot, sizeof(event.boot)))
        event.boot[0] = '\0'; /* longer than any that we know */
    return feed_device(r, turn, device, &event, err);
}

enum gw_rc rollouts_device_gone(struct rollouts *r, struct turn *turn, const struct gw_device_id *device,
                                struct gw_err *err)
{
    struct attempt_event event = {.kind = ATTEMPT_EV_GONE, .now = turn->now};
    return feed_device(r, turn, device, &event, err);
}

/* ---- time ---- */

struct due {
    struct rollouts *r;
    struct turn *turn;
    size_t left;
};

static bool note_due(struct due *d, const char *id)
{
    if (is_parked(d->r, id, d->turn->now))
        return true;
    turn_due(d->turn, id);
    return --d->left > 0;
}

/* Slices of rows have nothing to do with who is connected. */
static bool note_due_rollout(void *ctx, const struct rollout_entry *entry)
{
    const struct due *d = ctx;
    bool rows = rollout_rows_left(&entry->rollout);
    bool stalls = entry->timer.ms + ROLLOUTS_STALL_MS <= d->turn->now.ms;
    return (rows ? stalls : d->r->memory.watching) ? note_due(ctx, entry->id) : true;
}

static bool note_due_attempt(void *ctx, const struct attempt_entry *entry)
{
    return note_due(ctx, entry->id);
}

static enum gw_rc look_at_timers(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    const struct store *store = turn->store;
    struct due d = {r, turn, ROLLOUTS_DUE_MAX};
    int limit = ROLLOUTS_DUE_MAX + ROLLOUTS_PARKED_MAX;
    struct gw_wall next;
    enum gw_rc rc = store->ops->timer_next(store->self, &next, err);
    if (rc || next.ms == 0 || next.ms > turn->now.ms)
        return rc;
    rc = store->ops->rollout_due(store->self, turn->now, limit, note_due_rollout, &d, err);
    if (!rc && d.left > 0 && r->memory.watching && !r->memory.blind.going)
        rc = store->ops->attempt_due(store->self, turn->now, limit, note_due_attempt, &d, err);
    if (!rc && d.left == 0)
        (void)turn_out(turn, OUT_LOOK);
    return rc;
}

enum gw_rc rollouts_look(struct rollouts *r, struct turn *turn, struct gw_err *err)
{
    enum gw_rc rc = rollouts_follow_session(r, turn, err);
    if (!rc)
        rc = tell_parked(r, turn, err);
    if (!rc)
        rc = tell_bad(r, turn, err);
    if (!rc)
        rc = rollouts_drop_lost(r, turn, err);
    for (size_t i = 0; !rc && i < ROLLOUTS_SWEEPS_MAX; i++)
        if (r->memory.sweeps[i].kind && r->memory.sweeps[i].at.ms + ROLLOUTS_STALL_MS <= turn->now.ms &&
            !is_parked(r, r->memory.sweeps[i].rollout, turn->now))
            turn_due(turn, r->memory.sweeps[i].rollout);
    if (rc)
        return rc;
    if (r->memory.blind.going && r->memory.blind.at.ms + ROLLOUTS_STALL_MS <= turn->now.ms)
        turn_due(turn, r->memory.blind.rollout);
    if (rollouts_recalls(r) && r->memory.recall.at.ms + ROLLOUTS_STALL_MS <= turn->now.ms &&
        !is_parked(r, ROLLOUTS_RECALL_DUE, turn->now))
        turn_due(turn, ROLLOUTS_RECALL_DUE);
    if (!r->memory.watching)
        return look_at_timers(r, turn, err);
    if (turn->now.ms - r->memory.alive_at.ms >= ROLLOUTS_ALIVE_MS || turn->now.ms < r->memory.alive_at.ms)
        rc = rollouts_note_alive(r, turn, err);
    return rc ? rc : look_at_timers(r, turn, err);
}

static bool is_due(struct gw_wall timer, struct gw_wall now)
{
    return timer.ms != 0 && timer.ms <= now.ms;
}

/* Something comes of it, or it is damaged: a timer that stays where it is would come back for ever. */
static enum gw_rc check_moved(struct gw_wall timer, const struct turn *turn, const char *id, struct gw_err *err)
{
    return is_due(timer, turn->now) ? gw_err_set(err, GW_CORRUPT, "%s: its timer stands still", id) : GW_OK;
}

static bool is_told(const struct rollouts *r, const char *id)
{
    return r->memory.blind.going && strcmp(r->memory.blind.rollout, id) == 0;
}

/* Its attempts are being told how long they were not seen. What else it is due for has a turn behind that. */
static enum gw_rc tell_on(struct rollouts_run *run, const char *id, struct gw_err *err)
{
    enum gw_rc rc = rollouts_blind_slice(run, err);
    if (!rc && !is_told(run->r, id))
        turn_due(run->turn, id);
    return rc;
}

static enum gw_rc due_rollout(struct rollouts_run *run, const char *id, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct rollout_entry entry;
    struct rollout_event tick = {.kind = ROLLOUT_EV_TICK, .now = run->turn->now};
    if (is_told(run->r, id))
        return tell_on(run, id, err);
    enum gw_rc rc = rollouts_sweep(run, id, err);
    if (!rc)
        rc = store->ops->rollout_get(store->self, id, &entry, err);
    if (!rc && rollout_rest_left(&entry.rollout))
        return rollouts_slice(run, &entry, err);
    bool goes_on = run->r->memory.watching || rollout_rows_left(&entry.rollout);
    if (rc || !goes_on || !is_due(entry.timer, run->turn->now))
        return rc;
    return rollouts_move(run, id, &tick, NULL, "", err);
}

/* What has not begun is taken back when the release is not given out any more; what was offered to a device that it
 * does not fit (rollouts_rows.c) is skipped. */
static enum gw_rc due_early(struct rollouts_run *run, struct attempt_entry *entry, struct attempt_event *event,
                            struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct inventory inventory;
    enum attempt_code code = ATTEMPT_CODE_NONE;
    bool given;
    enum gw_rc rc = rollouts_given(store, entry->release, &given, err);
    if (!rc && !given) {
        event->kind = ATTEMPT_EV_CANCEL;
        return GW_OK;
    }
    if (rc || entry->attempt.state != ATTEMPT_OFFERED || entry->attempt.cancel)
        return rc;
    rc = rollouts_inventory(store, &entry->device, &inventory, err);
    if (!rc)
        rc = rollouts_check_offer(run->r, store, entry, &inventory, &code, err);
    if (!rc && code != ATTEMPT_CODE_NONE)
        *event = (struct attempt_event){.kind = ATTEMPT_EV_SKIP, .now = event->now, .code = code};
    return rc;
}

static enum gw_rc due_attempt(struct rollouts_run *run, const char *id, struct gw_err *err)
{
    const struct store *store = run->turn->store;
    struct attempt_entry entry;
    struct attempt_event event = {.kind = ATTEMPT_EV_TIMER, .now = run->turn->now};
    enum gw_rc rc = store->ops->attempt_get(store->self, id, &entry, err);
    if (rc == GW_NOT_FOUND)
        return GW_OK; /* dropped meanwhile */
    if (rc || !run->r->memory.watching || !is_due(entry.timer, run->turn->now))
        return rc;
    enum attempt_state state = entry.attempt.state;
    if ((attempt_state_open(state) || state == ATTEMPT_DEFERRED) && !attempt_state_begun(state))
        rc = due_early(run, &entry, &event, err);
    if (!rc)
        rc = rollouts_feed(run, &entry, &event, false, err);
    return rc ? rc : check_moved(entry.timer, run->turn, id, err);
}

enum gw_rc rollouts_due(struct rollouts *r, struct turn *turn, const char *id, struct gw_err *err)
{
    if (strcmp(id, ROLLOUTS_RECALL_DUE) == 0)
        return rollouts_recall_slice(r, turn, err);
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    rollouts_run_begin(run, r, turn);
    enum gw_rc rc = attempt_id_valid(gw_view_str(id)) ? due_attempt(run, id, err) : due_rollout(run, id, err);
    return rc ? rc : rollouts_run_end(run, err);
}
