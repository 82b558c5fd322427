/*
 * broker_line: what the broker itself cut, read from the line that it writes about it.
 *
 * mosquitto 2.0.11 ends a session for a packet above max_packet_size, or one that breaks MQTT's grammar, before any
 * event of a plugin is told why: DISCONNECT comes with a reason that is always -1. The cause stands in its log alone,
 * which it also publishes on $SYS/broker/log/N for whoever subscribes (`log_dest topic`):
 *
 *     2026-01-31T12:00:00: Client <id> disconnected due to oversize packet.
 *
 * The whole line must fit, and the id must be a device's: a client id that somebody made up, in a line of another kind,
 * has no device id's grammar or another end. Pure; keeps nothing.
 */
#pragma once

#include "gw_id.h"
#include "gw_rc.h"
#include "gw_view.h"

/* Notices of the broker, one a message; subscribed to by gw-control, read and held back by the plugin. */
#define TOPIC_BROKER_NOTICES "$SYS/broker/log/N"
/* In front of each line, then ": ". */
#define BROKER_LINE_TIME     "%Y-%m-%dT%H:%M:%S"
#define BROKER_LINE_TIME_LEN 19

enum broker_cut {
    BROKER_CUT_OVERSIZE = 1, /* a packet above max_packet_size */
    BROKER_CUT_BROKEN,       /* no MQTT packet, or one that may not come now */
};

struct broker_line {
    enum broker_cut cut;
    struct gw_device_id device;
};

/* GW_INVALID for every other line, however it reads. */
GW_MUST_CHECK enum gw_rc broker_line_parse(struct gw_view line, struct broker_line *ret_line);
