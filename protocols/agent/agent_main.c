/*
 * gatehouse-agent --config FILE [--state DIR]
 *
 * Exit status: 0 after SIGTERM or SIGINT, 2 when it was told something impossible, 1 when it cannot go on and a
 * supervisor should start it again.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "agent_config.h"
#include "gw_log.h"

#define EXIT_USAGE 2

static int usage(FILE *out, int code)
{
    (void)fputs("usage: gatehouse-agent --config FILE [--state DIR]\n"
                "Enrols this device with its Gatehouse gateway, keeps the session and ships its log.\n"
                "  --config FILE   what to do; every key is described in docs/agent.md\n"
                "  --state DIR     instead of state.dir of the file\n"
                "  --version, --help\n",
                out);
    return code;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"state", required_argument, NULL, 's'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *config_path = NULL, *state_dir = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'c')
            config_path = optarg;
        else if (c == 's')
            state_dir = optarg;
        else if (c == 'v')
            return printf("gatehouse-agent %s\n", GATEHOUSE_VERSION) < 0;
        else
            return c == 'h' ? usage(stdout, 0) : usage(stderr, EXIT_USAGE);
    }
    if (!config_path || optind != argc)
        return usage(stderr, EXIT_USAGE);
    struct agent_config config;
    struct gw_err err = {0};
    gw_log_init("gatehouse-agent", GW_LOG_INFO);
    if (agent_config_load(config_path, &config, &err)) {
        gw_log(GW_LOG_ERROR, "config", "%s", gw_err_text(&err));
        return EXIT_USAGE;
    }
    if (state_dir && strlen(state_dir) > AGENT_PATH_MAX - 64) {
        gw_log(GW_LOG_ERROR, "config", "--state: the path is too long");
        return EXIT_USAGE;
    }
    if (state_dir)
        (void)snprintf(config.state_dir, sizeof(config.state_dir), "%s", state_dir);
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
