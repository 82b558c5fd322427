#include "reach.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct need {
    const char *user_name;
    struct places_user user;
    const char *path;
    int mode; /* of access(2) */
};

/* What access(2) says to that user: an errno, 0 when it may. */
static int ask_as(const struct places *p, const struct need *need)
{
    pid_t pid = fork();
    if (pid < 0)
        return errno;
    if (pid == 0) {
        gid_t groups[1] = {p->broker.gid}; /* the daemon's supplementary group, the broker's own */
        if (p->root && (setgroups(1, groups) || setresgid(need->user.gid, need->user.gid, need->user.gid) ||
                        setresuid(need->user.uid, need->user.uid, need->user.uid)))
            _exit(errno);
        _exit(access(need->path, need->mode) ? errno : 0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

static enum gw_rc check(const struct places *p, const struct need *need, struct gw_err *err)
{
    int code = ask_as(p, need);
    if (code == ENOENT)
        return gw_err_set(err, GW_NOT_FOUND, "%s is missing: install it (rootfs/deps.sh names the packages)",
                          need->path);
    if (code == EACCES)
        return gw_err_set(err, GW_DENIED,
                          "%s: user %s may not use it: a directory above it is closed to others, or its mode is wrong; "
                          "install it where others may pass, or open it (chmod o+x)",
                          need->path, need->user_name);
    errno = code;
    return code ? gw_err_sys(err, "%s for user %s", need->path, need->user_name) : GW_OK;
}

enum gw_rc reach_check(const struct places *p, const struct options *o, struct gw_err *err)
{
    char keyd[OPTIONS_PATH_MAX + 64], plugin[OPTIONS_PATH_MAX + 64], broker[OPTIONS_PATH_MAX + 64];
    options_path(keyd, o->libexec, "gatehouse-keyd");
    options_path(plugin, o->libexec, "gatehouse_broker.so");
    options_path(broker, o->state, "broker");
    const struct need needs[] = {
        {"gatehouse-keys", p->keys, keyd, X_OK},
        {"gatehouse", p->daemon, o->program, X_OK},
        {"gatehouse", p->daemon, o->state, R_OK | W_OK | X_OK},
        {"gatehouse-broker", p->broker, REACH_MOSQUITTO, X_OK},
        {"gatehouse-broker", p->broker, plugin, R_OK},
        {"gatehouse-broker", p->broker, broker, R_OK | X_OK},
    };
    enum gw_rc rc = GW_OK;
    for (size_t i = 0; !rc && i < sizeof(needs) / sizeof(needs[0]); i++)
        rc = check(p, &needs[i], err);
    return rc;
}
