#include "gw_proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_sanitizer.h"
#include "gw_test.h"
#include "gw_time.h"

#define RUN_MS 120000 /* for a program that is run to its end */

static size_t count(const char *const vars[])
{
    size_t n = 0;
    while (vars && vars[n])
        n++;
    return n;
}

/* Whether one of them is of the same name as `var`. */
static bool names(const char *const vars[], const char *var)
{
    size_t len = strcspn(var, "=") + 1;
    bool found = false;
    for (size_t i = 0; vars && vars[i] && !found; i++)
        found = strncmp(vars[i], var, len) == 0;
    return found;
}

/* Ours, and what is added: the last of a name holds. To be freed. */
static const char **make_env(const char *const added[], const char *const extra[])
{
    const char *const *own = (const char *const *)(uintptr_t)environ;
    const char **env = gw_xalloc(count(own) + count(added) + count(extra) + 1, sizeof(*env));
    size_t n = 0;
    for (size_t i = 0; own[i]; i++)
        if (!names(added, own[i]) && !names(extra, own[i]))
            env[n++] = own[i];
    for (size_t i = 0; added && added[i]; i++)
        if (!names(extra, added[i]))
            env[n++] = added[i];
    for (size_t i = 0; extra && extra[i]; i++)
        env[n++] = extra[i];
    return env;
}

/* Between fork(2) and execve(2) nothing may allocate: another thread of ours may have held malloc's lock, and nobody
 * lets go of the copy. glibc's own malloc minds that, a sanitizer's does not. */
static void child(const char *const argv[], const char *const env[], int out)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    (void)execvpe(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
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
    const char *slash = strrchr(argv[0], '/');
    *p = (struct gw_proc){0};
    (void)snprintf(p->name, sizeof(p->name), "%s", slash ? slash + 1 : argv[0]);
    GW_FREE const char **env = make_env(gw_sanitizer_env(), env_extra);
    if (pipe2(pipe_fd, O_CLOEXEC))
        abort();
    p->pid = fork();
    if (p->pid < 0)
        abort();
    if (p->pid == 0)
        child(argv, env, pipe_fd[1]);
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

/* Until the output ends, which is when the program and all that inherited it have gone; false at the limit. */
static bool await_end(struct gw_proc *p, int limit_ms)
{
    struct gw_proc_drain *d = p->drain;
    struct timespec at = deadline_in(limit_ms);
    (void)pthread_mutex_lock(&d->lock);
    while (!d->ended && pthread_cond_timedwait(&d->more, &d->lock, &at) != ETIMEDOUT)
        ;
    bool ended = d->ended;
    show(p);
    (void)pthread_mutex_unlock(&d->lock);
    return ended;
}

int gw_proc_wait(struct gw_proc *p, int limit_ms)
{
    int64_t deadline = gw_mono_now().ms + limit_ms;
    (void)await_end(p, limit_ms);
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

static bool holds(const char *pid_text, const char *pipe)
{
    char path[320], target[64];
    (void)snprintf(path, sizeof(path), "/proc/%s/fd", pid_text);
    DIR *fds = opendir(path);
    bool found = false;
    for (struct dirent *e = fds ? readdir(fds) : NULL; e && !found; e = readdir(fds)) {
        ssize_t n = readlinkat(dirfd(fds), e->d_name, target, sizeof(target) - 1);
        target[n > 0 ? n : 0] = '\0';
        found = strcmp(target, pipe) == 0;
    }
    if (fds)
        (void)closedir(fds);
    return found;
}

/* SIGKILL to whoever can still write what this program says: itself and all that inherited its output. */
static void kill_holders(const struct gw_proc *p)
{
    char fd[64], pipe[64] = "";
    (void)snprintf(fd, sizeof(fd), "/proc/self/fd/%d", p->drain->fd);
    if (readlink(fd, pipe, sizeof(pipe) - 1) <= 0)
        abort();
    DIR *proc = opendir("/proc");
    for (struct dirent *e = proc ? readdir(proc) : NULL; e; e = readdir(proc)) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && holds(e->d_name, pipe))
            (void)kill(pid, SIGKILL);
    }
    if (proc)
        (void)closedir(proc);
}

void gw_proc_end(struct gw_proc *p, int limit_ms)
{
    pid_t pid = p->pid;
    if (pid > 0) {
        gw_proc_signal(p, SIGTERM);
        int code = gw_proc_wait(p, limit_ms);
        bool silent = await_end(p, 0);
        if (code < 0)
            gw_test_fault("%s (%d) did not end when it was asked to", p->name, (int)pid);
        else if (!silent)
            gw_test_fault("%s (%d) ended, but not all that it had started", p->name, (int)pid);
        else if (WIFSIGNALED(p->status) && WTERMSIG(p->status) != SIGTERM)
            gw_test_fault("%s (%d) ended by signal %d", p->name, (int)pid, WTERMSIG(p->status));
        if (!silent) {
            kill_holders(p);
            (void)await_end(p, limit_ms);
        }
    }
    gw_proc_done(p);
}

int gw_proc_run(const char *const argv[], char **ret_out)
{
    struct gw_proc p;
    gw_proc_start(&p, argv, NULL);
    int code = gw_proc_wait(&p, RUN_MS);
    if (code < 0)
        gw_test_fault("%s (%d) did not end in %d s", p.name, (int)p.pid, RUN_MS / 1000);
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
