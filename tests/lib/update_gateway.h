/*
 * update_gateway: a gateway as small as devices let it be, for tests of updates: mosquitto without plugin (TLS for the
 * devices, plain loopback for the test), an artifact server, and a vendor who signs. It acknowledges what devices
 * report; the test plays the rest of the gateway's word. Aborts the test when the system fails.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "artifact_server.h"
#include "gw_proc.h"
#include "job_report.h"
#include "topic.h"
#include "vendor.h"

#define UPDATE_LIMIT_MS 60000
#define UPDATE_REPORTS  512
#define UPDATE_PATH_MAX 400

struct mosquitto;

/* What a device has said; called in the client's thread, under the lock. Its report was understood, or is NULL. */
typedef void update_gateway_fn(void *ctx, const struct topic *topic, struct gw_view payload,
                               const struct job_report *report);

struct update_gateway {
    char dir[128]; /* of everything: the test's own */
    struct test_pki pki;
    struct artifact_server server;
    struct gw_proc broker;
    uint16_t tls_port, plain_port;
    EVP_PKEY *vendor, *stranger; /* the vendor's public half is <dir>/vendor.pem */
    update_gateway_fn *said;
    void *ctx;
    struct mosquitto *client;
    pthread_t thread; /* of the client */
    int64_t n;

    pthread_mutex_t lock; /* of the rest and of what `said` writes */
    bool over, subscribed;
};

void update_gateway_init(struct update_gateway *g, update_gateway_fn *said, void *ctx);
void update_gateway_done(struct update_gateway *g);

/* Fills file, sha256 and size of a release. */
void update_gateway_release(struct gw_view image, struct vendor_release *release);
/* Where the server finds it for this attempt. */
void update_gateway_serve(struct update_gateway *g, const char *attempt, struct gw_view image);
/* Numbers the message and sends it. */
void update_gateway_offer(struct update_gateway *g, const char *device, struct job_message *message);

/* What enrolment would have brought: device.pem and device.key in this directory. */
void update_gateway_identity(struct update_gateway *g, const char *device, const char *dir);

/* A device's reports, which `said` takes down; of more than UPDATE_REPORTS the rest is lost. */
struct update_reports {
    struct job_report at[UPDATE_REPORTS];
    size_t count;
};
void update_reports_add(struct update_reports *reports, const struct job_report *report);
/* Waits for one of this state behind the first `*from`, which is moved behind it; ret_report may be NULL. */
bool update_reports_await(struct update_gateway *g, const struct update_reports *reports, enum job_state state,
                          size_t *from, struct job_report *ret_report);

/* To the end of its output, so that no thread of ours is cancelled within a read: the sanitizers mind. */
void update_kill(struct gw_proc *p);
void update_write(const char *path, struct gw_view bytes, unsigned mode);
void update_copy(const char *from, const char *to, unsigned mode);
