/*
 * watch: what the doors refuse, and how storing goes, counted since the start and told in a way that lets no attacker
 * fill the log: the first refusal of a kind is an event at once, those that follow within a minute are summed into the
 * next one.
 *
 * Memory only, in core's thread. An event that is lost with its transaction is told again, but for a single refusal at
 * the broker, which is still in the totals.
 */
#pragma once

#include "answer.h"
#include "device_bus.h"
#include "turn.h"

#define WATCH_TELL_MS  GW_MINUTE_MS
#define WATCH_HELD_MS  (10 * GW_SECOND_MS) /* a write-ahead log may be above its ceiling for so long: one big commit */
#define WATCH_STEP_MS  (5 * GW_SECOND_MS)  /* between two ticks; what sets a clock softly moves it by less than a ms */
#define WATCH_REFUSALS 64 /* (reason, device) at the broker that are told apart; further ones are told together */

struct watch_kind {
    uint64_t total, told;
    struct gw_wall told_at;
};

/* Something that is wrong for a while: told when it begins, not again before it was right in between. */
struct watch_trouble {
    bool told;
    struct gw_wall since; /* 0: it is right */
    struct gw_wall told_at;
};

struct watch_refusal {
    char reason[96];
    struct gw_device_id device;
    char source[DEVICE_SOURCE_MAX]; /* of the last */
    char what[DEVICE_WHAT_MAX];     /* it tried */
    uint64_t since;                 /* not told yet */
    struct gw_wall told_at;
};

/* The clock against one that never steps. */
struct watch_clock {
    bool known;
    int64_t ahead_ms; /* wall less monotonic, as it was at the last tick */
    int64_t step_ms;  /* the sum of `steps`: not told yet */
    uint32_t steps;
    bool told;
    struct gw_mono told_at;
};

struct watch_door {
    struct watch_kind tls, certificate, half_open, ceiling;
};

struct watch {
    struct watch_door doors[ANSWER_DOORS];          /* HTTPS and the admin socket; by enum answer_door */
    struct watch_kind batches;                      /* on up/log */
    struct watch_kind artifacts;                    /* asked for without a right to them */
    uint64_t artifacts_damaged;                     /* asked for while the release is damaged here */
    struct gw_device_id artifacts_by;               /* who did so last, … */
    char artifacts_source[DEVICE_SOURCE_MAX];       /* … and from where */
    struct watch_kind tokens;                       /* wrong ones of programs */
    struct watch_kind unauthenticated;              /* at the broker, before anything was said */
    struct watch_kind others;                       /* at the broker, beyond WATCH_REFUSALS */
    char unauthenticated_source[DEVICE_SOURCE_MAX]; /* of the last */
    struct watch_refusal refusals[WATCH_REFUSALS];
    size_t refusal_count;
    uint64_t broker;               /* refusals and cuts by the broker's plugin */
    uint64_t not_in_force;         /* certificates of ours at HTTPS that are revoked, replaced or ended */
    struct answer_storage storage; /* as it was at the last tick */
    struct watch_trouble full, state_held, journal_held;
    uint64_t failed_told; /* commits of the journal that had failed when that was last told */
    struct watch_kind dropped, altered, damaged, lost_turns;
    struct watch_clock clock;
};

/* BUS_SECURITY: what the plugin refused or cut. */
GW_MUST_CHECK enum gw_rc watch_security(struct watch *w, struct turn *turn, const struct bus_event *event,
                                        struct gw_err *err);
/* A certificate that our CA has issued was shown at HTTPS and is not in force. */
GW_MUST_CHECK enum gw_rc watch_certificate(struct watch *w, struct turn *turn, const struct gw_device_id *device,
                                           const char *source, struct gw_err *err);
/* A device has asked for an artifact that is not its own; told with the next tick. */
void watch_artifact(struct watch *w, const struct gw_device_id *device, const char *source);
/* Once a second: the HTTPS doors' counters since the start; tells what is due. */
GW_MUST_CHECK enum gw_rc watch_tick(struct watch *w, struct turn *turn, const struct answer_doors *doors,
                                    struct gw_err *err);
/* Once a second: how storing goes now; tells what is due. */
GW_MUST_CHECK enum gw_rc watch_storage(struct watch *w, struct turn *turn, const struct answer_storage *storage,
                                       struct gw_err *err);
/* Once a second, both read at the same moment: tells that the wall clock was stepped, by WATCH_STEP_MS or more; steps
 * that follow within a minute are summed into the next event. */
GW_MUST_CHECK enum gw_rc watch_clock(struct watch *w, struct turn *turn, struct gw_wall wall, struct gw_mono mono,
                                     struct gw_err *err);
/* What was told since `before` is lost with its transaction. */
void watch_untold(struct watch *w, const struct watch *before);
/* All totals. */
void watch_totals(const struct watch *w, struct answer_refused *ret_totals);
