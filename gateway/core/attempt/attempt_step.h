/*
 * attempt_step: what happens to one device's attempt. Pure: one call, an event goes in, an update comes out, which says
 * what to keep and then what to send. Any thread.
 *
 *       ┌────────────────────────── its turn has come again ─────────────────────────┐
 *       ▼                                                                            │
 *    planned ──► offered ──► accepted ──► downloading ──► downloaded ──── until ──► deferred
 *       │           │           │             │               │
 *       │           └───────────┴──────┬──────┴───────────────┘   reports may be lost: any of them may lead to any
 *       │                              ▼                          state on its right
 *       │                         installing ──► rebooting ──► confirming ──► ok
 *       │                              │             │             │
 *       ▼                              ▼             ▼             ▼
 *    cancelled          failed, rejected, rolled_back, timed_out (from each open state; unreachable before installing)
 *
 * What the device says last does not decide, what it shows does: version and boot id, in each report and in up/state.
 *
 *   - confirming: after a boot id other than the one before the installation, with the version of the job. ok comes
 *     when the confirm time has passed connected, in that boot, without an event of severity 5 or above. A break
 *     (connection lost, other boot id, such an event) starts it again; the second is failed(unstable).
 *   - the old version after the reboot is rolled_back(old_version), whatever was reported before or after.
 *   - reports are ordered by state: one that says less than what is known changes nothing. A report that answers an
 *     earlier rev of the job (before a new offer) counts from installing on, since a device starts an attempt once.
 *   - a deferral lasts at most until first offer + postpone time; then the attempt waits for its turn, is offered with
 *     the next rev, and a further deferral is not listened to.
 *   - a cancellation is a request until the device has begun: it answers cancelled, or goes on, or stays silent.
 *   - each open or deferred attempt has a time at which something happens without a message: nothing is stranded. Time
 *     in which the gateway itself could not see (ATTEMPT_EV_BLIND) does not count against a device.
 *
 * `now` must not go back while the gateway runs (a wall clock steadied by the monotonic one). If it does, waits that
 * began in the future begin anew: longer, never shorter.
 */
#pragma once

#include "attempt.h"
#include "event_sev.h"

/* dn/job is sent again when an offer, a cancellation or the wish to see what runs has met silence for so long. */
#define ATTEMPT_RESEND_MS (5 * GW_MINUTE_MS)
/* A connected device that has not taken up an offer answers its cancellation within so long, or never had it. */
#define ATTEMPT_CANCEL_MS (5 * GW_MINUTE_MS)

enum attempt_event_kind {
    ATTEMPT_EV_OFFER = 1, /* its turn has come; reads online, and boot: the device's last known one */
    ATTEMPT_EV_SKIP,      /* planned or just offered: the release does not fit the device; reads code */
    ATTEMPT_EV_CANCEL,    /* take it back if the device has not begun; may come again */
    ATTEMPT_EV_GONE,      /* the device was revoked or retired */
    ATTEMPT_EV_ONLINE,
    ATTEMPT_EV_OFFLINE,
    ATTEMPT_EV_REPORT, /* up/job; reads report, running, boot */
    ATTEMPT_EV_STATE,  /* up/state; reads running, boot */
    ATTEMPT_EV_ALARM,  /* an event of the device's log, each once; reads sev, boot (of the event) */
    ATTEMPT_EV_TIMER,  /* the update's timer is due; harmless at any other time */
    ATTEMPT_EV_BLIND,  /* the gateway was down or cut off from all devices; presence is unknown now; reads away_ms */
};

/* What the device says that it runs, held against the version of the job. */
enum attempt_running {
    ATTEMPT_RUNS_UNKNOWN = 0,
    ATTEMPT_RUNS_TARGET,
    ATTEMPT_RUNS_OTHER,
};

struct attempt_report {
    uint32_t rev; /* of the job that it answers */
    enum attempt_word word;
    uint8_t progress; /* percent; above 100 counts as 100 */
    enum attempt_code code;
    struct gw_wall until; /* with DEFERRED */
};

struct attempt_event {
    enum attempt_event_kind kind;
    struct gw_wall now;
    bool online;
    enum attempt_code code;
    enum attempt_running running;
    enum event_sev sev;
    int64_t away_ms;
    struct attempt_report report;
    char boot[ATTEMPT_BOOT_MAX]; /* "" unknown; terminated */
};

/* What to do about the device's dn/job after the commit. Whatever is asked may be done twice. */
enum attempt_send {
    ATTEMPT_SEND_NONE = 0,
    ATTEMPT_SEND_AGAIN,   /* as it is: the same n */
    ATTEMPT_SEND_CHANGED, /* it says something else now: a higher n */
};

struct attempt_update {
    struct attempt next;    /* persist */
    bool changed;           /* next differs from what was given */
    bool ack;               /* send dn/joback for this report, also when it changed nothing */
    enum attempt_send send; /* dn/job as attempt_offers(next) says */
    struct gw_wall timer;   /* persist: when to call with ATTEMPT_EV_TIMER at the latest; 0: never */
};

/* dn/job is this attempt's job; otherwise it is null as far as this attempt goes. */
bool attempt_offers(const struct attempt *a);
/* Compares what a device runs with the version of the job; "" is UNKNOWN. */
enum attempt_running attempt_running(struct gw_view reported, const char *target_version);

/*
 * GW_CONFLICT: the event does not apply in this state (OFFER unless planned, SKIP unless planned or offered).
 * GW_INVALID: a value outside of its enum or a boot id without an end. GW_CORRUPT: an invariant does not hold: keep
 * nothing, send nothing. Fills ret_update with GW_OK alone.
 */
GW_MUST_CHECK enum gw_rc attempt_step(const struct attempt *attempt, const struct attempt_terms *terms,
                                      const struct attempt_event *event, struct attempt_update *ret_update);

/* The table of moves; also what core/rollout accepts. */
bool attempt_may_move(enum attempt_state from, enum attempt_state to);
