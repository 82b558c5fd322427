#include "artifact_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
    char peer[128] = "-", line[512];
    X509 *cert = SSL_get1_peer_certificate(ssl);
    if (cert)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, peer, sizeof(peer));
    X509_free(cert);
    int n = snprintf(line, sizeof(line), "%s %ld %s\n", path, first, peer);
    GW_CLOSE int fd = open(s->record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(write(fd, line, (size_t)n) == n);
}

static void send_file(const struct artifact_server *s, SSL *ssl, int fd, long first)
{
    static char chunk[CHUNK];
    struct stat st;
    char head[256];
    size_t sent = 0;
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
        if (first == 0 && s->hold_at && sent >= s->hold_at)
            (void)SSL_read(ssl, chunk, CHUNK); /* until the device goes away */
    }
}

static void serve(const struct artifact_server *s, SSL *ssl)
{
    static const char missing[] = "HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    static char request[8192];
    char path[256], file[600];
    long first = 0;
    size_t len = 0;
    if (SSL_accept(ssl) != 1)
        return;
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

static void run_child(const struct artifact_server *s, int listener)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN);
    must(SSL_CTX_use_certificate_chain_file(ctx, s->cert.cert_file) == 1 &&
         SSL_CTX_use_PrivateKey_file(ctx, s->cert.key_file, SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_load_verify_locations(ctx, s->pki->ca_file, NULL) == 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            SSL *ssl = SSL_new(ctx);
            must(ssl && SSL_set_fd(ssl, fd));
            serve(s, ssl);
            _exit(0);
        }
        (void)close(fd);
    }
}

void artifact_server_start(struct artifact_server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    test_pki_issue(s->pki, "the-server", true, 3600, &s->cert);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(listener, 8) == 0 &&
         getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    s->port = ntohs(at.sin_port);
    s->pid = fork();
    must(s->pid >= 0);
    if (s->pid == 0)
        run_child(s, listener);
    (void)close(listener);
}

void artifact_server_stop(struct artifact_server *s)
{
    if (s->pid <= 0)
        return;
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    s->pid = 0;
}
