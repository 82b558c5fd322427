/* Strangers at every listener of a whole gateway: half-open connections by the thousand, foreign certificates. Nobody
 * else may notice, and the gateway must tell of it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "enrol_client.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define LIMIT_MS 30000
#define CROWD    1000

static struct gw_gateway gateway;
static struct gw_agent agent, late;
static struct enrol_client client;
static int crowd[4 * CROWD];
static size_t crowd_count;

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* A field of `gatehouse status --json`. */
static void status_field(const char *key, char *out, size_t out_size)
{
    const char *const args[] = {"status", NULL};
    GW_FREE char *json = NULL;
    CU_ASSERT_EQUAL(gw_gateway_cli(&gateway, args, &json), 0);
    gw_json_pick(json, key, out, out_size);
}

struct counter {
    const char *key;
    unsigned long at_least;
};

static bool reached(void *ctx)
{
    const struct counter *c = ctx;
    char text[32];
    status_field(c->key, text, sizeof(text));
    return strtoul(text, NULL, 10) >= c->at_least;
}

static bool counted(const char *key, unsigned long at_least)
{
    struct counter c = {key, at_least};
    return gw_await(reached, &c, LIMIT_MS);
}

static void starts(void)
{
    gw_gateway_start(&gateway, NULL);
    CU_ASSERT_FATAL(gw_gateway_await_ready(&gateway) && gw_gateway_claim(&gateway));
    CU_ASSERT_FATAL(gw_agent_make(&agent, &gateway, "pump-7", NULL));
    gw_agent_start(&agent);
    CU_ASSERT_FATAL(gw_proc_await(&agent.proc, "session up", LIMIT_MS));
}

/* Every other one says a first piece of what is spoken there, and no more. */
static void join(const struct sockaddr *at, socklen_t len, const char *first, size_t first_len)
{
    for (int i = 0; i < CROWD; i++) {
        int fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CU_ASSERT_FATAL(fd >= 0 && connect(fd, at, len) == 0);
        if (i % 2)
            (void)send(fd, first, first_len, MSG_NOSIGNAL);
        crowd[crowd_count++] = fd;
    }
}

static void join_port(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    join((struct sockaddr *)&at, sizeof(at), "\x16\x03\x01\x02", 4);
}

/* Whether somebody answers at all, not who. */
static bool operators_are_answered(void)
{
    char url[64];
    (void)snprintf(url, sizeof(url), "https://localhost:%u/healthz", gateway.port_operators);
    const char *const argv[] = {"curl", "--silent", "--insecure", "--fail", "--max-time", "30", url, NULL};
    GW_FREE char *out = NULL;
    return gw_proc_run(argv, &out) == 0;
}

static void a_crowd_at_every_listener_keeps_nobody_out(void)
{
    struct sockaddr_un admin = {.sun_family = AF_UNIX};
    (void)snprintf(admin.sun_path, sizeof(admin.sun_path), "%s", gateway.socket);
    join_port(gateway.port_mqtt);
    join_port(gateway.port_devices);
    join_port(gateway.port_operators);
    join((struct sockaddr *)&admin, sizeof(admin), "GET /api", 8);
    /* While all of them stand: an operator invites by the admin socket, a device enrols over HTTPS and comes by MQTT,
     * a browser is answered, and who was there before stays. */
    CU_ASSERT_FATAL(gw_agent_make(&late, &gateway, "pump-8", NULL));
    gw_agent_start(&late);
    CU_ASSERT(gw_proc_await(&late.proc, "session up", LIMIT_MS));
    CU_ASSERT(operators_are_answered());
    char online[16];
    status_field("online", online, sizeof(online));
    CU_ASSERT_STRING_EQUAL(online, "2");
}

static void the_crowd_is_counted_and_shown(void)
{
    CU_ASSERT(counted("ceiling", CROWD / 2)); /* of the admin socket, which has room for 64 */
    for (size_t i = 0; i < crowd_count; i++)
        (void)close(crowd[i]);
    CU_ASSERT(counted("mqtt_unauthenticated", CROWD));
    CU_ASSERT(counted("tls", CROWD));
}

static void a_foreign_certificate_is_counted(void)
{
    char script[1024];
    (void)snprintf(
        script, sizeof(script),
        "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout foreign.key "
        "-out foreign.crt -subj /CN=pump-7 -days 1 2>/dev/null",
        client.dir);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL_FATAL(gw_proc_run(argv, &out), 0);
    CU_ASSERT_EQUAL(enrol_client_get(&client, &gateway, "/device/v1/trust", "foreign"), 403);
    CU_ASSERT(counted("certificate", 1));
    CU_ASSERT_NOT_EQUAL(enrol_client_mqtt(&client, &gateway, "foreign", "pump-7", "gw/v1/pump-7/up/state"), 0);
    CU_ASSERT(counted("mqtt_unauthenticated", CROWD + 1));
}

