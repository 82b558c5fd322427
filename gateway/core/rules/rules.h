/*
 * rules: which events become alerts. A built-in table (rules_table.c, docs/alerts.md); pure.
 *
 * An event is judged by the log that it came from: what the gateway says in its own log is trusted, what a device says
 * of itself makes alerts about that device alone, whatever classes it invents: events of high severity that no rule
 * knows share one cause a device, so that a device cannot open alerts without number.
 */
#pragma once

#include "alert.h"
#include "event.h"
#include "log_id.h"

#define RULES_DEVICE_SEVERE "device.severe" /* cause of severe events of a device that no rule knows */

/* How often within what time makes an alert; once: {1, 0}. While the alert is open every further one counts. */
struct rules_threshold {
    uint32_t times; /* 1 to ALERT_WINDOW_MAX */
    int64_t within_ms;
};

/* What one event means. */
struct rules_hit {
    struct alert_cause cause;
    enum event_sev sev;
    struct rules_threshold threshold;
    bool unasked; /* what happens to the device while the gateway updates it does not count */
};

/* False, and *ret_hit untouched, when the event is no matter for an alert. */
bool rules_match(const struct log_id *log, const struct event_view *view, struct rules_hit *ret_hit);

/* Adds a time to the window and forgets what is older than the threshold's span. True when the threshold is met; the
 * window is empty then. A clock that was set back makes the window begin anew. */
bool rules_window_add(struct alert_window *window, const struct rules_threshold *threshold, struct gw_wall t);

/* ---- the table, shared with rules.c and the tests ---- */

enum rules_from {
    RULES_DEVICE = 1, /* a device's own log, or lines about it */
    RULES_UNASKED,    /* the same, but not while it is updated: the gateway asks for that */
    RULES_GATEWAY,    /* the gateway's own log; about the gateway */
    RULES_ABOUT,      /* the gateway's own log; about the device that its obj names, else about the gateway */
};

struct rule {
    enum rules_from from;
    const char *cls; /* of the event, and of the alert */
    enum event_sev at_least;
    unsigned results;                 /* mask of 1 << enum event_res; 0: any, also none */
    enum event_sev sev;               /* the alert has at least this severity */
    struct rules_threshold threshold; /* times 0: such events make no alert, somebody else raises it */
};
extern const struct rule rules_table[];
extern const size_t rules_count;
