/*
 * agent: the whole device agent: one thread, one poll(2) loop.
 *
 *     input ──► spool ──► ship ──► session ──► gateway
 *                 ▲                   │
 *                 ├── ack ◄───────────┤
 *                 └── jobs ◄──────────┘──► download, handler
 */
#pragma once

#include "agent_config.h"

/*
 * Runs until SIGTERM or SIGINT; milestones and troubles go to the log (gw_log). GW_OK after a clean stop. GW_EXISTS:
 * another agent holds the state directory. GW_INVALID: told something impossible. Everything else: start again.
 */
GW_MUST_CHECK enum gw_rc agent_run(const struct agent_config *config, struct gw_err *err);
