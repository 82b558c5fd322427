/*
 * agent_http: one HTTPS exchange at a time, by libcurl, with the gateway alone.
 *
 * Blocks for at most AGENT_HTTP_TIMEOUT_MS; *stop (may be NULL) ends it early with GW_CANCELLED. TLS 1.2 or 1.3, the
 * host name checked, only the given root trusted, no proxy, no redirect, no other scheme. Secrets go by memory, never
 * into a URL or a message.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"

#define AGENT_HTTP_TIMEOUT_MS 30000
#define AGENT_HTTP_BODY_MAX   (128 * 1024)

struct agent_http_request {
    const char *url;
    const char *root_path;    /* PEM of the only root trusted; NULL: see unverified */
    const char *cert_path;    /* our chain, NULL for none */
    const char *key_path;     /* its key */
    const char *user;         /* HTTP Basic (RFC 7617), NULL for none */
    const char *secret;       /* its password */
    const char *content_type; /* of body; NULL makes it a GET */
    struct gw_view body;
    bool unverified; /* the one exchange that asks for the root itself: refused with a user, a certificate or a body */
    const volatile sig_atomic_t *stop;
};

struct agent_http_answer {
    long status;
    int64_t retry_after_s; /* 0 when it does not say */
    struct gw_buf body;    /* owned; gw_buf_done() */
};

/* GW_OK whenever there is an answer, of any status. GW_INVALID: a request that would send credentials unverified.
 * GW_DENIED: the server is not who it must be. GW_TIMEOUT, GW_IO: no answer. GW_TOO_BIG: body above the maximum. */
GW_MUST_CHECK enum gw_rc agent_http_run(const struct agent_http_request *request, struct agent_http_answer *ret_answer,
                                        struct gw_err *err);
