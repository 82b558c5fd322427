/* What happens when time runs out. The limits are those of the product, so the cases wait together: 31 s in all. */
#include <stdio.h>
#include <string.h>

#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"
#include "web_ws.h"

static struct web_fixture f;
static struct web_client silent;       /* TCP, then nothing */
static struct web_client handshaken;   /* TLS, then nothing */
static struct web_client slow_head;    /* half a head */
static struct web_client slow_later;   /* a request, then half a head */
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

static const struct gw_test_case cases[] = {
    {"slow requests end with 408 or a close", slow_requests_end},
    {"a handler that is silent becomes 503 and the connection lives", a_handler_that_is_silent_becomes_503},
    {"a quiet WebSocket is pinged and lives", a_quiet_websocket_is_pinged_and_lives},
};

int main(void)
{
    web_fixture_start(&f, NULL);
    int failed = GW_TEST_RUN("web time", cases);
    web_fixture_stop(&f);
    return failed;
}
