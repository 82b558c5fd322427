/*
 * log_start: the event that opens a device's log: event 0 of an epoch.
 *
 *     {"cls":"log.start","reason":"new|spool_lost|diverged|gateway_went_back","prev_epoch","prev_next","prev_checkpoint"}
 */
#pragma once

#include <stdbool.h>

#include "gw_view.h"

/* Is it one? Other members are evidence, kept and not looked at here. */
bool log_start_check(struct gw_view event);
