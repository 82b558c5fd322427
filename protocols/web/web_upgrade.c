/* A request for a WebSocket (RFC 6455 section 4.2), from its head to the route's yes. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "web_internal.h"

#define KEY_LEN 16 /* bytes that Sec-WebSocket-Key holds in base64 */

const struct ws_route *web_upgrade_route(const struct web_conn *c)
{
    const struct web *web = c->listener->web;
    struct gw_view path = gw_view_make(c->head->path, c->head->path_len);
    for (size_t i = 0; i < web->live_route_count; i++)
        if ((web->live_routes[i].doors & c->listener->door) && gw_view_eq_str(path, web->live_routes[i].path))
            return &web->live_routes[i];
    return NULL;
}

static bool refuse(struct web_conn *c, struct http_reply *reply, bool whole)
{
    if (!whole) {
        c->close_after = true;
        c->body_unread = true;
    }
    web_conn_answer(c, reply);
    return true;
}

static bool key_good(struct gw_view key)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, KEY_LEN);
    return key.len > 0 && gw_base64_parse(key, &bytes) == GW_OK && bytes.len == KEY_LEN;
}

/* What is wrong with the handshake itself; false: nothing. */
static bool handshake_wrong(const struct web_conn *c, const struct ws_route *route, struct http_reply *ret_reply)
{
    const struct web_head *h = c->head;
    if (h->method != HTTP_GET) {
        http_reply_problem(ret_reply, 405, NULL);
        (void)http_reply_header(ret_reply, "allow:", "GET");
    } else if (h->http10 || h->has_coding || h->length > 0 || c->rx.len > 0) {
        http_reply_problem(ret_reply, 400, "a WebSocket begins with a GET of HTTP/1.1 and nothing behind it");
    } else if (!h->upgrade_ws) {
        http_reply_problem(ret_reply, 426, "this is a WebSocket");
        (void)http_reply_header(ret_reply, "upgrade:", "websocket");
        (void)http_reply_header(ret_reply, "connection:", "upgrade");
    } else if (!gw_view_eq_str(h->ws_version, "13")) {
        http_reply_problem(ret_reply, 426, "WebSocket version 13 is needed");
        (void)http_reply_header(ret_reply, "upgrade:", "websocket");
        (void)http_reply_header(ret_reply, "connection:", "upgrade");
        (void)http_reply_header(ret_reply, "sec-websocket-version:", "13");
    } else if (!key_good(h->ws_key)) {
        http_reply_problem(ret_reply, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    } else if (!web_list_has(h->ws_protocol, route->subprotocol, false)) {
        http_reply_problem(ret_reply, 400, "the subprotocol is not offered");
    } else {
        return false;
    }
    return true;
}

/* Half of a door stays free for requests. */
static bool no_room(struct web_conn *c, struct http_reply *ret_reply)
{
    struct web *web = c->listener->web;
    const struct web_conn *other;
    int here = 0;
    int same = 0;
    TAILQ_FOREACH(other, &c->listener->all, all)
    {
        here += other->live != NULL;
        same += other->live && memcmp(other->source_key, c->source_key, sizeof(c->source_key)) == 0;
    }
    if (web->stopping || web->live_count >= web->live_max || here >= (c->listener->conns_max + 1) / 2) {
        http_reply_problem(ret_reply, 503, "too many live connections");
        return true;
    }
    if (c->listener->door == HTTP_DOOR_ADMIN || same < web->live_source_max)
        return false;
    http_reply_problem(ret_reply, 429, "too many live connections from this address");
    return true;
}

static int status_of(enum gw_rc rc)
{
    return rc == GW_NOT_FOUND ? 401 : rc == GW_TOO_BIG ? 429 : http_status_of(rc);
}

/* The route's word. */
static bool denied(struct web_conn *c, struct ws_conn *live, struct http_reply *ret_reply)
{
    struct gw_err err = {.rc = GW_OK};
    struct http_request request;
    void *session = NULL;
    web_request_fill(c, &request);
    enum gw_rc rc = live->route->open(live->route->ctx, &request, live, &session, &err);
    if (rc) {
        http_reply_problem(ret_reply, status_of(rc), err.text);
        return true;
    }
    web_live_take(live, session);
    return false;
}

/* What libwebsockets sees of the request: what it needs for its answer, and nothing that the client may choose but the
 * key. No cookie can reach its log, no extension is there to be negotiated. */
static enum gw_rc begin(struct web_conn *c, struct ws_conn *live)
{
    char text[320];
    int n = snprintf(text, sizeof(text),
                     "GET / HTTP/1.1\r\nHost: " WEB_LIVE_HOST "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: " GW_VIEW_FMT "\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: %s\r\n\r\n",
                     GW_VIEW_ARG(c->head->ws_key), live->route->subprotocol);
    if (n < 0 || (size_t)n >= sizeof(text))
        return GW_TOO_BIG;
    return web_live_begin(live, gw_view_make(text, (size_t)n));
}

bool web_upgrade(struct web_conn *c, const struct ws_route *route, bool whole)
{
    struct http_reply reply;
    if (handshake_wrong(c, route, &reply))
        return refuse(c, &reply, whole);
    if (c->listener->door == HTTP_DOOR_DEVICES && !c->peer.has_cert)
        return web_request_refuse(c, 403, "a valid client certificate is required", whole);
    if (no_room(c, &reply)) {
        web_bump(&c->listener->web->count.live_refused);
        (void)http_reply_header(&reply, "retry-after:", "5");
        return refuse(c, &reply, whole);
    }
    struct ws_conn *live = web_live_new(c, route);
    bool no = denied(c, live, &reply);
    if (!no && begin(c, live)) {
        http_reply_problem(&reply, 503, "no room for a live connection");
        no = true;
    }
    if (no) {
        web_live_free(live);
        return refuse(c, &reply, whole);
    }
    web_request_forget(c); /* the cookie too */
    return true;
}
