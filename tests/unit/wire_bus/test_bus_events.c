/* What the adapter makes of the plugin's reports, over a connection that only takes notes. */
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "mqtt_internal.h"
#include "registry.h"

static struct {
    uint32_t asked[16]; /* request numbers of LIST messages */
    size_t asked_count;
    bool broken;
    unsigned settled;
    struct bus_event events[32];
    size_t event_count;
} seen;

bool mqtt_conn_publish(struct mqtt_conn *conn, const char *topic, struct gw_view payload, int qos)
{
    (void)conn;
    struct registry_message m;
    CU_ASSERT_STRING_EQUAL(topic, TOPIC_CONTROL);
    CU_ASSERT_EQUAL(qos, 1);
    CU_ASSERT_FATAL(registry_parse(payload, &m) == GW_OK && m.type == REGISTRY_LIST);
    if (seen.broken)
        return false;
    seen.asked[seen.asked_count++] = m.request;
    return true;
}

void mqtt_settle_soon(struct mqtt *m)
{
    (void)m;
    seen.settled++;
}

static void on_event(void *ctx, const struct bus_event *event)
{
    (void)ctx;
    seen.events[seen.event_count++] = *event;
}

static struct mqtt *stage(void)
{
    static struct mqtt m;
    memset(&seen, 0, sizeof(seen));
    m = (struct mqtt){.state = MQTT_UP, .event = on_event};
    return &m;
}

static void report(struct mqtt *m, const struct registry_message *message)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    CU_ASSERT_EQUAL_FATAL(registry_format(message, &bytes), GW_OK);
    mqtt_on_message(m, &m->conns[MQTT_CONTROL], "gw/v1/gateway/presence", gw_buf_view(&bytes));
}

static void presence(struct mqtt *m, uint64_t number, const char *id, bool online)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    struct registry_record record = {.online = online};
    (void)snprintf(record.id.text, sizeof(record.id.text), "%s", id);
    (void)registry_record_add(&items, &record);
    report(m, &(struct registry_message){
                  .type = REGISTRY_PRESENCE, .number = number, .count = 1, .items = gw_buf_view(&items)});
}

static void sync_at(struct mqtt *m, uint32_t request, uint64_t number)
{
    report(m, &(struct registry_message){.type = REGISTRY_SYNC, .request = request, .number = number});
}

/* A second later, as far as the adapter can tell. */
static void later(struct mqtt *m)
{
    m->presence.asked.ms -= MQTT_LIST_RETRY_MS;
}

static void asks_again_after_a_gap(void)
{
    struct mqtt *m = stage();
    mqtt_presence_ask(m);
    presence(m, 4, "pump-1", true); /* before the list: in it */
    CU_ASSERT_EQUAL(seen.event_count, 0);
    sync_at(m, 1, 5);
    presence(m, 5, "pump-1", true);
    presence(m, 6, "pump-1", false);
    CU_ASSERT_EQUAL(seen.event_count, 3);
    CU_ASSERT_EQUAL(seen.events[0].kind, BUS_PRESENCE_SYNC);
    CU_ASSERT(seen.events[1].online && !seen.events[2].online);
    later(m);
    presence(m, 8, "pump-2", true); /* 7 is missing */
    presence(m, 9, "pump-3", true);
    CU_ASSERT_EQUAL(seen.event_count, 3);
    CU_ASSERT_EQUAL(seen.asked_count, 2);
    CU_ASSERT_EQUAL(seen.asked[1], 2);
    sync_at(m, 1, 9); /* a late answer to the first wish is none to the second */
    CU_ASSERT_EQUAL(seen.event_count, 3);
    sync_at(m, 2, 10);
    presence(m, 10, "pump-2", true);
    CU_ASSERT_EQUAL(seen.event_count, 5);
}

static void sees_a_loss_at_the_end(void)
{
    struct mqtt *m = stage();
    mqtt_presence_ask(m);
    sync_at(m, 1, 5);
    later(m);
    report(m, &(struct registry_message){.type = REGISTRY_PRESENCE, .number = 5});
    CU_ASSERT_EQUAL(seen.asked_count, 1);
    report(m, &(struct registry_message){.type = REGISTRY_PRESENCE, .number = 6});
    CU_ASSERT_EQUAL(seen.asked_count, 2);
}

