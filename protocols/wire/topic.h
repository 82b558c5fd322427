/*
 * topic: the names on the message bus, parsed and formatted in one place.
 *
 *     gw/v1/<device>/up/{log,line,state,job}              device to gateway
 *     gw/v1/<device>/dn/{ack,job,joback,notice,config}    gateway to device
 *     gw/v1/gateway/{registry,presence}                   the broker's plugin to the daemon; "gateway" is no device id
 *
 * Pure; no function keeps what it is given.
 */
#pragma once

#include <stdbool.h>

#include "gw_id.h"
#include "gw_rc.h"
#include "gw_view.h"

enum topic_kind {
    TOPIC_UP_LOG = 1,
    TOPIC_UP_LINE,
    TOPIC_UP_STATE,
    TOPIC_UP_JOB,
    TOPIC_DN_ACK,
    TOPIC_DN_JOB,
    TOPIC_DN_JOBACK,
    TOPIC_DN_NOTICE,
    TOPIC_DN_CONFIG,
    TOPIC_GATEWAY_REGISTRY, /* confirmations and wishes of the plugin */
    TOPIC_GATEWAY_PRESENCE, /* presence and security reports of the plugin */
};

/* "gw/v1/" + id + "/dn/joback", with the terminator. */
#define TOPIC_TEXT_MAX (6 + GW_DEVICE_ID_MAX + 10 + 1)

/* What the daemon's two clients subscribe to. */
#define TOPIC_FILTER_UP_LOG   "gw/v1/+/up/log"
#define TOPIC_FILTER_UP_LINE  "gw/v1/+/up/line"
#define TOPIC_FILTER_UP_STATE "gw/v1/+/up/state"
#define TOPIC_FILTER_UP_JOB   "gw/v1/+/up/job"
/* Where the daemon writes the registry (wire/registry.h). */
#define TOPIC_CONTROL "$CONTROL/gatehouse/v1"

struct topic {
    enum topic_kind kind;
    struct gw_device_id device; /* zeroed for the gateway's own names */
};

/* GW_INVALID for everything that is not exactly one of the names above (wildcards included). */
GW_MUST_CHECK enum gw_rc topic_parse(struct gw_view text, struct topic *ret_topic);
/* Terminated text. GW_INVALID when the kind is none of the enum. */
GW_MUST_CHECK enum gw_rc topic_format(const struct topic *topic, char ret_text[TOPIC_TEXT_MAX]);
/* The last word of a down topic: "ack", "job", "joback", "notice", "config". */
GW_MUST_CHECK enum gw_rc topic_down_parse(const char *word, enum topic_kind *ret_kind);

/* Sent by devices; to devices. Neither of the gateway's own topics is. */
bool topic_is_up(enum topic_kind kind);
bool topic_is_down(enum topic_kind kind);

/* Whether a subscription filter stays within the device's own dn/: one of its names, or "+" or "#" in that last place.
 * Any other wildcard, $share and $SYS are outside. */
bool topic_filter_is_own_down(struct gw_view filter, const struct gw_device_id *device);
