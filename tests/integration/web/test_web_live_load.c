/* WebSockets when there are many, when they are slow or silent, and when the door closes. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_log.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"
#include "web_room.h"
#include "web_ws.h"

#define MANY  200
#define CHURN 25

static struct web_fixture f;

static void start(const struct web_fixture_options *options)
{
    web_fixture_start(&f, options);
}

static void stop(void)
{
    web_fixture_stop(&f);
    struct web_room_seen s = web_room_seen();
    CU_ASSERT_EQUAL(s.opened, s.closed);
    CU_ASSERT_EQUAL(s.wrong, 0);
}

static struct web_client joined(const char *cookie)
{
    struct web_client c;
    CU_ASSERT_TRUE_FATAL(web_ws_open(&c, f.operators, cookie));
    return c;
}

static void one_message_reaches_200_clients(void)
{
    static struct web_client c[MANY];
    start(&(struct web_fixture_options){.live = {.source_conns_max = MANY}});
    for (int i = 0; i < MANY; i++)
        c[i] = joined("x");
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live, MANY);
    for (int round = 0; round < 5; round++) {
        CU_ASSERT_TRUE(web_ws_say(&c[round], "all hear this"));
        for (int i = 0; i < MANY; i++)
            CU_ASSERT_TRUE(web_ws_hears(&c[i], "hear this"));
    }
    for (int i = 0; i < MANY; i++)
        web_client_done(&c[i]);
    stop();
}

static int status_on(struct web_client *c)
{
    struct web_answer_seen a;
    CU_ASSERT_TRUE_FATAL(web_client_open(c, f.operators, NULL));
    int status = web_client_ask(c, web_ws_head(f.operators, "x"), &a);
    web_answer_seen_done(&a);
    return status;
}

static bool one_is_left(void *ctx)
{
    (void)ctx;
    return web_fixture_stats(&f).live == 1;
}

static void ceilings_answer_503_and_429(void)
{
    struct web_client c[4];
    start(&(struct web_fixture_options){.live = {.conns_max = 2}});
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(status_on(&c[i]), i < 2 ? 101 : 503);
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live_refused, 1);
    web_client_done(&c[0]);
    CU_ASSERT_TRUE(gw_await(one_is_left, NULL, 10000));
    CU_ASSERT_EQUAL(status_on(&c[3]), 101);
    for (int i = 1; i < 4; i++)
        web_client_done(&c[i]);
    stop();
    start(&(struct web_fixture_options){.live = {.source_conns_max = 1}});
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(status_on(&c[i]), i < 1 ? 101 : 429);
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live_refused, 1);
    for (int i = 0; i < 2; i++)
        web_client_done(&c[i]);
    stop();
}

static bool four_are_there(void *ctx)
{
    (void)ctx;
    return web_fixture_stats(&f).connections == 4;
}

/* The door is full, and only what is half open gives way to one more. */
static void live_connections_do_not_give_way(void)
{
    struct web_client live[2];
    struct web_client half[2];
    struct web_client late;
    struct web_answer_seen a;
    start(&(struct web_fixture_options){.conns_max = 4, .source_conns_max = 4});
    for (int i = 0; i < 2; i++)
        live[i] = joined("x");
    for (int i = 0; i < 2; i++)
        CU_ASSERT_TRUE_FATAL(web_client_tcp(&half[i], f.operators, 0));
    CU_ASSERT_TRUE(gw_await(four_are_there, NULL, 10000));
    /* it finds room, and may ask, but half of the door is live already */
    CU_ASSERT_EQUAL(status_on(&late), 503);
    CU_ASSERT_TRUE(web_client_closed(&half[0], 5000));
    CU_ASSERT_EQUAL(web_client_ask(&late, web_fixture_text(f.operators, "GET", "/hello", ""), &a), 200);
    web_answer_seen_done(&a);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(web_ws_say(&live[i], "here"));
        CU_ASSERT_TRUE(web_ws_hears(&live[i], "here"));
        web_client_done(&live[i]);
        web_client_done(&half[i]);
    }
    web_client_done(&late);
    stop();
}

/* Reads `count` texts of `size` bytes of x. */
static bool hears_many(struct web_client *c, int count, size_t size)
{
    bool good = true;
    for (int i = 0; i < count && good; i++) {
        struct web_ws_frame frame;
        web_ws_read(c, &frame);
        good = frame.opcode == WS_TEXT && frame.data.len == size && frame.data.ptr[0] == 'x';
        web_ws_frame_done(&frame);
    }
    return good;
}

/* What was turned away is not followed by anything: all that was taken comes, and then the queue is empty. */
static bool hears_all(struct web_client *c, int before)
{
    bool good = true;
    while (good && web_room_seen().drained == before)
        good = hears_many(c, 1, 60000);
    return good;
}

