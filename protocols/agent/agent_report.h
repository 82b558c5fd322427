/*
 * agent_report: the inventory that goes out on up/state at every connect.
 *
 *     {"product","hardware","release","agent","boot","uptime_s","job_n","attributes":{name:value,…}}
 *
 * boot is the kernel's boot id, uptime_s the device's, job_n the highest job number seen, as decimal text.
 */
#pragma once

#include "agent_config.h"
#include "gw_buf.h"

GW_MUST_CHECK enum gw_rc agent_report_format(const struct agent_config *config, uint64_t job_n,
                                             struct gw_buf *ret_payload);
