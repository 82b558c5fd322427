#include "web_room.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "gw_cleanup.h"
#include "gw_num.h"

struct guest {
    TAILQ_ENTRY(guest) next;
    struct ws_conn *conn;
    pthread_t thread;
};

static TAILQ_HEAD(, guest) guests = TAILQ_HEAD_INITIALIZER(guests);
static struct ws_port port;
static _Atomic int opened, closed, drained, ticks, full, wrong;

void web_room_reset(struct ws_port to)
{
    port = to;
    TAILQ_INIT(&guests);
    opened = closed = drained = ticks = full = wrong = 0;
}

struct web_room_seen web_room_seen(void)
{
    return (struct web_room_seen){opened, closed, drained, ticks, full, wrong};
}

static enum gw_rc say(struct guest *g, struct gw_view text)
{
    enum gw_rc rc = port.send(port.self, g->conn, text);
    if (rc == GW_AGAIN)
        full++;
    return rc;
}

static enum gw_rc on_open(void *ctx, const struct http_request *request, struct ws_conn *conn, void **ret_session,
                          struct gw_err *err)
{
    (void)ctx;
    if (gw_view_eq_str(request->cookie, "none"))
        return gw_err_set(err, GW_NOT_FOUND, "no session");
    if (gw_view_eq_str(request->cookie, "denied") || !gw_view_eq_str(request->origin, "https://localhost"))
        return gw_err_set(err, GW_DENIED, "not from here");
    if (gw_view_eq_str(request->cookie, "many"))
        return gw_err_set(err, GW_TOO_BIG, "too many of this session");
    if (gw_view_eq_str(request->cookie, "busy"))
        return gw_err_set(err, GW_AGAIN, "later");
    struct guest *g = gw_xalloc(1, sizeof(*g));
    g->conn = conn;
    g->thread = pthread_self();
    TAILQ_INSERT_TAIL(&guests, g, next);
    opened++;
    *ret_session = g;
    if (gw_view_eq_str(request->cookie, "early"))
        (void)say(g, GW_VIEW_LIT("welcome"));
    if (gw_view_eq_str(request->cookie, "leave"))
        port.close(port.self, conn, 4000, "leave");
    return GW_OK;
}

static void say_size(struct guest *g, uint64_t size)
{
    GW_FREE char *text = gw_xalloc(1, size + 1);
    memset(text, 'x', size);
    if (say(g, gw_view_make(text, size)) == GW_TOO_BIG)
        (void)say(g, GW_VIEW_LIT("too big"));
}

static void fill(struct guest *g, uint64_t size)
{
    GW_FREE char *text = gw_xalloc(1, size + 1);
    memset(text, 'x', size);
    while (say(g, gw_view_make(text, size)) == GW_OK)
        ;
}

static void flip(struct guest *g, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)i);
        (void)say(g, gw_view_make(text, (size_t)n));
    }
}

static void leave(struct guest *g, uint64_t code)
{
    port.close(port.self, g->conn, (int)code, "as you wish");
    if (say(g, GW_VIEW_LIT("too late")) != GW_CANCELLED)
        wrong++;
    port.close(port.self, g->conn, 1000, "twice");
}

static void on_message(void *session, struct gw_view text)
{
    struct guest *g = session;
    struct gw_view rest;
    struct gw_view verb = gw_view_cut(text, ' ', &rest);
    uint64_t n = 0;
    bool number = gw_parse_u64(rest, 100000000, &n) == GW_OK;
    struct guest *to;
    if (!pthread_equal(g->thread, pthread_self()))
        wrong++;
    if (gw_view_eq_str(verb, "all"))
        TAILQ_FOREACH(to, &guests, next)
    (void)say(to, rest);
    else if (gw_view_eq_str(verb, "close") && number) leave(g, n);
    else if (gw_view_eq_str(verb, "fill") && number) fill(g, n);
    else if (gw_view_eq_str(verb, "size") && number) say_size(g, n);
    else if (gw_view_eq_str(verb, "flip") && number) flip(g, n);
    else(void) say(g, text.len ? text : GW_VIEW_LIT("(empty)"));
}

static void on_drained(void *session)
{
    (void)session;
    drained++;
}

static void on_closed(void *session)
{
    struct guest *g = session;
    if (!pthread_equal(g->thread, pthread_self()))
        wrong++;
    TAILQ_REMOVE(&guests, g, next);
    closed++;
    free(g);
}

static void on_tick(void *ctx, struct gw_wall now)
{
    (void)ctx;
    ticks++;
    if (now.ms <= 0)
        wrong++;
}

const struct ws_route web_room_route = {
    .doors = 7,
    .path = WEB_ROOM_PATH,
    .subprotocol = "gw.v1",
    .open = on_open,
    .message = on_message,
    .drained = on_drained,
    .closed = on_closed,
    .tick = on_tick,
};
