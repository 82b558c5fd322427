/*
 * world: a real broker with the real plugin, the real bus adapter on a uv loop, and devices that are libmosquitto
 * clients, all turned by one thread: world_step() waits for whichever has something to do.
 */
#pragma once

#include <mosquitto.h>
#include <stdbool.h>
#include <uv.h>

#include "device_bus.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "mqtt.h"
#include "registry.h"
#include "test_pki.h"

#define WORLD_DEVICES  8
#define WORLD_EVENTS   4096
#define WORLD_LIMIT_MS 20000

struct world_device {
    struct mosquitto *client; /* NULL: unused */
    bool over;                /* the connection has ended or never came to be */
    bool connected;           /* CONNACK 0 came */
    int connack;              /* -1 until it came */
    int granted;              /* of the last SUBSCRIBE; -1 until it came */
    int acknowledged;         /* PUBACKs, and QoS 0 messages written */
    int messages;
    char topic[128]; /* of the last message */
    char payload[256];
    int payload_len;
};

struct world_online {
    struct gw_device_id id;
    bool online;
    struct gw_sha256 cert_sha256;
    char source[DEVICE_SOURCE_MAX];
};

struct world {
    char dir[128];
    char socket[160];
    char secret[MQTT_SECRET_LEN + 1];
    uint16_t port;
    struct gw_proc broker;
    int lifeline; /* write end */
    bool tickets; /* start the broker without our OpenSSL configuration */
    uint32_t rate_messages;
    struct test_pki pki;
    struct test_cert server;

    uv_loop_t loop;
    struct mqtt *mqtt;
    struct device_bus bus;
    size_t counts[16]; /* events by kind */
    uint64_t at;       /* generation of the last REGISTRY_AT */
    uint64_t wanted;   /* of the last REGISTRY_WANTED */
    struct world_online seen[64];
    size_t seen_count;
    struct bus_event security[64];
    size_t security_count;
    struct bus_event last_message; /* payload is not valid */
    char last_payload[256];
    struct world_device devices[WORLD_DEVICES];
};

/* Makes the PKI and starts the broker; the bus is started by world_bus(). */
void world_init(struct world *w);
void world_done(struct world *w);
void world_broker_start(struct world *w);
/* Starts the adapter and awaits BUS_UP. */
void world_bus(struct world *w);
void world_bus_stop(struct world *w);
/* One turn: waits at most some milliseconds for any of the parts. */
void world_step(struct world *w);

/* True as soon as the condition holds; false when it does not within the limit. */
#define WORLD_AWAIT(w, condition)                                                                                      \
    ({                                                                                                                 \
        int64_t world_until_ = gw_mono_now().ms + WORLD_LIMIT_MS;                                                      \
        while (!(condition) && gw_mono_now().ms < world_until_)                                                        \
            world_step(w);                                                                                             \
        !!(condition);                                                                                                 \
    })

/* Sends a whole registry and awaits its confirmation. */
void world_registry(struct world *w, uint64_t generation, const struct bus_entry *entries, size_t count);
/* Sends one device's entries and awaits the confirmation. */
void world_change(struct world *w, uint64_t generation, const char *id, const struct bus_entry *entries, size_t count);
struct bus_entry world_entry(const char *id, const struct test_cert *cert);
/* Online by the presence events; for unknown devices false. */
bool world_is_online(const struct world *w, const char *id);
const struct world_online *world_seen(const struct world *w, const char *id);
/* The last report of this reason, or NULL. id may be NULL: any. */
const struct bus_event *world_security(const struct world *w, enum registry_reason reason, const char *id);

enum {
    WORLD_PERSISTENT = 1, /* clean session false */
    WORLD_V5 = 2,
    WORLD_WILL = 4, /* on up/line, QoS 1, not retained */
};
/* A device begins to connect over TLS. */
struct world_device *world_device(struct world *w, const char *client_id, const struct test_cert *cert, int flags);
/* The same with the outcome awaited: returns the CONNACK code, or -1 when there was none. */
int world_connect(struct world *w, const char *client_id, const struct test_cert *cert, int flags,
                  struct world_device **ret_device);
/* A client on the unix socket. Returns the CONNACK code, or -1. */
int world_local(struct world *w, const char *client_id, const char *user, const char *password);
void world_device_close(struct world_device *device);
/* Subscribes; returns the granted QoS or 128. */
int world_subscribe(struct world *w, struct world_device *device, const char *filter);
/* Publishes and, when the connection stays, awaits that it is written or acknowledged. */
void world_publish(struct world *w, struct world_device *device, const char *topic, const char *payload, int qos,
                   bool retain);
