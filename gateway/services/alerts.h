/*
 * alerts: what people should look at (core/model/alert.h): raised by the feed from the journal and by what the gateway
 * sees itself, listed, acknowledged, snoozed, resolved, noted.
 *
 * Exactly once: the feed's cursor is a setting that changes in the same transaction as the alerts. A batch that does
 * not begin at the cursor is not taken; either way the feed hears where core stands (OUT_FEED).
 *
 * Ceilings: ALERTS_MAX alerts; the oldest resolved ones make room, ALERTS_DROP at a time. When none is resolved, a new
 * cause of a device is not kept but counted, and the gateway's own alert "alert.ceiling" says so; the gateway's own
 * causes, whose number is that of its classes, are always kept.
 */
#pragma once

#include "alert.h"
#include "feed.h"
#include "rollouts.h"
#include "session.h"
#include "turn.h"

#define ALERTS_LIST_MAX     500
#define ALERTS_DROP         100
#define ALERTS_WAKE_MAX     20               /* snoozes that one tick ends; the rest waits for the next */
#define ALERTS_TIDY         1000             /* windows that are over which one tick drops; the next goes on */
#define ALERTS_SWEEP        100              /* devices that one tick looks at */
#define ALERTS_CERT_MS      (30 * GW_DAY_MS) /* a certificate that ends within this time */
#define ALERTS_CERT_LATE_MS (7 * GW_DAY_MS)

/* Causes that the gateway sees itself. */
#define ALERTS_OFFLINE "device.offline"
#define ALERTS_CERT    "cert.expiring"
#define ALERTS_FULL    "log.store_full"
#define ALERTS_CEILING "alert.ceiling"

struct alerts {
    int64_t offline_ms;        /* 0: no alert for devices that are away */
    uint64_t lost;             /* causes that were not kept, since the start */
    struct gw_device_id swept; /* where the walk over the devices goes on */
    struct gw_wall tidied;     /* when windows that are over went last */
    struct rollouts *rollouts; /* hear of severe events of devices that are being updated; NULL: nobody does */
};

/* So long behind the end of a device's update its starts still count as asked for: what it logged comes a little later.
 */
#define ALERTS_UPDATED_MS (2 * GW_MINUTE_MS)

/* Something that happened `count` times. */
struct alerts_event {
    struct alert_cause cause;
    enum event_sev sev;
    uint64_t count;
    struct gw_wall first, last;
    const char *msg;
    const struct log_id *log; /* the last event; NULL: there is none */
    uint64_t seq;
};
GW_MUST_CHECK enum gw_rc alerts_raise(struct alerts *a, struct turn *turn, const struct alerts_event *event,
                                      struct gw_err *err);
/* Something that lasts: raises when `wrong` and no alert of the cause is open, resolves an open one when not. */
GW_MUST_CHECK enum gw_rc alerts_hold(struct alerts *a, struct turn *turn, const struct alerts_event *event, bool wrong,
                                     struct gw_err *err);

/* Where the feed goes on; zeroed when nothing was taken yet. */
GW_MUST_CHECK enum gw_rc alerts_cursor(const struct store *store, struct journal_feed *ret_cursor, struct gw_err *err);
/* INBOX_FEED: a struct feed_batch in the blob. */
GW_MUST_CHECK enum gw_rc alerts_feed(struct alerts *a, struct turn *turn, const struct inbox_msg *msg,
                                     struct gw_err *err);

/* Once a second: snoozes end, windows go, devices are looked at. */
GW_MUST_CHECK enum gw_rc alerts_tick(struct alerts *a, struct turn *turn, const struct session *session,
                                     struct gw_err *err);

/* ACT_ALERT_*: the actor was let in by access. */
GW_MUST_CHECK enum gw_rc alerts_act(struct alerts *a, struct turn *turn, const struct inbox_msg *msg,
                                    struct gw_err *err);
