/* The walk along the journal and its thread, into alerts: everything once, whatever is lost on the way. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "bulk_hash.h"
#include "feed_run.h"
#include "feed_thread.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"
#include "log_bundle.h"
#include "mem.h"

static struct gw_err err;

struct bench {
    char path[256];
    struct journal_db *db, *reader;
    struct journal port;
    struct mem *mem;
    struct store store;
    struct alerts alerts;
    uint64_t next[100]; /* of device "pump-<i>" */
    /* the fake core's inbox */
    pthread_mutex_t lock;
    pthread_cond_t come;
    struct inbox_msg msg; /* the last that was posted; blob owned */
    unsigned posted;
    struct journal_feed forgotten;
};

static enum gw_rc take_post(void *self, const struct inbox_msg *msg)
{
    struct bench *b = self;
    (void)pthread_mutex_lock(&b->lock);
    free(b->msg.blob);
    b->msg = *msg;
    b->posted++;
    (void)pthread_cond_broadcast(&b->come);
    (void)pthread_mutex_unlock(&b->lock);
    return GW_OK;
}

static void take_forget(void *ctx, const struct journal_feed *feed)
{
    ((struct bench *)ctx)->forgotten = *feed;
}

static struct journal_db *open_journal(const char *path, enum db_mode mode)
{
    const struct journal_options options = {.mode = mode, .hash = bulk_hash_ops(), .severity = journal_severity};
    struct journal_db *db = NULL;
    GW_ASSERT_OK(journal_db_open(path, &options, &db, &err), &err);
    return db;
}

static void bench_open(struct bench *b)
{
    *b = (struct bench){.posted = 0};
    (void)snprintf(b->path, sizeof(b->path), "%s/journal.db", gw_test_dir());
    b->db = open_journal(b->path, DB_READ_WRITE);
    b->reader = open_journal(b->path, DB_READ_ONLY);
    b->port = journal_db_port(b->db);
    b->mem = mem_new();
    b->store = mem_store(b->mem);
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->come, NULL);
}

static void bench_close(struct bench *b)
{
    free(b->msg.blob);
    journal_db_close(b->reader);
    journal_db_close(b->db);
    mem_free(b->mem);
    (void)pthread_cond_destroy(&b->come);
    (void)pthread_mutex_destroy(&b->lock);
}

/* A batch of `count` times the same text from one device, arriving at t. */
static void send(struct bench *b, unsigned device, const char *text, uint32_t count, int64_t t)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, 1 << 16);
    bool start = b->next[device] == 0;
    for (uint32_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(log_bundle_add(&bundle, gw_view_str(start && i == 0 ? "{\"cls\":\"log.start\"}" : text)),
                        GW_OK);
    struct journal_item item = {.kind = JOURNAL_BATCH, .arrived = {t}, .bundle = gw_buf_view(&bundle)};
    (void)snprintf(item.device.text, sizeof(item.device.text), "pump-%u", device);
    item.head = (struct log_batch_head){.epoch = 1, .first = b->next[device], .count = count};
    item.has_start = start;
    size_t taken = 0;
    GW_ASSERT_OK(b->port.ops->commit(b->port.self, &item, 1, &taken, &err), &err);
    CU_ASSERT_EQUAL(item.stored, count);
    b->next[device] += count;
}

static struct feed_thread *start(struct bench *b)
{
    struct feed_thread_config config = {
        .journal = journal_db_port(b->reader), .inbox = {b, take_post}, .forget = take_forget, .ctx = b};
    struct feed_thread *t = NULL;
    GW_ASSERT_OK(alerts_cursor(&b->store, &config.cursor, &err), &err);
    GW_ASSERT_OK(feed_thread_new(&config, &t, &err), &err);
    return t;
}

/* Waits for the next batch with hits; core's copy. */
static struct inbox_msg await(struct bench *b, unsigned posted)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->posted < posted)
        (void)pthread_cond_wait(&b->come, &b->lock);
    struct inbox_msg msg = b->msg;
    b->msg.blob = NULL;
    (void)pthread_mutex_unlock(&b->lock);
    return msg;
}

/* A turn of core: the alerts and the cursor, or neither when `lost`. */
static struct journal_feed take(struct bench *b, struct inbox_msg msg, bool lost)
{
    struct turn turn = {.store = &b->store, .now = {1000}};
    GW_ASSERT_OK(b->store.ops->begin(b->store.self, &err), &err);
    GW_ASSERT_OK(alerts_feed(&b->alerts, &turn, &msg, &err), &err);
    if (lost)
        b->store.ops->rollback(b->store.self);
    else
        GW_ASSERT_OK(b->store.ops->commit(b->store.self, &err), &err);
    struct journal_feed cursor = turn.outs[turn.count - 1].feed;
    CU_ASSERT_EQUAL(turn.outs[turn.count - 1].kind, OUT_FEED);
    turn_reset(&turn, 0);
    free(msg.blob);
    return cursor;
}

