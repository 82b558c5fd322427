/* What comes up: device messages and the plugin's reports become bus events. */
#include <string.h>

#include "gw_cleanup.h"
#include "mqtt_internal.h"
#include "registry.h"

void mqtt_presence_ask(struct mqtt *m)
{
    struct mqtt_presence *presence = &m->presence;
    struct gw_mono now = gw_mono_now();
    bool moment_ago = presence->request && now.ms - presence->asked.ms < MQTT_TICK_MS && !presence->listed;
    presence->listed = false;
    if (moment_ago)
        return; /* mqtt_presence_tick() asks again */
    presence->request++;
    presence->asked = now;
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    struct registry_message message = {.type = REGISTRY_LIST, .request = presence->request};
    if (registry_format(&message, &bytes) ||
        !mqtt_conn_publish(&m->conns[MQTT_CONTROL], TOPIC_CONTROL, gw_buf_view(&bytes), 1))
        mqtt_settle_soon(m);
}

void mqtt_presence_tick(struct mqtt *m)
{
    if (!m->presence.listed && gw_mono_now().ms - m->presence.asked.ms >= MQTT_LIST_RETRY_MS)
        mqtt_presence_ask(m);
}

static void on_sync(struct mqtt *m, const struct registry_message *report)
{
    if (m->presence.listed || report->request != m->presence.request)
        return; /* the answer to an older wish */
    m->presence.listed = true;
    m->presence.next_number = report->number;
    struct bus_event event = {.kind = BUS_PRESENCE_SYNC};
    m->event(m->ctx, &event);
}

static void on_presence(struct mqtt *m, const struct registry_message *report)
{
    if (!m->presence.listed)
        return;
    if (report->number != m->presence.next_number) {
        mqtt_presence_ask(m);
        return;
    }
    m->presence.next_number += report->count;
    struct gw_reader items = {report->items};
    struct registry_record record;
    while (registry_record_next(&items, &record) == GW_OK) {
        struct bus_event event = {
            .kind = BUS_PRESENCE, .device = record.id, .online = record.online, .cert_sha256 = record.cert_sha256};
        memcpy(event.source, record.source, sizeof(event.source));
        m->event(m->ctx, &event);
    }
}

static void on_security(struct mqtt *m, const struct registry_message *report)
{
    struct bus_event event = {.kind = BUS_SECURITY, .device = report->id};
    memcpy(event.source, report->source, sizeof(event.source));
    memcpy(event.what, report->what, sizeof(event.what));
    const char *text = registry_reason_text(report->reason);
    (void)snprintf(event.reason, sizeof(event.reason), "%s", text);
    event.times = report->count;
    m->event(m->ctx, &event);
}

static void on_report(struct mqtt *m, struct gw_view payload)
{
    struct registry_message report;
    if (registry_parse(payload, &report)) {
        mqtt_presence_ask(m); /* whatever it said is lost */
        return;
    }
    struct bus_event event = {.generation = report.generation};
    switch (report.type) {
    case REGISTRY_AT:
        event.kind = BUS_REGISTRY_AT;
        m->event(m->ctx, &event);
        return;
    case REGISTRY_WANTED:
        event.kind = BUS_REGISTRY_WANTED;
        m->event(m->ctx, &event);
        return;
    case REGISTRY_SYNC:
        on_sync(m, &report);
        return;
    case REGISTRY_PRESENCE:
        on_presence(m, &report);
        return;
    case REGISTRY_SECURITY:
        on_security(m, &report);
        return;
    case REGISTRY_BEGIN:
    case REGISTRY_ENTRIES:
    case REGISTRY_COMMIT:
    case REGISTRY_DEVICE:
    case REGISTRY_LIST:
        return; /* ours to send, not to receive */
    }
}

/* Zero for a kind that no device sends on this client. */
static enum bus_topic device_topic(enum topic_kind kind, bool is_log)
{
    switch (kind) {
    case TOPIC_UP_LOG:
        return is_log ? BUS_TOPIC_LOG : 0;
    case TOPIC_UP_LINE:
        return is_log ? BUS_TOPIC_LINE : 0;
    case TOPIC_UP_STATE:
        return is_log ? 0 : BUS_TOPIC_STATE;
    case TOPIC_UP_JOB:
        return is_log ? 0 : BUS_TOPIC_JOB;
    case TOPIC_DN_ACK:
    case TOPIC_DN_JOB:
    case TOPIC_DN_JOBACK:
    case TOPIC_DN_NOTICE:
    case TOPIC_DN_CONFIG:
    case TOPIC_GATEWAY_REGISTRY:
    case TOPIC_GATEWAY_PRESENCE:
        return 0;
    }
    return 0;
}

void mqtt_on_message(void *owner, struct mqtt_conn *conn, const char *name, struct gw_view payload)
{
    struct mqtt *m = owner;
    bool is_log = conn == &m->conns[MQTT_LOG];
    struct topic topic;
    if (m->state != MQTT_UP || topic_parse(gw_view_str(name), &topic))
        return; /* before BUS_UP core would not know what to do with it; devices repeat */
    if (topic.kind == TOPIC_GATEWAY_REGISTRY || topic.kind == TOPIC_GATEWAY_PRESENCE) {
        if (!is_log)
            on_report(m, payload);
        return;
    }
    struct bus_event event = {.kind = BUS_MESSAGE, .device = topic.device, .payload = payload};
    event.topic = device_topic(topic.kind, is_log);
    if (event.topic)
        m->event(m->ctx, &event);
}
