#include "attempt_internal.h"

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

/* When dn/job goes out again; 0: need not. A device that is connected and has not shown what it runs has said so before
 * we went blind, and was heard: only a job that it has already makes it say so again. */
static struct gw_wall resend_of(const struct attempt *a)
{
    bool unproved = a->state == ATTEMPT_CONFIRMING && !a->proved;
    bool silent = a->online && attempt_state_open(a->state) && (a->state == ATTEMPT_OFFERED || a->cancel || unproved);
    return (struct gw_wall){silent ? a->sent.ms + ATTEMPT_RESEND_MS : 0};
}

void attempt_run_deadline(struct attempt_turn *t)
{
    struct deadline d = deadline_of(t->a, t->terms);
    if (d.at.ms == 0 || t->event->now.ms < d.at.ms)
        return;
    if (attempt_state_ended(d.to))
        attempt_end(t, d.to, d.code);
    else
        attempt_enter(t, d.to);
}

void attempt_run_timers(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    attempt_run_deadline(t);
    struct gw_wall resend = resend_of(a);
    if (t->update->send == ATTEMPT_SEND_NONE && resend.ms != 0 && t->event->now.ms >= resend.ms)
        t->update->send = ATTEMPT_SEND_AGAIN;
    if (t->update->send != ATTEMPT_SEND_NONE)
        a->sent = t->event->now;
    struct gw_wall next = deadline_of(a, t->terms).at;
    resend = resend_of(a);
    t->update->timer = next.ms == 0 || (resend.ms != 0 && resend.ms < next.ms) ? resend : next;
}

static void forward(struct gw_wall *t, int64_t by_ms, struct gw_wall now)
{
    if (t->ms != 0)
        t->ms = t->ms + by_ms < now.ms ? t->ms + by_ms : now.ms;
}

void attempt_on_blind(struct attempt_turn *t)
{
    struct attempt *a = t->a;
    struct gw_wall now = t->event->now;
    int64_t away_ms = t->event->away_ms > 0 ? t->event->away_ms : 0;
    if (away_ms > now.ms)
        away_ms = now.ms;
    forward(&a->offered, away_ms, now);
    if (!attempt_state_ended(a->state)) /* there it is its end */
        forward(&a->step_since, away_ms, now);
    forward(&a->cancel_since, away_ms, now);
    a->online = a->proved = false;
    if (a->confirm_since.ms != 0)
        a->step_since = now;
    a->confirm_since.ms = 0;
    if (a->state == ATTEMPT_CONFIRMING)
        a->sent.ms = 0; /* asked as soon as it is seen */
}

static void not_later(struct gw_wall *t, struct gw_wall now)
{
    if (t->ms > now.ms)
        *t = now;
}

void attempt_rebase(struct attempt *a, const struct attempt_terms *terms, struct gw_wall now)
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
