/* protocols/wire/plan: a plan's JSON. */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#define GATE "\"gate\":{\"ok_pct\":95,\"min_sample\":3,\"unreachable_pct\":10,\"soak_ms\":60000}"
#define REST "{\"select\":\"rest\",\"max_concurrent\":7," GATE "}"

static struct gw_err err;

struct picked {
    char text[256];
};

static enum gw_rc pick(void *ctx, uint16_t wave, const struct gw_device_id *device, struct gw_err *ret_err)
{
    struct picked *p = ctx;
    size_t len = strlen(p->text);
    (void)ret_err;
    (void)snprintf(p->text + len, sizeof(p->text) - len, "%u:%s ", wave, device->text);
    return strcmp(device->text, "stop-here") == 0 ? GW_NO_MEMORY : GW_OK;
}

static enum gw_rc read_text(const char *text, struct rollout_plan *ret_plan, struct picked *p)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    err = (struct gw_err){0};
    GW_ASSERT_OK(json_read(gw_view_str(text), 1024 * 1024, &doc, &err), &err);
    return plan_read(json_root(doc), ret_plan, pick, p, &err);
}

static void reads_all_members(void)
{
    struct rollout_plan plan;
    struct picked p = {""};
    GW_ASSERT_OK(
        read_text("{\"waves\":[{\"select\":\"list\",\"devices\":[\"pump-2\",\"pump-1\"],\"max_concurrent\":1," GATE "},"
                  "{\"select\":\"percent\",\"percent\":20,\"max_concurrent\":100000," GATE "}," REST "],"
                  "\"abort\":{\"failure_pct\":7,\"min_decided\":9,\"action\":\"rollback\"},\"confirm_ms\":1000,"
                  "\"step_ms\":2000,\"total_ms\":3000,\"postpone_max_ms\":0,\"back_concurrent\":4,"
                  "\"seed\":\"18446744073709551615\"}",
                  &plan, &p),
        &err);
    CU_ASSERT_STRING_EQUAL(p.text, "0:pump-2 0:pump-1 ");
    CU_ASSERT_EQUAL_FATAL(plan.wave_count, 3);
    CU_ASSERT(plan.waves[0].select == ROLLOUT_SELECT_LIST && plan.waves[0].max_concurrent == 1);
    CU_ASSERT(plan.waves[1].select == ROLLOUT_SELECT_PERCENT && plan.waves[1].percent == 20);
    CU_ASSERT(plan.waves[2].select == ROLLOUT_SELECT_REST && plan.waves[2].max_concurrent == 7);
    CU_ASSERT(plan.waves[2].gate.ok_pct == 95 && plan.waves[2].gate.min_sample == 3);
    CU_ASSERT(plan.waves[2].gate.unreachable_pct == 10 && plan.waves[2].gate.soak_ms == 60000);
    CU_ASSERT(plan.abort.failure_pct == 7 && plan.abort.min_decided == 9);
    CU_ASSERT_EQUAL(plan.abort.action, ROLLOUT_ON_FAILURE_ROLLBACK);
    CU_ASSERT(plan.terms.confirm_ms == 1000 && plan.terms.step_ms == 2000 && plan.terms.total_ms == 3000);
    CU_ASSERT(plan.terms.postpone_max_ms == 0 && plan.back_concurrent == 4 && plan.seed == UINT64_MAX);
}

static void what_is_missing_has_its_default(void)
{
    struct rollout_plan plan, usual;
    struct picked p = {""};
    rollout_plan_init(&usual);
    GW_ASSERT_OK(read_text("{\"waves\":[" REST "],\"abort\":{\"failure_pct\":50}}", &plan, &p), &err);
    CU_ASSERT(plan.abort.failure_pct == 50 && plan.abort.min_decided == usual.abort.min_decided);
    CU_ASSERT(plan.abort.action == usual.abort.action && plan.back_concurrent == usual.back_concurrent);
    CU_ASSERT(plan.terms.confirm_ms == usual.terms.confirm_ms && plan.terms.total_ms == usual.terms.total_ms);
    CU_ASSERT_EQUAL(plan.seed, 0);
}

