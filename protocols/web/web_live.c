/* A WebSocket's life: between libwebsockets' ws role and the route. */
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_utf8.h"
#include "web_internal.h"

#define GOING_AWAY  1001 /* RFC 6455 section 7.4.1 */
#define UNSUPPORTED 1003
#define NO_UTF8     1007
#define TOO_BIG     1009

static struct web *web_of(const struct ws_conn *live)
{
    return live->conn->listener->web;
}

static void drop_queue(struct ws_conn *live)
{
    while (!STAILQ_EMPTY(&live->queue)) {
        struct web_message *m = STAILQ_FIRST(&live->queue);
        STAILQ_REMOVE_HEAD(&live->queue, next);
        free(m);
    }
    live->queued = 0;
}

static void to_closing(struct ws_conn *live, enum web_live_state state)
{
    if (live->state < WEB_CLOSING)
        live->conn->deadline.ms = gw_mono_now().ms + WEB_LIVE_CLOSE_MS;
    live->state = state;
    drop_queue(live);
}

static void tell_closed(struct ws_conn *live)
{
    if (!live->taken)
        return;
    live->taken = false;
    live->route->closed(live->session);
}

/* libwebsockets' end is no more. What it has written is still on its way. */
static void gone(struct ws_conn *live, struct lws *wsi)
{
    lws_set_opaque_user_data(wsi, NULL);
    live->wsi = NULL;
    to_closing(live, WEB_GONE);
    tell_closed(live);
}

static int fail(struct ws_conn *live, struct lws *wsi, int code, const char *reason)
{
    to_closing(live, WEB_CLOSING);
    lws_close_reason(wsi, (enum lws_close_status)code, (unsigned char *)reason, strlen(reason));
    return -1;
}

static int on_receive(struct ws_conn *live, struct lws *wsi, struct gw_view bytes)
{
    static char text_only[] = "text only";
    static char too_long[] = "message too long";
    static char no_utf8[] = "not UTF-8";
    if (live->state != WEB_OPEN)
        return 0;
    if (lws_frame_is_binary(wsi))
        return fail(live, wsi, UNSUPPORTED, text_only);
    if (gw_buf_add_view(&live->message, bytes))
        return fail(live, wsi, TOO_BIG, too_long);
    if (!lws_is_final_fragment(wsi))
        return 0;
    if (!gw_utf8_valid(gw_buf_view(&live->message))) /* 4.1.6 misses a cut character before an empty last fragment */
        return fail(live, wsi, NO_UTF8, no_utf8);
    live->route->message(live->session, gw_buf_view(&live->message));
    gw_buf_wipe(&live->message); /* a quiet connection keeps no memory */
    return 0;
}

bool web_live_flush(struct ws_conn *live)
{
    struct web_message *m = STAILQ_FIRST(&live->queue);
    if (!m)
        return true;
    for (; m && live->state == WEB_OPEN && web_pump_ready(live); m = STAILQ_FIRST(&live->queue)) {
        STAILQ_REMOVE_HEAD(&live->queue, next);
        live->queued -= m->len;
        bool written = web_pump_message(live, gw_view_make(m->text, m->len));
        free(m);
        if (!written)
            return false;
    }
    if (STAILQ_EMPTY(&live->queue))
        live->route->drained(live->session);
    return true;
}

/* The closing handshake begins when a callback fails; not the one for writing, after which 4.1.6 with libuv closes
 * twice and sends nothing. */
static int on_timer(struct ws_conn *live, struct lws *wsi)
{
    if (!live->close_code)
        return 0;
    lws_close_reason(wsi, (enum lws_close_status)live->close_code, (unsigned char *)live->close_reason,
                     strlen(live->close_reason));
    live->close_code = 0;
    return -1;
}

static void close_soon(struct ws_conn *live)
{
    lws_set_timer_usecs(live->wsi, 1);
    lws_cancel_service(web_of(live)->context); /* lets it start its timers */
}

