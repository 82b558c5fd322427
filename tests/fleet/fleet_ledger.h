/*
 * fleet_ledger: what each device sent and what it was acknowledged, as lines of a file that outlives a kill. Whoever
 * holds it against a gateway's journal knows whether something is missing, altered, or there though nobody sent it.
 *
 *     <device> <epoch, 16 hex> sent <next> <root, 64 hex>     before a batch goes out: events below next, and their
 * tree <device> <epoch, 16 hex> acked <next> -                 behind an acknowledgement
 *
 * The root is "-" for a device that keeps no tree. A batch that is sent again is not told again. Not flushed: it
 * survives the end of the process, not a power cut.
 */
#pragma once

#include "fleet_log.h"
#include "gw_id.h"

/* Opens the file to append to it; path NULL: no ledger, *ret_fd is -1. */
GW_MUST_CHECK enum gw_rc fleet_ledger_open(const char *path, int *ret_fd, struct gw_err *err);
/* fd -1: nothing is written. GW_IO, GW_NO_SPACE: the line is not there, so the batch must not go out. */
GW_MUST_CHECK enum gw_rc fleet_ledger_sent(int fd, const struct gw_device_id *id, const struct fleet_log *log,
                                           const struct fleet_batch *batch, struct gw_err *err);
GW_MUST_CHECK enum gw_rc fleet_ledger_acked(int fd, const struct gw_device_id *id, const struct fleet_log *log,
                                            struct gw_err *err);
