#include "broker_conf.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static const struct broker_conf good = {
    .listen_address = "192.0.2.1",
    .listen_port = 8883,
    .ca_file = "/state/broker/ca.pem",
    .cert_file = "/state/broker/cert.pem",
    .key_file = "/state/broker/key.pem",
    .socket_path = "/run/gatehouse/bus.sock",
    .plugin_path = "/usr/lib/gatehouse/gatehouse_broker.so",
    .secret_fd = 3,
    .lifeline_fd = 4,
    .max_devices = 500,
};

static enum gw_rc written(const struct broker_conf *c, struct gw_buf *conf)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf cnf;
    struct gw_err err;
    gw_buf_init(&cnf, BROKER_CONF_TEXT_MAX);
    enum gw_rc rc = broker_conf_write(c, conf, &cnf, &err);
    if (!rc)
        CU_ASSERT(strstr(gw_buf_str(&cnf), "\nNumTickets = 0\n") != NULL);
    return rc;
}

static void writes_what_the_plugin_needs(void)
{
    static const char *const lines[] = {
        "per_listener_settings false",
        "allow_anonymous false",
        "persistence false",
        "max_queued_messages 2000",
        "max_queued_bytes 67108864",
        "max_packet_size 73728",
        "log_dest topic",
        "listener 8883 192.0.2.1",
        "require_certificate true",
        "tls_version tlsv1.3",
        "max_connections 4596",
        "plugin_opt_secret_fd 3",
        "plugin_opt_lifeline_fd 4",
        "plugin_opt_max_devices 500",
        "listener 0 /run/gatehouse/bus.sock",
    };
    GW_CLEANUP(gw_buf_done) struct gw_buf conf;
    gw_buf_init(&conf, BROKER_CONF_TEXT_MAX);
    CU_ASSERT_EQUAL_FATAL(written(&good, &conf), GW_OK);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[128];
        (void)snprintf(line, sizeof(line), "\n%s\n", lines[i]);
        CU_ASSERT(strstr(gw_buf_str(&conf), line) != NULL);
    }
    CU_ASSERT(strstr(gw_buf_str(&conf), "use_identity_as_username") == NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "rate_") == NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "user ") == NULL);
}

static void writes_what_was_chosen(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf conf;
    gw_buf_init(&conf, BROKER_CONF_TEXT_MAX);
    struct broker_conf c = good;
    c.listen_address = "";
    c.user = "gatehouse-broker";
    c.rate_messages = 9;
    c.rate_bytes = 10;
    c.log_mib_day = 11;
    CU_ASSERT_EQUAL_FATAL(written(&c, &conf), GW_OK);
    CU_ASSERT(strstr(gw_buf_str(&conf), "\nlistener 8883\n") != NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "\nuser gatehouse-broker\n") != NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "\nplugin_opt_rate_messages 9\n") != NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "\nplugin_opt_rate_bytes 10\n") != NULL);
    CU_ASSERT(strstr(gw_buf_str(&conf), "\nplugin_opt_log_mib_day 11\n") != NULL);
}

static void refuse(const struct broker_conf *c)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf conf;
    gw_buf_init(&conf, BROKER_CONF_TEXT_MAX);
    CU_ASSERT_EQUAL(written(c, &conf), GW_INVALID);
    CU_ASSERT_EQUAL(conf.len, 0);
}

static void refuses_what_could_forge_a_line(void)
{
    static const char long_path[] =
        "/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct broker_conf c = good;
    c.ca_file = "/ca.pem\nallow_anonymous true";
    refuse(&c);
    c = good;
    c.listen_address = "0.0.0.0 x";
    refuse(&c);
    c = good;
    c.socket_path = "run/bus.sock";
    refuse(&c);
    c = good;
    c.socket_path = long_path;
    refuse(&c);
    c = good;
    c.plugin_path = NULL;
    refuse(&c);
    c = good;
    c.secret_fd = 2;
    refuse(&c);
    c = good;
    c.listen_port = 0;
    refuse(&c);
    c = good;
    c.max_devices = 0;
    refuse(&c);
}

static void says_when_it_does_not_fit(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf conf;
    gw_buf_init(&conf, 100);
    CU_ASSERT_EQUAL(written(&good, &conf), GW_TOO_BIG);
}

static const struct gw_test_case cases[] = {
    {"writes what the plugin and the limits need", writes_what_the_plugin_needs},
    {"writes what was chosen", writes_what_was_chosen},
    {"refuses what could forge a line or cannot work", refuses_what_could_forge_a_line},
    {"says when it does not fit its buffer", says_when_it_does_not_fit},
};

int main(void)
{
    return GW_TEST_RUN("broker configuration", cases);
}
