#include "web_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "gw_num.h"
#include "gw_time.h"

#define LIMIT_S 10

static void init(struct web_client *c, int fd)
{
    *c = (struct web_client){.fd = fd};
    gw_buf_init(&c->rx, 64 * 1024 * 1024);
    struct timeval limit = {.tv_sec = LIMIT_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static bool connect_from(struct web_client *c, uint8_t host, uint16_t port, int rcvbuf)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    init(c, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int on = 1;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* as browsers do */
    if (rcvbuf)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
    if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
        connect(c->fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return true;
    web_client_done(c);
    return false;
}

bool web_client_tcp(struct web_client *c, uint16_t port, int rcvbuf)
{
    return connect_from(c, 1, port, rcvbuf);
}

bool web_client_open_from(struct web_client *c, uint8_t host, uint16_t port)
{
    return connect_from(c, host, port, 0) && web_client_tls(c, &(struct web_client_tls){.ca = NULL});
}

bool web_client_unix(struct web_client *c, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    init(c, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(c->fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return true;
    web_client_done(c);
    return false;
}

bool web_client_tls(struct web_client *c, const struct web_client_tls *how)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    c->ctx = ctx;
    if (how->max_version)
        (void)SSL_CTX_set_max_proto_version(ctx, how->max_version);
    if (how->ciphers && SSL_CTX_set_cipher_list(ctx, how->ciphers) != 1)
        abort();
    if (how->ca) {
        if (SSL_CTX_load_verify_file(ctx, how->ca) != 1)
            abort();
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    if (how->cert && (SSL_CTX_use_certificate_chain_file(ctx, how->cert) != 1 ||
                      SSL_CTX_use_PrivateKey_file(ctx, how->cert, SSL_FILETYPE_PEM) != 1))
        abort();
    SSL *ssl = SSL_new(ctx);
    c->ssl = ssl;
    (void)SSL_set_fd(ssl, c->fd);
    bool done = SSL_connect(ssl) == 1;
    ERR_clear_error();
    return done;
}

bool web_client_open(struct web_client *c, uint16_t port, const char *cert)
{
    return web_client_tcp(c, port, 0) && web_client_tls(c, &(struct web_client_tls){.cert = cert});
}

bool web_client_send_bytes(struct web_client *c, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = c->ssl ? SSL_write(c->ssl, at, (int)len) : send(c->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool web_client_send(struct web_client *c, const char *text)
{
    return web_client_send_bytes(c, text, strlen(text));
}

bool web_client_more(struct web_client *c)
{
    uint8_t *at = gw_buf_reserve(&c->rx, 16384);
    if (!at)
        return false;
    ssize_t n = c->ssl ? SSL_read(c->ssl, at, 16384) : recv(c->fd, at, 16384, 0);
    ERR_clear_error();
    if (n <= 0)
        return false;
    gw_buf_commit(&c->rx, (size_t)n);
    return true;
}

const char *web_answer_header(const struct web_answer_seen *a, const char *name)
{
    static _Thread_local char value[2048];
    char want[128];
    (void)snprintf(want, sizeof(want), "\r\n%s: ", name);
    const char *at = strcasestr(a->head, want);
    if (!at)
        return NULL;
    at += strlen(want);
    (void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

void web_client_read(struct web_client *c, bool head_only, struct web_answer_seen *ret)
{
    *ret = (struct web_answer_seen){.status = 0};
    gw_buf_init(&ret->body, 64 * 1024 * 1024);
    const uint8_t *end;
    while (!(end = c->rx.len ? memmem(c->rx.ptr, c->rx.len, "\r\n\r\n", 4) : NULL))
        if (!web_client_more(c))
            return;
    size_t len = (size_t)(end - c->rx.ptr) + 4;
    if (len >= sizeof(ret->head))
        return;
    memcpy(ret->head, c->rx.ptr, len);
    gw_buf_drop(&c->rx, len);
    uint64_t status = 0;
    if (gw_parse_u64(gw_view_make(ret->head + 9, 3), 999, &status))
        return;
    const char *length = web_answer_header(ret, "content-length");
    uint64_t want = 0;
    if (length && gw_parse_u64(gw_view_str(length), 64 * 1024 * 1024, &want))
        return;
    while (!head_only && c->rx.len < want)
        if (!web_client_more(c))
            return;
    if (!head_only && want > 0) {
        (void)gw_buf_add(&ret->body, c->rx.ptr, (size_t)want);
        gw_buf_drop(&c->rx, (size_t)want);
    }
    ret->status = (int)status;
}

int web_client_ask(struct web_client *c, const char *text, struct web_answer_seen *ret)
{
    (void)web_client_send(c, text);
    web_client_read(c, strncmp(text, "HEAD ", 5) == 0, ret);
    return ret->status;
}

bool web_client_closed(struct web_client *c, int limit_ms)
{
    int64_t until = gw_mono_now().ms + limit_ms;
    char chunk[16384];
    for (;;) {
        int64_t left = until - gw_mono_now().ms;
        struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
        if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
            return false;
        ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
    }
}

void web_client_done(struct web_client *c)
{
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    if (c->fd >= 0)
        (void)close(c->fd);
    gw_buf_done(&c->rx);
    *c = (struct web_client){.fd = -1};
}

void web_answer_seen_done(struct web_answer_seen *a)
{
    gw_buf_done(&a->body);
}
