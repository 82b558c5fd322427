/*
 * web: the HTTP/1.1 server behind the three doors (docs/architecture.md, "Listeners"): devices (TLS, client
 * certificates), operators (TLS) and admin (unix socket). It reads requests, finds their route, calls the handler and
 * sends what comes back; it decides nothing.
 *
 * Threads: the server has one thread of its own with its own libuv loop. Handlers run there. web_new, web_start,
 * web_stop and web_free belong to the thread that made it; everything else may be called from any thread between
 * web_new and web_free.
 *
 * libwebsockets does TLS and the sockets' events, in its raw role; HTTP itself is read by web_head.c, because the h1
 * role of 4.1.6 cannot be held to our limits (it normalises paths before anyone sees them, answers a request again when
 * bytes follow its body, buffers without end behind an open answer, and spins on a socket whose output is blocked).
 *
 * WebSocket (RFC 6455) is libwebsockets' own ws role. A request that asks for it is read, matched and authorised like
 * any other; then one end of a socketpair(2) is given to a virtual host that has this role and no listener and no TLS,
 * with a small head of ours in front (no cookie, no path, no extension of the client's), and bytes are moved between
 * the TLS connection and the other end (web_pump.c). libwebsockets answers 101, unmasks, checks UTF-8, answers pings,
 * sends its own and does the closing handshake; web_frame.c looks at the frames' heads first, since 4.1.6 does not ask
 * for the mask. What the route sends is put into a frame here and goes straight to TLS, between two of libwebsockets'
 * frames: a message costs one system call, where the way through the pair took ten.
 *
 * Time limits and ceilings are the constants below; what happens at each is written beside it.
 */
#pragma once

#include <sys/types.h>

#include "gw_err.h"
#include "http_route.h"
#include "ws_route.h"

#define WEB_DEVICES_CONNS     4096 /* connections on a door: the oldest half-open one gives way, then the oldest idle */
#define WEB_OPERATORS_CONNS   1024 /* one, then who owes a body or a reading for longest; then the new one is refused */
#define WEB_ADMIN_CONNS       64
#define WEB_HANDSHAKE_MS      10000 /* from accept to the end of the first request's head: dropped, 408 if begun */
#define WEB_HEAD_MS           10000 /* from a later request's first byte to the end of its head: 408 */
#define WEB_IDLE_MS           60000 /* between requests: closed */
#define WEB_BODY_MS           60000 /* from head to the end of the body: 408 */
#define WEB_STREAM_MS         60000 /* for 64 KiB of a streamed body to come: 408 */
#define WEB_STALL_MS          60000 /* for a full sink to have room again: 503 */
#define WEB_STREAMS_MAX       16    /* bodies streamed at once: 503 */
#define WEB_WRITE_MS          60000 /* for 64 KiB to go out: closed */
#define WEB_LINGER_MS         2000  /* to read what the client still sends after an early answer: closed */
#define WEB_BODIES_MAX        (64 * 1024 * 1024)   /* bytes of all bodies above HTTP_BODY_SMALL being received: 503 */
#define WEB_BODIES_OF_ONE     (WEB_BODIES_MAX / 4) /* of them of one IPv4 address or IPv6 /64, or the admin door: 429 */
#define WEB_ANSWERS_MAX       16384                /* answers waiting for the web thread: dropped */
#define WEB_CUTS_MAX          4096 /* certificates waiting to be cut: above, all devices' connections are cut */
#define WEB_REQUESTS_PER_CONN 1000 /* then the connection is closed */

/* Live connections: those that have become WebSockets. They are connections of their door, but never idle ones. */
#define WEB_LIVE_ROUTES_MAX 8
#define WEB_LIVE_MAX        512  /* on all doors, and half of what a door has room for: 503 */
#define WEB_LIVE_SOURCE_MAX 64   /* of one IPv4 address or IPv6 /64, which may be an office behind one router: 429 */
#define WEB_LIVE_PING_S     20   /* without a pong: a ping */
#define WEB_LIVE_PONG_S     60   /* without a pong: closed */
#define WEB_LIVE_CLOSE_MS   2000 /* from either side's wish to close to the end of it: closed without the handshake */
#define WEB_LIVE_RX         4096 /* bytes of a frame that are unmasked at once */

/* File descriptors that the doors' ceilings add up to, with so many connections at the operators': a live one has two
 * more, its pair of sockets (web_internal.h). */
#define WEB_DESCRIPTORS(operators) (WEB_DEVICES_CONNS + (operators) + WEB_ADMIN_CONNS + 2 * WEB_LIVE_MAX)

