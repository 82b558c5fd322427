/*
 * web_internal: what the files of the server share. All of it belongs to the web thread, but for struct web_mail
 * (guarded by its mutex) and the atomics.
 *
 *                     accept
 *                       │
 *                  HANDSHAKE ── TLS done, first bytes ──► HEAD ── head complete ──┬─► BODY ── complete ─┐
 *                                                          ▲                      └──── no body ────────┤
 *                                                          │                                            ▼
 *       close ◄── LINGER ◄── answered before the body ── SEND ◄── respond(), time-out, refusal ──────── WAIT
 *
 * STREAM stands in the place of BODY on routes with a sink (web_stream.c); respond() may end it early. A head that asks
 * for a WebSocket and is allowed one (web_upgrade.c) ends in LIVE, which ends in close:
 *
 *     client ══ TLS ══ web_conn ── web_pump.c ── struct ws_conn.fd ══ socketpair ══ ws_conn.wsi (role ws) ── web_live.c
 *                                                                                                              │
 *                                                                                   message(), send() ── struct
 * ws_route
 *
 *     OPENING ── 101 ──► OPEN ── close(), a broken frame, the client's close ──► CLOSING ── or at once ──► GONE
 *
 * What the route sends does not go that way: a text is one frame and is written to TLS at once, between two frames of
 * libwebsockets, which writes the handshake's answer, pings, pongs and the close. Only what TLS does not take waits.
 *
 * All buffers on that way are bounded, and each side is read only when the other has taken what was read before.
 *
 * HANDSHAKE and the first HEAD are "half open": the first to go when a ceiling is met. In WAIT and SEND nothing is read
 * from the socket, so what a client sends meanwhile stays in the kernel's buffer. Any state may end in close.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include <libwebsockets.h>
#include <uv.h>

#include "web.h"
#include "web_file.h"
#include "web_frame.h"
#include "web_head.h"
#include "web_slots.h"

#define WEB_DOORS           3
#define WEB_SWEEP_MS        500
#define WEB_CHUNK           (64 * 1024) /* bytes of one write */
#define WEB_CHUNKS_MAX      4           /* writes to one connection before the others have their turn */
#define WEB_SERVICE_BUF     65536       /* pt_serv_buf_size: bytes of one read */
#define WEB_RX_MAX          (WEB_HEAD_MAX + 2 * WEB_SERVICE_BUF)
#define WEB_ACCEPTS         64 /* connections accepted in one turn of the loop */
#define WEB_BACKLOG         511
#define WEB_HOSTS_MAX       16
#define WEB_LIVE_REASON_MAX 100
#define WEB_LIVE_NAME_MAX   64        /* bytes of a subprotocol's name */
#define WEB_LIVE_HOST       "live"    /* libwebsockets finds the virtual host again by the Host field */
#define WEB_NEVER           INT64_MAX /* no deadline */

enum web_state { WEB_HANDSHAKE = 1, WEB_HEAD, WEB_BODY, WEB_STREAM, WEB_WAIT, WEB_SEND, WEB_LINGER, WEB_LIVE };

/* Which connections give way to new ones. */
enum web_rank {
    WEB_UNRANKED = 0, /* at work: never */
    WEB_HALF,         /* nothing whole has come yet: first */
    WEB_IDLE,         /* between requests: next */
    WEB_OWING,        /* the client owes the rest of a body, or is unknown and owes the reading of an answer: last */
};

enum web_live_state { WEB_OPENING = 1, WEB_OPEN, WEB_CLOSING, WEB_GONE };

struct web_message {
    STAILQ_ENTRY(web_message) next;
    size_t len;
    uint8_t text[];
};
STAILQ_HEAD(web_messages, web_message);

struct ws_conn {
    struct web_conn *conn;
    const struct ws_route *route;
    void *session; /* the route's, until closed() */
    bool opened;   /* open() said yes */
    bool taken;    /* and closed() is owed */
    enum web_live_state state;
    struct lws *wsi; /* libwebsockets' end; NULL before it is adopted and after it has gone */
    int fd;          /* our end */
    uv_poll_t *poll;
    int polled;                 /* events that poll waits for */
    bool up_dead;               /* nobody takes the client's bytes any more: they are read and dropped */
    bool down_busy;             /* waits until the TLS connection takes bytes */
    struct web_frame frame;     /* what the client sends */
    struct web_frame_out other; /* what libwebsockets writes */
    struct gw_buf message;      /* what has come of a message */
    struct web_messages queue;  /* what could not be written at once */
    size_t queued;
    int close_code; /* to be sent; 0: none */
    char close_reason[WEB_LIVE_REASON_MAX + 1];
};

