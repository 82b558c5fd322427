/*
 * agent_internal: what agent.c (start, loop, stop), agent_hear.c (what session and jobs tell) and agent_identity.c
 * (certificate and log key) share. Not for others.
 */
#pragma once

#include <openssl/evp.h>

#include "agent.h"
#include "agent_advice.h"
#include "agent_backoff.h"
#include "agent_est.h"
#include "agent_input.h"
#include "agent_job_run.h"
#include "agent_session.h"
#include "agent_ship.h"

struct agent {
    const struct agent_config *config;
    const struct gw_fs *fs;
    int lock_fd;
    struct agent_site site;
    struct agent_est est;
    struct agent_spool *spool;
    struct agent_ship ship;
    struct agent_session *session; /* NULL until there is a certificate */
    struct agent_input input;
    struct agent_advice advice;
    struct agent_job_run jobs;

    bool enrolled;
    struct agent_cert cert;
    int64_t identity_at_ms; /* next try to enrol or renew, monotonic */
    struct agent_backoff identity_backoff;
    bool refusal_told; /* of the invitation that is there now */

    int64_t key_at_ms; /* next try to get the log key */
    struct agent_backoff key_backoff;
    bool key_refresh; /* a checkpoint came with another key */

    int64_t connect_at_ms;
    struct agent_backoff connect_backoff;
    bool down_told;
    bool refusal_seen; /* the last outage was a refusal */

    int64_t input_at_ms; /* the disk was full: read on then */
    bool full_told;
    uint64_t verified_told;
    struct gw_err fatal; /* a callback met something that ends the program */
};

/* Enrols or renews when it is time; changes enrolled, cert and the times above. */
void agent_identity_step(struct agent *a, struct gw_mono now, struct gw_wall wall);
/* Looks at what is on the disk at start. */
void agent_identity_load(struct agent *a);
/* The gateway does not admit our certificate: an invitation that was never used, when there is one, is tried. */
void agent_identity_refused(struct agent *a, struct gw_mono now);
/* Gets the log key when it is needed and time. */
void agent_key_step(struct agent *a, struct gw_mono now);

/* agent_hear.c: for the session, the jobs and the shipping of logs; ctx is the struct agent. */
extern const struct agent_session_ops agent_session_calls;
extern const struct agent_job_hooks agent_job_calls;
GW_MUST_CHECK enum gw_rc agent_send_batch(void *ctx, struct gw_view payload);
