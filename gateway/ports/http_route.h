/*
 * http_route: how REST, EST and DDI meet the network without knowing libwebsockets. app collects tables of routes and
 * hands them to web, which calls handlers in its own thread.
 *
 * A handler decodes, posts to the inbox (or answers at once) and returns; it never blocks and never calls a service.
 * The answer comes with http_responder.respond(), from any thread, by ticket; a ticket whose connection has gone is
 * ignored. Every request is answered once: by the handler's return code when it fails, by respond() otherwise, or by
 * web with 503 after HTTP_ANSWER_MS (or the route's own time). A route whose bodies are too long to be held has an open
 * function instead of a handler; its requests may be answered while their body still comes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_time.h"
#include "gw_view.h"

#define HTTP_ANSWER_MS  30000
#define HTTP_BODY_SMALL (16 * 1024)        /* bytes of a body that anybody may begin to send */
#define HTTP_BODY_MAX   (1024 * 1024)      /* and of one that admit() has let come */
#define HTTP_STREAM_MAX (INT64_C(4) << 30) /* bytes of a body that is streamed */
#define HTTP_PATH_MAX   1024
#define HTTP_SOURCE_MAX 64
#define HTTP_REPLY_MAX  (8 * 1024 * 1024) /* bytes of a reply's body; larger things are files */

enum http_method { HTTP_GET = 1, HTTP_POST = 2, HTTP_PUT = 4, HTTP_DELETE = 8, HTTP_HEAD = 16, HTTP_PATCH = 32 };

/* Which listener a route belongs to (docs/architecture.md, "Listeners"). */
enum http_door {
    HTTP_DOOR_DEVICES = 1,   /* 8443 */
    HTTP_DOOR_OPERATORS = 2, /* 9443 */
    HTTP_DOOR_ADMIN = 4,     /* the admin socket */
};

/* Names a connection without pointing at it: (slot, generation). */
struct http_ticket {
    uint32_t slot;
    uint32_t generation;
};

struct http_peer {
    enum http_door door;
    char source[HTTP_SOURCE_MAX]; /* numeric address without port, or "local" */
    bool has_cert;                /* a client certificate was presented and its chain ends in our root, unexpired */
    bool bad_cert;                /* one was presented and does not: only anonymous routes are reachable */
    const char *cert_fault;       /* with bad_cert, behind "the certificate": "has expired"; static storage */
    struct gw_sha256 cert_sha256; /* valid when has_cert */
    char cert_cn[64];
    struct gw_wall cert_not_after;
    uid_t uid;         /* admin socket only (SO_PEERCRED) */
    char uid_name[33]; /* its name, or the number as text */
};

/* Views live until the handler returns. */
struct http_request {
    enum http_method method;
    enum http_door door;
    struct gw_view path;  /* percent-decoded once, starts with '/', no NUL, no "." or ".." segment */
    struct gw_view query; /* raw, without '?' */
    struct gw_view authorization, content_type, cookie, origin, host, if_match, if_none_match, csrf, fetch_site, range,
        if_range;
    struct gw_view body;
    struct gw_view param[4]; /* what each {} of the pattern matched: one path segment each */
    const struct http_peer *peer;
    struct http_ticket ticket;
    struct gw_wall now;
    struct gw_mono answer_by; /* of a handler: an answer that comes later is not heard any more */
};

#define HTTP_REPLY_HEADERS 6

/* Built by anyone, moved into respond(), freed by web. */
struct http_reply {
    int status;
    const char *content_type; /* static text */
    struct {
        const char *name; /* static, lower case, with colon: "retry-after:" */
        char value[256];
    } headers[HTTP_REPLY_HEADERS];
    struct gw_buf body; /* owned */
    /* Instead of body: an open file, closed by web, of which [offset, offset + length) is sent with Range support. */
    int file_fd; /* -1: none */
    int64_t file_size;
    char etag[80];
};

typedef enum gw_rc http_handler(void *ctx, const struct http_request *request, struct gw_err *err);

/*
 * Where a long body goes as it comes, so that nobody holds it whole. web's thread calls write until the body is
 * complete, then end; or abort once, when the client has gone, was too slow, web stops, or the request was answered
 * before its body's end. After end or abort the sink is not called again.
 */
struct http_sink_ops {
    /* Takes bytes and returns how many. Fewer than given: it is full, web stops reading from the socket and offers the
     * rest again after http_responder.resume(). Must not block. */
    size_t (*write)(void *self, struct gw_view bytes);
    /* The body is complete: the answer comes by respond(), or by the code when it is not GW_OK. */
    enum gw_rc (*end)(void *self, struct gw_err *err);
    void (*abort)(void *self);
};

struct http_sink {
    const struct http_sink_ops *ops;
    void *self;
};

/* Asked when the head is there, before anything of the body is (request->body is empty): shall it come? GW_OK and a
 * sink; another code is answered by web; GW_CANCELLED: open has answered, or will, and the body is not wanted. With
 * "Expect: 100-continue" the client is told to go on only after GW_OK. `length` is the body's, in bytes. */
typedef enum gw_rc http_sink_open(void *ctx, const struct http_request *request, int64_t length,
                                  struct http_sink *ret_sink, struct gw_err *err);

struct http_route {
    unsigned methods;    /* enum http_method, or-ed */
    unsigned doors;      /* enum http_door, or-ed */
    const char *pattern; /* "/api/v1/devices/{}/revoke" */
    size_t body_max;     /* bytes; 413 above; at most HTTP_BODY_MAX */
    bool anonymous;      /* on the devices' door: reachable without a client certificate */
    http_handler *handle;
    void *ctx;
    /* With a body_max above HTTP_BODY_SMALL: asked when the head of a request with such a body is there, before
     * anything of the body is (request->body is empty): who asks, and may it come? Codes as of http_sink_open. */
    http_handler *admit;
    http_sink_open *open; /* instead of handle: the body is streamed, up to stream_max bytes (413 above) */
    int64_t stream_max;   /* bytes, at most HTTP_STREAM_MAX */
    int answer_ms;        /* from the end of the request to 503; 0: HTTP_ANSWER_MS */
};

struct http_responder {
    void *self;
    /* Takes everything that reply owns. Any thread. */
    void (*respond)(void *self, struct http_ticket ticket, struct http_reply *reply);
    /* A sink that was full has room again. Any thread. */
    void (*resume)(void *self);
};

/* An empty reply with this status. */
void http_reply_init(struct http_reply *reply, int status);
void http_reply_done(struct http_reply *reply);
/* RFC 9457 problem document: {"type":"about:blank","title":…,"status":…,"detail":…}. `detail` is escaped. */
void http_reply_problem(struct http_reply *reply, int status, const char *detail);
/* The status that a result code means to an HTTP client (GW_DENIED 403, GW_CONFLICT 409, GW_AGAIN 503, …). */
int http_status_of(enum gw_rc rc);
/* Reason phrase of a status (RFC 9110 section 15); "Unknown" for others. Static. */
const char *http_status_text(int status);
/* Adds a header; false when HTTP_REPLY_HEADERS are there already or the value does not fit or holds a control
 * character (nothing is added then). `name` is static, lower case, with colon. */
bool http_reply_header(struct http_reply *reply, const char *name, const char *value);
/* Matches a pattern; fills param (at most 4) on success. "{}" stands for one whole segment that is not empty. Pure. */
bool http_pattern_match(const char *pattern, struct gw_view path, struct gw_view param[4]);