/* Reads frames until a text that says `text`. */
static bool hears_at_last(struct web_client *c, const char *text)
{
    for (;;) {
        struct web_ws_frame frame;
        web_ws_read(c, &frame);
        bool same = gw_view_eq_str(gw_buf_view(&frame.data), text);
        web_ws_frame_done(&frame);
        if (same || frame.opcode < 0)
            return same;
    }
}

static void a_slow_reader_meets_the_queue_ceiling_and_others_go_on(void)
{
    struct web_client slow;
    start(NULL);
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&slow, f.operators, 4096));
    CU_ASSERT_TRUE_FATAL(web_client_tls(&slow, &(struct web_client_tls){.cert = NULL}));
    CU_ASSERT_TRUE_FATAL(web_ws_upgrade(&slow, f.operators, "x"));
    struct web_client other = joined("x");
    CU_ASSERT_TRUE(web_ws_say(&other, "go on"));
    CU_ASSERT_TRUE(web_ws_hears(&other, "go on"));
    int before = web_room_seen().drained;
    CU_ASSERT_TRUE_FATAL(web_ws_say(&slow, "fill 60000"));
    CU_ASSERT_TRUE(hears_many(&slow, WS_QUEUE_MAX / 60000, 60000));
    CU_ASSERT_TRUE(hears_all(&slow, before));
    CU_ASSERT_EQUAL(web_room_seen().full, 1);
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live_full, 1);
    CU_ASSERT_TRUE(web_ws_say(&other, "go on"));
    CU_ASSERT_TRUE(web_ws_hears(&other, "go on"));
    CU_ASSERT_TRUE(web_ws_say(&slow, "awake"));
    CU_ASSERT_TRUE(hears_at_last(&slow, "awake"));
    web_client_done(&slow);
    web_client_done(&other);
    stop();
}

static bool is_full(void *ctx)
{
    (void)ctx;
    return web_room_seen().full > 0;
}

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* It asks for more than all buffers on the way hold and reads nothing. The others go on, the gateway does not spin on
 * it while it sends, and when it reads at last nothing is lost. */
static void a_reader_that_stops_waits_and_harms_nobody(void)
{
    struct web_client slow;
    start(&(struct web_fixture_options){.live = {.ping_s = 1}});
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&slow, f.operators, 4096));
    CU_ASSERT_TRUE_FATAL(web_client_tls(&slow, &(struct web_client_tls){.cert = NULL}));
    CU_ASSERT_TRUE_FATAL(web_ws_upgrade(&slow, f.operators, "x"));
    struct web_client other = joined("x");
    for (int i = 0; i < 100; i++)
        CU_ASSERT_TRUE_FATAL(web_ws_say(&slow, "fill 60000"));
    CU_ASSERT_TRUE(gw_await(is_full, NULL, 10000));
    CU_ASSERT_TRUE(web_ws_say(&other, "go on"));
    CU_ASSERT_TRUE(web_ws_hears(&other, "go on"));
    CU_ASSERT_TRUE(web_ws_say(&slow, "awake"));
    double before = cpu_s();
    for (int i = 0; i < 2; i++) {
        struct web_ws_frame ping;
        web_ws_read(&other, &ping);
        CU_ASSERT_EQUAL(ping.opcode, WS_PING);
        CU_ASSERT_TRUE(web_ws_send(&other, WS_FIN | WS_PONG, "", 0));
        web_ws_frame_done(&ping);
    }
    CU_ASSERT_TRUE(cpu_s() - before < 1); /* of two seconds */
    CU_ASSERT_TRUE(hears_at_last(&slow, "awake"));
    web_client_done(&slow);
    web_client_done(&other);
    stop();
}

#define FLIPS 20

/* The texts of one round in their order, and its pong somewhere between them. */
static bool hears_round(struct web_client *c, const char *number)
{
    int texts = 0, pongs = 0;
    bool good = true;
    while (good && (texts <= FLIPS || pongs == 0)) {
        struct web_ws_frame frame;
        char want[16];
        web_ws_read(c, &frame);
        (void)snprintf(want, sizeof(want), "%d", texts);
        if (frame.opcode == WS_PONG)
            good = pongs++ == 0 && gw_view_eq_str(gw_buf_view(&frame.data), number);
        else if (texts++ < FLIPS)
            good = frame.opcode == WS_TEXT && gw_view_eq_str(gw_buf_view(&frame.data), want);
        else
            good = frame.opcode == WS_TEXT && frame.data.len == 60000;
        web_ws_frame_done(&frame);
    }
    return good;
}

