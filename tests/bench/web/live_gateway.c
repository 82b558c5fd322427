/* The server of the operators' door, with a route that lets everyone in. */
#include <pthread.h>
#include <sys/resource.h>

#include "live_server.h"
#include "web.h"
#include "web_pki.h"

static struct {
    struct web *web;
    struct ws_port port;
    struct ws_conn *conns[LIVE_PAGES_MAX];
    size_t count;
    bool cue; /* guarded by lock: send one update at the next tick */
    pthread_mutex_t lock;
} room = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum gw_rc on_open(void *ctx, const struct http_request *request, struct ws_conn *conn, void **ret_session,
                          struct gw_err *err)
{
    (void)ctx;
    (void)request;
    (void)err;
    room.conns[room.count++] = conn;
    *ret_session = conn;
    return GW_OK;
}

static void on_message(void *session, struct gw_view text)
{
    (void)session;
    (void)text;
}

static void on_done(void *session)
{
    (void)session;
}

static void on_tick(void *ctx, struct gw_wall now)
{
    (void)ctx;
    (void)now;
    (void)pthread_mutex_lock(&room.lock);
    bool cue = room.cue;
    room.cue = false;
    (void)pthread_mutex_unlock(&room.lock);
    if (!cue)
        return;
    char text[LIVE_TEXT + 1];
    live_text(text);
    for (size_t i = 0; i < room.count; i++)
        if (room.port.send(room.port.self, room.conns[i], gw_view_make(text, LIVE_TEXT)))
            live_die("a message was turned away");
}

static const struct ws_route route = {.doors = HTTP_DOOR_OPERATORS,
                                      .path = "/live",
                                      .subprotocol = "gw.v1",
                                      .open = on_open,
                                      .message = on_message,
                                      .drained = on_done,
                                      .closed = on_done,
                                      .tick = on_tick};

static uint16_t start(void)
{
    static const char *const hosts[] = {"localhost"};
    const struct web_pki *pki = web_pki();
    struct gw_err err = {.rc = GW_OK};
    struct web_config config = {.live_routes = &route,
                                .live_route_count = 1,
                                /* the pages answer no pings */
                                .live = {.source_conns_max = LIVE_PAGES_MAX, .ping_s = 3000, .pong_s = 6000},
                                .operators = {.address = "127.0.0.1",
                                              .cert_path = pki->server_cert,
                                              .key_path = pki->server_key,
                                              .hosts = hosts,
                                              .host_count = 1,
                                              .source_conns_max = WEB_OPERATORS_CONNS},
                                .doors_open = HTTP_DOOR_OPERATORS};
    if (web_new(&config, &room.web, &err))
        live_die(err.text);
    room.port = web_ws_port(room.web);
    if (web_start(room.web, &err))
        live_die(err.text);
    return web_port(room.web, HTTP_DOOR_OPERATORS);
}

static void cue(void)
{
    (void)pthread_mutex_lock(&room.lock);
    room.cue = true;
    (void)pthread_mutex_unlock(&room.lock);
    room.port.wake(room.port.self);
}

static void stop(void)
{
    web_free(room.web);
}

const struct live_server live_server_gateway = {"the gateway's web server", start, cue, stop};
