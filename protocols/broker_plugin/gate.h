/*
 * gate: who may connect. Devices by their certificate's digest, the daemon's two sessions by the secret of this start.
 */
#pragma once

#include "plugin.h"

/* A CONNECT, or the broker's re-check of a known client after SIGHUP. Returns MOSQ_ERR_SUCCESS or MOSQ_ERR_AUTH. */
int gate_check(struct plugin *p, struct mosquitto *client, const char *password);
