/* rollouts_logs: whether the journal holds what was sent and acknowledged: each number once, nothing lost or added. */
#pragma once

#include "gw_gateway.h"

/* All logs are exported and verify; the gateway runs. */
void logs_export(const struct gw_gateway *g);
/* Opens the journal of a gateway that has ended, verifies it, and compares its logs of the fleet with the fleet's
 * ledger (tests/fleet/fleet_ledger.h) and that of the agent, which has ended, with its spool. `silent` devices may have
 * something on its way for ever. */
void logs_compare(const struct gw_gateway *g, const char *ledger, size_t devices, size_t silent,
                  const struct gw_agent *agent, const char *agent_device);
