#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"

/* pipelined requests of 1 KiB */
#define MANY 400

static struct web_fixture f;

static int ask(struct web_client *c, const char *method, const char *path, const char *extra,
               struct web_answer_seen *ret)
{
    return web_client_ask(c, web_fixture_text(f.operators, method, path, extra), ret);
}

static struct web_client open_operators(void)
{
    struct web_client c;
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.operators, NULL));
    return c;
}

static int status_of(const char *method, const char *path, const char *extra)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    int status = ask(&c, method, path, extra, &a);
    web_answer_seen_done(&a);
    web_client_done(&c);
    return status;
}

static void answers_a_get(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(ask(&c, "GET", "/hello", "", &a), 200);
    CU_ASSERT_TRUE(gw_view_eq_str(gw_buf_view(&a.body), "hello"));
    CU_ASSERT_PTR_NOT_NULL(web_answer_header(&a, "date"));
    CU_ASSERT_PTR_NULL(web_answer_header(&a, "server"));
    const char *csp = web_answer_header(&a, "content-security-policy");
    CU_ASSERT_TRUE(csp && strstr(csp, "require-trusted-types-for 'script'"));
    web_answer_seen_done(&a);
    /* the same connection again, HEAD this time */
    CU_ASSERT_EQUAL(ask(&c, "HEAD", "/hello", "", &a), 200);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-length"), "5");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/who/thing", "", &a), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&a.body), "item=thing"));
    web_answer_seen_done(&a);
    web_client_done(&c);
}

static void answers_pipelined_requests_in_order(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    char text[4096];
    (void)snprintf(text, sizeof(text),
                   "GET /hello HTTP/1.1\r\nhost: localhost:%u\r\n\r\n"
                   "POST /echo HTTP/1.1\r\nhost: localhost:%u\r\ncontent-length: 3\r\n\r\nabc"
                   "GET /who/x HTTP/1.1\r\nhost: localhost:%u\r\nconnection: close\r\n\r\n",
                   (unsigned)f.operators, (unsigned)f.operators, (unsigned)f.operators);
    CU_ASSERT_TRUE(web_client_send(&c, text));
    web_client_read(&c, false, &a);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&a.body), "hello");
    web_answer_seen_done(&a);
    web_client_read(&c, false, &a);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&a.body), "abc");
    web_answer_seen_done(&a);
    web_client_read(&c, false, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&a.body), "item=x"));
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "connection"), "close");
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
}

static void refuses_what_breaks_the_grammar(void)
{
    CU_ASSERT_EQUAL(status_of("GET", "/a/../hello", ""), 400);
    CU_ASSERT_EQUAL(status_of("GET", "//hello", ""), 400);
    CU_ASSERT_EQUAL(status_of("GET", "/hel%zzlo", ""), 400);
    CU_ASSERT_EQUAL(status_of("GET", "/hello%00", ""), 400);
    CU_ASSERT_EQUAL(status_of("GET", "/%2e%2e/hello", ""), 400);
    CU_ASSERT_EQUAL(status_of("GET", "/hell%6f", ""), 200);
    CU_ASSERT_EQUAL(status_of("BREW", "/hello", ""), 501);
    CU_ASSERT_EQUAL(status_of("GET", "/hello", "bad header: 1\r\n"), 400);
    CU_ASSERT_EQUAL(status_of("GET", "/hello", "host: second\r\n"), 400);
    CU_ASSERT_EQUAL(status_of("POST", "/echo", "content-length: 3\r\ntransfer-encoding: chunked\r\n"), 400);
    CU_ASSERT_EQUAL(status_of("POST", "/echo", "transfer-encoding: chunked\r\n"), 411);
    CU_ASSERT_EQUAL(status_of("POST", "/echo", ""), 411);
    CU_ASSERT_EQUAL(status_of("POST", "/echo", "content-length: -1\r\n"), 400);
    CU_ASSERT_EQUAL(status_of("POST", "/echo", "content-length: 3\r\nexpect: magic\r\n"), 417);
}

static void finds_routes_by_door_and_method(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(ask(&c, "GET", "/nothing", "", &a), 404);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-type"), "application/problem+json");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "DELETE", "/echo", "", &a), 405);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "allow"), "POST, PUT");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/operators-only", "", &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/again", "", &a), 503);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "retry-after"), "1");
    web_answer_seen_done(&a);
    web_client_done(&c);
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_DEVICES, web_pki()->good, "/operators-only", &a), 404);
    web_answer_seen_done(&a);
}

static void refuses_an_unknown_host(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(web_client_ask(&c, "GET /hello HTTP/1.1\r\nhost: evil.example\r\n\r\n", &a), 421);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_client_ask(&c, "GET /hello HTTP/1.1\r\nhost: localhost:1\r\n\r\n", &a), 421);
    web_answer_seen_done(&a);
    web_client_done(&c);
    c = open_operators();
    CU_ASSERT_EQUAL(web_client_ask(&c, "GET /hello HTTP/1.1\r\n\r\n", &a), 400);
    web_answer_seen_done(&a);
    web_client_done(&c);
}

