/*
 * daemon: the process that does the work, started by the supervisor. The order of its init list is the order of its
 * dependencies; it ends in the reverse order.
 */
#pragma once

#include "options.h"

/* Runs until SIGTERM or the supervisor's end. 0 after a clean stop; SUPERVISOR_EXIT_HOPELESS when starting again will
 * not help; 1 otherwise. */
int daemon_run(const struct options *o);
