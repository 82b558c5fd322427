#include "sockets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define FDS_MAX     4096
#define TCP_LISTEN  0x0a
#define UDP_UNBOUND 0x07     /* "closed": what UDP is in until it is connected; a port makes it reachable */
#define UNIX_ACCEPT 0x10000U /* SO_ACCEPTCON */

/* Inodes of the sockets that the gateway's processes hold. */
struct held {
    unsigned long inodes[FDS_MAX];
    size_t count;
};

static void hold(struct held *held, pid_t pid)
{
    char dir_path[64];
    (void)snprintf(dir_path, sizeof(dir_path), "/proc/%d/fd", (int)pid);
    DIR *dir = pid > 0 ? opendir(dir_path) : NULL;
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        char path[400], target[128];
        (void)snprintf(path, sizeof(path), "%s/%s", dir_path, e->d_name);
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        if (strncmp(target, "socket:[", 8) == 0 && held->count < FDS_MAX)
            held->inodes[held->count++] = strtoul(target + 8, NULL, 10);
    }
    if (dir)
        (void)closedir(dir);
}

static bool is_held(const struct held *held, unsigned long inode)
{
    for (size_t i = 0; i < held->count; i++)
        if (held->inodes[i] == inode)
            return true;
    return false;
}

static void add(struct sockets *s, const struct socket_at *at)
{
    if (s->count < SOCKETS_MAX)
        s->list[s->count] = *at;
    s->count++;
}

/* proc(5), net/tcp and net/udp. */
static void read_ports(const char *path, enum socket_kind kind, const struct held *held, struct sockets *s)
{
    GW_FCLOSE FILE *f = fopen(path, "re");
    char line[512];
    while (f && fgets(line, sizeof(line), f)) {
        char local[64], remote[64];
        unsigned state;
        unsigned long inode;
        if (sscanf(line, " %*d: %63s %63s %x %*s %*s %*s %*s %*s %lu", local, remote, &state, &inode) != 4 ||
            state != (kind == SOCKET_TCP ? TCP_LISTEN : UDP_UNBOUND) || !is_held(held, inode))
            continue;
        struct socket_at at = {.kind = kind};
        at.port = (uint16_t)strtoul(strrchr(local, ':') + 1, NULL, 16);
        at.loopback =
            strncmp(local, "0100007F:", 9) == 0 || strncmp(local, "00000000000000000000000001000000:", 33) == 0;
        add(s, &at);
    }
}

/* proc(5), net/unix: the path is the last word, and missing when there is none. */
static void read_unix(const struct held *held, struct sockets *s)
{
    GW_FCLOSE FILE *f = fopen("/proc/net/unix", "re");
    char line[512];
    while (f && fgets(line, sizeof(line), f)) {
        struct socket_at at = {.kind = SOCKET_UNIX};
        unsigned flags;
        unsigned long inode;
        if (sscanf(line, "%*s %*s %*s %x %*s %*s %lu %159s", &flags, &inode, at.path) >= 2 && (flags & UNIX_ACCEPT) &&
            is_held(held, inode))
            add(s, &at);
    }
}

void sockets_of(const struct gw_gateway *g, struct sockets *ret_sockets)
{
    static const char *const programs[] = {"gatehoused", "gatehouse-keyd", "mosquitto"};
    struct held *held = gw_xalloc(1, sizeof(*held));
    *ret_sockets = (struct sockets){.count = 0};
    hold(held, g->proc.pid);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        hold(held, gw_gateway_child(g, programs[i]));
    read_ports("/proc/net/tcp", SOCKET_TCP, held, ret_sockets);
    read_ports("/proc/net/tcp6", SOCKET_TCP, held, ret_sockets);
    read_ports("/proc/net/udp", SOCKET_UDP, held, ret_sockets);
    read_ports("/proc/net/udp6", SOCKET_UDP, held, ret_sockets);
    read_unix(held, ret_sockets);
    free(held);
}

bool sockets_have_port(const struct sockets *s, uint16_t port)
{
    for (size_t i = 0; i < s->count && i < SOCKETS_MAX; i++)
        if (s->list[i].kind == SOCKET_TCP && s->list[i].port == port && s->list[i].loopback)
            return true;
    return false;
}

bool sockets_have_path(const struct sockets *s, const char *end)
{
    for (size_t i = 0; i < s->count && i < SOCKETS_MAX; i++) {
        size_t len = strlen(s->list[i].path), want = strlen(end);
        if (s->list[i].kind == SOCKET_UNIX && len > want && strcmp(s->list[i].path + len - want, end) == 0)
            return true;
    }
    return false;
}

void sockets_print(const struct sockets *s)
{
    static const char *const kinds[] = {"tcp", "udp", "unix"};
    for (size_t i = 0; i < s->count && i < SOCKETS_MAX; i++)
        printf("#   %s %u %s%s\n", kinds[s->list[i].kind], s->list[i].port, s->list[i].path,
               s->list[i].loopback ? "on loopback" : "");
}