static void refuses_a_body_that_is_too_big_before_reading_it(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(ask(&c, "POST", "/echo", "content-length: 100001\r\n", &a), 413);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "connection"), "close");
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
    c = open_operators();
    CU_ASSERT_EQUAL(ask(&c, "POST", "/echo", "content-length: 100001\r\nexpect: 100-continue\r\n", &a), 413);
    web_answer_seen_done(&a);
    web_client_done(&c);
}

static void continues_at_once_when_asked(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(ask(&c, "PUT", "/echo", "content-length: 4\r\nexpect: 100-continue\r\n", &a), 100);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_send(&c, "wx"));
    CU_ASSERT_EQUAL(web_client_ask(&c, "yz", &a), 200);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&a.body), "wxyz");
    web_answer_seen_done(&a);
    web_client_done(&c);
}

static void takes_a_body_up_to_the_limit(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    char *big = malloc(100000);
    memset(big, 'b', 100000);
    CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.operators, "POST", "/echo", "content-length: 100000\r\n")));
    CU_ASSERT_TRUE(web_client_send_bytes(&c, big, 100000));
    web_client_read(&c, false, &a);
    CU_ASSERT_EQUAL(a.status, 200);
    CU_ASSERT_EQUAL(a.body.len, 100000);
    web_answer_seen_done(&a);
    web_client_done(&c);
    free(big);
}

static void refuses_a_head_that_is_too_long(void)
{
    char extra[20000];
    memset(extra, 'a', sizeof(extra));
    memcpy(extra, "x: ", 3);
    memcpy(extra + sizeof(extra) - 3, "\r\n", 3);
    CU_ASSERT_EQUAL(status_of("GET", "/hello", extra), 431);
    char path[2000];
    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    CU_ASSERT_EQUAL(status_of("GET", path, ""), 414);
}

static bool same_bytes(const struct gw_buf *b, size_t at, size_t from, size_t len)
{
    if (b->len < at + len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (b->ptr[at + i] != web_fixture_byte(from + i))
            return false;
    return true;
}

static void sends_a_file_whole_and_in_ranges(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "", &a), 200);
    CU_ASSERT_EQUAL(a.body.len, WEB_TEST_FILE_SIZE);
    CU_ASSERT_TRUE(same_bytes(&a.body, 0, 0, WEB_TEST_FILE_SIZE));
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "etag"), "\"v1\"");
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "accept-ranges"), "bytes");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "HEAD", "/file", "", &a), 200);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-length"), "300000");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=100-299\r\n", &a), 206);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-range"), "bytes 100-299/300000");
    CU_ASSERT_TRUE(a.body.len == 200 && same_bytes(&a.body, 0, 100, 200));
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=-50\r\n", &a), 206);
    CU_ASSERT_TRUE(a.body.len == 50 && same_bytes(&a.body, 0, WEB_TEST_FILE_SIZE - 50, 50));
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=300000-\r\n", &a), 416);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-range"), "bytes */300000");
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=0-9\r\nif-range: \"v0\"\r\n", &a), 200);
    CU_ASSERT_EQUAL(a.body.len, WEB_TEST_FILE_SIZE);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=0-9\r\nif-range: \"v1\"\r\n", &a), 206);
    CU_ASSERT_EQUAL(a.body.len, 10);
    web_answer_seen_done(&a);
    web_client_done(&c);
}

/* Walks a multipart body; false when a part is not what was asked. */
static bool parts_match(struct web_answer_seen *a, size_t count)
{
    const char *type = web_answer_header(a, "content-type");
    if (!type || strncmp(type, "multipart/byteranges; boundary=", 31) != 0)
        return false;
    char line[64];
    (void)snprintf(line, sizeof(line), "\r\n--%.40s", type + 31);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        char range[64];
        int n = snprintf(range, sizeof(range), "content-range: bytes %zu-%zu/300000\r\n\r\n", i * 2000, i * 2000 + 99);
        if (memcmp(a->body.ptr + at, line, strlen(line)) != 0)
            return false;
        const uint8_t *found = memmem(a->body.ptr + at, a->body.len - at, range, (size_t)n);
        if (!found)
            return false;
        at = (size_t)(found - a->body.ptr) + (size_t)n;
        if (!same_bytes(&a->body, at, i * 2000, 100))
            return false;
        at += 100;
    }
    return memcmp(a->body.ptr + at, line, strlen(line)) == 0 && at + strlen(line) + 4 == a->body.len;
}

