#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_event.h"
#include "agent_internal.h"
#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "gw_num.h"

#define TURN_MAX_MS  1000 /* libmosquitto wants its timers looked at once a second */
#define DISK_FULL_MS (5 * GW_SECOND_MS)

static volatile sig_atomic_t stop_asked;
static int wake_fd = -1; /* writing side of the pipe that ends a poll */

static void on_signal(int sig)
{
    int keep = errno;
    (void)sig;
    stop_asked = 1;
    (void)!write(wake_fd, "", 1);
    errno = keep;
}

static enum gw_rc catch_signals(int *ret_read_fd, struct gw_err *err)
{
    int fds[2];
    struct sigaction act = {.sa_handler = on_signal};
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
        return gw_err_sys(err, "pipe");
    wake_fd = fds[1];
    *ret_read_fd = fds[0];
    (void)signal(SIGPIPE, SIG_IGN);
    return sigaction(SIGTERM, &act, NULL) || sigaction(SIGINT, &act, NULL) ? gw_err_sys(err, "signals") : GW_OK;
}

/* ---- start ---- */

static enum gw_rc make_dir(const struct gw_fs *fs, const char *path, struct gw_err *err)
{
    if (mkdir(path, 0700) && errno != EEXIST)
        return gw_err_sys(err, "directory %s", path);
    return gw_fs_sync_parent(fs, path, err);
}

static enum gw_rc lock_state(struct agent *a, struct gw_err *err)
{
    char path[AGENT_PATH_MAX + 32];
    (void)snprintf(path, sizeof(path), "%s/lock", a->config->state_dir);
    a->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (a->lock_fd < 0)
        return gw_err_sys(err, "%s", path);
    if (flock(a->lock_fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK
                   ? gw_err_set(err, GW_EXISTS, "another gatehouse-agent uses %s; stop it or set another state.dir",
                                a->config->state_dir)
                   : gw_err_sys(err, "%s", path);
    return GW_OK;
}

static enum gw_rc open_spool(struct agent *a, struct gw_err *err)
{
    char dir[AGENT_PATH_MAX + 32], epoch[AGENT_PATH_MAX + 32];
    (void)snprintf(dir, sizeof(dir), "%s/spool", a->config->state_dir);
    (void)snprintf(epoch, sizeof(epoch), "%s/epoch", a->config->state_dir);
    struct agent_spool_settings settings = {
        .fs = a->fs,
        .hash = bulk_hash_ops(),
        .dir = dir,
        .epoch_path = epoch,
        .max_bytes = a->config->spool_max_bytes,
        .segment_bytes = a->config->spool_segment_bytes,
    };
    enum gw_rc rc = make_dir(a->fs, dir, err);
    if (!rc)
        rc = agent_spool_open(&settings, gw_wall_now(), &a->spool, err);
    if (!rc)
        rc = agent_spool_sync(a->spool, err);
    if (rc)
        return rc;
    struct agent_spool_state state = agent_spool_state(a->spool);
    a->verified_told = state.freed;
    uint64_t kept = state.next - state.freed + state.queued;
    gw_log(GW_LOG_INFO, "log", "spool open: epoch %016llx, %llu event%s verified, %llu kept",
           (unsigned long long)state.epoch, (unsigned long long)state.freed, gw_plural(state.freed),
           (unsigned long long)kept);
    agent_ship_init(&a->ship, a->spool, agent_send_batch, a);
    return GW_OK;
}

static enum gw_rc find_site(struct agent *a, struct gw_err *err)
{
    struct invitation in;
    enum gw_rc rc = agent_invitation_read(a->config, &in, err);
    if (!rc || rc == GW_NOT_FOUND)
        rc = agent_site_find(a->config, rc ? NULL : &in, a->fs, &a->site, err);
    invitation_wipe(&in);
    if (!rc)
        agent_est_init(&a->est, &a->site, a->fs);
    a->est.stop = &stop_asked;
    return rc;
}

static enum gw_rc open_jobs(struct agent *a, struct gw_err *err)
{
    char jobs[AGENT_PATH_MAX + 32], artifacts[AGENT_PATH_MAX + 32];
    agent_site_path(&a->site, "jobs", jobs);
    agent_site_path(&a->site, "artifacts", artifacts);
    enum gw_rc rc = make_dir(a->fs, jobs, err);
    if (!rc)
        rc = make_dir(a->fs, artifacts, err);
    return rc ? rc : agent_job_run_open(&a->jobs, a->config, &a->est, &agent_job_calls, a, err);
}

static enum gw_rc start(struct agent *a, struct gw_err *err)
{
    enum gw_rc rc = make_dir(a->fs, a->config->state_dir, err);
    if (!rc)
        rc = lock_state(a, err);
    if (!rc)
        rc = find_site(a, err);
    if (!rc)
        rc = agent_key_open(a->fs, a->est.key_path, a->config->ed25519, &a->est.key, err);
    if (!rc)
        rc = open_spool(a, err);
    if (!rc)
        rc = agent_input_open(a->config->log_input, &a->input, err);
    if (!rc)
        rc = open_jobs(a, err);
    if (rc)
        return rc;
    a->session = agent_session_new(&a->est, &agent_session_calls, a);
    agent_identity_load(a);
    return GW_OK;
}

static void finish(struct agent *a)
{
    agent_session_free(a->session);
    agent_job_run_close(&a->jobs);
    agent_input_close(&a->input);
    if (a->spool)
        agent_spool_settle(a->spool, gw_wall_now(), true);
    if (a->spool && agent_spool_sync(a->spool, NULL))
        gw_log(GW_LOG_ERROR, "log", "the spool could not be synced at the end");
    agent_spool_close(a->spool);
    EVP_PKEY_free(a->est.key);
    if (a->lock_fd >= 0)
        (void)close(a->lock_fd);
}

/* ---- the loop ---- */

static enum gw_rc on_event(void *ctx, struct gw_view event, struct gw_err *err)
{
    struct agent *a = ctx;
    unsigned severity = agent_event_severity(event);
    if (!agent_advice_takes(&a->advice, severity))
        return GW_OK;
    return agent_spool_add(a->spool, event, severity, gw_wall_now(), err);
}

/* A full disk is not the end: nothing more is read until it has room again. */
static enum gw_rc tolerate_full(struct agent *a, enum gw_rc rc, struct gw_mono now, const struct gw_err *err)
{
    if (rc == GW_NO_SPACE) {
        a->input_at_ms = now.ms + DISK_FULL_MS;
        if (!a->full_told)
            gw_log(GW_LOG_ERROR, "log", "%s; no event is read until there is room", gw_err_text(err));
        a->full_told = true;
        return GW_OK;
    }
    if (!rc && now.ms >= a->input_at_ms)
        a->full_told = false;
    return rc;
}

static enum gw_rc take_input(struct agent *a, struct gw_mono now, struct gw_err *err)
{
    enum gw_rc rc = agent_input_read(&a->input, on_event, a, err);
    if (a->input.fd < 0)
        gw_log(GW_LOG_INFO, "log", "the input has ended");
    return tolerate_full(a, rc, now, err);
}

static void connect_step(struct agent *a, struct gw_mono now)
{
    bool ready = a->enrolled && agent_job_run_ready(&a->jobs);
    if (ready && !agent_session_active(a->session) && now.ms >= a->connect_at_ms)
        agent_session_connect(a->session, now);
    if (!a->enrolled && agent_session_active(a->session)) {
        agent_session_disconnect(a->session);
        agent_ship_down(&a->ship);
        agent_job_session(a->jobs.job, false);
    }
}

static int wait_ms(const struct agent *a, struct gw_mono now)
{
    int64_t wait = agent_session_active(a->session) ? TURN_MAX_MS : a->connect_at_ms - now.ms;
    int64_t others[] = {a->identity_at_ms > now.ms ? a->identity_at_ms - now.ms : 0, agent_ship_wait_ms(&a->ship, now),
                        agent_job_run_wait_ms(&a->jobs, now), a->input_at_ms > now.ms ? a->input_at_ms - now.ms : -1};
    if (!a->enrolled || wait > TURN_MAX_MS)
        wait = TURN_MAX_MS;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i] >= 0 && others[i] < wait)
            wait = others[i];
    return wait < 0 ? 0 : (int)wait;
}

