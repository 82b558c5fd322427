#include "topic.h"

#include <string.h>

#include "gw_test.h"

static const struct {
    const char *text;
    enum topic_kind kind;
} names[] = {
    {"gw/v1/pump-1/up/log", TOPIC_UP_LOG},
    {"gw/v1/pump-1/up/line", TOPIC_UP_LINE},
    {"gw/v1/pump-1/up/state", TOPIC_UP_STATE},
    {"gw/v1/pump-1/up/job", TOPIC_UP_JOB},
    {"gw/v1/pump-1/dn/ack", TOPIC_DN_ACK},
    {"gw/v1/pump-1/dn/job", TOPIC_DN_JOB},
    {"gw/v1/pump-1/dn/joback", TOPIC_DN_JOBACK},
    {"gw/v1/pump-1/dn/notice", TOPIC_DN_NOTICE},
    {"gw/v1/pump-1/dn/config", TOPIC_DN_CONFIG},
    {"gw/v1/gateway/registry", TOPIC_GATEWAY_REGISTRY},
    {"gw/v1/gateway/presence", TOPIC_GATEWAY_PRESENCE},
};

static void parses_and_formats_every_name(void)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct topic topic;
        char text[TOPIC_TEXT_MAX];
        CU_ASSERT_EQUAL_FATAL(topic_parse(gw_view_str(names[i].text), &topic), GW_OK);
        CU_ASSERT_EQUAL(topic.kind, names[i].kind);
        bool gateway = strstr(names[i].text, "/gateway/") != NULL;
        CU_ASSERT_STRING_EQUAL(topic.device.text, gateway ? "" : "pump-1");
        CU_ASSERT_EQUAL(topic_format(&topic, text), GW_OK);
        CU_ASSERT_STRING_EQUAL(text, names[i].text);
        CU_ASSERT_EQUAL(topic_is_up(topic.kind), strstr(names[i].text, "/up/") != NULL);
        CU_ASSERT_EQUAL(topic_is_down(topic.kind), strstr(names[i].text, "/dn/") != NULL);
    }
}

static void refuses_everything_else(void)
{
    static const char *const bad[] = {
        "",
        "gw",
        "gw/v1/",
        "gw/v1/pump-1",
        "gw/v1/pump-1/",
        "gw/v1/pump-1/up",
        "gw/v1/pump-1/up/",
        "gw/v1/pump-1/up/logs",
        "gw/v1/pump-1/up/log/",
        "gw/v1/pump-1/up/log/x",
        "/gw/v1/pump-1/up/log",
        "gw/v2/pump-1/up/log",
        "gw/v1/+/up/log",
        "gw/v1/#",
        "gw/v1/pump-1/up/+",
        "gw/v1//up/log",
        "gw/v1/PUMP/up/log",
        "gw/v1/gateway/up/log",
        "gw/v1/pump-1/registry",
        "gw/v1/gateway/other",
        "gw/v1/root/up/log",
        "$CONTROL/gatehouse/v1",
        "gw/v1/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/up/log",
    };
    struct topic topic = {.kind = TOPIC_UP_JOB};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(topic_parse(gw_view_str(bad[i]), &topic), GW_INVALID);
    CU_ASSERT_EQUAL(topic_parse(gw_view_make("gw/v1/pump-1/up/log\0", 20), &topic), GW_INVALID);
    CU_ASSERT_EQUAL(topic.kind, TOPIC_UP_JOB);
    char text[TOPIC_TEXT_MAX];
    CU_ASSERT_EQUAL(topic_format(&(struct topic){0}, text), GW_INVALID);
}

static void has_room_for_the_longest(void)
{
    struct topic topic = {.kind = TOPIC_DN_JOBACK}, again;
    memset(topic.device.text, 'a', GW_DEVICE_ID_MAX);
    char text[TOPIC_TEXT_MAX];
    CU_ASSERT_EQUAL(topic_format(&topic, text), GW_OK);
    CU_ASSERT_EQUAL(strlen(text), TOPIC_TEXT_MAX - 1);
    CU_ASSERT_EQUAL(topic_parse(gw_view_str(text), &again), GW_OK);
    CU_ASSERT(gw_device_id_eq(&topic.device, &again.device));
}

static void knows_the_down_words(void)
{
    enum topic_kind kind;
    CU_ASSERT(topic_down_parse("ack", &kind) == GW_OK && kind == TOPIC_DN_ACK);
    CU_ASSERT(topic_down_parse("config", &kind) == GW_OK && kind == TOPIC_DN_CONFIG);
    CU_ASSERT_EQUAL(topic_down_parse("log", &kind), GW_INVALID);
    CU_ASSERT_EQUAL(topic_down_parse("", &kind), GW_INVALID);
    CU_ASSERT_EQUAL(topic_down_parse("istry", &kind), GW_INVALID);
}

static void keeps_filters_inside(void)
{
    static const char *const inside[] = {"gw/v1/pump-1/dn/#", "gw/v1/pump-1/dn/+", "gw/v1/pump-1/dn/job"};
    static const char *const outside[] = {
        "#",
        "+",
        "gw/#",
        "gw/v1/+/dn/job",
        "gw/v1/pump-1/#",
        "gw/v1/pump-1/+/job",
        "gw/v1/pump-1/dn",
        "gw/v1/pump-1/dn/",
        "gw/v1/pump-1/dn/other",
        "gw/v1/pump-1/dn/job/#",
        "gw/v1/pump-1/up/log",
        "gw/v1/pump-2/dn/#",
        "gw/v1/pump-1/dn/+/#",
        "$share/x/gw/v1/pump-1/dn/job",
        "$SYS/#",
        "gw/v1/gateway/presence",
        "gw/v1/pump-10/dn/#",
    };
    const struct gw_device_id id = {"pump-1"};
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        CU_ASSERT(topic_filter_is_own_down(gw_view_str(inside[i]), &id));
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        CU_ASSERT(!topic_filter_is_own_down(gw_view_str(outside[i]), &id));
}

static const struct gw_test_case cases[] = {
    {"parses and formats every name", parses_and_formats_every_name},
    {"refuses everything else", refuses_everything_else},
    {"has room for the longest id and tail", has_room_for_the_longest},
    {"knows the words under dn/", knows_the_down_words},
    {"keeps a device's filters inside its own dn/", keeps_filters_inside},
};

int main(void)
{
    return GW_TEST_RUN("topic", cases);
}
