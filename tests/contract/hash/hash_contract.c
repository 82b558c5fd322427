#include "hash_contract.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_hmac.h"
#include "gw_id.h"

static const struct gw_sha256_ops *sha;

static void expect(const struct gw_sha256 *hash, const char *hex)
{
    char text[2 * GW_SHA256_LEN + 1];
    gw_hex_format(hash->bytes, GW_SHA256_LEN, text);
    CU_ASSERT_STRING_EQUAL(text, hex);
}

static void gives_the_published_digests(void)
{
    struct gw_sha256 hash;
    sha->digest(gw_view_make(NULL, 0), &hash);
    expect(&hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha->digest(GW_VIEW_LIT("abc"), &hash);
    expect(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha->digest(GW_VIEW_LIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), &hash);
    expect(&hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void gives_the_digest_of_a_million_times_a(void)
{
    GW_FREE uint8_t *million = gw_xalloc(1000000, 1);
    struct gw_sha256 hash;
    memset(million, 'a', 1000000);
    sha->digest(gw_view_make(million, 1000000), &hash);
    expect(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void gives_the_leaf_of_rfc_6962(void)
{
    struct gw_sha256 hash;
    sha->leaf(gw_view_make(NULL, 0), &hash);
    expect(&hash, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    sha->leaf(GW_VIEW_LIT("L123456"), &hash);
    expect(&hash, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

static void gives_the_node_of_rfc_6962(void)
{
    struct gw_sha256 left = {{0}};
    struct gw_sha256 right = {{0}};
    struct gw_sha256 hash;
    memcpy(left.bytes, "N123", 4);
    memcpy(right.bytes, "N456", 4);
    sha->node(&left, &right, &hash);
    uint8_t whole[1 + 2 * GW_SHA256_LEN] = {0x01};
    memcpy(whole + 1, left.bytes, GW_SHA256_LEN);
    memcpy(whole + 1 + GW_SHA256_LEN, right.bytes, GW_SHA256_LEN);
    struct gw_sha256 want;
    sha->digest(gw_view_make(whole, sizeof(whole)), &want);
    CU_ASSERT_TRUE(gw_sha256_eq(&hash, &want));
    /* root of the two-leaf tree of RFC 6962's reference test data: leaves "" and 0x00 */
    sha->leaf(gw_view_make(NULL, 0), &left);
    sha->leaf(gw_view_make("\x00", 1), &right);
    sha->node(&left, &right, &hash);
    expect(&hash, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

static void lets_a_node_receive_its_own_child(void)
{
    struct gw_sha256 left;
    struct gw_sha256 right;
    struct gw_sha256 want;
    sha->leaf(GW_VIEW_LIT("one"), &left);
    sha->leaf(GW_VIEW_LIT("two"), &right);
    sha->node(&left, &right, &want);
    sha->node(&left, &right, &left);
    CU_ASSERT_TRUE(gw_sha256_eq(&left, &want));
}

static void gives_the_same_digest_wherever_a_stream_is_cut(void)
{
    uint8_t data[300];
    struct gw_sha256 want;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + 3);
    sha->digest(gw_view_make(data, sizeof(data)), &want);
    static const size_t steps[] = {1, 3, 55, 56, 63, 64, 65, 127, 299, 300};
    for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
        struct gw_sha256_stream *stream = sha->stream_new();
        for (size_t at = 0; at < sizeof(data); at += steps[s]) {
            size_t left = sizeof(data) - at;
            sha->stream_add(stream, gw_view_make(data + at, left < steps[s] ? left : steps[s]));
            sha->stream_add(stream, gw_view_make(NULL, 0));
        }
        struct gw_sha256 hash;
        sha->stream_end(stream, &hash);
        CU_ASSERT_TRUE(gw_sha256_eq(&hash, &want));
    }
}

static void drops_a_stream_without_a_result(void)
{
    struct gw_sha256_stream *stream = sha->stream_new();
    sha->stream_add(stream, GW_VIEW_LIT("half"));
    sha->stream_free(stream); /* the leak checker of the asan build is the judge */
    sha->stream_free(NULL);
    struct gw_sha256 whole;
    struct gw_sha256 streamed;
    sha->digest(GW_VIEW_LIT("abc"), &whole);
    stream = sha->stream_new();
    sha->stream_add(stream, GW_VIEW_LIT("abc"));
    sha->stream_end(stream, &streamed);
    CU_ASSERT(gw_sha256_eq(&whole, &streamed)); /* nothing of the dropped one is left */
}

/* RFC 4231 sections 4.2, 4.3 and 4.7: a short key, a text key, one longer than a block. */
static void makes_the_published_hmacs(void)
{
    struct gw_sha256 mac;
    uint8_t key[131];
    memset(key, 0x0b, sizeof(key));
    gw_hmac_sha256(sha, gw_view_make(key, 20), GW_VIEW_LIT("Hi There"), &mac);
    expect(&mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    gw_hmac_sha256(sha, GW_VIEW_LIT("Jefe"), GW_VIEW_LIT("what do ya want for nothing?"), &mac);
    expect(&mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    gw_hmac_sha256(sha, gw_view_make(key, sizeof(key)),
                   GW_VIEW_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), &mac);
    expect(&mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int hash_contract_run(const char *suite, const struct gw_sha256_ops *ops)
{
    static const struct gw_test_case cases[] = {
        {"gives the published digests", gives_the_published_digests},
        {"gives the digest of a million times a", gives_the_digest_of_a_million_times_a},
        {"gives the leaf of RFC 6962", gives_the_leaf_of_rfc_6962},
        {"gives the node of RFC 6962", gives_the_node_of_rfc_6962},
        {"lets a node receive its own child", lets_a_node_receive_its_own_child},
        {"gives the same digest wherever a stream is cut", gives_the_same_digest_wherever_a_stream_is_cut},
        {"makes the published HMACs", makes_the_published_hmacs},
        {"drops a stream without a result", drops_a_stream_without_a_result},
    };
    sha = ops;
    return GW_TEST_RUN(suite, cases);
}