struct web_conn {
    TAILQ_ENTRY(web_conn) all;  /* of its listener, oldest first */
    TAILQ_ENTRY(web_conn) rank; /* list of its listener */
    enum web_rank ranked;
    struct web_listener *listener;
    struct lws *wsi;
    uint32_t slot;
    enum web_state state;
    struct gw_mono deadline;
    uint8_t source_key[16]; /* IPv6 form, /64 masked; zero on the admin door */
    struct http_peer peer;
    bool peer_read;
    unsigned requests;

    struct gw_buf rx;         /* bytes not yet understood */
    struct gw_buf head_bytes; /* the current request's head; `head` points into it */
    struct web_head *head;    /* owned */
    const struct http_route *route;
    struct gw_view param[4];
    struct gw_buf body;
    size_t body_want;
    size_t body_room; /* what it has taken of web->bodies */

    struct http_sink sink; /* STREAM: who takes the body; ops NULL: nobody */
    uint64_t stream_left;  /* bytes of the body that the sink has not taken */
    size_t stream_pace;    /* bytes taken since the deadline was set */
    bool stalled;          /* the sink is full: nothing is read, what was read waits in rx */
    TAILQ_ENTRY(web_conn) stall;

    struct gw_buf out; /* head of the answer */
    size_t out_sent;
    struct gw_buf out_body;
    size_t out_body_sent;
    struct web_file file;
    bool sending_file;
    bool close_after; /* this answer is the connection's last */
    bool body_unread; /* the client may still be sending: linger */

    struct ws_conn *live; /* LIVE; owned */
};
TAILQ_HEAD(web_conns, web_conn);

struct web_listener {
    struct web *web;
    enum http_door door;
    char address[64];
    uint16_t port;
    char *unix_path;
    mode_t mode;
    char *hosts[WEB_HOSTS_MAX];
    size_t host_count;
    int conns_max;
    int source_conns_max;
    struct lws_vhost *vhost;
    int fd; /* bound; listening when `open`; -1 when it is to be bound */
    bool open;
    bool paused; /* out of descriptors: tried again at the next sweep */
    uv_poll_t *poll;
    int conns;
    struct web_conns all, half, idle, owing;  /* owing: who has moved least lately is first */
    struct web_refused refused[WEB_REFUSALS]; /* under web->refused_lock; index: enum web_refusal - 1 */
};

struct web_answer {
    STAILQ_ENTRY(web_answer) next;
    struct http_ticket ticket;
    struct http_reply reply;
};
STAILQ_HEAD(web_answers, web_answer);

/* What other threads leave for the web thread. */
struct web_mail {
    pthread_mutex_t lock;
    bool closed; /* stopping: nothing more is taken */
    bool stop;
    struct web_answers answers;
    size_t answer_count;
    struct gw_sha256 *cuts; /* owned, WEB_CUTS_MAX */
    size_t cut_count;
    bool cut_all;
    unsigned doors;
    bool resume;     /* a sink that was full has room */
    bool tick;       /* ws_port.wake() */
    bool wake_ready; /* the async handle exists */
};

struct web_counters {
    _Atomic uint64_t connections, accepted, requests, errors_4xx, errors_5xx, unanswered, answers_dropped, cut, live,
        live_opened, live_refused, live_full;
};

struct web {
    const struct http_route *routes;
    size_t route_count;
    struct web_listener listeners[WEB_DOORS];
    size_t listener_count;
    char *client_ca_path;
    unsigned doors_start;

    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t sweep;
    struct lws_context *context;
    pthread_t thread;
    bool started;
    pthread_mutex_t refused_lock;
    bool stopping;         /* live connections are being told; nobody new comes in */
    bool shut;             /* context and loop are gone */
    struct gw_err tls_err; /* set by the vhost's callback while it is made */

    struct web_slots slots;
    size_t bodies; /* bytes promised to long request bodies */
    int streams;   /* bodies that go to a sink now */
    struct web_conns stalled;
    uint8_t *chunk; /* LWS_PRE + WEB_FRAME_OUT_MAX + WEB_CHUNK: the write being made */

    const struct ws_route *live_routes;
    size_t live_route_count;
    int live_max;
    int live_source_max;
    int live_count;
    lws_retry_bo_t live_pings;
    struct lws_protocols live_protocols[1 + WEB_LIVE_ROUTES_MAX + 1];
    struct lws_vhost *live_vhost;
    uv_timer_t tick;
    struct gw_mono stop_at; /* while stopping: no longer than this */
    struct web_mail mail;
    _Atomic unsigned doors_open;
    struct web_counters count;
};

