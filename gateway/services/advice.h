/*
 * advice: dn/config, what a device is told of the gateway's wishes each time it has said how it is (up/state, its first
 * word on each connection). Made anew each time, kept nowhere: one that is lost is told at the next connection.
 *
 * Thread: core's.
 */
#pragma once

#include "session.h"

/* OUT_CONFIG, after COMMIT: sends it over the session's bus; not while the broker is away, nor more than
 * SESSION_JOBS_MAX times a second. */
void advice_send(struct session *s, const struct store *store, const struct gw_device_id *device, struct gw_wall now);
