#include "broker_conf.h"

#include <string.h>
#include <sys/un.h>

#include "broker_line.h"

static enum gw_rc check_text(const char *what, const char *text, const char *refused, struct gw_err *err)
{
    if (!text)
        return gw_err_set(err, GW_INVALID, "broker: %s is missing", what);
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr(refused, *p))
            return gw_err_set(err, GW_INVALID, "broker: %s holds a character that cannot be written", what);
    return GW_OK;
}

static enum gw_rc check_path(const char *what, const char *path, const char *refused, struct gw_err *err)
{
    enum gw_rc rc = check_text(what, path, refused, err);
    if (!rc && path[0] != '/')
        rc = gw_err_set(err, GW_INVALID, "broker: %s is not an absolute path", what);
    return rc;
}

static enum gw_rc check(const struct broker_conf *c, struct gw_err *err)
{
    enum gw_rc rc = check_text("listen address", c->listen_address, " ", err);
    if (!rc)
        rc = check_path("CA file", c->ca_file, "", err);
    if (!rc)
        rc = check_path("certificate file", c->cert_file, "", err);
    if (!rc)
        rc = check_path("key file", c->key_file, "", err);
    if (!rc)
        rc = check_path("plugin", c->plugin_path, "", err);
    if (!rc)
        rc = check_path("socket", c->socket_path, " ", err);
    if (!rc && strlen(c->socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        rc = gw_err_set(err, GW_INVALID, "broker: the socket's path is too long: %s", c->socket_path);
    if (!rc && c->user)
        rc = check_text("user", c->user, " ", err);
    if (!rc && (c->listen_port == 0 || c->secret_fd < 3 || c->lifeline_fd < 3 || c->max_devices == 0))
        rc = gw_err_set(err, GW_INVALID, "broker: port, descriptor or device ceiling out of range");
    return rc;
}

/* Its notices also go to who subscribes, which is gw-control alone: the plugin reads them there (broker_line.h).
 * Limits: a queue never holds more than 2,000 messages or 64 MiB; a log batch of 64 KiB fits into a packet. */
static void add_common(const struct broker_conf *c, struct gw_buf *b)
{
    (void)gw_buf_add_str(b, "# Written at each start; changes are lost.\n"
                            "per_listener_settings false\n"
                            "allow_anonymous false\n"
                            "persistence false\n"
                            "persistent_client_expiration 1h\n"
                            "allow_zero_length_clientid false\n"
                            "set_tcp_nodelay true\n"
                            "sys_interval 0\n"
                            "max_queued_messages 2000\n"
                            "max_queued_bytes 67108864\n"
                            "max_inflight_messages 100\n"
                            "max_packet_size 73728\n"
                            "log_dest stderr\n"
                            "log_dest topic\n"
                            "log_type error\n"
                            "log_type warning\n"
                            "log_type notice\n"
                            "log_type information\n"
                            "log_timestamp_format " BROKER_LINE_TIME "\n");
    if (c->user)
        (void)gw_buf_printf(b, "user %s\n", c->user);
    (void)gw_buf_printf(b, "plugin %s\nplugin_opt_secret_fd %d\nplugin_opt_lifeline_fd %d\nplugin_opt_max_devices %u\n",
                        c->plugin_path, c->secret_fd, c->lifeline_fd, c->max_devices);
    if (c->rate_messages)
        (void)gw_buf_printf(b, "plugin_opt_rate_messages %u\n", c->rate_messages);
    if (c->rate_bytes)
        (void)gw_buf_printf(b, "plugin_opt_rate_bytes %u\n", c->rate_bytes);
    if (c->log_mib_day)
        (void)gw_buf_printf(b, "plugin_opt_log_mib_day %u\n", c->log_mib_day);
}

static void add_listeners(const struct broker_conf *c, struct gw_buf *b)
{
    (void)gw_buf_printf(b, "\nlistener %u%s%s\n", c->listen_port, c->listen_address[0] ? " " : "", c->listen_address);
    (void)gw_buf_printf(b, "max_connections %llu\n", (unsigned long long)c->max_devices + BROKER_CONF_SPARE);
    (void)gw_buf_printf(b, "cafile %s\ncertfile %s\nkeyfile %s\n", c->ca_file, c->cert_file, c->key_file);
    (void)gw_buf_add_str(b, "require_certificate true\n"
                            "tls_version tlsv1.3\n");
    (void)gw_buf_printf(b, "\nlistener 0 %s\n", c->socket_path);
}

enum gw_rc broker_conf_write(const struct broker_conf *c, struct gw_buf *ret_conf, struct gw_buf *ret_openssl_cnf,
                             struct gw_err *err)
{
    enum gw_rc rc = check(c, err);
    if (rc)
        return rc;
    add_common(c, ret_conf);
    add_listeners(c, ret_conf);
    /* A resumed session is not checked against the chain again and would let an expired certificate in. */
    (void)gw_buf_add_str(ret_openssl_cnf, "openssl_conf = broker\n\n"
                                          "[broker]\nssl_conf = ssl\n\n"
                                          "[ssl]\nsystem_default = tls\n\n"
                                          "[tls]\nMinProtocol = TLSv1.3\nNumTickets = 0\n");
    if (gw_buf_rc(ret_conf) || gw_buf_rc(ret_openssl_cnf))
        return gw_err_set(err, GW_TOO_BIG, "broker: the configuration does not fit its buffer");
    return GW_OK;
}
