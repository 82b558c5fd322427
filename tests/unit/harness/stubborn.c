/*
 * A program that ends badly, as its one argument says:
 *
 *     stays     is deaf to SIGTERM
 *     leaves    ends by SIGTERM, not so what it has started, which has made itself independent and keeps its output
 *     crashes   answers SIGTERM with SIGABRT
 *     ends      the good one
 *
 * It says "here" and its own pid, "leaves" that of its child, when it is ready to be asked to end.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void crash(int sig)
{
    (void)sig;
    abort();
}

static void be_deaf(void)
{
    (void)signal(SIGTERM, SIG_IGN);
}

static void leave_a_child(void)
{
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child > 0) {
        (void)pause();
        return;
    }
    be_deaf();
    (void)setsid();
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "stays") == 0)
        be_deaf();
    else if (strcmp(what, "leaves") == 0)
        leave_a_child();
    else if (strcmp(what, "crashes") == 0)
        (void)signal(SIGTERM, crash);
    else if (strcmp(what, "ends") != 0)
        return 2;
    printf("here %d\n", (int)getpid());
    (void)fflush(stdout);
    for (;;)
        (void)pause();
}
