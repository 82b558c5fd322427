/* The tree against the published vectors and against the RFC's own words. */
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_test.h"
#include "merkle_range.h"
#include "merkle_source.h"
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

/* Every perfect subtree has a made-up hash: enough to see that the largest log has a root. */
static enum gw_rc flat_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash)
{
    ++*(unsigned *)ctx;
    *ret_hash = (struct gw_sha256){{(uint8_t)level, (uint8_t)index}};
    return GW_OK;
}

static enum gw_rc failing_fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash)
{
    (void)index;
    (void)ret_hash;
    return level == *(unsigned *)ctx ? GW_CORRUPT : GW_OK;
}

static void source_has_a_ceiling(void)
{
    unsigned asked = 0, level = 3;
    struct merkle_source source = {bulk_hash_ops(), flat_fetch, &asked};
    struct gw_sha256 root;
    CU_ASSERT_EQUAL(merkle_source_root(&source, MERKLE_SIZE_MAX, &root), GW_OK);
    CU_ASSERT_EQUAL(asked, (unsigned)__builtin_popcountll(MERKLE_SIZE_MAX));
    CU_ASSERT_EQUAL(merkle_source_root(&source, MERKLE_SIZE_MAX + 1, &root), GW_TOO_BIG);
    source = (struct merkle_source){bulk_hash_ops(), failing_fetch, &level};
    CU_ASSERT_EQUAL(merkle_source_root(&source, 13, &root), GW_CORRUPT); /* 8 + 4 + 1 */
}

static const struct gw_test_case cases[] = {
    {"gives the published roots of the eight-leaf tree", published_vectors},
    {"gives the roots of the RFC's recursion for every size", range_equals_recursion},
    {"comes back from storage unchanged, and not from damaged bytes", range_survives_storage},
    {"refuses a leaf beyond the largest size", range_has_a_ceiling},
    {"gives the largest log's root, none beyond it, and hands a failed fetch on", source_has_a_ceiling},
};

int main(void)
{
    return GW_TEST_RUN("merkle", cases);
}
