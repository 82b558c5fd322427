#include "devtable.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

void devtable_init(struct devtable *t, size_t max_devices)
{
    *t = (struct devtable){.max_devices = max_devices, .buckets = 64};
    while (t->buckets < max_devices)
        t->buckets *= 2;
    t->by_id = gw_xalloc(t->buckets, sizeof(struct devtable_device *));
    t->by_cert = gw_xalloc(t->buckets, sizeof(struct devtable_cert *));
    gw_random(&t->seed, sizeof(t->seed));
}

void devtable_done(struct devtable *t)
{
    for (size_t i = 0; i < t->buckets; i++)
        while (t->by_id[i]) {
            struct devtable_device *device = t->by_id[i];
            t->by_id[i] = device->next;
            free(device);
        }
    free(t->by_id);
    free(t->by_cert);
    *t = (struct devtable){0};
}

/* FNV-1a from a secret start. */
static size_t bucket_of(const struct devtable *t, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ t->seed;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ (hash >> 32)) & (t->buckets - 1);
}

struct devtable_device *devtable_find(const struct devtable *t, const char *id)
{
    if (!t->buckets)
        return NULL;
    struct devtable_device *device = t->by_id[bucket_of(t, id, strlen(id))];
    while (device && strcmp(device->id.text, id) != 0)
        device = device->next;
    return device;
}

struct devtable_cert *devtable_find_cert(const struct devtable *t, const struct gw_sha256 *sha256)
{
    if (!t->buckets)
        return NULL;
    struct devtable_cert *cert = t->by_cert[bucket_of(t, sha256->bytes, GW_SHA256_LEN)];
    while (cert && !gw_sha256_eq(&cert->sha256, sha256))
        cert = cert->next;
    return cert;
}

static struct devtable_device *add_device(struct devtable *t, const struct gw_device_id *id)
{
    struct devtable_device *device = gw_xalloc(1, sizeof(*device));
    struct devtable_device **bucket = &t->by_id[bucket_of(t, id->text, strlen(id->text))];
    device->id = *id;
    device->next = *bucket;
    *bucket = device;
    t->devices++;
    return device;
}

enum gw_rc devtable_add(struct devtable *t, const struct registry_entry *entry)
{
    if (devtable_find_cert(t, &entry->cert_sha256))
        return GW_EXISTS;
    struct devtable_device *device = devtable_find(t, entry->id.text);
    if (device ? device->cert_count >= REGISTRY_DEVICE_ENTRIES : t->devices >= t->max_devices)
        return GW_TOO_BIG;
    if (!device)
        device = add_device(t, &entry->id);
    struct devtable_cert **bucket = &t->by_cert[bucket_of(t, entry->cert_sha256.bytes, GW_SHA256_LEN)];
    struct devtable_cert *cert = &device->certs[device->cert_count++];
    *cert = (struct devtable_cert){*bucket, device, entry->cert_sha256, entry->not_after, entry->quarantined};
    *bucket = cert;
    return GW_OK;
}

void devtable_clear_certs(struct devtable *t, struct devtable_device *device)
{
    for (size_t i = 0; i < device->cert_count; i++) {
        struct devtable_cert **at = &t->by_cert[bucket_of(t, device->certs[i].sha256.bytes, GW_SHA256_LEN)];
        while (*at != &device->certs[i])
            at = &(*at)->next;
        *at = device->certs[i].next;
    }
    device->cert_count = 0;
}

void devtable_remove(struct devtable *t, struct devtable_device *device)
{
    devtable_clear_certs(t, device);
    struct devtable_device **at = &t->by_id[bucket_of(t, device->id.text, strlen(device->id.text))];
    while (*at != device)
        at = &(*at)->next;
    *at = device->next;
    t->devices--;
    free(device);
}

static const struct devtable_cert *cert_of(const struct devtable_session *session, const struct devtable_device *device)
{
    for (size_t i = 0; device && i < device->cert_count; i++)
        if (gw_sha256_eq(&device->certs[i].sha256, &session->cert_sha256))
            return &device->certs[i];
    return NULL;
}

bool devtable_session_stands(const struct devtable_session *session, const struct devtable_device *device)
{
    if (!session->client)
        return device != NULL;
    const struct devtable_cert *cert = cert_of(session, device);
    return cert && cert->quarantined == session->quarantined;
}

void devtable_take_sessions(struct devtable *to, struct devtable *from)
{
    for (size_t i = 0; i < from->buckets; i++)
        for (struct devtable_device *old = from->by_id[i]; old; old = old->next) {
            struct devtable_device *device = devtable_find(to, old->id.text);
            if (!device)
                continue;
            device->bucket = old->bucket;
            const struct devtable_cert *cert = old->session.client ? cert_of(&old->session, device) : NULL;
            if (!cert)
                continue;
            device->session = old->session;
            if (cert->not_after.ms < device->session.not_after.ms)
                device->session.not_after = cert->not_after;
        }
}

void devtable_each(struct devtable *t, void (*fn)(void *ctx, struct devtable_device *device), void *ctx)
{
    for (size_t i = 0; i < t->buckets; i++)
        for (struct devtable_device *device = t->by_id[i]; device; device = device->next)
            fn(ctx, device);
}
