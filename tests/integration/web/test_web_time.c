/* What happens when time runs out. The limits are those of the product, so the cases wait together: 40 s in all. */
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "test_pki.h"
#include "web_fixture.h"
#include "web_ws.h"

static struct web_fixture f;
static struct web_client silent;       /* TCP, then nothing */
static struct web_client handshaken;   /* TLS, then nothing */
static struct web_client slow_head;    /* half a head */
static struct web_client slow_later;   /* a request, then half a head */
static struct web_client slow_behind;  /* a request with half a head behind it, in one piece */
static struct web_client slow_upgrade; /* half the head of a WebSocket's handshake */
static struct web_client live;         /* a WebSocket that only answers pings */
static struct web_client unanswered;   /* a handler that never answers */

static void begin(void)
{
    struct web_answer_seen a;
    struct http_ticket ticket;
    CU_ASSERT_TRUE_FATAL(web_client_unix(&unanswered, f.admin_path));
    CU_ASSERT_TRUE(web_client_send(&unanswered, "GET /late HTTP/1.1\r\nhost: x\r\n\r\n"));
    CU_ASSERT_TRUE(web_fixture_await_late(1, &ticket));
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&silent, f.devices, 0));
    CU_ASSERT_TRUE_FATAL(web_client_open(&handshaken, f.devices, NULL));
    CU_ASSERT_TRUE_FATAL(web_client_open(&slow_head, f.operators, NULL));
    CU_ASSERT_TRUE(web_client_send(&slow_head, "GET /hello HTTP/1.1\r\nho"));
    CU_ASSERT_TRUE_FATAL(web_client_open(&slow_later, f.operators, NULL));
    CU_ASSERT_EQUAL(web_client_ask(&slow_later, web_fixture_text(f.operators, "GET", "/hello", ""), &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_send(&slow_later, "GET"));
    char behind[512];
    (void)snprintf(behind, sizeof(behind), "%sGET", web_fixture_text(f.operators, "GET", "/hello", ""));
    CU_ASSERT_TRUE_FATAL(web_client_open(&slow_behind, f.operators, NULL));
    CU_ASSERT_EQUAL(web_client_ask(&slow_behind, behind, &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE_FATAL(web_ws_open(&live, f.operators, "x"));
    CU_ASSERT_TRUE_FATAL(web_client_open(&slow_upgrade, f.operators, NULL));
    const char *head = web_ws_head(f.operators, "x");
    CU_ASSERT_TRUE(web_client_send_bytes(&slow_upgrade, head, strlen(head) - 2));
}

static void slow_requests_end(void)
{
    struct web_answer_seen a;
    begin();
    CU_ASSERT_TRUE(web_client_closed(&silent, 12000));
    CU_ASSERT_TRUE(web_client_closed(&handshaken, 12000));
    web_client_read(&slow_head, false, &a);
    CU_ASSERT_EQUAL(a.status, 408);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_closed(&slow_head, 5000));
    web_client_read(&slow_later, false, &a);
    CU_ASSERT_EQUAL(a.status, 408);
    web_answer_seen_done(&a);
    web_client_read(&slow_behind, false, &a);
    CU_ASSERT_EQUAL(a.status, 408);
    web_answer_seen_done(&a);
    web_client_read(&slow_upgrade, false, &a);
    CU_ASSERT_EQUAL(a.status, 408);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_closed(&slow_upgrade, 5000));
    web_client_done(&slow_upgrade);
    CU_ASSERT_TRUE(web_fixture_refused(&f, HTTP_DOOR_OPERATORS, WEB_REFUSED_HALF_OPEN).count +
                       web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_HALF_OPEN).count >=
                   4);
    web_client_done(&silent);
    web_client_done(&handshaken);
    web_client_done(&slow_head);
    web_client_done(&slow_later);
    web_client_done(&slow_behind);
}

static bool told(void *ctx)
{
    (void)ctx;
    return web_fixture_stats(&f).unanswered == 1;
}

static void a_handler_that_is_silent_becomes_503(void)
{
    struct web_answer_seen a;
    CU_ASSERT_TRUE(gw_await(told, NULL, HTTP_ANSWER_MS + 2000));
    web_client_read(&unanswered, false, &a);
    CU_ASSERT_EQUAL(a.status, 503);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_client_ask(&unanswered, "GET /hello HTTP/1.1\r\nhost: x\r\n\r\n", &a), 200);
    web_answer_seen_done(&a);
    web_client_done(&unanswered);
}

