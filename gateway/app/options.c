#include "options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_view.h"

/* A unix socket's path has at most 107 characters (unix(7)); ours end in "/run/broker/broker.sock". */
#define STATE_LEN_MAX   80
#define PASS_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static enum gw_rc absolute(const char *path, char out[OPTIONS_PATH_MAX], struct gw_err *err)
{
    char cwd[PATH_MAX];
    if (path[0] == '/')
        cwd[0] = '\0';
    else if (!getcwd(cwd, sizeof(cwd)))
        return gw_err_sys(err, "working directory");
    int n = snprintf(out, OPTIONS_PATH_MAX, "%s%s%s", cwd, cwd[0] ? "/" : "", path);
    if (n < 0 || n >= OPTIONS_PATH_MAX)
        return gw_err_set(err, GW_TOO_BIG, "%s: path is too long", path);
    while (n > 1 && out[n - 1] == '/')
        out[--n] = '\0';
    return GW_OK;
}

static enum gw_rc own_program(struct options *o, struct gw_err *err)
{
    ssize_t n = readlink("/proc/self/exe", o->program, sizeof(o->program) - 1);
    if (n <= 0)
        return gw_err_sys(err, "/proc/self/exe");
    o->program[n] = '\0';
    (void)snprintf(o->libexec, sizeof(o->libexec), "%s", o->program);
    char *slash = strrchr(o->libexec, '/');
    if (slash)
        *slash = '\0';
    return GW_OK;
}

static enum gw_rc usage(struct gw_err *err, const char *why)
{
    return gw_err_set(err, GW_INVALID,
                      "%s\nusage: gatehoused --config FILE [--state DIR] [--pass-env NAME]... [--check-config]\n"
                      "       gatehoused --print-config | --version",
                      why);
}

/* PATH is ours, and OPENSSL_CONF what keeps the broker from handing out tickets. */
static enum gw_rc take_pass(struct options *o, const char *name, struct gw_err *err)
{
    size_t len = strlen(name);
    if (len == 0 || len > OPTIONS_PASS_NAME_MAX || strspn(name, PASS_NAME_CHARS) != len || strcmp(name, "PATH") == 0 ||
        strcmp(name, "OPENSSL_CONF") == 0)
        return gw_err_set(err, GW_INVALID,
                          "--pass-env: no name of the environment, or one that gatehoused sets itself");
    if (o->pass_count == OPTIONS_PASS_MAX)
        return gw_err_set(err, GW_TOO_BIG, "--pass-env: at most %d names", OPTIONS_PASS_MAX);
    o->pass[o->pass_count++] = name;
    return GW_OK;
}

static enum gw_rc take_option(struct options *o, const char *name, const char *value, bool *ret_used_value,
                              struct gw_err *err)
{
    *ret_used_value = false;
    if (strcmp(name, "--check-config") == 0) {
        o->check_config = true;
        return GW_OK;
    }
    if (strcmp(name, "--print-config") == 0) {
        o->print_config = true;
        return GW_OK;
    }
    if (strcmp(name, "--version") == 0) {
        o->version = true;
        return GW_OK;
    }
    if (strcmp(name, "--as-daemon") == 0) {
        o->daemon = true;
        return GW_OK;
    }
    *ret_used_value = true;
    if (strcmp(name, "--config") == 0 && value)
        return absolute(value, o->config, err);
    if (strcmp(name, "--state") == 0 && value)
        return absolute(value, o->state, err);
    if (strcmp(name, "--pass-env") == 0 && value)
        return take_pass(o, value, err);
    return usage(err, value ? "unknown option" : "unknown option, or its value is missing");
}

enum gw_rc options_parse(struct options *o, int argc, char **argv, struct gw_err *err)
{
    *o = (struct options){.state = OPTIONS_STATE_DEFAULT};
    for (int i = 1; i < argc; i++) {
        bool used_value = false;
        enum gw_rc rc = take_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used_value, err);
        if (rc)
            return rc;
        i += used_value;
    }
    if (!o->config[0] && !o->version && !o->print_config)
        return usage(err, "--config is missing");
    if (strlen(o->state) > STATE_LEN_MAX)
        return gw_err_set(err, GW_TOO_BIG,
                          "--state: a path of at most %d characters is needed, since sockets lie below it",
                          STATE_LEN_MAX);
    if (strcmp(o->state, OPTIONS_STATE_DEFAULT) == 0)
        (void)snprintf(o->run, sizeof(o->run), "%s", OPTIONS_RUN_DEFAULT);
    else
        (void)snprintf(o->run, sizeof(o->run), "%.*s/run", STATE_LEN_MAX, o->state);
    return own_program(o, err);
}

void options_path(char out[OPTIONS_PATH_MAX + 64], const char *dir, const char *name)
{
    (void)snprintf(out, OPTIONS_PATH_MAX + 64, "%s/%s", dir, name);
}
