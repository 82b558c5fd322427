/*
 * gatehouse-agent --config FILE [--state DIR]
 *
 * Exit status: 0 after SIGTERM or SIGINT, 2 when it was told something impossible, 1 when it cannot go on and a
 * supervisor should start it again.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "agent_config.h"
#include "gw_log.h"
#include "gw_opt.h"

#define EXIT_USAGE 2

static const char help[] =
    "usage: gatehouse-agent --config FILE [--state DIR]\n"
    "Enrols this device with its Gatehouse gateway, keeps the session and ships its log.\n"
    "  --config FILE   what to do; every key is described in docs/agent.md\n"
    "  --state DIR     instead of state.dir of the file\n"
    "  --version, --help\n"
    "Exit status: 0 stopped when told to, 1 failed and may be started again, 2 was told something\n"
    "impossible (the last line says what).\n";

struct words {
    const char *config, *state;
    bool version, help;
};

static enum gw_rc read_words(int argc, char **argv, struct words *w, struct gw_err *err)
{
    enum { OPT_CONFIG = GW_OPT_LONG, OPT_STATE, OPT_VERSION, OPT_HELP };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPT_CONFIG},
        {"state", required_argument, NULL, OPT_STATE},
        {"version", no_argument, NULL, OPT_VERSION},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (c == OPT_CONFIG)
            w->config = optarg;
        else if (c == OPT_STATE)
            w->state = optarg;
        else if (c == OPT_VERSION)
            w->version = true;
        else if (c == OPT_HELP)
            w->help = true;
        else
            return gw_opt_refused(c, argv, "gatehouse-agent", err);
    }
    if (optind != argc)
        return gw_err_set(err, GW_INVALID, "%s is no option; see `gatehouse-agent --help`", argv[optind]);
    if (!w->config && !w->version && !w->help)
        return gw_err_set(err, GW_INVALID, "--config FILE is missing; see `gatehouse-agent --help`");
    if (w->state && strlen(w->state) > AGENT_PATH_MAX - 64)
        return gw_err_set(err, GW_TOO_BIG, "--state: the path is too long");
    return GW_OK;
}

/* Until it is told to stop. */
static int run(const struct words *w)
{
    struct agent_config config;
    struct gw_err err = {0};
    gw_log_init("gatehouse-agent", GW_LOG_INFO);
    if (agent_config_load(w->config, &config, &err)) {
        gw_log(GW_LOG_ERROR, "config", "%s", gw_err_text(&err));
        return EXIT_USAGE;
    }
    if (w->state)
        (void)snprintf(config.state_dir, sizeof(config.state_dir), "%s", w->state);
    if (config.debug)
        gw_log_init("gatehouse-agent", GW_LOG_DEBUG);
    switch (agent_run(&config, &err)) {
    case GW_OK:
        return 0;
    case GW_INVALID:
    case GW_EXISTS:
        gw_log(GW_LOG_ERROR, "agent", "%s", gw_err_text(&err));
        return EXIT_USAGE;
    case GW_AGAIN:
    case GW_NOT_FOUND:
    case GW_CONFLICT:
    case GW_TOO_BIG:
    case GW_DENIED:
    case GW_CORRUPT:
    case GW_NO_SPACE:
    case GW_IO:
    case GW_TIMEOUT:
    case GW_CANCELLED:
    case GW_UNSUPPORTED:
    case GW_NO_MEMORY:
        break;
    }
    gw_log(GW_LOG_ERROR, "agent", "%s", gw_err_text(&err));
    return 1;
}

int main(int argc, char **argv)
{
    struct words words = {.config = NULL};
    struct gw_err err = {0};
    if (read_words(argc, argv, &words, &err)) {
        (void)fprintf(stderr, "gatehouse-agent: %s\n", gw_err_text(&err));
        return EXIT_USAGE;
    }
    if (words.help)
        return fputs(help, stdout) < 0;
    if (words.version)
        return printf("gatehouse-agent %s\n", GATEHOUSE_VERSION) < 0;
    return run(&words);
}
