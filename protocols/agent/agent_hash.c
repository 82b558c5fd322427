#include "agent_hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct gw_sha256_stream {
    EVP_MD_CTX *ctx;
};

static EVP_MD_CTX *begin(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
        abort();
    return ctx;
}

static void add(EVP_MD_CTX *ctx, const void *bytes, size_t len)
{
    if (len > 0 && EVP_DigestUpdate(ctx, bytes, len) != 1)
        abort();
}

static void finish(EVP_MD_CTX *ctx, struct gw_sha256 *ret_hash)
{
    unsigned len = 0;
    if (EVP_DigestFinal_ex(ctx, ret_hash->bytes, &len) != 1 || len != GW_SHA256_LEN)
        abort();
    EVP_MD_CTX_free(ctx);
}

static void hash_digest(struct gw_view data, struct gw_sha256 *ret_hash)
{
    EVP_MD_CTX *ctx = begin();
    add(ctx, data.ptr, data.len);
    finish(ctx, ret_hash);
}

static void hash_leaf(struct gw_view entry, struct gw_sha256 *ret_hash)
{
    static const uint8_t leaf_prefix = 0x00;
    EVP_MD_CTX *ctx = begin();
    add(ctx, &leaf_prefix, 1);
    add(ctx, entry.ptr, entry.len);
    finish(ctx, ret_hash);
}

static void hash_node(const struct gw_sha256 *left, const struct gw_sha256 *right, struct gw_sha256 *ret_hash)
{
    static const uint8_t node_prefix = 0x01;
    EVP_MD_CTX *ctx = begin();
    add(ctx, &node_prefix, 1);
    add(ctx, left->bytes, GW_SHA256_LEN);
    add(ctx, right->bytes, GW_SHA256_LEN);
    finish(ctx, ret_hash);
}

static struct gw_sha256_stream *stream_new(void)
{
    struct gw_sha256_stream *s = malloc(sizeof(*s));
    if (!s)
        abort();
    s->ctx = begin();
    return s;
}

static void stream_add(struct gw_sha256_stream *s, struct gw_view data)
{
    add(s->ctx, data.ptr, data.len);
}

static void stream_end(struct gw_sha256_stream *s, struct gw_sha256 *ret_hash)
{
    finish(s->ctx, ret_hash);
    free(s);
}

static void stream_free(struct gw_sha256_stream *s)
{
    if (!s)
        return;
    EVP_MD_CTX_free(s->ctx);
    free(s);
}

const struct gw_sha256_ops *agent_hash_ops(void)
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
