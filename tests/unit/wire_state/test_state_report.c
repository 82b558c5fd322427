/* up/state: what devices send is read, what breaks its limits is refused by name. */
#include <stdio.h>
#include <string.h>

#include "agent_report.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "state_report.h"

static enum gw_rc parse(const char *text, struct inventory *told, struct gw_err *err)
{
    *told = (struct inventory){.uptime_s = -1};
    return state_report_parse(gw_view_str(text), told, err);
}

static void reads_all_members(void)
{
    struct inventory t;
    struct gw_err err = {0};
    GW_ASSERT_OK(parse("{\"product\":\"pump\",\"hardware\":\"rev-c\",\"release\":\"4.2.0\",\"agent\":\"1.0\","
                       "\"boot\":\"b-1\",\"uptime_s\":12,\"job_n\":\"7\",\"new\":[1],"
                       "\"slots\":[{\"name\":\"A\",\"state\":\"booted\",\"more\":1}],"
                       "\"attributes\":{\"site\":\"north \\\"1\\\"\"}}",
                       &t, &err),
                 &err);
    CU_ASSERT_STRING_EQUAL(t.product, "pump");
    CU_ASSERT_STRING_EQUAL(t.hardware, "rev-c");
    CU_ASSERT_STRING_EQUAL(t.version, "4.2.0");
    CU_ASSERT_STRING_EQUAL(t.agent, "1.0");
    CU_ASSERT_STRING_EQUAL(t.boot, "b-1");
    CU_ASSERT_EQUAL(t.uptime_s, 12);
    CU_ASSERT_EQUAL(t.job_n, 7);
    CU_ASSERT_STRING_EQUAL(t.slots, "[{\"name\":\"A\",\"state\":\"booted\"}]");
    CU_ASSERT_STRING_EQUAL(t.attributes, "{\"site\":\"north \\\"1\\\"\"}");
    CU_ASSERT_STRING_EQUAL(t.release, "");
}

static void reads_what_the_agent_sends(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct agent_config config = {.product = "pump", .hardware = "rev-c", .release = "4.2.0", .attribute_count = 1};
    struct agent_report_facts facts = {.job_n = 9, .release = "", .boot = "boot-1"};
    struct inventory t;
    struct gw_err err = {0};
    (void)snprintf(config.attributes[0], sizeof(config.attributes[0]), "site=north");
    gw_buf_init(&text, 4096);
    GW_ASSERT_OK(agent_report_format(&config, &facts, &text), NULL);
    GW_ASSERT_OK(state_report_parse(gw_buf_view(&text), &t, &err), &err);
    CU_ASSERT_STRING_EQUAL(t.version, "4.2.0");
    CU_ASSERT_STRING_EQUAL(t.boot, "boot-1");
    CU_ASSERT_EQUAL(t.job_n, 9);
    CU_ASSERT_STRING_EQUAL(t.attributes, "{\"site\":\"north\"}");
}

static void members_may_be_missing_or_null(void)
{
    struct inventory t;
    CU_ASSERT_EQUAL(parse("{}", &t, NULL), GW_OK);
    CU_ASSERT_TRUE(t.uptime_s == 0 && t.job_n == 0 && !t.product[0] && !t.attributes[0] && !t.slots[0]);
    CU_ASSERT_EQUAL(
        parse("{\"product\":null,\"job_n\":null,\"slots\":null,\"attributes\":null,\"boot\":null}", &t, NULL), GW_OK);
    CU_ASSERT_EQUAL(parse("{\"job_n\":9007199254740991}", &t, NULL), GW_OK);
    CU_ASSERT_EQUAL(t.job_n, JOB_NUMBER_MAX);
}

static void refuses_what_breaks_its_limits_by_name(void)
{
    static const struct {
        const char *text, *name;
    } bad[] = {
        {"{\"product\":1}", "product"},
        {"{\"product\":\"a\\u0007\"}", "product"},
        {"{\"hardware\":\"\\u0085\"}", "hardware"},
        {"{\"boot\":\"12345678901234567890123456789012345678901234567890123456789012345\"}", "boot"},
        {"{\"uptime_s\":-1}", "uptime_s"},
        {"{\"job_n\":\"9007199254740992\"}", "job_n"},
        {"{\"job_n\":-1}", "job_n"},
        {"{\"slots\":[1]}", "slots"},
        {"{\"slots\":[{},{},{},{},{},{},{},{},{}]}", "slots"},
        {"{\"slots\":{}}", "slots"},
        {"{\"slots\":[{\"name\":2}]}", "slots"},
        {"{\"attributes\":{\"-a\":\"b\"}}", "attributes"},
        {"{\"attributes\":{\"\":\"b\"}}", "attributes"},
        {"{\"attributes\":{\"a\":1}}", "attributes.a"},
        {"{\"attributes\":{\"a\":\"\\n\"}}", "attributes.a"},
        {"{\"attributes\":[]}", "attributes"},
        {"[]", "state report"},
        {"", "state report"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct inventory t;
        struct gw_err err = {0};
        CU_ASSERT_EQUAL(parse(bad[i].text, &t, &err), GW_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), bad[i].name));
        CU_ASSERT_EQUAL(t.uptime_s, -1); /* untouched */
    }
}

static void keeps_its_ceilings(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct inventory t;
    struct gw_err err = {0};
    gw_buf_init(&text, (size_t)2 * STATE_REPORT_MAX);
    for (int count = STATE_ATTRIBUTES_MAX; count <= STATE_ATTRIBUTES_MAX + 1; count++) {
        gw_buf_reset(&text);
        (void)gw_buf_add_str(&text, "{\"attributes\":{");
        for (int i = 0; i < count; i++)
            (void)gw_buf_printf(&text, "%s\"a%d\":\"%0128d\"", i ? "," : "", i, 0);
        (void)gw_buf_add_str(&text, "}}");
        CU_ASSERT_EQUAL(state_report_parse(gw_buf_view(&text), &t, &err),
                        count > STATE_ATTRIBUTES_MAX ? GW_INVALID : GW_OK);
    }
    gw_buf_reset(&text);
    (void)gw_buf_add_str(&text, "{}");
    while (text.len < STATE_REPORT_MAX)
        (void)gw_buf_add_u8(&text, ' ');
    CU_ASSERT_EQUAL(state_report_parse(gw_buf_view(&text), &t, &err), GW_OK);
    (void)gw_buf_add_u8(&text, ' ');
    CU_ASSERT_EQUAL(state_report_parse(gw_buf_view(&text), &t, &err), GW_TOO_BIG);
}

static const struct gw_test_case cases[] = {
    {"all members are read", reads_all_members},
    {"what the agent sends is read", reads_what_the_agent_sends},
    {"each member may be missing or null", members_may_be_missing_or_null},
    {"what breaks its limits is refused by name", refuses_what_breaks_its_limits_by_name},
    {"16 attributes and 16 KiB are taken, and not one more", keeps_its_ceilings},
};

int main(void)
{
    return GW_TEST_RUN("state report", cases);
}
