/*
 * crypto_ed25519: raw Ed25519 (RFC 8032) over whole messages. Any thread.
 */
#pragma once

#include <stdint.h>

#include "gw_err.h"
#include "gw_view.h"

#define ED25519_SEED_LEN      32
#define ED25519_PUBLIC_LEN    32
#define ED25519_SIGNATURE_LEN 64

GW_MUST_CHECK enum gw_rc crypto_ed25519_make(uint8_t ret_seed[ED25519_SEED_LEN], uint8_t ret_public[ED25519_PUBLIC_LEN],
                                             struct gw_err *err);
GW_MUST_CHECK enum gw_rc crypto_ed25519_public(const uint8_t seed[ED25519_SEED_LEN],
                                               uint8_t ret_public[ED25519_PUBLIC_LEN], struct gw_err *err);
/* The public half must be the seed's own: it is trusted, not derived again. */
GW_MUST_CHECK enum gw_rc crypto_ed25519_sign(const uint8_t seed[ED25519_SEED_LEN],
                                             const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_view message,
                                             uint8_t ret_signature[ED25519_SIGNATURE_LEN], struct gw_err *err);
/* GW_DENIED when the signature is wrong or the public key is no point. */
GW_MUST_CHECK enum gw_rc crypto_ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_view message,
                                               const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_err *err);
/* GW_INVALID when the bytes are no point of the curve. */
GW_MUST_CHECK enum gw_rc crypto_ed25519_check(const uint8_t public_key[ED25519_PUBLIC_LEN]);
