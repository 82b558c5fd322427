/*
 * crypto_pkcs7: certificates only, in a SignedData without content or signers (RFC 5652 section 5, RFC 7030 section
 * 4.1.3): what EST answers with.
 */
#pragma once

#include "gw_buf.h"
#include "gw_rc.h"
#include "gw_view.h"

/* Appends DER; certs are whole DER certificates, written in the order given. */
enum gw_rc crypto_pkcs7_certs(const struct gw_view *certs, size_t count, struct gw_buf *ret_der);
