#include "gw_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_sanitizer.h"
#include "gw_time.h"

static void add_env(const char *const vars[])
{
    for (size_t i = 0; vars && vars[i]; i++)
        (void)putenv((char *)(uintptr_t)vars[i]);
}

static void child(const char *const argv[], const char *const *env, const char *const env_extra[], int out)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    add_env(env);
    add_env(env_extra);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

struct gw_proc_drain {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    int fd;
    int stop_fd; /* readable: take what is there, and no more though a grandchild may still hold the other end */
    char *text;
    size_t len;
    bool ended;
};

static void *drain_run(void *arg)
{
    struct gw_proc_drain *d = arg;
    for (;;) {
        char chunk[4096];
        struct pollfd fds[2] = {{.fd = d->fd, .events = POLLIN}, {.fd = d->stop_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno == EINTR)
            continue;
        ssize_t n = fds[0].revents ? read(d->fd, chunk, sizeof(chunk)) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        (void)pthread_mutex_lock(&d->lock);
        if (n > 0) {
            char *grown = realloc(d->text, d->len + (size_t)n + 1);
            if (!grown)
                abort();
            memcpy(grown + d->len, chunk, (size_t)n);
            d->text = grown;
            d->len += (size_t)n;
            d->text[d->len] = '\0';
        }
        if (n <= 0)
            gw_sanitizer_look(d->text); /* before whoever waits for the end goes on */
        d->ended = n <= 0;
        (void)pthread_cond_broadcast(&d->more);
        (void)pthread_mutex_unlock(&d->lock);
        if (n <= 0)
            return NULL;
    }
}

static struct gw_proc_drain *drain_new(int fd)
{
    struct gw_proc_drain *d = gw_xalloc(1, sizeof(*d));
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)pthread_cond_init(&d->more, &attr);
    (void)pthread_condattr_destroy(&attr);
    d->fd = fd;
    d->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (d->stop_fd < 0)
        abort();
    d->text = gw_xalloc(1, 1);
    if (pthread_create(&d->thread, NULL, drain_run, d))
        abort();
    return d;
}

static void drain_free(struct gw_proc_drain *d)
{
    uint64_t one = 1;
    if (write(d->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
        abort();
    (void)pthread_join(d->thread, NULL);
    (void)pthread_mutex_destroy(&d->lock);
    (void)pthread_cond_destroy(&d->more);
    (void)close(d->fd);
    (void)close(d->stop_fd);
    free(d->text);
    free(d);
}

void gw_proc_start(struct gw_proc *p, const char *const argv[], const char *const env_extra[])
{
    int pipe_fd[2];
    *p = (struct gw_proc){0};
    const char *const *env = gw_sanitizer_env();
    if (pipe2(pipe_fd, O_CLOEXEC))
        abort();
    p->pid = fork();
    if (p->pid < 0)
        abort();
    if (p->pid == 0)
        child(argv, env, env_extra, pipe_fd[1]);
    (void)setpgid(p->pid, p->pid);
    (void)close(pipe_fd[1]);
    p->out = gw_xalloc(1, 1);
    p->drain = drain_new(pipe_fd[0]);
}

static struct timespec deadline_in(int limit_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += limit_ms / 1000;
    at.tv_nsec += (limit_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Copies what was read so far to where callers look. Under the lock. */
static void show(struct gw_proc *p)
{
    free(p->out);
    p->out = gw_xalloc(p->drain->len + 1, 1);
    memcpy(p->out, p->drain->text, p->drain->len);
    p->out_len = p->drain->len;
}

bool gw_proc_await(struct gw_proc *p, const char *text, int limit_ms)
{
    struct gw_proc_drain *d = p->drain;
    struct timespec at = deadline_in(limit_ms);
    (void)pthread_mutex_lock(&d->lock);
    bool late = false;
    while (!strstr(d->text, text) && !d->ended && !late)
        late = pthread_cond_timedwait(&d->more, &d->lock, &at) == ETIMEDOUT;
    bool found = strstr(d->text, text) != NULL;
    show(p);
    (void)pthread_mutex_unlock(&d->lock);
    return found;
}

/* Until the output ends, which is when the program and all that inherited it have gone. */
static void await_end(struct gw_proc *p, int limit_ms)
{
    struct gw_proc_drain *d = p->drain;
    struct timespec at = deadline_in(limit_ms);
    (void)pthread_mutex_lock(&d->lock);
    while (!d->ended && pthread_cond_timedwait(&d->more, &d->lock, &at) != ETIMEDOUT)
        ;
    show(p);
    (void)pthread_mutex_unlock(&d->lock);
}

int gw_proc_wait(struct gw_proc *p, int limit_ms)
{
    int64_t deadline = gw_mono_now().ms + limit_ms;
    await_end(p, limit_ms);
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
    if (p->drain)
        drain_free(p->drain);
    free(p->out);
    *p = (struct gw_proc){0};
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
