/* The tree against the published vectors and against the RFC's own words. */
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_test.h"
#include "merkle_proof.h"
#include "merkle_range.h"
#include "naive.h"

/* The eight entries and roots that every implementation of RFC 6962 is tried on. */
static const char *const ct_entries[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const ct_roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void published_vectors(void)
{
    struct merkle_range range;
    merkle_range_init(&range);
    for (size_t i = 0; i <= 8; i++) {
        struct gw_sha256 root, want;
        merkle_range_root(&range, bulk_hash_ops(), &root);
        CU_ASSERT_EQUAL_FATAL(gw_hex_parse(gw_view_str(ct_roots[i]), want.bytes, sizeof(want.bytes)), GW_OK);
        CU_ASSERT(gw_sha256_eq(&root, &want));
        if (i == 8)
            break;
        uint8_t entry[16];
        size_t len = strlen(ct_entries[i]) / 2;
        CU_ASSERT_EQUAL_FATAL(gw_hex_parse(gw_view_str(ct_entries[i]), entry, len), GW_OK);
        struct gw_sha256 leaf;
        bulk_hash_ops()->leaf(gw_view_make(entry, len), &leaf);
        CU_ASSERT_EQUAL(merkle_range_add(&range, bulk_hash_ops(), &leaf), GW_OK);
    }
}

static void range_equals_recursion(void)
{
    GW_FREE struct gw_sha256 *leaves = naive_leaves(1000);
    struct merkle_range range;
    merkle_range_init(&range);
    for (size_t n = 0; n <= 1000; n++) {
        if (n < 70 || n % 37 == 0 || (n & (n - 1)) == 0) {
            struct gw_sha256 root, want = naive_root(leaves, 0, n);
            merkle_range_root(&range, bulk_hash_ops(), &root);
            CU_ASSERT(gw_sha256_eq(&root, &want));
            struct merkle_source source = {bulk_hash_ops(), naive_fetch, leaves};
            CU_ASSERT_EQUAL(merkle_source_root(&source, n, &root), GW_OK);
            CU_ASSERT(gw_sha256_eq(&root, &want));
        }
        if (n < 1000)
            CU_ASSERT_EQUAL_FATAL(merkle_range_add(&range, bulk_hash_ops(), &leaves[n]), GW_OK);
    }
}

static void range_survives_storage(void)
{
    GW_FREE struct gw_sha256 *leaves = naive_leaves(300);
    struct merkle_range range;
    merkle_range_init(&range);
    for (size_t n = 0; n <= 300; n++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
        gw_buf_init(&bytes, MERKLE_RANGE_BYTES_MAX);
        CU_ASSERT_EQUAL(merkle_range_format(&range, &bytes), GW_OK);
        struct merkle_range back;
        CU_ASSERT_EQUAL_FATAL(merkle_range_parse(gw_buf_view(&bytes), &back), GW_OK);
        CU_ASSERT(memcmp(&back, &range, sizeof(range)) == 0);
        CU_ASSERT_EQUAL(merkle_range_parse(gw_view_make(bytes.ptr, bytes.len - 1), &back), GW_CORRUPT);
        (void)gw_buf_add_u8(&bytes, 0);
        CU_ASSERT_EQUAL(merkle_range_parse(gw_buf_view(&bytes), &back), GW_CORRUPT);
        if (n < 300)
            CU_ASSERT_EQUAL_FATAL(merkle_range_add(&range, bulk_hash_ops(), &leaves[n]), GW_OK);
    }
}

static void range_has_a_ceiling(void)
{
    struct merkle_range range, before;
    merkle_range_init(&range);
    range.size = MERKLE_SIZE_MAX;
    before = range;
    struct gw_sha256 leaf = {{1}};
    CU_ASSERT_EQUAL(merkle_range_add(&range, bulk_hash_ops(), &leaf), GW_TOO_BIG);
    CU_ASSERT(memcmp(&range, &before, sizeof(range)) == 0);
    uint8_t top[8] = {0x80};
    CU_ASSERT_EQUAL(merkle_range_parse(gw_view_make(top, sizeof(top)), &range), GW_CORRUPT);
}

static bool proof_eq(const struct merkle_proof *a, const struct merkle_proof *b)
{
    return a->count == b->count && memcmp(a->hash, b->hash, a->count * sizeof(a->hash[0])) == 0;
}

/* A right proof must fail with any one hash altered, one missing, and one too many. */
static unsigned accepted_lies(const struct merkle_proof *proof, size_t m, size_t n, const struct gw_sha256 *leaf,
                              const struct gw_sha256 *root)
{
    unsigned accepted = 0;
    struct merkle_proof lie = *proof;
    for (size_t i = 0; i < proof->count; i++) {
        lie.hash[i].bytes[n % 32] ^= 1;
        accepted += merkle_check_inclusion(bulk_hash_ops(), &lie, m, leaf, n, root) == GW_OK;
        lie.hash[i] = proof->hash[i];
    }
    if (lie.count > 0) {
        lie.count--;
        accepted += merkle_check_inclusion(bulk_hash_ops(), &lie, m, leaf, n, root) == GW_OK;
    }
    lie = *proof;
    lie.hash[lie.count++] = *leaf;
    accepted += merkle_check_inclusion(bulk_hash_ops(), &lie, m, leaf, n, root) == GW_OK;
    struct gw_sha256 other = *leaf;
    other.bytes[0] ^= 0x80;
    accepted += merkle_check_inclusion(bulk_hash_ops(), proof, m, &other, n, root) == GW_OK;
    accepted += merkle_check_inclusion(bulk_hash_ops(), proof, m + 1, leaf, n, root) == GW_OK && proof->count > 0;
    return accepted;
}

static void inclusion_of_all_pairs(void)
{
    GW_FREE struct gw_sha256 *leaves = naive_leaves(64);
    struct merkle_source source = {bulk_hash_ops(), naive_fetch, leaves};
    unsigned wrong = 0;
    for (size_t n = 1; n <= 64; n++) {
        struct gw_sha256 root = naive_root(leaves, 0, n);
        for (size_t m = 0; m < n; m++) {
            struct merkle_proof proof, want = {.count = 0};
            naive_path(leaves, m, 0, n, &want);
            wrong += merkle_prove_inclusion(&source, m, n, &proof) != GW_OK || !proof_eq(&proof, &want);
            wrong += merkle_check_inclusion(bulk_hash_ops(), &proof, m, &leaves[m], n, &root) != GW_OK;
            wrong += accepted_lies(&proof, m, n, &leaves[m], &root);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    struct merkle_proof proof;
    CU_ASSERT_EQUAL(merkle_prove_inclusion(&source, 5, 5, &proof), GW_INVALID);
}

static unsigned accepted_forks(const struct merkle_proof *proof, const struct merkle_head *from,
                               const struct merkle_head *to)
{
    unsigned accepted = 0;
    struct merkle_proof lie = *proof;
    for (size_t i = 0; i < proof->count; i++) {
        lie.hash[i].bytes[7] ^= 4;
        accepted += merkle_check_consistency(bulk_hash_ops(), &lie, from, to) == GW_OK;
        lie.hash[i] = proof->hash[i];
    }
    lie.hash[lie.count++] = to->root;
    accepted += merkle_check_consistency(bulk_hash_ops(), &lie, from, to) == GW_OK;
    struct merkle_head other = *from;
    other.root.bytes[31] ^= 1;
    accepted += merkle_check_consistency(bulk_hash_ops(), proof, &other, to) == GW_OK;
    other = *to;
    other.root.bytes[0] ^= 1;
    return accepted + (from->size > 0 && merkle_check_consistency(bulk_hash_ops(), proof, from, &other) == GW_OK);
}

static void consistency_of_all_pairs(void)
{
    GW_FREE struct gw_sha256 *leaves = naive_leaves(64);
    struct merkle_source source = {bulk_hash_ops(), naive_fetch, leaves};
    unsigned wrong = 0;
    for (size_t n = 0; n <= 64; n++) {
        struct merkle_head to = {n, naive_root(leaves, 0, n)};
        for (size_t m = 0; m <= n; m++) {
            struct merkle_head from = {m, naive_root(leaves, 0, m)};
            struct merkle_proof proof, want = {.count = 0};
            if (m < n)
                naive_consistency(leaves, m, n, &want);
            wrong += merkle_prove_consistency(&source, m, n, &proof) != GW_OK || !proof_eq(&proof, &want);
            wrong += merkle_check_consistency(bulk_hash_ops(), &proof, &from, &to) != GW_OK;
            wrong += accepted_forks(&proof, &from, &to);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    struct merkle_proof proof;
    CU_ASSERT_EQUAL(merkle_prove_consistency(&source, 6, 5, &proof), GW_INVALID);
    struct merkle_head big = {6, naive_root(leaves, 0, 6)}, small = {5, naive_root(leaves, 0, 5)};
    proof.count = 0;
    CU_ASSERT_EQUAL(merkle_check_consistency(bulk_hash_ops(), &proof, &big, &small), GW_CORRUPT);
}

static void refuses_proofs_that_are_too_long(void)
{
    struct merkle_proof proof = {.count = MERKLE_PROOF_MAX + 1};
    struct gw_sha256 hash = {{0}};
    struct merkle_head from = {3, hash}, to = {MERKLE_SIZE_MAX, hash};
    CU_ASSERT_EQUAL(merkle_check_inclusion(bulk_hash_ops(), &proof, 1, &hash, MERKLE_SIZE_MAX, &hash), GW_CORRUPT);
    CU_ASSERT_EQUAL(merkle_check_consistency(bulk_hash_ops(), &proof, &from, &to), GW_CORRUPT);
}

/* Every perfect subtree has the same made-up hash: enough to see that the largest log's proofs fit. */
static enum gw_rc flat_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash)
{
    (void)ctx;
    *ret_hash = (struct gw_sha256){{(uint8_t)level, (uint8_t)index}};
    return GW_OK;
}

static void largest_log_fits(void)
{
    struct merkle_source source = {bulk_hash_ops(), flat_fetch, NULL};
    struct merkle_proof proof;
    CU_ASSERT_EQUAL(merkle_prove_inclusion(&source, 0, MERKLE_SIZE_MAX, &proof), GW_OK);
    CU_ASSERT_EQUAL(proof.count, 63);
    CU_ASSERT_EQUAL(merkle_prove_consistency(&source, (UINT64_C(1) << 62) - 1, MERKLE_SIZE_MAX, &proof), GW_OK);
    CU_ASSERT(proof.count <= MERKLE_PROOF_MAX);
    CU_ASSERT_EQUAL(merkle_prove_consistency(&source, 1, MERKLE_SIZE_MAX + 1, &proof), GW_INVALID);
}

static const struct gw_test_case cases[] = {
    {"gives the published roots of the eight-leaf tree", published_vectors},
    {"gives the roots of the RFC's recursion for every size", range_equals_recursion},
    {"comes back from storage unchanged, and not from damaged bytes", range_survives_storage},
    {"refuses a leaf beyond the largest size", range_has_a_ceiling},
    {"proves and checks inclusion for all pairs up to 64, and refuses altered proofs", inclusion_of_all_pairs},
    {"proves and checks consistency for all pairs up to 64, and refuses altered proofs", consistency_of_all_pairs},
    {"refuses proofs that no log can have", refuses_proofs_that_are_too_long},
    {"proves within the ceiling for the largest log", largest_log_fits},
};

int main(void)
{
    return GW_TEST_RUN("merkle", cases);
}
