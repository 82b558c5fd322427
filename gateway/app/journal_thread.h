/*
 * journal_thread: the thread that alone writes the journal. It takes what is queued, commits it in one transaction, and
 * tells core what is durable; a commit starts as soon as the one before it is done, and no timer delays it.
 *
 *     bus (core's thread) ─► queue ─► commit ─► INBOX_PROGRESS ─► core ─► acknowledgements
 *                              ▲         │
 *                              │         └─► logs that grew: checkpoints to sign, a log once a second
 *                              └── signed ◄── worker ◄──┘
 *
 * Ceilings: JOURNAL_THREAD_BYTES of batches in the queue; above it a batch is dropped and counted (its device sends it
 * again), and the credit that acknowledgements carry sinks to 0 well before. A full disk: nothing is stored or
 * acknowledged, credit is 0, and the thread tries again twice a second: with the audit events that it keeps in their
 * order, and with whatever comes next.
 */
#pragma once

#include <stdint.h>

#include "gw_err.h"
#include "gw_view.h"
#include "inbox.h"
#include "journal.h"
#include "signer.h"

#define JOURNAL_THREAD_BYTES   ((size_t)64 * 1024 * 1024)
#define JOURNAL_THREAD_ITEMS   16384
#define JOURNAL_THREAD_CREDIT  ((size_t)16 * 1024 * 1024) /* from here on the credit is 0 */
#define JOURNAL_THREAD_WINDOW  ((uint64_t)256 * 1024)     /* a device's credit while there is room */
#define JOURNAL_THREAD_SIGN_MS 1000
#define JOURNAL_THREAD_DAMAGED 256 /* damaged logs that are told apart; further ones are counted whenever they come */

/* A checkpoint on its way: signed by a worker, kept by the journal, published by core. */
struct journal_signing {
    struct log_id log;
    struct signer_checkpoint checkpoint;
};
/* Hands `count` signings (malloc(3), taken over) to a worker; false when it cannot take them now. */
typedef bool journal_sign_fn(void *ctx, struct journal_signing *signings, size_t count);

struct journal_thread_config {
    struct journal journal; /* the writable one; used by this thread alone from now on */
    struct inbox inbox;     /* the inner port */
    journal_sign_fn *sign;
    void *sign_ctx;
    char gateway[24];
    uint8_t log_pub[32];
    const struct gw_sha256_ops *hash;
};

struct journal_thread;

GW_MUST_CHECK enum gw_rc journal_thread_new(const struct journal_thread_config *config,
                                            struct journal_thread **ret_thread, struct gw_err *err);
/* Commits what is queued and ends the thread; signings may still be brought, they are dropped. Accepts NULL. */
void journal_thread_stop(struct journal_thread *t);
/* Stops first. When no worker can bring a signing any more. Accepts NULL. */
void journal_thread_free(struct journal_thread *t);

/* Any thread. The payload is copied. GW_AGAIN when the queue is full. */
GW_MUST_CHECK enum gw_rc journal_thread_batch(struct journal_thread *t, const struct gw_device_id *device,
                                              struct gw_view payload);
GW_MUST_CHECK enum gw_rc journal_thread_line(struct journal_thread *t, const struct gw_device_id *device,
                                             struct gw_view text);
GW_MUST_CHECK enum gw_rc journal_thread_audit(struct journal_thread *t, int64_t n, struct gw_view text);
/* The device has connected: tell core its position and newest checkpoint. */
GW_MUST_CHECK enum gw_rc journal_thread_hello(struct journal_thread *t, const struct gw_device_id *device);
/* A worker brings signings back, each with its result. Taken over. */
void journal_thread_signed(struct journal_thread *t, struct journal_signing *signings, size_t count);

/* Nobody will walk along what lies up to this feed again. A full queue drops it: the next one says more. */
void journal_thread_forget(struct journal_thread *t, const struct journal_feed *feed);

/* What an acknowledgement may promise to take next, in bytes. Any thread. */
uint64_t journal_thread_credit(const struct journal_thread *t);

/* Upper bounds of the commit times that are counted apart. */
#define JOURNAL_COMMIT_BOUNDS 11
extern const uint32_t journal_commit_bounds_us[JOURNAL_COMMIT_BOUNDS];

struct journal_thread_stats {
    uint64_t commits, failed_commits, batches, events, malformed;
    uint64_t verdicts[LOG_EPOCH_LIMIT + 1];             /* batches by enum log_verdict */
    uint64_t bytes;                                     /* of batches, lines and audit events that were committed */
    uint64_t unread;                                    /* events of old overlap, dropped without comparing */
    uint64_t commit_buckets[JOURNAL_COMMIT_BOUNDS + 1]; /* commits by time, the last above all bounds */
    uint64_t commit_sum_us;
    uint64_t queued_bytes;              /* that wait now */
    struct gw_device_id malformed_by;   /* who sent the last of them, … */
    char malformed_why[DEVICE_WHY_MAX]; /* … and what was wrong with it */
    uint64_t dropped; /* batches and lines for which the queue had no room, and lines that a failed commit lost */
    uint64_t checkpoints, checkpoints_refused;
    uint64_t checkpoints_denied;    /* of these: not because keyd was away, but because it has signed otherwise */
    uint64_t damaged;               /* logs that take nothing more, each counted once */
    struct gw_device_id damaged_by; /* whose the last of them is; zeroed: the gateway's own */
    bool full;                      /* the last commit failed */
    bool unsigned_now;              /* keyd does not sign, as far as the last ten seconds tell */
};
void journal_thread_stats_get(struct journal_thread *t, struct journal_thread_stats *ret_stats);