struct web_door {
    const char *address; /* numeric IPv4 or IPv6; NULL: there is no such door */
    uint16_t port;       /* 0: a free one */
    const char *cert_path;
    const char *key_path; /* PEM */
    /* Names that the Host field may carry (421 otherwise), see web_host_match(); at least one. */
    const char *const *hosts;
    size_t host_count;
    int conns_max;        /* 0: the constant above */
    int source_conns_max; /* of one IPv4 address or IPv6 /64; at the ceiling its own give way; 0: half of conns_max */
};

/* 0: the constant above. */
struct web_live_limits {
    int conns_max;
    int source_conns_max;
    uint16_t ping_s;
    uint16_t pong_s; /* more than ping_s */
};

/* Everything is copied by web_new() but the routes, which must outlive the server. */
struct web_config {
    const struct http_route *routes;
    size_t route_count;
    const struct ws_route *live_routes; /* their paths come before those of `routes` */
    size_t live_route_count;            /* at most WEB_LIVE_ROUTES_MAX */
    struct web_live_limits live;
    struct web_door devices;
    struct web_door operators;
    const char *client_ca_path; /* PEM, root and issuer: whom devices' certificates must come from */
    const char *admin_path;     /* unix socket; NULL: no such door. Its directory's mode is the real guard */
    mode_t admin_mode;
    unsigned doors_open; /* enum http_door, or-ed: which listen from the start */
};

/* Why a connection came to nothing. */
enum web_refusal {
    WEB_REFUSED_TLS = 1,   /* the handshake failed */
    WEB_REFUSED_CERT,      /* at the devices' door: a client certificate that is foreign, expired or broken */
    WEB_REFUSED_HALF_OPEN, /* closed before a whole first request, by a ceiling or by time */
    WEB_REFUSED_LIMIT,     /* closed at a ceiling */
};
#define WEB_REFUSALS 4

struct web_refused {
    uint64_t count;
    char source[HTTP_SOURCE_MAX]; /* of the last; "local" at the admin door */
    const char *fault;            /* CERT: of the last, see http_peer.cert_fault */
};

struct web_stats {
    uint64_t connections; /* open now */
    uint64_t accepted;    /* connections */
    uint64_t requests;    /* whole heads that were read */
    uint64_t errors_4xx;  /* answers */
    uint64_t errors_5xx;
    uint64_t unanswered;      /* handlers that were silent for HTTP_ANSWER_MS */
    uint64_t answers_dropped; /* the connection had gone, or WEB_ANSWERS_MAX was met */
    uint64_t cut;             /* connections closed by web_cut_device() */
    uint64_t live;            /* WebSocket connections open now */
    uint64_t live_opened;     /* that a route has taken */
    uint64_t live_refused;    /* upgrades answered with 503 or 429 at a ceiling of web's */
    uint64_t live_full;       /* messages that WS_QUEUE_MAX turned away */
};

struct web;

/* Binds the doors (a door that is not open does not listen: a connect is refused) and reads the certificates. Sets
 * SIGPIPE to be ignored. GW_INVALID (bad configuration), GW_EXISTS (address in use), GW_DENIED, GW_IO. */
GW_MUST_CHECK enum gw_rc web_new(const struct web_config *config, struct web **ret_web, struct gw_err *err);
GW_MUST_CHECK enum gw_rc web_start(struct web *web, struct gw_err *err);
/* Closes every listener and connection and joins the thread; answers that come later are dropped. Live connections are
 * told 1001 and have WEB_LIVE_CLOSE_MS to answer. */
void web_stop(struct web *web);
void web_free(struct web *web); /* stops first; accepts NULL */

struct http_responder web_responder(struct web *web);
struct ws_port web_ws_port(struct web *web); /* send and close: in web's thread alone */
/* The real port; 0 for a door that does not exist, and for the admin door. */
uint16_t web_port(const struct web *web, enum http_door door);
/* Which doors listen from now on. A door that closes drops its connections. Takes effect soon; an address that cannot
 * be bound now is tried again every half second. web_doors_open() tells what is so. */
void web_doors_set(struct web *web, unsigned doors);
unsigned web_doors_open(const struct web *web);
/* Closes the live connections that presented this certificate, within a second, mid-answer too. */
void web_cut_device(struct web *web, const struct gw_sha256 *cert_sha256);
void web_stats_get(const struct web *web, struct web_stats *ret_stats);
/* What a door refused since the start; all zero for a door that does not exist. */
void web_refused_get(struct web *web, enum http_door door, enum web_refusal why, struct web_refused *ret_refused);
