/*
 * agent_hash: the agent's SHA-256: OpenSSL's, by protocols/bulk_hash.
 */
#pragma once

#include "gw_hash.h"

/* Static storage; safe in any thread. Aborts when OpenSSL has no SHA-256, since nothing can go on. */
const struct gw_sha256_ops *agent_hash_ops(void);
