#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "tls_peer.h"
#include "web_internal.h"

static struct gw_mono after(int64_t ms)
{
    return (struct gw_mono){gw_mono_now().ms + ms};
}

static struct web_conns *rank_list(struct web_conn *c)
{
    struct web_listener *l = c->listener;
    return c->ranked == WEB_HALF ? &l->half : c->ranked == WEB_IDLE ? &l->idle : &l->owing;
}

void web_conn_rank(struct web_conn *c, enum web_rank to)
{
    if (c->ranked != WEB_UNRANKED)
        TAILQ_REMOVE(rank_list(c), c, rank);
    c->ranked = to;
    if (c->ranked != WEB_UNRANKED)
        TAILQ_INSERT_TAIL(rank_list(c), c, rank);
}

struct web_conn *web_conn_new(struct web_listener *l, const uint8_t source_key[16], const char *source)
{
    struct web *web = l->web;
    struct web_conn *c = gw_xalloc(1, sizeof(*c));
    if (!web_slots_take(&web->slots, c, &c->slot)) {
        free(c);
        return NULL;
    }
    c->listener = l;
    c->state = WEB_HANDSHAKE;
    c->deadline = after(WEB_HANDSHAKE_MS);
    c->file.fd = -1;
    c->peer.door = l->door;
    memcpy(c->source_key, source_key, sizeof(c->source_key));
    (void)snprintf(c->peer.source, sizeof(c->peer.source), "%s", source);
    gw_buf_init(&c->rx, WEB_RX_MAX);
    gw_buf_init(&c->head_bytes, WEB_HEAD_MAX);
    gw_buf_init(&c->body, HTTP_BODY_MAX);
    gw_buf_init(&c->out, WEB_HEAD_MAX);
    gw_buf_init(&c->out_body, HTTP_REPLY_MAX);
    TAILQ_INSERT_TAIL(&l->all, c, all);
    web_conn_rank(c, WEB_HALF);
    l->conns++;
    web_bump(&web->count.accepted);
    web_bump(&web->count.connections);
    return c;
}

void web_conn_free(struct web_conn *c)
{
    struct web *web = c->listener->web;
    web_conn_rank(c, WEB_UNRANKED);
    TAILQ_REMOVE(&c->listener->all, c, all);
    c->listener->conns--;
    (void)atomic_fetch_sub_explicit(&web->count.connections, 1, memory_order_relaxed);
    web_live_free(c->live);
    web_request_forget(c);
    web_slots_give(&web->slots, c->slot);
    gw_buf_wipe(&c->rx);
    gw_buf_done(&c->out);
    gw_buf_wipe(&c->out_body);
    web_file_done(&c->file);
    free(c);
}

