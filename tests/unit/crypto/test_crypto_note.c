#include <stdio.h>
#include <string.h>

#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "crypto_key.h"
#include "crypto_note.h"
#include "crypto_password.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"

#define LOG_NAME "example.com/log/testdata"

static void reads_and_writes_the_published_verifier_key(void)
{
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    struct note_key key;
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf again;
    gw_buf_init(&again, 256);
    GW_ASSERT_OK(note_key_parse(gw_view_str(vkey), crypto_sha256(), &key, &err), &err);
    CU_ASSERT_STRING_EQUAL(key.name, "example.com/foo");
    CU_ASSERT_EQUAL(crypto_note_vkey(key.name, key.pub, &again), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&again), vkey);
    CU_ASSERT_EQUAL(crypto_note_vkey("no spaces", key.pub, &again), GW_INVALID);
}

/* The published test key of these checkpoints, not a secret, as PKCS#8 (RFC 8410 section 7). */
static struct crypto_key *load_log_key(void)
{
    static const uint8_t head[] = {0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20};
    struct crypto_key *key = NULL;
    struct gw_err err;
    GW_CLEANUP(gw_buf_done) struct gw_buf typed;
    GW_CLEANUP(gw_buf_done) struct gw_buf pkcs8;
    gw_buf_init(&typed, 64);
    gw_buf_init(&pkcs8, 64);
    CU_ASSERT_EQUAL_FATAL(gw_base64_parse(gw_view_str("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"), &typed), GW_OK);
    (void)gw_buf_add(&pkcs8, head, sizeof(head));
    CU_ASSERT_EQUAL_FATAL(gw_buf_add(&pkcs8, typed.ptr + 1, 32), GW_OK);
    GW_ASSERT_OK(crypto_key_load_der(gw_buf_view(&pkcs8), &key, &err), &err);
    return key;
}

static void check_one(const char *dir, int n, const struct crypto_key *key)
{
    char path[600];
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    GW_CLEANUP(gw_buf_done) struct gw_buf again;
    struct note note;
    struct checkpoint c;
    struct gw_err err;
    const uint8_t *pub = crypto_key_public(key).ptr;
    uint8_t signature[ED25519_SIGNATURE_LEN];
    gw_buf_init(&file, 4096);
    gw_buf_init(&again, 4096);
    (void)snprintf(path, sizeof(path), "%s/tlog/log/checkpoint.%d", dir, n);
    GW_ASSERT_OK(gw_fs_read_file(path, &file, &err), &err);
    GW_ASSERT_OK(note_parse(gw_buf_view(&file), &note, &err), &err);
    GW_ASSERT_OK(checkpoint_parse(note.text, &c, &err), &err);
    CU_ASSERT_EQUAL(c.size, (uint64_t)n);
    GW_ASSERT_OK(crypto_note_sign_checkpoint(key, c.origin, c.size, &c.root, signature, &err), &err);
    uint32_t id = note_key_id(crypto_sha256(), LOG_NAME, NOTE_ED25519, pub);
    CU_ASSERT_EQUAL(checkpoint_format(c.origin, c.size, &c.root, &again), GW_OK);
    (void)gw_buf_add_str(&again, "\n");
    CU_ASSERT_EQUAL(note_add_signature(&again, LOG_NAME, id, gw_view_make(signature, sizeof(signature))), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&again), gw_buf_str(&file));
    struct note_key verifier;
    CU_ASSERT_EQUAL(note_key_make(crypto_sha256(), LOG_NAME, pub, &verifier), GW_OK);
    CU_ASSERT_EQUAL(note_verify(&note, &verifier, crypto_note_verify, NULL), GW_OK);
    note.text.len--; /* another text under the same signature */
    CU_ASSERT_EQUAL(note_verify(&note, &verifier, crypto_note_verify, NULL), GW_CORRUPT);
}

static void reproduces_sixteen_published_checkpoints(void)
{
    const char *dir = gw_test_shared_data();
    if (!dir) {
        gw_test_skip("the shared data is not there");
        return;
    }
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = load_log_key();
    GW_CLEANUP(gw_buf_done) struct gw_buf vkey;
    gw_buf_init(&vkey, 256);
    CU_ASSERT_EQUAL(crypto_note_vkey(LOG_NAME, crypto_key_public(key).ptr, &vkey), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&vkey), LOG_NAME "+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx");
    for (int n = 0; n < 16; n++)
        check_one(dir, n, key);
}

