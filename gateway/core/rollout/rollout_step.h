/*
 * rollout_step: what happens to a rollout. Pure, and over counters per wave: the cost of a step depends on the number
 * of waves, never on the number of devices. Any thread.
 *
 *                  start                     all waves passed, all decided
 *       draft ───────────────► running ─────────────────────────────────────► finished
 *                             ▲ │  ▲ │                                           │
 *                 resume      │ │  │ │ a limit is met                            │
 *              ┌──────────────┘ │  │ ▼                                           │ roll back
 *              │         pause  │  holding ──┐ (resume looks again, waive lets   │
 *           paused ◄────────────┘            │  one wave pass one limit)         │
 *              │  abort, or the abort rule: from running, paused, holding        │
 *              ├─────────────────────────────┴──────► aborting ──► aborted ──────┤
 *              │  roll back, or the abort rule        ▲                          │
 *              └──────────────────────────────────────┼───────► rolling_back ◄───┘
 *                                              abort  └──────────  │    ▲
 *                                                                  ▼    │ roll back again, or a device turns up
 *                                                              rolled_back  with the version
 *
 *       wave:  waiting ──► open ◄──► soaking ──► passed          (stopped: the rollout was aborted before it had
 * passed)
 *
 * A wave is passed when all its devices have been offered, at least the minimum sample is decided, at least ok_pct of
 * those are ok, not more than unreachable_pct are unreachable, and the soak time has passed since its last ok. Only
 * then the next one opens. The last wave has no soak time; the rollout is finished when everything is decided.
 *
 * Invariants, checked after each step: the counts of a wave add up to its devices; all waves before the last opened one
 * are passed; a waiting wave has nobody offered; an offer never makes more than max_concurrent open (deferred devices
 * keep no place; a device that goes on by itself after a deferral may exceed it, and then nobody is offered); an ended
 * rollout has nothing open; a rollback offers from the last wave to the first.
 *
 * The caller's turn, all of it in one transaction: attempt_step() → rollout_step(CHANGED) → do what `rows` says by
 * attempt_step(OFFER) and (CANCEL) → store attempts and rollout. The counters have those offers and bulk cancellations
 * in them already: they are not told again by CHANGED. Each CANCEL of an open attempt is, once the attempt ends. After
 * a crash: BLIND, which asks again for what may have been lost.
 *
 * No turn touches more rows than ROLLOUT_SLICE_MAX: a draft's attempts, what is cancelled, and the attempts of a
 * rollback come in slices, one a turn. The state stands from the first one on (a draft that is not whole cannot start,
 * an aborting rollout offers nobody), the counters follow the rows, and what remains is in the counters and `rest`.
 */
#pragma once

#include "rollout.h"

/* Offers of one step at most; the timer asks for the next step at once. */
#define ROLLOUT_RELEASE_MAX 256

enum rollout_event_kind {
    ROLLOUT_EV_START = 1,
    ROLLOUT_EV_PAUSE,
    ROLLOUT_EV_RESUME,
    ROLLOUT_EV_ABORT,
    ROLLOUT_EV_ROLLBACK, /* also again, from rolled_back, for those that still hold the version */
    ROLLOUT_EV_WAIVE,    /* reads wave, waive: the person names what he has seen */
    ROLLOUT_EV_CHANGED,  /* one attempt: reads wave, back, from, to, held, holds, has_back */
    ROLLOUT_EV_TICK,     /* the update's timer is due; harmless at any other time */
    ROLLOUT_EV_BLIND,    /* the gateway was down for away_ms: soak times are longer by it */
    ROLLOUT_EV_PLANNED,  /* a slice of what `rest` asks for was done: reads rows, and with `rest.holders` place, through
                          */
};
const char *rollout_event_text(enum rollout_event_kind kind);

struct rollout_event {
    enum rollout_event_kind kind;
    struct gw_wall now;
    int64_t away_ms;
    uint16_t wave; /* index */
    enum rollout_hold waive;
    bool back;                   /* the attempt belongs to the rollback */
    enum attempt_state from, to; /* may be equal when only held and holds differ */
    bool held, holds;            /* not for back: attempt_holds() before and after */
    bool has_back;               /* not for back: the device has an attempt of this rollback, in whatever state */
    uint32_t place;              /* CHANGED: of the attempt, within the wave; PLANNED: all below it were looked at */
    uint32_t rows;               /* PLANNED: attempts made (draft, holders) or dropped (old ones) */
    bool through;                /* PLANNED: nobody of the wave stands at that place or behind */
    bool due;                    /* CHANGED: a TICK is due as it is, which offers what this step need not */
    bool withheld;               /* its release is not given now: a running one offers nobody and opens no wave */
    uint32_t rows_max;           /* planned attempts that this step may cancel; 0: ROLLOUT_SLICE_MAX */
};

/* Rows to change in the same transaction. */
struct rollout_rows {
    uint32_t offer[ROLLOUT_WAVES_MAX];      /* so many planned attempts of the wave, in order of their place */
    uint32_t offer_back[ROLLOUT_WAVES_MAX]; /* the same of the rollback's */
    uint32_t cancel[ROLLOUT_WAVES_MAX];     /* so many planned attempts, in that order, become cancelled */
    uint32_t cancel_back[ROLLOUT_WAVES_MAX];
    bool cancel_open; /* attempt_step(CANCEL) to each that is open or deferred; it may be asked again */
    bool cancel_open_back;
    bool plan_back_member; /* a back attempt, planned, for the device of this event */
};

struct rollout_update {
    struct rollout next; /* persist */
    struct rollout_rows rows;
    bool by_rule;         /* the state was changed by a limit, not by a person: tell people */
    struct gw_wall timer; /* persist: when to call with TICK at the latest; 0: never */
};

/* A draft; totals has the number of devices of each wave of the plan. GW_INVALID when there are none, or too many. */
GW_MUST_CHECK enum gw_rc rollout_init(struct rollout *ret_rollout, const struct rollout_plan *plan,
                                      const uint32_t *totals, struct gw_err *err);

/*
 * GW_CONFLICT: a person's act does not apply in this state: load again, show him. GW_INVALID: a value outside of its
 * range. GW_CORRUPT: the event contradicts the counters, or an invariant does not hold: keep nothing, send nothing; the
 * counters can be counted again from the rows. Fills ret_update with GW_OK alone; err may be NULL.
 */
GW_MUST_CHECK enum gw_rc rollout_step(const struct rollout *rollout, const struct rollout_plan *plan,
                                      const struct rollout_event *event, struct rollout_update *ret_update,
                                      struct gw_err *err);

/* Rows are left to be planned, cancelled or dropped: the timer is due at once, whether devices can be seen or not. What
 * `rest` says is done first and told by PLANNED; otherwise TICK cancels the next slice. */
bool rollout_rows_left(const struct rollout *rollout);
bool rollout_rest_left(const struct rollout *rollout);

/* What a wave waits for, to be shown; pure. */
enum rollout_gate_word {
    ROLLOUT_GATE_WAIT = 1, /* for reports */
    ROLLOUT_GATE_SOAK,     /* until ret_until */
    ROLLOUT_GATE_PASS,
    ROLLOUT_GATE_HOLD, /* for a person, because of ret_hold */
};
enum rollout_gate_word rollout_gate_look(const struct rollout *rollout, const struct rollout_plan *plan, uint16_t wave,
                                         struct gw_wall *ret_until, enum rollout_hold *ret_hold);
