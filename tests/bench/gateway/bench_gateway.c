/*
 * A whole gateway under load and at rest: prints figures, judges nothing. tests/bench/run.sh runs all of it.
 *
 *     bench_gateway [--quick] machine|ingest|ingest-0|ingest-5|ingest-30|sessions|rest|revoke|pages...
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench_kit.h"
#include "gw_cleanup.h"
#include "gw_test.h"

#define FLUSHES 200

static void print_cpu(void)
{
    char line[256];
    GW_FCLOSE FILE *f = fopen("/proc/cpuinfo", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "model name", 10) == 0) {
            const char *name = strchr(line, ':');
            printf("machine: %ld cores, %.*s", sysconf(_SC_NPROCESSORS_ONLN), 200, name ? name + 2 : "\n");
            return;
        }
}

/* How long the disk takes to flush 4 kB behind a file's end: what every durable acknowledgement waits for. */
static void print_flush(void)
{
    static char block[4096];
    static double ms[FLUSHES];
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/flush", gw_test_dir());
    GW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < FLUSHES; i++) {
        double began = bench_now_s();
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fdatasync(fd))
            bench_fail("disk", path);
        ms[i] = 1000 * (bench_now_s() - began);
    }
    printf("machine: flush of 4 kB: median %.2f ms, p99 %.2f ms\n", bench_median(ms, FLUSHES),
           bench_percentile(ms, FLUSHES, 99));
}

static void bench_machine(void)
{
    struct utsname u;
    double load[3] = {0};
    (void)uname(&u);
    print_cpu();
    (void)getloadavg(load, 3);
    printf("machine: %ld MB of memory, %s %s, load %.1f %.1f %.1f before the first run\n",
           sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) / 1024, u.sysname, u.release, load[0], load[1],
           load[2]);
    print_flush();
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } list[] = {{"machine", bench_machine},   {"ingest", bench_ingest},       {"ingest-0", bench_ingest_0},
                {"ingest-5", bench_ingest_5}, {"ingest-30", bench_ingest_30}, {"sessions", bench_sessions},
                {"rest", bench_rest},         {"revoke", bench_revoke},       {"pages", bench_pages}};
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    bench_quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        bool wanted = false;
        for (int a = 1; a < argc; a++)
            wanted = wanted || strcmp(argv[a], list[i].name) == 0;
        if (wanted)
            list[i].run();
        (void)fflush(stdout);
    }
    return 0;
}
