#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_SAFE_FD 32 /* sources are moved up here first, so that no target overwrites a source */

static void die(const char *name, const char *what)
{
    (void)dprintf(STDERR_FILENO, "gatehoused: starting %s: %s: %s\n", name, what, strerror(errno));
    _exit(126);
}

static void place_fds(const struct child_spec *spec)
{
    int moved[CHILD_FDS_MAX];
    for (size_t i = 0; i < spec->fd_count; i++) {
        moved[i] = fcntl(spec->fds[i].from, F_DUPFD, FIRST_SAFE_FD);
        if (moved[i] < 0)
            die(spec->name, "descriptors");
    }
    int highest = STDERR_FILENO;
    for (size_t i = 0; i < spec->fd_count; i++) {
        if (dup2(moved[i], spec->fds[i].to) < 0)
            die(spec->name, "descriptors");
        highest = spec->fds[i].to > highest ? spec->fds[i].to : highest;
    }
    if (syscall(SYS_close_range, (unsigned)highest + 1, ~0u, 0u))
        die(spec->name, "closing descriptors");
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        die(spec->name, "/dev/null");
    if (null != STDIN_FILENO)
        (void)close(null);
}

static void drop_rights(const struct child_spec *spec)
{
    gid_t groups[1] = {spec->extra_gid};
    if (setgroups(1, groups) || setresgid(spec->user.gid, spec->user.gid, spec->user.gid) ||
        setresuid(spec->user.uid, spec->user.uid, spec->user.uid))
        die(spec->name, "dropping privileges");
}

static void become(const struct child_spec *spec, bool drop)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)setpgid(0, 0); /* a Ctrl-C on the terminal is the supervisor's to hear */
    place_fds(spec);
    if (drop)
        drop_rights(spec);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        die(spec->name, "no_new_privs");
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* lost where the program changes its user; the lifeline is not */
    if (chdir("/"))
        die(spec->name, "/");
    execve(spec->argv[0], (char *const *)(uintptr_t)spec->argv, (char *const *)(uintptr_t)spec->env->vars);
    die(spec->name, spec->argv[0]);
}

enum gw_rc child_start(struct child *c, const struct child_spec *spec, bool drop, struct gw_err *err)
{
    pid_t pid = fork();
    if (pid < 0)
        return gw_err_sys(err, "fork for %s", spec->name);
    if (pid == 0)
        become(spec, drop);
    c->pid = pid;
    c->started = gw_mono_now();
    return GW_OK;
}

void child_ended(struct child *c, struct gw_mono now)
{
    c->pid = 0;
    if (now.ms - c->started.ms >= GW_MINUTE_MS)
        c->starts = 0;
    int64_t wait_ms = c->starts == 0 ? 0 : INT64_C(100) << (c->starts < 6 ? c->starts : 6);
    c->due.ms = now.ms + (wait_ms < 5000 ? wait_ms : 5000);
    c->starts++;
}

void child_status_text(int status, char *out, size_t out_size)
{
    if (WIFEXITED(status))
        (void)snprintf(out, out_size, "exited with %d", WEXITSTATUS(status));
    else
        (void)snprintf(out, out_size, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
}
