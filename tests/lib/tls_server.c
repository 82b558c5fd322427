#include "tls_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw_cleanup.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

void tls_server_peer(SSL *ssl, char ret_name[TLS_SERVER_PEER_MAX])
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    (void)snprintf(ret_name, TLS_SERVER_PEER_MAX, "-");
    if (cert)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, ret_name, TLS_SERVER_PEER_MAX);
    X509_free(cert);
}

void tls_server_record(const char *file, const char *line)
{
    size_t len = strlen(line);
    GW_CLOSE int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(write(fd, line, len) == (ssize_t)len);
}

static SSL_CTX *make_context(const struct tls_server *s, const struct test_cert *cert)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    must(ctx && SSL_CTX_use_certificate_chain_file(ctx, cert->cert_file) == 1 &&
         SSL_CTX_use_PrivateKey_file(ctx, cert->key_file, SSL_FILETYPE_PEM) == 1 &&
         SSL_CTX_load_verify_locations(ctx, s->pki->ca_file, NULL) == 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (s->needs_client ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return ctx;
}

/* What the other end has sent and nobody has read makes close() a reset, which takes our alert from it. */
static void end_politely(int fd)
{
    char rest[512];
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, rest, sizeof(rest)) > 0)
        continue;
}

static void run_child(SSL_CTX *tls, int listener, tls_server_serve *serve, const void *ctx)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            SSL *ssl = SSL_new(tls);
            must(ssl && SSL_set_fd(ssl, fd));
            if (SSL_accept(ssl) == 1)
                serve(ctx, ssl);
            else
                end_politely(fd);
            _exit(0);
        }
        (void)close(fd);
    }
}

void tls_server_start(struct tls_server *s, tls_server_serve *serve, const void *ctx)
{
    uint32_t host = INADDR_LOOPBACK + (s->address ? s->address - 1u : 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    socklen_t len = sizeof(at);
    struct test_cert cert;
    test_pki_issue(s->pki, "the-server", true, 3600, &cert);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(listener, 8) == 0 &&
         getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    s->port = ntohs(at.sin_port);
    s->pid = fork();
    must(s->pid >= 0);
    if (s->pid == 0)
        run_child(make_context(s, &cert), listener, serve, ctx);
    (void)close(listener);
}

void tls_server_stop(struct tls_server *s)
{
    if (s->pid <= 0)
        return;
    (void)kill(s->pid, SIGKILL);
    (void)waitpid(s->pid, NULL, 0);
    s->pid = 0;
}
