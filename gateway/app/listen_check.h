/*
 * listen_check: can this machine listen at an address at all? Asked while the configuration is read, so that the answer
 * names file, line and key; otherwise a start would fail half-way, and again and again.
 */
#pragma once

#include "config.h"

/* Binds for a moment. A port that is taken is no matter here (our own broker may hold it): who binds for good tells.
 * GW_AGAIN for an address that this machine does not have now: a network may come later. Else GW_INVALID. The reason is
 * in err, and *ret_key names what is to be changed: "address" or "port"; static storage. */
GW_MUST_CHECK enum gw_rc listen_check(const struct config_listener *at, const char **ret_key, struct gw_err *err);
