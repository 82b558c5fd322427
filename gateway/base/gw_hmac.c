#include "gw_hmac.h"

#include <stdlib.h>

#define BLOCK 64 /* of SHA-256, bytes */

/* H((key ^ pad) || bytes) */
static void padded(const struct gw_sha256_ops *ops, const uint8_t key[BLOCK], uint8_t pad, struct gw_view bytes,
                   struct gw_sha256 *ret_hash)
{
    uint8_t text[BLOCK + GW_HMAC_MESSAGE_MAX];
    for (size_t i = 0; i < BLOCK; i++)
        text[i] = key[i] ^ pad;
    if (bytes.len)
        memcpy(text + BLOCK, bytes.ptr, bytes.len);
    ops->digest(gw_view_make(text, BLOCK + bytes.len), ret_hash);
    explicit_bzero(text, sizeof(text));
}

void gw_hmac_sha256(const struct gw_sha256_ops *ops, struct gw_view key, struct gw_view message,
                    struct gw_sha256 *ret_mac)
{
    uint8_t block[BLOCK] = {0};
    struct gw_sha256 inner;
    if (message.len > GW_HMAC_MESSAGE_MAX)
        abort();
    if (key.len > BLOCK) {
        ops->digest(key, &inner);
        memcpy(block, inner.bytes, sizeof(inner.bytes));
    } else if (key.len) {
        memcpy(block, key.ptr, key.len);
    }
    padded(ops, block, 0x36, message, &inner);
    padded(ops, block, 0x5c, gw_view_make(inner.bytes, sizeof(inner.bytes)), ret_mac);
    explicit_bzero(block, sizeof(block));
    explicit_bzero(&inner, sizeof(inner));
}
