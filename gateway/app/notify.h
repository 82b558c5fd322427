/*
 * notify: what the supervisor tells the service manager that started it (sd_notify(3)): a datagram to the socket that
 * NOTIFY_SOCKET names, a path or, with a leading '@', a name of Linux's abstract ones. Where nobody asked there is no
 * such variable, and nothing is told.
 */
#pragma once

#include "gw_err.h"

/* `words`: "READY=1", "STOPPING=1". */
GW_MUST_CHECK enum gw_rc notify_manager(const char *words, struct gw_err *err);
