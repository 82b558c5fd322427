#include "merkle_range.h"

static bool bit_set(uint64_t size, unsigned level)
{
    return (size >> level & 1) != 0;
}

void merkle_range_init(struct merkle_range *r)
{
    memset(r, 0, sizeof(*r));
}

enum gw_rc merkle_range_add(struct merkle_range *r, const struct gw_sha256_ops *ops, const struct gw_sha256 *leaf)
{
    if (r->size >= MERKLE_SIZE_MAX)
        return GW_TOO_BIG;
    struct gw_sha256 carry = *leaf;
    unsigned level = 0;
    for (; bit_set(r->size, level); level++) {
        ops->node(&r->hash[level], &carry, &carry);
        memset(&r->hash[level], 0, sizeof(r->hash[level]));
    }
    r->hash[level] = carry;
    r->size++;
    return GW_OK;
}

bool merkle_range_completes(const struct merkle_range *r, const struct gw_sha256_ops *ops, const struct gw_sha256 *leaf,
                            unsigned level, struct gw_sha256 *ret_hash)
{
    uint64_t width = UINT64_C(1) << level;
    if (((r->size + 1) & (width - 1)) != 0)
        return false;
    struct gw_sha256 hash = *leaf;
    for (unsigned below = 0; below < level; below++)
        ops->node(&r->hash[below], &hash, &hash);
    *ret_hash = hash;
    return true;
}

void merkle_range_root(const struct merkle_range *r, const struct gw_sha256_ops *ops, struct gw_sha256 *ret_root)
{
    if (r->size == 0) {
        ops->digest(GW_VIEW_LIT(""), ret_root);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(r->size);
    struct gw_sha256 root = r->hash[level];
    for (level++; level < MERKLE_LEVELS; level++)
        if (bit_set(r->size, level))
            ops->node(&r->hash[level], &root, &root);
    *ret_root = root;
}

enum gw_rc merkle_range_format(const struct merkle_range *r, struct gw_buf *ret_bytes)
{
    (void)gw_buf_add_u64(ret_bytes, r->size);
    for (unsigned level = 0; level < MERKLE_LEVELS; level++)
        if (bit_set(r->size, level))
            (void)gw_buf_add(ret_bytes, r->hash[level].bytes, GW_SHA256_LEN);
    return gw_buf_rc(ret_bytes);
}

enum gw_rc merkle_range_parse(struct gw_view bytes, struct merkle_range *ret_range)
{
    struct gw_reader in = {bytes};
    struct merkle_range r;
    merkle_range_init(&r);
    if (gw_read_u64(&in, &r.size) || r.size > MERKLE_SIZE_MAX)
        return GW_CORRUPT;
    if (in.rest.len != (size_t)__builtin_popcountll(r.size) * GW_SHA256_LEN)
        return GW_CORRUPT;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++)
        if (bit_set(r.size, level) && gw_read_into(&in, r.hash[level].bytes, GW_SHA256_LEN))
            return GW_CORRUPT;
    *ret_range = r;
    return GW_OK;
}
