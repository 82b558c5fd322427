/*
 * alert: something that people should look at, grouped by its cause: the class of the event and the device that it is
 * about (or the gateway itself). While an alert is open, the same cause raises its count; a resolved one that happens
 * again opens a new one.
 *
 *                   acknowledge
 *           new ───────────────────► acknowledged ──┐
 *          ▲ │ snooze                │ snooze       │ resolve
 *     wake │ ▼                       ▼              ▼
 *          snoozed ◄─────────────────┘ ─────────► resolved
 *
 * From every open state: resolve. A snooze ends by time (wake), and what happens more severely than before makes an
 * acknowledged or snoozed alert new again.
 */
#pragma once

#include "audit.h"
#include "log_id.h"
#include "user.h"

#define ALERT_ID_LEN   16 /* hex digits, random */
#define ALERT_MSG_MAX  256
#define ALERT_NOTE_MAX 500   /* characters, without the terminator */
#define ALERTS_MAX     10000 /* kept in all; the oldest resolved ones make room */

#define ALERT_SNOOZE_MS_MAX (30 * GW_DAY_MS)

/* Persisted: values never change. */
enum alert_state {
    ALERT_NEW = 1,
    ALERT_ACKNOWLEDGED = 2,
    ALERT_SNOOZED = 3,
    ALERT_RESOLVED = 4,
};
const char *alert_state_text(enum alert_state state);
GW_MUST_CHECK enum gw_rc alert_state_parse(struct gw_view text, enum alert_state *ret_state);

enum alert_act {
    ALERT_ACT_ACKNOWLEDGE = 1,
    ALERT_ACT_SNOOZE,
    ALERT_ACT_RESOLVE,
    ALERT_ACT_WAKE,  /* the snooze is over */
    ALERT_ACT_WORSE, /* it happened more severely than before */
};
/* GW_CONFLICT, and *ret_to untouched, when the act does not apply. */
GW_MUST_CHECK enum gw_rc alert_step(enum alert_state from, enum alert_act act, enum alert_state *ret_to);

/* What makes two occurrences the same. */
struct alert_cause {
    char cls[AUDIT_CLS_MAX];    /* "auth.login" */
    struct gw_device_id device; /* zeroed: the gateway itself */
};
bool alert_cause_eq(const struct alert_cause *a, const struct alert_cause *b);

struct alert {
    char id[ALERT_ID_LEN + 1];
    struct alert_cause cause;
    enum event_sev sev; /* the highest so far */
    enum alert_state state;
    struct gw_wall first, last; /* arrival of its first and last event */
    uint64_t count;
    struct gw_wall until;       /* SNOOZED: when it wakes */
    struct gw_wall changed;     /* by whatever: an event, a person, the clock */
    char by[USER_NAME_MAX + 8]; /* who acknowledged, snoozed or resolved it last; "" nobody */
    char note[ALERT_NOTE_MAX + 1];
    char msg[ALERT_MSG_MAX]; /* what the last event said */
    bool has_evidence;
    struct log_id log; /* with has_evidence: the last event in its log */
    uint64_t seq;
    int64_t rev;
};
bool alert_id_valid(struct gw_view id);

/* When something happened that counts towards a threshold; newest last. */
#define ALERT_WINDOW_MAX 16
struct alert_window {
    struct alert_cause cause;
    struct gw_wall until; /* behind it the window is of no use */
    uint32_t count;
    struct gw_wall times[ALERT_WINDOW_MAX];
};
