/* What an admitted session may do, and how it is cut. */
#include <string.h>

#include "tls_probe.h"
#include "world.h"

static struct bus_entry admit(struct world *w, const char *id, struct test_cert *cert, struct world_device **ret_device)
{
    world_init(w);
    world_bus(w);
    test_pki_issue(&w->pki, id, false, 3600, cert);
    struct bus_entry entry = world_entry(id, cert);
    world_registry(w, 1, &entry, 1);
    CU_ASSERT_EQUAL_FATAL(world_connect(w, id, cert, 0, ret_device), 0);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, world_is_online(w, id)));
    return entry;
}

static void send_down(struct world *w, const struct bus_entry *to, const char *down, const char *payload, int qos)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(w->bus.ops->publish(w->bus.self, &to->id, down, gw_view_str(payload), qos, &err), &err);
}

static void carries_messages_both_ways(void)
{
    static const struct {
        const char *topic;
        int qos;
        enum bus_topic as;
    } ups[] = {
        {"gw/v1/pump-1/up/log", 1, BUS_TOPIC_LOG},   {"gw/v1/pump-1/up/line", 0, BUS_TOPIC_LINE},
        {"gw/v1/pump-1/up/line", 1, BUS_TOPIC_LINE}, {"gw/v1/pump-1/up/state", 1, BUS_TOPIC_STATE},
        {"gw/v1/pump-1/up/job", 1, BUS_TOPIC_JOB},
    };
    static const char *const downs[] = {"ack", "job", "joback", "notice", "config"};
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    struct bus_entry entry = admit(&w, "pump-1", &cert, &d);
    for (size_t i = 0; i < sizeof(ups) / sizeof(ups[0]); i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "up %zu", i);
        world_publish(&w, d, ups[i].topic, text, ups[i].qos, false);
        CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == i + 1));
        CU_ASSERT_EQUAL(w.last_message.topic, ups[i].as);
        CU_ASSERT_STRING_EQUAL(w.last_message.device.text, "pump-1");
        CU_ASSERT_STRING_EQUAL(w.last_payload, text);
    }
    CU_ASSERT_EQUAL(world_subscribe(&w, d, "gw/v1/pump-1/dn/+"), 1);
    for (size_t i = 0; i < sizeof(downs) / sizeof(downs[0]); i++) {
        send_down(&w, &entry, downs[i], downs[i], (int)(i % 2));
        CU_ASSERT(WORLD_AWAIT(&w, d->messages == (int)i + 1));
        CU_ASSERT_STRING_EQUAL(d->payload, downs[i]);
    }
    CU_ASSERT_STRING_EQUAL(d->topic, "gw/v1/pump-1/dn/config");
    CU_ASSERT_EQUAL(w.security_count, 0);
    world_done(&w);
}

static void carries_a_full_log_batch(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    char *batch = malloc(65536 + 1);
    CU_ASSERT_FATAL(batch != NULL);
    memset(batch, 'b', 65536);
    batch[65536] = '\0';
    /* An outage's worth: 400 batches of 64 KiB are 25 MiB, within what the bucket holds. */
    for (int i = 0; i < 400; i++)
        world_publish(&w, d, "gw/v1/pump-1/up/log", batch, 1, false);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == 400));
    CU_ASSERT_EQUAL(w.last_message.payload.len, 65536);
    CU_ASSERT(!d->over);
    free(batch);
    world_done(&w);
}

static void a_packet_above_the_ceiling_ends_its_session(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    char *batch = malloc(80000);
    CU_ASSERT_FATAL(batch != NULL);
    memset(batch, 'b', 79999);
    batch[79999] = '\0';
    (void)mosquitto_publish(d->client, NULL, "gw/v1/pump-1/up/log", 79999, batch, 1, false); /* cut within, perhaps */
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    CU_ASSERT_EQUAL(w.counts[BUS_MESSAGE], 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_OVERSIZE, "pump-1")));
    const struct bus_event *report = world_security(&w, REGISTRY_OVERSIZE, "pump-1");
    CU_ASSERT_FATAL(report != NULL);
    CU_ASSERT_EQUAL(report->times, 1);
    CU_ASSERT_STRING_EQUAL(report->source, "127.0.0.1");
    struct tls_probe probe; /* MQTT 5: libmosquitto would keep to the ceiling that CONNACK tells */
    w.security_count = 0;
    CU_ASSERT_FATAL(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_EQUAL_FATAL(tls_probe_connect5(&probe, "pump-1", "", 0), 0);
    tls_probe_send(&probe, "\x32\xff\xff\x7f", 4); /* the length alone, of 2 MiB: nothing is read of it */
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_OVERSIZE, "pump-1")));
    tls_probe_close(&probe);
    free(batch);
    world_done(&w);
}

