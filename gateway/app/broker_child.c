#include "broker_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker_conf.h"
#include "ctl.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "kept_port.h"
#include "server_cert.h"

struct paths {
    char ca[OPTIONS_PATH_MAX + 64], cert[OPTIONS_PATH_MAX + 64], key[OPTIONS_PATH_MAX + 64];
    char conf[OPTIONS_PATH_MAX + 64], openssl[OPTIONS_PATH_MAX + 64], plugin[OPTIONS_PATH_MAX + 64];
};

static void find_paths(const struct options *o, struct paths *p)
{
    options_path(p->ca, o->state, "broker/ca.crt");
    options_path(p->cert, o->state, "broker/server.crt");
    options_path(p->key, o->state, "broker/server.key");
    options_path(p->conf, o->state, "broker/mosquitto.conf");
    options_path(p->openssl, o->state, "broker/openssl.cnf");
    options_path(p->plugin, o->libexec, "gatehouse_broker.so");
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static enum gw_rc make_address(const char *text, uint16_t port, union address *ret_at, socklen_t *ret_len,
                               struct gw_err *err)
{
    *ret_at = (union address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    *ret_len = sizeof(ret_at->v6);
    if (inet_pton(AF_INET6, text, &ret_at->v6.sin6_addr) == 1)
        return GW_OK;
    *ret_at = (union address){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    *ret_len = sizeof(ret_at->v4);
    return inet_pton(AF_INET, text, &ret_at->v4.sin_addr) == 1 ? GW_OK
                                                               : gw_err_set(err, GW_INVALID, "mqtt.address %s", text);
}

/* Binds for a moment: mosquitto itself would only exit, with a line in its log. Port 0 finds a free one. ret_fd (may be
 * NULL) is bound to it still, so that nobody is given it meanwhile who asks for a free one. */
static enum gw_rc probe_port(const char *address, uint16_t port, uint16_t *ret_port, int *ret_fd, struct gw_err *err)
{
    union address at;
    socklen_t len;
    enum gw_rc rc = make_address(address, port, &at, &len, err);
    if (rc)
        return rc;
    GW_CLOSE int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return gw_err_sys(err, "socket");
    bool bound = bind(fd, &at.any, len) == 0;
    if (!bound && errno == EADDRINUSE)
        return gw_err_set(err, GW_EXISTS,
                          "mqtt: port %u of %s is taken by another program: stop it, or change mqtt.port", port,
                          address);
    if (!bound || getsockname(fd, &at.any, &len))
        return gw_err_sys(err, "mqtt: port %u of %s", port, address);
    *ret_port = ntohs(at.v4.sin_port); /* it lies in the same place in both families */
    if (ret_fd) {
        gw_cleanup_fd(ret_fd);
        *ret_fd = fd;
        fd = -1;
    }
    return GW_OK;
}

static enum gw_rc choose_port(struct broker_child *b, bool running, struct gw_err *err)
{
    const struct config_listener *at = &b->config->mqtt;
    char path[OPTIONS_PATH_MAX + 64];
    options_path(path, b->options->state, "broker/port");
    b->port = kept_port_choose(path, at->port);
    if (running && b->port)
        return GW_OK; /* it is our own broker that holds it */
    enum gw_rc rc = probe_port(at->address, b->port, &b->port, &b->held_fd, err);
    if (rc == GW_EXISTS && at->port == 0)
        rc = probe_port(at->address, 0, &b->port, &b->held_fd, err);
    return rc || at->port ? rc : kept_port_put(path, b->port, err);
}

void broker_child_release(struct broker_child *b)
{
    gw_cleanup_fd(&b->held_fd);
}

bool broker_child_port_taken(const struct broker_child *b)
{
    uint16_t port;
    return probe_port(b->config->mqtt.address, b->port, &port, NULL, NULL) == GW_EXISTS;
}

static enum gw_rc write_if_new(const char *path, struct gw_view content, mode_t mode, bool *changed, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf old;
    gw_buf_init(&old, BROKER_CONF_TEXT_MAX);
    if (gw_fs_read_file(path, &old, NULL) == GW_OK && gw_view_eq(gw_buf_view(&old), content))
        return GW_OK;
    *changed = true;
    return gw_fs_replace(gw_fs_posix(), path, content, mode, err);
}

/* The broker's group may read its key; nobody else. */
static enum gw_rc share_key(const char *dir, const char *key, struct gw_err *err)
{
    struct stat st;
    if (stat(dir, &st))
        return gw_err_sys(err, "%s", dir);
    return chown(key, (uid_t)-1, st.st_gid) ? gw_err_sys(err, "group of %s", key) : GW_OK;
}

static enum gw_rc write_conf(struct broker_child *b, const struct paths *p, bool *changed, struct gw_err *err)
{
    struct broker_conf conf = {
        /* mosquitto takes :: for IPv6 alone; elsewhere, as with our other doors, it is every address. */
        .listen_address = strcmp(b->config->mqtt.address, "::") == 0 ? "" : b->config->mqtt.address,
        .listen_port = b->port,
        .ca_file = p->ca,
        .cert_file = p->cert,
        .key_file = p->key,
        .socket_path = b->socket,
        .plugin_path = p->plugin,
        .secret_fd = CTL_FD_BROKER_SECRET,
        .lifeline_fd = CTL_FD_LIFELINE,
        .max_devices = (uint32_t)b->config->devices_max,
        .rate_messages = (uint32_t)b->config->rate_messages,
        .rate_bytes = (uint32_t)b->config->rate_kib * 1024,
        .log_mib_day = (uint32_t)b->config->log_mib_day,
    };
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(gw_buf_done) struct gw_buf openssl;
    gw_buf_init(&text, BROKER_CONF_TEXT_MAX);
    gw_buf_init(&openssl, BROKER_CONF_TEXT_MAX);
    enum gw_rc rc = broker_conf_write(&conf, &text, &openssl, err);
    if (!rc)
        rc = write_if_new(p->conf, gw_buf_view(&text), 0644, changed, err);
    return rc ? rc : write_if_new(p->openssl, gw_buf_view(&openssl), 0644, changed, err);
}

enum gw_rc broker_child_prepare(struct broker_child *b, bool running, const struct signer *signer,
                                const struct signer_identity *identity, struct gw_err *err)
{
    struct paths p;
    char dir[OPTIONS_PATH_MAX + 64];
    find_paths(b->options, &p);
    options_path(dir, b->options->state, "broker");
    b->changed = false;
    struct server_cert_files files = {p.key, p.cert, 0640};
    struct server_cert_state cert = {.changed = false};
    enum gw_rc rc = choose_port(b, running, err);
    if (!rc)
        rc = server_cert_ensure(&files, b->config, signer, identity, &cert, err);
    b->cert_until = cert.until;
    b->changed = cert.changed;
    if (!rc)
        rc = share_key(dir, p.key, err);
    if (!rc)
        rc = server_cert_write_ca(p.ca, identity, err);
    return rc ? rc : write_conf(b, &p, &b->changed, err);
}