void web_conn_close(struct web_conn *c)
{
    if (!c->wsi)
        return;
    if (c->state != WEB_HANDSHAKE && c->listener->door != HTTP_DOOR_ADMIN)
        tls_peer_bye(lws_get_ssl(c->wsi));
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void web_conn_answer(struct web_conn *c, struct http_reply *reply)
{
    if (c->state == WEB_STREAM)
        web_stream_cut(c);
    web_reply_begin(c, reply);
    (void)lws_callback_on_writable(c->wsi);
}

static void refuse_slow(struct web_conn *c)
{
    c->close_after = true;
    c->body_unread = true;
    web_reply_problem(c, 408, "the request took too long");
    (void)lws_callback_on_writable(c->wsi);
}

/* A deadline has passed. */
static void expire(struct web_conn *c)
{
    struct web *web = c->listener->web;
    switch (c->state) {
    case WEB_HEAD:
        if (c->ranked == WEB_HALF)
            web_refuse(c->listener, WEB_REFUSED_HALF_OPEN, c->peer.source, NULL);
        if (c->rx.len > 0)
            refuse_slow(c);
        else
            web_conn_close(c);
        return;
    case WEB_BODY:
        refuse_slow(c);
        return;
    case WEB_STREAM: {
        struct http_reply reply;
        web_slots_void(&web->slots, c->slot);
        http_reply_problem(&reply, c->stalled ? 503 : 408,
                           c->stalled ? "the gateway cannot take more of this now" : "the request took too long");
        web_conn_answer(c, &reply);
        return;
    }
    case WEB_WAIT: {
        struct http_reply reply;
        web_bump(&web->count.unanswered);
        web_slots_void(&web->slots, c->slot);
        http_reply_problem(&reply, 503,
                           c->head->method == HTTP_GET || c->head->method == HTTP_HEAD
                               ? "no answer in time"
                               : "no answer in time: look whether it was done before you ask again");
        web_conn_answer(c, &reply);
        return;
    }
    case WEB_HANDSHAKE:
        web_refuse(c->listener, WEB_REFUSED_HALF_OPEN, c->peer.source, NULL);
        web_conn_close(c);
        return;
    case WEB_SEND:
    case WEB_LINGER:
    case WEB_LIVE:
        web_conn_close(c);
        return;
    }
}

void web_conn_sweep(struct web_conn *c, struct gw_mono now)
{
    if (now.ms >= c->deadline.ms)
        expire(c);
}

/* Bytes of a body in progress. The rest of what came, if any, belongs to the next request. */
static bool feed_body(struct web_conn *c, struct gw_view *bytes)
{
    size_t used = 0;
    if (!web_request_body(c, *bytes, &used))
        return false;
    *bytes = gw_view_make(bytes->ptr + used, bytes->len - used);
    return true;
}

static void first_bytes(struct web_conn *c)
{
    lws_set_timeout(c->wsi, NO_PENDING_TIMEOUT, 0); /* ours rule: web_conn_sweep() */
    c->state = WEB_HEAD;
    if (!c->peer_read && c->listener->door != HTTP_DOOR_ADMIN)
        tls_peer_read(lws_get_ssl(c->wsi), &c->peer);
    if (!c->peer_read && c->peer.bad_cert)
        web_refuse(c->listener, WEB_REFUSED_CERT, c->peer.source, c->peer.cert_fault);
    c->peer_read = true;
}

static bool on_read(struct web_conn *c, struct gw_view bytes)
{
    if (c->state == WEB_LINGER)
        return true;
    if (c->state == WEB_LIVE)
        return web_pump_up(c->live, bytes);
    if (c->state == WEB_HANDSHAKE)
        first_bytes(c);
    if (c->state == WEB_BODY && !feed_body(c, &bytes))
        return false;
    if (c->state == WEB_STREAM && !c->stalled && !web_stream_feed(c, &bytes))
        return false;
    if (c->state == WEB_HEAD && c->rx.len == 0 && c->requests > 0) {
        web_conn_rank(c, WEB_HALF);
        c->deadline = after(WEB_HEAD_MS);
    }
    if (gw_buf_add_view(&c->rx, bytes))
        return false;
    return web_request_feed(c);
}

/* The answer is out: next request, linger or close. */
static bool answered(struct web_conn *c)
{
    web_request_forget(c);
    web_file_done(&c->file);
    gw_buf_reset(&c->out);
    gw_buf_wipe(&c->out_body); /* may hold an invitation, shown once */
    if (c->rx.len == 0)
        gw_buf_wipe(&c->rx); /* idle connections keep no memory, and no credentials in it */
    c->sending_file = false;
    if (c->close_after) {
        if (!c->body_unread)
            return false;
        gw_buf_done(&c->rx);
        c->state = WEB_LINGER;
        c->deadline = after(WEB_LINGER_MS);
        return true;
    }
    c->state = WEB_HEAD;
    web_conn_rank(c, WEB_IDLE);
    c->deadline = after(c->rx.len > 0 ? WEB_HEAD_MS : WEB_IDLE_MS);
    return web_request_feed(c);
}

static bool has_more(const struct web_conn *c)
{
    return c->out_sent < c->out.len || c->out_body_sent < c->out_body.len || c->sending_file;
}

static bool on_writable(struct web_conn *c)
{
    if (c->state == WEB_LIVE)
        return web_pump_down(c->live);
    if (c->state != WEB_SEND)
        return true;
    if (!has_more(c))
        return answered(c);
    /* Each way through the event loop costs half of what a chunk of a file does. */
    for (int n = 0; n < WEB_CHUNKS_MAX && has_more(c) && (n == 0 || !lws_send_pipe_choked(c->wsi)); n++)
        if (!web_reply_write(c))
            return false;
    web_conn_rank(c, c->ranked); /* it has moved */
    c->deadline = after(WEB_WRITE_MS);
    (void)lws_callback_on_writable(c->wsi);
    return true;
}

/* While a request waits or is answered nothing is read: a client cannot make us buffer, and a socket that is readable
 * but not writable cannot make the loop spin. */
static void steer(struct web_conn *c)
{
    bool full = c->stalled || (c->state == WEB_LIVE && web_pump_full(c->live));
    bool read = c->state != WEB_WAIT && c->state != WEB_SEND && !full;
    (void)lws_rx_flow_control(c->wsi, read ? 1 : 0);
}

static int ended(struct web_conn *c)
{
    if (c->listener->door != HTTP_DOOR_ADMIN)
        tls_peer_bye(lws_get_ssl(c->wsi));
    return -1;
}

static void on_close(struct web_conn *c)
{
    if (c->state == WEB_HANDSHAKE && c->listener->door != HTTP_DOOR_ADMIN && !tls_peer_ready(lws_get_ssl(c->wsi)))
        web_refuse(c->listener, WEB_REFUSED_TLS, c->peer.source, NULL);
    c->wsi = NULL;
    web_conn_free(c);
}

static int on_context(struct lws *wsi, void *ssl_ctx, struct lws_vhost *vhost)
{
    struct web *web = lws_context_user(lws_get_context(wsi));
    struct web_listener *l = lws_vhost_user(vhost);
    const char *ca = l->door == HTTP_DOOR_DEVICES ? web->client_ca_path : NULL;
    return tls_peer_context(ssl_ctx, ca, &web->tls_err) ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct web_conn *c;
    switch ((int)reason) { /* libwebsockets has a hundred more */
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        return on_context(wsi, user, in);
    case LWS_CALLBACK_RAW_ADOPT:
        c = lws_get_opaque_user_data(wsi);
        c->wsi = wsi;
        return 0;
    case LWS_CALLBACK_RAW_RX:
        c = lws_get_opaque_user_data(wsi);
        if (!on_read(c, gw_view_make(in, len)))
            return ended(c);
        steer(c);
        return 0;
    case LWS_CALLBACK_RAW_WRITEABLE:
        c = lws_get_opaque_user_data(wsi);
        if (!on_writable(c))
            return ended(c);
        steer(c);
        return 0;
    case LWS_CALLBACK_RAW_CLOSE:
        c = lws_get_opaque_user_data(wsi);
        if (c) {
            c->wsi = wsi; /* adoption may fail before RAW_ADOPT */
            on_close(c);
            lws_set_opaque_user_data(wsi, NULL);
        }
        return 0;
    }
    return 0;
}

const struct lws_protocols web_protocols[] = {
    {.name = "gatehouse", .callback = on_event},
    {.name = NULL},
};
