/*
 * job_world: a gateway as small as the agent lets it be, for tests of jobs: mosquitto without plugin (TLS for the
 * device, plain loopback for the test), an artifact server, a vendor who signs, and one device whose slots are
 * directories (ab_handler.sh). The test plays the gateway's word and the device's reboots.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "../../unit/agent_job/vendor.h"
#include "artifact_server.h"
#include "gw_proc.h"
#include "job_report.h"

#define WORLD_LIMIT_MS 30000
#define WORLD_REPORTS  512

struct mosquitto;

struct job_world {
    char dir[128];    /* of everything */
    char device[160]; /* <dir>/device: the handler's */
    struct test_pki pki;
    struct artifact_server server;
    struct gw_proc broker, agent;
    uint16_t tls_port, plain_port;
    EVP_PKEY *vendor, *stranger;
    struct mosquitto *client;
    pthread_t thread; /* of the client */
    int64_t n;

    pthread_mutex_t lock; /* of the rest, which the client's thread writes */
    bool over, subscribed;
    struct job_report reports[WORLD_REPORTS];
    size_t report_count;
    size_t states; /* inventories */
};

/* extra_update: further lines of [update], each with its newline. Starts all but the agent. */
void job_world_init(struct job_world *w, const char *extra_update);
void job_world_done(struct job_world *w);
void job_world_start_agent(struct job_world *w);
void job_world_kill_agent(struct job_world *w);
/* The power goes and the slot that is primary boots, or the good one when `broken`; the agent is not started. */
void job_world_reboot(struct job_world *w, bool broken);

/* Writes an image of so many bytes for an attempt where the server finds it; fills file, sha256 and size. */
void job_world_image(struct job_world *w, const char *attempt, size_t bytes, struct vendor_release *release);
/* A job of kind update for it, with the envelope. job_message_done() it. */
void job_world_message(struct job_world *w, const char *attempt, const struct vendor_release *release,
                       struct job_message *ret_message);
void job_world_offer(struct job_world *w, struct job_message *message); /* numbers and sends it */
void job_world_offer_release(struct job_world *w, const char *attempt, const struct vendor_release *release);
void job_world_withdraw(struct job_world *w);

/* Waits for a report of this state behind the first `*from`, which is moved behind it. */
bool job_world_await(struct job_world *w, enum job_state state, size_t *from, struct job_report *ret_report);
/* Content of a file of the device's directory, terminated; "" when there is none. Valid until the next call. */
const char *job_world_read(struct job_world *w, const char *name);
void job_world_write(struct job_world *w, const char *name, const char *text);
void job_world_remove(struct job_world *w, const char *name);
