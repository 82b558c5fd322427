/*
 * core_internal: the parts of the core loop; shared by its files only, all in core's thread.
 *
 *     core_loop.c   messages in batches, a transaction each
 *     core_turn.c   which service takes which message
 *     core_out.c    what leaves after COMMIT
 */
#pragma once

#include "core_loop.h"

/* One message inside the open transaction. */
GW_MUST_CHECK enum gw_rc core_turn(struct core *core, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);

/* Everything that a committed turn noted, in its order; the turn is empty then. */
void core_let_out(struct core *core, struct turn *turn);
/* Answers that it cannot be done now. rc: GW_NO_SPACE is told as it is, everything else as GW_AGAIN with `why`. */
void core_refuse(struct core *core, struct asker asker, enum gw_rc rc, const char *why);