static uint64_t count_of(struct bench *b, const char *cls, const char *device)
{
    struct alert_cause cause = {.cls = ""};
    struct alert alert = {.count = 0};
    (void)snprintf(cause.cls, sizeof(cause.cls), "%s", cls);
    (void)snprintf(cause.device.text, sizeof(cause.device.text), "%s", device);
    return b->store.ops->alert_open(b->store.self, &cause, &alert, NULL) ? 0 : alert.count;
}

static const char failed[] = "{\"cls\":\"upd.failed\",\"sev\":4,\"boot\":\"b1\",\"msg\":\"it broke\"}",
                  harmless[] = "{\"cls\":\"boot.stop\",\"sev\":1}",
                  severe[] = "{\"cls\":\"own.thing\",\"sev\":6,\"boot\":\"b2\"}",
                  started[] = "{\"cls\":\"boot.start\",\"sev\":1}",
                  denied[] = "{\"cls\":\"auth.login\",\"res\":\"denied\",\"sev\":2}";

static void sums_a_flood_into_one_hit(void)
{
    struct bench b;
    static struct feed_batch batch;
    struct journal_feed at = {.n = 0};
    bench_open(&b);
    send(&b, 1, failed, 800, 10);
    send(&b, 1, failed, 900, 20);
    send(&b, 2, harmless, 500, 30);
    send(&b, 2, severe, 1, 40);
    struct journal port = journal_db_port(b.reader);
    GW_ASSERT_OK(feed_run(&port, &at, &batch, &err), &err);
    CU_ASSERT(batch.count == 2 && batch.events == 2201 && batch.to.n == 4);
    const struct feed_hit *hit = &batch.hits[0], *other = &batch.hits[1];
    CU_ASSERT(hit->count == 1699 && hit->first.ms == 10 && hit->last.ms == 20 && hit->seq == 1699);
    CU_ASSERT_STRING_EQUAL(hit->msg, "it broke");
    CU_ASSERT_STRING_EQUAL(hit->what.cause.device.text, "pump-1");
    CU_ASSERT(hit->alarm == EVENT_SEV_HIGH && other->alarm == EVENT_SEV_FATAL);
    CU_ASSERT_STRING_EQUAL(other->boot, "b2");
    CU_ASSERT_STRING_EQUAL(other->msg, "own.thing"); /* without a message its class */
    bench_close(&b);
}

static void ends_a_batch_at_its_ceiling(void)
{
    struct bench b;
    static struct feed_batch batch;
    struct journal_feed at = {.n = 0};
    unsigned found = 0, batches = 0;
    bench_open(&b);
    for (unsigned i = 0; i < 100; i++)
        send(&b, i, failed, 2, 10);
    struct journal port = journal_db_port(b.reader);
    do {
        GW_ASSERT_OK(feed_run(&port, &at, &batch, &err), &err);
        CU_ASSERT(batch.count <= FEED_HITS_MAX);
        found += batch.count;
        batches++;
        at = batch.to;
    } while (batch.count);
    CU_ASSERT(found == 100 && batches > 100 / FEED_HITS_MAX);
    size_t classes = 1; /* severe ones that no rule knows */
    for (size_t i = 0; i < rules_count; i++)
        classes += rules_table[i].from <= RULES_UNASKED;
    CU_ASSERT(classes <= FEED_CAUSES_MAX); /* so one append always fits */
    bench_close(&b);
}

static void counts_a_window_within_a_batch(void)
{
    struct bench b;
    static struct feed_batch batch;
    struct journal_feed at = {.n = 0};
    bench_open(&b);
    send(&b, 1, denied, 5, 10); /* event 0 is the log's start: four */
    send(&b, 1, denied, 1, 10 + 6 * GW_MINUTE_MS);
    struct journal port = journal_db_port(b.reader);
    GW_ASSERT_OK(feed_run(&port, &at, &batch, &err), &err);
    CU_ASSERT(batch.count == 1 && !batch.hits[0].met && batch.hits[0].count == 5 && batch.hits[0].window.count == 1);
    send(&b, 1, denied, 4, 11 + 6 * GW_MINUTE_MS);
    GW_ASSERT_OK(feed_run(&port, &at, &batch, &err), &err);
    CU_ASSERT(batch.hits[0].met);
    bench_close(&b);
}

