#include <stdio.h>
#include <string.h>

#include "crypto_cert_info.h"
#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "crypto_key.h"
#include "crypto_note.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "keyd_fixture.h"
#include "merkle_range.h"
#include "test_pki.h"

static const struct gw_wall now = {INT64_C(1764000000000)}; /* 2025-11-24 */

static struct keyd k;
static union keyd_reply reply;
static char origin[KEYD_ORIGIN_LEN];

static void open_all(void)
{
    fixture_open(&k, fixture_dir(), now);
    (void)snprintf(origin, sizeof(origin), "%s/dev/pump-7/00112233445566aa", k.ca.gateway);
}

static void device_request(struct keyd_device_request *q, const char *id, enum crypto_key_kind kind)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    struct device_spki spki;
    CU_ASSERT_EQUAL_FATAL(crypto_key_new(kind, &key, NULL), GW_OK);
    crypto_key_spki(key, &spki);
    memset(q, 0, sizeof(*q));
    fixture_head(&q->head, KEYD_ISSUE_DEVICE);
    (void)snprintf(q->id, sizeof(q->id), "%s", id);
    q->spki_len = spki.len;
    memcpy(q->spki, spki.der, spki.len);
}

static void tells_who_it_is(void)
{
    struct keyd_head q;
    struct crypto_cert_info root;
    struct gw_sha256 hash;
    char want[KEYD_GATEWAY_LEN];
    char hex[17];
    fixture_head(&q, KEYD_IDENTITY);
    CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    CU_ASSERT_EQUAL_FATAL(
        crypto_cert_info_parse(gw_view_make(reply.identity.root, reply.identity.root_len), &root, NULL), GW_OK);
    crypto_sha256()->digest(root.spki, &hash);
    gw_hex_format(hash.bytes, 8, hex);
    (void)snprintf(want, sizeof(want), "gw-%s", hex);
    CU_ASSERT_STRING_EQUAL(reply.identity.gateway, want);
}

static void issues_for_both_kinds_of_key(void)
{
    static const enum crypto_key_kind kinds[] = {CRYPTO_P256, CRYPTO_ED25519};
    for (size_t i = 0; i < 2; i++) {
        struct keyd_device_request q;
        struct gw_err err = {0};
        struct device_cert cert;
        device_request(&q, "pump-7", kinds[i]);
        CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
        struct gw_view der = gw_view_make(reply.cert.der, reply.cert.len);
        GW_ASSERT_OK(crypto_cert_to_device(der, &cert, &err), &err);
        CU_ASSERT(test_pki_chain_holds(der, gw_buf_view(&k.ca.issuer_der), gw_buf_view(&k.ca.root_der), now));
    }
}

static void refuses_ids_and_keys_outside_the_profile(void)
{
    static const char *const bad[] = {"", "ab", "Pump-7", "root", "gateway", "pump/7", "-ump"};
    struct keyd_device_request q;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        device_request(&q, bad[i], CRYPTO_P256);
        CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    }
    device_request(&q, "pump-7", CRYPTO_P256);
    memset(q.id, 'a', sizeof(q.id)); /* not terminated */
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    device_request(&q, "pump-7", CRYPTO_P256);
    q.id[20] = 'x'; /* something behind the terminator */
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    device_request(&q, "pump-7", CRYPTO_P256);
    q.spki_len = UINT32_MAX;
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    device_request(&q, "pump-7", CRYPTO_P256);
    q.spki[90] ^= 1; /* off the curve */
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    device_request(&q, "pump-7", CRYPTO_P256);
    q.spki[22] ^= 1; /* another curve's name */
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_UNSUPPORTED);
    device_request(&q, "pump-7", CRYPTO_P256);
    CU_ASSERT_EQUAL(fixture_ask(&k, (struct gw_wall){0}, &q, &reply), GW_DENIED);
}

