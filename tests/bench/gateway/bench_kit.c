#include "bench_kit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"

void bench_fail(const char *what, const char *why)
{
    printf("%s: %s\n", what, why ? why : "failed");
    exit(1);
}

double bench_now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_config(const struct gw_gateway *g, unsigned devices)
{
    GW_FCLOSE FILE *f = fopen(g->config, "we");
    if (!f || fprintf(f,
                      "[gateway]\nnames = [\"localhost\", \"127.0.0.1\"]\n[operators]\nport = 0\n[devices]\nport = 0\n"
                      "max = %u\n[mqtt]\nport = 0\n",
                      devices) < 0)
        bench_fail("configuration", NULL);
    (void)chmod(g->config, 0644);
}

void bench_gateway_start(struct gw_gateway *g, unsigned devices, unsigned flush_ms)
{
    *g = (struct gw_gateway){.port_mqtt = 0};
    const char *dir = gw_test_dir();
    char ms[16];
    (void)chmod(dir, 0711); /* the gateway's users pass through */
    (void)snprintf(g->state, sizeof(g->state), "%s/state", dir);
    (void)snprintf(g->config, sizeof(g->config), "%s/gatehouse.toml", dir);
    (void)snprintf(g->socket, sizeof(g->socket), "%s/run/admin/admin.sock", g->state);
    write_config(g, devices);
    (void)snprintf(ms, sizeof(ms), "%u", flush_ms);
    if (flush_ms) {
        g->pass_env[0] = "LD_PRELOAD";
        g->pass_env[1] = "SLOW_FLUSH_MS";
        (void)setenv("SLOW_FLUSH_MS", ms, 1);
        (void)setenv("LD_PRELOAD", GW_BIN_DIR "/libslow_flush.so", 1);
    }
    gw_gateway_restart(g);
    (void)unsetenv("LD_PRELOAD");
    if (!gw_gateway_await_ready(g) || !gw_gateway_claim(g))
        bench_fail("gateway", g->proc.out);
}

double bench_cpu_s(pid_t pid)
{
    char path[64], line[1024];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    unsigned long user = 0, system_ticks = 0;
    const char *end = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
    if (!end || sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system_ticks) != 2)
        return 0;
    return (double)(user + system_ticks) / (double)sysconf(_SC_CLK_TCK);
}

static long resident_kb(pid_t pid)
{
    char path[64], line[256];
    long kb = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    GW_FCLOSE FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    return kb;
}

struct bench_use bench_use(const struct gw_gateway *g)
{
    pid_t daemon = gw_gateway_child(g, "gatehoused"), broker = gw_gateway_child(g, "mosquitto"),
          keyd = gw_gateway_child(g, "gatehouse-keyd");
    struct rusage ended;
    (void)getrusage(RUSAGE_CHILDREN, &ended);
    return (struct bench_use){
        .daemon_s = bench_cpu_s(daemon),
        .broker_s = bench_cpu_s(broker),
        .keyd_s = bench_cpu_s(keyd),
        .fleet_s = (double)(ended.ru_utime.tv_sec + ended.ru_stime.tv_sec) +
                   (double)(ended.ru_utime.tv_usec + ended.ru_stime.tv_usec) / 1e6,
        .daemon_kb = resident_kb(daemon),
        .broker_kb = resident_kb(broker),
        .keyd_kb = resident_kb(keyd),
        .supervisor_kb = resident_kb(g->proc.pid),
        .at_s = bench_now_s(),
    };
}

void bench_await(struct gw_fleet *f, const char *text)
{
    if (!gw_proc_await(&f->proc, text, BENCH_LIMIT_MS))
        bench_fail("fleet", f->proc.out);
}

void bench_end(struct gw_fleet *f)
{
    if (gw_proc_wait(&f->proc, BENCH_LIMIT_MS) != 0)
        bench_fail("fleet", f->proc.out);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_percentile(double *values, size_t count, double pct)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof(*values), compare);
    size_t at = (size_t)((double)count * pct / 100);
    return values[at < count ? at : count - 1];
}

double bench_median(double *values, size_t count)
{
    return bench_percentile(values, count, 50);
}