static void broken_packets_end_their_session(void)
{
    static const struct {
        const char *bytes;
        int len;
    } broken[] = {
        {"\x36\x05\x00\x01z\x00\x01", 7}, /* a PUBLISH of QoS 3 */
        {"\x80\x04\x00\x01\x00\x00", 6},  /* a SUBSCRIBE without its flag */
        {"\xf0\x00", 2},                  /* AUTH in MQTT 3.1.1 */
    };
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    world_device_close(d);
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct tls_probe probe;
        w.security_count = 0;
        CU_ASSERT_FATAL(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
        CU_ASSERT_EQUAL_FATAL(tls_probe_connect(&probe, "pump-1"), 0);
        tls_probe_send(&probe, broken[i].bytes, broken[i].len);
        CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_BROKEN_PACKET, "pump-1")));
        CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
        tls_probe_close(&probe);
    }
    world_done(&w);
}

static void refuses_other_topics(void)
{
    static const char *const publishes[] = {
        "gw/v1/pump-2/up/log",    "gw/v1/pump-1/up/other", "gw/v1/pump-1/dn/job",
        "gw/v1/gateway/registry", "$CONTROL/gatehouse/v1", "elsewhere",
    };
    static const char *const filters[] = {
        "gw/v1/pump-2/dn/#",
        "gw/v1/+/dn/job",
        "#",
        "gw/v1/pump-1/#",
        "gw/v1/pump-1/up/log",
        "$SYS/#",
        "$share/g/gw/v1/pump-1/dn/job",
        "+/+/+/+/+",
    };
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    for (size_t i = 0; i < sizeof(publishes) / sizeof(publishes[0]); i++) {
        w.security_count = 0;
        world_publish(&w, d, publishes[i], "x", 1, false);
        CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_PUBLISH_REFUSED, "pump-1")));
        CU_ASSERT_STRING_EQUAL(world_security(&w, REGISTRY_PUBLISH_REFUSED, "pump-1")->what, publishes[i]);
    }
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        w.security_count = 0;
        CU_ASSERT_EQUAL(world_subscribe(&w, d, filters[i]), 128);
        CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_SUBSCRIBE_REFUSED, "pump-1")));
        CU_ASSERT_STRING_EQUAL(world_security(&w, REGISTRY_SUBSCRIBE_REFUSED, "pump-1")->what, filters[i]);
    }
    CU_ASSERT(!d->over);
    CU_ASSERT_EQUAL(w.counts[BUS_MESSAGE], 0);
    CU_ASSERT_EQUAL(w.counts[BUS_REGISTRY_WANTED], 0);
    world_done(&w);
}

static void refuses_retain_and_wrong_qos(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    world_publish(&w, d, "gw/v1/pump-1/up/state", "x", 1, true);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_RETAIN_REFUSED, "pump-1")));
    world_publish(&w, d, "gw/v1/pump-1/up/log", "x", 0, false);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_QOS_REFUSED, "pump-1")));
    w.security_count = 0;
    world_publish(&w, d, "gw/v1/pump-1/up/log", "x", 2, false);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_QOS_REFUSED, "pump-1")));
    CU_ASSERT_EQUAL(w.counts[BUS_MESSAGE], 0);
    world_done(&w);
}

static void revoke_cuts_at_once(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    struct bus_entry entry = admit(&w, "pump-1", &cert, &d);
    world_device_close(d);
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, WORLD_WILL, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    world_change(&w, 2, "pump-1", &entry, 0);
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), 5);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_UNKNOWN_CERTIFICATE, "pump-1")));
    CU_ASSERT_EQUAL(w.counts[BUS_MESSAGE], 0); /* nor did its will come */
    world_change(&w, 3, "pump-1", &entry, 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), 0);
    world_done(&w);
}

static void quarantine_cuts_and_confines(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    struct bus_entry entry = admit(&w, "pump-1", &cert, &d);
    entry.quarantined = true;
    world_change(&w, 2, "pump-1", &entry, 1);
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    static const char *const allowed[] = {"gw/v1/pump-1/up/log", "gw/v1/pump-1/up/state", "gw/v1/pump-1/up/job"};
    for (size_t i = 0; i < 3; i++) {
        world_publish(&w, d, allowed[i], "x", 1, false);
        CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == i + 1));
    }
    CU_ASSERT_EQUAL(world_subscribe(&w, d, "gw/v1/pump-1/dn/#"), 1);
    world_publish(&w, d, "gw/v1/pump-1/up/line", "x", 1, false);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_QUARANTINE_REFUSED, "pump-1")));
    CU_ASSERT_EQUAL(w.counts[BUS_MESSAGE], 3);
    entry.quarantined = false;
    world_change(&w, 3, "pump-1", &entry, 1);
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    world_publish(&w, d, "gw/v1/pump-1/up/line", "x", 1, false);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == 4));
    world_done(&w);
}

