/* What core sends: down messages, and the registry to the broker's plugin. */
#include <string.h>

#include "gw_cleanup.h"
#include "mqtt_internal.h"
#include "registry.h"

/* Room in a chunk for the entries, beside magic, type, generation and count. */
#define CHUNK_BYTES (REGISTRY_MESSAGE_MAX - 64)

static enum gw_rc send_message(struct mqtt *m, const char *topic, struct gw_view payload, int qos, struct gw_err *err)
{
    if (mqtt_conn_publish(&m->conns[MQTT_CONTROL], topic, payload, qos))
        return GW_OK;
    mqtt_settle_soon(m);
    return gw_err_set(err, GW_AGAIN, "bus: the broker is gone");
}

static enum gw_rc check_room(const struct mqtt *m, size_t messages, size_t bytes, bool registry, struct gw_err *err)
{
    const struct mqtt_conn *conn = &m->conns[MQTT_CONTROL];
    size_t max_messages = registry ? MQTT_PENDING_MESSAGES : MQTT_DOWN_MESSAGES;
    size_t max_bytes = registry ? MQTT_PENDING_BYTES : MQTT_DOWN_BYTES;
    if (m->state != MQTT_UP)
        return gw_err_set(err, GW_AGAIN, "bus: the broker is not connected");
    if (conn->pending_messages + messages > max_messages || conn->pending_bytes + bytes > max_bytes)
        return gw_err_set(err, GW_AGAIN, "bus: the queue to the broker is full");
    return GW_OK;
}

static enum gw_rc bus_publish(void *self, const struct gw_device_id *device, const char *down, struct gw_view payload,
                              int qos, struct gw_err *err)
{
    struct mqtt *m = self;
    struct topic topic = {.device = *device};
    char name[TOPIC_TEXT_MAX];
    if (topic_down_parse(down, &topic.kind) || qos < 0 || qos > 1 || topic_format(&topic, name))
        return gw_err_set(err, GW_INVALID, "bus: no down topic, or a QoS above 1");
    if (gw_device_id_parse(gw_view_str(device->text), &topic.device))
        return gw_err_set(err, GW_INVALID, "bus: not a device id");
    if (payload.len > MQTT_PAYLOAD_MAX)
        return gw_err_set(err, GW_TOO_BIG, "bus: a down message of %zu bytes", payload.len);
    enum gw_rc rc = check_room(m, 1, payload.len, false, err);
    return rc ? rc : send_message(m, name, payload, qos, err);
}

static enum gw_rc send_control(struct mqtt *m, const struct registry_message *message, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    if (registry_format(message, &bytes))
        return gw_err_set(err, GW_TOO_BIG, "bus: a registry message does not fit");
    return send_message(m, TOPIC_CONTROL, gw_buf_view(&bytes), 1, err);
}

/* The plugin refuses a whole load for one bad entry: find it here, where it has a name. */
static enum gw_rc to_wire(const struct bus_entry *entry, struct registry_entry *ret, struct gw_err *err)
{
    struct gw_device_id id;
    if (gw_device_id_parse(gw_view_str(entry->id.text), &id) || entry->not_after.ms < 0)
        return gw_err_set(err, GW_INVALID, "bus: registry entry with a bad id or time");
    *ret = (struct registry_entry){entry->cert_sha256, id, entry->not_after, entry->quarantined};
    return GW_OK;
}

/* SHA-256 over all entries as they will be sent. */
static enum gw_rc sum_entries(struct mqtt *m, const struct bus_entry *entries, size_t count, struct gw_sha256 *ret_sum,
                              struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf item;
    gw_buf_init(&item, REGISTRY_ENTRY_MAX);
    struct gw_sha256_stream *stream = m->sha256->stream_new();
    for (size_t i = 0; i < count; i++) {
        struct registry_entry entry;
        enum gw_rc rc = to_wire(&entries[i], &entry, err);
        gw_buf_reset(&item);
        if (!rc)
            rc = registry_entry_add(&item, &entry);
        if (rc) {
            m->sha256->stream_free(stream);
            return rc;
        }
        m->sha256->stream_add(stream, gw_buf_view(&item));
    }
    m->sha256->stream_end(stream, ret_sum);
    return GW_OK;
}

static enum gw_rc send_chunks(struct mqtt *m, uint64_t generation, const struct bus_entry *entries, size_t count,
                              struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, CHUNK_BYTES);
    struct registry_message chunk = {.type = REGISTRY_ENTRIES, .generation = generation};
    for (size_t i = 0; i < count; i++) {
        struct registry_entry entry;
        enum gw_rc rc = to_wire(&entries[i], &entry, err);
        if (rc || (rc = registry_entry_add(&items, &entry)))
            return rc;
        chunk.count++;
        if (i + 1 < count && items.len + REGISTRY_ENTRY_MAX <= CHUNK_BYTES)
            continue;
        chunk.items = gw_buf_view(&items);
        rc = send_control(m, &chunk, err);
        if (rc)
            return rc;
        gw_buf_reset(&items);
        chunk.count = 0;
    }
    return GW_OK;
}

static enum gw_rc bus_registry_all(void *self, uint64_t generation, const struct bus_entry *entries, size_t count,
                                   struct gw_err *err)
{
    struct mqtt *m = self;
    if (count > REGISTRY_ENTRIES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "bus: a registry of %zu entries", count);
    size_t chunks = count / (CHUNK_BYTES / REGISTRY_ENTRY_MAX) + 1;
    enum gw_rc rc = check_room(m, chunks + 2, count * REGISTRY_ENTRY_MAX + (chunks + 2) * 64, true, err);
    if (rc)
        return rc;
    struct registry_message message = {.type = REGISTRY_BEGIN, .generation = generation, .count = (uint32_t)count};
    rc = sum_entries(m, entries, count, &message.digest, err);
    if (!rc)
        rc = send_control(m, &message, err);
    if (!rc)
        rc = send_chunks(m, generation, entries, count, err);
    message = (struct registry_message){.type = REGISTRY_COMMIT, .generation = generation};
    return rc ? rc : send_control(m, &message, err);
}

static enum gw_rc bus_registry_device(void *self, uint64_t generation, const struct gw_device_id *device,
                                      const struct bus_entry *entries, size_t count, struct gw_err *err)
{
    struct mqtt *m = self;
    if (count > REGISTRY_DEVICE_ENTRIES)
        return gw_err_set(err, GW_TOO_BIG, "bus: %zu certificates for one device", count);
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_DEVICE_ENTRIES * REGISTRY_ENTRY_MAX);
    struct registry_message message = {.type = REGISTRY_DEVICE, .generation = generation, .count = (uint32_t)count};
    enum gw_rc rc = gw_device_id_parse(gw_view_str(device->text), &message.id)
                        ? gw_err_set(err, GW_INVALID, "bus: not a device id")
                        : GW_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        struct registry_entry entry;
        rc = to_wire(&entries[i], &entry, err);
        if (!rc && !gw_device_id_eq(&entry.id, device))
            rc = gw_err_set(err, GW_INVALID, "bus: an entry of another device");
        if (!rc)
            rc = registry_entry_add(&items, &entry);
    }
    message.items = gw_buf_view(&items);
    if (!rc)
        rc = check_room(m, 1, items.len + 128, true, err);
    return rc ? rc : send_control(m, &message, err);
}

const struct device_bus_ops mqtt_bus_ops = {
    .publish = bus_publish,
    .registry_all = bus_registry_all,
    .registry_device = bus_registry_device,
};
