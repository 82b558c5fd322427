/* How each child is started: its program, its user, its descriptors. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "reach.h"
#include "supervisor_internal.h"

/* A pipe that holds the broker's local secret and ends behind it. */
static int secret_pipe(const struct supervisor *s)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC))
        return -1;
    ssize_t n = write(fds[1], s->secret, CTL_BROKER_SECRET_CHARS);
    (void)close(fds[1]);
    if (n == CTL_BROKER_SECRET_CHARS)
        return fds[0];
    (void)close(fds[0]);
    return -1;
}

enum gw_rc supervisor_start_keyd(struct supervisor *s, struct gw_err *err)
{
    char program[OPTIONS_PATH_MAX + 64];
    options_path(program, s->o->libexec, "gatehouse-keyd");
    const char *const argv[] = {program, NULL};
    struct child_spec spec = {
        .name = "gatehouse-keyd",
        .argv = argv,
        .env = &s->env,
        .user = s->places.keys,
        .extra_gid = s->places.keys.gid,
        .fds = {{s->keyd_pair[1], CTL_FD_KEYD_REQUESTS},
                {s->lifeline[0], CTL_FD_LIFELINE},
                {s->places.pki_fd, CTL_FD_KEYD_DIR}},
        .fd_count = 3,
    };
    return child_start(&s->keyd, &spec, s->places.root, err);
}

enum gw_rc supervisor_start_daemon(struct supervisor *s, struct gw_err *err)
{
    for (int i = 0; i < 2; i++)
        gw_cleanup_fd(&s->ctl_pair[i]);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->ctl_pair))
        return gw_err_sys(err, "socketpair");
    GW_CLOSE int secret = secret_pipe(s);
    if (secret < 0)
        return gw_err_sys(err, "pipe");
    const char *const argv[] = {s->o->program, "--as-daemon", "--config", s->o->config, "--state", s->o->state, NULL};
    struct child_spec spec = {
        .name = "the daemon",
        .argv = argv,
        .env = &s->env,
        .user = s->places.daemon,
        .extra_gid = s->places.broker.gid,
        .fds = {{s->ctl_pair[1], CTL_FD_DAEMON_CTL},
                {s->lifeline[0], CTL_FD_LIFELINE},
                {s->keyd_pair[0], CTL_FD_DAEMON_KEYD},
                {secret, CTL_FD_DAEMON_SECRET},
                {s->broker_talk[0], CTL_FD_DAEMON_BROKER}},
        .fd_count = 5,
    };
    enum gw_rc rc = child_start(&s->daemon, &spec, s->places.root, err);
    gw_cleanup_fd(&s->ctl_pair[1]);
    if (!rc && s->broker.pid)
        supervisor_tell_daemon(s, CTL_BROKER_UP, (int32_t)s->broker.pid); /* the first word that it finds */
    return rc;
}

enum gw_rc supervisor_start_broker(struct supervisor *s, struct gw_err *err)
{
    char conf[OPTIONS_PATH_MAX + 64], openssl[OPTIONS_PATH_MAX + 128];
    options_path(conf, s->o->state, "broker/mosquitto.conf");
    (void)snprintf(openssl, sizeof(openssl), "OPENSSL_CONF=%s/broker/openssl.cnf", s->o->state);
    struct child_env env = s->env;
    child_env_set(&env, openssl);
    const char *const argv[] = {REACH_MOSQUITTO, "-c", conf, NULL};
    GW_CLOSE int secret = secret_pipe(s);
    if (secret < 0)
        return gw_err_sys(err, "pipe");
    struct child_spec spec = {
        .name = "mosquitto",
        .argv = argv,
        .env = &env,
        .user = s->places.broker,
        .extra_gid = s->places.broker.gid,
        .fds = {{secret, CTL_FD_BROKER_SECRET}, {s->lifeline[0], CTL_FD_LIFELINE}, {s->broker_talk[1], STDERR_FILENO}},
        .fd_count = 3,
    };
    enum gw_rc rc = child_start(&s->broker, &spec, s->places.root, err);
    if (!rc)
        supervisor_tell_daemon(s, CTL_BROKER_UP, (int32_t)s->broker.pid);
    return rc;
}
