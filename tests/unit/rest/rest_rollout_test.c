/* Requests about rollouts: what is posted for them, and what is refused before. */
#include "rest_rollout_test.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "rest_fixture.h"
#include "rollout_ask.h"

#define FIXTURE                                                                                                        \
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;                                                               \
    rest_fixture_init(&f);                                                                                             \
    struct gw_err err = {0}

#define RO      "ro-aaaaaaaaaaaaaaaa"
#define PATH    "/api/v1/rollouts/" RO
#define RELEASE "0123456789abcdef"
#define GATE    "\"gate\":{\"ok_pct\":95,\"min_sample\":3,\"unreachable_pct\":10,\"soak_ms\":60000}"
#define REST    "{\"select\":\"rest\",\"max_concurrent\":7," GATE "}"

static int ask(struct rest_fixture *f, enum http_method method, const char *path, const char *body, struct gw_err *err)
{
    char plain[160];
    const char *query = strchr(path, '?');
    (void)snprintf(plain, sizeof(plain), "%.*s", query ? (int)(query - path) : 159, path);
    struct rest_ask a = {
        .method = method, .door = HTTP_DOOR_ADMIN, .path = plain, .query = query ? query + 1 : NULL, .body = body};
    return rest_fixture_ask(f, &a, err);
}

void an_order_is_posted_with_its_plan_and_devices(void)
{
    FIXTURE;
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, "/api/v1/rollouts",
                        "{\"release\":\"" RELEASE "\",\"name\":\"Spr\\u0007ing\",\"plan\":{\"waves\":[{\"select\":"
                        "\"list\",\"devices\":[\"pump-2\",\"pump-1\"],\"max_concurrent\":1," GATE "}," REST "]}}",
                        &err),
                    0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_ROLLOUT_CREATE);
    const struct rollout_ask_order *o = (const void *)f.msg.blob;
    CU_ASSERT_EQUAL_FATAL(f.msg.blob_len, sizeof(*o) + 2 * sizeof(o->picks[0]));
    CU_ASSERT_STRING_EQUAL(o->release, RELEASE);
    CU_ASSERT_STRING_EQUAL(o->name, "Spr ing");
    CU_ASSERT(o->plan.wave_count == 2 && o->plan.waves[1].max_concurrent == 7 && o->pick_count == 2);
    CU_ASSERT_STRING_EQUAL(o->picks[0].device.text, "pump-2");
    CU_ASSERT_STRING_EQUAL(o->picks[1].device.text, "pump-1");
    CU_ASSERT(o->picks[0].wave == 0 && o->picks[1].wave == 0);
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, "/api/v1/rollouts/preview",
                        "{\"release\":\"" RELEASE "\",\"plan\":{\"waves\":[" REST "],\"seed\":\"9\"}}", &err),
                    0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_ROLLOUT_PREVIEW);
    o = (const void *)f.msg.blob;
    CU_ASSERT_EQUAL_FATAL(f.msg.blob_len, sizeof(*o));
    CU_ASSERT(o->plan.seed == 9 && o->pick_count == 0 && o->name[0] == '\0');
}

/* Above HTTP_BODY_SMALL nothing of a body comes before this. */
void a_long_order_is_let_come_from_who_is_known_alone(void)
{
    FIXTURE;
    const struct http_peer peer = {.door = HTTP_DOOR_OPERATORS, .source = "192.0.2.7"};
    const struct http_request request = {.method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .peer = &peer};
    size_t count = 0, asked = 0;
    const struct http_route *routes = rest_routes(f.rest, &count);
    for (size_t i = 0; i < count; i++) {
        if (routes[i].body_max <= HTTP_BODY_SMALL)
            continue;
        asked++;
        CU_ASSERT_EQUAL(routes[i].admit(routes[i].ctx, &request, &err), GW_CANCELLED);
        CU_ASSERT_EQUAL(f.reply.status, 401);
    }
    CU_ASSERT_EQUAL(asked, 2);
    CU_ASSERT_EQUAL(f.replies, 2);
}

