/*
 * gatehouse-fleet: a simulated fleet for the demo, for tests and for load. docs/fleet.md.
 *
 * Exit status: 0 when it ended as it was told to, 2 when it was told something impossible, 1 otherwise.
 */
#include <curl/curl.h>
#include <stdio.h>

#include "fleet.h"
#include "gw_log.h"

int main(int argc, char **argv)
{
    struct fleet_options options;
    struct fleet_behaviour behaviour;
    struct gw_err err = {0};
    gw_log_init("gatehouse-fleet", GW_LOG_INFO);
    enum gw_rc rc = fleet_options_parse(argc, argv, &options, &err);
    if (rc == GW_CANCELLED)
        return 0;
    if (!rc)
        rc = fleet_behaviour_load(options.behaviour, options.first, options.devices, &behaviour, &err);
    if (rc) {
        (void)fprintf(stderr, "gatehouse-fleet: %s\n", gw_err_text(&err));
        return 2;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    rc = fleet_run(&options, &behaviour, &err);
    if (rc)
        gw_log(GW_LOG_ERROR, "fleet", "%s", gw_err_text(&err));
    fleet_behaviour_done(&behaviour);
    curl_global_cleanup();
    return rc == GW_OK ? 0 : rc == GW_TOO_BIG || rc == GW_EXISTS ? 2 : 1;
}
