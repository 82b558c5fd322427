/*
 * From an update to the pages that show it: the server of the operators' door sends one message to every page over wss,
 * and the pages, on the same machine and in the same process, note when each has it. Figures are printed, nothing is
 * judged.
 *
 *     bench_live [PAGES [UPDATES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_test.h"
#include "web.h"
#include "web_client.h"
#include "web_pki.h"

#define PAGES_MAX WEB_LIVE_MAX
#define TEXT      260 /* bytes of an update, as one row of devices has */
#define WAIT_MS   10000

static struct {
    struct ws_port port;
    struct ws_conn *conns[PAGES_MAX];
    size_t count;
    bool cue; /* guarded by lock: send one update at the next tick */
    pthread_mutex_t lock;
} room = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct web_client pages[PAGES_MAX];
static double *delays_ms;
static size_t delay_count;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench_live: %s\n", what);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

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
    char text[TEXT + 1];
    int n = snprintf(text, sizeof(text), "%.6f ", now_ms());
    memset(text + n, 'x', sizeof(text) - (size_t)n);
    for (size_t i = 0; i < room.count; i++)
        if (room.port.send(room.port.self, room.conns[i], gw_view_make(text, TEXT)))
            die("a message was turned away");
}

static const struct ws_route route = {.doors = HTTP_DOOR_OPERATORS,
                                      .path = "/live",
                                      .subprotocol = "gw.v1",
                                      .open = on_open,
                                      .message = on_message,
                                      .drained = on_done,
                                      .closed = on_done,
                                      .tick = on_tick};

static struct web *start(void)
{
    static const char *const hosts[] = {"localhost"};
    const struct web_pki *pki = web_pki();
    struct gw_err err = {.rc = GW_OK};
    struct web *web = NULL;
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    struct web_config config = {.live_routes = &route,
                                .live_route_count = 1,
                                /* the pages answer no pings */
                                .live = {.source_conns_max = PAGES_MAX, .ping_s = 3000, .pong_s = 6000},
                                .operators = {.address = "127.0.0.1",
                                              .cert_path = pki->server_cert,
                                              .key_path = pki->server_key,
                                              .hosts = hosts,
                                              .host_count = 1,
                                              .source_conns_max = WEB_OPERATORS_CONNS},
                                .doors_open = HTTP_DOOR_OPERATORS};
    if (web_new(&config, &web, &err))
        die(err.text);
    room.port = web_ws_port(web);
    if (web_start(web, &err))
        die(err.text);
    return web;
}

static void join(struct web_client *c, uint16_t port)
{
    char text[512];
    struct web_answer_seen a;
    (void)snprintf(text, sizeof(text),
                   "GET /live HTTP/1.1\r\nhost: localhost:%u\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
                   "sec-websocket-protocol: gw.v1\r\n\r\n",
                   (unsigned)port);
    if (!web_client_open(c, port, NULL) || web_client_ask(c, text, &a) != 101)
        die("a page was not let in");
    web_answer_seen_done(&a);
}

/* One whole message of TEXT bytes has come (head of four bytes): how long ago it was sent. */
static void take(struct web_client *c)
{
    double now = now_ms();
    char text[TEXT + 1];
    if (!web_client_more(c))
        die("a page was cut off");
    if (c->rx.len < 4 + TEXT)
        return;
    memcpy(text, c->rx.ptr + 4, TEXT);
    text[TEXT] = '\0';
    delays_ms[delay_count++] = now - strtod(text, NULL);
    gw_buf_drop(&c->rx, 4 + TEXT);
}

static void one_update(int epoll, size_t count)
{
    size_t want = delay_count + count;
    (void)pthread_mutex_lock(&room.lock);
    room.cue = true;
    (void)pthread_mutex_unlock(&room.lock);
    room.port.wake(room.port.self);
    while (delay_count < want) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, WAIT_MS);
        if (n <= 0)
            die("not every page has the update");
        for (int i = 0; i < n; i++)
            take(events[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t number(const char *text, uint64_t max)
{
    uint64_t n = 0;
    if (gw_parse_u64(gw_view_str(text), max, &n) || n == 0)
        die("usage: bench_live [PAGES [UPDATES]]");
    return n;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? number(argv[1], PAGES_MAX) : 200;
    size_t updates = argc > 2 ? number(argv[2], 100000) : 100;
    struct web *web = start();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    delays_ms = gw_xalloc(count * updates, sizeof(*delays_ms));
    double began = now_ms();
    for (size_t i = 0; i < count; i++) {
        join(&pages[i], web_port(web, HTTP_DOOR_OPERATORS));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &pages[i]};
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, pages[i].fd, &event);
    }
    double joined = now_ms() - began;
    for (size_t i = 0; i < updates; i++) {
        one_update(epoll, count);
        (void)usleep(50000); /* as people's eyes want it; the machine is idle in between */
    }
    qsort(delays_ms, delay_count, sizeof(*delays_ms), by_size);
    printf("live: an update of %d bytes to %zu pages, %zu times, %zu deliveries: median %.2f ms, p99 %.2f ms, max "
           "%.2f ms; %.0f joined a second, one after the other\n",
           TEXT, count, updates, delay_count, delays_ms[delay_count / 2], delays_ms[delay_count * 99 / 100],
           delays_ms[delay_count - 1], (double)count * 1000 / joined);
    web_free(web);
    for (size_t i = 0; i < count; i++)
        web_client_done(&pages[i]);
    (void)close(epoll);
    free(delays_ms);
    return 0;
}
