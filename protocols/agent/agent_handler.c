#include "agent_handler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw_cleanup.h"

#define KILL_AFTER_MS (5 * GW_SECOND_MS)
#define STOP_WAIT_MS  2000
#define READS_MAX     16 /* chunks taken before others get their turn */
#define LOCK_FD       3  /* in the child */

static const char *const verb_texts[] = {
    [AGENT_VERB_VERIFY] = "verify",
    [AGENT_VERB_INSTALL] = "install",
    [AGENT_VERB_REBOOT] = "reboot",
    [AGENT_VERB_CONFIRM] = "confirm",
    [AGENT_VERB_FALLBACK] = "fallback",
    [AGENT_VERB_RUNNING] = "running",
    [AGENT_VERB_FACTORY_RESET] = "factory_reset",
    [AGENT_VERB_COLLECT] = "collect",
};

const char *agent_verb_text(enum agent_verb verb)
{
    return verb_texts[verb];
}

void agent_handler_init(struct agent_handler *h, const struct agent_handler_kind *kind, const char *command,
                        const char *lock_path)
{
    *h = (struct agent_handler){.kind = kind, .command = command, .lock_path = lock_path, .pidfd = -1, .out_fd = -1};
}

bool agent_handler_busy(const struct agent_handler *h)
{
    return h->pid != 0;
}

