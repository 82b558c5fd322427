/*
 * est_body: what EST requests carry, as pure functions: no I/O, bounded, for the fuzzer to bite on.
 */
#pragma once

#include "gw_buf.h"
#include "inbox.h"

#define EST_CSR_MAX  4096 /* bytes of DER: a P-256 request is some 400 */
#define EST_BODY_MAX 8192 /* bytes of base64 with its line breaks */

/* The base64 body of an enrolment request (RFC 7030 section 4.2.1; RFC 8951 section 3.1: no transfer encoding header,
 * white space anywhere, padding) into DER. GW_INVALID or GW_TOO_BIG. Only the outer SEQUENCE is looked at: it must span
 * the whole of the bytes. PEM armour is refused. */
GW_MUST_CHECK enum gw_rc est_csr_decode(struct gw_view body, struct gw_buf *ret_der);

/* True for application/pkcs10, parameters and case aside (RFC 5967). */
bool est_is_pkcs10(struct gw_view content_type);

/*
 * The Authorization field of simpleenroll (RFC 7617): "Basic " and base64 of "<device-id>:<secret>". Without a field
 * has_secret stays false. With one, GW_DENIED when it is no Basic or names no device id (nobody's secret can be counted
 * as wrong then); otherwise id and has_secret are set, and secret with secret_readable when the secret is 26 base32
 * characters, either case, dashes between them ignored.
 */
GW_MUST_CHECK enum gw_rc est_credentials_parse(struct gw_view authorization, struct inbox_enrol *ret_enrol);