void an_order_with_very_many_devices_fits(void)
{
    FIXTURE;
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&body, 2 * 1024 * 1024);
    (void)gw_buf_add_str(&body, "{\"release\":\"" RELEASE "\",\"plan\":{\"waves\":[{\"select\":\"list\","
                                "\"max_concurrent\":1," GATE ",\"devices\":[");
    for (int i = 0; i < ROLLOUT_PICKS_MAX; i++)
        (void)gw_buf_printf(&body, "%s\"pump-in-the-far-corner-of-the-hall-%05d\"", i ? "," : "", i);
    (void)gw_buf_add_str(&body, "]}]}}");
    CU_ASSERT(body.len < REST_PLAN_MAX);
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, "/api/v1/rollouts", gw_buf_str(&body), &err), 0);
    const struct rollout_ask_order *o = (const void *)f.msg.blob;
    CU_ASSERT_EQUAL_FATAL(o->pick_count, ROLLOUT_PICKS_MAX);
    CU_ASSERT_STRING_EQUAL(o->picks[ROLLOUT_PICKS_MAX - 1].device.text, "pump-in-the-far-corner-of-the-hall-09999");
    gw_buf_reset(&body);
    for (int i = 0; i <= REST_PLAN_MAX; i++)
        (void)gw_buf_add_u8(&body, ' ');
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, "/api/v1/rollouts", gw_buf_str(&body), &err), 413);
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, PATH "/start", gw_buf_str(&body), &err), 413);
}

void changes_are_posted_with_revision_and_reason(void)
{
    static const struct {
        const char *path, *body;
        enum act_kind kind;
        const char *reason;
    } rows[] = {
        {PATH "/start", NULL, ACT_ROLLOUT_START, ""},
        {PATH "/pause", "{}", ACT_ROLLOUT_PAUSE, ""},
        {PATH "/resume", "{\"reason\":\"back\"}", ACT_ROLLOUT_RESUME, "back"},
        {PATH "/abort", "{\"reason\":\"smo\\u001bke\"}", ACT_ROLLOUT_ABORT, "smo ke"},
        {PATH "/rollback", "{\"reason\":\"\\u00fcble\"}", ACT_ROLLOUT_ROLLBACK,
         "\xc3\xbc"
         "ble"},
        {PATH "/waive", "{\"wave\":32,\"what\":\"soak\",\"reason\":\"r\"}", ACT_ROLLOUT_WAIVE, "r"},
    };
    FIXTURE;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rest_ask a = {.method = HTTP_POST,
                             .door = HTTP_DOOR_OPERATORS,
                             .path = rows[i].path,
                             .body = rows[i].body,
                             .if_match = NULL};
        f.session_rc = GW_OK;
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &a, &err), 428);
        a.if_match = "\"7\"";
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &a, &err), 0);
        CU_ASSERT_EQUAL(f.msg.u.act.kind, rows[i].kind);
        CU_ASSERT_EQUAL(f.msg.u.act.if_rev, 7);
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, RO);
        const struct rollout_ask_change *c = (const void *)f.msg.blob;
        CU_ASSERT_EQUAL_FATAL(f.msg.blob_len, sizeof(*c));
        CU_ASSERT_STRING_EQUAL(c->reason, rows[i].reason);
        bool waive = rows[i].kind == ACT_ROLLOUT_WAIVE;
        CU_ASSERT(c->wave == (waive ? 31 : 0) && c->waive == (waive ? ROLLOUT_HOLD_SOAK : ROLLOUT_HOLD_NONE));
    }
}

void reads_are_posted_with_filter_and_place(void)
{
    FIXTURE;
    CU_ASSERT_EQUAL(ask(&f, HTTP_GET, "/api/v1/rollouts?limit=7&cursor=" RO, NULL, &err), 0);
    CU_ASSERT(f.msg.u.act.kind == ACT_ROLLOUT_LIST && f.msg.u.act.number == 7);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, RO);
    CU_ASSERT_EQUAL(ask(&f, HTTP_GET, PATH, NULL, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_ROLLOUT_GET);
    CU_ASSERT_EQUAL(ask(&f, HTTP_GET, PATH "/attempts", NULL, &err), 0);
    const struct rollout_ask_attempts *a = (const void *)f.msg.blob;
    CU_ASSERT_EQUAL_FATAL(f.msg.blob_len, sizeof(*a));
    CU_ASSERT(a->limit == 100 && a->filter.wave == 0 && a->filter.wave_last == ROLLOUT_WAVES_MAX - 1);
    CU_ASSERT(a->filter.state == 0 && !a->filter.back && a->filter.place == 0);
    CU_ASSERT_STRING_EQUAL(a->filter.rollout, RO);
    CU_ASSERT_EQUAL(
        ask(&f, HTTP_GET, PATH "/attempts?wave=3&state=timed_out&back=true&cursor=3.4294967295&limit=500", NULL, &err),
        0);
    a = (const void *)f.msg.blob;
    CU_ASSERT(a->limit == 500 && a->filter.wave == 2 && a->filter.wave_last == 2);
    CU_ASSERT(a->filter.state == ATTEMPT_TIMED_OUT && a->filter.back && a->filter.place == UINT32_MAX);
    CU_ASSERT_EQUAL(ask(&f, HTTP_GET, "/api/v1/devices/pump-7/attempts", NULL, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_DEVICE_ATTEMPTS);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.device.text, "pump-7");
}

