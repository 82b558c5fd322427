/* WebSockets on the operators' door, over real TLS: what a client may send and what it gets. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"
#include "web_room.h"
#include "web_ws.h"

static struct web_fixture f;

static struct web_client joined(const char *cookie)
{
    struct web_client c;
    CU_ASSERT_TRUE_FATAL(web_ws_open(&c, f.operators, cookie));
    return c;
}

static bool all_gone(void *ctx)
{
    (void)ctx;
    struct web_room_seen s = web_room_seen();
    return s.opened == s.closed && web_fixture_stats(&f).live == 0;
}

static void check_all_gone(void)
{
    CU_ASSERT_TRUE(gw_await(all_gone, NULL, 10000));
    CU_ASSERT_EQUAL(web_room_seen().wrong, 0);
}

static void messages_go_both_ways(void)
{
    struct web_client c = joined("early");
    CU_ASSERT_TRUE(web_ws_hears(&c, "welcome"));
    CU_ASSERT_TRUE(web_ws_say(&c, "hello"));
    CU_ASSERT_TRUE(web_ws_hears(&c, "hello"));
    CU_ASSERT_TRUE(web_ws_say(&c, ""));
    CU_ASSERT_TRUE(web_ws_hears(&c, "(empty)"));
    CU_ASSERT_TRUE(web_ws_say(&c, "\xe2\x82\xac \xf0\x9f\x98\x80"));
    CU_ASSERT_TRUE(web_ws_hears(&c, "\xe2\x82\xac \xf0\x9f\x98\x80"));
    CU_ASSERT_EQUAL(web_fixture_stats(&f).live, 1);
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_CLOSE, "\x03\xe8", 2));
    CU_ASSERT_EQUAL(web_ws_code(&c), 1000);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
    check_all_gone();
}

static void requests_before_the_upgrade_are_answered(void)
{
    struct web_client c;
    struct web_answer_seen a;
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.operators, NULL));
    CU_ASSERT_EQUAL(web_client_ask(&c, web_fixture_text(f.operators, "GET", "/hello", ""), &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_client_ask(&c, web_ws_head(f.operators, "none"), &a), 401);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_ws_upgrade(&c, f.operators, "x"));
    CU_ASSERT_TRUE(web_ws_say(&c, "still here"));
    CU_ASSERT_TRUE(web_ws_hears(&c, "still here"));
    web_client_done(&c);
    check_all_gone();
}

/* The good head with one piece of it replaced. */
static int status_with(const char *piece, const char *by, const char *want_header)
{
    const char *head = web_ws_head(f.operators, "x");
    const char *at = strstr(head, piece);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    char text[2048];
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - head), head, by, at + strlen(piece));
    struct web_client c;
    struct web_answer_seen a;
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.operators, NULL));
    int status = web_client_ask(&c, text, &a);
    if (want_header)
        CU_ASSERT_PTR_NOT_NULL(web_answer_header(&a, want_header));
    web_answer_seen_done(&a);
    web_client_done(&c);
    return status;
}

static void handshakes_that_are_wrong_are_refused(void)
{
    CU_ASSERT_EQUAL(status_with("GET ", "POST ", "allow"), 405);
    CU_ASSERT_EQUAL(status_with("HTTP/1.1", "HTTP/1.0", NULL), 400);
    CU_ASSERT_EQUAL(status_with("cookie:", "content-length: 5\r\ncookie:", NULL), 400);
    CU_ASSERT_EQUAL(status_with("\r\n\r\n", "\r\n\r\nearly", NULL), 400);
    CU_ASSERT_EQUAL(status_with("upgrade: websocket\r\n", "", "upgrade"), 426);
    CU_ASSERT_EQUAL(status_with("upgrade: websocket", "upgrade: h2c", "upgrade"), 426);
    CU_ASSERT_EQUAL(status_with("keep-alive, Upgrade", "keep-alive", "connection"), 426);
    CU_ASSERT_EQUAL(status_with("version: 13", "version: 8", "sec-websocket-version"), 426);
    CU_ASSERT_EQUAL(status_with("sec-websocket-version: 13\r\n", "", "sec-websocket-version"), 426);
    CU_ASSERT_EQUAL(status_with("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", NULL), 400);
    CU_ASSERT_EQUAL(status_with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", NULL), 400);
    CU_ASSERT_EQUAL(status_with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQdGhlIHNhbXBsZSBub25jZQ==", NULL),
                    400);
    CU_ASSERT_EQUAL(status_with("dGhlIHNhbXBsZSBub25jZQ==", "dGhl\tHNhbXBsZSBub25jZQ==", NULL), 400);
    CU_ASSERT_EQUAL(status_with("other, gw.v1", "other, gw.v2", NULL), 400);
    CU_ASSERT_EQUAL(status_with("other, gw.v1", "GW.V1", NULL), 400);
    CU_ASSERT_EQUAL(status_with("sec-websocket-protocol: other, gw.v1\r\n", "", NULL), 400);
    CU_ASSERT_EQUAL(status_with("cookie:", "sec-websocket-version: 13\r\ncookie:", NULL), 400);
    CU_ASSERT_EQUAL(status_with("host: localhost", "host: elsewhere", NULL), 421);
    CU_ASSERT_EQUAL(status_with("GET /live", "GET /liver", NULL), 404);
    CU_ASSERT_EQUAL(web_room_seen().opened, web_room_seen().closed);
}

static int status_for(const char *cookie)
{
    struct web_client c;
    struct web_answer_seen a;
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.operators, NULL));
    int status = web_client_ask(&c, web_ws_head(f.operators, cookie), &a);
    CU_ASSERT_STRING_EQUAL(web_answer_header(&a, "content-type"), "application/problem+json");
    web_answer_seen_done(&a);
    web_client_done(&c);
    return status;
}

