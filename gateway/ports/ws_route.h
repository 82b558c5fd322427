/*
 * ws_route: how the live protocol meets the network without knowing libwebsockets. app hands web one table of these;
 * web does the handshake (RFC 6455 section 4) and the frames, calls the functions in its own thread, and sends.
 *
 * A connection belongs to web from open() to closed(); its pointer is good in between, in web's thread alone. The
 * session that open() returned belongs to the route.
 */
#pragma once

#include <stddef.h>

#include "gw_err.h"
#include "gw_view.h"
#include "http_route.h"

#define WS_MESSAGE_MAX (64 * 1024)  /* bytes of one text message, either way: 1009 above */
#define WS_QUEUE_MAX   (256 * 1024) /* bytes that wait to be written to one connection */
#define WS_TICK_MS     100

struct ws_conn; /* web's */

struct ws_port {
    void *self;
    /* Writes one text message (UTF-8, at most WS_MESSAGE_MAX), or queues a copy when the client is behind. GW_AGAIN:
     * WS_QUEUE_MAX would be exceeded and nothing was queued; drained() follows. GW_TOO_BIG: above WS_MESSAGE_MAX.
     * GW_CANCELLED: it is closing. */
    enum gw_rc (*send)(void *self, struct ws_conn *conn, struct gw_view text);
    /* Begins the closing handshake with this code (RFC 6455 section 7.4); reason is at most 100 bytes of text (cut
     * there) or NULL. What waits to be written is dropped, and no message() comes any more. closed() follows, not from
     * within this call, and when the client is silent within 2 s. A second call changes nothing. */
    void (*close)(void *self, struct ws_conn *conn, int code, const char *reason);
    /* Have tick() called soon. Any thread. */
    void (*wake)(void *self);
};

struct ws_route {
    unsigned doors;          /* enum http_door, or-ed */
    const char *path;        /* matched whole */
    const char *subprotocol; /* must be among those that the client offers, else 400 */
    void *ctx;
    /* May this request become a connection? The request is as a handler gets it (http_route.h) and its views end with
     * the call. GW_OK and a session; any other code is answered as an HTTP error (http_status_of()), GW_NOT_FOUND as
     * 401, GW_TOO_BIG (a ceiling of the route's) as 429; err's text is told. conn takes messages from here on. */
    enum gw_rc (*open)(void *ctx, const struct http_request *request, struct ws_conn *conn, void **ret_session,
                       struct gw_err *err);
    void (*message)(void *session, struct gw_view text); /* whole, valid UTF-8 */
    void (*drained)(void *session);                      /* all that had to be queued has been written */
    void (*closed)(void *session);                       /* last call; the session is the route's to free */
    /* Every WS_TICK_MS while there are connections, and after wake(). */
    void (*tick)(void *ctx, struct gw_wall now);
};
