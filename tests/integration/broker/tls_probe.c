#include "tls_probe.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int tls_probe_tcp(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = 10};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
        connect(fd, (struct sockaddr *)&at, sizeof(at)))
        abort();
    return fd;
}

int tls_probe_unix(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
        abort();
    return fd;
}

static int on_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct tls_probe *probe = SSL_get_app_data(ssl);
    SSL_SESSION_free(probe->session);
    probe->session = session;
    probe->tickets++;
    return 1; /* ours now */
}

bool tls_probe_open(struct tls_probe *probe, uint16_t port, const char *ca_file, const struct test_cert *cert,
                    void *session)
{
    *probe = (struct tls_probe){.fd = tls_probe_tcp(port)};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || !SSL_CTX_load_verify_locations(ctx, ca_file, NULL))
        abort();
    if (cert && (SSL_CTX_use_certificate_chain_file(ctx, cert->cert_file) != 1 ||
                 SSL_CTX_use_PrivateKey_file(ctx, cert->key_file, SSL_FILETYPE_PEM) != 1))
        abort();
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(ctx, on_ticket);
    SSL *ssl = SSL_new(ctx);
    probe->ctx = ctx;
    probe->ssl = ssl;
    if (!ssl || !SSL_set_app_data(ssl, probe) || !SSL_set_fd(ssl, probe->fd) ||
        (session && !SSL_set_session(ssl, session)))
        abort();
    bool open = SSL_connect(ssl) == 1;
    probe->resumed = open && SSL_session_reused(ssl) == 1;
    return open;
}

static int answer_of(struct tls_probe *probe, const uint8_t *packet, size_t len)
{
    uint8_t answer[4];
    if (SSL_write(probe->ssl, packet, (int)len) <= 0 || SSL_read(probe->ssl, answer, sizeof(answer)) != 4)
        return -1;
    return answer[0] == 0x20 ? answer[3] : -1;
}

int tls_probe_connect(struct tls_probe *probe, const char *client_id)
{
    uint8_t packet[128] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 60, 0};
    size_t len = strlen(client_id);
    packet[1] = (uint8_t)(12 + len);
    packet[13] = (uint8_t)len;
    memcpy(packet + 14, client_id, len);
    return answer_of(probe, packet, 14 + len);
}

int tls_probe_connect5(struct tls_probe *probe, const char *client_id, const void *properties, size_t len)
{
    uint8_t packet[128] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 5, 0x02, 0, 60};
    size_t id_len = strlen(client_id);
    packet[1] = (uint8_t)(13 + len + id_len);
    packet[12] = (uint8_t)len;
    memcpy(packet + 13, properties, len);
    packet[14 + len] = (uint8_t)id_len;
    memcpy(packet + 15 + len, client_id, id_len);
    return answer_of(probe, packet, 15 + len + id_len);
}

void tls_probe_send(struct tls_probe *probe, const void *bytes, int len)
{
    if (SSL_write(probe->ssl, bytes, len) != len)
        abort();
}

void tls_probe_close(struct tls_probe *probe)
{
    SSL_free(probe->ssl);
    SSL_SESSION_free(probe->session);
    SSL_CTX_free(probe->ctx);
    (void)close(probe->fd);
    *probe = (struct tls_probe){.fd = -1};
}
