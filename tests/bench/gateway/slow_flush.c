/*
 * LD_PRELOAD: a disk whose flush takes SLOW_FLUSH_MS milliseconds longer, for gatehoused alone (keyd's system calls are
 * filtered, and it would die of the sleep).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_for_disk(void)
{
    static long ms = -1;
    if (ms < 0) {
        const char *given = getenv("SLOW_FLUSH_MS");
        ms = given && strcmp(program_invocation_short_name, "gatehoused") == 0 ? strtol(given, NULL, 10) : 0;
    }
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (ms > 0 && nanosleep(&left, &left) && errno == EINTR)
        ;
}

int fsync(int fd)
{
    wait_for_disk();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    wait_for_disk();
    return (int)syscall(SYS_fdatasync, fd);
}
