/*
 * agent_spool: the device's log, kept on its own disk until the gateway has proven that it holds it.
 *
 * Life of an event:
 *
 *     agent_spool_add ──► queued ── agent_spool_seal ──► numbered ── agent_spool_free ──► gone
 *                           │                               │
 *                           │ overflow                      └─ agent_spool_new_epoch ──► queued again, in front
 *                           ▼
 *                        shed, counted in one log.tombstone
 *
 * Promises, also across SIGKILL and power loss at any instant:
 *   - what agent_spool_sync() has covered is never lost, except an event that is shed before it has a number;
 *   - a numbered event keeps number and bytes within its epoch and is never shed;
 *   - a batch can be read (to be sent) only once its numbers are durable, so no number ever names two events;
 *   - the spool forgets an event only by agent_spool_free(), which the caller calls with a verified checkpoint alone.
 *
 * On disk: files "<n, 16 hex>.seg" of framed records (agent_record.h), written only at their end, each beginning with
 * the whole state, so that files in front can go. What was written but not synced when power failed is cut at open.
 * Damage elsewhere, and files that are missing, begin a new epoch with reason "spool_lost"; what is still readable is
 * sent again. "<epoch_path>" names the current epoch outside the directory, so that a lost directory is noticed.
 *
 * A struct belongs to one thread; calls block on the disk. After GW_IO from agent_spool_sync() nothing more can be
 * promised: end the program and open anew. GW_NO_SPACE leaves everything as it was; try again later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_fs.h"
#include "gw_hash.h"
#include "gw_time.h"
#include "log_batch.h"

#define AGENT_SPOOL_MIN_BYTES      (256 * 1024)
#define AGENT_SPOOL_MAX_BYTES      (128 * 1024 * 1024)
#define AGENT_SPOOL_SEALED_MAX     64 /* batches numbered and not yet freed */
#define AGENT_SPOOL_EVENT_MAX      (LOG_BATCH_BYTES_MAX - LOG_BATCH_HEADER_BYTES - 2) /* what fits a batch alone */
#define AGENT_SPOOL_EVENT_COST     96 /* bytes an event counts beside its own: frame and memory */
#define AGENT_SPOOL_CHECKPOINT_MAX 2048
#define AGENT_SPOOL_SEVERITY_MAX   6

struct agent_spool_settings {
    const struct gw_fs *fs;
    const struct gw_sha256_ops *hash;
    const char *dir;        /* exists; copied */
    const char *epoch_path; /* copied */
    uint64_t max_bytes;     /* of events not yet freed; the files may take twice as much */
    uint32_t segment_bytes; /* a file is closed when it is longer */
};

/* Why a log ended and a new one began: the "reason" of log.start. */
enum agent_spool_reason {
    AGENT_SPOOL_NEW = 1,
    AGENT_SPOOL_LOST,
    AGENT_SPOOL_DIVERGED,
    AGENT_SPOOL_GATEWAY_WENT_BACK,
};

struct agent_spool_state {
    uint64_t epoch;
    uint64_t next;         /* the number that the next event will get */
    uint64_t freed;        /* all below is proven stored */
    uint64_t queued;       /* events without a number */
    uint64_t queued_bytes; /* of those */
    uint64_t used_bytes;   /* against max_bytes */
    uint64_t lost;         /* shed and not yet told by a tombstone */
    size_t sealed;         /* batches numbered and not yet freed */
};

struct agent_spool;

const char *agent_spool_reason_text(enum agent_spool_reason reason);

/* Opens or makes the spool; begins an epoch when there is none or files were lost (not yet durable: sync). GW_INVALID
 * when the settings contradict themselves. */
GW_MUST_CHECK enum gw_rc agent_spool_open(const struct agent_spool_settings *settings, struct gw_wall now,
                                          struct agent_spool **ret_spool, struct gw_err *err);
void agent_spool_close(struct agent_spool *spool); /* without a sync; accepts NULL */

/* Takes one event of 1 to 6 severity; it is accepted once agent_spool_sync() has returned GW_OK. When the spool is full
 * the least severe queued events go first, oldest first, or this one when it is the least severe. GW_INVALID: longer
 * than AGENT_SPOOL_EVENT_MAX. */
GW_MUST_CHECK enum gw_rc agent_spool_add(struct agent_spool *spool, struct gw_view event, unsigned severity,
                                         struct gw_wall now, struct gw_err *err);

/* Numbers queued events, oldest first, as one more batch. GW_NOT_FOUND: nothing is queued; GW_AGAIN: as much as may be
 * is numbered and waits to be freed. */
GW_MUST_CHECK enum gw_rc agent_spool_seal(struct agent_spool *spool, struct gw_wall now, struct gw_err *err);

/* Events that found no room are counted in memory and written seldom: at once, when they have doubled, after a minute.
 * Takes what is not yet written into the next sync when its minute is over, or with `all`, at the end of a program. */
void agent_spool_settle(struct agent_spool *spool, struct gw_wall now, bool all);

/* Makes all of the above durable. Cheap when there is nothing to do. */
GW_MUST_CHECK enum gw_rc agent_spool_sync(struct agent_spool *spool, struct gw_err *err);

/* Appends the first sealed batch that holds a number >= from, as it goes on the wire, and tells the number behind its
 * last. GW_NOT_FOUND: there is none; GW_AGAIN: sync first. */
GW_MUST_CHECK enum gw_rc agent_spool_batch(struct agent_spool *spool, uint64_t from, struct gw_buf *ret_payload,
                                           uint64_t *ret_end, struct gw_err *err);

/* The tree hash over the first `size` events of this epoch. GW_NOT_FOUND outside freed … next. */
GW_MUST_CHECK enum gw_rc agent_spool_root(struct agent_spool *spool, uint64_t size, struct gw_sha256 *ret_root,
                                          struct gw_err *err);

/* Forgets all below size. The caller has verified the checkpoint note and compared its root with agent_spool_root().
 * GW_INVALID outside freed … next. */
GW_MUST_CHECK enum gw_rc agent_spool_free(struct agent_spool *spool, uint64_t size, const char *checkpoint,
                                          struct gw_err *err);

/* Begins a new log: what was numbered and not freed is queued again behind log.start, which names the old epoch, the
 * highest number the gateway had told (told_next) and the last verified checkpoint. */
GW_MUST_CHECK enum gw_rc agent_spool_new_epoch(struct agent_spool *spool, enum agent_spool_reason reason,
                                               uint64_t told_next, struct gw_wall now, struct gw_err *err);

struct agent_spool_state agent_spool_state(const struct agent_spool *spool);