/* Signed by the gateway's own key, as long ago as its clock would have let it: only its end is wrong. */
static void an_expired_certificate_is_counted(void)
{
    char script[2048];
    (void)snprintf(
        script, sizeof(script),
        "cd '%s' && printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db\nnew_certs_dir=.\nserial=serial\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' >ca.cnf && : >db && echo 01 >serial && "
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout expired.key -out expired.csr "
        "-subj /CN=pump-7 && openssl ca -batch -notext -config ca.cnf -cert '%s/pki/ca/issuer.crt' -keyfile "
        "'%s/pki/ca/issuer.key' -in expired.csr -out expired.crt -startdate 20250101000000Z -enddate 20250201000000Z",
        client.dir, gateway.state, gateway.state);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    int rc = gw_proc_run(argv, &out);
    if (rc)
        printf("#   openssl: %s\n", out);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    CU_ASSERT_EQUAL(enrol_client_get(&client, &gateway, "/device/v1/trust", "expired"), 403);
    CU_ASSERT(counted("certificate", 2));
    CU_ASSERT_NOT_EQUAL(enrol_client_mqtt(&client, &gateway, "expired", "pump-7", "gw/v1/pump-7/up/state"), 0);
    CU_ASSERT(counted("mqtt_unauthenticated", CROWD + 2));
}

/* The gateway's own journal, read as a file: how many events of this class. */
static unsigned long events_of(const char *cls)
{
    char script[512];
    (void)snprintf(
        script, sizeof(script),
        "'%s/gatehouse' --socket '%s' --json logs show --audit --limit 1000 | grep -o '\"cls\":\"%s\"' | wc -l",
        GW_BIN_DIR, gateway.socket, cls);
    const char *const argv[] = {"sh", "-c", script, NULL};
    GW_FREE char *out = NULL;
    CU_ASSERT_EQUAL(gw_proc_run(argv, &out), 0);
    return strtoul(out ? out : "", NULL, 10);
}

static bool told(void *ctx)
{
    (void)ctx;
    return events_of("net.refused") >= 3 && events_of("cert.rejected") >= 1;
}

static void the_crowd_is_a_handful_of_events(void)
{
    CU_ASSERT(gw_await(told, NULL, LIMIT_MS));
    CU_ASSERT(events_of("net.refused") <= 30); /* three kinds at each listener, at most one a minute each */
}

static bool alerted(void *ctx)
{
    const char *const args[] = {"alerts", "list", NULL};
    GW_FREE char *out = NULL;
    return gw_gateway_cli(&gateway, args, &out) == 0 && strstr(out, ctx) != NULL;
}

/* Nobody could be named for certain: the alert is about the gateway, and says where and from where. */
static void a_foreign_certificate_is_an_alert_about_no_device(void)
{
    CU_ASSERT(gw_await(alerted,
                       "1 connection showed a certificate that is refused at the devices' HTTPS listener; the last was "
                       "not issued by this gateway and came from 127.0.0.1",
                       LIMIT_MS));
    CU_ASSERT(alerted("\"class\":\"cert.rejected\",\"device\":null"));
    CU_ASSERT_FALSE(alerted("\"device\":\"listen"));
}

static unsigned long lines_with(const char *text)
{
    unsigned long count = 0;
    for (const char *at = strstr(gateway.proc.out, text); at; at = strstr(at + 1, text))
        count++;
    return count;
}

/* mosquitto writes two lines for each of them and knows no ceiling: ours is 60 a minute, and says what it left out. */
static void the_crowd_fills_no_log(void)
{
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    CU_ASSERT_FATAL(gateway.proc.out != NULL);
    CU_ASSERT(lines_with("broker: New connection from ") > 0);
    CU_ASSERT(lines_with("broker: ") < CROWD);
    CU_ASSERT(lines_with("more lines about connections without a name within a minute, the last: ") > 0);
    gw_agent_done(&agent);
    gw_agent_done(&late);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"starts, is claimed, has a device", starts},
    {"a thousand half-open connections at every listener keep nobody out", a_crowd_at_every_listener_keeps_nobody_out},
    {"they are counted and shown", the_crowd_is_counted_and_shown},
    {"a foreign certificate is counted at HTTPS and MQTT", a_foreign_certificate_is_counted},
    {"an expired certificate is counted at HTTPS and MQTT", an_expired_certificate_is_counted},
    {"they are told in a handful of events", the_crowd_is_a_handful_of_events},
    {"a foreign certificate is an alert about no device", a_foreign_certificate_is_an_alert_about_no_device},
    {"stops cleanly, and the broker's lines about them have not filled its log", the_crowd_fills_no_log},
};

int main(void)
{
    raise_descriptor_limit();
    enrol_client_init(&client);
    return GW_GATEWAY_TEST_RUN("strangers at the gate", cases);
}
