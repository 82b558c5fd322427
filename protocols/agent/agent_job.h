/*
 * agent_job: what becomes of the gateway's jobs on this device: decides, keeps it on disk, and asks for downloads and
 * for the handler. No sockets, no processes, no clock of its own: agent_job_run.h has those.
 *
 *              postponed, not_before                             session up on the new version
 *                    ┌──┐                                                 ┌──────────────┐
 *   idle ──► accepted ──┴► downloading ──► downloaded ──► installing ──► rebooting ──► confirming ──► done(installed)
 *                │             │               │              │    boots the │ old one      │ too late, or refused
 *                ▼             ▼               ▼              ▼              ▼              ▼
 *        done(cancelled, failed, rejected)              fallback ──► done(failed)     fallback ──► fallback_reboot
 *                                                                      done(rolled_back) ◄──────────────┘
 *
 * On disk, below "<state>/jobs": "state" (everything, one file, replaced whole) and "started" (the attempts whose
 * install was begun). Nothing is done and nothing is reported before the step that it belongs to is on disk. An attempt
 * is written to "started" before its install begins: whoever finds "installing" there after a stop begins it when
 * "started" does not name it, and otherwise never again: it falls back and reports failed, code "interrupted".
 *
 * What is trusted is the signed envelope alone, by the vendor keys, floor and limits of the device itself.
 */
#pragma once

#include "agent_config.h"
#include "agent_dsse.h"
#include "agent_handler.h"
#include "job_report.h"

#define AGENT_JOB_STARTED_MAX 64 /* attempts remembered */

/* Persisted: values never change. */
enum agent_job_step {
    AGENT_JOB_IDLE = 0,
    AGENT_JOB_ACCEPTED = 1,
    AGENT_JOB_DOWNLOADING = 2,
    AGENT_JOB_DOWNLOADED = 3,
    AGENT_JOB_INSTALLING = 4,
    AGENT_JOB_REBOOTING = 5,
    AGENT_JOB_CONFIRMING = 6,
    AGENT_JOB_FALLBACK = 7,
    AGENT_JOB_FALLBACK_REBOOT = 8,
    AGENT_JOB_DONE = 9,
};

/* What is on disk. */
struct agent_job_record {
    int64_t n;      /* highest seen */
    uint64_t floor; /* highest security_floor that was confirmed here */
    uint64_t counter;
    char counter_version[RELEASE_VERSION_MAX + 1]; /* the release that counter is of: the last one confirmed */

    enum agent_job_step step;
    enum job_state state;   /* as reported */
    enum job_state outcome; /* of a fallback that is under way */
    char job[JOB_ID_MAX + 1];
    char attempt[JOB_ID_MAX + 1];
    int64_t rev;
    enum job_kind kind;
    char code[JOB_REPORT_CODE_MAX + 1];
    char detail[JOB_REPORT_DETAIL_MAX + 1];
    struct gw_wall until; /* of deferred */
    bool acked;           /* the gateway knows the end */

    char target[RELEASE_VERSION_MAX + 1];
    uint64_t target_counter, target_floor;
    char boot[JOB_REPORT_BOOT_MAX + 1]; /* rebooting: the boot before; confirming: the one that is being proven */
    int64_t mono_ms;                    /* when that began */
    unsigned tries;                     /* reboots, fallbacks */
};

/* What it asks for. All return at once; outcomes come by the functions below. */
struct agent_job_ops {
    /* As agent_handler_start(). */
    enum gw_rc (*handler)(void *ctx, enum agent_verb verb, const struct agent_job_record *record,
                          const struct release_file *file, struct gw_err *err);
    enum gw_rc (*fetch)(void *ctx, const struct job *job, const struct release_file *file, struct gw_err *err);
    void (*fetch_stop)(void *ctx); /* what is there stays */
    void (*discard)(void *ctx);    /* all that was ever fetched may go */
    enum gw_rc (*report)(void *ctx, struct gw_view payload);
    void (*event)(void *ctx, struct gw_view event);                    /* for the device's own log */
    void (*changed)(void *ctx, const struct agent_job_record *record); /* its state: a line for people */
    void (*renew)(void *ctx);                                          /* the certificate */
};

struct agent_job_settings {
    const struct gw_fs *fs;
    const char *dir; /* exists */
    const struct agent_config *config;
    const struct agent_vendor_keys *keys;
    const struct agent_job_ops *ops;
    void *ctx;
};

struct agent_job;

/* All of settings is borrowed. A damaged file is no error: every job is then rejected, code "state_damaged", since the
 * floor is not known any more. Otherwise errors of the file system. */
GW_MUST_CHECK enum gw_rc agent_job_open(const struct agent_job_settings *settings, struct agent_job **ret_job,
                                        struct gw_err *err);
void agent_job_close(struct agent_job *j); /* accepts NULL; what is under way goes on at the next start */

/* dn/job and dn/joback. */
void agent_job_message(struct agent_job *j, struct gw_view payload, struct gw_wall wall);
void agent_job_ack(struct agent_job *j, struct gw_view payload);
void agent_job_session(struct agent_job *j, bool up);

/* What runs, as the handler or the configuration tells; nothing is begun before it is known. */
void agent_job_running(struct agent_job *j, const char *version, const char *boot);
bool agent_job_running_known(const struct agent_job *j);
void agent_job_progress(struct agent_job *j, unsigned pct);
void agent_job_fetched(struct agent_job *j, enum gw_rc rc, const struct gw_err *err);
void agent_job_handled(struct agent_job *j, const struct agent_handler_result *result);

/* Call after any of these and when agent_job_wait_ms() has passed. A disk that does not take the record holds
 * everything until it does. */
void agent_job_step(struct agent_job *j, struct gw_mono now, struct gw_wall wall);
int64_t agent_job_wait_ms(const struct agent_job *j, struct gw_mono now); /* -1: no timer */

const struct agent_job_record *agent_job_record(const struct agent_job *j);
const char *agent_job_version(const struct agent_job *j); /* that runs; "" when unknown */
const char *agent_job_boot(const struct agent_job *j);
