/*
 * crypto_crl: version 2 certificate revocation lists (RFC 5280 section 5) of the issuing CA: an export for others; the
 * gateway itself decides by its registry.
 */
#pragma once

#include "crypto_cert.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"

#define CRYPTO_CRL_DAYS 30 /* until nextUpdate */

struct crypto_crl_entry {
    uint8_t serial[CRYPTO_SERIAL_LEN];
    struct gw_wall revoked_at;
};

struct crypto_crl_request {
    uint64_t number; /* CRLNumber: rises with every list */
    struct gw_wall now;
    const struct crypto_crl_entry *entries; /* may be NULL when count is 0 */
    size_t count;
};

/* Appends DER; GW_TOO_BIG when the list does not fit ret_der. */
GW_MUST_CHECK enum gw_rc crypto_crl_make(const struct crypto_issuer *issuer, const struct crypto_crl_request *request,
                                         struct gw_buf *ret_der, struct gw_err *err);
