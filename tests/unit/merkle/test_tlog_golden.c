/*
 * The sixteen checkpoints of a log that others made (tests/golden/tlog/NOTICE), reproduced byte for byte: Ed25519 is
 * deterministic. Its tiles and bundles are read from the shared data, and skipped visibly where that is not there.
 */
#include <stdio.h>

#include <openssl/evp.h>

#include "bulk_hash.h"
#include "checkpoint.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"
#include "log_bundle.h"
#include "merkle_range.h"
#include "note.h"
#include "tile_path.h"

#define LOG_NAME "example.com/log/testdata"
#define LOG_VKEY "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
#define LOG_KEY  "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg" /* published with the log: type and seed, base64 */

static const char *const words[] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                    "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};
#define WORDS (sizeof(words) / sizeof(words[0]))

static void sign(struct gw_view text, uint8_t ret_signature[64])
{
    GW_CLEANUP(gw_buf_done) struct gw_buf key;
    gw_buf_init(&key, 64);
    CU_ASSERT_EQUAL_FATAL(gw_base64_parse(GW_VIEW_LIT(LOG_KEY), &key), GW_OK);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key.ptr + 1, key.len - 1);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = 64;
    CU_ASSERT_EQUAL(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
    CU_ASSERT_EQUAL(EVP_DigestSign(ctx, ret_signature, &len, text.ptr, text.len), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

static bool verify(void *ctx, const uint8_t pub[32], struct gw_view text, struct gw_view signature)
{
    (void)ctx;
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
              EVP_DigestVerify(md, signature.ptr, signature.len, text.ptr, text.len) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(pkey);
    return ok;
}

static void root_of_words(size_t count, struct merkle_range *range)
{
    merkle_range_init(range);
    for (size_t i = 0; i < count; i++) {
        struct gw_sha256 leaf;
        bulk_hash_ops()->leaf(gw_view_str(words[i]), &leaf);
        CU_ASSERT_EQUAL(merkle_range_add(range, bulk_hash_ops(), &leaf), GW_OK);
    }
}

static void read_golden(size_t n, struct gw_buf *content)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/tests/golden/tlog/checkpoint.%zu", GW_SOURCE_DIR, n);
    struct gw_err err = {0};
    gw_buf_init(content, 65536);
    GW_ASSERT_OK(gw_fs_read_file(path, content, &err), &err);
}

static void reproduces_checkpoints(void)
{
    struct gw_err err = {0};
    struct note_key key;
    GW_ASSERT_OK(note_key_parse(GW_VIEW_LIT(LOG_VKEY), bulk_hash_ops(), &key, &err), &err);
    for (size_t n = 0; n <= WORDS; n++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf want, made;
        read_golden(n, &want);
        gw_buf_init(&made, 4096);
        struct merkle_range range;
        struct gw_sha256 root;
        root_of_words(n, &range);
        merkle_range_root(&range, bulk_hash_ops(), &root);
        CU_ASSERT_EQUAL(checkpoint_format(LOG_NAME, n, &root, &made), GW_OK);
        uint8_t signature[64];
        sign(gw_buf_view(&made), signature);
        (void)gw_buf_add_u8(&made, '\n');
        CU_ASSERT_EQUAL(note_add_signature(&made, LOG_NAME, key.key_id, gw_view_make(signature, 64)), GW_OK);
        CU_ASSERT(gw_view_eq(gw_buf_view(&made), gw_buf_view(&want)));
    }
}

static void reads_and_verifies_checkpoints(void)
{
    struct gw_err err = {0};
    struct note_key key;
    GW_ASSERT_OK(note_key_parse(GW_VIEW_LIT(LOG_VKEY), bulk_hash_ops(), &key, &err), &err);
    for (size_t n = 0; n <= WORDS; n++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
        read_golden(n, &bytes);
        struct note note;
        struct checkpoint checkpoint;
        GW_ASSERT_OK(note_parse(gw_buf_view(&bytes), &note, &err), &err);
        CU_ASSERT_EQUAL(note_verify(&note, &key, verify, NULL), GW_OK);
        GW_ASSERT_OK(checkpoint_parse(note.text, &checkpoint, &err), &err);
        CU_ASSERT_EQUAL(checkpoint.size, n);
        CU_ASSERT_STRING_EQUAL(checkpoint.origin, LOG_NAME);
        bytes.ptr[note.text.len - 3] ^= 1; /* within the root */
        if (note_parse(gw_buf_view(&bytes), &note, &err) == GW_OK)
            CU_ASSERT_EQUAL(note_verify(&note, &key, verify, NULL), GW_CORRUPT);
    }
}

static bool read_shared(const struct tile_path *tile, struct gw_buf *content)
{
    char path[TILE_PATH_MAX], whole[512];
    CU_ASSERT_EQUAL_FATAL(tile_path_format(tile, path), GW_OK);
    (void)snprintf(whole, sizeof(whole), "%s/tlog/log/%s", gw_test_shared_data(), path);
    gw_buf_init(content, 65536);
    return gw_fs_read_file(whole, content, NULL) == GW_OK;
}

static void tiles_and_bundles(void)
{
    if (!gw_test_shared_data()) {
        gw_test_skip("the shared data is not there");
        return;
    }
    for (uint16_t n = 1; n <= WORDS; n++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf tile, bundle, made_tile, made_bundle;
        CU_ASSERT(read_shared(&(struct tile_path){.width = n}, &tile));
        CU_ASSERT(read_shared(&(struct tile_path){.entries = true, .width = n}, &bundle));
        gw_buf_init(&made_tile, 65536);
        gw_buf_init(&made_bundle, 65536);
        for (size_t i = 0; i < n; i++) {
            struct gw_sha256 leaf;
            bulk_hash_ops()->leaf(gw_view_str(words[i]), &leaf);
            (void)gw_buf_add(&made_tile, leaf.bytes, sizeof(leaf.bytes));
            (void)log_bundle_add(&made_bundle, gw_view_str(words[i]));
        }
        CU_ASSERT(gw_view_eq(gw_buf_view(&made_tile), gw_buf_view(&tile)));
        CU_ASSERT(gw_view_eq(gw_buf_view(&made_bundle), gw_buf_view(&bundle)));
        CU_ASSERT_EQUAL(log_bundle_check(gw_buf_view(&bundle), n), GW_OK);
    }
}

static void golden_texts_are_the_shared_ones(void)
{
    if (!gw_test_shared_data()) {
        gw_test_skip("the shared data is not there");
        return;
    }
    for (size_t n = 0; n <= WORDS; n++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf ours, theirs;
        char path[512];
        read_golden(n, &ours);
        gw_buf_init(&theirs, 65536);
        (void)snprintf(path, sizeof(path), "%s/tlog/log/checkpoint.%zu", gw_test_shared_data(), n);
        CU_ASSERT_EQUAL(gw_fs_read_file(path, &theirs, NULL), GW_OK);
        CU_ASSERT(gw_view_eq(gw_buf_view(&ours), gw_buf_view(&theirs)));
    }
}

static const struct gw_test_case cases[] = {
    {"reproduces the 16 checkpoints byte for byte", reproduces_checkpoints},
    {"reads the 16 checkpoints, verifies them, and refuses an altered root", reads_and_verifies_checkpoints},
    {"makes the tiles and bundles of that log byte for byte", tiles_and_bundles},
    {"keeps the checkpoint texts unchanged", golden_texts_are_the_shared_ones},
};

int main(void)
{
    return GW_TEST_RUN("tlog golden", cases);
}
