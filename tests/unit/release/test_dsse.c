#include <stdio.h>
#include <string.h>

#include "crypto_dsse.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"
#include "release_kit.h"

#define KEYID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SIG   "{\"keyid\":\"" KEYID "\",\"sig\":\"QUJD\"}"
#define TYPE  "\"payloadType\":\"text/plain\""

static void builds_the_pae_of_the_specification(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    gw_buf_init(&pae, 1024);
    CU_ASSERT_EQUAL(dsse_pae(GW_VIEW_LIT("http://example.com/HelloWorld"), GW_VIEW_LIT("hello world"), &pae), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&pae), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

static void takes_what_it_wrote(void)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct gw_err err = {0};
    const char *text = "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[" SIG "]}";
    dsse_init(&e);
    gw_buf_init(&json, DSSE_ENVELOPE_MAX);
    GW_ASSERT_OK(dsse_parse(gw_view_str(text), &e, &err), &err);
    CU_ASSERT(gw_view_eq_str(gw_buf_view(&e.payload), "hi"));
    CU_ASSERT_STRING_EQUAL(e.type, "text/plain");
    CU_ASSERT_EQUAL(e.signature_count, 1);
    CU_ASSERT_EQUAL(e.signatures[0].len, 3);
    CU_ASSERT_EQUAL(dsse_format(&e, &json), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&json), text);
}

static void refuses_what_two_readers_could_read_differently(void)
{
    static const char *const bad[] = {
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[" SIG "," SIG "]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[7]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[{\"sig\":\"QUJD\"}]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[{\"keyid\":\"" KEYID "\",\"sig\":\"\"}]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[{\"keyid\":\"" KEYID "\",\"sig\":\"QUJD\",\"cert\":\"\"}]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[{\"keyid\":\"0123456789ABCDEF0123456789abcdef0123456789abcdef"
        "0123456789abcdef\",\"sig\":\"QUJD\"}]}",
        "{\"payload\":\"aGk\"," TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGl=\"," TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aG k=\"," TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\",\"payloadType\":\"text plain\",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\",\"payloadType\":\"\",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\",\"signatures\":[" SIG "]}",
        "{" TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\",\"x\":1," TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\",\"payload\":\"aGk=\"," TYPE ",\"signatures\":[" SIG "]}",
        "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[" SIG "]}x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        GW_CLEANUP(dsse_done) struct dsse_envelope e;
        struct gw_err err = {0};
        dsse_init(&e);
        CU_ASSERT_EQUAL(dsse_parse(gw_view_str(bad[i]), &e, &err), GW_INVALID);
        CU_ASSERT(err.text[0] != '\0');
        CU_ASSERT_EQUAL(e.payload.len, 0);
    }
}

static void refuses_more_than_its_ceilings(void)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    dsse_init(&e);
    gw_buf_init(&json, 1 << 20);
    (void)gw_buf_add_str(&json, "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[" SIG "]}");
    while (json.len < DSSE_ENVELOPE_MAX)
        (void)gw_buf_add_u8(&json, ' ');
    CU_ASSERT_EQUAL(dsse_parse(gw_buf_view(&json), &e, NULL), GW_OK);
    dsse_done(&e);
    dsse_init(&e);
    (void)gw_buf_add_u8(&json, ' ');
    CU_ASSERT_EQUAL(dsse_parse(gw_buf_view(&json), &e, NULL), GW_TOO_BIG);
    gw_buf_reset(&json);
    (void)gw_buf_add_str(&json, "{\"payload\":\"aGk=\"," TYPE ",\"signatures\":[");
    for (int i = 0; i <= DSSE_SIGNATURES_MAX; i++)
        (void)gw_buf_printf(&json, "%s{\"keyid\":\"%064x\",\"sig\":\"QUJD\"}", i ? "," : "", i);
    (void)gw_buf_add_str(&json, "]}");
    CU_ASSERT_EQUAL(dsse_parse(gw_buf_view(&json), &e, NULL), GW_INVALID);
}

/* An envelope signed by both kinds of key, and the list that trusts them. */
static void make_signed(struct dsse_envelope *e, struct vendor_key keys[2])
{
    static const enum crypto_key_kind kinds[] = {CRYPTO_ED25519, CRYPTO_P256};
    struct gw_err err = {0};
    dsse_init(e);
    (void)snprintf(e->type, sizeof(e->type), "text/plain");
    (void)gw_buf_add_str(&e->payload, "hello");
    for (size_t i = 0; i < 2; i++) {
        GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
        struct device_spki spki;
        GW_ASSERT_OK(crypto_key_new(kinds[i], &key, &err), &err);
        GW_ASSERT_OK(crypto_dsse_sign(key, e, &err), &err);
        CU_ASSERT_EQUAL(crypto_dsse_sign(key, e, &err), GW_EXISTS);
        crypto_key_spki(key, &spki);
        GW_ASSERT_OK(crypto_vendor_key_import(gw_view_make(spki.der, spki.len), "test", &keys[i], &err), &err);
    }
}

static void counts_trusted_keys_against_the_threshold(void)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    struct vendor_key keys[2];
    struct crypto_dsse_result result;
    struct gw_err err = {0};
    make_signed(&e, keys);
    GW_ASSERT_OK(crypto_dsse_verify(&e, keys, 2, 2, &result, &err), &err);
    CU_ASSERT_EQUAL(result.signers, 2);
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 3, &result, &err), GW_DENIED);
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 0, &result, &err), GW_DENIED);
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 0, 1, &result, &err), GW_DENIED);
    CU_ASSERT_EQUAL(result.unknown, 2);
    GW_ASSERT_OK(crypto_dsse_verify(&e, keys + 1, 1, 1, &result, &err), &err);
    CU_ASSERT_EQUAL(result.unknown, 1);
    keys[1].removed.ms = 1;
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 2, &result, &err), GW_DENIED);
    CU_ASSERT_EQUAL(result.signers, 1);
}