/* The lock lives as long as any process that inherited the descriptor. */
static enum gw_rc take_lock(const struct agent_handler *h, int *ret_fd, struct gw_err *err)
{
    GW_CLOSE int fd = open(h->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return gw_err_sys(err, "%s", h->lock_path);
    if (flock(fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? gw_err_set(err, GW_AGAIN, "an earlier handler still runs")
                                    : gw_err_sys(err, "%s", h->lock_path);
    *ret_fd = fd;
    fd = -1;
    return GW_OK;
}

struct environment {
    char attempt[128], version[128];
    char *list[5];
};

static void fill_environment(const struct agent_handler_request *request, struct environment *env)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char lang[] = "LANG=C.UTF-8";
    (void)snprintf(env->attempt, sizeof(env->attempt), "GATEHOUSE_ATTEMPT=%s", request->attempt);
    (void)snprintf(env->version, sizeof(env->version), "GATEHOUSE_VERSION=%s", request->version);
    env->list[0] = path;
    env->list[1] = lang;
    env->list[2] = env->attempt;
    env->list[3] = env->version;
    env->list[4] = NULL;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int out, int lock)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, out, STDERR_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(actions, lock, LOCK_FD);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, LOCK_FD + 1);
    rc = rc ? rc : posix_spawn_file_actions_addchdir_np(actions, "/");
    rc = rc ? rc : posix_spawnattr_setpgroup(attr, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(attr, &none);
    rc = rc ? rc : posix_spawnattr_setsigdefault(attr, &all);
    return rc ? rc
              : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(const char *const argv[], const struct agent_handler_request *request, int out, int lock,
                 pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    struct environment env;
    fill_environment(request, &env);
    if (posix_spawn_file_actions_init(&actions))
        return ENOMEM;
    if (posix_spawnattr_init(&attr)) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    int rc = set_up(&actions, &attr, out, lock);
    if (!rc)
        rc = posix_spawn(ret_pid, argv[0], &actions, &attr, (char *const *)argv, env.list);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Descriptors above those that the child is given, so that no dup2 meets its own source. */
static int lift(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, LOCK_FD + 1);
    (void)close(fd);
    return high;
}

enum gw_rc agent_handler_start(struct agent_handler *h, const struct agent_handler_request *request, struct gw_mono now,
                               struct gw_err *err)
{
    const char *argv[AGENT_HANDLER_ARGS_MAX];
    int pipe_fds[2], lock = -1;
    pid_t pid = 0;
    if (h->pid)
        return gw_err_set(err, GW_AGAIN, "the handler still runs");
    if (!h->kind || !h->kind->words(h->command, request->verb, request->file, argv))
        return gw_err_set(err, GW_UNSUPPORTED, "no handler for %s", agent_verb_text(request->verb));
    enum gw_rc rc = take_lock(h, &lock, err);
    if (rc)
        return rc;
    GW_CLOSE int lock_fd = lift(lock);
    if (pipe2(pipe_fds, O_CLOEXEC))
        return gw_err_sys(err, "pipe");
    GW_CLOSE int in = lift(pipe_fds[0]), out = lift(pipe_fds[1]);
    int failed = in < 0 || out < 0 || lock_fd < 0 || fcntl(in, F_SETFL, O_NONBLOCK)
                     ? errno
                     : spawn(argv, request, out, lock_fd, &pid);
    if (failed) {
        errno = failed;
        return gw_err_sys(err, "%s", argv[0]);
    }
    h->pid = pid;
    h->pidfd = pidfd_open(pid, 0);
    h->out_fd = in;
    in = -1;
    h->verb = request->verb;
    h->deadline.ms = now.ms + request->timeout_ms;
    h->overdue = false;
    h->len = 0;
    return GW_OK;
}

void agent_handler_fds(const struct agent_handler *h, int ret_fds[AGENT_HANDLER_FDS])
{
    ret_fds[0] = h->pidfd;
    ret_fds[1] = h->out_fd;
}

int64_t agent_handler_wait_ms(const struct agent_handler *h, struct gw_mono now)
{
    if (!h->pid)
        return -1;
    if (h->pidfd < 0) /* a kernel without pidfd: look often */
        return 100;
    return h->deadline.ms > now.ms ? h->deadline.ms - now.ms : 0;
}

static void keep_tail(struct agent_handler *h, const char *bytes, size_t len)
{
    if (len >= AGENT_HANDLER_OUTPUT_MAX) {
        bytes += len - AGENT_HANDLER_OUTPUT_MAX;
        len = AGENT_HANDLER_OUTPUT_MAX;
    }
    size_t room = AGENT_HANDLER_OUTPUT_MAX - h->len;
    if (len > room) {
        size_t drop = len - room;
        memmove(h->output, h->output + drop, h->len - drop);
        h->len -= drop;
    }
    memcpy(h->output + h->len, bytes, len);
    h->len += len;
}

static void read_output(struct agent_handler *h)
{
    char chunk[4096];
    for (int i = 0; i < READS_MAX && h->out_fd >= 0; i++) {
        ssize_t n = read(h->out_fd, chunk, sizeof(chunk));
        if (n < 0)
            return;
        if (n == 0) {
            (void)close(h->out_fd);
            h->out_fd = -1;
            return;
        }
        keep_tail(h, chunk, (size_t)n);
    }
}

static void forget(struct agent_handler *h)
{
    gw_cleanup_fd(&h->pidfd);
    gw_cleanup_fd(&h->out_fd);
    h->pidfd = h->out_fd = -1;
    h->pid = 0;
}

static void hurry(struct agent_handler *h, struct gw_mono now)
{
    if (now.ms < h->deadline.ms)
        return;
    (void)kill(-h->pid, h->overdue ? SIGKILL : SIGTERM);
    h->overdue = true;
    h->deadline.ms = now.ms + KILL_AFTER_MS;
}

/* It has ended, and is not reaped yet: its number, and that of its group, still stand for it. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

bool agent_handler_step(struct agent_handler *h, struct gw_mono now, struct agent_handler_result *ret_result)
{
    int status = 0;
    if (!h->pid)
        return false;
    hurry(h, now);
    read_output(h);
    if (!has_ended(h->pid))
        return false;
    read_output(h); /* what it wrote last */
    if (h->overdue)
        (void)kill(-h->pid, SIGKILL); /* what it left behind */
    (void)waitpid(h->pid, &status, 0);
    *ret_result = (struct agent_handler_result){
        .verb = h->verb,
        .ok = !h->overdue && WIFEXITED(status) && WEXITSTATUS(status) == 0,
        .len = h->len,
    };
    ret_result->cause = ret_result->ok ? "" : h->overdue ? "timeout" : WIFSIGNALED(status) ? "killed" : "failed";
    memcpy(ret_result->output, h->output, h->len);
    forget(h);
    return true;
}

void agent_handler_stop(struct agent_handler *h)
{
    if (!h->pid)
        return;
    if (h->verb != AGENT_VERB_REBOOT) {
        struct pollfd fd = {.fd = h->pidfd, .events = POLLIN};
        (void)kill(-h->pid, SIGTERM);
        (void)poll(&fd, 1, STOP_WAIT_MS);
        (void)kill(-h->pid, SIGKILL);
        (void)waitpid(h->pid, NULL, 0);
    }
    forget(h);
}
