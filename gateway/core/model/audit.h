/*
 * audit: an event that the gateway itself makes: an operator's act or a security matter it noticed.
 *
 * Committed in the same state.db transaction as the act, numbered; the journal takes it from there
 * (docs/architecture.md, rule 8).
 */
#pragma once

#include <stdint.h>

#include "gw_time.h"

/* Severity of an event. */
enum event_sev {
    EVENT_SEV_INFO = 1,
    EVENT_SEV_LOW = 2,
    EVENT_SEV_MEDIUM = 3,
    EVENT_SEV_HIGH = 4,
    EVENT_SEV_CRITICAL = 5,
    EVENT_SEV_FATAL = 6,
};
const char *event_sev_text(enum event_sev sev);

enum event_res {
    EVENT_OK = 1,
    EVENT_FAIL = 2,
    EVENT_DENIED = 3,
};
const char *event_res_text(enum event_res res);

#define AUDIT_CLS_MAX  48
#define AUDIT_NAME_MAX 96
#define AUDIT_MSG_MAX  256

struct audit_event {
    int64_t n; /* idempotency key in the journal; given by the store */
    struct gw_wall t;
    enum event_sev sev;
    enum event_res res;
    char cls[AUDIT_CLS_MAX];   /* "device.revoke", "cert.rejected", … */
    char subj[AUDIT_NAME_MAX]; /* who: "local:root", "user:ann", "device:pump-7", "gateway" */
    char obj[AUDIT_NAME_MAX];  /* what it was done to */
    char msg[AUDIT_MSG_MAX];   /* one sentence for people */
};
