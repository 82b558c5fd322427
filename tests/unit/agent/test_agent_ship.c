/* The shipping rules against a gateway of a few lines that stores, signs and misbehaves on demand. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "agent_ship.h"
#include "gw_cleanup.h"
#include "log_batch.h"
#include "merkle_range.h"
#include "spool_fixture.h"

#define TEST_WALL ((struct gw_wall){1790000000000})
#define GATEWAY   "gw-0123456789abcdef"

struct gateway {
    struct spool_fixture f;
    struct agent_ship ship;
    struct gw_mono now;
    EVP_PKEY *key;
    struct note_key vkey;
    uint64_t epoch; /* of the log that it holds, 0 for none */
    struct merkle_range tree;
    uint64_t credit;
    unsigned sent;     /* batches that came */
    bool deaf;         /* loses what comes */
    bool session_down; /* refuses to take */
};

static void store_batch(struct gateway *g, const struct log_batch *batch)
{
    struct gw_view bundle = batch->bundle, event;
    if (batch->head.epoch != g->epoch && batch->head.first == 0) {
        g->epoch = batch->head.epoch;
        merkle_range_init(&g->tree);
    }
    if (batch->head.epoch != g->epoch || batch->head.first > g->tree.size)
        return;
    for (uint64_t seq = batch->head.first; log_bundle_next(&bundle, &event); seq++) {
        struct gw_sha256 leaf;
        bulk_hash_ops()->leaf(event, &leaf);
        if (seq == g->tree.size)
            CU_ASSERT_EQUAL(merkle_range_add(&g->tree, bulk_hash_ops(), &leaf), GW_OK);
    }
}

static enum gw_rc on_send(void *ctx, struct gw_view payload)
{
    struct gateway *g = ctx;
    struct log_batch batch;
    if (g->session_down)
        return GW_AGAIN;
    GW_ASSERT_OK(log_batch_parse(payload, &batch, NULL), NULL);
    g->sent++;
    if (!g->deaf)
        store_batch(g, &batch);
    return GW_OK;
}

static void gateway_init(struct gateway *g)
{
    uint8_t pub[32];
    size_t len = sizeof(pub);
    memset(g, 0, sizeof(*g));
    spool_fixture_init(&g->f, 1024 * 1024, 65536);
    g->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CU_ASSERT_EQUAL_FATAL(EVP_PKEY_get_raw_public_key(g->key, pub, &len), 1);
    CU_ASSERT_EQUAL_FATAL(note_key_make(bulk_hash_ops(), GATEWAY, pub, &g->vkey), GW_OK);
    merkle_range_init(&g->tree);
    g->credit = 4 * LOG_BATCH_BYTES_MAX;
    g->now.ms = 1000000;
    agent_ship_init(&g->ship, g->f.spool, on_send, g);
    agent_ship_name(&g->ship, GATEWAY, "pump-7");
    agent_ship_key(&g->ship, &g->vkey);
}

static void gateway_done(struct gateway *g)
{
    EVP_PKEY_free(g->key);
    spool_fixture_done(&g->f);
}

static void step(struct gateway *g)
{
    GW_ASSERT_OK(agent_ship_step(&g->ship, g->now, TEST_WALL, &g->f.err), &g->f.err);
}

static void sign(struct gateway *g, uint64_t size, const struct gw_sha256 *root, char *out, size_t out_size)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char origin[CHECKPOINT_ORIGIN_MAX];
    uint8_t signature[64];
    size_t len = sizeof(signature);
    gw_buf_init(&text, 4096);
    (void)snprintf(origin, sizeof(origin), GATEWAY "/dev/pump-7/%016llx", (unsigned long long)g->epoch);
    CU_ASSERT_EQUAL_FATAL(checkpoint_format(origin, size, root, &text), GW_OK);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    CU_ASSERT_EQUAL_FATAL(EVP_DigestSignInit(md, NULL, NULL, NULL, g->key), 1);
    CU_ASSERT_EQUAL_FATAL(EVP_DigestSign(md, signature, &len, text.ptr, text.len), 1);
    EVP_MD_CTX_free(md);
    (void)gw_buf_add_u8(&text, '\n');
    (void)note_add_signature(&text, GATEWAY, g->vkey.key_id, gw_view_make(signature, len));
    GW_ASSERT_OK(gw_view_copy_str(gw_buf_view(&text), out, out_size), NULL);
}

static struct ack honest(struct gateway *g, bool with_checkpoint)
{
    struct ack ack = {.epoch = g->epoch, .next_seq = g->tree.size, .credit_bytes = g->credit};
    merkle_range_root(&g->tree, bulk_hash_ops(), &ack.root);
    if (with_checkpoint)
        sign(g, ack.next_seq, &ack.root, ack.checkpoint, sizeof(ack.checkpoint));
    return ack;
}

static struct agent_ship_news tell(struct gateway *g, const struct ack *ack)
{
    struct agent_ship_news news;
    GW_ASSERT_OK(agent_ship_ack(&g->ship, ack, g->now, TEST_WALL, &news, &g->f.err), &g->f.err);
    step(g);
    return news;
}