void what_is_no_question_about_rollouts_is_refused(void)
{
    static const struct {
        enum http_method method;
        const char *path, *body, *says;
    } rows[] = {
        {HTTP_GET, "/api/v1/rollouts?limit=101", NULL, "limit must be from 1 to 100"},
        {HTTP_GET, "/api/v1/rollouts?limit=0", NULL, "limit"},
        {HTTP_GET, "/api/v1/rollouts?cursor=x", NULL, "cursor"},
        {HTTP_GET, "/api/v1/rollouts?state=x", NULL, "takes only: q, cursor, limit"},
        {HTTP_GET, "/api/v1/rollouts/ro-AAAAAAAAAAAAAAAA", NULL, "rollout in the path"},
        {HTTP_GET, PATH "x/attempts", NULL, "rollout in the path"},
        {HTTP_GET, PATH "/attempts?wave=0", NULL, "wave must be from 1 to 32"},
        {HTTP_GET, PATH "/attempts?wave=33", NULL, "wave must be from 1 to 32"},
        {HTTP_GET, PATH "/attempts?state=tired", NULL, "state"},
        {HTTP_GET, PATH "/attempts?back=yes", NULL, "back must be"},
        {HTTP_GET, PATH "/attempts?wave=2&cursor=3.0", NULL, "cursor"},
        {HTTP_GET, PATH "/attempts?cursor=1", NULL, "cursor"},
        {HTTP_GET, PATH "/attempts?cursor=1.4294967296", NULL, "cursor"},
        {HTTP_GET, PATH "/attempts?limit=501", NULL, "limit must be from 1 to 500"},
        {HTTP_POST, "/api/v1/rollouts", NULL, "body"},
        {HTTP_POST, "/api/v1/rollouts", "{\"plan\":{}}", "release is missing"},
        {HTTP_POST, "/api/v1/rollouts", "{\"release\":\"x\",\"plan\":{}}", "16 hex digits"},
        {HTTP_POST, "/api/v1/rollouts", "{\"release\":\"" RELEASE "\"}", "plan is missing"},
        {HTTP_POST, "/api/v1/rollouts", "{\"release\":\"" RELEASE "\",\"plan\":{}}", "waves is missing"},
        {HTTP_POST, "/api/v1/rollouts", "{\"release\":\"" RELEASE "\",\"plan\":{},\"when\":1}", "when"},
        {HTTP_POST, "/api/v1/rollouts",
         "{\"release\":\"" RELEASE "\",\"plan\":{\"waves\":[{\"select\":\"query\",\"query\":\"a:b name:\\\"x\","
         "\"max_concurrent\":1,\"gate\":{\"ok_pct\":1,\"min_sample\":1,\"unreachable_pct\":1}}]}}",
         "wave 1: query: a quote is not closed (at byte 12 of the query)"},
        {HTTP_POST, PATH "/abort", "{\"reason\":7}", "reason"},
        {HTTP_POST, PATH "/abort", "{\"wave\":7}", "wave"},
        {HTTP_POST, PATH "/waive", NULL, "body"},
        {HTTP_POST, PATH "/waive", "{\"what\":\"gate\"}", "wave is missing"},
        {HTTP_POST, PATH "/waive", "{\"wave\":0,\"what\":\"gate\"}", "wave"},
        {HTTP_POST, PATH "/waive", "{\"wave\":1,\"what\":\"\"}", "what must be"},
        {HTTP_POST, PATH "/waive", "{\"wave\":1,\"what\":\"all\"}", "what must be"},
    };
    FIXTURE;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        err = (struct gw_err){0};
        CU_ASSERT_EQUAL(ask(&f, rows[i].method, rows[i].path, rows[i].body, &err), 400);
        if (!strstr(gw_err_text(&err), rows[i].says))
            printf("# %s: expected \"%s\" in \"%s\"\n", rows[i].path, rows[i].says, gw_err_text(&err));
        CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), rows[i].says));
    }
    char body[400] = "{\"reason\":\"";
    memset(body + strlen(body), 'r', ROLLOUT_REASON_MAX);
    (void)snprintf(body + 11 + ROLLOUT_REASON_MAX, 8, "\"}");
    CU_ASSERT_EQUAL(ask(&f, HTTP_POST, PATH "/abort", body, &err), 400);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "reason may have 255 bytes"));
    CU_ASSERT_EQUAL(f.posted, 0);
}

