#include <string.h>

#include "attempt_internal.h"

#define BIT(state) (1u << ATTEMPT_##state)

#define ENDS_EARLY (BIT(FAILED) | BIT(REJECTED) | BIT(ROLLED_BACK) | BIT(CANCELLED) | BIT(TIMED_OUT) | BIT(UNREACHABLE))
#define ENDS_BEGUN (BIT(FAILED) | BIT(REJECTED) | BIT(ROLLED_BACK) | BIT(CANCELLED) | BIT(TIMED_OUT))
#define GOES_ON    (BIT(INSTALLING) | BIT(REBOOTING) | BIT(CONFIRMING))

/* The picture in attempt_step.h: to which states each state may go. */
static const uint32_t moves[ATTEMPT_STATES] = {
    /* by itself after a deferral it may have gone on */
    [ATTEMPT_PLANNED] = BIT(OFFERED) | GOES_ON | BIT(CANCELLED) | BIT(FAILED) | BIT(REJECTED) | BIT(ROLLED_BACK),
    [ATTEMPT_OFFERED] = BIT(ACCEPTED) | BIT(DOWNLOADING) | BIT(DOWNLOADED) | BIT(DEFERRED) | GOES_ON | ENDS_EARLY,
    [ATTEMPT_ACCEPTED] = BIT(DOWNLOADING) | BIT(DOWNLOADED) | BIT(DEFERRED) | GOES_ON | ENDS_EARLY,
    [ATTEMPT_DOWNLOADING] = BIT(DOWNLOADED) | BIT(DEFERRED) | GOES_ON | ENDS_EARLY,
    [ATTEMPT_DOWNLOADED] = BIT(DEFERRED) | GOES_ON | ENDS_EARLY,
    [ATTEMPT_INSTALLING] = BIT(REBOOTING) | BIT(CONFIRMING) | ENDS_BEGUN,
    [ATTEMPT_REBOOTING] = BIT(CONFIRMING) | ENDS_BEGUN,
    [ATTEMPT_CONFIRMING] = BIT(OK) | ENDS_BEGUN,
    [ATTEMPT_DEFERRED] = BIT(PLANNED) | GOES_ON | BIT(CANCELLED) | BIT(FAILED) | BIT(REJECTED) | BIT(ROLLED_BACK),
};

bool attempt_may_move(enum attempt_state from, enum attempt_state to)
{
    return from >= ATTEMPT_PLANNED && (int)from < ATTEMPT_STATES && to >= ATTEMPT_PLANNED && (int)to < ATTEMPT_STATES &&
           (moves[from] & (1u << to)) != 0;
}

bool attempt_offers(const struct attempt *a)
{
    return a->rev > 0 && !a->cancel && !attempt_state_ended(a->state);
}

enum attempt_running attempt_running(struct gw_view reported, const char *target_version)
{
    if (reported.len == 0)
        return ATTEMPT_RUNS_UNKNOWN;
    return gw_view_eq_str(reported, target_version) ? ATTEMPT_RUNS_TARGET : ATTEMPT_RUNS_OTHER;
}

void attempt_enter(struct attempt_turn *t, enum attempt_state state)
{
    struct attempt *a = t->a;
    a->state = state;
    a->step_since = t->event->now;
    a->progress = 0;
    if (!attempt_state_begun(state))
        return;
    a->taken = true;
    if (a->cancel) { /* too late: the job stands again */
        a->cancel = false;
        t->update->send = ATTEMPT_SEND_CHANGED;
    }
}

void attempt_end(struct attempt_turn *t, enum attempt_state state, enum attempt_code code)
{
    struct attempt *a = t->a;
    if (attempt_offers(a))
        t->update->send = ATTEMPT_SEND_CHANGED;
    a->state = state;
    a->code = code;
    a->cancel = false;
    a->proved = false;
    a->confirm_since.ms = 0;
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

static void forward(struct gw_wall *t, int64_t by_ms, struct gw_wall now)
{
    if (t->ms != 0)
        t->ms = t->ms + by_ms < now.ms ? t->ms + by_ms : now.ms;
}

/* What was not seen does not count: waits are longer by it, the confirm time begins anew without a break. */
static void on_blind(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    struct gw_wall now = t->event->now;
    int64_t away_ms = t->event->away_ms > 0 ? t->event->away_ms : 0;
    if (away_ms > now.ms)
        away_ms = now.ms;
    forward(&a->offered, away_ms, now);
    forward(&a->step_since, away_ms, now);
    forward(&a->cancel_since, away_ms, now);
    a->online = a->proved = false;
    if (a->confirm_since.ms != 0)
        a->step_since = now;
    a->confirm_since.ms = 0;
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
        on_blind(t);
        return GW_OK;
    }
    return GW_INVALID;
}

