/*
 * fleet: thousands of simulated devices in one process.
 *
 *     enrol threads ──eventfd──► main thread: one epoll loop, a tick of 10 ms
 *                                   │  device: session (agent_session) ◄──► log (fleet_log)
 *                                   └► figures every second; at the end, logs wait until they are acknowledged
 */
#pragma once

#include "fleet_behaviour.h"
#include "fleet_options.h"

/* Runs until --for is over or SIGTERM or SIGINT came; figures go to stderr, the report to stdout. GW_TOO_BIG: the
 * descriptor limit is too low. GW_EXISTS: another fleet uses the state directory. */
GW_MUST_CHECK enum gw_rc fleet_run(const struct fleet_options *options, const struct fleet_behaviour *behaviour,
                                   struct gw_err *err);
