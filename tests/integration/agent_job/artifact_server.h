/*
 * artifact_server: HTTPS for artifacts as the gateway gives them: client certificate, GET, Range. A child process that
 * dies with the test, and a child of it for each connection.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "test_pki.h"

struct artifact_server {
    struct test_pki *pki; /* borrowed */
    struct test_cert cert;
    char root[256];   /* directory: "<root>/artifacts/…" is served */
    char record[256]; /* file: a line "<path> <first byte> <client CN or ->" a request */
    size_t hold_at;   /* a transfer from the first byte stands still behind so many; 0: it does not */
    uint16_t port;
    pid_t pid;
};

/* Fill pki, root, record and hold_at; then start. */
void artifact_server_start(struct artifact_server *s);
void artifact_server_stop(struct artifact_server *s);
