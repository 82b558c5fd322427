/*
 * tls_probe: a bare TLS client with MQTT bytes by hand, for what libmosquitto does not show: tickets, resumption,
 * connections that stop half way. Blocking, with a limit of ten seconds on every read.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "test_pki.h"

struct tls_probe {
    int fd;
    void *ctx;     /* SSL_CTX */
    void *ssl;     /* SSL, NULL when the handshake failed */
    void *session; /* the last ticket received: SSL_SESSION, owned; may be moved to another probe */
    unsigned tickets;
    bool resumed;
};

/* Plain TCP to 127.0.0.1; aborts when refused. */
int tls_probe_tcp(uint16_t port);
/* The same to a unix socket. */
int tls_probe_unix(const char *path);
/* Connects and shakes hands; session (may be NULL) is resumed and stays the caller's. False when the peer ends it. */
bool tls_probe_open(struct tls_probe *probe, uint16_t port, const char *ca_file, const struct test_cert *cert,
                    void *session);
/* Sends an MQTT 3.1.1 CONNECT (clean session); returns the CONNACK code, or -1 when the connection ended first. */
int tls_probe_connect(struct tls_probe *probe, const char *client_id);
/* The same in MQTT 5 (clean start) with these properties (OASIS MQTT 5.0 section 3.1.2.11). */
int tls_probe_connect5(struct tls_probe *probe, const char *client_id, const void *properties, size_t len);
/* Bytes as they are, behind CONNACK; aborts when they cannot be written. */
void tls_probe_send(struct tls_probe *probe, const void *bytes, int len);
void tls_probe_close(struct tls_probe *probe);
