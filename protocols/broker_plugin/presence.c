#include "presence.h"

#include "plugin.h"

void presence_init(struct presence *presence)
{
    *presence = (struct presence){.number = 1};
    gw_buf_init(&presence->batch, PRESENCE_BATCH_BYTES);
}

void presence_done(struct presence *presence)
{
    gw_buf_done(&presence->batch);
}

static void send_batch(struct plugin *p)
{
    struct presence *presence = &p->presence;
    struct registry_message message = {
        .type = REGISTRY_PRESENCE,
        .number = presence->number - presence->batch_count,
        .count = presence->batch_count,
        .items = gw_buf_view(&presence->batch),
    };
    plugin_send(p, TOPIC_GATEWAY_PRESENCE, &message);
    gw_buf_reset(&presence->batch);
    presence->batch_count = 0;
    presence->sent = gw_mono_now();
}

void presence_note(struct plugin *p, const struct devtable_device *device, bool online)
{
    struct presence *presence = &p->presence;
    if (!presence->listening)
        return;
    if (presence->batch.len + REGISTRY_RECORD_MAX > PRESENCE_BATCH_BYTES)
        send_batch(p);
    struct registry_record record = {
        .online = online,
        .id = device->id,
        .cert_sha256 = device->session.cert_sha256,
    };
    (void)snprintf(record.source, sizeof(record.source), "%s", device->session.source);
    if (registry_record_add(&presence->batch, &record))
        return; /* cannot be: room was made above; a missing record would show as a gap */
    presence->batch_count++;
    presence->number++;
}

static void count_online(void *ctx, struct devtable_device *device)
{
    uint32_t *count = ctx;
    if (device->session.client)
        (*count)++;
}

static void list_online(void *ctx, struct devtable_device *device)
{
    if (device->session.client)
        presence_note(ctx, device, true);
}

void presence_list(struct plugin *p, uint32_t request)
{
    struct presence *presence = &p->presence;
    if (presence->batch_count)
        send_batch(p);
    struct registry_message message = {.type = REGISTRY_SYNC, .request = request, .number = presence->number};
    devtable_each(&p->table, count_online, &message.count);
    plugin_send(p, TOPIC_GATEWAY_PRESENCE, &message);
    presence->listening = true;
    devtable_each(&p->table, list_online, p);
    send_batch(p);
}

void presence_flush(struct plugin *p, struct gw_mono now)
{
    if (!p->presence.listening)
        return;
    if (p->presence.batch_count || now.ms - p->presence.sent.ms >= PRESENCE_BEAT_MS)
        send_batch(p);
}
