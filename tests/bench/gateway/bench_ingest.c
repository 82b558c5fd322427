/* From the fleet's batch to the durable acknowledgement, over TLS, beside the journal alone in the same minute. */
#include <stdlib.h>
#include <string.h>

#include "bench_kit.h"
#include "gw_cleanup.h"

#define RUNS    3
#define SECONDS "5"

/* Events per second of wall time of the journal alone. */
static double journal_alone(unsigned window)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", window);
    const char *const argv[] = {GW_BIN_DIR "/bench_journal", "30", text, NULL};
    GW_FREE char *out = NULL;
    if (gw_proc_run(argv, &out))
        bench_fail("bench_journal", out);
    const char *at = strstr(out, "s: ");
    return at ? strtod(at + 3, NULL) : 0;
}

struct run {
    double events_s, p50_ms, p99_ms, daemon_pct, broker_pct, keyd_pct, fleet_pct, ratio_pct;
};

static struct run run_once(const struct gw_gateway *g, struct gw_fleet *fleet, unsigned window)
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
                                SECONDS,
                                NULL};
    double alone = journal_alone(window);
    gw_fleet_start(fleet, g, args);
    struct bench_use before = bench_use(g);
    bench_await(fleet, "load begins");
    struct bench_use begun = bench_use(g);
    bench_end(fleet);
    struct bench_use after = bench_use(g);
    double s = after.at_s - begun.at_s;
    struct run r = {.events_s = gw_fleet_figure(fleet, "events_per_second"),
                    .p50_ms = gw_fleet_figure(fleet, "p50"),
                    .p99_ms = gw_fleet_figure(fleet, "p99"),
                    .daemon_pct = 100 * (after.daemon_s - begun.daemon_s) / s,
                    .broker_pct = 100 * (after.broker_s - begun.broker_s) / s,
                    .keyd_pct = 100 * (after.keyd_s - begun.keyd_s) / s,
                    .fleet_pct = 100 * (after.fleet_s - before.fleet_s) / s};
    r.ratio_pct = 100 * r.events_s / alone;
    if (gw_fleet_figure(fleet, "events_acknowledged") != gw_fleet_figure(fleet, "events_sent"))
        bench_fail("fleet", fleet->proc.out);
    printf(
        "    %.0f events/s, %.0f %% of the journal alone (%.0f); ack p50 %.1f ms p99 %.1f ms; CPU: gatehoused %.0f %%, "
        "mosquitto %.0f %%, keyd %.0f %%, fleet %.0f %%\n",
        r.events_s, r.ratio_pct, alone, r.p50_ms, r.p99_ms, r.daemon_pct, r.broker_pct, r.keyd_pct, r.fleet_pct);
    (void)fflush(stdout);
    return r;
}

static void window_of(const struct gw_gateway *g, struct gw_fleet *fleet, unsigned window, unsigned flush_ms)
{
    double events[RUNS], p50[RUNS], p99[RUNS], ratio[RUNS], per_s[RUNS];
    printf("  flush +%u ms, window %u:\n", flush_ms, window);
    for (size_t i = 0; i < RUNS; i++) {
        struct run r = run_once(g, fleet, window);
        events[i] = r.events_s;
        p50[i] = r.p50_ms;
        p99[i] = r.p99_ms;
        ratio[i] = r.ratio_pct;
        per_s[i] = r.daemon_pct + r.broker_pct > 0 ? 100 * r.events_s / (r.daemon_pct + r.broker_pct) : 0;
    }
    printf(
        "  flush +%u ms, window %u, median of %d: %.0f events/s (%.0f %% of the journal alone), ack p50 %.1f ms, p99 "
        "%.1f ms, %.0f events per second of the gateway's CPU\n",
        flush_ms, window, RUNS, bench_median(events, RUNS), bench_median(ratio, RUNS), bench_median(p50, RUNS),
        bench_median(p99, RUNS), bench_median(per_s, RUNS));
}

void bench_ingest(void)
{
    static const unsigned flushes[] = {0, 5, 30};
    printf("ingest: 100 devices, batches of 50 x 200 bytes, durable acknowledgement, %s s a run\n", SECONDS);
    for (size_t i = 0; i < sizeof(flushes) / sizeof(flushes[0]); i++) {
        struct gw_gateway gateway;
        struct gw_fleet fleet;
        bench_gateway_start(&gateway, 1000, flushes[i]);
        gw_fleet_make(&fleet);
        window_of(&gateway, &fleet, 1, flushes[i]);
        window_of(&gateway, &fleet, 4, flushes[i]);
        gw_fleet_done(&fleet);
        gw_gateway_done(&gateway);
    }
}
