/*
 * fleet_log: one simulated device's log: numbers, batches in flight, its own tree, and what an acknowledgement means.
 * No sockets, no clock of its own.
 *
 *     fleet_log_make ──► flight: unsent ── fleet_log_next/_sent ──► sent ── fleet_log_ack ──► gone
 *                                  ▲                                  │
 *                                  └────────── fleet_log_rewind ──────┘
 *
 * Only batches in flight are kept, in memory: a simulated device makes its events when they may go out. What a real
 * device does with them on disk is the agent's business (protocols/agent/agent_spool.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ack.h"
#include "fleet_event.h"
#include "fleet_options.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"
#include "log_bundle.h"
#include "merkle_range.h"
#include "note.h"

#define FLEET_SAID_MAX    16384 /* bytes */
#define FLEET_SAID_EVENTS 256
#define FLEET_ROOTS       256 /* roots remembered, for checkpoints that come later; a power of two */

enum fleet_reason {
    FLEET_NEW = 0,
    FLEET_SPOOL_LOST,
    FLEET_DIVERGED,
    FLEET_GATEWAY_WENT_BACK,
};

struct fleet_batch {
    uint64_t first;
    uint32_t count;
    int64_t first_sent_us; /* 0: not sent yet */
    struct gw_buf payload; /* owned */
};

struct fleet_root {
    uint64_t size;
    struct gw_sha256 root;
};

struct fleet_tree {
    struct merkle_range range;            /* of all events made */
    struct fleet_root roots[FLEET_ROOTS]; /* at the ends of batches, by batch */
    uint64_t batches;
};

struct fleet_log {
    uint64_t epoch; /* 0 before fleet_log_begin() */
    enum fleet_reason reason;
    uint64_t prev_epoch, prev_next;
    uint64_t next; /* number of the next event made */
    uint64_t acked;
    uint64_t credit_bytes;
    struct fleet_batch flight[FLEET_WINDOW_MAX]; /* a ring */
    uint32_t head, count;
    uint32_t sent; /* of flight, from head on, since the last rewind */
    uint32_t window;
    struct gw_buf said; /* own events that are in no batch yet: (u16 length ‖ bytes) × said_count */
    uint32_t said_count;
    struct fleet_tree *tree; /* owned; NULL: this device checks nothing */
};

void fleet_log_init(struct fleet_log *log, uint32_t window, bool check);
void fleet_log_done(struct fleet_log *log);
/* Opens a new epoch; what was in flight is forgotten. */
void fleet_log_begin(struct fleet_log *log, enum fleet_reason reason);
/* Goes on with an earlier log of which everything was acknowledged; range NULL: it had no tree, and gets none. */
void fleet_log_resume(struct fleet_log *log, uint64_t epoch, uint64_t next, const struct merkle_range *range);

bool fleet_log_full(const struct fleet_log *log); /* the window */

/* An event of the device's own, for the next batch. GW_TOO_BIG: too many wait already; it is dropped. */
enum gw_rc fleet_log_say(struct fleet_log *log, struct gw_view event);

/* Puts `events` fresh events into a new batch in flight (not full); event 0 of an epoch is its log.start, in front of
 * them. When the device has said something, that is the batch, and no fresh ones are made. 0 events are allowed for
 * these only. */
void fleet_log_make(struct fleet_log *log, struct fleet_event_maker *maker, const char *device, uint32_t events,
                    uint32_t event_bytes, struct gw_wall now);

/* The next batch to send; NULL when there is none or the credit does not allow it. `probe`: credit 0 lets one out. */
struct fleet_batch *fleet_log_next(struct fleet_log *log, bool probe);
void fleet_log_sent(struct fleet_log *log, int64_t now_us);
void fleet_log_rewind(struct fleet_log *log); /* all in flight goes again */

/* What an acknowledgement brought. */
struct fleet_news {
    uint64_t events; /* acknowledged by it */
    uint32_t batches;
    int64_t latency_us[FLEET_WINDOW_MAX]; /* of each batch */
    uint32_t roots_checked, roots_wrong, checkpoints_checked, checkpoints_wrong;
    bool new_epoch;
};
/* key NULL: checkpoints are not checked. origin: "<gateway>/dev/<device>/". */
void fleet_log_ack(struct fleet_log *log, const struct ack *ack, const struct note_key *key, const char *origin,
                   int64_t now_us, struct fleet_news *ret_news);

/* The device's own root over its first `size` events; NULL when it is not remembered, or the device keeps no tree. */
const struct gw_sha256 *fleet_log_root(const struct fleet_log *log, uint64_t size);

/* A batch that contradicts the newest acknowledged events: same numbers, other bytes. GW_NOT_FOUND: nothing is
 * acknowledged yet. */
GW_MUST_CHECK enum gw_rc fleet_log_lie(const struct fleet_log *log, struct fleet_event_maker *maker, const char *device,
                                       uint32_t events, uint32_t event_bytes, struct gw_buf *ret_payload);