/* The default: the ping comes 20 s after the handshake. */
static void a_quiet_websocket_is_pinged_and_lives(void)
{
    struct web_ws_frame ping;
    web_ws_read(&live, &ping);
    CU_ASSERT_EQUAL(ping.opcode, WS_PING);
    web_ws_frame_done(&ping);
    CU_ASSERT_TRUE(web_ws_send(&live, WS_FIN | WS_PONG, "", 0));
    CU_ASSERT_TRUE(web_ws_say(&live, "here"));
    CU_ASSERT_TRUE(web_ws_hears(&live, "here"));
    web_client_done(&live);
}

static void copy_into(FILE *out, const char *path)
{
    char text[8192];
    GW_FCLOSE FILE *in = fopen(path, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    size_t n = fread(text, 1, sizeof(text), in);
    CU_ASSERT_EQUAL_FATAL(fwrite(text, 1, n, out), n);
}

/* A device's certificate of the fixture's own issuer, with chain and key in one PEM, that ends so soon; when it has
 * surely ended. */
static struct gw_wall issue_for(int64_t seconds, char *ret_path, size_t size)
{
    char key[600], chain[600];
    const char *ca = web_pki()->ca;
    int dir_len = (int)(strrchr(ca, '/') - ca);
    (void)snprintf(key, sizeof(key), "%.*s/issuer.key", dir_len, ca);
    (void)snprintf(chain, sizeof(chain), "%.*s/issuer.pem", dir_len, ca);
    GW_FCLOSE FILE *key_file = fopen(key, "re");
    GW_FCLOSE FILE *cert_file = fopen(chain, "re");
    CU_ASSERT_FATAL(key_file && cert_file);
    struct test_pki issuer = {.key = PEM_read_PrivateKey(key_file, NULL, NULL, NULL),
                              .cert = PEM_read_X509(cert_file, NULL, NULL, NULL),
                              .serial = 77};
    struct test_cert leaf;
    CU_ASSERT_FATAL(issuer.key && issuer.cert);
    (void)snprintf(issuer.dir, sizeof(issuer.dir), "%s", gw_test_dir());
    test_pki_issue(&issuer, "dev-1", false, seconds, &leaf);
    test_pki_done(&issuer);
    (void)snprintf(ret_path, size, "%s/soon.all", gw_test_dir());
    GW_FCLOSE FILE *all = fopen(ret_path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    copy_into(all, leaf.cert_file);
    copy_into(all, chain);
    copy_into(all, leaf.key_file);
    return (struct gw_wall){leaf.not_after.ms + GW_SECOND_MS}; /* it may be of the second that has begun since */
}

static bool has_come(void *ctx)
{
    const struct gw_wall *when = ctx;
    return gw_wall_now().ms > when->ms;
}

/* It was good in the handshake; the connection lives on when it is not any more. */
static void a_certificate_ends_on_a_standing_connection(void)
{
    struct web_client c;
    struct web_answer_seen a;
    char cert[600];
    struct gw_wall end;
    int code = 0;
    for (int64_t seconds = 8; code != 200 && seconds <= 64; seconds *= 2) { /* long enough to be used once */
        if (code)
            web_client_done(&c);
        end = issue_for(seconds, cert, sizeof(cert));
        a = (struct web_answer_seen){0};
        bool open = web_client_open(&c, f.devices, cert);
        code = open ? web_client_ask(&c, web_fixture_text(f.devices, "GET", "/private", ""), &a) : 403;
        web_answer_seen_done(&a);
    }
    CU_ASSERT_EQUAL_FATAL(code, 200);
    uint64_t before = web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_CERT).count;
    CU_ASSERT_TRUE(gw_await(has_come, &end, 90000));
    CU_ASSERT_EQUAL(web_client_ask(&c, web_fixture_text(f.devices, "GET", "/private", ""), &a), 403);
    web_answer_seen_done(&a);
    const struct web_refused refused = web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_CERT);
    CU_ASSERT_EQUAL(refused.count, before + 1);
    CU_ASSERT(refused.fault && strcmp(refused.fault, "has expired") == 0);
    web_client_done(&c);
}

static const struct gw_test_case cases[] = {
    {"slow requests end with 408 or a close", slow_requests_end},
    {"a handler that is silent becomes 503 and the connection lives", a_handler_that_is_silent_becomes_503},
    {"a quiet WebSocket is pinged and lives", a_quiet_websocket_is_pinged_and_lives},
    {"a certificate that ends is refused on the connection it opened", a_certificate_ends_on_a_standing_connection},
};

int main(void)
{
    web_fixture_start(&f, NULL);
    int failed = GW_TEST_RUN("web time", cases);
    web_fixture_stop(&f);
    return failed;
}
