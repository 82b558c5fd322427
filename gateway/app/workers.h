/*
 * workers: threads for what takes long or reads hostile bytes: CSRs, certificates from keyd, password hashes. Each
 * item given comes back through the inbox exactly once. Passwords wait in queues of their own, so that a flood of
 * sign-ins holds up nothing else, and in lanes (work.h), so that one of strangers holds up nobody who is known: a lane
 * is served when those before it are empty.
 */
#pragma once

#include "inbox.h"
#include "journal_thread.h"
#include "signer.h"
#include "work.h"

#define WORKERS_QUEUE_MAX   4096
#define WORKERS_LANE_MAX    32 /* passwords waiting in a lane: some seconds' worth */
#define WORKERS_LANE_OF_ONE 4  /* of them with one key */
#define WORKERS_HASHING_MAX 2  /* at a time, 64 MiB each; one thread is left for other work where there are two */

struct workers;

struct workers_config {
    int threads;
    struct inbox inbox; /* the inner port: results are not refused */
    struct signer signer;
    void (*signed_fn)(void *ctx, struct journal_signing *signings, size_t count); /* takes them over */
    void *signed_ctx;
    /* WORK_ARTIFACT: opens the file and answers; the work stays the workers'. */
    void (*artifact_fn)(void *ctx, const struct work *work);
    void *artifact_ctx;
};

GW_MUST_CHECK enum gw_rc workers_new(const struct workers_config *config, struct workers **ret_workers,
                                     struct gw_err *err);
/* Takes the item over; GW_AGAIN when its queue, or its key's share of a lane, is full (the caller keeps it). Any
 * thread. */
GW_MUST_CHECK enum gw_rc workers_give(struct workers *w, struct work *work);
/* Items that wait. Any thread. */
size_t workers_waiting(struct workers *w);
/* Finishes what is being done, drops what waits, joins the threads. */
void workers_free(struct workers *w);
