/*
 * devtable: the registry in memory: devices by id, their certificates by digest, and each device's session.
 *
 * Chained hash tables of a size fixed at birth; the devices are owned by the table and stay where they are until they
 * are removed. Two tables exist while a whole registry is loaded; devtable_take_sessions() moves what lives over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flood.h"
#include "gw_hash.h"
#include "gw_id.h"
#include "gw_time.h"
#include "registry.h"

struct mosquitto;
struct devtable_device;

struct devtable_cert {
    struct devtable_cert *next; /* in its bucket */
    struct devtable_device *owner;
    struct gw_sha256 sha256;
    struct gw_wall not_after;
    bool quarantined;
};

/* Who is connected; client NULL means nobody. */
struct devtable_session {
    const struct mosquitto *client; /* compared, never followed */
    struct gw_sha256 cert_sha256;
    struct gw_wall not_after; /* the earlier of the registry's and the certificate's own */
    bool quarantined;
    char source[DEVICE_SOURCE_MAX];
};

struct devtable_device {
    struct devtable_device *next; /* in its bucket */
    struct gw_device_id id;
    size_t cert_count;
    struct devtable_cert certs[REGISTRY_DEVICE_ENTRIES];
    struct devtable_session session;
    struct flood_bucket bucket; /* outlives the session: reconnecting refills nothing */
};

struct devtable {
    struct devtable_device **by_id;
    struct devtable_cert **by_cert;
    size_t buckets; /* of each, a power of two */
    size_t max_devices;
    size_t devices;
    uint64_t seed; /* random, so that nobody can choose ids that share a bucket */
};

void devtable_init(struct devtable *t, size_t max_devices);
void devtable_done(struct devtable *t); /* accepts a zeroed table */

struct devtable_device *devtable_find(const struct devtable *t, const char *id);
struct devtable_cert *devtable_find_cert(const struct devtable *t, const struct gw_sha256 *sha256);

/* GW_TOO_BIG above the table's devices or a device's certificates, GW_EXISTS when the digest is there already. */
GW_MUST_CHECK enum gw_rc devtable_add(struct devtable *t, const struct registry_entry *entry);
/* Forgets the device's certificates, keeps the device. */
void devtable_clear_certs(struct devtable *t, struct devtable_device *device);
/* Forgets the device and all of it. */
void devtable_remove(struct devtable *t, struct devtable_device *device);

/* Whether the device's session may go on as it is: its certificate is listed with the same quarantine. True without a
 * session; false for a device that is NULL. */
bool devtable_session_stands(const struct devtable_session *session, const struct devtable_device *device);
/* Moves sessions and buckets of `from` to the same devices of `to`; takes the shorter end of each certificate. */
void devtable_take_sessions(struct devtable *to, struct devtable *from);

/* Calls fn for every device, which may change sessions but neither add nor remove. */
void devtable_each(struct devtable *t, void (*fn)(void *ctx, struct devtable_device *device), void *ctx);
