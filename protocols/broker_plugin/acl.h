/*
 * acl: what a session may publish, subscribe to and receive.
 */
#pragma once

#include "plugin.h"

/* Returns MOSQ_ERR_SUCCESS, MOSQ_ERR_ACL_DENIED, or another error, at which the broker cuts the session. */
int acl_check(struct plugin *p, const struct mosquitto_evt_acl_check *check);
