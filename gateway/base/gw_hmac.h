/*
 * gw_hmac: HMAC-SHA-256 (RFC 2104) of short messages, over whatever SHA-256 is given.
 */
#pragma once

#include "gw_hash.h"

#define GW_HMAC_MESSAGE_MAX 512 /* bytes; more is a bug of the caller's */

/* A key longer than 64 bytes is hashed first. */
void gw_hmac_sha256(const struct gw_sha256_ops *ops, struct gw_view key, struct gw_view message,
                    struct gw_sha256 *ret_mac);
