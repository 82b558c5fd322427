#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "gw_id.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "web_fixture.h"

#define HALF_OPEN 1000

static bool says(const struct web_answer_seen *a, const char *text)
{
    struct gw_buf copy = a->body;
    return strstr(gw_buf_str(&copy), text) != NULL;
}

static int ask_devices(const struct web_fixture *f, const char *cert, const char *path, const char *want)
{
    struct web_answer_seen a;
    int status = web_fixture_get(f, HTTP_DOOR_DEVICES, cert, path, &a);
    if (want)
        CU_ASSERT_TRUE(status == 200 && says(&a, want));
    web_answer_seen_done(&a);
    return status;
}

static void client_certificates_open_the_private_routes(void)
{
    struct web_fixture f;
    const struct web_pki *pki = web_pki();
    web_fixture_start(&f, NULL);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->good, "/private", "hello"), 200);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->good, "/who/x", "cert=1 bad=0 cn=dev-1"), 200);
    CU_ASSERT_EQUAL(ask_devices(&f, NULL, "/private", NULL), 403);
    CU_ASSERT_EQUAL(ask_devices(&f, NULL, "/who/x", "cert=0 bad=0 cn= "), 200);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->expired, "/private", NULL), 403);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->expired, "/who/x", "cert=0 bad=1 cn= "), 200);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->stranger, "/private", NULL), 403);
    CU_ASSERT_EQUAL(ask_devices(&f, pki->stranger, "/who/x", "cert=0 bad=1 cn= "), 200);
    CU_ASSERT_STRING_EQUAL(web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_CERT).fault,
                           "was not issued by this gateway");
    CU_ASSERT_STRING_EQUAL(web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_CERT).source, "127.0.0.1");
    /* a server's certificate is no client's */
    CU_ASSERT_EQUAL(ask_devices(&f, pki->server_all, "/private", NULL), 403);
    web_fixture_stop(&f);
}

static bool handshake(uint16_t port, const struct web_client_tls *how, bool *ret_resumable)
{
    struct web_client c;
    struct web_answer_seen a = {.status = 0};
    bool done = web_client_tcp(&c, port, 0) && web_client_tls(&c, how) &&
                web_client_ask(&c, web_fixture_text(port, "GET", "/hello", ""), &a) == 200;
    if (done && ret_resumable) {
        const SSL_SESSION *session = SSL_get0_session(c.ssl);
        *ret_resumable = SSL_SESSION_has_ticket(session) || SSL_SESSION_is_resumable(session);
    }
    web_answer_seen_done(&a);
    web_client_done(&c);
    return done;
}

/* The client may know of a failed handshake before the server has counted it. */
static bool three_refused(void *ctx)
{
    const struct web_refused devices = web_fixture_refused(ctx, HTTP_DOOR_DEVICES, WEB_REFUSED_TLS);
    return devices.count == 2 && web_fixture_refused(ctx, HTTP_DOOR_OPERATORS, WEB_REFUSED_TLS).count == 1;
}

