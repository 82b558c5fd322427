/*
 * supervisor: the process that gatehoused is when people start it. As root it only makes directories, starts the
 * daemon, gatehouse-keyd and mosquitto under their own users, restarts what ends, and stops all of it; it opens no
 * network socket and parses nothing but the fixed words of ctl.h.
 *
 * Every child holds the read end of one pipe whose only write end is ours: when we are gone, even by SIGKILL, they end.
 */
#pragma once

#include "options.h"

/* The daemon says with this exit code that starting it again will not help (its message says why). */
#define SUPERVISOR_EXIT_HOPELESS 78 /* EX_CONFIG of sysexits.h */

/* Runs until SIGTERM, SIGINT or a hopeless child; returns the process's exit code. */
int supervisor_run(const struct options *o);
