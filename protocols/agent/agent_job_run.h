/*
 * agent_job_run: agent_job in the agent's loop: the handler's processes, the download, and who asks for what.
 *
 * Files in the state directory: jobs/ (agent_job.h; "lock" is held while a handler runs), artifacts/ (what is fetched).
 */
#pragma once

#include <poll.h>

#include "agent_download.h"
#include "agent_est.h"
#include "agent_job.h"

#define AGENT_JOB_RUN_FDS (AGENT_HANDLER_FDS + AGENT_DOWNLOAD_FDS)

struct agent_job_hooks {
    enum gw_rc (*report)(void *ctx, struct gw_view payload); /* to up/job */
    void (*event)(void *ctx, struct gw_view event);
    void (*renew)(void *ctx);
};

struct agent_job_run {
    const struct agent_config *config; /* borrowed, as the next two */
    const struct agent_est *est;
    const struct agent_job_hooks *hooks;
    void *ctx;
    struct agent_vendor_keys keys;
    struct agent_handler handler;
    struct agent_download *download; /* NULL: none runs */
    struct agent_job *job;
    char jobs_dir[AGENT_PATH_MAX + 32], artifacts_dir[AGENT_PATH_MAX + 32], lock_path[AGENT_PATH_MAX + 64];
    char artifact[AGENT_DOWNLOAD_PATH_MAX];
    int64_t ask_at_ms; /* what runs, when that is not known */
    unsigned asked;
    bool answered;
};

/* Its directories exist. GW_INVALID: a vendor key is not usable. */
GW_MUST_CHECK enum gw_rc agent_job_run_open(struct agent_job_run *run, const struct agent_config *config,
                                            const struct agent_est *est, const struct agent_job_hooks *hooks, void *ctx,
                                            struct gw_err *err);
void agent_job_run_close(struct agent_job_run *run); /* accepts a zeroed one */
/* The first answer to "what runs" is there: the session may tell it. */
bool agent_job_run_ready(const struct agent_job_run *run);

/* For poll(2): fills up to AGENT_JOB_RUN_FDS, returns how many. */
size_t agent_job_run_fds(const struct agent_job_run *run, struct pollfd ret_fds[AGENT_JOB_RUN_FDS]);
int64_t agent_job_run_wait_ms(const struct agent_job_run *run, struct gw_mono now); /* -1: no timer */
/* Call after every poll, with the same descriptors. */
void agent_job_run_step(struct agent_job_run *run, const struct pollfd *fds, size_t count, struct gw_mono now,
                        struct gw_wall wall);