/* Starts are told apart by core: all their arrivals go with the batch, and it ends before one is lost. */
static void keeps_every_arrival_of_a_start(void)
{
    struct bench b;
    static struct feed_batch batch;
    struct journal_feed at = {.n = 0};
    uint64_t starts = 0;
    int batches = 0;
    bench_open(&b);
    for (int i = 0; i < 3 * FEED_ARRIVALS_MAX; i++)
        send(&b, 1, started, i ? 2 : 3, 10 + i); /* event 0 is the log's start */
    struct journal port = journal_db_port(b.reader);
    do {
        GW_ASSERT_OK(feed_run(&port, &at, &batch, &err), &err);
        const struct feed_hit *hit = &batch.hits[0];
        at = batch.to;
        if (!batch.count)
            break;
        uint64_t told = 0;
        CU_ASSERT(batch.count == 1 && hit->arrival_count <= FEED_ARRIVALS_MAX);
        for (uint32_t i = 0; i < hit->arrival_count; i++) {
            CU_ASSERT_EQUAL(hit->arrivals[i].times, 2);
            told += hit->arrivals[i].times;
        }
        CU_ASSERT_EQUAL(told, hit->count);
        starts += told;
        batches++;
    } while (batch.count);
    CU_ASSERT_EQUAL(starts, 6 * FEED_ARRIVALS_MAX);
    CU_ASSERT(batches >= 3);
    bench_close(&b);
}

static void derives_once_through_losses_and_restarts(void)
{
    struct bench b;
    bench_open(&b);
    send(&b, 1, failed, 3, 10);
    struct feed_thread *t = start(&b);
    (void)take(&b, await(&b, 1), true); /* core's transaction is lost, then the gateway ends */
    feed_thread_free(t);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-1"), 0);
    t = start(&b);
    struct journal_feed cursor = take(&b, await(&b, 2), false); /* ends between COMMIT and answer */
    feed_thread_free(t);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-1"), 2);
    t = start(&b);
    feed_thread_answer(t, &cursor); /* an answer that nobody waits for does no harm */
    send(&b, 1, failed, 4, 20);
    feed_thread_wake(t);
    cursor = take(&b, await(&b, 3), false);
    feed_thread_answer(t, &cursor);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-1"), 6);
    send(&b, 2, severe, 2, 30);
    feed_thread_wake(t);
    cursor = take(&b, await(&b, 4), false);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-1"), 6);
    CU_ASSERT_EQUAL(count_of(&b, RULES_DEVICE_SEVERE, "pump-2"), 1);
    struct feed_thread_stats stats;
    feed_thread_stats_get(t, &stats);
    CU_ASSERT(stats.events == 6 && stats.coalesced == 3 && stats.damaged == 0);
    feed_thread_free(t);
    bench_close(&b);
}

static void begins_anew_with_a_restored_journal(void)
{
    struct bench b, restored;
    bench_open(&b);
    for (int i = 0; i < 4; i++)
        send(&b, 1, failed, 2, 10);
    struct feed_thread *t = start(&b);
    (void)take(&b, await(&b, 1), false);
    feed_thread_free(t);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-1"), 7);
    bench_open(&restored); /* another epoch, and shorter */
    struct journal_db *old = b.reader;
    b.reader = restored.reader;
    restored.reader = old;
    send(&restored, 3, failed, 3, 50);
    t = start(&b);
    struct inbox_msg msg = await(&b, 2);
    const struct feed_batch *batch = (const struct feed_batch *)(const void *)msg.blob;
    CU_ASSERT(batch->from.n == 4 && batch->to.n == 1 && batch->from.epoch != batch->to.epoch);
    (void)take(&b, msg, false);
    feed_thread_free(t);
    CU_ASSERT_EQUAL(count_of(&b, "upd.failed", "pump-3"), 2);
    bench_close(&restored);
    bench_close(&b);
}

static void leaves_a_slow_core_most_of_its_time(void)
{
    CU_ASSERT_EQUAL(feed_pause_ms(0), FEED_PAUSE_MS);
    CU_ASSERT_EQUAL(feed_pause_ms(2), FEED_PAUSE_MS);
    CU_ASSERT_EQUAL(feed_pause_ms(35), 1050);
    CU_ASSERT_EQUAL(feed_pause_ms(1000), FEED_REST_MS);
    CU_ASSERT_EQUAL(feed_pause_ms(INT64_MAX), FEED_REST_MS);
}

static const struct gw_test_case cases[] = {
    {"leaves a slow core most of its time", leaves_a_slow_core_most_of_its_time},
    {"sums a flood of events into one hit", sums_a_flood_into_one_hit},
    {"ends a batch at its ceiling and goes on in the next", ends_a_batch_at_its_ceiling},
    {"counts a threshold's window within a batch", counts_a_window_within_a_batch},
    {"keeps every arrival of a start, and ends a batch before one is lost", keeps_every_arrival_of_a_start},
    {"derives once through lost transactions and restarts", derives_once_through_losses_and_restarts},
    {"begins anew with a journal that was restored", begins_anew_with_a_restored_journal},
};

int main(void)
{
    return GW_TEST_RUN("feed", cases);
}
