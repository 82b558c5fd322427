/*
 * device_config: the JSON of `dn/config`, what the gateway wishes of a device that has connected. Advice, never an
 * order: a device does of it what its own configuration and safety allow, and its log does not depend on it.
 *
 *     {"v":1,"log_level":"info","sampling_pct":100,"optout":false,"renew":"none"}
 *
 * log_level is the lowest severity that the gateway wants to have (names of event.h); sampling_pct how many of a
 * hundred events below medium; optout whether the owner of a device may switch its logs off; renew whether its
 * certificate is worth renewing: none, due (from two thirds of its life), now (a tenth is left). Members may be missing
 * and are then as above, but for v; unknown ones are ignored, so that later gateways may say more. v rises when a
 * member changes its meaning: a device that does not know it ignores the message.
 */
#pragma once

#include <stdbool.h>

#include "event.h"
#include "gw_buf.h"
#include "gw_err.h"

#define DEVICE_CONFIG_VERSION 1
#define DEVICE_CONFIG_MAX     1024 /* bytes of a payload */

enum device_renew { DEVICE_RENEW_NONE = 1, DEVICE_RENEW_DUE, DEVICE_RENEW_NOW };

struct device_config {
    enum event_sev log_level;
    unsigned sampling_pct; /* 1 to 100 */
    bool optout;
    enum device_renew renew;
};

/* Nothing is wished. */
void device_config_init(struct device_config *ret_config);
/* GW_TOO_BIG above DEVICE_CONFIG_MAX, GW_UNSUPPORTED of another version, GW_INVALID naming the member otherwise. */
GW_MUST_CHECK enum gw_rc device_config_parse(struct gw_view payload, struct device_config *ret_config,
                                             struct gw_err *err);
/* Appends the payload. */
GW_MUST_CHECK enum gw_rc device_config_format(const struct device_config *config, struct gw_buf *ret_payload);
