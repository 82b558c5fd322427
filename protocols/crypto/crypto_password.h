/*
 * crypto_password: argon2id (RFC 9106) through libargon2: 64 MiB, 3 passes, 1 lane, 16 random bytes of salt.
 *
 * Both calls take some 0.1 s and 64 MiB: for worker threads, never for core. Any thread.
 */
#pragma once

#include "gw_err.h"
#include "gw_view.h"
#include "user.h"

#define CRYPTO_PASSWORD_MAX 1024 /* bytes */

/* Writes the encoded string "$argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>". GW_TOO_BIG above CRYPTO_PASSWORD_MAX. */
GW_MUST_CHECK enum gw_rc crypto_password_hash(struct gw_view password, char ret_encoded[USER_PASSWORD_HASH_MAX],
                                              struct gw_err *err);
/* GW_DENIED when the password is another; GW_CORRUPT when `encoded` is no argon2id string with our parameters. */
GW_MUST_CHECK enum gw_rc crypto_password_verify(const char *encoded, struct gw_view password, struct gw_err *err);