void a_rollout_is_told_with_what_its_waves_wait_for(void)
{
    FIXTURE;
    (void)err;
    struct answer_rollout r = {.entry = {.id = RO, .name = "Spring", .reason = "", .rev = 4, .release_counter = 2}};
    rollout_plan_init(&r.entry.plan);
    r.entry.plan.wave_count = r.entry.rollout.wave_count = 1;
    r.entry.plan.waves[0] = (struct rollout_wave_plan){.select = ROLLOUT_SELECT_REST, .max_concurrent = 1};
    r.entry.rollout.state = ROLLOUT_HOLDING;
    r.entry.rollout.hold = ROLLOUT_HOLD_GATE;
    r.entry.rollout.opened = 1;
    r.entry.rollout.rest = (struct rollout_rest){.unplanned = 7, .holders = true};
    r.entry.rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_OPEN, .total = 3, .holders = 1};
    r.entry.rollout.waves[0].count[ATTEMPT_OK] = 1;
    r.entry.rollout.waves[0].count[ATTEMPT_FAILED] = 2;
    r.entry.rollout.waves[0].back_total = 2;
    r.entry.rollout.waves[0].back[ATTEMPT_REJECTED] = r.entry.rollout.waves[0].back[ATTEMPT_CANCELLED] = 1;
    r.waits[0] = (struct rollout_wait){.word = ROLLOUT_GATE_HOLD, .hold = ROLLOUT_HOLD_GATE};
    struct answer a = {.kind = ANSWER_ROLLOUTS, .rollouts = &r, .rollout_count = 1, .single = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(rest_fixture_header(&f, "etag:"), "\"4\"");
    const char *body = rest_fixture_body(&f);
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"state\":\"holding\",\"hold\":\"gate\",\"hold_wave\":1,\"unplanned\":7,"
                                        "\"finding_holders\":true,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"devices\":3,\"counts\":{\"ok\":1,\"failed\":2},\"holders\":1,"
                                        "\"back_devices\":2,\"back_counts\":{\"rejected\":1,\"cancelled\":1},"));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"decided\":3,\"failures\":2,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"waits_for\":\"person\",\"soak_until\":null,\"hold\":\"gate\"}"));
    a = (struct answer){.kind = ANSWER_ROLLOUTS, .rollouts = &r, .rollout_count = 1, .more = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"next\":\"" RO "\"}"));
    struct attempt_entry e = {.wave = 4, .place = 9, .attempt = {.state = ATTEMPT_OK}};
    a = (struct answer){.kind = ANSWER_ATTEMPTS, .attempts = &e, .attempt_count = 1, .more = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"next\":\"5.10\"}"));
}

void a_device_is_told_with_what_it_said_of_itself(void)
{
    FIXTURE;
    (void)err;
    struct answer_device d = {.device = {.id = {"pump-7"}, .state = DEVICE_ACTIVE}};
    d.inventory = (struct inventory){.product = "pump",
                                     .version = "2.1",
                                     .slots = "[{\"name\":\"a\",\"release\":\"2.1\"}]",
                                     .attributes = "{\"site\":\"<b>\"}",
                                     .uptime_s = 5,
                                     .seen = {1}};
    struct answer a = {.kind = ANSWER_DEVICES, .devices = &d, .device_count = 1, .single = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        rest_fixture_body(&f),
        "\"inventory\":{\"product\":\"pump\",\"hardware\":null,\"version\":\"2.1\",\"release\":null,\"boot\":null,"
        "\"agent\":null,\"uptime_s\":5,\"slots\":[{\"name\":\"a\",\"release\":\"2.1\"}],\"attributes\":{\"site\":"
        "\"<b>\"},\"floor_confirmed\":0,\"told\":\"1970-01-01T00:00:00.001Z\"},"));
}
