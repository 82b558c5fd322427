/* What the agent says of a session that does not come up: where it was tried, and the cause. */
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "agent_session.h"
#include "gw_test.h"
#include "tls_server.h"

#define LIMIT_MS 30000

struct world {
    struct test_pki own, other; /* the pinned authority, and one that nobody knows */
    struct tls_server server;
    struct agent_site site;
    struct agent_est est;
    unsigned falls;
    char why[512];
    char where[64]; /* what each reason begins with */
};

static void came_up(void *ctx)
{
    (void)ctx;
    CU_FAIL("the session came up");
}

static void fell(void *ctx, const char *why, bool refused)
{
    struct world *w = ctx;
    CU_ASSERT_FALSE(refused);
    w->falls++;
    (void)snprintf(w->why, sizeof(w->why), "%s", why);
}

static void hears(void *ctx, enum topic_kind kind, struct gw_view payload)
{
    (void)ctx, (void)kind, (void)payload;
    CU_FAIL("a message came");
}

static const struct agent_session_ops ops = {.up = came_up, .down = fell, .message = hears};

static void world_init(struct world *w)
{
    struct test_cert cert;
    *w = (struct world){.site.host = "127.0.0.1"};
    test_pki_init(&w->own, gw_test_dir(), "own");
    test_pki_init(&w->other, gw_test_dir(), "other");
    (void)snprintf(w->site.id.text, sizeof(w->site.id.text), "pump-7");
    agent_est_init(&w->est, &w->site, gw_fs_posix());
    test_pki_issue(&w->own, "pump-7", false, 3600, &cert);
    (void)snprintf(w->est.root_path, sizeof(w->est.root_path), "%s", w->own.ca_file);
    (void)snprintf(w->est.cert_path, sizeof(w->est.cert_path), "%s", cert.cert_file);
    (void)snprintf(w->est.key_path, sizeof(w->est.key_path), "%s", cert.key_file);
}

static void world_done(struct world *w)
{
    tls_server_stop(&w->server);
    test_pki_done(&w->own);
    test_pki_done(&w->other);
}

/* Tries once; why it fell is in w->why then. */
static void try_once(struct world *w, uint16_t port)
{
    w->site.mqtt_port = port;
    (void)snprintf(w->where, sizeof(w->where), "%s:%u: ", w->site.host, port);
    struct agent_session *session = agent_session_new(&w->est, &ops, w);
    int64_t until = gw_mono_now().ms + LIMIT_MS;
    agent_session_connect(session, gw_mono_now());
    while (agent_session_active(session) && gw_mono_now().ms < until) {
        struct pollfd fd = {.fd = -1};
        fd.fd = agent_session_fd(session, &fd.events);
        (void)poll(&fd, 1, 100);
        agent_session_step(session, fd.revents, gw_mono_now());
    }
    CU_ASSERT_EQUAL(w->falls, 1);
    agent_session_free(session);
    CU_ASSERT_PTR_EQUAL(strstr(w->why, w->where), w->why);
}

static void expect_why(const struct world *w, const char *part)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(w->why, part));
    if (!strstr(w->why, part))
        printf("#   said: %s\n", w->why);
}

static void hold(const void *ctx, SSL *ssl)
{
    char byte;
    (void)ctx;
    while (SSL_read(ssl, &byte, 1) == 1)
        continue;
}

static void another_gateway_is_told_by_its_root(void)
{
    struct world w;
    world_init(&w);
    w.server = (struct tls_server){.pki = &w.other};
    tls_server_start(&w.server, hold, NULL);
    try_once(&w, w.server.port);
    expect_why(&w, "certificate is not signed by the pinned root (");
    expect_why(&w, "; is gateway.mqtt_port right?");
    world_done(&w);
}

static void another_name_is_told(void)
{
    struct world w;
    world_init(&w);
    w.server = (struct tls_server){.pki = &w.own, .address = 2}; /* its certificate is for 127.0.0.1 */
    tls_server_start(&w.server, hold, NULL);
    (void)snprintf(w.site.host, sizeof(w.site.host), "127.0.0.2");
    try_once(&w, w.server.port);
    expect_why(&w, "certificate fails verification (host name verification failed); is gateway.mqtt_port right?");
    world_done(&w);
}

static void a_port_where_nobody_listens_is_told(void)
{
    struct world w;
    world_init(&w);
    try_once(&w, gw_test_port());
    expect_why(&w, "connection refused: nobody listens there");
    CU_ASSERT_PTR_NULL(strstr(w.why, "mqtt_port"));
    world_done(&w);
}

/* The second try, by IPv4 alone, ends before it begins. */
static void an_ipv6_address_where_nobody_listens_is_told(void)
{
    struct world w;
    world_init(&w);
    (void)snprintf(w.site.host, sizeof(w.site.host), "[::1]");
    try_once(&w, gw_test_port());
    expect_why(&w, "nobody listens there");
    world_done(&w);
}

static void a_name_that_nobody_knows_is_told(void)
{
    struct world w;
    world_init(&w);
    (void)snprintf(w.site.host, sizeof(w.site.host), "nowhere.invalid");
    try_once(&w, 8883);
    expect_why(&w, "the host name cannot be looked up");
    world_done(&w);
}

static void what_the_other_end_says_of_our_certificate_is_told(void)
{
    struct world w;
    struct test_cert cert;
    world_init(&w);
    test_pki_issue(&w.other, "pump-7", false, 3600, &cert);
    (void)snprintf(w.est.cert_path, sizeof(w.est.cert_path), "%s", cert.cert_file);
    (void)snprintf(w.est.key_path, sizeof(w.est.key_path), "%s", cert.key_file);
    w.server = (struct tls_server){.pki = &w.own, .needs_client = true};
    tls_server_start(&w.server, hold, NULL);
    try_once(&w, w.server.port);
    expect_why(&w, "TLS failed: ");
    expect_why(&w, "alert");
    world_done(&w);
}

static const struct gw_test_case cases[] = {
    {"another gateway is told by its root", another_gateway_is_told_by_its_root},
    {"another name is told", another_name_is_told},
    {"a port where nobody listens is told", a_port_where_nobody_listens_is_told},
    {"an IPv6 address where nobody listens is told", an_ipv6_address_where_nobody_listens_is_told},
    {"a name that nobody knows is told", a_name_that_nobody_knows_is_told},
    {"what the other end says of our certificate is told", what_the_other_end_says_of_our_certificate_is_told},
};

int main(void)
{
    return GW_TEST_RUN("agent session", cases);
}
