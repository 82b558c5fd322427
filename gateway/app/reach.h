/*
 * reach: can the gateway's users get at what they are to run and read? Asked before anything is started: programs or a
 * state directory below a directory that is closed to others (/root, a private home) would only show as children that
 * cannot start, again and again.
 */
#pragma once

#include "options.h"
#include "places.h"

#define REACH_MOSQUITTO "/usr/sbin/mosquitto"

/* GW_NOT_FOUND (a program is missing), GW_DENIED (it is closed to its user), with what to do. Forks; no other child may
 * be running. */
GW_MUST_CHECK enum gw_rc reach_check(const struct places *p, const struct options *o, struct gw_err *err);
