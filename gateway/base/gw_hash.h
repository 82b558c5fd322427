/*
 * gw_hash: SHA-256 as an interface, so that the inside hashes without knowing a crypto library.
 *
 * Implementations: protocols/crypto (wolfSSL) and protocols/bulk_hash (OpenSSL); one contract suite runs over both.
 * leaf and node are the two RFC 6962 section 2.1 forms. Functions are safe in any thread; a stream belongs to one
 * thread. ret_hash may be one of node's own inputs: it is written last.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "gw_view.h"

#define GW_SHA256_LEN 32

struct gw_sha256 {
    uint8_t bytes[GW_SHA256_LEN];
};

struct gw_sha256_stream; /* owned by the implementation */

struct gw_sha256_ops {
    void (*digest)(struct gw_view data, struct gw_sha256 *ret_hash);
    void (*leaf)(struct gw_view entry, struct gw_sha256 *ret_hash); /* H(0x00||e) */
    void (*node)(const struct gw_sha256 *left, const struct gw_sha256 *right,
                 struct gw_sha256 *ret_hash);     /* H(0x01||l||r) */
    struct gw_sha256_stream *(*stream_new)(void); /* never NULL */
    void (*stream_add)(struct gw_sha256_stream *s, struct gw_view data);
    void (*stream_end)(struct gw_sha256_stream *s, struct gw_sha256 *ret_hash); /* frees the stream */
    void (*stream_free)(struct gw_sha256_stream *s);                            /* without a result; accepts NULL */
};

static inline bool gw_sha256_eq(const struct gw_sha256 *a, const struct gw_sha256 *b)
{
    return memcmp(a->bytes, b->bytes, GW_SHA256_LEN) == 0;
}
