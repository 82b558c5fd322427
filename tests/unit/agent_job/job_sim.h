/*
 * job_sim: a device and its gateway around agent_job, without processes, sockets or time: two slots, a handler that
 * counts, a gateway that acknowledges. The record may lie on any disk.
 */
#pragma once

#include "agent_job.h"
#include "vendor.h"

#define SIM_TRACE 64

/* What a loss of power does not undo. */
struct sim_device {
    char running[RELEASE_VERSION_MAX + 1], good[RELEASE_VERSION_MAX + 1], primary[RELEASE_VERSION_MAX + 1];
    unsigned boots;
    unsigned installs; /* begun, of the one attempt that the tests follow */
    unsigned confirms, fallbacks, reboots;
};

struct job_sim {
    struct sim_device device;
    struct agent_config config;
    struct agent_vendor_keys keys;
    EVP_PKEY *vendor;
    char dir[192];
    const struct gw_fs *fs;
    struct agent_job *job;
    struct gw_mono now;
    struct gw_wall wall;

    bool no_session, silent;                                    /* the gateway is away; does not acknowledge */
    bool install_fails, boot_fails, confirm_fails, fetch_fails; /* what goes wrong */
    bool bad_handler;                                           /* install cannot be started */
    unsigned busy;                                              /* so often install finds an earlier handler at work */

    enum agent_verb verb; /* asked for and not yet done; 0 */
    bool fetching, reboot_asked;
    struct gw_buf offer;    /* what the gateway sends at each connect */
    enum job_state changed; /* last told as a change */
    struct job_report last;
    enum job_state trace[SIM_TRACE]; /* states as reported, each once */
    size_t trace_count;
    unsigned events, reports;

    /* Called at each begin of a handler's verb: for tests that take the power away. */
    void (*on_act)(void *ctx, enum agent_verb verb);
    void *ctx;
};

/* dir must exist; fs is borrowed. */
void job_sim_init(struct job_sim *s, const char *dir, const struct gw_fs *fs);
void job_sim_done(struct job_sim *s);
/* Opens the record as a fresh process would, tells what runs and connects. */
void job_sim_open(struct job_sim *s);
void job_sim_close(struct job_sim *s); /* as a kill would */
void job_sim_boot(struct job_sim *s);  /* close, boot what is primary, open */
/* Sets what the gateway offers, under a number, and sends it when there is a session. */
void job_sim_offer(struct job_sim *s, struct job_message *message, int64_t n);
struct vendor_release job_sim_release(const char *version, uint64_t counter, uint64_t floor);
void job_sim_message(struct job_sim *s, const char *attempt, const struct vendor_release *release,
                     struct job_message *ret_message);
void job_sim_offer_release(struct job_sim *s, const char *attempt, const struct vendor_release *release, int64_t n);
void job_sim_withdraw(struct job_sim *s, int64_t n);
/* Lets `rounds` steps pass, doing what is asked for; boots when a reboot is asked for and `boots`. */
void job_sim_run(struct job_sim *s, unsigned rounds, bool boots);
bool job_sim_over(const struct job_sim *s); /* the job has ended, and the gateway knows */
