/*
 * The journal alone: events a second for batches of 50 × 200 bytes from 100 logs, one commit for what 100 devices have
 * in flight. Prints figures, judges nothing.
 *
 *     bench_journal [rounds [batches of one device in a commit]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "gw_test.h"
#include "journal_db.h"
#include "journal_severity.h"

#define DEVICES     100
#define EVENTS      50
#define EVENT_BYTES 200
#define WINDOW_MAX  8

static double now_s(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A line of 200 bytes, mostly words, with a random digest: pessimistic for compression. */
static void add_event(struct gw_buf *bundle, int device, uint64_t seq)
{
    uint8_t noise[16];
    char hex[33], text[EVENT_BYTES + 64];
    gw_random(noise, sizeof(noise));
    gw_hex_format(noise, sizeof(noise), hex);
    int n = snprintf(text, sizeof(text),
                     "<86>1 2026-03-01T10:00:00.%03dZ pump-%d sshd %" PRIu64 " - - Failed password for invalid user "
                     "admin from 10.7.%d.%d port 4022 ssh2: key %s ",
                     (int)(seq % 1000), device, seq, device, (int)(seq % 250), hex);
    while (n < EVENT_BYTES)
        text[n++] = '.';
    if (log_bundle_add(bundle, gw_view_make(text, EVENT_BYTES)))
        abort();
}

struct load {
    struct gw_buf bundle[DEVICES * WINDOW_MAX];
    struct journal_item items[DEVICES * WINDOW_MAX];
    uint64_t next[DEVICES];
};

static void prepare(struct load *l, int window)
{
    for (int d = 0; d < DEVICES; d++)
        for (int b = 0; b < window; b++) {
            int i = b * DEVICES + d;
            uint64_t first = l->next[d];
            gw_buf_reset(&l->bundle[i]);
            for (uint64_t seq = first; seq < first + EVENTS; seq++)
                add_event(&l->bundle[i], d, seq);
            l->next[d] += EVENTS;
            l->items[i] = (struct journal_item){.kind = JOURNAL_BATCH,
                                                .arrived = gw_wall_now(),
                                                .head = {.epoch = 1, .first = first, .count = EVENTS},
                                                .bundle = gw_buf_view(&l->bundle[i]),
                                                .has_start = first == 0};
            (void)snprintf(l->items[i].device.text, sizeof(l->items[i].device.text), "pump-%d", d);
        }
}

static void commit_all(struct journal *port, struct journal_item *items, size_t count, unsigned *commits)
{
    struct gw_err err = {0};
    for (size_t done = 0, taken = 0; done < count; done += taken, (*commits)++)
        if (port->ops->commit(port->self, items + done, count - done, &taken, &err)) {
            printf("commit: %s\n", gw_err_text(&err));
            exit(1);
        }
}

static void run(struct journal *port, uint64_t rounds, int window)
{
    struct load *l = gw_xalloc(1, sizeof(*l));
    double wall = 0, cpu = 0, worst = 0;
    unsigned commits = 0;
    for (size_t i = 0; i < DEVICES * WINDOW_MAX; i++)
        gw_buf_init(&l->bundle[i], LOG_BATCH_BYTES_MAX);
    for (uint64_t r = 0; r < rounds; r++) {
        prepare(l, window);
        double wall_0 = now_s(CLOCK_MONOTONIC), cpu_0 = now_s(CLOCK_PROCESS_CPUTIME_ID);
        commit_all(port, l->items, (size_t)(DEVICES * window), &commits);
        double took = now_s(CLOCK_MONOTONIC) - wall_0;
        wall += took;
        cpu += now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_0;
        worst = took > worst ? took : worst;
    }
    double events = (double)rounds * DEVICES * window * EVENTS;
    struct journal_stats stats;
    if (port->ops->stats(port->self, &stats, NULL))
        exit(1);
    printf("window %d: %.0f events in %.2f s: %.0f events/s wall, %.0f events/s of CPU; %u commits, %.1f ms mean, "
           "%.1f ms worst round; %.1f to 1 sealed\n",
           window, events, wall, events / wall, events / cpu, commits, 1000 * wall / commits, 1000 * worst,
           (double)stats.bundle_raw_bytes / (double)(stats.bundle_bytes ? stats.bundle_bytes : 1));
    for (size_t i = 0; i < DEVICES * WINDOW_MAX; i++)
        gw_buf_done(&l->bundle[i]);
    free(l);
}

int main(int argc, char **argv)
{
    uint64_t rounds = 40, window = 1;
    if ((argc > 1 && gw_parse_u64(gw_view_str(argv[1]), 100000, &rounds)) ||
        (argc > 2 && (gw_parse_u64(gw_view_str(argv[2]), WINDOW_MAX, &window) || window == 0))) {
        printf("usage: bench_journal [rounds [batches of one device in a commit, 1 to %d]]\n", WINDOW_MAX);
        return 2;
    }
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/journal.db", gw_test_dir());
    const struct journal_options options = {
        .mode = DB_READ_WRITE, .hash = bulk_hash_ops(), .severity = journal_severity};
    struct journal_db *db = NULL;
    struct gw_err err = {0};
    if (journal_db_open(path, &options, &db, &err)) {
        printf("open: %s\n", gw_err_text(&err));
        return 1;
    }
    struct journal port = journal_db_port(db);
    run(&port, rounds, (int)window);
    (void)snprintf(path, sizeof(path), "%s/journal.db-wal", gw_test_dir());
    struct stat st;
    if (stat(path, &st) == 0)
        printf("WAL %" PRId64 " bytes\n", (int64_t)st.st_size);
    journal_db_close(db);
    return 0;
}
