/* Who is let in: the real broker, the real plugin, real certificates. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tls_probe.h"
#include "world.h"

#define REFUSED 5 /* CONNACK: not authorized */

static void refuses_until_registry(void)
{
    struct world w = {0};
    struct test_cert cert;
    world_init(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), REFUSED);
    world_bus(&w);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), REFUSED);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 7, &entry, 1);
    struct world_device *d;
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    const struct world_online *seen = world_seen(&w, "pump-1");
    CU_ASSERT(gw_sha256_eq(&seen->cert_sha256, &cert.sha256));
    CU_ASSERT_STRING_EQUAL(seen->source, "127.0.0.1");
    world_device_close(d);
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    for (size_t i = 0; i < w.security_count; i++) /* looking whether the port is there, as this test does */
        CU_ASSERT_STRING_EQUAL(w.security[i].reason, registry_reason_text(REGISTRY_UNAUTHENTICATED));
    world_done(&w);
}

static void takeover_ends_online(void)
{
    struct world w = {0};
    struct test_cert old, new;
    struct world_device *first, *second;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &old);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &new);
    struct bus_entry entries[] = {world_entry("pump-1", &old), world_entry("pump-1", &new)};
    world_registry(&w, 1, entries, 2);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &old, 0, &first), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &new, 0, &second), 0);
    CU_ASSERT(WORLD_AWAIT(&w, first->over));
    CU_ASSERT(WORLD_AWAIT(&w, gw_sha256_eq(&world_seen(&w, "pump-1")->cert_sha256, &new.sha256)));
    /* The daemon drops the older certificate; the session on the newer stays. */
    world_change(&w, 2, "pump-1", &entries[1], 1);
    size_t syncs = w.counts[BUS_PRESENCE];
    CU_ASSERT(WORLD_AWAIT(&w, world_subscribe(&w, second, "gw/v1/pump-1/dn/#") == 1));
    CU_ASSERT(world_is_online(&w, "pump-1"));
    CU_ASSERT_EQUAL(w.counts[BUS_PRESENCE], syncs);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &old, 0, NULL), REFUSED);
    world_done(&w);
}

static void refuses_wrong_names(void)
{
    struct world w = {0};
    struct test_cert known, unknown, log_thief;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &known);
    test_pki_issue(&w.pki, "pump-2", false, 3600, &unknown);
    test_pki_issue(&w.pki, "gw-control", false, 3600, &log_thief);
    struct bus_entry entries[] = {world_entry("pump-1", &known)};
    world_registry(&w, 1, entries, 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-2", &known, 0, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_CLIENT_ID_DIFFERS, "pump-1")));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-2", &unknown, 0, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_UNKNOWN_CERTIFICATE, "pump-2")));
    CU_ASSERT_EQUAL(world_connect(&w, "gw-control", &known, 0, NULL), REFUSED);
    CU_ASSERT_EQUAL(world_connect(&w, "gw-control", &log_thief, 0, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_UNKNOWN_CERTIFICATE, ""))); /* that name is no device's */
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &known, WORLD_PERSISTENT, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_PERSISTENT_REFUSED, "pump-1")));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &known, WORLD_V5, NULL), 0);
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 0);
    world_done(&w);
}

/* Connections that ended without a session, as reported so far. */
static uint32_t unauthenticated(const struct world *w)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < w->security_count; i++)
        if (strcmp(w->security[i].reason, registry_reason_text(REGISTRY_UNAUTHENTICATED)) == 0)
            sum += w->security[i].times;
    return sum;
}

static void refuses_other_authorities(void)
{
    struct world w = {0};
    struct test_pki other;
    struct test_cert foreign, ended;
    struct tls_probe probe;
    world_init(&w);
    world_bus(&w);
    test_pki_init(&other, w.dir, "other");
    test_pki_issue(&other, "pump-1", false, 3600, &foreign);
    test_pki_issue(&w.pki, "pump-1", false, -60, &ended);
    struct bus_entry entries[] = {world_entry("pump-1", &foreign), world_entry("pump-1", &ended)};
    world_registry(&w, 1, entries, 2);
    /* In TLS 1.3 the client hears of it with its first read. */
    (void)tls_probe_open(&probe, w.port, w.pki.ca_file, &foreign, NULL);
    CU_ASSERT_EQUAL(tls_probe_connect(&probe, "pump-1"), -1);
    tls_probe_close(&probe);
    (void)tls_probe_open(&probe, w.port, w.pki.ca_file, &ended, NULL);
    CU_ASSERT_EQUAL(tls_probe_connect(&probe, "pump-1"), -1);
    tls_probe_close(&probe);
    (void)tls_probe_open(&probe, w.port, w.pki.ca_file, NULL, NULL);
    CU_ASSERT_EQUAL(tls_probe_connect(&probe, "pump-1"), -1);
    tls_probe_close(&probe);
    /* The broker tells its plugin nothing of a handshake that fails within accept(2)'s turn, as on a busy machine. */
    CU_ASSERT(WORLD_AWAIT(&w, unauthenticated(&w) >= 1));
    test_pki_done(&other);
    world_done(&w);
}

static void gives_no_ticket(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct tls_probe probe;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_EQUAL(tls_probe_connect(&probe, "pump-1"), 0);
    CU_ASSERT_EQUAL(probe.tickets, 0);
    tls_probe_close(&probe);
    world_done(&w);
}

/* With tickets on, which our configuration forbids, the broker resumes an expired certificate's session: the plugin's
 * own look at the time is what refuses it. */