static int on_established(struct ws_conn *live, struct lws *wsi)
{
    live->wsi = wsi;
    if (live->state == WEB_OPENING) {
        live->state = WEB_OPEN;
        live->conn->deadline.ms = WEB_NEVER;
    }
    if (live->close_code)
        close_soon(live);
    return web_live_flush(live) ? 0 : -1; /* mostly the answer is still in the pair, and what waits follows it */
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct ws_conn *live;
    (void)user;
    switch ((int)reason) { /* libwebsockets has a hundred more */
    case LWS_CALLBACK_ESTABLISHED:
        live = lws_get_opaque_user_data(wsi);
        return live ? on_established(live, wsi) : -1;
    case LWS_CALLBACK_RECEIVE:
        live = lws_get_opaque_user_data(wsi);
        return live ? on_receive(live, wsi, gw_view_make(in, len)) : -1;
    case LWS_CALLBACK_TIMER:
        live = lws_get_opaque_user_data(wsi);
        return live ? on_timer(live, wsi) : 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        live = lws_get_opaque_user_data(wsi);
        if (live)
            to_closing(live, WEB_CLOSING);
        return 0;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
        live = lws_get_opaque_user_data(wsi);
        if (live)
            gone(live, wsi);
        return 0;
    case LWS_CALLBACK_HTTP:
        return -1;
    }
    return 0;
}

struct ws_conn *web_live_new(struct web_conn *c, const struct ws_route *route)
{
    struct web *web = c->listener->web;
    struct ws_conn *live = gw_xalloc(1, sizeof(*live));
    live->conn = c;
    live->route = route;
    live->state = WEB_OPENING;
    live->fd = -1;
    gw_buf_init(&live->message, WS_MESSAGE_MAX);
    STAILQ_INIT(&live->queue);
    c->live = live;
    web->live_count++;
    return live;
}

static void on_tick(uv_timer_t *timer)
{
    struct web *web = timer->data;
    web_live_tick(web);
    if (web->stopping && gw_mono_now().ms >= web->stop_at.ms)
        uv_stop(&web->loop);
}

void web_live_take(struct ws_conn *live, void *session)
{
    struct web *web = web_of(live);
    live->session = session;
    live->opened = true;
    live->taken = true;
    web_bump(&web->count.live_opened);
    web_bump(&web->count.live);
    if (!uv_is_active((uv_handle_t *)&web->tick))
        (void)uv_timer_start(&web->tick, on_tick, WS_TICK_MS, WS_TICK_MS);
}

enum gw_rc web_live_begin(struct ws_conn *live, struct gw_view head)
{
    struct web_conn *c = live->conn;
    struct web *web = web_of(live);
    int theirs = -1;
    enum gw_rc rc = web_pump_begin(live, &theirs);
    if (rc)
        return rc;
    lws_adopt_desc_t info = {.vh = web->live_vhost, .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP, .opaque = live};
    info.fd.sockfd = theirs;
    live->wsi = lws_adopt_descriptor_vhost_via_info(&info); /* on failure it closes theirs */
    if (!live->wsi)
        return GW_IO;
    if (live->state == WEB_OPENING)
        c->deadline.ms = gw_mono_now().ms + WEB_HANDSHAKE_MS;
    c->state = WEB_LIVE;
    return web_pump_head(live, head) ? GW_OK : GW_IO;
}

void web_live_free(struct ws_conn *live)
{
    if (!live)
        return;
    struct web *web = web_of(live);
    tell_closed(live);
    live->conn->live = NULL;
    struct lws *wsi = live->wsi;
    if (wsi) {
        lws_set_opaque_user_data(wsi, NULL);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    }
    web_pump_end(live);
    drop_queue(live);
    gw_buf_done(&live->message);
    web->live_count--;
    if (live->opened)
        (void)atomic_fetch_sub_explicit(&web->count.live, 1, memory_order_relaxed);
    free(live);
    if (web->live_count == 0)
        (void)uv_timer_stop(&web->tick);
    if (web->live_count == 0 && web->stopping)
        uv_stop(&web->loop);
}

void web_live_close(struct ws_conn *live, int code, const char *reason)
{
    if (live->state >= WEB_CLOSING)
        return;
    bool open = live->state == WEB_OPEN;
    to_closing(live, WEB_CLOSING);
    live->close_code = code;
    (void)gw_utf8_clean(gw_view_str(reason), live->close_reason, sizeof(live->close_reason));
    if (open)
        close_soon(live);
}

void web_live_tick(struct web *web)
{
    for (size_t i = 0; i < web->live_route_count; i++)
        web->live_routes[i].tick(web->live_routes[i].ctx, gw_wall_now());
}

void web_live_stop(struct web *web)
{
    if (web->stopping)
        return;
    web->stopping = true;
    web->stop_at.ms = gw_mono_now().ms + WEB_LIVE_CLOSE_MS;
    for (size_t i = 0; i < web->listener_count; i++) {
        struct web_conn *next;
        web_listener_hush(&web->listeners[i]);
        for (struct web_conn *c = TAILQ_FIRST(&web->listeners[i].all); c; c = next) {
            next = TAILQ_NEXT(c, all);
            if (c->state == WEB_LIVE)
                web_live_close(c->live, GOING_AWAY, "the gateway stops");
            else
                web_conn_close(c);
        }
    }
    if (web->live_count == 0)
        uv_stop(&web->loop);
}

