/*
 * daemon_internal: the parts of the daemon and who makes them; shared by the daemon's files only.
 *
 *     daemon.c          the init list and the end
 *     daemon_links.c    what the outside tells us, and what core lets out
 *     daemon_journal.c  the journal, its signatures and its readers
 *     daemon_release.c  artifacts and the import of releases
 *     daemon_metrics.c  what /metrics shows
 *     daemon_net.c      the adapters and their server
 *     daemon_live.c     what people watch
 */
#pragma once

#include <uv.h>

#include "artifact.h"
#include "blob_store.h"
#include "broker_child.h"
#include "broker_pipe.h"
#include "config.h"
#include "core_loop.h"
#include "ctl.h"
#include "door_session.h"
#include "door_token.h"
#include "est.h"
#include "feed_thread.h"
#include "hello_pace.h"
#include "import_thread.h"
#include "journal_db.h"
#include "journal_thread.h"
#include "live_hub.h"
#include "metrics.h"
#include "mqtt.h"
#include "options.h"
#include "page.h"
#include "query_threads.h"
#include "repo.h"
#include "rest.h"
#include "web.h"
#include "workers.h"

struct daemon {
    const struct options *options;
    struct config config;
    struct repo *repo;
    struct store store;
    struct signer signer;
    struct signer_identity identity;
    struct gateway_facts facts;
    uv_loop_t loop;
    uv_poll_t ctl, lifeline;
    uv_signal_t sigterm, sigint;
    struct hello_pace hello;
    struct core core;
    struct door_session door;    /* with the table of sessions, which it owns */
    struct door_tokens programs; /* the same of tokens */
    struct workers *workers;
    struct journal_db *journal;
    struct journal_thread *journal_thread;
    struct journal_db *feed_journal; /* read-only, the feed's */
    struct feed_thread *feed;
    struct journal_db *readers[QUERY_THREADS_MAX]; /* read-only, one a query thread */
    struct repo *row_repos[QUERY_THREADS_MAX];     /* the same */
    struct query_threads *query_threads;
    struct blob_store *blobs;
    struct repo *import_repo; /* read-only, the import thread's */
    struct import_thread *imports;
    struct http_responder responder; /* forwards to web, which is made after the adapters that need it */
    struct est *est;
    struct rest *rest;
    struct artifact *artifact;
    struct page *page;
    struct metrics *metrics;
    struct gw_wall cert_until; /* of the HTTPS listeners */
    struct http_route *routes;
    size_t route_count;
    struct live_hub *live;
    const char *names[CONFIG_NAMES_MAX]; /* of the doors */
    struct web *web;
    struct mqtt *mqtt;
    struct broker_child broker;
    struct broker_pipe broker_pipe;
    char secret[CTL_BROKER_SECRET_CHARS + 1];
    bool loop_made, core_made, hello_made, broker_running, stopping;
    bool has_first; /* the supervisor's first word was read ahead of the others */
    enum ctl_kind first_word;
    int32_t first_value;
    bool broker_asked; /* to end, so that it starts with its new configuration */
    bool asked;        /* the stop that goes on: by a signal, not by losing the supervisor */
};

typedef enum gw_rc daemon_init_fn(struct daemon *d, struct gw_err *err);
daemon_init_fn daemon_init_signals, daemon_init_journal, daemon_init_feed, daemon_init_releases, daemon_init_queries,
    daemon_init_adapters, daemon_init_live, daemon_init_web;

/* Fills d->responder, which those need who are made before web. */
void daemon_init_responder(struct daemon *d);
struct live_outlets daemon_live_outlets(struct daemon *d);
/* What came into the logs, from a query thread. */
void daemon_live_tail(struct daemon *d, const struct answer *answer);
/* Core's way out; and the bus's way in. */
struct core_outlets daemon_outlets(struct daemon *d);
void daemon_on_bus(void *ctx, const struct bus_event *event);
void daemon_open_devices(struct daemon *d);
void daemon_tell_supervisor(enum ctl_kind kind, int32_t value);
/* From now on words of the supervisor are heard. */
void daemon_listen_ctl(struct daemon *d);
/* What the supervisor has said until now: before the last turn. */
void daemon_hear_last(struct daemon *d);
/* Closes what daemon_init_signals() opened, as far as it came. */
void daemon_close_signals(struct daemon *d);
/* /metrics; after core was made. */
void daemon_make_metrics(struct daemon *d);
/* Ends the feed's thread; closes what it reads from. */
void daemon_end_feed(struct daemon *d);
/* Ends the query threads and closes what they read from. */
void daemon_end_queries(struct daemon *d);
/* A worker opens an artifact and sends it. */
void daemon_artifact(void *ctx, const struct work *work);
/* A worker brings signatures back to the journal. */
void daemon_signed(void *ctx, struct journal_signing *signings, size_t count);