static void writes_what_it_reads(void)
{
    struct rollout_plan plan;
    struct picked p = {""};
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    struct json_writer w;
    gw_buf_init(&out, 4096);
    const char *text = "{\"waves\":[{\"select\":\"percent\",\"percent\":1,\"max_concurrent\":5," GATE "}," REST "],"
                       "\"abort\":{\"failure_pct\":20,\"min_decided\":5,\"action\":\"hold\"},\"confirm_ms\":600000,"
                       "\"step_ms\":3600000,\"total_ms\":86400000,\"postpone_max_ms\":604800000,\"back_concurrent\":50,"
                       "\"seed\":\"42\"}";
    GW_ASSERT_OK(read_text(text, &plan, &p), &err);
    CU_ASSERT_STRING_EQUAL(p.text, "");
    json_writer_begin(&w, &out);
    plan_put(&w, NULL, &plan);
    GW_ASSERT_OK(json_writer_end(&w), &err);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&out), text);
}

static void queries_are_text(void)
{
    struct rollout_plan plan;
    struct picked p = {""};
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    struct json_writer w;
    gw_buf_init(&out, 4096);
#define QUERY "{\"select\":\"query\",\"query\":\"name:\\\"a b\\\" -x\",\"max_concurrent\":5," GATE "}"
    GW_ASSERT_OK(read_text("{\"waves\":[" QUERY "," REST "]}", &plan, &p), &err);
    CU_ASSERT_EQUAL(plan.waves[0].select, ROLLOUT_SELECT_QUERY);
    CU_ASSERT_STRING_EQUAL(plan.waves[0].query, "name:\"a b\" -x");
    CU_ASSERT_STRING_EQUAL(plan.waves[1].query, "");
    json_writer_begin(&w, &out);
    plan_put(&w, NULL, &plan);
    GW_ASSERT_OK(json_writer_end(&w), &err);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&out), "{\"waves\":[" QUERY ","));
}