static void counts_several_signatures_by_one_key_once(void)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    struct vendor_key keys[2];
    struct crypto_dsse_result result;
    make_signed(&e, keys);
    e.signatures[1] = e.signatures[0]; /* as no parser would let it in */
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 2, &result, NULL), GW_DENIED);
    CU_ASSERT_EQUAL(result.signers, 1);
    struct vendor_key twice[2] = {keys[0], keys[0]};
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, twice, 2, 2, &result, NULL), GW_DENIED);
}

static void refuses_a_wrong_signature_by_a_trusted_key(void)
{
    for (size_t i = 0; i < 2; i++) {
        GW_CLEANUP(dsse_done) struct dsse_envelope e;
        struct vendor_key keys[2];
        struct crypto_dsse_result result;
        struct gw_err err = {0};
        make_signed(&e, keys);
        e.signatures[i].bytes[20] ^= 1;
        CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 1, &result, &err), GW_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, keys[i].keyid));
        e.signatures[i].bytes[20] ^= 1;
        CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 2, &result, &err), GW_OK);
        e.type[0] ^= 1;
        CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 1, &result, &err), GW_DENIED);
        e.type[0] ^= 1;
        e.payload.ptr[0] ^= 1;
        CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 2, 1, &result, &err), GW_DENIED);
    }
}

static void believes_no_keyid_that_is_not_the_keys_own(void)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope e;
    struct vendor_key keys[2];
    struct crypto_dsse_result result;
    make_signed(&e, keys);
    (void)snprintf(keys[0].keyid, sizeof(keys[0].keyid), OTHER);
    (void)snprintf(e.signatures[0].keyid, sizeof(e.signatures[0].keyid), OTHER);
    CU_ASSERT_EQUAL(crypto_dsse_verify(&e, keys, 1, 1, &result, NULL), GW_DENIED);
    CU_ASSERT_EQUAL(result.unknown, 2);
}

static void imports_public_keys_only(void)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    GW_CLEANUP(gw_buf_wipe) struct gw_buf pem;
    struct vendor_key out;
    struct gw_err err = {0};
    gw_buf_init(&pem, 4096);
    GW_ASSERT_OK(crypto_key_new(CRYPTO_P256, &key, &err), &err);
    CU_ASSERT_EQUAL(crypto_key_save_pem(key, &pem), GW_OK);
    CU_ASSERT_EQUAL(crypto_vendor_key_import(gw_buf_view(&pem), "k", &out, &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "private key"));
    gw_buf_reset(&pem);
    struct device_spki spki;
    crypto_key_spki(key, &spki);
    CU_ASSERT_EQUAL(crypto_pem_add(&pem, CRYPTO_PEM_PUBLIC, gw_view_make(spki.der, spki.len)), GW_OK);
    GW_ASSERT_OK(crypto_vendor_key_import(gw_buf_view(&pem), "k", &out, &err), &err);
    char keyid[DSSE_KEYID_LEN + 1];
    crypto_dsse_keyid(gw_view_make(spki.der, spki.len), keyid);
    CU_ASSERT_STRING_EQUAL(out.keyid, keyid);
    CU_ASSERT_EQUAL(crypto_vendor_key_import(gw_buf_view(&pem), "", &out, &err), GW_INVALID);
    CU_ASSERT_EQUAL(crypto_vendor_key_import(gw_buf_view(&pem), "a\033b", &out, &err), GW_INVALID);
    CU_ASSERT_EQUAL(crypto_vendor_key_import(gw_view_make(NULL, 0), "k", &out, &err), GW_INVALID);
    CU_ASSERT_EQUAL(crypto_vendor_key_import(gw_view_make(spki.der, spki.len - 1U), "k", &out, &err), GW_INVALID);
}

const struct gw_test_case dsse_cases[] = {
    {"builds the PAE of the specification", builds_the_pae_of_the_specification},
    {"takes what it wrote", takes_what_it_wrote},
    {"refuses what two readers could read differently", refuses_what_two_readers_could_read_differently},
    {"refuses more than its ceilings", refuses_more_than_its_ceilings},
    {"counts trusted keys against the threshold", counts_trusted_keys_against_the_threshold},
    {"counts several signatures by one key once", counts_several_signatures_by_one_key_once},
    {"refuses a wrong signature by a trusted key", refuses_a_wrong_signature_by_a_trusted_key},
    {"believes no keyid that is not the key's own", believes_no_keyid_that_is_not_the_keys_own},
    {"imports public keys only", imports_public_keys_only},
};
const size_t dsse_case_count = sizeof(dsse_cases) / sizeof(dsse_cases[0]);
