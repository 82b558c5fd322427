/*
 * artifact_server: HTTPS for artifacts as the gateway gives them: client certificate, GET, Range.
 */
#pragma once

#include "tls_server.h"

struct artifact_server {
    struct tls_server tls;
    char root[256];   /* directory: "<root>/artifacts/…" is served */
    char record[256]; /* file: a line "<path> <first byte> <client CN or ->" a request */
    size_t hold_at;   /* a transfer from the first byte stands still behind so many; 0: it does not */
};

/* Fill tls.pki, root, record and hold_at; then start. */
void artifact_server_start(struct artifact_server *s);
void artifact_server_stop(struct artifact_server *s);