static void the_route_decides_who_comes_in(void)
{
    CU_ASSERT_EQUAL(status_for("none"), 401);
    CU_ASSERT_EQUAL(status_for("denied"), 403);
    CU_ASSERT_EQUAL(status_for("many"), 429);
    CU_ASSERT_EQUAL(status_for("busy"), 503);
    CU_ASSERT_EQUAL(status_with("https://localhost", "https://elsewhere", NULL), 403);
    CU_ASSERT_EQUAL(status_with("origin: https://localhost\r\n", "", NULL), 403);
    struct web_client c = joined("leave");
    CU_ASSERT_EQUAL(web_ws_code(&c), 4000);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
    check_all_gone();
}

static void fragments_become_whole_messages(void)
{
    struct web_client c = joined("x");
    CU_ASSERT_TRUE(web_ws_send(&c, WS_TEXT, "one \xe2\x82", 6));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_PING, "mid", 3));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_CONT, "", 0));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_CONT, "\xac two", 5));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_CONT, " three", 6));
    struct web_ws_frame pong;
    web_ws_read(&c, &pong);
    CU_ASSERT_EQUAL(pong.opcode, WS_PONG);
    CU_ASSERT_TRUE(gw_view_eq_str(gw_buf_view(&pong.data), "mid"));
    web_ws_frame_done(&pong);
    CU_ASSERT_TRUE(web_ws_hears(&c, "one \xe2\x82\xac two three"));
    web_client_done(&c);
    check_all_gone();
}

static void frames_may_come_byte_by_byte(void)
{
    static const uint8_t frame[] = {0x81, 0x85, 1, 2, 3, 4, 'h' ^ 1, 'e' ^ 2, 'l' ^ 3, 'l' ^ 4, 'o' ^ 1};
    struct web_client c = joined("x");
    for (size_t i = 0; i < sizeof(frame); i++)
        CU_ASSERT_TRUE(web_client_send_bytes(&c, frame + i, 1));
    CU_ASSERT_TRUE(web_ws_hears(&c, "hello"));
    web_client_done(&c);
    check_all_gone();
}

static void messages_of_the_greatest_size_pass(void)
{
    GW_FREE char *text = gw_xalloc(1, WS_MESSAGE_MAX + 1);
    memset(text, 'y', WS_MESSAGE_MAX);
    struct web_client c = joined("x");
    for (int i = 0; i < 20; i++) {
        CU_ASSERT_TRUE(web_ws_say(&c, text));
        CU_ASSERT_TRUE(web_ws_hears(&c, text));
    }
    CU_ASSERT_TRUE(web_ws_say(&c, "size 65537"));
    CU_ASSERT_TRUE(web_ws_hears(&c, "too big"));
    web_client_done(&c);
    check_all_gone();
}

/* Sends one frame and tells the code with which the gateway closes; the connection ends soon. */
static int code_after(int first, const void *bytes, size_t len)
{
    struct web_client c = joined("x");
    CU_ASSERT_TRUE(web_ws_send(&c, first, bytes, len));
    int code = web_ws_code(&c);
    CU_ASSERT_TRUE(web_client_closed(&c, 5000));
    web_client_done(&c);
    return code;
}

static void frames_that_break_the_rules_close(void)
{
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_BINARY, "abc", 3), 1003);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_BINARY, "", 0), 1003);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT | WS_UNMASKED, "abc", 3), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_PING | WS_UNMASKED, "", 0), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | 0x40 | WS_TEXT, "abc", 3), 1002); /* as if compressed */
    CU_ASSERT_EQUAL(code_after(WS_FIN | 3, "abc", 3), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | 11, "", 0), 1002);
    CU_ASSERT_EQUAL(code_after(WS_PING, "", 0), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_CONT, "abc", 3), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_CLOSE, "x", 1), 1002);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_CLOSE, "", 0), 1005);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_CLOSE, "\x0f\xa0reason", 8), 4000);
    char big[126] = {0};
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_PING, big, sizeof(big)), 1002);
    check_all_gone();
}

