/*
 * job_report: the JSON of `up/job`, how far a device is with its job, and of `dn/joback`, the gateway's word that it
 * has noted that down.
 *
 *     {"job","rev","state","progress","code","detail","running","boot"}   and "until" (RFC 3339) in state deferred
 *     {"job","rev","state"}
 *
 * progress is 0 to 100. code is a word for programs ("signature", "install_failed"), "" when there is nothing to say;
 * detail is for people, hostile text to the gateway. running is the version that runs, boot the id of the boot of the
 * slot that it runs from; both "" when the device does not know. May be missing or null: progress, code, detail,
 * running, boot, until. Unknown members are ignored.
 *
 *     accepted ─► downloading ─► downloaded ─► installing ─► rebooting ─► installed
 *        │              │            │              │            ├─► rolled_back
 *        ├──────────────┴────────────┤              └────────────┴─► failed
 *        │                           ├─► failed
 *        ▼                           └─► cancelled
 *     deferred ─► accepted or downloaded            rejected: refused before anything was begun
 */
#pragma once

#include "job.h"

#define JOB_REPORT_MAX        4096 /* bytes of a payload */
#define JOB_REPORT_CODE_MAX   32
#define JOB_REPORT_DETAIL_MAX 512 /* bytes of UTF-8 */
#define JOB_REPORT_BOOT_MAX   64

/* Persisted by devices: values never change, new ones go to the end. */
enum job_state {
    JOB_STATE_ACCEPTED = 1,
    JOB_STATE_DOWNLOADING = 2,
    JOB_STATE_DOWNLOADED = 3,
    JOB_STATE_INSTALLING = 4,
    JOB_STATE_REBOOTING = 5,
    JOB_STATE_INSTALLED = 6,
    JOB_STATE_FAILED = 7,
    JOB_STATE_REJECTED = 8,
    JOB_STATE_ROLLED_BACK = 9,
    JOB_STATE_CANCELLED = 10,
    JOB_STATE_DEFERRED = 11, /* not the end */
};
const char *job_state_text(enum job_state state);
GW_MUST_CHECK enum gw_rc job_state_parse(struct gw_view text, enum job_state *ret_state);
bool job_state_terminal(enum job_state state);

struct job_report {
    char job[JOB_ID_MAX + 1];
    int64_t rev;
    enum job_state state;
    unsigned progress_pct;
    char code[JOB_REPORT_CODE_MAX + 1]; /* [a-z0-9_]* */
    char detail[JOB_REPORT_DETAIL_MAX + 1];
    char running[RELEASE_VERSION_MAX + 1];
    char boot[JOB_REPORT_BOOT_MAX + 1];
    struct gw_wall until; /* of deferred; 0: not told */
};

/* GW_TOO_BIG above JOB_REPORT_MAX, GW_INVALID naming the member otherwise. A longer detail is cut: its tail stays. */
GW_MUST_CHECK enum gw_rc job_report_parse(struct gw_view payload, struct job_report *ret_report, struct gw_err *err);
/* Appends the payload. */
GW_MUST_CHECK enum gw_rc job_report_format(const struct job_report *report, struct gw_buf *ret_payload);

struct job_ack {
    char job[JOB_ID_MAX + 1];
    int64_t rev;
    enum job_state state;
};
GW_MUST_CHECK enum gw_rc job_ack_parse(struct gw_view payload, struct job_ack *ret_ack, struct gw_err *err);
GW_MUST_CHECK enum gw_rc job_ack_format(const struct job_ack *ack, struct gw_buf *ret_payload);