static enum gw_rc write_now(struct ws_conn *live, struct gw_view text)
{
    if (web_pump_message(live, text))
        return GW_OK;
    live->conn->deadline.ms = 0; /* by the sweep: whoever sends is in the middle of something */
    return GW_CANCELLED;
}

static enum gw_rc port_send(void *self, struct ws_conn *live, struct gw_view text)
{
    struct web *web = self;
    if (live->state >= WEB_CLOSING)
        return GW_CANCELLED;
    if (text.len == 0 || text.len > WS_MESSAGE_MAX)
        return text.len ? GW_TOO_BIG : GW_INVALID;
    if (live->state == WEB_OPEN && STAILQ_EMPTY(&live->queue) && web_pump_ready(live))
        return write_now(live, text);
    if (text.len > WS_QUEUE_MAX - live->queued) {
        web_bump(&web->count.live_full);
        return GW_AGAIN;
    }
    struct web_message *m = gw_xalloc(1, sizeof(*m) + text.len);
    m->len = text.len;
    memcpy(m->text, text.ptr, text.len);
    STAILQ_INSERT_TAIL(&live->queue, m, next);
    live->queued += m->len;
    return GW_OK;
}

static void port_close(void *self, struct ws_conn *live, int code, const char *reason)
{
    (void)self;
    web_live_close(live, code, reason);
}

struct ws_port web_ws_port(struct web *web)
{
    return (struct ws_port){.self = web, .send = port_send, .close = port_close, .wake = web_wake};
}

static enum gw_rc check_routes(const struct web_config *config, struct gw_err *err)
{
    if (config->live_route_count > WEB_LIVE_ROUTES_MAX)
        return gw_err_set(err, GW_INVALID, "more than %d live routes", WEB_LIVE_ROUTES_MAX);
    for (size_t i = 0; i < config->live_route_count; i++) {
        const struct ws_route *r = &config->live_routes[i];
        if (!r->doors || !r->path || r->path[0] != '/' || !r->subprotocol || !r->open || !r->message || !r->drained ||
            !r->closed || !r->tick || strlen(r->subprotocol) > WEB_LIVE_NAME_MAX)
            return gw_err_set(err, GW_INVALID, "live route %zu is not whole", i);
    }
    return GW_OK;
}

static enum gw_rc take_limits(struct web *web, const struct web_live_limits *limits, struct gw_err *err)
{
    web->live_max = limits->conns_max ? limits->conns_max : WEB_LIVE_MAX;
    web->live_source_max = limits->source_conns_max ? limits->source_conns_max : WEB_LIVE_SOURCE_MAX;
    web->live_pings = (lws_retry_bo_t){
        .secs_since_valid_ping = limits->ping_s ? limits->ping_s : WEB_LIVE_PING_S,
        .secs_since_valid_hangup = limits->pong_s ? limits->pong_s : WEB_LIVE_PONG_S,
    };
    if (web->live_max < 0 || web->live_source_max < 0 ||
        web->live_pings.secs_since_valid_hangup <= web->live_pings.secs_since_valid_ping)
        return gw_err_set(err, GW_INVALID, "live connections: a ceiling below 0, or no time for a pong");
    return GW_OK;
}

enum gw_rc web_live_init(struct web *web, const struct web_config *config, struct gw_err *err)
{
    enum gw_rc rc = check_routes(config, err);
    if (rc || config->live_route_count == 0)
        return rc;
    web->live_routes = config->live_routes;
    web->live_route_count = config->live_route_count;
    rc = take_limits(web, &config->live, err);
    if (rc)
        return rc;
    for (size_t i = 0; i <= web->live_route_count; i++)
        web->live_protocols[i] = (struct lws_protocols){
            .name = i ? web->live_routes[i - 1].subprotocol : "gatehouse-live",
            .callback = on_event,
            .rx_buffer_size = WEB_LIVE_RX,
            .tx_packet_size = WS_MESSAGE_MAX,
        };
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .vhost_name = WEB_LIVE_HOST,
        .protocols = web->live_protocols,
        .retry_and_idle_policy = &web->live_pings,
    };
    web->live_vhost = lws_create_vhost(web->context, &info);
    return web->live_vhost ? GW_OK : gw_err_set(err, GW_IO, "libwebsockets cannot make the live host");
}
