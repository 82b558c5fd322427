/* Bodies that are handed on as they come. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"
#include "web_sink.h"

#define PIECE ((size_t)1 << 20)
#define GIB   ((uint64_t)1 << 30)

static struct web_fixture f;
static uint8_t zeros[PIECE];

static void setup(void)
{
    web_fixture_start(&f, NULL);
}

/* A connection on which the head of POST /stream has been sent. over_tls: the operators' door, else the admin's. */
static struct web_client begin(bool over_tls, uint64_t length, const char *extra)
{
    struct web_client c;
    char lines[128];
    (void)snprintf(lines, sizeof(lines), "content-length: %llu\r\n%s", (unsigned long long)length, extra);
    bool open = over_tls ? web_client_open(&c, f.operators, NULL) : web_client_unix(&c, f.admin_path);
    CU_ASSERT_TRUE_FATAL(open);
    CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.operators, "POST", "/stream", lines)));
    return c;
}

static int answer_of(struct web_client *c, char *body, size_t size)
{
    struct web_answer_seen a;
    web_client_read(c, false, &a);
    (void)snprintf(body, size, "%s", gw_buf_str(&a.body));
    int status = a.status;
    web_answer_seen_done(&a);
    return status;
}

static void hands_on_a_body_over_both_kinds_of_door(void)
{
    setup();
    for (int over_tls = 0; over_tls < 2; over_tls++) {
        char body[32];
        struct web_client c = begin(over_tls, 5 * PIECE, "");
        for (int i = 0; i < 5; i++)
            CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, PIECE));
        CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
        CU_ASSERT_STRING_EQUAL(body, "5242880");
        CU_ASSERT_EQUAL(web_sink_seen().length, 5 * (int64_t)PIECE);
        /* the connection lives on */
        struct web_answer_seen a;
        CU_ASSERT_EQUAL(web_client_ask(&c, web_fixture_text(f.operators, "GET", "/hello", ""), &a), 200);
        web_answer_seen_done(&a);
        web_client_done(&c);
    }
    CU_ASSERT_EQUAL(web_sink_seen().ended, 2);
    CU_ASSERT_EQUAL(web_sink_seen().aborted, 0);
    web_fixture_stop(&f);
}

static void hands_on_an_empty_body(void)
{
    setup();
    char body[32];
    struct web_client c = begin(true, 0, "");
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
    CU_ASSERT_STRING_EQUAL(body, "0");
    web_client_done(&c);
    web_fixture_stop(&f);
}

static bool writable(int fd, int wait_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, wait_ms) > 0 && (p.revents & POLLOUT);
}

static void stops_reading_while_the_sink_is_full_and_goes_on_after(void)
{
    setup();
    const uint64_t total = 64 * PIECE;
    uint64_t sent = 0;
    char body[32];
    web_sink_room(100000);
    struct web_client c = begin(false, total, "");
    CU_ASSERT_EQUAL(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
    while (writable(c.fd, 300)) {
        ssize_t n = write(c.fd, zeros, PIECE);
        CU_ASSERT_FATAL(n > 0);
        sent += (uint64_t)n;
    }
    CU_ASSERT(sent < 4 * PIECE); /* sockets' buffers and one read: nobody collects the rest */
    CU_ASSERT_EQUAL(web_sink_seen().bytes, 100000);
    CU_ASSERT_EQUAL(web_sink_seen().ended, 0);
    web_sink_room(UINT64_MAX);
    CU_ASSERT_EQUAL(fcntl(c.fd, F_SETFL, 0), 0);
    while (sent < total) {
        size_t n = total - sent < PIECE ? (size_t)(total - sent) : PIECE;
        CU_ASSERT_TRUE_FATAL(web_client_send_bytes(&c, zeros, n));
        sent += n;
    }
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
    CU_ASSERT_STRING_EQUAL(body, "67108864");
    CU_ASSERT_TRUE(web_sink_seen().all_zero);
    web_client_done(&c);
    web_fixture_stop(&f);
}

/* What the sink leaves of one TLS record is offered again although nothing more comes from the network. */
static void offers_the_rest_again_when_all_has_been_read(void)
{
    setup();
    char body[32];
    web_sink_room(1);
    struct web_client c = begin(true, 30000, "");
    CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, 30000));
    for (uint64_t room = 1; room < 30000; room += 1000) {
        CU_ASSERT_TRUE(web_sink_await_bytes(room));
        CU_ASSERT_EQUAL(web_sink_seen().bytes, room);
        web_sink_room(room + 1000);
    }
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
    CU_ASSERT_STRING_EQUAL(body, "30000");
    web_client_done(&c);
    web_fixture_stop(&f);
}

static void tells_the_sink_when_the_client_goes(void)
{
    setup();
    for (int full = 0; full < 2; full++) {
        web_sink_room(full ? 1000 : UINT64_MAX);
        struct web_client c = begin(true, 10 * PIECE, "");
        CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, 5000));
        CU_ASSERT_TRUE(web_sink_await_bytes(full ? 1000 : 5000));
        web_client_done(&c);
        if (full) /* a socket that is not read tells nothing of its end */
            web_sink_room(UINT64_MAX);
        CU_ASSERT_TRUE(web_sink_await_aborted(full + 1));
    }
    CU_ASSERT_EQUAL(web_sink_seen().ended, 0);
    web_fixture_stop(&f);
}

