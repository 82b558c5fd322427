/*
 * est_server: an EST server of a page for tests: one request a connection, in a child process that dies with the test.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "test_pki.h"

enum est_server_mood {
    EST_SERVER_ISSUES = 1,
    EST_SERVER_WAITS,          /* 202 with Retry-After: 17 */
    EST_SERVER_REFUSES,        /* 401 */
    EST_SERVER_ISSUES_A_WRONG, /* a certificate for a key of its own */
    EST_SERVER_TALKS_NONSENSE, /* 200 with a body that is no PKCS#7 */
};

struct est_server {
    struct test_pki *pki; /* borrowed */
    struct test_cert cert;
    enum est_server_mood mood;
    char record[256]; /* file: a line "<method> <path> <authorization or -> <client CN or ->" a request */
    char trust[256];  /* what /device/v1/trust says */
    uint8_t address;  /* listens on 127.0.0.<address>; 0 is 1 */
    uint16_t port;
    pid_t pid;
};

/* Fill pki, mood, record and trust; then start. */
void est_server_start(struct est_server *s);
void est_server_stop(struct est_server *s);
