/*
 * kept_port: a port that was chosen freely (the configuration says 0) is kept for later starts, so that devices and
 * people find the gateway again.
 */
#pragma once

#include <stdint.h>

#include "gw_err.h"

/* `configured` unless it is 0; then the one that the file remembers, or 0. */
uint16_t kept_port_choose(const char *path, uint16_t configured);
/* Remembers it, if it is news. */
GW_MUST_CHECK enum gw_rc kept_port_put(const char *path, uint16_t port, struct gw_err *err);