static void tells_the_sink_when_the_server_stops(void)
{
    setup();
    struct web_client c = begin(true, 10 * PIECE, "");
    CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, 5000));
    CU_ASSERT_TRUE(web_sink_await_bytes(5000));
    web_fixture_stop(&f);
    CU_ASSERT_EQUAL(web_sink_seen().aborted, 1);
    CU_ASSERT_EQUAL(web_sink_seen().ended, 0);
    web_client_done(&c);
}

static void lets_the_answer_overtake_the_body(void)
{
    setup();
    char body[32];
    web_sink_room(1000);
    struct web_client c = begin(true, 10 * PIECE, "");
    CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, 200000));
    CU_ASSERT_TRUE(web_sink_await_bytes(1000));
    web_sink_answer(409);
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 409);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    CU_ASSERT_EQUAL(web_sink_seen().aborted, 1);
    CU_ASSERT_EQUAL(web_sink_seen().ended, 0);
    web_client_done(&c);
    web_fixture_stop(&f);
}

static int refused(uint64_t length, const char *extra)
{
    char body[256];
    struct web_client c = begin(true, length, extra);
    int status = answer_of(&c, body, sizeof(body));
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
    return status;
}

static void says_no_before_the_body_comes(void)
{
    setup();
    CU_ASSERT_EQUAL(refused(WEB_TEST_STREAM_MAX + 1, "expect: 100-continue\r\n"), 413);
    web_sink_refuse(GW_AGAIN);
    CU_ASSERT_EQUAL(refused(1000, "expect: 100-continue\r\n"), 503);
    web_sink_refuse(GW_CANCELLED);
    CU_ASSERT_EQUAL(refused(1000, "expect: 100-continue\r\n"), 401);
    web_sink_refuse(GW_OK);
    CU_ASSERT_EQUAL(web_sink_seen().opened, 0);
    char body[32];
    struct web_client c = begin(true, 1000, "expect: 100-continue\r\n");
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 100);
    CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, 1000));
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
    web_client_done(&c);
    web_fixture_stop(&f);
}

static void limits_how_many_come_at_once(void)
{
    setup();
    struct web_client c[WEB_STREAMS_MAX];
    for (int i = 0; i < WEB_STREAMS_MAX; i++) {
        c[i] = begin(false, 1000, "");
        CU_ASSERT_TRUE(web_client_send_bytes(&c[i], zeros, 500));
        CU_ASSERT_TRUE(web_sink_await_bytes(500));
    }
    CU_ASSERT_EQUAL(refused(1000, ""), 503);
    web_client_done(&c[0]);
    CU_ASSERT_TRUE(web_sink_await_aborted(1));
    char body[32];
    c[0] = begin(false, 1000, "");
    CU_ASSERT_TRUE(web_client_send_bytes(&c[0], zeros, 1000));
    CU_ASSERT_EQUAL(answer_of(&c[0], body, sizeof(body)), 200);
    for (int i = 0; i < WEB_STREAMS_MAX; i++)
        web_client_done(&c[i]);
    web_fixture_stop(&f);
}

static long rss_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (file)
        (void)fclose(file);
    return kib;
}

/* What may be added while a gibibyte goes by. AddressSanitizer keeps 256 MiB of freed memory back,
 * and its marks beside it: 350 MiB were measured. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX_KIB (512 * 1024)
#else
#define GROWTH_MAX_KIB 4096
#endif

static void takes_a_gibibyte_in_flat_memory(void)
{
    setup();
    char body[32];
    struct web_client c = begin(true, GIB, "");
    CU_ASSERT_TRUE(web_client_send_bytes(&c, zeros, PIECE));
    CU_ASSERT_TRUE(web_sink_await_bytes(PIECE));
    long before = rss_kib();
    for (uint64_t sent = PIECE; sent < GIB; sent += PIECE)
        CU_ASSERT_TRUE_FATAL(web_client_send_bytes(&c, zeros, PIECE));
    CU_ASSERT_EQUAL(answer_of(&c, body, sizeof(body)), 200);
    CU_ASSERT_STRING_EQUAL(body, "1073741824");
    CU_ASSERT(before > 0 && rss_kib() - before < GROWTH_MAX_KIB);
    web_client_done(&c);
    web_fixture_stop(&f);
}

static const struct gw_test_case cases[] = {
    {"hands on a body over TLS and over the admin socket", hands_on_a_body_over_both_kinds_of_door},
    {"hands on an empty body", hands_on_an_empty_body},
    {"stops reading while the sink is full and goes on after", stops_reading_while_the_sink_is_full_and_goes_on_after},
    {"offers the rest again when all has been read", offers_the_rest_again_when_all_has_been_read},
    {"tells the sink when the client goes", tells_the_sink_when_the_client_goes},
    {"tells the sink when the server stops", tells_the_sink_when_the_server_stops},
    {"lets the answer overtake the body", lets_the_answer_overtake_the_body},
    {"says no before the body comes", says_no_before_the_body_comes},
    {"limits how many come at once", limits_how_many_come_at_once},
    {"takes a gibibyte in flat memory", takes_a_gibibyte_in_flat_memory},
};

int main(void)
{
    return GW_TEST_RUN("web stream", cases);
}