static void tls_is_modern_and_never_resumed(void)
{
    struct web_fixture f;
    const char *ca = web_pki()->root;
    bool resumable = true;
    web_fixture_start(&f, NULL);
    CU_ASSERT_TRUE(handshake(f.devices, &(struct web_client_tls){.ca = ca}, &resumable));
    CU_ASSERT_FALSE(resumable);
    resumable = true;
    CU_ASSERT_TRUE(handshake(f.devices, &(struct web_client_tls){.ca = ca, .max_version = TLS1_2_VERSION}, &resumable));
    CU_ASSERT_FALSE(resumable);
    CU_ASSERT_TRUE(handshake(f.operators, &(struct web_client_tls){.ca = ca, .max_version = TLS1_2_VERSION}, NULL));
    const struct web_client_tls cbc = {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256"};
    CU_ASSERT_FALSE(handshake(f.devices, &cbc, NULL));
    CU_ASSERT_FALSE(handshake(f.operators, &cbc, NULL));
    const struct web_client_tls old = {.max_version = TLS1_1_VERSION, .ciphers = "ALL:@SECLEVEL=0"};
    CU_ASSERT_FALSE(handshake(f.devices, &old, NULL));
    CU_ASSERT_TRUE(gw_await(three_refused, &f, 10000));
    CU_ASSERT_STRING_EQUAL(web_fixture_refused(&f, HTTP_DOOR_DEVICES, WEB_REFUSED_TLS).source, "127.0.0.1");
    web_fixture_stop(&f);
}

struct door_wait {
    const struct web_fixture *f;
    unsigned want;
};

static bool doors_are(void *ctx)
{
    const struct door_wait *w = ctx;
    return web_doors_open(w->f->web) == w->want;
}

static void doors_open_and_close_at_run_time(void)
{
    struct web_fixture f;
    struct web_client c;
    web_fixture_start(&f, &(struct web_fixture_options){.doors = HTTP_DOOR_OPERATORS});
    CU_ASSERT_FALSE(web_client_tcp(&c, f.devices, 0));
    CU_ASSERT_FALSE(web_client_unix(&c, f.admin_path));
    struct web_answer_seen a;
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_OPERATORS, NULL, "/hello", &a), 200);
    web_answer_seen_done(&a);
    for (int round = 0; round < 3; round++) {
        struct door_wait w = {&f, 7};
        web_doors_set(f.web, 7);
        CU_ASSERT_TRUE(gw_await(doors_are, &w, 5000));
        CU_ASSERT_EQUAL(ask_devices(&f, NULL, "/hello", "hello"), 200);
        CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_ADMIN, NULL, "/hello", &a), 200);
        web_answer_seen_done(&a);
        CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.devices, NULL));
        w.want = HTTP_DOOR_OPERATORS;
        web_doors_set(f.web, HTTP_DOOR_OPERATORS);
        CU_ASSERT_TRUE(gw_await(doors_are, &w, 5000));
        CU_ASSERT_TRUE(web_client_closed(&c, 5000)); /* its connections went with the door */
        web_client_done(&c);
        CU_ASSERT_FALSE(web_client_tcp(&c, f.devices, 0));
    }
    web_fixture_stop(&f);
}

static struct gw_sha256 digest_of(const struct web_fixture *f, const char *cert)
{
    struct gw_sha256 digest = {{0}};
    struct web_answer_seen a;
    CU_ASSERT_EQUAL_FATAL(web_fixture_get(f, HTTP_DOOR_DEVICES, cert, "/who/x", &a), 200);
    const char *text = strstr(gw_buf_str(&a.body), "digest=");
    CU_ASSERT_TRUE(text && gw_hex_parse(gw_view_make(text + 7, 64), digest.bytes, GW_SHA256_LEN) == GW_OK);
    web_answer_seen_done(&a);
    return digest;
}

