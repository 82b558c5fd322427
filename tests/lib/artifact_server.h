/*
 * artifact_server: HTTPS for artifacts as the gateway gives them: client certificate, GET, Range. While there is a file
 * "<root>/hold", a transfer from the first byte stands still behind as many bytes as it says, until the device goes.
 */
#pragma once

#include "tls_server.h"

struct artifact_server {
    struct tls_server tls;
    char root[256];   /* directory: "<root>/artifacts/…" is served */
    char record[256]; /* file: a line "<path> <first byte> <client CN or ->" a request */
};

/* Fill tls.pki, root and record; then start. */
void artifact_server_start(struct artifact_server *s);
void artifact_server_stop(struct artifact_server *s);
