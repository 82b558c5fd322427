#include <stdio.h>

#include "config.h"
#include "daemon.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "options.h"
#include "supervisor.h"

static int check_config(const struct options *o)
{
    struct config config;
    struct gw_err err = {0};
    if (config_load(o->config, &config, &err)) {
        (void)fprintf(stderr, "gatehoused: %s\n", gw_err_text(&err));
        return SUPERVISOR_EXIT_HOPELESS;
    }
    (void)printf("%s: ok\n", o->config);
    return 0;
}

static int print_config(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 65536);
    if (config_describe(&text))
        return 1;
    (void)fputs(gw_buf_str(&text), stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o;
    struct gw_err err = {0};
    if (options_parse(&o, argc, argv, &err)) {
        (void)fprintf(stderr, "gatehoused: %s\n", gw_err_text(&err));
        return 64; /* EX_USAGE of sysexits.h */
    }
    if (o.help)
        return fputs(options_help(), stdout) < 0;
    if (o.version) {
        (void)puts("gatehoused " GATEHOUSE_VERSION);
        return 0;
    }
    if (o.print_config)
        return print_config();
    if (o.check_config)
        return check_config(&o);
    gw_log_init("gatehoused", GW_LOG_INFO);
    return o.daemon ? daemon_run(&o) : supervisor_run(&o);
}
