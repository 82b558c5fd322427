#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_log.h"
#include "notify.h"
#include "reach.h"
#include "supervisor_internal.h"

#define PART          "supervisor"
#define STOP_GRACE_MS INT64_C(15000)
#define KILL_AGAIN_MS INT64_C(1000) /* a child that waits for a disk ends late even so */

static void say(enum gw_log_level level, const struct gw_err *err)
{
    gw_log(level, PART, "%s", gw_err_text(err));
}

static void tell_manager(const char *words)
{
    struct gw_err err = {0};
    if (notify_manager(words, &err))
        say(GW_LOG_WARN, &err);
}

static enum gw_rc make_pipes(struct supervisor *s, struct gw_err *err)
{
    uint8_t secret[CTL_BROKER_SECRET_CHARS / 2];
    gw_random(secret, sizeof(secret));
    gw_hex_format(secret, sizeof(secret), s->secret);
    explicit_bzero(secret, sizeof(secret));
    /* Strangers make the broker talk: where nobody reads, its words are lost before it waits for us. */
    if (pipe2(s->lifeline, O_CLOEXEC) || pipe2(s->broker_talk, O_CLOEXEC | O_NONBLOCK) ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->keyd_pair))
        return gw_err_sys(err, "pipes");
    sigset_t mask;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGCHLD);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signal_fd < 0 ? gw_err_sys(err, "signalfd") : GW_OK;
}

void supervisor_tell_daemon(struct supervisor *s, enum ctl_kind kind, int32_t value)
{
    struct gw_err err = {0};
    if (s->daemon.pid && s->ctl_pair[0] >= 0 && ctl_send(s->ctl_pair[0], kind, value, &err) && !s->stopping)
        say(GW_LOG_WARN, &err);
}

/* False: there was nothing to tell. */
static bool tell_ends(struct supervisor *s, struct child *c, enum ctl_kind kind)
{
    bool any = false;
    int status;
    while (s->daemon.pid && child_ends_tell(&c->ends, s->daemon.pid, &status)) {
        supervisor_tell_daemon(s, kind, status);
        any = true;
    }
    return any;
}

static void note_end_of(struct supervisor *s, struct child *c, enum ctl_kind kind, int status)
{
    child_ends_add(&c->ends, status);
    (void)tell_ends(s, c, kind);
}

/* What ended while no daemon was there to hear it, and how it stands now. */
static void tell_missed(struct supervisor *s)
{
    const struct {
        struct child *child;
        enum ctl_kind down, up;
    } all[] = {{&s->keyd, CTL_KEYD_DOWN, CTL_KEYD_UP}, {&s->broker, CTL_BROKER_DOWN, CTL_BROKER_UP}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct child *c = all[i].child;
        if (tell_ends(s, c, all[i].down) && c->pid)
            supervisor_tell_daemon(s, all[i].up, (int32_t)c->pid);
    }
}

static void begin_stop(struct supervisor *s, int exit_code)
{
    if (s->stopping)
        return;
    tell_manager("STOPPING=1");
    s->stopping = true;
    s->exit_code = exit_code;
    s->stop_deadline.ms = gw_mono_now().ms + STOP_GRACE_MS;
    if (s->daemon.pid)
        (void)kill(s->daemon.pid, SIGTERM);
}

/* What is due is started; while stopping, the daemon ends first, so that it can finish what it accepted. */
static void drive(struct supervisor *s)
{
    struct gw_mono now = gw_mono_now();
    struct gw_err err = {0};
    if (s->stopping) {
        if (!s->daemon.pid && s->broker.pid)
            (void)kill(s->broker.pid, SIGTERM);
        if (!s->daemon.pid && s->keyd.pid)
            (void)kill(s->keyd.pid, SIGTERM);
        return;
    }
    enum gw_rc rc = GW_OK;
    if (!s->keyd.pid && now.ms >= s->keyd.due.ms) {
        rc = supervisor_start_keyd(s, &err);
        if (!rc)
            supervisor_tell_daemon(s, CTL_KEYD_UP, (int32_t)s->keyd.pid);
    }
    if (!rc && !s->daemon.pid && now.ms >= s->daemon.due.ms)
        rc = supervisor_start_daemon(s, &err);
    if (!rc && s->broker_wanted && !s->broker.pid && now.ms >= s->broker.due.ms)
        rc = supervisor_start_broker(s, &err);
    if (rc) {
        say(GW_LOG_ERROR, &err);
        begin_stop(s, 1);
    }
}