static void sends_150_ranges_as_one_multipart_answer(void)
{
    struct web_client c = open_operators();
    struct web_answer_seen a;
    char extra[8000] = "range: bytes=";
    for (size_t i = 0; i < 150; i++)
        (void)snprintf(extra + strlen(extra), sizeof(extra) - strlen(extra), "%s%zu-%zu", i ? "," : "", i * 2000,
                       i * 2000 + 99);
    (void)snprintf(extra + strlen(extra), sizeof(extra) - strlen(extra), "\r\n");
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", extra, &a), 206);
    CU_ASSERT_TRUE(parts_match(&a, 150));
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(ask(&c, "GET", "/file", "range: bytes=0-,0-,0-\r\n", &a), 416);
    web_answer_seen_done(&a);
    web_client_done(&c);
}

static int64_t cpu_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A loop that spins burns what the wall clock shows; one that waits does not. */
static bool burned(void *ctx)
{
    const int64_t *before = ctx;
    return cpu_ms() - *before > 150;
}

static void a_reader_that_pauses_gets_the_whole_file(void)
{
    struct web_client c;
    struct web_answer_seen a;
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&c, f.operators, 4096));
    CU_ASSERT_TRUE_FATAL(web_client_tls(&c, &(struct web_client_tls){.cert = NULL}));
    CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.operators, "GET", "/big", "")));
    struct web_answer_seen other; /* the server is alive meanwhile */
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_OPERATORS, NULL, "/hello", &other), 200);
    web_answer_seen_done(&other);
    /* While the first answer is stuck, more than the server would ever buffer lies in the kernel, unread. */
    char extra[1100];
    (void)snprintf(extra, sizeof(extra), "range: bytes=0-0\r\nx: %01000d\r\n", 0);
    for (int i = 0; i < MANY; i++)
        CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.operators, "GET", "/file", extra)));
    int64_t before = cpu_ms();
    CU_ASSERT_FALSE(gw_await(burned, &before, 400));
    web_client_read(&c, false, &a);
    CU_ASSERT_TRUE(a.status == 200 && a.body.len == WEB_TEST_BIG_SIZE);
    web_answer_seen_done(&a);
    int answered = 0;
    for (int i = 0; i < MANY; i++) {
        web_client_read(&c, false, &a);
        answered += a.status == 206 && a.body.len == 1;
        web_answer_seen_done(&a);
    }
    CU_ASSERT_EQUAL(answered, MANY);
    web_client_done(&c);
}

static void a_client_that_leaves_does_not_make_the_loop_spin(void)
{
    struct web_client c;
    struct http_ticket ticket;
    CU_ASSERT_TRUE_FATAL(web_client_unix(&c, f.admin_path));
    CU_ASSERT_TRUE(web_client_send(&c, "GET /late HTTP/1.1\r\nhost: x\r\n\r\nmore"));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(1, &ticket));
    web_client_done(&c);
    int64_t before = cpu_ms();
    CU_ASSERT_FALSE(gw_await(burned, &before, 400));
    struct http_reply reply;
    http_reply_init(&reply, 200);
    f.responder.respond(f.responder.self, ticket, &reply);
}

static void the_admin_door_knows_the_peer(void)
{
    struct web_answer_seen a;
    char want[64];
    struct stat st;
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_ADMIN, NULL, "/who/me", &a), 200);
    (void)snprintf(want, sizeof(want), "uid=%u name=", (unsigned)getuid());
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&a.body), want));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&a.body), "source=local"));
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(stat(f.admin_path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0660);
}

static const struct gw_test_case cases[] = {
    {"answers GET and HEAD on one connection", answers_a_get},
    {"answers pipelined requests in order", answers_pipelined_requests_in_order},
    {"refuses what breaks the grammar", refuses_what_breaks_the_grammar},
    {"finds routes by door and method", finds_routes_by_door_and_method},
    {"refuses an unknown host", refuses_an_unknown_host},
    {"refuses a body that is too big before reading it", refuses_a_body_that_is_too_big_before_reading_it},
    {"says 100 Continue at once when asked", continues_at_once_when_asked},
    {"takes a body up to the limit", takes_a_body_up_to_the_limit},
    {"refuses a head or a path that is too long", refuses_a_head_that_is_too_long},
    {"sends a file whole and in ranges", sends_a_file_whole_and_in_ranges},
    {"sends 150 ranges as one multipart answer", sends_150_ranges_as_one_multipart_answer},
    {"a reader that pauses gets the whole file", a_reader_that_pauses_gets_the_whole_file},
    {"a client that leaves does not make the loop spin", a_client_that_leaves_does_not_make_the_loop_spin},
    {"the admin door knows the peer's uid", the_admin_door_knows_the_peer},
};

int main(void)
{
    web_fixture_start(&f, NULL);
    int failed = GW_TEST_RUN("web http", cases);
    web_fixture_stop(&f);
    return failed;
}
