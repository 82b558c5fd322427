#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "web_internal.h"

static bool parse_address(const struct web_listener *l, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    *ret = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (inet_pton(AF_INET, l->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(l->port);
        *ret_len = sizeof(*v4);
        return true;
    }
    if (inet_pton(AF_INET6, l->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(l->port);
        *ret_len = sizeof(*v6);
        return true;
    }
    return false;
}

static const char *door_name(const struct web_listener *l)
{
    return l->door == HTTP_DOOR_DEVICES ? "devices" : l->door == HTTP_DOOR_OPERATORS ? "operators" : "admin";
}

static enum gw_rc bind_failed(const struct web_listener *l, const char *what, struct gw_err *err)
{
    if (errno == EADDRINUSE)
        return gw_err_set(err, GW_EXISTS, "%s is taken by another program: stop it, or change %s.port", what,
                          door_name(l));
    if (errno == EADDRNOTAVAIL)
        return gw_err_set(err, GW_INVALID, "%s: this machine has no such address: change %s.address", what,
                          door_name(l));
    return gw_err_sys(err, "%s: bind", what);
}

static enum gw_rc bind_tcp(struct web_listener *l, struct gw_err *err)
{
    struct sockaddr_storage at;
    socklen_t len;
    char what[96];
    int on = 1;
    (void)snprintf(what, sizeof(what), "%s: port %u of %s", door_name(l), (unsigned)l->port, l->address);
    if (!parse_address(l, &at, &len))
        return gw_err_set(err, GW_INVALID, "%s is no numeric address", l->address);
    GW_CLOSE int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
        return gw_err_sys(err, "%s: socket", what);
    if (bind(fd, (struct sockaddr *)&at, len))
        return bind_failed(l, what, err);
    if (getsockname(fd, (struct sockaddr *)&at, &len))
        return gw_err_sys(err, "%s: getsockname", what);
    if (l->port == 0) /* other threads read it: written once, before the thread runs */
        l->port = ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                                : ((struct sockaddr_in6 *)&at)->sin6_port);
    l->fd = fd;
    fd = -1;
    return GW_OK;
}

/* A socket file that nobody answers on is left from a crash and goes; anything else stays. */
static enum gw_rc clear_stale(const struct sockaddr_un *at, struct gw_err *err)
{
    struct stat st;
    if (lstat(at->sun_path, &st))
        return errno == ENOENT ? GW_OK : gw_err_sys(err, "%s", at->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return gw_err_set(err, GW_EXISTS, "%s is there and is no socket", at->sun_path);
    GW_CLOSE int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return gw_err_sys(err, "socket");
    if (connect(probe, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno != ECONNREFUSED)
        return gw_err_set(err, GW_EXISTS, "%s: another process listens there", at->sun_path);
    return unlink(at->sun_path) ? gw_err_sys(err, "%s: unlink", at->sun_path) : GW_OK;
}

static enum gw_rc bind_unix(struct web_listener *l, struct gw_err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (gw_view_copy_str(gw_view_str(l->unix_path), at.sun_path, sizeof(at.sun_path)))
        return gw_err_set(err, GW_INVALID, "%s is too long for a socket", l->unix_path);
    enum gw_rc rc = clear_stale(&at, err);
    if (rc)
        return rc;
    GW_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return gw_err_sys(err, "socket");
    /* The mode before bind(2) keeps the file from ever being wider; after it, the umask no longer counts. */
    if (fchmod(fd, l->mode) || bind(fd, (struct sockaddr *)&at, sizeof(at)))
        return gw_err_sys(err, "%s: bind", l->unix_path);
    if (chmod(l->unix_path, l->mode))
        return gw_err_sys(err, "%s: chmod", l->unix_path);
    l->fd = fd;
    fd = -1;
    return GW_OK;
}

enum gw_rc web_listener_bind(struct web_listener *l, struct gw_err *err)
{
    if (l->fd >= 0)
        return GW_OK;
    return l->unix_path ? bind_unix(l, err) : bind_tcp(l, err);
}

/* Who connected, as text for people and as a key for counting. */
static bool identify_tcp(int fd, const struct sockaddr_storage *from, uint8_t key[16], char source[HTTP_SOURCE_MAX])
{
    int on = 1;
    memset(key, 0, 16);
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        memcpy(key + 12, &v4->sin_addr, 4);
        key[11] = 0xff;
        if (!inet_ntop(AF_INET, &v4->sin_addr, source, HTTP_SOURCE_MAX))
            return false;
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        if (mapped)
            memcpy(key + 12, v6->sin6_addr.s6_addr + 12, 4);
        else
            memcpy(key, v6->sin6_addr.s6_addr, 8);
        key[11] = mapped ? 0xff : 0;
        if (!inet_ntop(mapped ? AF_INET : AF_INET6, mapped ? (const void *)(key + 12) : &v6->sin6_addr, source,
                       HTTP_SOURCE_MAX))
            return false;
    } else {
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return true;
}

static bool identify_unix(int fd, struct http_peer *peer)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    struct passwd pw;
    struct passwd *found = NULL;
    char text[2048];
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
        return false;
    peer->uid = cred.uid;
    (void)snprintf(peer->uid_name, sizeof(peer->uid_name), "%u", (unsigned)cred.uid);
    if (getpwuid_r(cred.uid, &pw, text, sizeof(text), &found) == 0 && found &&
        strlen(found->pw_name) < sizeof(peer->uid_name))
        (void)snprintf(peer->uid_name, sizeof(peer->uid_name), "%s", found->pw_name);
    return true;
}

static struct web_conn *first_of(const struct web_conns *list, const uint8_t *source_key)
{
    struct web_conn *c;
    TAILQ_FOREACH(c, list, rank)
    if (!source_key || memcmp(c->source_key, source_key, sizeof(c->source_key)) == 0)
        return c;
    return NULL;
}

/* The connection that gives way to a new one. */
static struct web_conn *weakest(const struct web_listener *l, const uint8_t *source_key)
{
    struct web_conn *c = first_of(&l->half, source_key);
    if (!c)
        c = first_of(&l->idle, source_key);
    return c ? c : first_of(&l->owing, source_key);
}

static bool make_room(struct web_listener *l, const uint8_t *source_key)
{
    struct web_conn *victim = weakest(l, source_key);
    if (!victim)
        return false;
    if (victim->ranked == WEB_HALF)
        web_refuse(l, WEB_REFUSED_HALF_OPEN, victim->peer.source, NULL);
    web_refuse(l, WEB_REFUSED_LIMIT, victim->peer.source, NULL);
    web_conn_close(victim);
    return true;
}

static bool admit(struct web_listener *l, const uint8_t source_key[16])
{
    struct web_conn *c;
    int same = 0;
    if (l->door != HTTP_DOOR_ADMIN) {
        TAILQ_FOREACH(c, &l->all, all)
        same += memcmp(c->source_key, source_key, sizeof(c->source_key)) == 0;
        if (same >= l->source_conns_max && !make_room(l, source_key))
            return false;
    }
    return l->conns < l->conns_max || make_room(l, NULL);
}

static void adopt(struct web_listener *l, int fd, const struct sockaddr_storage *from)
{
    uint8_t key[16] = {0};
    char source[HTTP_SOURCE_MAX] = "local";
    struct http_peer admin = {.uid = (uid_t)-1};
    bool known = l->unix_path ? identify_unix(fd, &admin) : identify_tcp(fd, from, key, source);
    struct web_conn *c = known && admit(l, key) ? web_conn_new(l, key, source) : NULL;
    if (!c) {
        web_refuse(l, WEB_REFUSED_LIMIT, source, NULL);
        (void)close(fd);
        return;
    }
    c->peer.uid = admin.uid;
    memcpy(c->peer.uid_name, admin.uid_name, sizeof(c->peer.uid_name));
    uint32_t slot = c->slot;
    lws_adopt_desc_t info = {.vh = l->vhost, .type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL, .opaque = c};
    info.fd.sockfd = fd;
    /* On failure it closes fd; when it got as far as a wsi, RAW_CLOSE has freed c too. */
    if (!lws_adopt_descriptor_vhost_via_info(&info) && l->web->slots.at[slot].conn == c)
        web_conn_free(c);
}

/* Out of descriptors: the weakest connection of this door goes; if there is none, wait for the next sweep. */
static void out_of_descriptors(struct web_listener *l)
{
    if (make_room(l, NULL))
        return;
    l->paused = true;
    (void)uv_poll_stop(l->poll);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct web_listener *l = poll->data;
    (void)events;
    for (int i = 0; status == 0 && l->open && i < WEB_ACCEPTS; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof(from);
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
                out_of_descriptors(l);
            if (errno != EINTR && errno != ECONNABORTED)
                break;
            continue;
        }
        adopt(l, fd, &from);
    }
    lws_cancel_service(l->web->context); /* lets libwebsockets start its timers */
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void watch(struct web_listener *l)
{
    l->paused = false;
    (void)uv_poll_start(l->poll, UV_READABLE, on_readable);
}

enum gw_rc web_listener_open(struct web_listener *l, struct gw_err *err)
{
    if (l->open)
        return GW_OK;
    enum gw_rc rc = web_listener_bind(l, err);
    if (rc)
        return rc;
    if (listen(l->fd, WEB_BACKLOG))
        return gw_err_sys(err, "listen");
    l->poll = gw_xalloc(1, sizeof(*l->poll));
    if (uv_poll_init(&l->web->loop, l->poll, l->fd)) {
        free(l->poll);
        l->poll = NULL;
        return gw_err_set(err, GW_IO, "uv_poll_init failed");
    }
    l->poll->data = l;
    l->open = true;
    (void)atomic_fetch_or(&l->web->doors_open, l->door);
    watch(l);
    return GW_OK;
}

void web_listener_hush(struct web_listener *l)
{
    if (l->poll) {
        (void)uv_poll_stop(l->poll);
        uv_close((uv_handle_t *)l->poll, free_handle);
        l->poll = NULL;
    }
    if (l->fd >= 0) {
        (void)close(l->fd);
        if (l->unix_path)
            (void)unlink(l->unix_path);
    }
    l->fd = -1;
    l->open = false;
    (void)atomic_fetch_and(&l->web->doors_open, ~(unsigned)l->door);
}

void web_listener_close(struct web_listener *l)
{
    struct web_conn *c;
    web_listener_hush(l);
    while ((c = TAILQ_FIRST(&l->all)) != NULL)
        web_conn_close(c);
}

void web_listener_sweep(struct web_listener *l)
{
    struct gw_mono now = gw_mono_now();
    struct web_conn *c;
    struct web_conn *next;
    if (l->open && l->paused)
        watch(l);
    for (c = TAILQ_FIRST(&l->all); c; c = next) {
        next = TAILQ_NEXT(c, all);
        web_conn_sweep(c, now);
    }
}
