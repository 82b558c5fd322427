/*
 * bulk_hash: SHA-256 for gateway/base/gw_hash.h by OpenSSL, which uses the processor's own instructions for it: five
 * times as fast as wolfSSL's where the bytes of every log event are hashed (docs/performance.md). Certificates and
 * signatures stay with protocols/crypto.
 */
#pragma once

#include "gw_hash.h"

/* Static storage; safe in any thread. */
const struct gw_sha256_ops *bulk_hash_ops(void);
