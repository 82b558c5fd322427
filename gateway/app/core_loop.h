/*
 * core_loop: core's thread. Takes messages from the inbox, runs a turn for each inside one transaction (at most
 * CORE_BATCH, and no further one after CORE_BATCH_MS), commits, and only then lets out what the turns noted, in order
 * (docs/architecture.md, rule 1).
 *
 * When a commit fails nothing leaves but refusals: whoever asked hears GW_AGAIN (or GW_NO_SPACE) and may ask again, and
 * what services keep in memory is read again from the store.
 */
#pragma once

#include <uv.h>

#include "core_figures.h"
#include "inbox_queue.h"
#include "ingest.h"
#include "live_feed.h"
#include "operate.h"
#include "outage.h"
#include "session.h"
#include "turn.h"
#include "workers.h"

#define CORE_BATCH       256
#define CORE_BATCH_MS    50 /* a turn that begins behind so much work of others has a transaction of its own */
#define CORE_BATCHES_MAX 4  /* in one go: then the loop's sockets have their turn */

/* What leaves, besides work and the registry. Called in core's thread; must not block. */
struct core_outlets {
    void *ctx;
    void (*answer)(void *ctx, const struct answer *answer);
    void (*cut)(void *ctx, const struct gw_sha256 *cert_sha256);
    void (*open_devices)(void *ctx); /* the gateway has been claimed */
    void (*child)(void *ctx, const struct inbox_child *child);
    uint32_t (*live_connections)(void *ctx);                        /* open now */
    void (*doors)(void *ctx, struct answer_doors *ret_doors);       /* what the HTTPS doors refused since the start */
    void (*storage)(void *ctx, struct answer_storage *ret_storage); /* how storing goes */
    uint64_t (*credit)(void *ctx);                                  /* what acknowledgements may promise */
    void (*progress)(void *ctx);                                    /* the journal has grown */
    void (*fed)(void *ctx, const struct journal_feed *cursor);      /* the feed goes on here */
    void (*figures)(void *ctx, const struct core_figures *figures); /* once a second */
    /* Takes the query over; GW_AGAIN, and does not, when the queue is full. */
    enum gw_rc (*query)(void *ctx, struct query *query);
    /* The same of a survey; and its turns are over, the next one may begin. */
    enum gw_rc (*survey)(void *ctx, struct rollout_survey *survey, struct rollout_survey **ret_out, struct gw_err *err);
    void (*surveyed)(void *ctx);
    ingest_audit_fn *audit;   /* into the journal */
    struct live_outlets live; /* for those who watch; its ctx is its own */
};

struct core_parts {
    uv_loop_t *loop;
    const struct store *store; /* the writable one */
    const struct gw_sha256_ops *hash;
    const struct gateway_facts *facts;  /* copied */
    struct session_table *sessions;     /* of operators */
    struct token_table *tokens;         /* of programs */
    const struct device_config *advice; /* copied; NULL: nothing is wished */
    struct core_outlets outlets;
};

struct core_slot {
    struct inbox_msg msg;
    struct turn turn;
};

struct core {
    uv_loop_t *loop;
    uv_async_t wake;
    uv_timer_t tick;
    struct gw_wall tick_wall; /* both clocks at the last one, … */
    struct gw_mono tick_mono; /* … read at one moment */
    struct inbox_queue *queue;
    struct workers *workers; /* set by the caller before the loop runs, as is session.bus */
    const struct store *store;
    struct operate operate;
    struct session session;
    struct gateway_facts facts;
    struct core_outlets outlets;
    struct live_feed feed;
    struct core_slot *batch; /* CORE_BATCH of them */
    int64_t audit_fed;       /* audit events up to this number are with the journal's thread */
    struct outage storage;   /* commits of state.db */
    bool started, stopping;
    bool resending; /* more of dn/job can go now (rollouts_resend()) */
    uint64_t turns, commits, failed_commits;
};

/* Everything is borrowed and outlives the core; `core` is zeroed by the caller. All in core's thread. What has failed
 * half way is ended like any other, by core_stop() and core_done(). */
GW_MUST_CHECK enum gw_rc core_init(struct core *core, const struct core_parts *parts, struct gw_err *err);
/* The first turn: all that core stands on is up. */
void core_start(struct core *core);
/* After core_start(): takes what is queued, a last time, and when somebody asked for the stop the last turn. Before it
 * what is queued goes unread: not all that a turn needs is there. Then closes the handles (run the loop until they are
 * gone). */
void core_stop(struct core *core, bool asked);
void core_done(struct core *core);

/* For events that arise in core's own thread (the bus): the same way in, the same queue. */
void core_post_bus(struct core *core, const struct bus_event *event);
/* What a device published on up/state or up/job. Too long, too many of this device, a full inbox: dropped and counted;
 * the device says it again. */
void core_post_device(struct core *core, const struct bus_event *event);
