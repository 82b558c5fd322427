/*
 * mqtt: the message bus over mosquitto; implements ports/device_bus.h with two local clients on core's uv loop.
 *
 *     gw-log       up/log and up/line: a flood of logs displaces nothing else
 *     gw-control   up/state, up/job, the plugin's reports; writes dn/ and the registry
 *
 * MQTT 3.1.1, clean sessions, QoS 1 subscriptions, over the broker's unix socket. Both clients live and die together:
 * BUS_UP when both are subscribed; when either is lost, BUS_DOWN, both are made anew, after 50 ms and at most 2 s. The
 * full presence list is asked for after each BUS_UP and whenever a number is missing.
 *
 * All functions belong to the thread of the loop; the event function is called there too and may publish, but may not
 * call mqtt_free(). The process ignores SIGPIPE.
 */
#pragma once

#include <uv.h>

#include "device_bus.h"
#include "gw_err.h"
#include "gw_hash.h"

#define MQTT_SECRET_LEN       64    /* hex characters */
#define MQTT_PAYLOAD_MAX      65536 /* bytes of one down message */
#define MQTT_BACKOFF_MIN_MS   50
#define MQTT_BACKOFF_MAX_MS   2000
#define MQTT_KEEPALIVE_S      10 /* a broker that hangs is given up after two of these */
#define MQTT_TICK_MS          1000
#define MQTT_LIST_RETRY_MS    2000
#define MQTT_DOWN_MESSAGES    1500               /* unsent or unacknowledged before publish says GW_AGAIN */
#define MQTT_DOWN_BYTES       (16 * 1024 * 1024) /* the same in payload bytes */
#define MQTT_PENDING_MESSAGES 3000               /* with the registry, which may use what publish leaves */
#define MQTT_PENDING_BYTES    (80 * 1024 * 1024)

struct mqtt;

struct mqtt_config {
    uv_loop_t *loop;         /* borrowed until mqtt_free() has finished */
    const char *socket_path; /* copied */
    const char *secret;      /* MQTT_SECRET_LEN hex characters; copied, wiped at the end */
    const struct gw_sha256_ops *sha256;
    bus_event_fn *event;
    void *ctx;
};

/* Starts connecting as soon as the loop runs. GW_INVALID for a path or secret of the wrong shape. */
GW_MUST_CHECK enum gw_rc mqtt_new(const struct mqtt_config *config, struct mqtt **ret_mqtt, struct gw_err *err);
/* The port; valid until mqtt_free(). Its calls return GW_AGAIN while the bus is down or the queue is full, GW_INVALID
 * for a topic, QoS or entry outside its grammar, GW_TOO_BIG above a ceiling. */
struct device_bus mqtt_bus(struct mqtt *mqtt);
/* No event comes after this call. The memory goes when the loop has run its close callbacks; accepts NULL. */
void mqtt_free(struct mqtt *mqtt);