static void note_end(struct supervisor *s, struct child *c, const char *name, int status)
{
    char text[96];
    child_status_text(status, text, sizeof(text));
    child_ended(c, gw_mono_now());
    if (s->stopping)
        return;
    if (c != &s->broker && WIFEXITED(status) && WEXITSTATUS(status) == SUPERVISOR_EXIT_HOPELESS) {
        /* Its own last line is the error, and says why. */
        gw_log(GW_LOG_INFO, PART, "%s %s: starting it again would not help", name, text);
        begin_stop(s, SUPERVISOR_EXIT_HOPELESS);
        return;
    }
    int64_t wait_ms = c->due.ms - gw_mono_now().ms;
    gw_log(GW_LOG_WARN, PART, "%s %s; starting it again%s", name, text, wait_ms > 0 ? " after a pause" : "");
}

static void on_word(struct supervisor *s, enum ctl_kind kind, int32_t value)
{
    struct gw_err err = {0};
    switch (kind) {
    case CTL_BROKER_START:
        s->broker_wanted = true;
        s->broker.due.ms = 0;
        if (s->broker.pid && value)
            (void)kill(s->broker.pid, SIGTERM); /* it is started again when it has ended */
        else if (s->broker.pid)
            supervisor_tell_daemon(s, CTL_BROKER_UP, (int32_t)s->broker.pid);
        return;
    case CTL_BROKER_RELOAD:
        if (s->broker.pid)
            (void)kill(s->broker.pid, SIGHUP);
        return;
    case CTL_PUBLISH:
        if (places_publish(&s->places, s->o, &err))
            say(GW_LOG_ERROR, &err);
        return;
    case CTL_READY:
        gw_log(GW_LOG_INFO, PART, "ready");
        tell_manager("READY=1");
        tell_missed(s);
        return;
    case CTL_CHILD_NOTED:
        child_ends_noted(value == CTL_CHILD_KEYD ? &s->keyd.ends : &s->broker.ends);
        return;
    case CTL_BROKER_UP:
    case CTL_BROKER_DOWN:
    case CTL_KEYD_UP:
    case CTL_KEYD_DOWN:
        break;
    }
    gw_log(GW_LOG_WARN, PART, "the daemon sent word %d, which is ours to send", (int)kind);
}

static void on_ctl(struct supervisor *s)
{
    for (;;) {
        enum ctl_kind kind;
        int32_t value;
        struct gw_err err = {0};
        enum gw_rc rc = ctl_receive(s->ctl_pair[0], &kind, &value, &err);
        if (rc == GW_AGAIN)
            return;
        if (rc) { /* the daemon has gone (its end is reported by SIGCHLD) or talks nonsense */
            if (rc != GW_CANCELLED)
                say(GW_LOG_WARN, &err);
            gw_cleanup_fd(&s->ctl_pair[0]);
            return;
        }
        on_word(s, kind, value);
    }
}

/* Of a daemon that has ended: what it has noted is not told to the next one. */
static void hear_last(struct supervisor *s)
{
    if (s->ctl_pair[0] >= 0)
        on_ctl(s);
}