/* Brings n events over and proven. */
static void ship_some(struct gateway *g, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        spool_fixture_add(&g->f, "an event", 2);
    agent_ship_up(&g->ship, g->now);
    step(g);
    while (g->ship.flight_count > 0) {
        struct ack ack = honest(g, true);
        CU_ASSERT_FALSE(tell(g, &ack).new_epoch);
    }
}

static void frees_only_what_a_verified_checkpoint_covers(void)
{
    struct gateway g;
    gateway_init(&g);
    spool_fixture_add(&g.f, "one", 1);
    agent_ship_up(&g.ship, g.now);
    step(&g);
    CU_ASSERT_EQUAL(g.tree.size, 2);
    struct ack ack = honest(&g, false);
    CU_ASSERT_FALSE(tell(&g, &ack).verified);
    CU_ASSERT_EQUAL(agent_spool_state(g.f.spool).freed, 0);
    ack = honest(&g, true);
    CU_ASSERT_TRUE(tell(&g, &ack).verified);
    CU_ASSERT_EQUAL(agent_spool_state(g.f.spool).freed, 2);
    gateway_done(&g);
}

static void a_forged_checkpoint_frees_nothing(void)
{
    struct gateway g;
    gateway_init(&g);
    agent_ship_up(&g.ship, g.now);
    step(&g);
    struct ack ack = honest(&g, true);
    char *base64 = strrchr(ack.checkpoint, ' ') + 12;
    *base64 = *base64 == 'A' ? 'B' : 'A';
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.bad_checkpoint);
    CU_ASSERT_FALSE(news.verified || news.new_epoch);
    CU_ASSERT_EQUAL(agent_spool_state(g.f.spool).freed, 0);
    gateway_done(&g);
}

static void a_checkpoint_by_another_key_asks_for_the_key(void)
{
    struct gateway g;
    gateway_init(&g);
    agent_ship_up(&g.ship, g.now);
    step(&g);
    g.ship.key.key_id ^= 1;
    struct ack ack = honest(&g, true);
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.unknown_key);
    CU_ASSERT_FALSE(news.verified);
    gateway_done(&g);
}

static void keeps_at_most_a_window_on_its_way(void)
{
    struct gateway g;
    gateway_init(&g);
    g.deaf = true;
    for (int i = 0; i < 9000; i++)
        spool_fixture_add(&g.f, "some event", 2);
    agent_ship_up(&g.ship, g.now);
    struct ack ack = honest(&g, false);
    ack.epoch = 0;
    (void)tell(&g, &ack);
    CU_ASSERT_EQUAL(g.sent, AGENT_SHIP_WINDOW);
    gateway_done(&g);
}

static void sends_again_when_nothing_is_acknowledged_ever_more_slowly(void)
{
    struct gateway g;
    gateway_init(&g);
    g.deaf = true;
    agent_ship_up(&g.ship, g.now);
    step(&g);
    CU_ASSERT_EQUAL(g.sent, 1);
    int64_t before = 0;
    for (unsigned i = 0; i < 6; i++) {
        int64_t wait = agent_ship_wait_ms(&g.ship, g.now);
        CU_ASSERT_TRUE(wait >= 4000 && wait <= 72000);
        CU_ASSERT_TRUE(i == 0 || i > 3 || wait > before);
        before = wait;
        g.now.ms += wait - 1;
        step(&g);
        CU_ASSERT_EQUAL(g.sent, 1 + i);
        g.now.ms += 1;
        step(&g);
        CU_ASSERT_EQUAL(g.sent, 2 + i);
    }
    g.deaf = false;
    g.now.ms += 72000;
    step(&g);
    CU_ASSERT_EQUAL(g.tree.size, 1);
    gateway_done(&g);
}

static void waits_while_there_is_no_credit_but_asks_in_the_end(void)
{
    struct gateway g;
    gateway_init(&g);
    ship_some(&g, 1);
    g.credit = 0;
    struct ack ack = honest(&g, true);
    (void)tell(&g, &ack);
    unsigned sent = g.sent;
    spool_fixture_add(&g.f, "waiting", 1);
    step(&g);
    CU_ASSERT_EQUAL(g.sent, sent);
    g.now.ms += 72000;
    step(&g);
    CU_ASSERT_EQUAL(g.sent, sent + 1);
    gateway_done(&g);
}

static void a_lower_next_than_before_begins_a_new_epoch(void)
{
    struct gateway g;
    gateway_init(&g);
    ship_some(&g, 10);
    struct ack ack = honest(&g, false);
    ack.next_seq = 3;
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.new_epoch);
    CU_ASSERT_EQUAL(news.reason, AGENT_SPOOL_GATEWAY_WENT_BACK);
    CU_ASSERT_EQUAL(g.epoch, agent_spool_state(g.f.spool).epoch); /* it has arrived there already */
    gateway_done(&g);
}

