#include "listen_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_num.h"

static enum gw_rc refused(const struct config_listener *at, int code, const char **ret_key, struct gw_err *err)
{
    *ret_key = code == EACCES ? "port" : "address";
    switch (code) {
    case EADDRNOTAVAIL:
        return gw_err_set(err, GW_AGAIN,
                          "this machine has no address %s: take one of its own (`ip address` lists them), 0.0.0.0 or "
                          "::, or give it this one",
                          at->address);
    case EAFNOSUPPORT:
        return gw_err_set(err, GW_INVALID, "this machine has no IPv6: take an IPv4 address");
    case EACCES:
        return gw_err_set(err, GW_INVALID,
                          "ports below 1024 are the system's, and no part that listens runs as root: take another, or "
                          "lower net.ipv4.ip_unprivileged_port_start");
    default: /* of errno */
        return gw_err_set(err, GW_INVALID, "nobody can listen at %s: %s", at->address, strerror(code));
    }
}

/* The first port that is not the system's. */
static uint64_t first_free_port(void)
{
    GW_FCLOSE FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
    char line[16];
    uint64_t port = 0;
    if (!f || !fgets(line, sizeof(line), f) || gw_parse_u64(gw_view_trim(gw_view_str(line)), UINT16_MAX, &port))
        return 1024;
    return port;
}

enum gw_rc listen_check(const struct config_listener *at, const char **ret_key, struct gw_err *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)}};
    socklen_t len = sizeof(to.v6);
    int on = 1;
    if (inet_pton(AF_INET6, at->address, &to.v6.sin6_addr) != 1) {
        to.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(at->port)};
        len = sizeof(to.v4);
        if (inet_pton(AF_INET, at->address, &to.v4.sin_addr) != 1)
            return refused(at, EINVAL, ret_key, err);
    }
    if (geteuid() == 0 && at->port != 0 && at->port < first_free_port())
        return refused(at, EACCES, ret_key, err); /* root may, but root is not who will listen */
    GW_CLOSE int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 && errno != EAFNOSUPPORT)
        return GW_OK; /* out of descriptors or memory: who binds for good tells */
    if (fd < 0)
        return refused(at, EAFNOSUPPORT, ret_key, err);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &to.any, len) == 0 || errno == EADDRINUSE)
        return GW_OK;
    return refused(at, errno, ret_key, err);
}