static void on_child(struct supervisor *s)
{
    int status;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (pid == s->daemon.pid) {
            hear_last(s);
            note_end(s, &s->daemon, "the daemon", status);
        } else if (pid == s->keyd.pid) {
            note_end_of(s, &s->keyd, CTL_KEYD_DOWN, status); /* first: a last word before a stop */
            note_end(s, &s->keyd, "gatehouse-keyd", status);
        } else if (pid == s->broker.pid) {
            note_end_of(s, &s->broker, CTL_BROKER_DOWN, status);
            note_end(s, &s->broker, "mosquitto", status);
        }
    }
}

static void on_signal(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGCHLD)
            on_child(s);
        else if (info.ssi_signo == SIGHUP && s->daemon.pid)
            (void)kill(s->daemon.pid, SIGHUP);
        else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            begin_stop(s, 0);
    }
}

static void kill_all(struct supervisor *s, struct gw_mono now)
{
    s->stop_deadline.ms = now.ms + KILL_AGAIN_MS;
    struct child *const all[] = {&s->daemon, &s->broker, &s->keyd};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i]->pid)
            (void)kill(all[i]->pid, SIGKILL);
}

/* How long poll may sleep: until the next start is due, or the grace of a stop ends. */
static int sleep_ms(const struct supervisor *s)
{
    int64_t now = gw_mono_now().ms, until = now + 60000;
    const struct child *const all[] = {&s->keyd, &s->daemon, &s->broker};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (!all[i]->pid && (all[i] != &s->broker || s->broker_wanted) && all[i]->due.ms < until)
            until = all[i]->due.ms;
    if (s->stopping)
        until = s->stop_deadline.ms;
    return until > now ? (int)(until - now) : 0;
}

static void loop(struct supervisor *s)
{
    for (;;) {
        drive(s);
        if (s->stopping && !s->daemon.pid && !s->broker.pid && !s->keyd.pid)
            return;
        struct pollfd fds[2] = {{.fd = s->signal_fd, .events = POLLIN}, {.fd = s->ctl_pair[0], .events = POLLIN}};
        if (poll(fds, 2, sleep_ms(s)) < 0 && errno != EINTR) {
            struct gw_err err;
            (void)gw_err_sys(&err, "poll"); /* who cannot wait cannot supervise: the children end with us */
            say(GW_LOG_ERROR, &err);
            s->exit_code = 1;
            return;
        }
        if (s->ctl_pair[0] >= 0 && fds[1].revents)
            on_ctl(s);
        on_signal(s);
        struct gw_mono now = gw_mono_now();
        if (s->stopping && now.ms >= s->stop_deadline.ms)
            kill_all(s, now);
    }
}

/* Every child inherits them: thousands of sessions need descriptors, and no memory with keys in it becomes a file. */
static void set_limits(void)
{
    struct rlimit limit = {.rlim_cur = 0};
    (void)setrlimit(RLIMIT_CORE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int supervisor_run(const struct options *o)
{
    struct supervisor s = {.o = o,
                           .signal_fd = -1,
                           .lifeline = {-1, -1},
                           .keyd_pair = {-1, -1},
                           .broker_talk = {-1, -1},
                           .ctl_pair = {-1, -1}};
    struct gw_err err = {0};
    set_limits();
    child_env_init(&s.env, (const char *const *)environ, o);
    for (size_t i = 0; i < o->pass_count; i++)
        gw_log(GW_LOG_WARN, PART, "--pass-env: children get %s of this environment", o->pass[i]);
    (void)umask(077);
    enum gw_rc rc = places_make(&s.places, o, &err);
    if (!rc)
        rc = reach_check(&s.places, o, &err);
    if (!rc)
        rc = make_pipes(&s, &err);
    if (rc) {
        say(GW_LOG_ERROR, &err);
        return rc == GW_IO || rc == GW_NO_SPACE ? 1 : SUPERVISOR_EXIT_HOPELESS;
    }
    loop(&s);
    places_unpublish(o);
    explicit_bzero(s.secret, sizeof(s.secret));
    gw_log(GW_LOG_INFO, PART, "stopped");
    return s.exit_code;
}