struct deadline {
    struct gw_wall at; /* 0: none */
    enum attempt_state to;
    enum attempt_code code;
};

static void sooner(struct deadline *d, int64_t at_ms, enum attempt_state to, enum attempt_code code)
{
    if (d->at.ms == 0 || at_ms < d->at.ms)
        *d = (struct deadline){{at_ms}, to, code};
}

static void cancel_deadline(const struct attempt *a, const struct attempt_terms *terms, struct deadline *d)
{
    int64_t since_ms = a->cancel_since.ms, wait_ms = terms->step_ms;
    if (a->online && a->state == ATTEMPT_OFFERED) {
        since_ms = a->step_since.ms > since_ms ? a->step_since.ms : since_ms;
        wait_ms = ATTEMPT_CANCEL_MS < wait_ms ? ATTEMPT_CANCEL_MS : wait_ms;
    }
    sooner(d, since_ms + wait_ms, ATTEMPT_CANCELLED, ATTEMPT_CODE_CANCEL_SILENT);
}

/* The next move that time alone makes. */
static struct deadline deadline_of(const struct attempt *a, const struct attempt_terms *terms)
{
    struct deadline d = {0};
    bool begun = attempt_state_begun(a->state);
    if (a->state == ATTEMPT_DEFERRED)
        sooner(&d, a->until.ms, ATTEMPT_PLANNED, ATTEMPT_CODE_NONE);
    if (!attempt_state_open(a->state))
        return d;
    if (a->cancel)
        cancel_deadline(a, terms, &d);
    if (a->confirm_since.ms != 0) {
        sooner(&d, a->confirm_since.ms + terms->confirm_ms, ATTEMPT_OK, ATTEMPT_CODE_NONE);
        return d;
    }
    if (a->online || begun)
        sooner(&d, a->step_since.ms + terms->step_ms, ATTEMPT_TIMED_OUT, ATTEMPT_CODE_STEP_TIME);
    if (a->state != ATTEMPT_CONFIRMING)
        sooner(&d, a->offered.ms + terms->total_ms, a->online || begun ? ATTEMPT_TIMED_OUT : ATTEMPT_UNREACHABLE,
               ATTEMPT_CODE_TOTAL_TIME);
    return d;
}

/* When dn/job goes out again; 0: need not. */
static struct gw_wall resend_of(const struct attempt *a)
{
    bool silent = a->online && attempt_state_open(a->state) && (a->state == ATTEMPT_OFFERED || a->cancel);
    return (struct gw_wall){silent ? a->sent.ms + ATTEMPT_RESEND_MS : 0};
}

static void run_deadline(struct attempt_turn *t)
{
    struct deadline d = deadline_of(t->a, t->terms);
    if (d.at.ms == 0 || t->event->now.ms < d.at.ms)
        return;
    if (attempt_state_ended(d.to))
        attempt_end(t, d.to, d.code);
    else
        attempt_enter(t, d.to);
}

static void run_timers(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    run_deadline(t);
    struct gw_wall resend = resend_of(a);
    if (t->update->send == ATTEMPT_SEND_NONE && resend.ms != 0 && t->event->now.ms >= resend.ms)
        t->update->send = ATTEMPT_SEND_AGAIN;
    if (t->update->send != ATTEMPT_SEND_NONE)
        a->sent = t->event->now;
    struct gw_wall next = deadline_of(a, t->terms).at;
    resend = resend_of(a);
    t->update->timer = next.ms == 0 || (resend.ms != 0 && resend.ms < next.ms) ? resend : next;
}

static void not_later(struct gw_wall *t, struct gw_wall now)
{
    if (t->ms > now.ms)
        *t = now;
}

/* The clock went back: waits begin anew. */
static void rebase(struct attempt *a, const struct attempt_terms *terms, struct gw_wall now)
{
    not_later(&a->first_offer, now);
    not_later(&a->offered, now);
    not_later(&a->sent, now);
    not_later(&a->step_since, now);
    not_later(&a->confirm_since, now);
    not_later(&a->cancel_since, now);
    if (a->until.ms > now.ms + terms->postpone_max_ms)
        a->until.ms = now.ms + terms->postpone_max_ms;
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
    rebase(&u.next, terms, event->now);
    struct gw_wall confirm_since = u.next.confirm_since;
    bool blind = event->kind == ATTEMPT_EV_BLIND;
    if (!blind && confirm_since.ms != 0)
        run_deadline(&t); /* the confirm time had passed before this event came */
    enum gw_rc rc = handle(&t);
    if (rc)
        return rc;
    run_timers(&t);
    if (!invariants_hold(attempt, &t, confirm_since))
        return GW_CORRUPT;
    u.changed = !same(attempt, &u.next);
    *ret_update = u;
    return GW_OK;
}
