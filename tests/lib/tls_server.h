/*
 * tls_server: what the small HTTPS servers of tests stand on: a child process that dies with the test, and a child of
 * it for each connection. Client certificates are those of the authority that issued the server's own. Aborts the test
 * when OpenSSL or the system fails.
 */
#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include "test_pki.h"

#define TLS_SERVER_PEER_MAX 128

struct tls_server {
    struct test_pki *pki; /* borrowed */
    bool needs_client;    /* turns away who shows no certificate */
    uint8_t address;      /* listens on 127.0.0.<address>; 0 is 1 */
    uint16_t port;
    pid_t pid;
};

/* Answers one connection, which has shaken hands. Runs in a process of its own, which ends behind it. */
typedef void tls_server_serve(const void *ctx, SSL *ssl);

/* Fill pki, needs_client and address; then start. ctx is seen as it was at the start. */
void tls_server_start(struct tls_server *s, tls_server_serve *serve, const void *ctx);
void tls_server_stop(struct tls_server *s);

/* The common name of the client's certificate, "-" for none. */
void tls_server_peer(SSL *ssl, char ret_name[TLS_SERVER_PEER_MAX]);
/* Appends to a file, at once. */
void tls_server_record(const char *file, const char *line);
