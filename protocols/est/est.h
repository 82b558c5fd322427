/*
 * est: Enrolment over Secure Transport (RFC 7030, with RFC 8951's clarifications) as an adapter: HTTP requests become
 * inbox messages, answers become HTTP replies. It decides nothing about who may enrol.
 *
 *     cacerts         GET   certs-only PKCS#7 of issuer and root           anonymous
 *     csrattrs        GET   204: nothing is asked of a request             anonymous
 *     simpleenroll    POST  INBOX_ENROL                                    anonymous, or a certificate
 *     simplereenroll  POST  INBOX_RENEW                                    the device's certificate
 *
 * and, beside it, /device/v1/trust: the verifier key of the gateway's logs, for the device's certificate.
 *
 * Threads: handlers run in web's thread, est_answer() in any; a struct est does not change after est_new().
 */
#pragma once

#include "answer.h"
#include "gw_err.h"
#include "http_route.h"
#include "inbox.h"

/* Certificates as a certs-only PKCS#7 (RFC 5652, degenerate SignedData): protocols/crypto has it. Appends DER. */
typedef enum gw_rc est_certs_only_fn(const struct gw_view *certs, size_t count, struct gw_buf *ret_der,
                                     struct gw_err *err);

struct est_config {
    struct inbox inbox;
    struct http_responder responder;
    est_certs_only_fn *certs_only;
    struct gw_view root_der;   /* copied */
    struct gw_view issuer_der; /* copied */
};

struct est;

/* Fails when certs_only refuses the two certificates. */
GW_MUST_CHECK enum gw_rc est_new(const struct est_config *config, struct est **ret_est, struct gw_err *err);
void est_free(struct est *est); /* accepts NULL; after web has stopped */

/* Routes for the devices' door; valid as long as est. */
const struct http_route *est_routes(const struct est *est, size_t *ret_count);

/* Turns the answer to an INBOX_ENROL or INBOX_RENEW into a response: ENROLLED, RETRY, UNAUTHORIZED, TRUST, DONE. Any
 * other kind is answered with 500. */
void est_answer(const struct est *est, const struct answer *answer);