static void signs_notes_with_ed25519_only(void)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    struct gw_sha256 root = {{0}};
    uint8_t signature[ED25519_SIGNATURE_LEN];
    CU_ASSERT_EQUAL_FATAL(crypto_key_new(CRYPTO_P256, &key, NULL), GW_OK);
    CU_ASSERT_EQUAL(crypto_note_sign_checkpoint(key, "a/b", 1, &root, signature, NULL), GW_INVALID);
}

/* RFC 8032 section 7.1, test 3. */
static void gives_the_published_ed25519_signature(void)
{
    uint8_t seed[32];
    uint8_t pub[32];
    uint8_t want[64];
    uint8_t got[64];
    CU_ASSERT_EQUAL(
        gw_hex_parse(gw_view_str("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"), seed, 32), GW_OK);
    CU_ASSERT_EQUAL(gw_hex_parse(gw_view_str("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538"
                                             "d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
                                 want, 64),
                    GW_OK);
    CU_ASSERT_EQUAL(crypto_ed25519_public(seed, pub, NULL), GW_OK);
    CU_ASSERT_EQUAL(crypto_ed25519_sign(seed, pub, gw_view_make("\xaf\x82", 2), got, NULL), GW_OK);
    CU_ASSERT_EQUAL(memcmp(got, want, 64), 0);
    CU_ASSERT_EQUAL(crypto_ed25519_verify(pub, gw_view_make("\xaf\x82", 2), got, NULL), GW_OK);
    CU_ASSERT_EQUAL(crypto_ed25519_verify(pub, gw_view_make("\xaf\x83", 2), got, NULL), GW_DENIED);
    got[63] ^= 1;
    CU_ASSERT_EQUAL(crypto_ed25519_verify(pub, gw_view_make("\xaf\x82", 2), got, NULL), GW_DENIED);
}

/* y = 2 has no x on the curve; y = 4/5 is the base point (RFC 8032 section 5.1). */
static void tells_points_from_other_bytes(void)
{
    uint8_t bytes[32] = {2};
    CU_ASSERT_EQUAL(crypto_ed25519_check(bytes), GW_INVALID);
    memset(bytes, 0x66, sizeof(bytes));
    bytes[0] = 0x58;
    CU_ASSERT_EQUAL(crypto_ed25519_check(bytes), GW_OK);
}

static void knows_a_password_again(void)
{
    char first[USER_PASSWORD_HASH_MAX];
    char second[USER_PASSWORD_HASH_MAX];
    struct gw_err err;
    GW_ASSERT_OK(crypto_password_hash(gw_view_str("correct horse"), first, &err), &err);
    GW_ASSERT_OK(crypto_password_hash(gw_view_str("correct horse"), second, &err), &err);
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(strncmp(first, "$argon2id$v=19$m=65536,t=3,p=1$", 31), 0);
    GW_ASSERT_OK(crypto_password_verify(first, gw_view_str("correct horse"), &err), &err);
    CU_ASSERT_EQUAL(crypto_password_verify(first, gw_view_str("correct horsf"), &err), GW_DENIED);
    CU_ASSERT_EQUAL(crypto_password_verify(first, gw_view_str(""), &err), GW_DENIED);
}

static void refuses_password_strings_that_are_not_ours(void)
{
    struct gw_err err;
    static const char *const bad[] = {"", "x", "$argon2id$v=19$m=4194304,t=3,p=1$AAAA$AAAA",
                                      "$argon2id$v=19$m=65536,t=3,p=1$", "$argon2id$v=19$m=65536,t=3,p=1$!!$!!"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(crypto_password_verify(bad[i], gw_view_str("x"), &err), GW_CORRUPT);
    char out[USER_PASSWORD_HASH_MAX];
    static uint8_t giant[CRYPTO_PASSWORD_MAX + 1];
    CU_ASSERT_EQUAL(crypto_password_hash(gw_view_make(giant, sizeof(giant)), out, &err), GW_TOO_BIG);
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"reads and writes the published verifier key", reads_and_writes_the_published_verifier_key},
        {"reproduces sixteen published checkpoints", reproduces_sixteen_published_checkpoints},
        {"signs notes with Ed25519 only", signs_notes_with_ed25519_only},
        {"gives the published Ed25519 signature", gives_the_published_ed25519_signature},
        {"tells points from other bytes", tells_points_from_other_bytes},
        {"knows a password again", knows_a_password_again},
        {"refuses password strings that are not ours", refuses_password_strings_that_are_not_ours},
    };
    return GW_TEST_RUN("crypto notes and passwords", cases);
}