static void issues_for_server_names_and_refuses_others(void)
{
    struct keyd_device_request key;
    struct keyd_server_request q = {0};
    device_request(&key, "any", CRYPTO_P256);
    fixture_head(&q.head, KEYD_ISSUE_SERVER);
    q.spki_len = key.spki_len;
    memcpy(q.spki, key.spki, sizeof(q.spki));
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID); /* no name */
    (void)snprintf(q.names[0], sizeof(q.names[0]), "gateway.example");
    (void)snprintf(q.names[1], sizeof(q.names[1]), "10.0.0.7");
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    (void)snprintf(q.names[3], sizeof(q.names[3]), "behind.the.end");
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    memset(q.names[3], 0, sizeof(q.names[3]));
    (void)snprintf(q.names[1], sizeof(q.names[1]), "*.example");
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
}

static void signs_the_checkpoint_text(void)
{
    struct keyd_checkpoints_request q;
    struct gw_sha256 root;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 512);
    memset(root.bytes, 7, sizeof(root.bytes));
    fixture_checkpoint(&q, origin, 12, 7);
    CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    CU_ASSERT_EQUAL(reply.checkpoints.items[0].rc, GW_OK);
    CU_ASSERT_EQUAL(checkpoint_format(origin, 12, &root, &text), GW_OK);
    CU_ASSERT_EQUAL(crypto_ed25519_verify(crypto_key_public(k.ca.log_key).ptr, gw_buf_view(&text),
                                          reply.checkpoints.items[0].signature, NULL),
                    GW_OK);
}

static enum gw_rc sign(const char *name, uint64_t size, uint8_t root)
{
    struct keyd_checkpoints_request q;
    fixture_checkpoint(&q, name, size, root);
    CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    return (enum gw_rc)reply.checkpoints.items[0].rc;
}

static void never_gives_a_log_two_histories(void)
{
    (void)snprintf(origin, sizeof(origin), "%s/audit/0011223344556677", k.ca.gateway);
    CU_ASSERT_EQUAL(sign(origin, 100, 1), GW_OK);
    CU_ASSERT_EQUAL(sign(origin, 100, 1), GW_OK);
    CU_ASSERT_EQUAL(sign(origin, 100, 2), GW_DENIED);
    CU_ASSERT_EQUAL(sign(origin, 99, 1), GW_DENIED);
    CU_ASSERT_EQUAL(sign(origin, 0, 0), GW_DENIED);
    CU_ASSERT_EQUAL(sign(origin, 101, 2), GW_OK);
    CU_ASSERT_EQUAL(sign(origin, 100, 1), GW_DENIED);
    CU_ASSERT_EQUAL(sign(origin, MERKLE_SIZE_MAX, 9), GW_OK);
    CU_ASSERT_EQUAL(sign(origin, MERKLE_SIZE_MAX, 9), GW_OK);
}

static void refuses_sizes_that_no_log_has(void)
{
    (void)snprintf(origin, sizeof(origin), "%s/audit/0011223344556688", k.ca.gateway);
    CU_ASSERT_EQUAL(sign(origin, MERKLE_SIZE_MAX + 1, 1), GW_INVALID);
    CU_ASSERT_EQUAL(sign(origin, 3, 1), GW_OK); /* the refused size was not remembered */
}

static void signs_only_for_logs_of_this_gateway(void)
{
    static const char *const good[] = {"%s/dev/pump-7/line/00112233445566aa", "%s/root/0000000000000000"};
    static const char *const bad[] = {"%s",
                                      "%s/dev/pump-7",
                                      "%s/dev/pump-7/00112233445566AA",
                                      "%s/dev/pump-7/00112233445566a",
                                      "%s/dev/pump-7/00112233445566aaa",
                                      "%s/dev/root/00112233445566aa",
                                      "%s/dev/pump-7/line/line/00112233445566aa",
                                      "%s/audit/line/00112233445566aa",
                                      "%s/other/00112233445566aa",
                                      "%sx/audit/00112233445566aa",
                                      "%s/audit/00112233445566aa/",
                                      "%s/audit/00112233445566aa\n7"};
    char name[KEYD_ORIGIN_LEN];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(name, sizeof(name), good[i], k.ca.gateway);
        CU_ASSERT_EQUAL(sign(name, 1, 1), GW_OK);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(name, sizeof(name), bad[i], k.ca.gateway);
#pragma GCC diagnostic pop
        CU_ASSERT_EQUAL(sign(name, 1, 1), GW_INVALID);
    }
    CU_ASSERT_EQUAL(sign("gw-0000000000000000/audit/00112233445566aa", 1, 1), GW_INVALID);
}

