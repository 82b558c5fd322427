/*
 * crypto_hash: SHA-256 of wolfCrypt behind the house's interface (gw_hash.h).
 */
#pragma once

#include "gw_hash.h"

/* Static storage; any thread. */
const struct gw_sha256_ops *crypto_sha256(void);
