/* The gateway with nothing to do: how soon it is there, how large it is. */
#include <sys/stat.h>

#include "bench_kit.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define RUNS 3

static void sizes(void)
{
    static const char *const programs[] = {"gatehoused",      "gatehouse-keyd",  "gatehouse",
                                           "gatehouse-agent", "gatehouse-fleet", "gatehouse_broker.so"};
    printf("  stripped:");
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        char from[512], to[256];
        struct stat st;
        (void)snprintf(from, sizeof(from), "%s/%s", GW_BIN_DIR, programs[i]);
        (void)snprintf(to, sizeof(to), "%s/stripped", gw_test_dir());
        const char *const argv[] = {"strip", "-o", to, from, NULL};
        GW_FREE char *out = NULL;
        if (gw_proc_run(argv, &out) || stat(to, &st))
            bench_fail("strip", out);
        printf(" %s %ld kB%s", programs[i], (long)(st.st_size + 512) / 1024,
               i + 1 < sizeof(programs) / sizeof(programs[0]) ? "," : "\n");
    }
}

void bench_rest(void)
{
    double first[RUNS], again[RUNS];
    struct bench_use use = {0};
    printf("at rest:\n");
    for (int i = 0; i < RUNS; i++) {
        struct gw_gateway gateway;
        double began = bench_now_s();
        gw_gateway_start(&gateway, NULL);
        if (!gw_gateway_await_ready(&gateway))
            bench_fail("gateway", gateway.proc.out);
        first[i] = bench_now_s() - began;
        if (!gw_gateway_claim(&gateway) || gw_gateway_stop(&gateway))
            bench_fail("gateway", gateway.proc.out);
        began = bench_now_s();
        gw_gateway_restart(&gateway);
        if (!gw_gateway_await_ready(&gateway))
            bench_fail("gateway", gateway.proc.out);
        again[i] = bench_now_s() - began;
        use = bench_use(&gateway);
        gw_gateway_done(&gateway);
    }
    printf("  ready after %.0f ms at the first start (keys are made), %.0f ms at a later one (medians of %d)\n",
           1000 * bench_median(first, RUNS), 1000 * bench_median(again, RUNS), RUNS);
    printf("  resident: daemon %.1f MB, supervisor %.1f MB, keyd %.1f MB, broker %.1f MB\n",
           (double)use.daemon_kb / 1024, (double)use.supervisor_kb / 1024, (double)use.keyd_kb / 1024,
           (double)use.broker_kb / 1024);
    sizes();
}
