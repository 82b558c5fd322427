#include <stdio.h>
#include <string.h>

#include "gw_test.h"
#include "web_head.h"

static struct web_head head;

static int parse(const char *text)
{
    return web_head_parse(gw_view_str(text), &head);
}

static int target(const char *text)
{
    char path[HTTP_PATH_MAX + 1];
    size_t len;
    struct gw_view query;
    return web_target_parse(gw_view_str(text), path, &len, &query);
}

static void reads_a_request(void)
{
    CU_ASSERT_EQUAL(parse("POST /a%20b/c?x=1%20&y HTTP/1.1\r\nHost: gw:9443\r\nContent-Length: 12\r\n"
                          "Expect: 100-Continue\r\nX-GW-CSRF:  token \r\nRange: bytes=0-1\r\n"
                          "Connection: x, Close\r\nContent-Type: application/json\r\n\r\n"),
                    0);
    CU_ASSERT_EQUAL(head.method, HTTP_POST);
    CU_ASSERT_STRING_EQUAL(head.path, "/a b/c");
    CU_ASSERT_TRUE(gw_view_eq_str(head.query, "x=1%20&y"));
    CU_ASSERT_TRUE(gw_view_eq_str(head.host, "gw:9443"));
    CU_ASSERT_TRUE(gw_view_eq_str(head.csrf, "token"));
    CU_ASSERT_TRUE(gw_view_eq_str(head.range, "bytes=0-1"));
    CU_ASSERT_TRUE(head.has_length && head.length == 12 && head.expect_continue && head.close);
}

static void reads_an_upgrade(void)
{
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nUpgrade: WebSocket\r\nConnection: x\r\n"
                          "Connection: y, UPGRADE\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Protocol: a, gw.v1\r\n\r\n"),
                    0);
    CU_ASSERT_TRUE(head.upgrade_ws);
    CU_ASSERT_TRUE(gw_view_eq_str(head.ws_key, "k") && gw_view_eq_str(head.ws_version, "13"));
    CU_ASSERT_TRUE(web_list_has(head.ws_protocol, "gw.v1", false));
    CU_ASSERT_FALSE(web_list_has(head.ws_protocol, "gw.v", false));
    CU_ASSERT_FALSE(web_list_has(head.ws_protocol, "GW.v1", false));
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"), 0);
    CU_ASSERT_FALSE(head.upgrade_ws);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"), 0);
    CU_ASSERT_FALSE(head.upgrade_ws);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Key: k\r\n\r\n"), 400);
}

static void closes_after_http_1_0_unless_asked(void)
{
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.0\r\n\r\n"), 0);
    CU_ASSERT_TRUE(head.close);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 0);
    CU_ASSERT_FALSE(head.close);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    CU_ASSERT_FALSE(head.close);
}

static void refuses_bad_lines(void)
{
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\n\r\n"), 400); /* no Host */
    CU_ASSERT_EQUAL(parse("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
    CU_ASSERT_EQUAL(parse("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n"), 400);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"), 413);
    CU_ASSERT_EQUAL(parse("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void counts_header_fields(void)
{
    char text[4096] = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < WEB_HEADERS_MAX - 1; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "x: %d\r\n", i);
    char more[4096];
    (void)snprintf(more, sizeof(more), "%sx: y\r\n\r\n", text);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "\r\n");
    CU_ASSERT_EQUAL(parse(text), 0);
    CU_ASSERT_EQUAL(parse(more), 431);
}

static void finds_the_end_of_a_head(void)
{
    size_t skip;
    CU_ASSERT_EQUAL(web_head_find(gw_view_str("GET / HTTP/1.1\r\n\r\nrest"), &skip), 18);
    CU_ASSERT_EQUAL(skip, 0);
    CU_ASSERT_EQUAL(web_head_find(gw_view_str("\r\n\r\nGET /\r\n\r\n"), &skip), 9);
    CU_ASSERT_EQUAL(skip, 4);
    CU_ASSERT_EQUAL(web_head_find(gw_view_str("GET / HTTP/1.1\r\n\r"), &skip), 0);
    CU_ASSERT_EQUAL(web_head_find(gw_view_str("\r\n\r\n"), &skip), 0);
    CU_ASSERT_EQUAL(skip, 4);
    CU_ASSERT_EQUAL(web_head_find(gw_view_str(""), &skip), 0);
}

static void decodes_a_path_once_and_strictly(void)
{
    CU_ASSERT_EQUAL(target("/"), 0);
    CU_ASSERT_EQUAL(target("/a/"), 0);
    CU_ASSERT_EQUAL(target("/%2541"), 0); /* becomes "%41", no more */
    CU_ASSERT_EQUAL(target("/a%2fb"), 400);
    CU_ASSERT_EQUAL(target("/a%00"), 400);
    CU_ASSERT_EQUAL(target("/a%0a"), 400);
    CU_ASSERT_EQUAL(target("/a%4"), 400);
    CU_ASSERT_EQUAL(target("/a%g0"), 400);
    CU_ASSERT_EQUAL(target("//a"), 400);
    CU_ASSERT_EQUAL(target("/a//"), 400);
    CU_ASSERT_EQUAL(target("/./a"), 400);
    CU_ASSERT_EQUAL(target("/a/.."), 400);
    CU_ASSERT_EQUAL(target("/a/..."), 0);
    CU_ASSERT_EQUAL(target("/%2e%2E/a"), 400);
    CU_ASSERT_EQUAL(target("a"), 400);
    CU_ASSERT_EQUAL(target("*"), 400);
    CU_ASSERT_EQUAL(target("/a\\b"), 400);
    CU_ASSERT_EQUAL(target("/a#b"), 400);
    CU_ASSERT_EQUAL(target("/a\x80"), 400);
    CU_ASSERT_EQUAL(target("/a?x=%zz"), 400);
    CU_ASSERT_EQUAL(target("/a?x=<"), 400);
}

static void hosts_are_names_with_a_port(void)
{
    const char *const names[] = {"gw.example", "other.example:10443", "[::1]"};
    CU_ASSERT_TRUE(web_host_match(gw_view_str("GW.example:9443"), names, 3, 9443));
    CU_ASSERT_FALSE(web_host_match(gw_view_str("gw.example"), names, 3, 9443));
    CU_ASSERT_TRUE(web_host_match(gw_view_str("gw.example"), names, 3, 443));
    CU_ASSERT_TRUE(web_host_match(gw_view_str("other.example:10443"), names, 3, 9443));
    CU_ASSERT_FALSE(web_host_match(gw_view_str("other.example:9443"), names, 3, 9443));
    CU_ASSERT_TRUE(web_host_match(gw_view_str("[::1]:9443"), names, 3, 9443));
    CU_ASSERT_FALSE(web_host_match(gw_view_str(""), names, 3, 9443));
    CU_ASSERT_FALSE(web_host_match(gw_view_str("gw.example:9443x"), names, 3, 9443));
}

static const struct gw_test_case cases[] = {
    {"reads a request", reads_a_request},
    {"reads an upgrade", reads_an_upgrade},
    {"closes after HTTP/1.0 unless asked not to", closes_after_http_1_0_unless_asked},
    {"refuses lines that break the grammar", refuses_bad_lines},
    {"counts header fields", counts_header_fields},
    {"finds the end of a head", finds_the_end_of_a_head},
    {"decodes a path once and strictly", decodes_a_path_once_and_strictly},
    {"hosts are names with a port", hosts_are_names_with_a_port},
};

int main(void)
{
    return GW_TEST_RUN("web head", cases);
}