/* Texts go past libwebsockets, pongs come from it: neither may land inside the other. */
static void pongs_and_texts_do_not_mix(void)
{
    start(NULL);
    struct web_client c = joined("x");
    char number[16];
    for (int i = 0; i < 200; i++) {
        (void)snprintf(number, sizeof(number), "%d", i);
        CU_ASSERT_TRUE_FATAL(web_ws_say(&c, "flip 20"));
        CU_ASSERT_TRUE_FATAL(web_ws_send(&c, WS_FIN | WS_PING, number, strlen(number)));
        CU_ASSERT_TRUE_FATAL(web_ws_say(&c, "size 60000"));
        CU_ASSERT_TRUE_FATAL(hears_round(&c, number));
    }
    web_client_done(&c);
    stop();
}

static void silent_clients_are_pinged_and_dropped(void)
{
    start(&(struct web_fixture_options){.live = {.ping_s = 1, .pong_s = 3}});
    struct web_client silent = joined("x");
    struct web_client awake = joined("x");
    struct web_ws_frame frame;
    for (int i = 0; i < 4; i++) {
        web_ws_read(&awake, &frame);
        CU_ASSERT_EQUAL(frame.opcode, WS_PING);
        CU_ASSERT_TRUE(web_ws_send(&awake, WS_FIN | WS_PONG, frame.data.ptr, frame.data.len));
        web_ws_frame_done(&frame);
    }
    CU_ASSERT_TRUE(web_client_closed(&silent, 10000));
    CU_ASSERT_TRUE(web_ws_say(&awake, "here"));
    CU_ASSERT_TRUE(web_ws_hears(&awake, "here"));
    web_client_done(&silent);
    web_client_done(&awake);
    stop();
}

static bool refuses(const struct ws_route *route, size_t count, struct web_live_limits limits)
{
    static const char *const hosts[] = {"localhost"};
    const struct web_pki *pki = web_pki();
    struct web_config config = {.live_routes = route,
                                .live_route_count = count,
                                .live = limits,
                                .operators = {.address = "127.0.0.1",
                                              .cert_path = pki->server_cert,
                                              .key_path = pki->server_key,
                                              .hosts = hosts,
                                              .host_count = 1}};
    struct gw_err err = {.rc = GW_OK};
    struct web *web = NULL;
    enum gw_rc rc = web_new(&config, &web, &err);
    web_free(web);
    return rc == GW_INVALID && err.text[0];
}

static void limits_and_routes_that_cannot_work_are_refused(void)
{
    struct ws_route route = web_room_route;
    CU_ASSERT_FALSE(refuses(&route, 1, (struct web_live_limits){0}));
    CU_ASSERT_TRUE(refuses(&route, 1, (struct web_live_limits){.conns_max = -1}));
    CU_ASSERT_TRUE(refuses(&route, 1, (struct web_live_limits){.ping_s = 60}));
    CU_ASSERT_TRUE(refuses(&route, 1, (struct web_live_limits){.ping_s = 5, .pong_s = 5}));
    CU_ASSERT_TRUE(refuses(&route, WEB_LIVE_ROUTES_MAX + 1, (struct web_live_limits){0}));
    route.drained = NULL;
    CU_ASSERT_TRUE(refuses(&route, 1, (struct web_live_limits){0}));
}

static bool has_ticked(void *ctx)
{
    return web_room_seen().ticks > *(int *)ctx;
}

static void ticks_come_while_there_are_connections_and_when_woken(void)
{
    start(NULL);
    int none = 0;
    struct ws_port port = web_ws_port(f.web);
    port.wake(port.self);
    CU_ASSERT_TRUE(gw_await(has_ticked, &none, 10000));
    CU_ASSERT_EQUAL(web_room_seen().ticks, 1);
    struct web_client c = joined("x");
    int some = web_room_seen().ticks + 3;
    CU_ASSERT_TRUE(gw_await(has_ticked, &some, 10000));
    web_client_done(&c);
    stop();
}

static bool none_left(void *ctx)
{
    (void)ctx;
    return web_fixture_stats(&f).live == 0;
}

static void a_door_that_closes_drops_them(void)
{
    start(NULL);
    struct web_client c = joined("x");
    web_doors_set(f.web, HTTP_DOOR_ADMIN);
    CU_ASSERT_TRUE(web_client_closed(&c, 10000));
    CU_ASSERT_TRUE(gw_await(none_left, NULL, 10000));
    CU_ASSERT_EQUAL(web_room_seen().closed, 1);
    web_client_done(&c);
    stop();
}

static void *hear_the_end(void *arg)
{
    struct web_client *c = arg;
    static _Thread_local int code;
    code = web_ws_code(c);
    return (void *)(intptr_t)code;
}

