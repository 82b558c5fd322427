/* The plain functions and not EVP: a leaf takes less time than EVP needs to find its algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "bulk_hash.h"

#include <openssl/sha.h>
#include <stdlib.h>

struct gw_sha256_stream {
    SHA256_CTX ctx;
};

/* These three never fail in OpenSSL 3; were it otherwise nothing could go on. */
static void begin(SHA256_CTX *ctx)
{
    if (SHA256_Init(ctx) != 1)
        abort();
}

static void add(SHA256_CTX *ctx, const void *bytes, size_t len)
{
    if (len > 0 && SHA256_Update(ctx, bytes, len) != 1)
        abort();
}

static void finish(SHA256_CTX *ctx, struct gw_sha256 *ret_hash)
{
    if (SHA256_Final(ret_hash->bytes, ctx) != 1)
        abort();
}

static void hash_digest(struct gw_view data, struct gw_sha256 *ret_hash)
{
    SHA256_CTX ctx;
    begin(&ctx);
    add(&ctx, data.ptr, data.len);
    finish(&ctx, ret_hash);
}

static void hash_leaf(struct gw_view entry, struct gw_sha256 *ret_hash)
{
    static const uint8_t leaf_prefix = 0x00;
    SHA256_CTX ctx;
    begin(&ctx);
    add(&ctx, &leaf_prefix, 1);
    add(&ctx, entry.ptr, entry.len);
    finish(&ctx, ret_hash);
}

static void hash_node(const struct gw_sha256 *left, const struct gw_sha256 *right, struct gw_sha256 *ret_hash)
{
    uint8_t bytes[1 + 2 * GW_SHA256_LEN] = {0x01};
    SHA256_CTX ctx;
    memcpy(bytes + 1, left->bytes, GW_SHA256_LEN);
    memcpy(bytes + 1 + GW_SHA256_LEN, right->bytes, GW_SHA256_LEN);
    begin(&ctx);
    add(&ctx, bytes, sizeof(bytes));
    finish(&ctx, ret_hash);
}

static struct gw_sha256_stream *stream_new(void)
{
    struct gw_sha256_stream *s = malloc(sizeof(*s));
    if (!s)
        abort();
    begin(&s->ctx);
    return s;
}

static void stream_add(struct gw_sha256_stream *s, struct gw_view data)
{
    add(&s->ctx, data.ptr, data.len);
}

static void stream_end(struct gw_sha256_stream *s, struct gw_sha256 *ret_hash)
{
    finish(&s->ctx, ret_hash);
    free(s);
}

static void stream_free(struct gw_sha256_stream *s)
{
    free(s);
}

const struct gw_sha256_ops *bulk_hash_ops(void)
{
    static const struct gw_sha256_ops ops = {
        .digest = hash_digest,
        .leaf = hash_leaf,
        .node = hash_node,
        .stream_new = stream_new,
        .stream_add = stream_add,
        .stream_end = stream_end,
        .stream_free = stream_free,
    };
    return &ops;
}
