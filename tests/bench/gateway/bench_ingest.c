/* From the fleet's batch to the durable acknowledgement, over TLS, beside the journal alone in the same minute. */
#include <stdlib.h>
#include <string.h>

#include "bench_kit.h"
#include "gw_cleanup.h"
#include "slow_flush.h"

#define RUNS    3
#define SECONDS "5"
#define QUICK_S "3"

/* Events per second of wall time of the journal alone, its flushes slower by flush_ms. */
static double journal_alone(unsigned window, unsigned flush_ms)
{
    char windows[16], ms[48];
    (void)snprintf(windows, sizeof(windows), "%u", window);
    (void)snprintf(ms, sizeof(ms), SLOW_FLUSH_ENV_MS "=%u", flush_ms);
    const char *const argv[] = {"env",
                                "LD_PRELOAD=" GW_BIN_DIR "/libslow_flush.so",
                                SLOW_FLUSH_ENV_PROGRAM "=bench_journal",
                                ms,
                                GW_BIN_DIR "/bench_journal",
                                "30",
                                windows,
                                NULL};
    GW_FREE char *out = NULL;
    if (gw_proc_run(argv, &out))
        bench_fail("bench_journal", out);
    const char *at = strstr(out, "s: ");
    return at ? strtod(at + 3, NULL) : 0;
}

/* Of one run, and then the medians of a cell. */
struct run {
    double events_s, p50_ms, p99_ms;
    double alone_s, ratio_pct;                                     /* the journal alone, never slowed */
    double slow_s, slow_pct;                                       /* its flushes as slow as the gateway's */
    double daemon_pct, broker_pct, keyd_pct, fleet_pct, per_cpu_s; /* of the seconds of the run; 200 is two cores */
    double commits_s; /* flushes of journal.db-wal a second: a commit is one, a new WAL and a checkpoint one more */
    double db_s;      /* of journal.db */
    double state_s;   /* of state.db and its WAL */
};
#define FIGURES (sizeof(struct run) / sizeof(double))

static struct run medians[6]; /* 0, 5 and 30 ms, windows 1 and 4; zeroed: not measured */

static struct run run_once(const struct gw_gateway *g, struct gw_fleet *fleet, unsigned window, unsigned flush_ms)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", window);
    const char *const args[] = {"--devices",
                                "100",
                                "--logs-per-second",
                                "max",
                                "--batch",
                                "50",
                                "--event-bytes",
                                "200",
                                "--window",
                                text,
                                "--check-every",
                                "10",
                                "--together",
                                "--figures",
                                "0",
                                "--for",
                                bench_quick ? QUICK_S : SECONDS,
                                NULL};
    double alone = journal_alone(window, 0), slow = flush_ms ? journal_alone(window, flush_ms) : alone;
    gw_fleet_start(fleet, g, args);
    struct bench_use before = bench_use(g);
    bench_await(fleet, "load begins");
    struct bench_use begun = bench_use(g);
    struct bench_flushes first = bench_flushes();
    bench_end(fleet);
    struct bench_flushes last = bench_flushes();
    struct bench_use after = bench_use(g);
    double s = after.at_s - begun.at_s;
    struct run r = {.events_s = gw_fleet_figure(fleet, "events_per_second"),
                    .alone_s = alone,
                    .slow_s = slow,
                    .p50_ms = gw_fleet_figure(fleet, "p50"),
                    .p99_ms = gw_fleet_figure(fleet, "p99"),
                    .daemon_pct = 100 * (after.daemon_s - begun.daemon_s) / s,
                    .broker_pct = 100 * (after.broker_s - begun.broker_s) / s,
                    .keyd_pct = 100 * (after.keyd_s - begun.keyd_s) / s,
                    .fleet_pct = 100 * (after.fleet_s - before.fleet_s) / s,
                    .commits_s = (double)(last.journal_wal - first.journal_wal) / s,
                    .db_s = (double)(last.journal_db - first.journal_db) / s,
                    .state_s = (double)(last.state_wal + last.state_db - first.state_wal - first.state_db) / s};
    r.ratio_pct = 100 * r.events_s / alone;
    r.slow_pct = 100 * r.events_s / slow;
    r.per_cpu_s = 100 * r.events_s / (r.daemon_pct + r.broker_pct + 0.01);
    if (gw_fleet_figure(fleet, "events_acknowledged") != gw_fleet_figure(fleet, "events_sent"))
        bench_fail("fleet", fleet->proc.out);
    return r;
}

