/*
 * event: what people and rules see of one log event. The event itself is opaque bytes and stays so (log_bundle.h); this
 * is a reading of it, which can always be made again. Text fields are UTF-8 without control characters, cut to fit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

/* How the bytes were understood. */
enum event_format {
    EVENT_JSON = 1,
    EVENT_RFC5424,
    EVENT_RFC3164, /* "Mar 27 13:06:56 host sshd[1291]: …", with or without "<pri>" */
    EVENT_TEXT,    /* anything else */
};
const char *event_format_text(enum event_format format);

#define EVENT_NAME_MAX 64
#define EVENT_MSG_MAX  512
#define EVENT_ATTR_MAX 1024
#define EVENT_BOOT_MAX 40

#define EVENT_CLS_TEXT "log.text" /* class of what nothing is known about */

struct event_view {
    enum event_format format;
    enum event_sev sev;
    bool has_t, has_mono, has_res;
    enum event_res res;      /* valid with has_res */
    struct gw_wall t;        /* the device's word, valid with has_t */
    int64_t mono_ms;         /* the device's monotonic clock, valid with has_mono */
    char cls[AUDIT_CLS_MAX]; /* "auth.login"; "log.text" when nothing is known */
    char subj[AUDIT_NAME_MAX];
    char obj[AUDIT_NAME_MAX];
    char program[EVENT_NAME_MAX]; /* that wrote the line, "sshd"; "" when unknown */
    char boot[EVENT_BOOT_MAX];
    char msg[EVENT_MSG_MAX];
    char attr[EVENT_ATTR_MAX]; /* JSON object as text; "" when there is none or it is longer */
};