static void asks_again_when_no_list_comes(void)
{
    struct mqtt *m = stage();
    mqtt_presence_ask(m);
    mqtt_presence_tick(m);
    CU_ASSERT_EQUAL(seen.asked_count, 1);
    later(m);
    mqtt_presence_tick(m);
    CU_ASSERT_EQUAL(seen.asked_count, 2);
    sync_at(m, 2, 1);
    later(m);
    mqtt_presence_tick(m);
    CU_ASSERT_EQUAL(seen.asked_count, 2);
    seen.broken = true;
    later(m);
    presence(m, 77, "pump-1", true);
    CU_ASSERT_EQUAL(seen.settled, 1);
}

static void does_not_ask_in_a_storm(void)
{
    struct mqtt *m = stage();
    mqtt_presence_ask(m);
    for (int i = 0; i < 10; i++)
        mqtt_on_message(m, &m->conns[MQTT_CONTROL], "gw/v1/gateway/presence", gw_view_str("garbage"));
    CU_ASSERT_EQUAL(seen.asked_count, 1);
}

static void keeps_the_two_sessions_apart(void)
{
    struct mqtt *m = stage();
    struct mqtt_conn *log = &m->conns[MQTT_LOG], *control = &m->conns[MQTT_CONTROL];
    mqtt_on_message(m, control, "gw/v1/pump-1/up/log", gw_view_str("x"));
    mqtt_on_message(m, log, "gw/v1/pump-1/up/state", gw_view_str("x"));
    mqtt_on_message(m, log, "gw/v1/pump-1/dn/job", gw_view_str("x"));
    mqtt_on_message(m, log, "elsewhere", gw_view_str("x"));
    mqtt_on_message(m, log, "gw/v1/gateway/registry", gw_view_make("GWR1\x10\0\0\0\0\0\0\0\x01", 13));
    CU_ASSERT_EQUAL(seen.event_count, 0);
    mqtt_on_message(m, log, "gw/v1/pump-1/up/log", gw_view_str("x"));
    mqtt_on_message(m, control, "gw/v1/pump-1/up/state", gw_view_str("x"));
    mqtt_on_message(m, control, "gw/v1/gateway/registry", gw_view_make("GWR1\x10\0\0\0\0\0\0\0\x01", 13));
    CU_ASSERT_EQUAL(seen.event_count, 3);
    CU_ASSERT(seen.events[2].kind == BUS_REGISTRY_AT && seen.events[2].generation == 1);
    m->state = MQTT_CONNECTING;
    mqtt_on_message(m, log, "gw/v1/pump-1/up/log", gw_view_str("x"));
    CU_ASSERT_EQUAL(seen.event_count, 3);
}

static void tells_security_with_its_count(void)
{
    struct mqtt *m = stage();
    report(m, &(struct registry_message){.type = REGISTRY_SECURITY,
                                         .reason = REGISTRY_FLOOD,
                                         .count = 9,
                                         .id = {"pump-1"},
                                         .source = "192.0.2.1",
                                         .what = "gw/v1"});
    CU_ASSERT_EQUAL_FATAL(seen.event_count, 1);
    CU_ASSERT_EQUAL(seen.events[0].kind, BUS_SECURITY);
    CU_ASSERT_EQUAL(seen.events[0].times, 9);
    CU_ASSERT_STRING_EQUAL(seen.events[0].reason, "flood");
    CU_ASSERT_STRING_EQUAL(seen.events[0].device.text, "pump-1");
    CU_ASSERT_STRING_EQUAL(seen.events[0].source, "192.0.2.1");
    CU_ASSERT_STRING_EQUAL(seen.events[0].what, "gw/v1");
}

static const struct gw_test_case cases[] = {
    {"asks for the list again after a gap, and takes no old answer for it", asks_again_after_a_gap},
    {"sees a loss at the end by the beat", sees_a_loss_at_the_end},
    {"asks again when no list comes", asks_again_when_no_list_comes},
    {"does not ask in a storm", does_not_ask_in_a_storm},
    {"keeps the two sessions apart", keeps_the_two_sessions_apart},
    {"tells a security event with its count", tells_security_with_its_count},
};

int main(void)
{
    return GW_TEST_RUN("bus events", cases);
}
