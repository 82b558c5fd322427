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
    a->step_since = t->event->now;
    a->cancel = false;
    a->proved = false;
    a->confirm_since.ms = 0;
}