static void text_that_is_no_utf8_closes(void)
{
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT, "ab\xff", 3), 1007);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT, "\xed\xa0\x80", 3), 1007); /* a surrogate */
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT, "\xc0\xaf", 2), 1007);     /* overlong */
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT, "ab\xe2\x82", 4), 1007);   /* cut */
    struct web_client c = joined("x");
    CU_ASSERT_TRUE(web_ws_send(&c, WS_TEXT, "ab\xe2\x82", 4));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_CONT, "", 0)); /* cut, and the end is empty */
    CU_ASSERT_EQUAL(web_ws_code(&c), 1007);
    web_client_done(&c);
    c = joined("x");
    CU_ASSERT_TRUE(web_ws_send(&c, WS_TEXT, "ab\xe2", 3));
    CU_ASSERT_TRUE(web_ws_send(&c, WS_FIN | WS_CONT, "c", 1));
    CU_ASSERT_EQUAL(web_ws_code(&c), 1007);
    web_client_done(&c);
    check_all_gone();
}

static void messages_above_the_ceiling_close(void)
{
    GW_FREE char *text = gw_xalloc(1, WS_MESSAGE_MAX + 1);
    memset(text, 'z', WS_MESSAGE_MAX + 1);
    CU_ASSERT_EQUAL(code_after(WS_FIN | WS_TEXT, text, WS_MESSAGE_MAX + 1), 1009);
    struct web_client c = joined("x");
    for (int i = 0; i < 5; i++)
        CU_ASSERT_TRUE(web_ws_send(&c, i ? WS_CONT : WS_TEXT, text, WS_MESSAGE_MAX / 4));
    CU_ASSERT_EQUAL(web_ws_code(&c), 1009);
    web_client_done(&c);
    check_all_gone();
}

static void the_route_closes_with_its_own_code(void)
{
    struct web_client c = joined("x");
    CU_ASSERT_TRUE(web_ws_say(&c, "flip 50"));
    CU_ASSERT_TRUE(web_ws_say(&c, "close 4401"));
    struct web_ws_frame frame;
    do {
        web_ws_read(&c, &frame);
        if (frame.opcode == WS_CLOSE)
            CU_ASSERT_TRUE(frame.data.len == 13 && memcmp(frame.data.ptr,
                                                          "\x11\x31"
                                                          "as you wish",
                                                          13) == 0);
        web_ws_frame_done(&frame);
    } while (frame.opcode == WS_TEXT);
    CU_ASSERT_EQUAL(frame.opcode, WS_CLOSE);
    /* silent from here on: it is cut all the same */
    CU_ASSERT_TRUE(web_client_closed(&c, WEB_LIVE_CLOSE_MS + 3000));
    web_client_done(&c);
    check_all_gone();
}

static void a_client_that_vanishes_is_told_to_the_route(void)
{
    struct web_client c = joined("x");
    const struct linger reset = {.l_onoff = 1};
    (void)setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    web_client_done(&c);
    check_all_gone();
    c = joined("x");
    CU_ASSERT_TRUE(web_ws_send(&c, WS_TEXT, "half", 4));
    (void)shutdown(c.fd, SHUT_WR);
    check_all_gone();
    web_client_done(&c);
}

static const struct gw_test_case cases[] = {
    {"messages go both ways", messages_go_both_ways},
    {"requests before the upgrade are answered", requests_before_the_upgrade_are_answered},
    {"handshakes that are wrong are refused", handshakes_that_are_wrong_are_refused},
    {"the route decides who comes in", the_route_decides_who_comes_in},
    {"fragments become whole messages", fragments_become_whole_messages},
    {"frames may come byte by byte", frames_may_come_byte_by_byte},
    {"messages of the greatest size pass", messages_of_the_greatest_size_pass},
    {"frames that break the rules close", frames_that_break_the_rules_close},
    {"text that is no UTF-8 closes", text_that_is_no_utf8_closes},
    {"messages above the ceiling close", messages_above_the_ceiling_close},
    {"the route closes with its own code", the_route_closes_with_its_own_code},
    {"a client that vanishes is told to the route", a_client_that_vanishes_is_told_to_the_route},
};

int main(void)
{
    web_fixture_start(&f, NULL);
    int failed = GW_TEST_RUN("web live", cases);
    web_fixture_stop(&f);
    return failed;
}