static void a_cut_certificate_loses_its_connections_only(void)
{
    struct web_fixture f;
    struct web_client idle;
    struct web_client waiting;
    struct web_client other;
    struct web_answer_seen a;
    struct http_ticket ticket;
    const struct web_pki *pki = web_pki();
    web_fixture_start(&f, NULL);
    struct gw_sha256 digest = digest_of(&f, pki->good);
    CU_ASSERT_TRUE_FATAL(web_client_open(&idle, f.devices, pki->good));
    CU_ASSERT_TRUE_FATAL(web_client_open(&waiting, f.devices, pki->good));
    CU_ASSERT_TRUE_FATAL(web_client_open(&other, f.devices, pki->other));
    CU_ASSERT_EQUAL(web_client_ask(&idle, web_fixture_text(f.devices, "GET", "/private", ""), &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_client_ask(&other, web_fixture_text(f.devices, "GET", "/private", ""), &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_send(&waiting, web_fixture_text(f.devices, "GET", "/late", "")));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(1, &ticket));
    web_cut_device(f.web, &digest);
    CU_ASSERT_TRUE(web_client_closed(&idle, 1000));
    CU_ASSERT_TRUE(web_client_closed(&waiting, 1000));
    CU_ASSERT_EQUAL(web_client_ask(&other, web_fixture_text(f.devices, "GET", "/private", ""), &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_fixture_stats(&f).cut, 2);
    web_client_done(&idle);
    web_client_done(&waiting);
    web_client_done(&other);
    web_fixture_stop(&f);
}

static void respond(const struct web_fixture *f, struct http_ticket ticket, const char *text)
{
    struct http_reply reply;
    http_reply_init(&reply, 200);
    (void)gw_buf_add_str(&reply.body, text);
    f->responder.respond(f->responder.self, ticket, &reply);
}

static bool all_gone(void *ctx)
{
    return web_fixture_stats(ctx).connections == 0;
}

static bool one_dropped(void *ctx)
{
    return web_fixture_stats(ctx).answers_dropped == 1;
}

static void an_answer_finds_its_request_or_nobody(void)
{
    struct web_fixture f;
    struct web_client c;
    struct web_answer_seen a;
    struct http_ticket tickets[3];
    web_fixture_start(&f, NULL);
    CU_ASSERT_TRUE_FATAL(web_client_unix(&c, f.admin_path));
    CU_ASSERT_TRUE(web_client_send(&c, "GET /late HTTP/1.1\r\nhost: x\r\n\r\n"));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(1, tickets));
    respond(&f, tickets[0], "first");
    web_client_read(&c, false, &a);
    CU_ASSERT_TRUE(says(&a, "first"));
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_send(&c, "GET /late HTTP/1.1\r\nhost: x\r\n\r\n"));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(2, tickets));
    respond(&f, tickets[0], "first again"); /* an old ticket must not answer the new request */
    respond(&f, tickets[1], "second");
    web_client_read(&c, false, &a);
    CU_ASSERT_TRUE(says(&a, "second"));
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_fixture_stats(&f).answers_dropped, 1);
    web_client_done(&c);
    CU_ASSERT_TRUE(gw_await(all_gone, &f, 5000));
    web_fixture_stop(&f);
}

static void an_answer_for_a_connection_that_has_gone_is_dropped(void)
{
    struct web_fixture f;
    struct web_client c;
    struct http_ticket ticket;
    const struct http_ticket wild = {4000000000u, 7};
    web_fixture_start(&f, NULL);
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.devices, web_pki()->good));
    CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.devices, "GET", "/late", "")));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(1, &ticket));
    struct gw_sha256 digest = digest_of(&f, web_pki()->good);
    web_cut_device(f.web, &digest);
    CU_ASSERT_TRUE(web_client_closed(&c, 2000));
    respond(&f, ticket, "too late");
    CU_ASSERT_TRUE(gw_await(one_dropped, &f, 5000));
    respond(&f, wild, "nobody");
    CU_ASSERT_EQUAL(ask_devices(&f, NULL, "/hello", "hello"), 200);
    web_client_done(&c);
    web_fixture_stop(&f);
}

static void stops_while_requests_are_open(void)
{
    struct web_fixture f;
    struct web_client waiting;
    struct web_client sending;
    struct web_client half;
    struct http_ticket ticket;
    web_fixture_start(&f, NULL);
    CU_ASSERT_TRUE_FATAL(web_client_open(&waiting, f.devices, web_pki()->good));
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&half, f.operators, 0));
    CU_ASSERT_TRUE_FATAL(web_client_tcp(&sending, f.operators, 4096));
    CU_ASSERT_TRUE_FATAL(web_client_tls(&sending, &(struct web_client_tls){.ca = NULL}));
    CU_ASSERT_TRUE(web_client_send(&sending, web_fixture_text(f.operators, "GET", "/file", "")));
    CU_ASSERT_TRUE(web_client_send(&waiting, web_fixture_text(f.devices, "GET", "/late", "")));
    CU_ASSERT_TRUE_FATAL(web_fixture_await_late(1, &ticket));
    web_stop(f.web);
    CU_ASSERT_EQUAL(web_doors_open(f.web), 0);
    respond(&f, ticket, "after the end");
    CU_ASSERT_TRUE(web_client_closed(&waiting, 2000));
    CU_ASSERT_NOT_EQUAL(access(f.admin_path, F_OK), 0);
    web_client_done(&waiting);
    web_client_done(&sending);
    web_client_done(&half);
    web_fixture_stop(&f);
}