static void stopping_tells_everyone_1001(void)
{
    struct web_client c[3];
    pthread_t thread[2];
    start(NULL);
    for (int i = 0; i < 3; i++)
        c[i] = joined("x");
    for (int i = 0; i < 2; i++)
        (void)pthread_create(&thread[i], NULL, hear_the_end, &c[i]);
    stop(); /* the third does not answer: it does not hold up the rest for ever */
    for (int i = 0; i < 2; i++) {
        void *code = NULL;
        (void)pthread_join(thread[i], &code);
        CU_ASSERT_EQUAL((intptr_t)code, 1001);
    }
    CU_ASSERT_EQUAL(web_ws_code(&c[2]), 1001);
    for (int i = 0; i < 3; i++)
        web_client_done(&c[i]);
}

static _Atomic int churn_failed;

/* Comes, speaks to all, and goes in one of four ways. */
static void *churn(void *arg)
{
    int seed = (int)(intptr_t)arg;
    for (int i = 0; i < CHURN; i++) {
        struct web_client c;
        bool good = web_ws_open(&c, f.operators, "x") && web_ws_say(&c, "all hey");
        switch ((seed + i) % 4) {
        case 0:
            good = good && web_ws_hears(&c, "hey");
            break;
        case 1:
            good = good && web_ws_send(&c, WS_FIN | WS_CLOSE, "\x03\xe8", 2);
            break;
        case 2:
            good = good && web_ws_say(&c, "close 4000");
            break;
        case 3:
            good = good && web_ws_send(&c, WS_FIN | WS_TEXT | WS_UNMASKED, "x", 1);
            break;
        }
        if (!good)
            churn_failed++;
        web_client_done(&c);
    }
    return NULL;
}

static void wake_often(void)
{
    struct ws_port port = web_ws_port(f.web);
    for (int i = 0; i < 1000; i++)
        port.wake(port.self);
}

static void many_come_and_go_at_once(void)
{
    pthread_t thread[4];
    start(NULL);
    churn_failed = 0;
    for (intptr_t i = 0; i < 4; i++)
        (void)pthread_create(&thread[i], NULL, churn, (void *)i);
    wake_often();
    for (int i = 0; i < 4; i++)
        (void)pthread_join(thread[i], NULL);
    CU_ASSERT_EQUAL(churn_failed, 0);
    CU_ASSERT_TRUE(gw_await(none_left, NULL, 10000));
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live_opened, 4 * CHURN);
    stop();
}

static void the_log_holds_no_cookie_and_no_message(void)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/log", gw_test_dir());
    int saved = dup(STDERR_FILENO);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_TRUE_FATAL(saved >= 0 && to >= 0);
    (void)dup2(to, STDERR_FILENO);
    gw_log_init("test", GW_LOG_DEBUG);
    start(NULL);
    struct web_client c = joined("gw=cookie-secret");
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_TEXT, "message-secret\xff", 15));
    CU_ASSERT_EQUAL(web_ws_code(&c), 1007);
    web_client_done(&c);
    stop();
    gw_log(GW_LOG_WARN, "test", "the end");
    gw_log_init("test", GW_LOG_INFO);
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    (void)close(to);
    static char text[1 << 20];
    GW_FCLOSE FILE *file = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "the end"));
    CU_ASSERT_PTR_NULL(strstr(text, "secret"));
    CU_ASSERT_PTR_NULL(strstr(text, "6d 65 73 73")); /* "mess" in a dump */
}

static const struct gw_test_case cases[] = {
    {"one message reaches 200 clients", one_message_reaches_200_clients},
    {"ceilings answer 503 and 429", ceilings_answer_503_and_429},
    {"live connections do not give way", live_connections_do_not_give_way},
    {"a slow reader meets the queue's ceiling and others go on",
     a_slow_reader_meets_the_queue_ceiling_and_others_go_on},
    {"a reader that stops waits and harms nobody", a_reader_that_stops_waits_and_harms_nobody},
    {"pongs and texts do not mix", pongs_and_texts_do_not_mix},
    {"silent clients are pinged and dropped", silent_clients_are_pinged_and_dropped},
    {"limits and routes that cannot work are refused", limits_and_routes_that_cannot_work_are_refused},
    {"ticks come while there are connections and when woken", ticks_come_while_there_are_connections_and_when_woken},
    {"a door that closes drops them", a_door_that_closes_drops_them},
    {"stopping tells everyone 1001", stopping_tells_everyone_1001},
    {"many come and go at once", many_come_and_go_at_once},
    {"the log holds no cookie and no message", the_log_holds_no_cookie_and_no_message},
};

int main(void)
{
    return GW_TEST_RUN("web live load", cases);
}
