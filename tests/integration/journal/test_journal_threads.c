/* One writer, several readers, each with a handle of its own in a thread of its own. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "journal_kit.h"

#define COMMITS 150
#define BATCH   20
#define READERS 3

struct reader {
    pthread_t thread;
    struct journal_db *db;
    atomic_bool *stop;
    atomic_uint_fast64_t *committed; /* events that the writer knows to be durable */
    unsigned rounds, wrong;
};

static bool count_hit(void *ctx, const struct journal_event *event)
{
    uint64_t *n = ctx;
    *n += event->log.kind == LOG_DEVICE;
    return true;
}

static uint64_t search_all(struct journal *port, unsigned *wrong)
{
    struct journal_filter f = {.from = {INT64_MIN}, .to = {INT64_MAX}, .min_sev = EVENT_SEV_INFO};
    struct journal_cursor cursor = {0};
    uint64_t n = 0;
    while (!cursor.done)
        if (port->ops->search(port->self, &f, &cursor, count_hit, &n, NULL)) {
            (*wrong)++;
            break;
        }
    return n;
}

static void *read_on(void *arg)
{
    struct reader *r = arg;
    struct journal port = journal_db_port(r->db);
    uint64_t last = 0;
    while (!atomic_load(r->stop)) {
        uint64_t durable = atomic_load(r->committed);
        uint64_t good = kit_count_good(&port, "pump-1", 1, UINT64_MAX);
        r->wrong += good < durable || good < last || search_all(&port, &r->wrong) < good;
        last = good;
        r->rounds++;
    }
    return NULL;
}

static void readers_see_a_growing_prefix(void)
{
    struct kit kit;
    atomic_bool stop = false;
    atomic_uint_fast64_t committed = BATCH;
    struct reader readers[READERS];
    kit_open(&kit);
    (void)kit_send(&kit, "pump-1", 1, 0, BATCH);
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.db = kit_reader(&kit), .stop = &stop, .committed = &committed};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&readers[i].thread, NULL, read_on, &readers[i]), 0);
    }
    for (uint64_t n = 1; n < COMMITS; n++) {
        CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 1, n * BATCH, BATCH).verdict, LOG_ACCEPT);
        atomic_store(&committed, (n + 1) * BATCH);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        CU_ASSERT_EQUAL(readers[i].wrong, 0);
        CU_ASSERT(readers[i].rounds > 0);
        journal_db_close(readers[i].db);
    }
    char wal[sizeof(kit.path) + 4];
    struct stat st;
    (void)snprintf(wal, sizeof(wal), "%s-wal", kit.path);
    CU_ASSERT(stat(wal, &st) == 0 && st.st_size < JOURNAL_WAL_MAX_BYTES); /* nobody held a snapshot */
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"shows every reader a growing prefix while it is written", readers_see_a_growing_prefix},
};

int main(void)
{
    return GW_TEST_RUN("journal threads", cases);
}