static void open_many(const struct web_fixture *f, enum http_door door, struct web_client *many)
{
    uint16_t port = door == HTTP_DOOR_DEVICES ? f->devices : f->operators;
    for (size_t i = 0; i < HALF_OPEN; i++) {
        bool open =
            door == HTTP_DOOR_ADMIN ? web_client_unix(&many[i], f->admin_path) : web_client_tcp(&many[i], port, 0);
        CU_ASSERT_TRUE(open);
        if (open && i % 2)
            (void)web_client_send(&many[i], "\x16"); /* half of them begin a handshake */
    }
}

static void half_open_flood(enum http_door door, const struct web_fixture_options *options)
{
    static struct web_client many[HALF_OPEN];
    struct web_fixture f;
    struct web_answer_seen a;
    web_fixture_start(&f, options);
    open_many(&f, door, many);
    CU_ASSERT_EQUAL(web_fixture_get(&f, door, NULL, "/hello", &a), 200);
    web_answer_seen_done(&a);
    if (options) {
        CU_ASSERT_TRUE(web_fixture_refused(&f, door, WEB_REFUSED_HALF_OPEN).count > 0);
        CU_ASSERT_TRUE(web_fixture_stats(&f).connections <= (uint64_t)options->conns_max);
    }
    for (size_t i = 0; i < HALF_OPEN; i++)
        web_client_done(&many[i]);
    CU_ASSERT_TRUE(gw_await(all_gone, &f, 10000));
    web_fixture_stop(&f);
}

static void half_open_connections_do_not_stop_a_good_request(void)
{
    half_open_flood(HTTP_DOOR_DEVICES, NULL);
    half_open_flood(HTTP_DOOR_OPERATORS, NULL);
    half_open_flood(HTTP_DOOR_ADMIN, NULL);
}

static void at_its_ceiling_a_door_drops_the_oldest_half_open(void)
{
    const struct web_fixture_options few = {.conns_max = 100, .source_conns_max = 100};
    const struct web_fixture_options source = {.conns_max = 400, .source_conns_max = 50};
    half_open_flood(HTTP_DOOR_DEVICES, &few);
    half_open_flood(HTTP_DOOR_OPERATORS, &source);
}

static void a_full_door_of_working_connections_refuses_the_next(void)
{
    struct web_fixture f;
    struct web_client c[5];
    struct http_ticket tickets[4];
    web_fixture_start(&f, &(struct web_fixture_options){.conns_max = 4, .source_conns_max = 4});
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_TRUE_FATAL(web_client_open(&c[i], f.operators, NULL));
        CU_ASSERT_TRUE(web_client_send(&c[i], web_fixture_text(f.operators, "GET", "/late", "")));
        CU_ASSERT_TRUE_FATAL(web_fixture_await_late(i + 1, tickets));
    }
    CU_ASSERT_TRUE(web_client_tcp(&c[4], f.operators, 0));
    CU_ASSERT_TRUE(web_client_closed(&c[4], 2000));
    for (size_t i = 0; i < 4; i++) {
        struct web_answer_seen a;
        respond(&f, tickets[i], "served");
        web_client_read(&c[i], false, &a);
        CU_ASSERT_TRUE(says(&a, "served"));
        web_answer_seen_done(&a);
    }
    for (size_t i = 0; i < 5; i++)
        web_client_done(&c[i]);
    web_fixture_stop(&f);
}

/* Heads whose bodies do not come, from two addresses or one: they cost nothing to send. */
static void at_its_ceiling_a_door_drops_who_owes_a_body(void)
{
    struct web_fixture f;
    struct web_client c[5];
    struct web_answer_seen a;
    web_fixture_start(&f, &(struct web_fixture_options){.conns_max = 4, .source_conns_max = 4});
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_TRUE_FATAL(web_client_open(&c[i], f.operators, NULL));
        CU_ASSERT_EQUAL(web_client_ask(&c[i],
                                       web_fixture_text(f.operators, "POST", "/echo",
                                                        "content-length: 9\r\nexpect: 100-continue\r\n"),
                                       &a),
                        100);
        web_answer_seen_done(&a);
    }
    CU_ASSERT_TRUE(web_client_send(&c[0], "moves")); /* the second is the next to go */
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_OPERATORS, NULL, "/hello", &a), 200);
    web_answer_seen_done(&a);
    CU_ASSERT_EQUAL(web_client_ask(&c[0], "last", &a), 200);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&a.body), "moveslast");
    web_answer_seen_done(&a);
    CU_ASSERT_TRUE(web_client_closed(&c[1], 20000));
    for (size_t i = 0; i < 4; i++)
        web_client_done(&c[i]);
    web_fixture_stop(&f);
}