enum { POLL_WAKE, POLL_INPUT, POLL_SESSION, POLL_COUNT };

static enum gw_rc turn(struct agent *a, int wake, struct gw_err *err)
{
    struct gw_mono now = gw_mono_now();
    struct pollfd fds[POLL_COUNT + AGENT_JOB_RUN_FDS] = {
        [POLL_WAKE] = {.fd = wake, .events = POLLIN},
        [POLL_INPUT] = {.fd = now.ms >= a->input_at_ms ? a->input.fd : -1, .events = POLLIN},
    };
    fds[POLL_SESSION].fd = agent_session_fd(a->session, &fds[POLL_SESSION].events);
    size_t jobs = agent_job_run_fds(&a->jobs, fds + POLL_COUNT);
    if (poll(fds, POLL_COUNT + jobs, wait_ms(a, now)) < 0 && errno != EINTR)
        return gw_err_sys(err, "poll");
    now = gw_mono_now();
    enum gw_rc rc = GW_OK;
    if (fds[POLL_INPUT].revents || (agent_input_owes(&a->input) && now.ms >= a->input_at_ms))
        rc = take_input(a, now, err);
    if (!rc) {
        agent_session_step(a->session, fds[POLL_SESSION].revents, now);
        rc = a->fatal.rc ? gw_err_set(err, a->fatal.rc, "%s", a->fatal.text)
                         : tolerate_full(a, agent_ship_step(&a->ship, now, gw_wall_now(), err), now, err);
    }
    if (rc)
        return rc;
    agent_job_run_step(&a->jobs, fds + POLL_COUNT, jobs, now, gw_wall_now());
    agent_identity_step(a, now, gw_wall_now());
    agent_key_step(a, now);
    connect_step(a, now);
    return GW_OK;
}

enum gw_rc agent_run(const struct agent_config *config, struct gw_err *err)
{
    struct agent a = {.config = config, .fs = gw_fs_posix(), .lock_fd = -1, .input = {.fd = -1}};
    agent_advice_init(&a.advice);
    GW_CLOSE int wake = -1;
    enum gw_rc rc = catch_signals(&wake, err);
    if (!rc)
        rc = start(&a, err);
    if (!rc)
        gw_log(GW_LOG_INFO, "agent", "gatehouse-agent %s for %s at %s:%u", GATEHOUSE_VERSION, a.site.id.text,
               a.site.host, a.site.https_port);
    while (!rc && !stop_asked)
        rc = turn(&a, wake, err);
    finish(&a);
    if (!rc)
        gw_log(GW_LOG_INFO, "agent", "stopped");
    return rc;
}