static void another_root_begins_a_new_epoch(void)
{
    struct gateway g;
    gateway_init(&g);
    ship_some(&g, 10);
    struct ack ack = honest(&g, false);
    ack.root.bytes[0] ^= 1;
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.new_epoch);
    CU_ASSERT_EQUAL(news.reason, AGENT_SPOOL_DIVERGED);
    gateway_done(&g);
}

static void a_gateway_that_knows_more_shows_that_our_spool_was_lost(void)
{
    struct gateway g;
    gateway_init(&g);
    ship_some(&g, 10);
    struct ack ack = honest(&g, false);
    ack.next_seq += 5;
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.new_epoch);
    CU_ASSERT_EQUAL(news.reason, AGENT_SPOOL_LOST);
    gateway_done(&g);
}

static void a_gateway_that_forgot_our_log_gets_a_new_one(void)
{
    struct gateway g;
    gateway_init(&g);
    ship_some(&g, 10);
    struct ack ack = {.epoch = 0, .credit_bytes = g.credit};
    struct agent_ship_news news = tell(&g, &ack);
    CU_ASSERT_TRUE(news.new_epoch);
    CU_ASSERT_EQUAL(news.reason, AGENT_SPOOL_GATEWAY_WENT_BACK);
    gateway_done(&g);
}

static void answers_about_an_older_log_do_no_harm_at_first(void)
{
    struct gateway g;
    gateway_init(&g);
    g.deaf = true;
    agent_ship_up(&g.ship, g.now);
    struct ack ack = {.epoch = 77, .next_seq = 5, .credit_bytes = g.credit};
    CU_ASSERT_FALSE(tell(&g, &ack).new_epoch);
    CU_ASSERT_FALSE(tell(&g, &ack).new_epoch);
    CU_ASSERT_FALSE(tell(&g, &ack).new_epoch);
    g.now.ms += 61000;
    CU_ASSERT_TRUE(tell(&g, &ack).new_epoch); /* ours is closed there: it is never stuck */
    gateway_done(&g);
}

static void repeats_what_was_not_acknowledged_when_the_session_comes_back(void)
{
    struct gateway g;
    gateway_init(&g);
    g.deaf = true;
    agent_ship_up(&g.ship, g.now);
    step(&g);
    agent_ship_down(&g.ship);
    spool_fixture_add(&g.f, "meanwhile", 1);
    step(&g);
    CU_ASSERT_EQUAL(g.sent, 1);
    g.deaf = false;
    agent_ship_up(&g.ship, g.now);
    step(&g);
    struct ack ack = honest(&g, true);
    (void)tell(&g, &ack);
    CU_ASSERT_EQUAL(g.tree.size, 2);
    gateway_done(&g);
}

/* Without a session too: a minute after the first of them, what found no room is on the disk. */
static void writes_what_found_no_room_within_a_minute(void)
{
    struct gateway g;
    gateway_init(&g);
    char text[512];
    (void)snprintf(text, sizeof(text), "%0400d", 0);
    uint64_t need = strlen(text) + AGENT_SPOOL_EVENT_COST;
    while (agent_spool_state(g.f.spool).used_bytes + need <= g.f.settings.max_bytes)
        spool_fixture_add(&g.f, text, 6);
    for (unsigned i = 0; i < 100; i++)
        spool_fixture_add(&g.f, text, 1);
    step(&g);
    struct gw_wall later = {TEST_WALL.ms + GW_MINUTE_MS};
    GW_ASSERT_OK(agent_ship_step(&g.ship, g.now, later, &g.f.err), &g.f.err);
    spool_fixture_reopen(&g.f);
    CU_ASSERT_EQUAL(agent_spool_state(g.f.spool).lost, 100);
    gateway_done(&g);
}

static const struct gw_test_case cases[] = {
    {"frees only what a verified checkpoint covers", frees_only_what_a_verified_checkpoint_covers},
    {"a forged checkpoint frees nothing", a_forged_checkpoint_frees_nothing},
    {"a checkpoint by another key asks for the key", a_checkpoint_by_another_key_asks_for_the_key},
    {"writes what found no room within a minute", writes_what_found_no_room_within_a_minute},
    {"keeps at most a window on its way", keeps_at_most_a_window_on_its_way},
    {"sends again when nothing is acknowledged, ever more slowly",
     sends_again_when_nothing_is_acknowledged_ever_more_slowly},
    {"waits while there is no credit, but asks in the end", waits_while_there_is_no_credit_but_asks_in_the_end},
    {"a lower next than before begins a new epoch", a_lower_next_than_before_begins_a_new_epoch},
    {"another root begins a new epoch", another_root_begins_a_new_epoch},
    {"a gateway that knows more shows that our spool was lost",
     a_gateway_that_knows_more_shows_that_our_spool_was_lost},
    {"a gateway that forgot our log gets a new one", a_gateway_that_forgot_our_log_gets_a_new_one},
    {"answers about an older log do no harm at first", answers_about_an_older_log_do_no_harm_at_first},
    {"repeats what was not acknowledged when the session comes back",
     repeats_what_was_not_acknowledged_when_the_session_comes_back},
};

int main(void)
{
    return GW_TEST_RUN("agent ship", cases);
}
