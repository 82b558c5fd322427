#include "merkle_proof.h"

/* Largest power of two below n, for n >= 2. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Root over the leaves [lo, hi), where lo is a multiple of the smallest power of two >= hi - lo: the perfect subtrees
 * of the binary digits of hi - lo, folded from the right. */
static enum gw_rc subtree(const struct merkle_source *s, uint64_t lo, uint64_t hi, struct gw_sha256 *ret_hash)
{
    uint64_t end = hi;
    struct gw_sha256 right = {{0}};
    bool have_right = false;
    while (end > lo) {
        unsigned level = (unsigned)__builtin_ctzll(end - lo);
        end -= UINT64_C(1) << level;
        struct gw_sha256 left;
        enum gw_rc rc = s->fetch(s->ctx, level, end >> level, &left);
        if (rc)
            return rc;
        if (have_right)
            s->ops->node(&left, &right, &right);
        else
            right = left;
        have_right = true;
    }
    *ret_hash = right;
    return GW_OK;
}

enum gw_rc merkle_source_root(const struct merkle_source *source, uint64_t size, struct gw_sha256 *ret_root)
{
    if (size > MERKLE_SIZE_MAX)
        return GW_TOO_BIG;
    if (size > 0)
        return subtree(source, 0, size, ret_root);
    source->ops->digest(GW_VIEW_LIT(""), ret_root);
    return GW_OK;
}

static void reverse(struct merkle_proof *p)
{
    for (size_t i = 0; i < p->count / 2; i++) {
        struct gw_sha256 swap = p->hash[i];
        p->hash[i] = p->hash[p->count - 1 - i];
        p->hash[p->count - 1 - i] = swap;
    }
}

static enum gw_rc push(const struct merkle_source *s, uint64_t lo, uint64_t hi, struct merkle_proof *p)
{
    if (p->count == MERKLE_PROOF_MAX)
        return GW_TOO_BIG;
    enum gw_rc rc = subtree(s, lo, hi, &p->hash[p->count]);
    if (!rc)
        p->count++;
    return rc;
}

enum gw_rc merkle_prove_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                                  struct merkle_proof *ret_proof)
{
    if (index >= size || size > MERKLE_SIZE_MAX)
        return GW_INVALID;
    struct merkle_proof proof = {.count = 0};
    uint64_t lo = 0, hi = size;
    while (hi - lo > 1) {
        uint64_t mid = lo + split(hi - lo);
        bool in_left = index < mid;
        enum gw_rc rc = in_left ? push(source, mid, hi, &proof) : push(source, lo, mid, &proof);
        if (rc)
            return rc;
        if (in_left)
            hi = mid;
        else
            lo = mid;
    }
    reverse(&proof);
    *ret_proof = proof;
    return GW_OK;
}

enum gw_rc merkle_prove_consistency(const struct merkle_source *source, uint64_t old_size, uint64_t new_size,
                                    struct merkle_proof *ret_proof)
{
    if (old_size > new_size || new_size > MERKLE_SIZE_MAX)
        return GW_INVALID;
    struct merkle_proof proof = {.count = 0};
    uint64_t lo = 0, hi = new_size;
    bool known = true; /* the checker has the root of [lo, old_size) already: it is the old root itself */
    while (old_size > 0 && hi > old_size) {
        uint64_t mid = lo + split(hi - lo);
        bool in_left = old_size <= mid;
        enum gw_rc rc = in_left ? push(source, mid, hi, &proof) : push(source, lo, mid, &proof);
        if (rc)
            return rc;
        if (in_left) {
            hi = mid;
        } else {
            lo = mid;
            known = false;
        }
    }
    if (!known) {
        enum gw_rc rc = push(source, lo, hi, &proof);
        if (rc)
            return rc;
    }
    reverse(&proof);
    *ret_proof = proof;
    return GW_OK;
}

enum gw_rc merkle_check_inclusion(const struct gw_sha256_ops *ops, const struct merkle_proof *proof, uint64_t index,
                                  const struct gw_sha256 *leaf, uint64_t size, const struct gw_sha256 *root)
{
    if (index >= size || proof->count > MERKLE_PROOF_MAX)
        return GW_CORRUPT;
    uint64_t fn = index, sn = size - 1; /* names of the RFC's algorithm */
    struct gw_sha256 r = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (sn == 0)
            return GW_CORRUPT;
        if ((fn & 1) || fn == sn) {
            ops->node(&proof->hash[i], &r, &r);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            ops->node(&r, &proof->hash[i], &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && gw_sha256_eq(&r, root) ? GW_OK : GW_CORRUPT;
}

/* The loop of RFC 9162 section 2.1.4.2, steps 4 to 7; first is the hash that both trees share. */
static enum gw_rc climb(const struct gw_sha256_ops *ops, const struct merkle_proof *proof, size_t at,
                        const struct merkle_head *from, const struct merkle_head *to)
{
    uint64_t fn = from->size - 1, sn = to->size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    struct gw_sha256 fr = at ? proof->hash[0] : from->root;
    struct gw_sha256 sr = fr;
    for (size_t i = at; i < proof->count; i++) {
        if (sn == 0)
            return GW_CORRUPT;
        if ((fn & 1) || fn == sn) {
            ops->node(&proof->hash[i], &fr, &fr);
            ops->node(&proof->hash[i], &sr, &sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            ops->node(&sr, &proof->hash[i], &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && gw_sha256_eq(&fr, &from->root) && gw_sha256_eq(&sr, &to->root) ? GW_OK : GW_CORRUPT;
}

enum gw_rc merkle_check_consistency(const struct gw_sha256_ops *ops, const struct merkle_proof *proof,
                                    const struct merkle_head *from, const struct merkle_head *to)
{
    if (from->size > to->size || proof->count > MERKLE_PROOF_MAX)
        return GW_CORRUPT;
    if (from->size == to->size)
        return proof->count == 0 && gw_sha256_eq(&from->root, &to->root) ? GW_OK : GW_CORRUPT;
    if (from->size == 0) {
        struct gw_sha256 empty;
        ops->digest(GW_VIEW_LIT(""), &empty);
        return proof->count == 0 && gw_sha256_eq(&empty, &from->root) ? GW_OK : GW_CORRUPT;
    }
    bool perfect = (from->size & (from->size - 1)) == 0; /* then the old root itself is the shared hash */
    if (!perfect && proof->count == 0)
        return GW_CORRUPT;
    return climb(ops, proof, perfect ? 0 : 1, from, to);
}
