#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/sha256.h>

#include "crypto_hash.h"

#include <stdlib.h>

#include "crypto_init.h"
#include "gw_cleanup.h"

/* wolfCrypt counts in 32 bits: larger views go in pieces. */
#define PIECE_MAX ((size_t)1 << 30)

struct gw_sha256_stream {
    wc_Sha256 state;
};

/* wolfCrypt's SHA-256 fails only for want of memory or by misuse: neither leaves anything to go on with. */
static void must(int wolf_rc)
{
    if (wolf_rc)
        abort();
}

static void start(wc_Sha256 *s)
{
    crypto_init();
    must(wc_InitSha256(s));
}

static void add(wc_Sha256 *s, struct gw_view v)
{
    while (v.len > 0) {
        size_t piece = v.len < PIECE_MAX ? v.len : PIECE_MAX;
        must(wc_Sha256Update(s, v.ptr, (word32)piece));
        v = gw_view_make(v.ptr + piece, v.len - piece);
    }
}

static void end(wc_Sha256 *s, struct gw_sha256 *ret_hash)
{
    must(wc_Sha256Final(s, ret_hash->bytes));
    wc_Sha256Free(s);
}

static void digest(struct gw_view data, struct gw_sha256 *ret_hash)
{
    wc_Sha256 s;
    start(&s);
    add(&s, data);
    end(&s, ret_hash);
}

static void leaf(struct gw_view entry, struct gw_sha256 *ret_hash)
{
    wc_Sha256 s;
    start(&s);
    add(&s, gw_view_make("\x00", 1));
    add(&s, entry);
    end(&s, ret_hash);
}

static void node(const struct gw_sha256 *left, const struct gw_sha256 *right, struct gw_sha256 *ret_hash)
{
    wc_Sha256 s;
    start(&s);
    add(&s, gw_view_make("\x01", 1));
    add(&s, gw_view_make(left->bytes, GW_SHA256_LEN));
    add(&s, gw_view_make(right->bytes, GW_SHA256_LEN));
    end(&s, ret_hash);
}

static struct gw_sha256_stream *stream_new(void)
{
    struct gw_sha256_stream *s = gw_xalloc(1, sizeof(*s));
    start(&s->state);
    return s;
}

static void stream_add(struct gw_sha256_stream *s, struct gw_view data)
{
    add(&s->state, data);
}

static void stream_free(struct gw_sha256_stream *s)
{
    if (!s)
        return;
    wc_Sha256Free(&s->state);
    free(s);
}

static void stream_end(struct gw_sha256_stream *s, struct gw_sha256 *ret_hash)
{
    must(wc_Sha256Final(&s->state, ret_hash->bytes));
    stream_free(s);
}

const struct gw_sha256_ops *crypto_sha256(void)
{
    static const struct gw_sha256_ops ops = {
        .digest = digest,
        .leaf = leaf,
        .node = node,
        .stream_new = stream_new,
        .stream_add = stream_add,
        .stream_end = stream_end,
        .stream_free = stream_free,
    };
    return &ops;
}
