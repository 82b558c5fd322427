/*
 * workers: threads for what takes long or reads hostile bytes: CSRs, certificates from keyd, password hashes. Each
 * item given comes back through the inbox exactly once. Passwords wait in lanes of their own (lanes.h), so
 * that a flood of sign-ins holds up nothing else.
 */
#pragma once

#include "inbox.h"
#include "journal_thread.h"
#include "signer.h"
#include "work.h"

#define WORKERS_QUEUE_MAX   4096
#define WORKERS_HASHING_MAX 2 /* at a time, 64 MiB each; one thread is left for other work where there are two */

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
/* Takes the item over; GW_AGAIN when there is no room for it (the caller keeps it). *ret_out: a password that gave way
 * to it (lanes.h), the caller's to refuse; NULL: none, as always when the item is no password. Any thread. */
GW_MUST_CHECK enum gw_rc workers_give(struct workers *w, struct work *work, struct work **ret_out);
/* Items that wait. Any thread. */
size_t workers_waiting(struct workers *w);
/* Finishes what is being done and joins the threads; what waits stays undone, and workers_give() has no room from now
 * on. Accepts NULL. */
void workers_stop(struct workers *w);
/* Drops what waits. Accepts NULL. */
void workers_free(struct workers *w);