static void judges_each_item_of_a_batch_alone(void)
{
    static struct keyd_checkpoints_request q;
    fixture_checkpoint(&q, "", 0, 0);
    q.count = KEYD_BATCH;
    for (size_t i = 0; i < KEYD_BATCH; i++) {
        (void)snprintf(q.items[i].origin, KEYD_ORIGIN_LEN, "%s/dev/batch-%02zu/00000000000000aa", k.ca.gateway, i);
        q.items[i].size = 5;
    }
    (void)snprintf(q.items[3].origin, KEYD_ORIGIN_LEN, "nonsense");
    memcpy(q.items[9].origin, q.items[8].origin, KEYD_ORIGIN_LEN);
    CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    for (size_t i = 0; i < KEYD_BATCH; i++)
        CU_ASSERT_EQUAL(reply.checkpoints.items[i].rc, i == 3 || i == 9 ? GW_INVALID : GW_OK);
    CU_ASSERT_TRUE(strlen(reply.head.why) > 0);
    q.items[8].size = 4;
    CU_ASSERT_EQUAL_FATAL(fixture_ask(&k, now, &q, &reply), GW_OK);
    CU_ASSERT_EQUAL(reply.checkpoints.items[8].rc, GW_DENIED);
    CU_ASSERT_EQUAL(reply.checkpoints.items[10].rc, GW_OK);
    q.count = KEYD_BATCH + 1;
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
    q.count = 0;
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &q, &reply), GW_INVALID);
}

static void refuses_what_is_no_request(void)
{
    static uint8_t bytes[sizeof(union keyd_request) + 8];
    struct keyd_head head;
    for (size_t len = 0; len <= sizeof(bytes); len++)
        CU_ASSERT_EQUAL(keyd_handle(&k, now, gw_view_make(bytes, len), &reply), sizeof(reply.head));
    for (uint16_t kind = 0; kind < 20; kind++) {
        fixture_head(&head, (enum keyd_kind)kind);
        memcpy(bytes, &head, sizeof(head));
        size_t right = keyd_request_size(kind);
        for (size_t len = 0; len <= sizeof(bytes); len++)
            if (len != right)
                CU_ASSERT_EQUAL(keyd_handle(&k, now, gw_view_make(bytes, len), &reply), sizeof(reply.head));
    }
    fixture_head(&head, KEYD_IDENTITY);
    head.version = 2;
    CU_ASSERT_EQUAL(fixture_ask(&k, now, &head, &reply), GW_INVALID);
    tells_who_it_is();
}

static void close_all(void)
{
    keyd_done(&k);
    CU_ASSERT_PTR_NULL(k.memory);
    keyd_done(&k); /* a second time is harmless */
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"starts in an empty directory", open_all},
        {"tells who it is", tells_who_it_is},
        {"issues for both kinds of key", issues_for_both_kinds_of_key},
        {"refuses ids and keys outside the profile", refuses_ids_and_keys_outside_the_profile},
        {"issues for server names and refuses others", issues_for_server_names_and_refuses_others},
        {"signs the checkpoint text", signs_the_checkpoint_text},
        {"never gives a log two histories", never_gives_a_log_two_histories},
        {"refuses sizes that no log has", refuses_sizes_that_no_log_has},
        {"signs only for logs of this gateway", signs_only_for_logs_of_this_gateway},
        {"judges each item of a batch alone", judges_each_item_of_a_batch_alone},
        {"refuses what is no request", refuses_what_is_no_request},
        {"closes", close_all},
    };
    return GW_TEST_RUN("keyd requests", cases);
}
