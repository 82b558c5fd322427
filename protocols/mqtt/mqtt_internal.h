/*
 * mqtt_internal: the adapter's state, shared by its own files only.
 *
 *     waiting ── timer ──► connecting ── both subscribed ──► up
 *        ▲                     │ lost                         │ one of the two lost
 *        └─────────────────────┴──────────────────────────────┘  (BUS_DOWN when it was up)
 *
 * Connecting has no time-out: connect(2) to a unix socket blocks once its backlog of ten is full, so a broker that
 * hangs must not be given a new pair of connections again and again. It answers when it wakes, or hangs up when it
 * dies.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "gw_time.h"
#include "mqtt.h"
#include "mqtt_conn.h"
#include "topic.h"

enum mqtt_role {
    MQTT_LOG = 0,
    MQTT_CONTROL = 1,
};
#define MQTT_ROLES 2

enum mqtt_state {
    MQTT_WAITING = 1,
    MQTT_CONNECTING,
    MQTT_UP,
    MQTT_CLOSING,
};

/* Presence is numbered; while not listed, records are dropped until the list that was asked for begins. */
struct mqtt_presence {
    bool listed;
    uint32_t request;
    uint64_t next_number;
    struct gw_mono asked;
};

struct mqtt {
    uv_loop_t *loop;
    char *socket_path;
    char secret[MQTT_SECRET_LEN + 1];
    const struct gw_sha256_ops *sha256;
    bus_event_fn *event;
    void *ctx;
    enum mqtt_state state;
    struct mqtt_conn conns[MQTT_ROLES];
    uv_timer_t retry; /* next attempt, or settling what a publish found lost */
    uv_timer_t tick;
    unsigned handles; /* open uv handles; the memory goes with the last */
    uint64_t backoff_ms;
    struct mqtt_presence presence;
};

/* mqtt_send.c */
extern const struct device_bus_ops mqtt_bus_ops;
/* Has the loop settle a loss that was found inside a call of core. */
void mqtt_settle_soon(struct mqtt *m);

/* mqtt_events.c */
void mqtt_on_message(void *owner, struct mqtt_conn *conn, const char *topic, struct gw_view payload);
/* Asks for the full presence list, unless it did so a moment ago. */
void mqtt_presence_ask(struct mqtt *m);
/* Asks again when no list came. */
void mqtt_presence_tick(struct mqtt *m);