static void tell(const char *what, const struct run *r)
{
    printf("    %s: %.0f events/s, %.0f %% of the journal alone (%.0f), %.0f %% of it on the same disk (%.0f); ack p50 "
           "%.1f ms p99 %.1f ms; CPU: gatehoused %.0f %%, mosquitto %.0f %%, keyd %.0f %%, fleet %.0f %%; flushes a "
           "second: journal.db-wal %.1f, journal.db %.1f, state.db %.1f\n",
           what, r->events_s, r->ratio_pct, r->alone_s, r->slow_pct, r->slow_s, r->p50_ms, r->p99_ms, r->daemon_pct,
           r->broker_pct, r->keyd_pct, r->fleet_pct, r->commits_s, r->db_s, r->state_s);
    (void)fflush(stdout);
}

/* The median of each figure by itself. */
static struct run median_of(const struct run *runs, size_t count)
{
    double each[RUNS], middle[FIGURES], figures[RUNS][FIGURES];
    struct run r;
    memcpy(figures, runs, count * sizeof(*runs));
    for (size_t i = 0; i < FIGURES; i++) {
        for (size_t k = 0; k < count; k++)
            each[k] = figures[k][i];
        middle[i] = bench_median(each, count);
    }
    memcpy(&r, middle, sizeof(r));
    return r;
}

static struct run window_of(const struct gw_gateway *g, struct gw_fleet *fleet, unsigned window, unsigned flush_ms)
{
    struct run runs[RUNS];
    size_t count = bench_quick ? 1 : RUNS;
    printf("  flush +%u ms, window %u:\n", flush_ms, window);
    for (size_t i = 0; i < count; i++) {
        runs[i] = run_once(g, fleet, window, flush_ms);
        tell("run", &runs[i]);
    }
    struct run r = median_of(runs, count);
    tell("medians", &r);
    return r;
}

/* As docs/performance.md has it. */
static void tell_table(void)
{
    static const char *const cells[] = {"+0 ms | 1", "+0 ms | 4", "+5 ms | 1", "+5 ms | 4", "+30 ms | 1", "+30 ms | 4"};
    printf("\n| flush | window | events/s | of the journal alone | alone on the same disk | ack p50 | ack p99 | "
           "gatehoused | "
           "mosquitto | keyd | fleet | events per second of the gateway's CPU |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        const struct run *r = &medians[i];
        if (r->events_s > 0)
            printf("| %s | %.0f,000 | %.0f %% | %.0f %% | %.0f ms | %.0f ms | %.0f %% | %.0f %% | %.1f %% | %.0f %% | "
                   "%.0f,000 |\n",
                   cells[i], r->events_s / 1000, r->ratio_pct, r->slow_pct, r->p50_ms, r->p99_ms, r->daemon_pct,
                   r->broker_pct, r->keyd_pct, r->fleet_pct, r->per_cpu_s / 1000);
    }
    printf("\n");
}

static void flush_of(size_t cell, unsigned flush_ms)
{
    struct gw_gateway gateway;
    struct gw_fleet fleet;
    printf("ingest: 100 devices, batches of 50 x 200 bytes, durable acknowledgement, %s s a run, flush +%u ms\n",
           bench_quick ? QUICK_S : SECONDS, flush_ms);
    bench_gateway_start(&gateway, 1000, flush_ms);
    gw_fleet_make(&fleet);
    medians[cell] = window_of(&gateway, &fleet, 1, flush_ms);
    medians[cell + 1] = window_of(&gateway, &fleet, 4, flush_ms);
    gw_fleet_done(&fleet);
    gw_gateway_done(&gateway);
}

void bench_ingest_0(void)
{
    flush_of(0, 0);
    tell_table();
}

void bench_ingest_5(void)
{
    flush_of(2, 5);
    tell_table();
}

void bench_ingest_30(void)
{
    flush_of(4, 30);
    tell_table();
}

void bench_ingest(void)
{
    flush_of(0, 0);
    flush_of(2, 5);
    flush_of(4, 30);
    tell_table();
}
