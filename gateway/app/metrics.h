/*
 * metrics: GET /metrics on the operators' door (docs/metrics.md), for who has the token. It reads figures that others
 * hold ready, at most once a second however often it is asked, and asks nobody: core hands over its own once a second.
 *
 * Thread: the handler runs in web's thread; metrics_set_core() may be called from any.
 */
#pragma once

#include "core_figures.h"
#include "feed_thread.h"
#include "http_route.h"
#include "journal_thread.h"
#include "live_hub.h"
#include "user.h"
#include "web.h"

#define METRICS_FRESH_MS 1000
#define METRICS_TEXT_MAX (256 * 1024)

/* A certificate of one of our listeners. */
struct metrics_cert {
    const char *listener; /* "web", "mqtt" */
    struct gw_wall not_after;
};

enum metrics_queue { METRICS_QUEUE_INBOX, METRICS_QUEUE_WORK, METRICS_QUEUE_JOURNAL, METRICS_QUEUE_QUERY };
#define METRICS_QUEUES 4

/* Everything that is shown; each part as of now, but core's, which is at most a second old. */
struct metrics_figures {
    struct core_figures core;
    struct web_stats web;
    struct journal_thread_stats journal;
    struct feed_thread_stats feed;
    struct live_stats live;
    uint64_t sessions;                    /* of operators */
    uint64_t disk_free_bytes, disk_bytes; /* of the state directory's file system */
    uint64_t queued[METRICS_QUEUES], queue_max[METRICS_QUEUES];
    uint64_t resident_bytes, virtual_bytes;
    struct metrics_cert certs[2];
    struct gw_wall started;
    uint64_t broker_lines_left_out; /* of the broker's own, above their ceiling */
    uint64_t denied;                /* scrapes without the right token */
};

struct metrics;

struct metrics_config {
    struct http_responder responder;
    /* Whose token the request brings, as rest_token_fn; who has a role of its own may not scrape. web's thread. */
    enum gw_rc (*token_of)(void *ctx, const struct http_request *request, struct actor *ret_actor);
    void *token_ctx;
    /* Fills all but core and denied. web's thread; must not block. */
    void (*collect)(void *ctx, struct metrics_figures *figures);
    void *ctx;
};

struct metrics *metrics_new(const struct metrics_config *config);
void metrics_free(struct metrics *m); /* accepts NULL; after web has stopped */
const struct http_route *metrics_route(const struct metrics *m);
void metrics_set_core(struct metrics *m, const struct core_figures *figures);

/* metrics_text.c: the exposition; gw_buf's error sticks. */
void metrics_format(const struct metrics_figures *figures, struct gw_buf *out);
