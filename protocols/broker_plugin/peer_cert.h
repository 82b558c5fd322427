/*
 * peer_cert: the certificate behind a session, read through OpenSSL, which the broker carries already; and SHA-256 over
 * a stream. The only file of the plugin that knows OpenSSL.
 */
#pragma once

#include <stdbool.h>

#include "gw_hash.h"
#include "gw_id.h"
#include "gw_time.h"
#include "gw_view.h"

struct mosquitto;

struct peer_cert {
    struct gw_sha256 sha256; /* of the DER */
    struct gw_wall not_after;
    struct gw_device_id name; /* its CN, which our issuer vouches for; zeroed when it is no device id */
};

/* False when the session has no certificate, or one that cannot be read. */
bool peer_cert_get(const struct mosquitto *client, struct peer_cert *ret_cert);

struct peer_digest;
struct peer_digest *peer_digest_new(void); /* NULL when OpenSSL refuses */
bool peer_digest_add(struct peer_digest *digest, struct gw_view data);
bool peer_digest_end(struct peer_digest *digest, struct gw_sha256 *ret_hash);
void peer_digest_free(struct peer_digest *digest); /* accepts NULL */
