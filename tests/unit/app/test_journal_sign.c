/* Checkpoints of more logs than one round of signing has, all of which grow without pause: over a real journal. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "journal_thread.h"
#include "log_batch.h"

#define LOGS   2500 /* more than two rounds */
#define ROUNDS 3    /* in which all of them have room */

struct bench {
    struct journal_db *db;
    struct journal_thread *thread;
    uint8_t seed[32], pub[32];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct journal_signing *page; /* under `lock`: a round that waits to be signed */
    size_t count;
};

static enum gw_rc forget_progress(void *self, const struct inbox_msg *msg)
{
    (void)self;
    free(msg->blob);
    return GW_OK;
}

/* In place of a worker: the round waits until the test has seen it. */
static bool hold(void *ctx, struct journal_signing *signings, size_t count)
{
    struct bench *b = ctx;
    (void)pthread_mutex_lock(&b->lock);
    b->page = signings;
    b->count = count;
    (void)pthread_cond_broadcast(&b->changed);
    (void)pthread_mutex_unlock(&b->lock);
    return true;
}

static struct journal_signing *await_page(struct bench *b, size_t *ret_count)
{
    (void)pthread_mutex_lock(&b->lock);
    while (!b->page)
        (void)pthread_cond_wait(&b->changed, &b->lock);
    struct journal_signing *page = b->page;
    *ret_count = b->count;
    b->page = NULL;
    (void)pthread_mutex_unlock(&b->lock);
    return page;
}

static void sign_page(struct bench *b, struct journal_signing *page, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct signer_checkpoint *c = &page[i].checkpoint;
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        gw_buf_init(&text, CHECKPOINT_TEXT_MAX);
        c->rc = checkpoint_format(c->origin, c->size, &c->root, &text);
        if (!c->rc)
            c->rc = crypto_ed25519_sign(b->seed, b->pub, gw_buf_view(&text), c->signature, NULL);
    }
    journal_thread_signed(b->thread, page, count);
}

static void open_bench(struct bench *b)
{
    char path[256];
    struct gw_err err = {0};
    *b = (struct bench){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    crypto_init();
    CU_ASSERT_EQUAL_FATAL(crypto_ed25519_make(b->seed, b->pub, NULL), GW_OK);
    (void)snprintf(path, sizeof(path), "%s/journal.db", gw_test_dir());
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = crypto_sha256(), .severity = journal_severity};
    GW_ASSERT_OK(journal_db_open(path, &options, &b->db, &err), &err);
    struct journal_thread_config config = {.journal = journal_db_port(b->db),
                                           .inbox = {b, forget_progress},
                                           .sign = hold,
                                           .sign_ctx = b,
                                           .gateway = "gw-0123456789abcdef",
                                           .hash = crypto_sha256()};
    memcpy(config.log_pub, b->pub, sizeof(config.log_pub));
    GW_ASSERT_OK(journal_thread_new(&config, &b->thread, &err), &err);
}

static void close_bench(struct bench *b)
{
    journal_thread_stop(b->thread);
    free(b->page);
    journal_thread_free(b->thread);
    journal_db_close(b->db);
}

/* One more event in each log, always in the same order. */
static void grow_all(struct bench *b, uint64_t first)
{
    for (int i = 0; i < LOGS; i++) {
        struct gw_device_id id;
        GW_CLEANUP(gw_buf_done) struct gw_buf payload;
        struct log_batch_writer w;
        gw_buf_init(&payload, LOG_BATCH_BYTES_MAX);
        (void)snprintf(id.text, sizeof(id.text), "pump-%04d", i);
        CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, &payload, 5, first), GW_OK);
        CU_ASSERT_EQUAL_FATAL(
            log_batch_add(&w, gw_view_str(first ? "an event" : "{\"cls\":\"log.start\",\"reason\":\"new\"}")), GW_OK);
        CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
        CU_ASSERT_EQUAL_FATAL(journal_thread_batch(b->thread, &id, gw_buf_view(&payload)), GW_OK);
    }
}

static size_t mark(const struct journal_signing *page, size_t count, bool seen[LOGS])
{
    size_t fresh = 0;
    for (size_t i = 0; i < count; i++) {
        int at = 0;
        if (page[i].log.kind != LOG_DEVICE || sscanf(page[i].log.device.text, "pump-%d", &at) != 1)
            continue;
        fresh += !seen[at];
        seen[at] = true;
    }
    return fresh;
}

static void every_log_has_its_turn(void)
{
    struct bench b;
    static bool seen[LOGS];
    size_t count, fresh;
    open_bench(&b);
    grow_all(&b, 0);
    struct journal_signing *page = await_page(&b, &count); /* what had come by then: anything from one log on */
    fresh = mark(page, count, seen);
    for (uint64_t first = 1; first <= ROUNDS; first++) {
        grow_all(&b, first);
        sign_page(&b, page, count); /* behind what has grown: it has all grown again when the next round is made */
        page = await_page(&b, &count);
        fresh += mark(page, count, seen);
    }
    CU_ASSERT_EQUAL(fresh, LOGS);
    sign_page(&b, page, count);
    close_bench(&b);
}

static const struct gw_test_case cases[] = {
    {"every log has its turn, however many grow without pause", every_log_has_its_turn},
};

int main(void)
{
    return GW_TEST_RUN("journal signing", cases);
}
