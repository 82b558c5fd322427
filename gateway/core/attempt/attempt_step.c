#include <string.h>

#include "attempt_internal.h"

enum attempt_running attempt_running(struct gw_view reported, const char *target_version)
{
    if (reported.len == 0)
        return ATTEMPT_RUNS_UNKNOWN;
    return gw_view_eq_str(reported, target_version) ? ATTEMPT_RUNS_TARGET : ATTEMPT_RUNS_OTHER;
}

static enum gw_rc on_offer(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (a->state != ATTEMPT_PLANNED || a->rev == UINT32_MAX)
        return GW_CONFLICT;
    attempt_enter(t, ATTEMPT_OFFERED);
    a->rev++;
    a->offered = a->sent = t->event->now;
    if (a->first_offer.ms == 0)
        a->first_offer = t->event->now;
    a->online = t->event->online;
    attempt_note_boot(t);
    t->update->send = ATTEMPT_SEND_CHANGED;
    return GW_OK;
}

static enum gw_rc on_skip(struct attempt_turn *t)
{
    if (t->a->state != ATTEMPT_PLANNED && t->a->state != ATTEMPT_OFFERED)
        return GW_CONFLICT;
    attempt_end(t, ATTEMPT_CANCELLED, t->event->code);
    return GW_OK;
}

static void on_cancel(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    if (a->state == ATTEMPT_PLANNED || a->state == ATTEMPT_DEFERRED) {
        attempt_end(t, ATTEMPT_CANCELLED, ATTEMPT_CODE_NONE);
        return;
    }
    if (!attempt_state_open(a->state) || attempt_state_begun(a->state))
        return; /* too late: it comes to its end */
    t->update->send = a->cancel ? ATTEMPT_SEND_AGAIN : ATTEMPT_SEND_CHANGED;
    if (a->cancel)
        return;
    a->cancel = true;
    a->cancel_since = a->sent = t->event->now;
    if (a->rev < UINT32_MAX)
        a->rev++;
}

static enum gw_rc handle(struct attempt_turn *t)
{
    switch (t->event->kind) {
    case ATTEMPT_EV_OFFER:
        return on_offer(t);
    case ATTEMPT_EV_SKIP:
        return on_skip(t);
    case ATTEMPT_EV_CANCEL:
        on_cancel(t);
        return GW_OK;
    case ATTEMPT_EV_GONE:
        if (!attempt_state_ended(t->a->state))
            attempt_end(t, ATTEMPT_CANCELLED, ATTEMPT_CODE_GONE);
        return GW_OK;
    case ATTEMPT_EV_ONLINE:
        attempt_on_online(t);
        return GW_OK;
    case ATTEMPT_EV_OFFLINE:
        attempt_on_offline(t);
        return GW_OK;
    case ATTEMPT_EV_REPORT:
        attempt_on_report(t);
        return GW_OK;
    case ATTEMPT_EV_STATE:
        attempt_on_state(t);
        return GW_OK;
    case ATTEMPT_EV_ALARM:
        attempt_on_alarm(t);
        return GW_OK;
    case ATTEMPT_EV_TIMER:
        return GW_OK;
    case ATTEMPT_EV_BLIND:
        attempt_on_blind(t);
        return GW_OK;
    }
    return GW_INVALID;
}

static bool same(const struct attempt *a, const struct attempt *b)
{
    return a->state == b->state && a->code == b->code && a->rev == b->rev && a->progress == b->progress &&
           a->breaks == b->breaks && a->online == b->online && a->proved == b->proved && a->cancel == b->cancel &&
           a->taken == b->taken && a->first_offer.ms == b->first_offer.ms && a->offered.ms == b->offered.ms &&
           a->sent.ms == b->sent.ms && a->step_since.ms == b->step_since.ms && a->until.ms == b->until.ms &&
           a->confirm_since.ms == b->confirm_since.ms && a->cancel_since.ms == b->cancel_since.ms &&
           strcmp(a->boot_before, b->boot_before) == 0 && strcmp(a->boot_confirm, b->boot_confirm) == 0;
}

static bool state_holds(const struct attempt *a, const struct attempt_update *u)
{
    bool open = attempt_state_open(a->state);
    if ((open || a->state == ATTEMPT_DEFERRED) && (a->rev == 0 || a->offered.ms == 0 || u->timer.ms == 0))
        return false; /* something always happens to it */
    if (a->cancel && (!open || attempt_state_begun(a->state)))
        return false;
    if (a->confirm_since.ms != 0 && (a->state != ATTEMPT_CONFIRMING || !a->online || !a->proved))
        return false;
    if (attempt_state_begun(a->state) && !a->taken)
        return false;
    return a->breaks <= 2 && (a->code == ATTEMPT_CODE_NONE || attempt_state_ended(a->state));
}

static bool invariants_hold(const struct attempt *before, const struct attempt_turn *t, struct gw_wall confirm_since)
{
    const struct attempt *a = t->a;
    if (a->rev < before->rev || !state_holds(a, t->update))
        return false;
    if (a->state == before->state)
        return a->code == before->code;
    if (a->state == ATTEMPT_OK)
        return before->state == ATTEMPT_CONFIRMING && confirm_since.ms != 0 &&
               t->event->now.ms - confirm_since.ms >= t->terms->confirm_ms;
    /* one event may move it twice: a report, then a time that has passed */
    for (int via = ATTEMPT_PLANNED; via < ATTEMPT_STATES; via++)
        if (attempt_may_move(before->state, (enum attempt_state)via) &&
            attempt_may_move((enum attempt_state)via, a->state))
            return true;
    return attempt_may_move(before->state, a->state);
}

static bool event_valid(const struct attempt *a, const struct attempt_event *ev)
{
    const struct attempt_report *r = &ev->report;
    if (a->state < ATTEMPT_PLANNED || (int)a->state >= ATTEMPT_STATES)
        return false;
    if (!memchr(ev->boot, 0, sizeof(ev->boot)))
        return false;
    return ev->kind != ATTEMPT_EV_REPORT || (r->word >= ATTEMPT_WORD_ACCEPTED && r->word <= ATTEMPT_WORD_DEFERRED);
}

enum gw_rc attempt_step(const struct attempt *attempt, const struct attempt_terms *terms,
                        const struct attempt_event *event, struct attempt_update *ret_update)
{
    struct attempt_update u = {.next = *attempt};
    struct attempt_turn t = {terms, event, &u, &u.next};
    if (!event_valid(attempt, event))
        return GW_INVALID;
    attempt_rebase(&u.next, terms, event->now);
    struct gw_wall confirm_since = u.next.confirm_since;
    bool blind = event->kind == ATTEMPT_EV_BLIND;
    if (!blind && confirm_since.ms != 0)
        attempt_run_deadline(&t); /* the confirm time had passed before this event came */
    enum gw_rc rc = handle(&t);
    if (rc)
        return rc;
    attempt_run_timers(&t);
    if (!invariants_hold(attempt, &t, confirm_since))
        return GW_CORRUPT;
    u.changed = !same(attempt, &u.next);
    *ret_update = u;
    return GW_OK;
}
