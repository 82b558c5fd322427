/*
 * device_bus: the gateway's side of the message bus. Implementation: protocols/mqtt over libmosquitto (two local
 * clients, gw-log and gw-control). All calls are made by core's thread and do not block; what comes up arrives as
 * struct bus_event through the function given at start, also in core's thread, and must be posted on, not acted on.
 *
 * The registry: core sends the whole table after each BUS_UP and single changes
 * afterwards; the plugin confirms each generation with BUS_REGISTRY_AT. A gap is answered by BUS_REGISTRY_WANTED.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_time.h"

enum bus_event_kind {
    BUS_UP = 1,          /* both clients are connected and subscribed: send the registry */
    BUS_DOWN,            /* the broker is gone: presence is unknown */
    BUS_MESSAGE,         /* a device published */
    BUS_REGISTRY_AT,     /* the plugin holds this generation */
    BUS_REGISTRY_WANTED, /* it does not follow ours: send all again */
    BUS_PRESENCE,        /* one device came or went */
    BUS_PRESENCE_SYNC,   /* a full list begins: forget who is online */
    BUS_SECURITY,        /* the plugin refused or cut something */
};

enum bus_topic {
    BUS_TOPIC_LOG = 1,
    BUS_TOPIC_LINE,
    BUS_TOPIC_STATE,
    BUS_TOPIC_JOB,
};

struct bus_event {
    enum bus_event_kind kind;
    struct gw_device_id device;     /* MESSAGE, PRESENCE, SECURITY (may be zeroed) */
    enum bus_topic topic;           /* MESSAGE */
    struct gw_view payload;         /* MESSAGE: borrowed until the function returns */
    uint64_t generation;            /* REGISTRY_AT, REGISTRY_WANTED */
    bool online;                    /* PRESENCE */
    struct gw_sha256 cert_sha256;   /* PRESENCE online: which certificate connected */
    char source[DEVICE_SOURCE_MAX]; /* PRESENCE, SECURITY: address */
    char what[DEVICE_WHAT_MAX];     /* SECURITY: what was tried last, made harmless; "" when it is not known */
    char reason[96];                /* SECURITY: closed list of texts, see protocols/wire/registry.h */
    uint32_t times;                 /* SECURITY: how often since the last report of the same */
};

typedef void bus_event_fn(void *ctx, const struct bus_event *event);

struct bus_entry {
    struct gw_sha256 cert_sha256;
    struct gw_device_id id;
    struct gw_wall not_after;
    bool quarantined;
};

struct device_bus_ops {
    /* Down topic of a device: "ack", "job", "joback", "notice", "config". GW_AGAIN when the client's queue is full. */
    enum gw_rc (*publish)(void *self, const struct gw_device_id *device, const char *down, struct gw_view payload,
                          int qos, struct gw_err *err);
    /* Replaces the plugin's registry with these, as that generation. Entries are borrowed for the call. */
    enum gw_rc (*registry_all)(void *self, uint64_t generation, const struct bus_entry *entries, size_t count,
                               struct gw_err *err);
    /* Generation `generation - 1` becomes `generation`: all entries of the device are replaced by these (0 to 2; 0 ends
     * its session). A live session whose certificate is gone, or whose quarantine changed, is cut at once. */
    enum gw_rc (*registry_device)(void *self, uint64_t generation, const struct gw_device_id *device,
                                  const struct bus_entry *entries, size_t count, struct gw_err *err);
};

struct device_bus {
    const struct device_bus_ops *ops;
    void *self;
};
