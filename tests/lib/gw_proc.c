#include "gw_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_time.h"

static void child(const char *const argv[], const char *const env_extra[], int out)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    for (size_t i = 0; env_extra && env_extra[i]; i++)
        (void)putenv((char *)(uintptr_t)env_extra[i]);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

void gw_proc_start(struct gw_proc *p, const char *const argv[], const char *const env_extra[])
{
    int pipe_fd[2];
    *p = (struct gw_proc){.out_fd = -1};
    if (pipe2(pipe_fd, O_CLOEXEC))
        abort();
    p->pid = fork();
    if (p->pid < 0)
        abort();
    if (p->pid == 0)
        child(argv, env_extra, pipe_fd[1]);
    (void)setpgid(p->pid, p->pid);
    (void)close(pipe_fd[1]);
    p->out_fd = pipe_fd[0];
    p->out = gw_xalloc(1, 1);
}

/* Reads what is there; false at the end of the output or the deadline. */
static bool read_more(struct gw_proc *p, int64_t deadline)
{
    if (p->out_fd < 0)
        return false;
    for (;;) {
        int64_t left = deadline - gw_mono_now().ms;
        if (left < 0)
            return false;
        struct pollfd pfd = {.fd = p->out_fd, .events = POLLIN};
        int n = poll(&pfd, 1, (int)left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        break;
    }
    char chunk[4096];
    ssize_t n = read(p->out_fd, chunk, sizeof(chunk));
    if (n <= 0) {
        (void)close(p->out_fd);
        p->out_fd = -1;
        return false;
    }
    char *grown = realloc(p->out, p->out_len + (size_t)n + 1);
    if (!grown)
        abort();
    memcpy(grown + p->out_len, chunk, (size_t)n);
    p->out = grown;
    p->out_len += (size_t)n;
    p->out[p->out_len] = '\0';
    return true;
}

bool gw_proc_await(struct gw_proc *p, const char *text, int limit_ms)
{
    int64_t deadline = gw_mono_now().ms + limit_ms;
    while (!strstr(p->out, text))
        if (!read_more(p, deadline))
            return strstr(p->out, text) != NULL;
    return true;
}

int gw_proc_wait(struct gw_proc *p, int limit_ms)
{
    int64_t deadline = gw_mono_now().ms + limit_ms;
    while (read_more(p, deadline))
        ;
    while (p->pid > 0) {
        pid_t got = waitpid(p->pid, &p->status, WNOHANG);
        if (got == p->pid || (got < 0 && errno == ECHILD)) {
            p->pid = 0;
            break;
        }
        if (gw_mono_now().ms >= deadline)
            return -1;
        (void)poll(NULL, 0, 5);
    }
    return WIFEXITED(p->status) ? WEXITSTATUS(p->status) : 128 + WTERMSIG(p->status);
}

void gw_proc_signal(struct gw_proc *p, int sig)
{
    if (p->pid > 0)
        (void)kill(p->pid, sig);
}

void gw_proc_done(struct gw_proc *p)
{
    if (p->pid > 0) {
        (void)kill(-p->pid, SIGKILL);
        (void)waitpid(p->pid, &p->status, 0);
    }
    if (p->out && p->out_fd >= 0)
        (void)close(p->out_fd);
    free(p->out);
    *p = (struct gw_proc){.out_fd = -1};
}

int gw_proc_run(const char *const argv[], char **ret_out)
{
    struct gw_proc p;
    gw_proc_start(&p, argv, NULL);
    int code = gw_proc_wait(&p, 120000);
    if (ret_out) {
        *ret_out = p.out;
        p.out = NULL;
    }
    gw_proc_done(&p);
    return code;
}

bool gw_await(bool (*check)(void *ctx), void *ctx, int limit_ms)
{
    int64_t deadline = gw_mono_now().ms + limit_ms;
    while (!check(ctx)) {
        if (gw_mono_now().ms >= deadline)
            return false;
        (void)poll(NULL, 0, 5);
    }
    return true;
}
