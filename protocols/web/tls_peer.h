/*
 * tls_peer: what only OpenSSL can tell or set, behind void pointers (libwebsockets hands SSL and SSL_CTX out). The one
 * file of this folder that includes OpenSSL's headers. Web thread, except tls_peer_context() which runs while the
 * server is made.
 */
#pragma once

#include "http_route.h"

/* Settings of a listener that libwebsockets has no option for: no tickets, no session cache, TLS 1.2 with ECDHE and
 * AEAD or 1.3, no renegotiation, no choice of context by SNI; with client_ca_path (PEM, root and issuer) client
 * certificates are asked for but not required. GW_INVALID when the CA file cannot be used. */
GW_MUST_CHECK enum gw_rc tls_peer_context(void *ssl_ctx, const char *client_ca_path, struct gw_err *err);
/* The handshake is over. */
bool tls_peer_ready(void *ssl);
/* Fills has_cert, bad_cert, cert_fault, cert_sha256, cert_cn and cert_not_after. A certificate whose CN does not fit or
 * holds control characters is a bad one. */
void tls_peer_read(void *ssl, struct http_peer *peer);
/* Sends close_notify; the connection is to be closed next. */
void tls_peer_bye(void *ssl);
