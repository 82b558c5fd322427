#include "artifact_server.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define CHUNK 16384

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void record(const struct artifact_server *s, SSL *ssl, const char *path, long first)
{
    char peer[TLS_SERVER_PEER_MAX], line[512];
    tls_server_peer(ssl, peer);
    (void)snprintf(line, sizeof(line), "%s %ld %s\n", path, first, peer);
    tls_server_record(s->record, line);
}

/* Asked anew each time: a process that has threads by now need not be forked again for it. */
static size_t hold_at(const struct artifact_server *s)
{
    char path[300];
    size_t bytes = SIZE_MAX;
    (void)snprintf(path, sizeof(path), "%s/hold", s->root);
    GW_FCLOSE FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%zu", &bytes) != 1)
        abort();
    return bytes;
}

static void send_file(const struct artifact_server *s, SSL *ssl, int fd, long first)
{
    static char chunk[CHUNK];
    struct stat st;
    char head[256];
    size_t sent = 0, hold = first == 0 ? hold_at(s) : SIZE_MAX;
    must(fstat(fd, &st) == 0);
    int n = first > 0
                ? snprintf(head, sizeof(head),
                           "HTTP/1.1 206 x\r\nContent-Length: %lld\r\nContent-Range: bytes %ld-%lld/%lld\r\n"
                           "Connection: close\r\n\r\n",
                           (long long)st.st_size - first, first, (long long)st.st_size - 1, (long long)st.st_size)
                : snprintf(head, sizeof(head), "HTTP/1.1 200 x\r\nContent-Length: %lld\r\nConnection: close\r\n\r\n",
                           (long long)st.st_size);
    (void)SSL_write(ssl, head, n);
    (void)lseek(fd, first, SEEK_SET);
    for (ssize_t got; (got = read(fd, chunk, sizeof(chunk))) > 0;) {
        if (SSL_write(ssl, chunk, (int)got) <= 0)
            return;
        sent += (size_t)got;
        if (sent >= hold)
            (void)SSL_read(ssl, chunk, CHUNK); /* until the device goes away */
    }
}

static void serve(const void *ctx, SSL *ssl)
{
    const struct artifact_server *s = ctx;
    static const char missing[] = "HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    static char request[8192];
    char path[256], file[600];
    long first = 0;
    size_t len = 0;
    while (len < sizeof(request) - 1 && !strstr(request, "\r\n\r\n")) {
        int n = SSL_read(ssl, request + len, (int)(sizeof(request) - 1 - len));
        if (n <= 0)
            return;
        len += (size_t)n;
    }
    const char *range = strstr(request, "\r\nRange: bytes=");
    if (sscanf(request, "GET %255s", path) != 1)
        return;
    if (range)
        (void)sscanf(range + 15, "%ld-", &first);
    record(s, ssl, path, first);
    (void)snprintf(file, sizeof(file), "%s%s", s->root, path);
    GW_CLOSE int fd = strncmp(path, "/artifacts/", 11) == 0 ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        send_file(s, ssl, fd, first);
    else
        (void)SSL_write(ssl, missing, (int)sizeof(missing) - 1);
    (void)SSL_shutdown(ssl);
}

void artifact_server_start(struct artifact_server *s)
{
    s->tls.needs_client = true;
    tls_server_start(&s->tls, serve, s);
}

void artifact_server_stop(struct artifact_server *s)
{
    tls_server_stop(&s->tls);
}
