#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gw_opt.h"
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

const char *options_help(void)
{
    return "usage: gatehoused --config FILE [OPTIONS]\n"
           "Runs the gateway until SIGTERM: starts, watches and stops the broker, the key daemon and itself.\n"
           "  --config FILE    the configuration; docs/configuration.md describes every key\n"
           "  --state DIR      where it keeps its state (" OPTIONS_STATE_DEFAULT ")\n"
           "  --check-config   say whether the configuration is right, and do nothing else\n"
           "  --print-config   print a configuration with every key at its default, and do nothing else\n"
           "  --pass-env NAME  give children this variable of the environment too; may be repeated\n"
           "  --version, --help\n"
           "Exit status: 0 stopped when told to, 1 failed and may be started again, 64 wrong usage,\n"
           "78 cannot work before a person has changed something (the last line says what).\n";
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

enum {
    OPT_CONFIG = GW_OPT_LONG,
    OPT_STATE,
    OPT_PASS_ENV,
    OPT_CHECK_CONFIG,
    OPT_PRINT_CONFIG,
    OPT_AS_DAEMON,
    OPT_VERSION,
    OPT_HELP,
};

static enum gw_rc take_option(struct options *o, int option, char *const argv[], struct gw_err *err)
{
    switch (option) {
    case OPT_CONFIG:
        return absolute(optarg, o->config, err);
    case OPT_STATE:
        return absolute(optarg, o->state, err);
    case OPT_PASS_ENV:
        return take_pass(o, optarg, err);
    case OPT_CHECK_CONFIG:
        o->check_config = true;
        return GW_OK;
    case OPT_PRINT_CONFIG:
        o->print_config = true;
        return GW_OK;
    case OPT_AS_DAEMON:
        o->daemon = true;
        return GW_OK;
    case OPT_VERSION:
        o->version = true;
        return GW_OK;
    case OPT_HELP:
        o->help = true;
        return GW_OK;
    default: /* of getopt's numbers: its own '?' and ':' */
        return gw_opt_refused(option, argv, "gatehoused", err);
    }
}

static enum gw_rc read_words(struct options *o, int argc, char **argv, struct gw_err *err)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, OPT_CONFIG},
        {"state", required_argument, NULL, OPT_STATE},
        {"pass-env", required_argument, NULL, OPT_PASS_ENV},
        {"check-config", no_argument, NULL, OPT_CHECK_CONFIG},
        {"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
        {"as-daemon", no_argument, NULL, OPT_AS_DAEMON},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    enum gw_rc rc = GW_OK;
    optind = 0;
    opterr = 0;
    for (int c; !rc && (c = getopt_long(argc, argv, ":", options, NULL)) != -1;)
        rc = take_option(o, c, argv, err);
    if (!rc && optind != argc)
        return gw_err_set(err, GW_INVALID, "%s is no option; see `gatehoused --help`", argv[optind]);
    return rc;
}

enum gw_rc options_parse(struct options *o, int argc, char **argv, struct gw_err *err)
{
    *o = (struct options){.state = OPTIONS_STATE_DEFAULT};
    enum gw_rc rc = read_words(o, argc, argv, err);
    if (rc)
        return rc;
    if (!o->config[0] && !o->version && !o->print_config && !o->help)
        return gw_err_set(err, GW_INVALID, "--config FILE is missing; see `gatehoused --help`");
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
