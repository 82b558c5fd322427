/*
 * agent_job_internal: what the files of agent_job share: agent_job.c (begin, what comes back, one step at a time),
 * agent_job_take.c (taking a job), agent_job_fetch.c (its steps up to the install), agent_job_install.c (from install
 * to confirmation), agent_job_disk.c, agent_job_check.c, agent_job_tell.c.
 */
#pragma once

#include "agent_job.h"
#include "release_policy.h"

struct agent_job {
    struct agent_job_settings set;
    char state_path[AGENT_PATH_MAX + 64], started_path[AGENT_PATH_MAX + 64];
    struct agent_job_record rec;
    struct gw_buf payload; /* dn/job of the job in rec; empty once it is installed or done */
    struct gw_buf pending; /* the next one, in memory alone: its n is not taken, so each session sends it again */
    int64_t pending_n;     /* its number, while there is one */
    char started[AGENT_JOB_STARTED_MAX][JOB_ID_MAX + 1];
    size_t started_count;
    bool damaged;
    bool dirty;     /* rec is newer than the disk */
    bool disk_told; /* the last write failed, and it was said */

    bool up, known;
    char version[RELEASE_VERSION_MAX + 1];
    char boot[JOB_REPORT_BOOT_MAX + 1];

    bool checked; /* message and file below are those of rec */
    struct job_message message;
    struct release_file file;
    bool fetching, handling, verified, cleaned;
    enum agent_verb verb;          /* that is being handled */
    bool may_start;                /* the attempt is noted as started, by this process, and its handler has not begun */
    bool reboot_counted, rebooted; /* the next reboot is on disk; one was asked for by this process */
    int64_t reboot_until_ms;
    unsigned progress_pct, progress_told;

    bool told; /* the gateway has acknowledged the state that is in rec */
    bool tell; /* report at the next chance */
    int64_t tell_at_ms, look_at_ms;
    struct gw_mono now; /* of the step */
    struct gw_wall wall;
};

#define AGENT_JOB_NEVER INT64_MAX

/* ---- agent_job_disk.c ---- */
GW_MUST_CHECK enum gw_rc agent_job_load(struct agent_job *j, struct gw_err *err);
GW_MUST_CHECK enum gw_rc agent_job_save(struct agent_job *j, struct gw_err *err);
bool agent_job_was_started(const struct agent_job *j, const char *attempt);
GW_MUST_CHECK enum gw_rc agent_job_note_started(struct agent_job *j, const char *attempt, struct gw_err *err);

/* ---- agent_job_check.c ---- */
/* GW_OK: release is what the vendor signed and fits; *ret_code else says why not. */
GW_MUST_CHECK enum gw_rc agent_job_check(const struct agent_job *j, const struct job *job, struct release *release,
                                         const char **ret_code, struct gw_err *err);
bool agent_job_kind_allowed(const struct agent_config *config, enum job_kind kind);

/* ---- agent_job_tell.c ---- */
/* The state as reported, with its event. code and detail may be NULL to leave them. */
void agent_job_state(struct agent_job *j, enum job_state state, const char *code, const char *detail);
void agent_job_tell(struct agent_job *j);

/* ---- agent_job_take.c ---- */
void agent_job_forget_message(struct agent_job *j);
/* The job that waits in pending, if it still is the newest. */
void agent_job_take_pending(struct agent_job *j);
/* After a restart the job is read and checked again; false: it is rejected. */
GW_MUST_CHECK bool agent_job_still_good(struct agent_job *j);

/* ---- agent_job.c ---- */
void agent_job_fetch_end(struct agent_job *j);
void agent_job_enter(struct agent_job *j, enum agent_job_step step);
void agent_job_done(struct agent_job *j, enum job_state state, const char *code, const char *detail);
/* Look again after so many ms. */
void agent_job_later(struct agent_job *j, int64_t ms);
/* What a write of the job's files came to; an outage is said once, and its end. False: it failed; tried again later. */
bool agent_job_wrote(struct agent_job *j, enum gw_rc rc, const struct gw_err *err);
/* The end of what the handler wrote, as text for people. */
void agent_job_detail(const struct agent_handler_result *result, char out[JOB_REPORT_DETAIL_MAX + 1]);
/* Starts a verb; GW_AGAIN is looked after here. */
enum gw_rc agent_job_handle(struct agent_job *j, enum agent_verb verb, struct gw_err *err);

/* ---- agent_job_fetch.c ---- */
void agent_job_act_accepted(struct agent_job *j);
void agent_job_act_downloading(struct agent_job *j);
void agent_job_act_downloaded(struct agent_job *j);

/* ---- agent_job_install.c ---- */
void agent_job_act_installing(struct agent_job *j);
void agent_job_act_rebooting(struct agent_job *j);
void agent_job_act_confirming(struct agent_job *j);
void agent_job_act_fallback(struct agent_job *j);
void agent_job_act_fallback_reboot(struct agent_job *j);
void agent_job_handled_install(struct agent_job *j, const struct agent_handler_result *result);
