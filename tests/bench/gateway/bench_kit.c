#include "bench_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "gw_view.h"
#include "slow_flush.h"

bool bench_quick;

static struct slow_flush_counts *flushes; /* of the gateway that was started last */

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

/* A file that the library in the gateway's processes counts in. */
static void share_counts(const char *path)
{
    GW_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || fchmod(fd, 0666) || ftruncate(fd, sizeof(*flushes)))
        bench_fail("counts", path);
    flushes = mmap(NULL, sizeof(*flushes), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (flushes == MAP_FAILED)
        bench_fail("counts", path);
}

void bench_gateway_start(struct gw_gateway *g, unsigned devices, unsigned flush_ms)
{
    *g = (struct gw_gateway){.pass_env = {"LD_PRELOAD", SLOW_FLUSH_ENV_MS, SLOW_FLUSH_ENV_COUNTS}};
    const char *dir = gw_test_dir();
    char ms[16], counts[160];
    (void)chmod(dir, 0711); /* the gateway's users pass through */
    (void)snprintf(g->state, sizeof(g->state), "%s/state", dir);
    (void)snprintf(g->config, sizeof(g->config), "%s/gatehouse.toml", dir);
    (void)snprintf(g->socket, sizeof(g->socket), "%s/run/admin/admin.sock", g->state);
    (void)snprintf(counts, sizeof(counts), "%s/flushes", dir);
    (void)snprintf(ms, sizeof(ms), "%u", flush_ms);
    write_config(g, devices);
    share_counts(counts);
    (void)setenv(SLOW_FLUSH_ENV_MS, ms, 1);
    (void)setenv(SLOW_FLUSH_ENV_COUNTS, counts, 1);
    (void)setenv("LD_PRELOAD", GW_BIN_DIR "/libslow_flush.so", 1);
    gw_gateway_restart(g);
    (void)unsetenv("LD_PRELOAD");
    if (!gw_gateway_await_ready(g) || !gw_gateway_claim(g))
        bench_fail("gateway", g->proc.out);
}

struct bench_flushes bench_flushes(void)
{
    return (struct bench_flushes){.journal_wal = flushes->journal_wal,
                                  .journal_db = flushes->journal_db,
                                  .state_wal = flushes->state_wal,
                                  .state_db = flushes->state_db,
                                  .other = flushes->other};
}

double bench_state_flushed_s(uint64_t n)
{
    return (double)flushes->state_wal_ended_ns[n % SLOW_FLUSH_ENDS] / 1e9;
}

void bench_enrol(const struct gw_gateway *g, struct gw_fleet *fleet, const char *devices)
{
    const char *const args[] = {"--devices", devices, "--logs-per-second", "0", "--figures", "0", "--together",
                                "--for",     "1",     "--connect-rate",    "1", NULL};
    gw_fleet_make(fleet);
    gw_fleet_start(fleet, g, args);
    bench_await(fleet, "all enrolled");
    gw_proc_signal(&fleet->proc, SIGTERM);
    bench_end(fleet);
}

int bench_admin(const struct gw_gateway *g)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || gw_view_copy_str(gw_view_str(g->socket), at.sun_path, sizeof(at.sun_path)) ||
        connect(fd, (const struct sockaddr *)&at, sizeof(at)))
        bench_fail("admin socket", strerror(errno));
    return fd;
}

void bench_act(int admin, const char *device, const char *act)
{
    char request[256];
    int n =
        snprintf(request, sizeof(request),
                 "POST /api/v1/devices/%s/%s HTTP/1.1\r\nHost: gatehouse\r\nContent-Length: 0\r\n\r\n", device, act);
    if (write(admin, request, (size_t)n) != n)
        bench_fail("admin socket", strerror(errno));
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
