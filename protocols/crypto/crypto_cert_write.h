/*
 * crypto_cert_write: parts of a certificate: names, AKI, signing a to-be-signed body.
 */
#pragma once

#include "crypto_key.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_time.h"

struct crypto_cert_body {
    struct gw_view issuer_name; /* whole DER Name */
    const char *subject_cn;
    struct gw_wall not_before;
    struct gw_wall not_after;
    struct gw_view spki;
    struct gw_view extensions; /* Extension elements, without the SEQUENCE around them */
};

/* A Name of one commonName, UTF8String. */
void crypto_write_name(struct gw_buf *b, const char *cn);
/* The authorityKeyIdentifier extension with the key identifier of this raw public key. */
void crypto_write_aki(struct gw_buf *b, struct gw_view issuer_raw_public);
/* Appends the certificate with a fresh random serial: 16 bytes, top bit clear and the next set, so that it is positive
 * and always 16 bytes long in DER. */
GW_MUST_CHECK enum gw_rc crypto_write_cert(const struct crypto_cert_body *body, const struct crypto_key *signer,
                                           struct gw_buf *ret_der, struct gw_err *err);
