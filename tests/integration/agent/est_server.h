/*
 * est_server: an EST server of a page for tests: one request a connection.
 */
#pragma once

#include "tls_server.h"

enum est_server_mood {
    EST_SERVER_ISSUES = 1,
    EST_SERVER_WAITS,          /* 202 with Retry-After: 17 */
    EST_SERVER_REFUSES,        /* 401 */
    EST_SERVER_ISSUES_A_WRONG, /* a certificate for a key of its own */
    EST_SERVER_TALKS_NONSENSE, /* 200 with a body that is no PKCS#7 */
};

struct est_server {
    struct tls_server tls;
    enum est_server_mood mood;
    char record[256]; /* file: a line "<method> <path> <authorization or -> <client CN or ->" a request */
    char trust[256];  /* what /device/v1/trust says */
};

/* Fill tls.pki, tls.address, mood, record and trust; then start. */
void est_server_start(struct est_server *s);
void est_server_stop(struct est_server *s);
