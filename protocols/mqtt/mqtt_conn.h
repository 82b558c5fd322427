/*
 * mqtt_conn: one libmosquitto client whose socket is watched by a uv_poll. Made anew for every attempt, so that nothing
 * that waited in an old one is sent to a new broker.
 *
 * libmosquitto's callbacks only leave marks here; what follows from them is done by the owner after each call returns
 * (`changed`), when no library function is on the stack.
 */
#pragma once

#include <mosquitto.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "gw_view.h"

#define MQTT_CONN_FILTERS 3 /* at most; the first two are there */

struct mqtt_conn;

struct mqtt_conn_ops {
    void (*message)(void *owner, struct mqtt_conn *conn, const char *topic, struct gw_view payload);
    void (*changed)(void *owner);     /* look at subscribed and lost; may close the connection */
    void (*handle_gone)(void *owner); /* one uv handle of this owner has closed */
};

struct mqtt_conn {
    /* set by the owner before the first open */
    const char *client_id;
    const char *filters[MQTT_CONN_FILTERS]; /* NULL: one less */
    const struct mqtt_conn_ops *ops;
    void *owner;
    /* state */
    struct mosquitto *client; /* NULL when closed */
    uv_poll_t *poll;          /* heap, outlives the client until its close callback */
    bool subscribed;
    bool lost;
    size_t pending_messages; /* sent to the library, not yet acknowledged (QoS 1) or written (QoS 0) */
    size_t pending_bytes;
    uint16_t early_mid;      /* done before mosquitto_publish() returned */
    uint32_t *pending_sizes; /* by message id, plus one; owned */
};

/* Begins to connect; false when that fails at once (then it is closed). */
bool mqtt_conn_open(struct mqtt_conn *conn, uv_loop_t *loop, const char *socket_path, const char *secret);
/* Forgets the client; the uv handle, if there was one, calls handle_gone later. */
void mqtt_conn_close(struct mqtt_conn *conn);
/* Publishes; false when the connection is lost (marked, the owner settles it later). */
bool mqtt_conn_publish(struct mqtt_conn *conn, const char *topic, struct gw_view payload, int qos);
/* Keep-alive; call about once a second. */
void mqtt_conn_tick(struct mqtt_conn *conn);
void mqtt_conn_done(struct mqtt_conn *conn);
