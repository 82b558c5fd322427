/*
 * crypto_p256: raw ECDSA on NIST P-256 (FIPS 186-4); inner part of crypto_key. Any thread.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

#define P256_SCALAR_LEN    32
#define P256_PUBLIC_LEN    65 /* 0x04 || x || y */
#define P256_SIGNATURE_MAX 72 /* DER: SEQUENCE of two 33-byte integers */

GW_MUST_CHECK enum gw_rc crypto_p256_make(uint8_t ret_scalar[P256_SCALAR_LEN], uint8_t ret_public[P256_PUBLIC_LEN],
                                          struct gw_err *err);
/* GW_INVALID when the scalar is 0 or not below the order. */
GW_MUST_CHECK enum gw_rc crypto_p256_public(const uint8_t scalar[P256_SCALAR_LEN], uint8_t ret_public[P256_PUBLIC_LEN],
                                            struct gw_err *err);
/* Appends the DER signature over an already computed SHA-256. */
GW_MUST_CHECK enum gw_rc crypto_p256_sign(const uint8_t scalar[P256_SCALAR_LEN],
                                          const uint8_t public_key[P256_PUBLIC_LEN], struct gw_view hash,
                                          struct gw_buf *ret_signature, struct gw_err *err);
/* hash: 32, 48 or 64 bytes. GW_DENIED when the signature is wrong or no DER. */
GW_MUST_CHECK enum gw_rc crypto_p256_verify(struct gw_view public_key, struct gw_view hash, struct gw_view signature,
                                            struct gw_err *err);
/* GW_INVALID when the bytes are no uncompressed point of the curve. */
GW_MUST_CHECK enum gw_rc crypto_p256_check(struct gw_view public_key);
