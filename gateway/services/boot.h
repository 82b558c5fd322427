/*
 * boot: the gateway's own start and clean stop are events of its log (`boot.start`, `boot.shutdown`). A setting stands
 * in the store while the gateway runs; a start that finds it says that what was before it was no clean stop: a kill
 * (the supervisor's, too), a fall, a loss of power, or a stop that could not be stored. A start that cannot be stored
 * is not told; what was said of the one before stays true.
 *
 * The stop is the last turn of all. The journal has ended by then: it takes the event at the next start, from the
 * outbox, ahead of that start's own.
 */
#pragma once

#include "turn.h"

/* INBOX_START. */
GW_MUST_CHECK enum gw_rc boot_start(struct turn *turn, struct gw_err *err);
/* INBOX_STOP. */
GW_MUST_CHECK enum gw_rc boot_stop(struct turn *turn, struct gw_err *err);