static void refuses_what_is_no_plan_and_says_where(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{}", "waves is missing"},
        {"{\"waves\":[]}", "1 to 32 waves"},
        {"{\"waves\":{}}", "waves"},
        {"{\"waves\":[7]}", "wave 1: it is no object"},
        {"{\"waves\":[" REST "," REST "]}", "wave 1: select \"rest\" is for the last wave alone"},
        {"{\"waves\":[" REST "],\"abort\":{\"faliure_pct\":3}}", "faliure_pct"},
        {"{\"waves\":[" REST "],\"cofirm_ms\":3}", "cofirm_ms"},
        {"{\"waves\":[" REST "],\"abort\":{\"action\":\"panic\"}}", "none of hold, abort, rollback"},
        {"{\"waves\":[" REST "],\"abort\":null}", "abort"},
        {"{\"waves\":[" REST "],\"confirm_ms\":1}", "confirm time"},
        {"{\"waves\":[" REST "],\"confirm_ms\":\"10m\"}", "confirm_ms"},
        {"{\"waves\":[" REST "],\"seed\":7}", "seed"},
        {"{\"waves\":[" REST "],\"back_concurrent\":0}", "back_concurrent"},
        {"{\"waves\":[{\"select\":\"all\",\"max_concurrent\":7," GATE "}]}", "wave 1: select is none of"},
        {"{\"waves\":[{\"select\":\"rest\"," GATE "}]}", "wave 1: max_concurrent is missing"},
        {"{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":0," GATE "}]}", "wave 1: max_concurrent"},
        {"{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":7}]}", "wave 1: gate is missing"},
        {"{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":7,\"gate\":{\"ok_pct\":101}}]}", "wave 1: ok_pct"},
        {"{\"waves\":[{\"select\":\"percent\",\"max_concurrent\":7," GATE "}]}", "wave 1: percent is not within"},
        {"{\"waves\":[{\"select\":\"percent\",\"percent\":300,\"max_concurrent\":7," GATE "}]}", "wave 1: percent"},
        {"{\"waves\":[{\"select\":\"list\",\"max_concurrent\":7," GATE "}]}", "wave 1: devices is missing"},
        {"{\"waves\":[{\"select\":\"list\",\"devices\":[],\"max_concurrent\":7," GATE "}]}",
         "wave 1: devices is empty"},
        {"{\"waves\":[{\"select\":\"list\",\"devices\":[\"pump-1\",\"all\"],\"max_concurrent\":7," GATE "}]}",
         "wave 1: devices: number 2"},
        {"{\"waves\":[{\"select\":\"query\",\"max_concurrent\":7," GATE "}," REST "]}", "wave 1: query is missing"},
        {"{\"waves\":[{\"select\":\"query\",\"query\":\"\",\"max_concurrent\":7," GATE "}," REST "]}",
         "wave 1: the query is empty"},
        {"{\"waves\":[{\"select\":\"query\",\"query\":7,\"max_concurrent\":7," GATE "}," REST "]}", "wave 1: query"},
        {"{\"waves\":[{\"select\":\"rest\",\"query\":\"a\",\"max_concurrent\":7," GATE "}]}",
         "wave 1: a query is given"},
        {"{\"waves\":[{\"select\":\"rest\",\"devices\":[\"pump-1\"],\"max_concurrent\":7," GATE "}]}",
         "wave 1: devices are given"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rollout_plan plan = {.seed = 77};
        struct picked p = {""};
        CU_ASSERT_EQUAL(read_text(rows[i].text, &plan, &p), GW_INVALID);
        if (!strstr(gw_err_text(&err), rows[i].says))
            printf("# expected \"%s\" in \"%s\"\n", rows[i].says, gw_err_text(&err));
        CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), rows[i].says));
        CU_ASSERT_EQUAL(plan.seed, 77);
    }
}

static void ends_with_the_code_of_who_takes_devices(void)
{
    struct rollout_plan plan;
    struct picked p = {""};
    CU_ASSERT_EQUAL(read_text("{\"waves\":[{\"select\":\"list\",\"devices\":[\"stop-here\",\"pump-1\"],"
                              "\"max_concurrent\":7," GATE "}]}",
                              &plan, &p),
                    GW_NO_MEMORY);
    CU_ASSERT_STRING_EQUAL(p.text, "0:stop-here ");
}

static void takes_so_many_devices_and_no_more(void)
{
    struct rollout_plan plan;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    for (int more = 0; more < 2; more++) {
        GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
        gw_buf_init(&text, 1024 * 1024);
        (void)gw_buf_add_str(&text, "{\"waves\":[{\"select\":\"list\",\"max_concurrent\":7," GATE ",\"devices\":[");
        for (int i = 0; i < PLAN_PICKS_MAX + more; i++)
            (void)gw_buf_printf(&text, "%s\"pump-%d\"", i ? "," : "", i);
        (void)gw_buf_add_str(&text, "]}]}");
        GW_ASSERT_OK(json_read(gw_buf_view(&text), 1024 * 1024, &doc, &err), &err);
        CU_ASSERT_EQUAL(plan_read(json_root(doc), &plan, NULL, NULL, &err), more ? GW_TOO_BIG : GW_OK);
        gw_buf_done(&text);
    }
}

static const struct gw_test_case cases[] = {
    {"reads all members", reads_all_members},
    {"gives what is missing its default", what_is_missing_has_its_default},
    {"writes what it reads", writes_what_it_reads},
    {"queries are text", queries_are_text},
    {"refuses what is no plan and says where", refuses_what_is_no_plan_and_says_where},
    {"ends with the code of who takes devices", ends_with_the_code_of_who_takes_devices},
    {"takes so many devices and no more", takes_so_many_devices_and_no_more},
};

int main(void)
{
    return GW_TEST_RUN("plan", cases);
}