static inline void web_bump(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* web_listen.c: sockets of the doors, admission of connections. */
enum gw_rc web_listener_bind(struct web_listener *l, struct gw_err *err);
enum gw_rc web_listener_open(struct web_listener *l, struct gw_err *err);
void web_listener_close(struct web_listener *l); /* stops listening and drops its connections */
void web_listener_hush(struct web_listener *l);  /* stops listening */
void web_listener_sweep(struct web_listener *l);

/* web_conn.c: a connection's life. */
extern const struct lws_protocols web_protocols[];
struct web_conn *web_conn_new(struct web_listener *l, const uint8_t source_key[16], const char *source);
void web_conn_free(struct web_conn *c); /* forgets it; the socket is libwebsockets' */
/* Counts it at its door; `fault` as in struct web_refused. Web thread. */
void web_refuse(struct web_listener *l, enum web_refusal why, const char *source, const char *fault);
void web_conn_close(struct web_conn *c); /* from outside its own callbacks */
void web_conn_rank(struct web_conn *c, enum web_rank to);
void web_conn_sweep(struct web_conn *c, struct gw_mono now);
void web_conn_answer(struct web_conn *c, struct http_reply *reply); /* takes the reply */

/* web_request.c: from bytes to handler. Return false when the connection is to be closed. */
bool web_request_feed(struct web_conn *c);
bool web_request_body(struct web_conn *c, struct gw_view bytes, size_t *ret_used);
void web_request_forget(struct web_conn *c);
void web_request_fill(struct web_conn *c, struct http_request *ret_request); /* but for the ticket */
bool web_request_refuse(struct web_conn *c, int status, const char *detail, bool whole);
bool web_request_wait(struct web_conn *c, enum gw_rc rc, const struct gw_err *err); /* a handler has returned */
bool web_request_continue(struct web_conn *c);                                      /* 100, if it is waited for */
/* open() or admit() has said no with this code, or has answered by itself. */
bool web_request_unwanted(struct web_conn *c, enum gw_rc rc, const struct gw_err *err);

/* web_stream.c: bodies that go to a sink. */
bool web_stream_begin(struct web_conn *c);
bool web_stream_feed(struct web_conn *c, struct gw_view *bytes); /* moves on what was taken */
void web_stream_cut(struct web_conn *c);                         /* to be answered before its end */
void web_stream_forget(struct web_conn *c);
void web_stream_resume(struct web *web); /* offers again what full sinks left */

/* web_reply.c: from reply to bytes. */
void web_reply_begin(struct web_conn *c, struct http_reply *reply); /* takes the reply; state becomes SEND */
void web_reply_problem(struct web_conn *c, int status, const char *detail);
bool web_reply_write(struct web_conn *c); /* one write; false: close */

/* web_upgrade.c: may this request become a WebSocket? */
const struct ws_route *web_upgrade_route(const struct web_conn *c);
bool web_upgrade(struct web_conn *c, const struct ws_route *route, bool whole); /* as web_request_refuse() */

/* web_live.c: a WebSocket's life, between libwebsockets' ws role and the route. */
enum gw_rc web_live_init(struct web *web, const struct web_config *config, struct gw_err *err);
struct ws_conn *web_live_new(struct web_conn *c, const struct ws_route *route); /* on its way, not yet taken */
void web_live_take(struct ws_conn *live, void *session);                        /* the route has said yes */
/* Makes the pair, hands one end to libwebsockets and sends it this head; the connection is LIVE then. */
enum gw_rc web_live_begin(struct ws_conn *live, struct gw_view head);
void web_live_free(struct ws_conn *live); /* tells the route, if it has taken it; accepts NULL */
void web_live_close(struct ws_conn *live, int code, const char *reason);
void web_live_stop(struct web *web); /* tells everyone 1001 and lets go of the loop when they have gone */
void web_live_tick(struct web *web);
bool web_live_flush(struct ws_conn *live); /* writes what waits and may go now; false: the connection is broken */

/* web_pump.c: bytes between the TLS connection and our end of the pair. */
enum gw_rc web_pump_begin(struct ws_conn *live, int *ret_theirs); /* makes the pair; the caller gets the other end */
bool web_pump_head(struct ws_conn *live, struct gw_view head);    /* first bytes to the other end */
void web_pump_end(struct ws_conn *live);
bool web_pump_up(struct ws_conn *live, struct gw_view bytes); /* the client's; false: close */
/* The client is not to be read now: what it sent waits, or what it is sent does, and then libwebsockets does not read
 * either but spins. */
bool web_pump_full(const struct ws_conn *live);
/* May a message go out now? TLS has taken what came before, and libwebsockets is between two frames. */
bool web_pump_ready(const struct ws_conn *live);
/* One message, only when it is ready; false: the connection is broken. */
bool web_pump_message(struct ws_conn *live, struct gw_view text);
bool web_pump_down(struct ws_conn *live); /* TLS takes bytes; false: the end, all is sent */

/* web_log.c */
void web_log_init(void);

/* web_thread.c */
enum gw_rc web_thread_init(struct web *web, struct gw_err *err);
void *web_thread_main(void *self);
void web_thread_wake(struct web *web);
void web_thread_shut(struct web *web); /* closes everything and frees loop and context */
void web_respond(void *self, struct http_ticket ticket, struct http_reply *reply);
void web_resume(void *self);
void web_wake(void *self);