static void at_its_ceiling_a_door_drops_who_does_not_read(void)
{
    struct web_fixture f;
    struct web_client c[4];
    struct web_answer_seen a;
    web_fixture_start(&f, &(struct web_fixture_options){.conns_max = 4, .source_conns_max = 4});
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_TRUE_FATAL(web_client_tcp(&c[i], f.operators, 4096));
        CU_ASSERT_TRUE_FATAL(web_client_tls(&c[i], &(struct web_client_tls){.ca = NULL}));
        CU_ASSERT_TRUE(web_client_send(&c[i], web_fixture_text(f.operators, "GET", "/big", "")));
        CU_ASSERT_TRUE(web_client_more(&c[i])); /* the answer has begun */
    }
    CU_ASSERT_EQUAL(web_fixture_get(&f, HTTP_DOOR_OPERATORS, NULL, "/hello", &a), 200);
    web_answer_seen_done(&a);
    for (size_t i = 0; i < 4; i++)
        web_client_done(&c[i]);
    web_fixture_stop(&f);
}

#define LONG_BODIES (WEB_BODIES_MAX / HTTP_BODY_MAX)
#define OF_A_SOURCE (WEB_BODIES_OF_ONE / HTTP_BODY_MAX)

/* What a request with a long body that does not come is told. */
static int ask_for_room(struct web_fixture *f, struct web_client *c, uint8_t host, const char *headers)
{
    struct web_answer_seen a;
    char head[256];
    (void)snprintf(head, sizeof(head), "%sexpect: 100-continue\r\ncontent-length: %d\r\n", headers, HTTP_BODY_MAX);
    CU_ASSERT_TRUE_FATAL(web_client_open_from(c, host, f->operators));
    int status = web_client_ask(c, web_fixture_text(f->operators, "POST", "/order", head), &a);
    web_answer_seen_done(&a);
    return status;
}

/* More than WEB_BODIES_MAX would hold, had each been promised room. */
static void strangers_are_promised_no_room_for_long_bodies(void)
{
    static struct web_client many[LONG_BODIES + 1];
    struct web_fixture f;
    struct web_answer_seen a;
    web_fixture_start(&f, NULL);
    for (size_t i = 0; i <= LONG_BODIES; i++) {
        CU_ASSERT_EQUAL(ask_for_room(&f, &many[i], 1, ""), 403);
        web_client_done(&many[i]);
    }
    for (size_t i = 0; i <= LONG_BODIES; i++)
        CU_ASSERT_EQUAL(ask_for_room(&f, &many[i], (uint8_t)(1 + i / OF_A_SOURCE), "authorization: me\r\n"),
                        i < LONG_BODIES ? 100 : 503);
    struct web_client c;
    CU_ASSERT_TRUE_FATAL(web_client_open(&c, f.operators, NULL));
    CU_ASSERT_TRUE(web_client_send(&c, web_fixture_text(f.operators, "POST", "/order", "content-length: 5\r\n")));
    CU_ASSERT_EQUAL(web_client_ask(&c, "short", &a), 200); /* needs neither room nor leave */
    web_answer_seen_done(&a);
    web_client_done(&c);
    for (size_t i = 0; i <= LONG_BODIES; i++)
        web_client_done(&many[i]);
    web_fixture_stop(&f);
}

