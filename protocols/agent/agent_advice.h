/*
 * agent_advice: what the agent does of dn/config (wire/device_config.h). It leaves out events below the level that the
 * gateway asks for, but never one of medium severity or above, whatever it asks: a gateway that was taken cannot make
 * devices silent. It renews its certificate when that is said to be pressing, at most once an hour. Sampling and opting
 * out are not for it: an owner's choice belongs into the device's own configuration.
 *
 * Values only; the session's thread. Not kept: after a start everything is logged until the gateway speaks.
 */
#pragma once

#include "device_config.h"
#include "gw_time.h"

#define AGENT_ADVICE_LEVEL_MAX EVENT_SEV_MEDIUM
#define AGENT_ADVICE_RENEW_MS  GW_HOUR_MS

struct agent_advice {
    enum event_sev least; /* events below it are left out */
    uint64_t left_out;    /* since that was last changed */
    bool renewed;
    struct gw_mono renewed_at;
};

struct agent_advice_news {
    bool level_changed;
    uint64_t left_out; /* by the level before */
    bool renew;        /* ask for another certificate now */
};

void agent_advice_init(struct agent_advice *a);
/* Is an event of this severity logged? Saying no counts it. */
bool agent_advice_takes(struct agent_advice *a, unsigned severity);
/* Errors of device_config_parse(): nothing changes. */
GW_MUST_CHECK enum gw_rc agent_advice_heard(struct agent_advice *a, struct gw_view payload, struct gw_mono now,
                                            struct agent_advice_news *ret_news, struct gw_err *err);
/* The event that says in the log itself what is left out from now on; gw_buf's error sticks. */
GW_MUST_CHECK enum gw_rc agent_advice_event(const struct agent_advice *a, const struct agent_advice_news *news,
                                            struct gw_wall now, struct gw_buf *ret_text);
