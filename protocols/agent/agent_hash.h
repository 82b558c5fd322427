/*
 * agent_hash: SHA-256 for gateway/base/gw_hash.h, by OpenSSL.
 */
#pragma once

#include "gw_hash.h"

/* Static storage; safe in any thread. Aborts when OpenSSL has no SHA-256, since nothing can go on. */
const struct gw_sha256_ops *agent_hash_ops(void);
