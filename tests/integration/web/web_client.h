/* web_client: a small blocking HTTP client over a TLS, TCP or unix connection that lets a test misbehave byte by byte.
 * Every wait is bounded by 10 s. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"

struct web_client {
    int fd; /* -1: not connected */
    void *ctx;
    void *ssl;
    struct gw_buf rx;
};

struct web_answer_seen {
    int status; /* 0: the connection ended or nothing came */
    char head[16384];
    struct gw_buf body;
};

/* False when it was refused. rcvbuf 0: the system's. */
bool web_client_tcp(struct web_client *c, uint16_t port, int rcvbuf);
bool web_client_unix(struct web_client *c, const char *path);
struct web_client_tls {
    const char *ca;      /* PEM to trust; NULL: anyone */
    const char *cert;    /* PEM with chain and key, or NULL */
    int max_version;     /* 0, or TLS1_2_VERSION */
    const char *ciphers; /* TLS 1.2 list, or NULL */
};
bool web_client_tls(struct web_client *c, const struct web_client_tls *how);
/* TCP and TLS from 127.0.0.<host>. */
bool web_client_open_from(struct web_client *c, uint8_t host, uint16_t port);
/* TCP and TLS with this certificate (or NULL). */
bool web_client_open(struct web_client *c, uint16_t port, const char *cert);
bool web_client_send(struct web_client *c, const char *text);
bool web_client_send_bytes(struct web_client *c, const void *bytes, size_t len);
/* Reads what comes next into rx; false: nothing did. */
bool web_client_more(struct web_client *c);
/* Reads one answer (a HEAD answer has no body). */
void web_client_read(struct web_client *c, bool head_only, struct web_answer_seen *ret);
/* Sends and reads; returns the status. */
int web_client_ask(struct web_client *c, const char *text, struct web_answer_seen *ret);
/* True when the server closes within the limit, whatever it sends before. */
bool web_client_closed(struct web_client *c, int limit_ms);
void web_client_done(struct web_client *c);
void web_answer_seen_done(struct web_answer_seen *a);
/* Value of a header of the answer into a buffer of the thread's, or NULL. */
const char *web_answer_header(const struct web_answer_seen *a, const char *name);
