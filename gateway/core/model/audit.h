/*
 * audit: an event that the gateway itself makes: an operator's act or a security matter it noticed.
 *
 * Committed in the same state.db transaction as the act, numbered; the journal takes it from there
 * (docs/architecture.md, rule 8).
 */
#pragma once

#include <stdint.h>

#include "event_sev.h"
#include "gw_time.h"

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