static void hole_asks_for_all(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    struct bus_entry entry = admit(&w, "pump-1", &cert, &d);
    struct gw_err err = {0};
    GW_ASSERT_OK(w.bus.ops->registry_device(w.bus.self, 3, &entry.id, NULL, 0, &err), &err);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_REGISTRY_WANTED] == 1));
    CU_ASSERT_EQUAL(w.wanted, 1);
    CU_ASSERT_EQUAL(w.at, 1);
    CU_ASSERT(world_is_online(&w, "pump-1"));
    world_registry(&w, 3, NULL, 0);
    CU_ASSERT(WORLD_AWAIT(&w, d->over));
    world_done(&w);
}

static void whole_registry_cuts_what_is_gone(void)
{
    struct world w = {0};
    struct test_cert one, two;
    struct world_device *d1, *d2;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &one);
    test_pki_issue(&w.pki, "pump-2", false, 3600, &two);
    struct bus_entry entries[] = {world_entry("pump-1", &one), world_entry("pump-2", &two)};
    world_registry(&w, 1, entries, 2);
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, "pump-1", &one, 0, &d1), 0);
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, "pump-2", &two, 0, &d2), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1") && world_is_online(&w, "pump-2")));
    world_registry(&w, 9, entries + 1, 1);
    CU_ASSERT(WORLD_AWAIT(&w, d1->over && !world_is_online(&w, "pump-1")));
    CU_ASSERT_EQUAL(world_subscribe(&w, d2, "gw/v1/pump-2/dn/#"), 1);
    CU_ASSERT(world_is_online(&w, "pump-2"));
    world_done(&w);
}

static void flood_is_cut(void)
{
    struct world w = {.rate_messages = 5};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    for (int i = 0; i < 200 && !d->over; i++)
        world_publish(&w, d, "gw/v1/pump-1/up/line", "x", 1, false);
    CU_ASSERT(d->over);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_FLOOD, "pump-1")));
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    CU_ASSERT(w.counts[BUS_MESSAGE] >= 50 && w.counts[BUS_MESSAGE] < 150);
    /* Coming back brings no fresh bucket. */
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    size_t before = w.counts[BUS_MESSAGE];
    for (int i = 0; i < 200 && !d->over; i++)
        world_publish(&w, d, "gw/v1/pump-1/up/line", "x", 1, false);
    CU_ASSERT(d->over && w.counts[BUS_MESSAGE] - before < 30);
    world_done(&w);
}

static void tells_a_will(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    (void)admit(&w, "pump-1", &cert, &d);
    world_device_close(d);
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-1")));
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, "pump-1", &cert, WORLD_WILL, &d), 0);
    world_device_close(d); /* without DISCONNECT */
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == 1));
    CU_ASSERT_STRING_EQUAL(w.last_payload, "will");
    world_done(&w);
}

static const struct gw_test_case cases[] = {
    {"carries messages both ways, each on its own topic", carries_messages_both_ways},
    {"carries a backlog of full log batches without taking it for a flood", carries_a_full_log_batch},
    {"a packet above the ceiling ends its session and goes nowhere", a_packet_above_the_ceiling_ends_its_session},
    {"a packet that breaks the grammar ends its session and is told", broken_packets_end_their_session},
    {"refuses another device's topics, wildcards, $SYS, $share and $CONTROL", refuses_other_topics},
    {"refuses retained messages and QoS 0 and 2 under up/", refuses_retain_and_wrong_qos},
    {"a revoke cuts the session within a second and keeps the device out", revoke_cuts_at_once},
    {"a quarantine cuts, re-admits and confines; its release lifts it", quarantine_cuts_and_confines},
    {"a hole in the generations asks for all again and changes nothing", hole_asks_for_all},
    {"a whole registry cuts the sessions it does not list and keeps the others", whole_registry_cuts_what_is_gone},
    {"a flood is cut and reported, and reconnecting does not help", flood_is_cut},
    {"passes a will on under the rules of a publish", tells_a_will},
};

int main(void)
{
    return GW_TEST_RUN("broker session", cases);
}