static void one_source_has_a_share_of_the_room_for_long_bodies(void)
{
    static struct web_client many[OF_A_SOURCE + 3];
    struct web_fixture f;
    web_fixture_start(&f, NULL);
    for (size_t i = 0; i < OF_A_SOURCE; i++)
        CU_ASSERT_EQUAL(ask_for_room(&f, &many[i], 1, "authorization: me\r\n"), 100);
    CU_ASSERT_EQUAL(ask_for_room(&f, &many[OF_A_SOURCE], 1, "authorization: me\r\n"), 429);
    CU_ASSERT_EQUAL(ask_for_room(&f, &many[OF_A_SOURCE + 1], 2, "authorization: me\r\n"), 100);
    web_client_done(&many[0]);
    struct gw_mono give_up = {gw_mono_now().ms + 20000};
    int status = 429;
    while (status == 429 && gw_mono_now().ms < give_up.ms) { /* until the server has seen that one go */
        status = ask_for_room(&f, &many[OF_A_SOURCE + 2], 1, "authorization: me\r\n");
        if (status == 429)
            web_client_done(&many[OF_A_SOURCE + 2]);
    }
    CU_ASSERT_EQUAL(status, 100);
    for (size_t i = 1; i < OF_A_SOURCE + 3; i++)
        web_client_done(&many[i]);
    web_fixture_stop(&f);
}

static void refuses_a_bad_configuration(void)
{
    struct web *web = NULL;
    struct gw_err err;
    const char *host = "localhost";
    const struct web_pki *pki = web_pki();
    struct web_config config = {.operators = {.address = "127.0.0.1",
                                              .cert_path = pki->server_cert,
                                              .key_path = pki->server_key,
                                              .hosts = &host,
                                              .host_count = 1}};
    GW_ASSERT_OK(web_new(&config, &web, &err), &err);
    struct web_config twin = config;
    twin.operators.port = web_port(web, HTTP_DOOR_OPERATORS);
    CU_ASSERT_NOT_EQUAL(twin.operators.port, 0);
    struct web *second = NULL;
    GW_ASSERT_OK(web_start(web, &err), &err);
    web_doors_set(web, HTTP_DOOR_OPERATORS);
    struct web_fixture seen = {.web = web};
    struct door_wait w = {&seen, HTTP_DOOR_OPERATORS};
    CU_ASSERT_TRUE(gw_await(doors_are, &w, 5000));
    CU_ASSERT_EQUAL(web_new(&twin, &second, &err), GW_EXISTS);
    web_free(web);
    config.operators.key_path = pki->good; /* a key that is not the certificate's */
    CU_ASSERT_EQUAL(web_new(&config, &second, &err), GW_INVALID);
    config.operators.key_path = "/nonexistent";
    CU_ASSERT_EQUAL(web_new(&config, &second, &err), GW_INVALID);
    config.operators.key_path = pki->server_key;
    config.operators.host_count = 0;
    CU_ASSERT_EQUAL(web_new(&config, &second, &err), GW_INVALID);
    config.operators.host_count = 1;
    config.operators.address = "localhost";
    CU_ASSERT_EQUAL(web_new(&config, &second, &err), GW_INVALID);
    CU_ASSERT_PTR_NULL(second);
}

static const struct gw_test_case cases[] = {
    {"client certificates open the private routes, bad ones do not", client_certificates_open_the_private_routes},
    {"TLS is modern and never resumed", tls_is_modern_and_never_resumed},
    {"doors open and close at run time", doors_open_and_close_at_run_time},
    {"a cut certificate loses its connections, others keep theirs", a_cut_certificate_loses_its_connections_only},
    {"an answer finds its own request or nobody", an_answer_finds_its_request_or_nobody},
    {"an answer for a connection that has gone is dropped", an_answer_for_a_connection_that_has_gone_is_dropped},
    {"stops while requests are open", stops_while_requests_are_open},
    {"a thousand half-open connections do not stop a good request", half_open_connections_do_not_stop_a_good_request},
    {"at its ceiling a door drops the oldest half-open connection", at_its_ceiling_a_door_drops_the_oldest_half_open},
    {"a door full of working connections refuses the next", a_full_door_of_working_connections_refuses_the_next},
    {"at its ceiling a door drops who owes a body", at_its_ceiling_a_door_drops_who_owes_a_body},
    {"at its ceiling a door drops who does not read", at_its_ceiling_a_door_drops_who_does_not_read},
    {"strangers are promised no room for long bodies", strangers_are_promised_no_room_for_long_bodies},
    {"one source has a share of the room for long bodies", one_source_has_a_share_of_the_room_for_long_bodies},
    {"refuses a bad configuration", refuses_a_bad_configuration},
};

int main(void)
{
    return GW_TEST_RUN("web doors", cases);
}
