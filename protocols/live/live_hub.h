/*
 * live_hub: the gateway's side of the live protocol gw.v1 (docs/live.md), without a socket of its own: it fills the
 * port ws_route and knows neither libwebsockets nor the store.
 *
 *     core ─ live_hub_put() ─► bounded queue ─► tables ─► views ─► subscriptions ─► ws_port.send() ─► pages
 *                                     (everything behind the queue is the web thread's alone)
 *
 * Core hands over whole rows, each after the COMMIT that made it so. When the queue is full nothing is lost silently:
 * the hub forgets what is queued and asks for all rows again.
 *
 * Threads: live_hub_put() and its sisters, live_hub_room() and live_hub_stats_get() from any; new, attach and free
 * while no web thread runs; the route's functions in web's thread.
 */
#pragma once

#include "gw_hash.h"
#include "journal.h"
#include "live.h"
#include "user.h"
#include "ws_route.h"

#define LIVE_PATH         "/api/v1/live"
#define LIVE_SUBPROTOCOL  "gw.v1"
#define LIVE_CONNS_MAX    512
#define LIVE_SESSION_MAX  10           /* connections of one session */
#define LIVE_SUBS_MAX     32           /* of one connection */
#define LIVE_VIEWS_MAX    1024         /* different queries at a time */
#define LIVE_PERSON_VIEWS 128          /* of one person */
#define LIVE_UNACKED_MAX  (256 * 1024) /* bytes on the way to a page */
#define LIVE_SENT_MAX     256          /* messages on the way to a page */
#define LIVE_PAGE_BYTES   61440        /* of a message */
#define LIVE_SLOW_BYTES   16384        /* of one for a page that acknowledges late */
#define LIVE_SLOW_MS      INT64_C(30000)
#define LIVE_DEAD_MS      INT64_C(60000)
#define LIVE_PACE_MS      INT64_C(100) /* between two flushes of what changed to one connection */
#define LIVE_UNREADABLE   10           /* messages of a connection */
#define LIVE_TAILS_MAX    (LIVE_CONNS_MAX * LIVE_SUBS_MAX)
#define LIVE_SUB_BURST    64 /* subs of a connection at once, then LIVE_SUB_PER_S */
#define LIVE_SUB_PER_S    10
#define LIVE_SOURCE_BURST 60 /* handshakes of a source at once, then LIVE_SOURCE_PER_S */
#define LIVE_SOURCE_PER_S 5
#define LIVE_SOURCES      256 /* that are remembered; the oldest is replaced */
#define LIVE_QUEUE_ITEMS  16384
#define LIVE_QUEUE_BYTES  (16 * 1024 * 1024)

#define LIVE_WALK_PACE_MS INT64_C(250)   /* between two looks at a journal that grows */
#define LIVE_WALK_IDLE_MS INT64_C(1000)  /* at one that nobody says has grown */
#define LIVE_WALK_WAIT_MS INT64_C(10000) /* for an answer; then it begins anew at the end */
#define LIVE_WALK_EVENTS  500            /* that one look shows; the rest is counted */

#define LIVE_CLOSE_UNREADABLE 4400
#define LIVE_CLOSE_SESSION    4401
#define LIVE_CLOSE_DEAD       4408

/* How the hub sees sessions and roles. Called in web's thread; must not block. */
struct live_people {
    void *ctx;
    /* Who a handshake comes from, as rest_session_fn. */
    enum gw_rc (*session_of)(void *ctx, const struct http_request *request, struct actor *ret_actor);
    /* Does this session live, and as what? Not a use of it. */
    bool (*lives)(void *ctx, const struct gw_sha256 *session, struct gw_wall now, enum user_role *ret_role);
    /* Rises whenever sessions begin or end: then all are looked at, else each once a second. */
    uint64_t (*changes)(void *ctx);
    bool (*may)(void *ctx, enum live_topic topic, enum user_role role); /* topic 0: the logs */
};

struct live_config {
    const char *gateway;      /* its id; copied */
    const char *const *names; /* of the operators' door; borrowed */
    size_t name_count;
    struct live_people people;
    /* Both from web's thread; they must not block. False: not now; it is asked again. */
    void *ctx;
    bool (*refresh)(void *ctx); /* asks core for all rows */
    /* Asks for what was committed behind `from` (epoch 0: for where the journal ends now): live_hub_event() for each,
     * then live_hub_tail() once. */
    bool (*tail)(void *ctx, const struct journal_feed *from);
};

struct live_stats {
    uint64_t connections, subscriptions; /* now */
    uint64_t accepted, refused;          /* handshakes */
    uint64_t closed_session, closed_dead, closed_unreadable;
    uint64_t messages, rows; /* sent */
    uint64_t overflows;      /* of the queue: all rows were asked for again */
    uint64_t rows_left_out;  /* above LIVE_ROWS_MAX */
};

struct live_hub;

struct live_hub *live_hub_new(const struct live_config *config);
void live_hub_free(struct live_hub *hub); /* accepts NULL */
/* What web offers, and the operators' port, once web is made and before its thread starts. */
void live_hub_attach(struct live_hub *hub, struct ws_port port, uint16_t operators_port);
/* Lives as long as the hub. */
const struct ws_route *live_hub_route(const struct live_hub *hub);

/* A row as it is now: one JSON object, copied; and a row that is no more. */
void live_hub_put(struct live_hub *hub, enum live_topic topic, const char *key, struct gw_view json);
void live_hub_delete(struct live_hub *hub, enum live_topic topic, const char *key);
/* All rows of the topic follow by put; those that do not are gone at the end. */
void live_hub_sweep(struct live_hub *hub, enum live_topic topic, bool begins);
/* The journal has grown. */
void live_hub_logs_grew(struct live_hub *hub);
/* One event as JSON; device "": of the gateway's own log; sev: enum event_sev. Then the end of what was asked for:
 * where it goes on, and how many events were passed over. ok false: it could not be read. */
void live_hub_event(struct live_hub *hub, const char *device, int sev, struct gw_view json);
void live_hub_tail(struct live_hub *hub, bool ok, const struct journal_feed *feed, uint64_t unread);
/* Is there room for many rows? Whoever puts all of a topic waits otherwise. */
bool live_hub_room(struct live_hub *hub);
void live_hub_stats_get(struct live_hub *hub, struct live_stats *ret_stats);