static void refuses_a_resumed_expired_certificate(void)
{
    struct world w = {.tickets = true};
    struct test_cert cert;
    struct tls_probe first, second;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    entry.not_after.ms += GW_HOUR_MS; /* so that the certificate's own end decides */
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT_FATAL(tls_probe_open(&first, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_EQUAL(tls_probe_connect(&first, "pump-1"), 0);
    CU_ASSERT_FATAL(first.tickets > 0);
    CU_ASSERT_FATAL(WORLD_AWAIT(&w, gw_wall_now().ms > cert.not_after.ms + 1000));
    CU_ASSERT(tls_probe_open(&second, w.port, w.pki.ca_file, &cert, first.session));
    CU_ASSERT(second.resumed);
    CU_ASSERT_EQUAL(tls_probe_connect(&second, "pump-1"), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_EXPIRED_CERTIFICATE, "pump-1")));
    tls_probe_close(&first);
    tls_probe_close(&second);
    world_done(&w);
}

static void refuses_by_the_registrys_end(void)
{
    struct world w = {0};
    struct test_cert cert;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    entry.not_after.ms = gw_wall_now().ms - 1;
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_EXPIRED_CERTIFICATE, "pump-1")));
    world_done(&w);
}

static void ends_a_session_with_its_certificate(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    entry.not_after.ms += GW_HOUR_MS;
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    int64_t late = gw_wall_now().ms - cert.not_after.ms;
    CU_ASSERT(late >= -1000 && late < 4000);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_SESSION_EXPIRED, "pump-1")));
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    world_done(&w);
}

static void reports_local_impostors(void)
{
    struct world w = {0};
    world_init(&w);
    world_bus(&w);
    char wrong[MQTT_SECRET_LEN + 1];
    memset(wrong, 'a', MQTT_SECRET_LEN);
    wrong[MQTT_SECRET_LEN] = '\0';
    CU_ASSERT_EQUAL(world_local(&w, "gw-control", "gw-control", wrong), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_LOCAL_IMPOSTOR, NULL)));
    CU_ASSERT_STRING_EQUAL(world_security(&w, REGISTRY_LOCAL_IMPOSTOR, NULL)->source, "local");
    w.security_count = 0;
    CU_ASSERT_EQUAL(world_local(&w, "somebody", "gw-control", w.secret), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_LOCAL_IMPOSTOR, NULL)));
    w.security_count = 0;
    CU_ASSERT_EQUAL(world_local(&w, "gw-log", NULL, NULL), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_LOCAL_IMPOSTOR, NULL)));
    w.security_count = 0;
    CU_ASSERT_EQUAL(world_local(&w, "gw-log", "gw-log", "short"), REFUSED);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_LOCAL_IMPOSTOR, NULL)));
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 0);
    world_done(&w);
}

/* The way of a stalled peer: connected, perhaps shaken hands, then silent. */
static void half_open_connections_disturb_nobody(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct tls_probe silent;
    struct world_device *d;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 1, &entry, 1);
    int tcp = tls_probe_tcp(w.port);
    CU_ASSERT_EQUAL(write(tcp, "\x16\x03\x01", 3), 3);
    CU_ASSERT(tls_probe_open(&silent, w.port, w.pki.ca_file, &cert, NULL));
    int idle = tls_probe_unix(w.socket);
    CU_ASSERT_EQUAL(write(idle, "\x10", 1), 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    world_bus_stop(&w);
    world_bus(&w);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    (void)close(tcp);
    tls_probe_close(&silent);
    CU_ASSERT(WORLD_AWAIT(&w, unauthenticated(&w) >= 2));
    (void)close(idle);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_LOCAL_IMPOSTOR, ""))); /* nobody else has a word there */
    world_done(&w);
}

#define CROWD 3000 /* more than the thousand devices that this broker is made for */

static void thousands_of_half_open_connections_keep_no_device_out(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    static int crowd[CROWD];
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 1, &entry, 1);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = tls_probe_tcp(w.port);
        if (i % 2)
            CU_ASSERT_EQUAL(write(crowd[i], "\x16\x03\x01", 3), 3);
    }
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    for (size_t i = 0; i < CROWD; i++)
        (void)close(crowd[i]);
    CU_ASSERT(WORLD_AWAIT(&w, unauthenticated(&w) >= CROWD));
    CU_ASSERT(world_is_online(&w, "pump-1"));
    world_done(&w);
}

static void refuses_an_mqtt5_method(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct tls_probe probe;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_NOT_EQUAL(tls_probe_connect5(&probe, "pump-1", "\x15\0\5PLAIN", 8), 0);
    tls_probe_close(&probe);
    CU_ASSERT(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_EQUAL(tls_probe_connect5(&probe, "pump-1", "", 0), 0);
    tls_probe_close(&probe);
    world_done(&w);
}

static const struct gw_test_case cases[] = {
    {"refuses devices before the registry is confirmed and admits them after", refuses_until_registry},
    {"a take-over ends online", takeover_ends_online},
    {"refuses a wrong client id, an unknown certificate, a stolen local name, a persistent session",
     refuses_wrong_names},
    {"refuses a foreign authority, an ended certificate and none at all in the handshake", refuses_other_authorities},
    {"gives no session ticket", gives_no_ticket},
    {"refuses an expired certificate on a resumed session", refuses_a_resumed_expired_certificate},
    {"refuses a certificate past the end in the registry", refuses_by_the_registrys_end},
    {"ends a session when its certificate ends", ends_a_session_with_its_certificate},
    {"refuses and reports impostors on the local socket", reports_local_impostors},
    {"refuses an MQTT 5 authentication method", refuses_an_mqtt5_method},
    {"half-open connections disturb nobody, and are told", half_open_connections_disturb_nobody},
    {"thousands of half-open connections keep no device out", thousands_of_half_open_connections_keep_no_device_out},
};

int main(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return GW_TEST_RUN("broker gate", cases);
}
