/*
 * LD_PRELOAD: a disk whose flush takes SLOW_FLUSH_MS milliseconds longer, for one program alone, mostly gatehoused
 * (keyd's system calls are filtered, and it would die of the sleep), and a count of its flushes by file (slow_flush.h).
 */
#include "slow_flush.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static long extra_ms;
static struct slow_flush_counts unseen, *counts = &unseen;

static void read_environment(void)
{
    const char *program = getenv(SLOW_FLUSH_ENV_PROGRAM);
    if (strcmp(program_invocation_short_name, program ? program : "gatehoused") != 0)
        return;
    const char *ms = getenv(SLOW_FLUSH_ENV_MS), *path = getenv(SLOW_FLUSH_ENV_COUNTS);
    extra_ms = ms ? strtol(ms, NULL, 10) : 0;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        counts = map;
    if (fd >= 0)
        (void)close(fd);
}

static _Atomic uint64_t *count_of(int fd)
{
    char link[64], path[512];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    path[n > 0 ? n : 0] = '\0';
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return strcmp(name, "journal.db-wal") == 0 ? &counts->journal_wal
           : strcmp(name, "journal.db") == 0   ? &counts->journal_db
           : strcmp(name, "state.db-wal") == 0 ? &counts->state_wal
           : strcmp(name, "state.db") == 0     ? &counts->state_db
                                               : &counts->other;
}

static int flush(long how, int fd)
{
    (void)pthread_once(&once, read_environment);
    _Atomic uint64_t *count = count_of(fd);
    uint64_t n = atomic_fetch_add(count, 1) + 1;
    struct timespec t = {.tv_sec = extra_ms / 1000, .tv_nsec = extra_ms % 1000 * 1000000};
    while (extra_ms > 0 && nanosleep(&t, &t) && errno == EINTR)
        ;
    int rc = (int)syscall(how, fd);
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    if (count == &counts->state_wal)
        counts->state_wal_ended_ns[n % SLOW_FLUSH_ENDS] = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
    return rc;
}

int fsync(int fd)
{
    return flush(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return flush(SYS_fdatasync, fd);
}
