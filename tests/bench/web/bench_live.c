/*
 * From an update to the pages that show it, without the hub: a server sends one message to every page over wss, and the
 * pages, on the same machine and in the same process, note when each has it. First bare libwebsockets, then the server
 * of the operators' door, in turns. Figures are printed, nothing is judged.
 *
 *     bench_live [PAGES [UPDATES [ROUNDS]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_num.h"
#include "live_server.h"
#include "web_client.h"
#include "web_pki.h"

#define WAIT_MS  10000
#define PAUSE_US 50000 /* as people's eyes want it; the machine is idle in between */
#define HEAD     4     /* bytes of a frame of LIVE_TEXT */

static struct web_client pages[LIVE_PAGES_MAX];
static double *delays_ms;
static size_t delay_count;

void live_die(const char *what)
{
    fprintf(stderr, "bench_live: %s\n", what);
    exit(1);
}

double live_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void live_text(char text[LIVE_TEXT + 1])
{
    int n = snprintf(text, LIVE_TEXT + 1, "%.6f ", live_now_ms());
    memset(text + n, 'x', LIVE_TEXT - (size_t)n);
    text[LIVE_TEXT] = '\0';
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
        live_die("a page was not let in");
    web_answer_seen_done(&a);
}

/* One whole message has come: how long ago it was sent. */
static void take(struct web_client *c)
{
    double now = live_now_ms();
    char text[LIVE_TEXT + 1];
    if (!web_client_more(c))
        live_die("a page was cut off");
    if (c->rx.len < HEAD + LIVE_TEXT)
        return;
    memcpy(text, c->rx.ptr + HEAD, LIVE_TEXT);
    text[LIVE_TEXT] = '\0';
    delays_ms[delay_count++] = now - strtod(text, NULL);
    gw_buf_drop(&c->rx, HEAD + LIVE_TEXT);
}

static void one_update(const struct live_server *server, int epoll, size_t count)
{
    size_t want = delay_count + count;
    server->cue();
    while (delay_count < want) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, WAIT_MS);
        if (n <= 0)
            live_die("not every page has the update");
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
        live_die("usage: bench_live [PAGES [UPDATES [ROUNDS]]]");
    return n;
}

static void measure(const struct live_server *server, size_t count, size_t updates)
{
    GW_CLOSE int epoll = epoll_create1(EPOLL_CLOEXEC);
    uint16_t port = server->start();
    delays_ms = gw_xalloc(count * updates, sizeof(*delays_ms));
    double began = live_now_ms();
    for (size_t i = 0; i < count; i++) {
        join(&pages[i], port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &pages[i]};
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, pages[i].fd, &event);
    }
    double joined = live_now_ms() - began;
    for (size_t i = 0; i < updates; i++) {
        (void)usleep(PAUSE_US);
        one_update(server, epoll, count);
    }
    qsort(delays_ms, delay_count, sizeof(*delays_ms), by_size);
    printf("live: %s: an update of %d bytes to %zu pages, %zu times: median %.2f ms, p99 %.2f ms, max %.2f ms; %.0f "
           "joined a second, one after the other\n",
           server->name, LIVE_TEXT, count, updates, delays_ms[delay_count / 2], delays_ms[delay_count * 99 / 100],
           delays_ms[delay_count - 1], (double)count * 1000 / joined);
    (void)fflush(stdout);
    server->stop();
    for (size_t i = 0; i < count; i++)
        web_client_done(&pages[i]);
    free(delays_ms);
}

/* In a process of its own: libwebsockets keeps what it was told of a process. */
static void measure_apart(const struct live_server *server, size_t count, size_t updates)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        measure(server, count, updates);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        live_die(server->name);
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? number(argv[1], LIVE_PAGES_MAX) : 200;
    size_t updates = argc > 2 ? number(argv[2], 100000) : 200;
    size_t rounds = argc > 3 ? number(argv[3], 100) : 3;
    struct rlimit limit;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    (void)web_pki(); /* made once */
    for (size_t i = 0; i < rounds; i++) {
        measure_apart(&live_server_bare, count, updates);
        measure_apart(&live_server_gateway, count, updates);
    }
    return 0;
}
