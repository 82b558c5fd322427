/*
 * supervisor_internal: what the files of the supervisor share: supervisor.c (watching, words, the loop) and
 * supervisor_start.c (starting each child). Not for others.
 */
#pragma once

#include "child.h"
#include "ctl.h"
#include "options.h"
#include "places.h"

struct supervisor {
    const struct options *o;
    struct places places;
    struct child_env env;
    struct child daemon, keyd, broker;
    bool broker_wanted;
    bool stopping;
    int exit_code;
    struct gw_mono stop_deadline;
    int signal_fd;
    int lifeline[2];
    int keyd_pair[2];   /* [0] the daemon's end, [1] keyd's; both stay with us, so either may be started again */
    int broker_talk[2]; /* a pipe: [0] the daemon reads, [1] mosquitto's stderr; both stay with us, and we read nothing
                         */
    int ctl_pair[2];    /* [0] ours, [1] the daemon's; new with every daemon */
    char secret[CTL_BROKER_SECRET_CHARS + 1];
};

/* Says it, when there is a daemon to hear it. */
void supervisor_tell_daemon(struct supervisor *s, enum ctl_kind kind, int32_t value);

/* supervisor_start.c: each sets the child's pid. Errors of the system; none means that the program runs. */
GW_MUST_CHECK enum gw_rc supervisor_start_keyd(struct supervisor *s, struct gw_err *err);
/* With a control socket that is new; tells it of a broker that runs already. */
GW_MUST_CHECK enum gw_rc supervisor_start_daemon(struct supervisor *s, struct gw_err *err);
/* Tells the daemon. */
GW_MUST_CHECK enum gw_rc supervisor_start_broker(struct supervisor *s, struct gw_err *err);
