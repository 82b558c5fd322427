/*
 * event_sev: how severe an event is, and what came of what it tells of. Persisted and sent: the numbers never change.
 */
#pragma once

#include "gw_rc.h"
#include "gw_view.h"

enum event_sev {
    EVENT_SEV_INFO = 1,
    EVENT_SEV_LOW = 2,
    EVENT_SEV_MEDIUM = 3,
    EVENT_SEV_HIGH = 4,
    EVENT_SEV_CRITICAL = 5,
    EVENT_SEV_FATAL = 6,
};

enum event_res {
    EVENT_OK = 1,
    EVENT_FAIL = 2,
    EVENT_DENIED = 3,
};

/* As in JSON: "high", "denied"; static storage, "unknown" for a number that is none. */
const char *event_sev_text(enum event_sev sev);
const char *event_res_text(enum event_res res);
/* GW_INVALID: it is none of those texts. */
GW_MUST_CHECK enum gw_rc event_sev_parse(struct gw_view text, enum event_sev *ret_sev);
GW_MUST_CHECK enum gw_rc event_res_parse(struct gw_view text, enum event_res *ret_res);
/* Of a syslog severity 0 to 7 (RFC 5424 section 6.2.1): 0,1→6 2→5 3→4 4→3 5→2 6,7→1. */
enum event_sev event_sev_of_syslog(unsigned severity);
