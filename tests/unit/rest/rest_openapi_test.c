/* The served OpenAPI document against the table of routes, in both directions. */
#include "rest_openapi_test.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "rest_fixture.h"

static const struct {
    enum http_method method;
    const char *name;
} methods[] = {
    {HTTP_GET, "get"}, {HTTP_POST, "post"}, {HTTP_PUT, "put"}, {HTTP_DELETE, "delete"}, {HTTP_PATCH, "patch"}};

struct check {
    const struct http_route *routes;
    size_t count;
    const char *path;
    int operations;
};

static bool same_path(const char *pattern, const char *path)
{
    while (*pattern && *path) {
        if (pattern[0] == '{' && path[0] == '{') {
            pattern = strchr(pattern, '}');
            path = strchr(path, '}');
        } else if (*pattern != *path) {
            return false;
        }
        pattern++;
        path++;
    }
    return *pattern == *path;
}

static unsigned doors_of(const struct json_value *operation)
{
    const struct json_value *list = NULL;
    unsigned doors = 0;
    CU_ASSERT_EQUAL(json_member(operation, "x-gatehouse-doors", JSON_KIND_ARRAY, &list, NULL), GW_OK);
    for (size_t i = 0; list && i < json_count(list); i++) {
        struct gw_view door;
        CU_ASSERT_EQUAL(json_as_text(json_item(list, i), &door), GW_OK);
        doors |= gw_view_eq_str(door, "admin") ? HTTP_DOOR_ADMIN : HTTP_DOOR_OPERATORS;
    }
    return doors;
}

static bool check_operation(void *ctx, const char *key, const struct json_value *value)
{
    struct check *c = ctx;
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
        if (strcmp(key, methods[m].name) != 0)
            continue;
        int found = 0;
        for (size_t i = 0; i < c->count; i++)
            if (same_path(c->routes[i].pattern, c->path) && c->routes[i].methods == methods[m].method) {
                found++;
                CU_ASSERT_EQUAL(doors_of(value), c->routes[i].doors);
            }
        if (found != 1)
            printf("# %s %s is described and not served\n", key, c->path);
        CU_ASSERT_EQUAL(found, 1);
        c->operations++;
    }
    return true;
}

static bool check_path(void *ctx, const char *key, const struct json_value *value)
{
    ((struct check *)ctx)->path = key;
    json_each_member(value, check_operation, ctx);
    return true;
}

void openapi_and_routes_agree(void)
{
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;
    rest_fixture_init(&f);
    struct gw_err err = {0};
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/openapi.json"};
    CU_ASSERT_EQUAL_FATAL(rest_fixture_ask(&f, &ask, &err), 200);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    GW_ASSERT_OK(json_read(gw_buf_view(&f.reply.body), 1024 * 1024, &doc, &err), &err);
    const struct json_value *paths = NULL;
    GW_ASSERT_OK(json_member(json_root(doc), "paths", JSON_KIND_OBJECT, &paths, &err), &err);
    struct check check = {0};
    check.routes = rest_routes(f.rest, &check.count);
    json_each_member(paths, check_path, &check);
    CU_ASSERT_EQUAL(check.operations, (int)check.count); /* each found exactly one route: so all routes are there */
}

void no_get_changes_state(void)
{
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;
    rest_fixture_init(&f);
    size_t count = 0;
    const struct http_route *routes = rest_routes(f.rest, &count);
    for (size_t i = 0; i < count; i++) {
        if (routes[i].methods != HTTP_GET)
            continue;
        struct gw_err err = {0};
        char path[96];
        const char *hole = strstr(routes[i].pattern, "{}");
        (void)snprintf(path, sizeof(path), "%.*s%s%s", hole ? (int)(hole - routes[i].pattern) : 95, routes[i].pattern,
                       hole ? "pump-7" : "", hole ? hole + 2 : "");
        struct rest_ask ask = {.method = HTTP_GET, .path = path};
        ask.door = routes[i].doors & HTTP_DOOR_ADMIN ? HTTP_DOOR_ADMIN : HTTP_DOOR_OPERATORS;
        int before = f.posted;
        (void)rest_fixture_ask(&f, &ask, &err);
        if (f.posted == before)
            continue;
        enum act_kind kind = f.msg.u.act.kind;
        CU_ASSERT_TRUE(kind == ACT_STATUS || kind == ACT_DEVICE_LIST || kind == ACT_DEVICE_GET ||
                       kind == ACT_PENDING_LIST || kind == ACT_LOG_LIST || kind == ACT_LOG_SEARCH ||
                       kind == ACT_LOG_KEY || kind == ACT_KEY_LIST || kind == ACT_RELEASES_LIST ||
                       kind == ACT_RELEASES_PROGRESS || kind == ACT_SESSION_GET || kind == ACT_USER_LIST ||
                       kind == ACT_USER_GET || kind == ACT_ROLLOUT_LIST || kind == ACT_DEVICE_ATTEMPTS ||
                       kind == ACT_CLAIM_GET || kind == ACT_ALERT_LIST || kind == ACT_TOKEN_LIST);
    }
    CU_ASSERT_EQUAL(f.posted, 17); /* the others need a query, or an id that is one of a release */
}

/* Counts the members of one object that the other one's `properties` do not know. */
struct unknown {
    const struct json_value *properties;
    int count;
};

static bool count_unknown(void *ctx, const char *key, const struct json_value *value)
{
    struct unknown *u = ctx;
    (void)value;
    if (!json_has(u->properties, key)) {
        printf("# the answer's %s is not in the document\n", key);
        u->count++;
    }
    return true;
}

/* The answer has what the schema requires, the schema describes what the answer has. */
static void check_shape(const struct json_value *schemas, const char *name, const struct json_value *answer)
{
    const struct json_value *schema = NULL, *properties = NULL, *required = NULL;
    CU_ASSERT_EQUAL_FATAL(json_member(schemas, name, JSON_KIND_OBJECT, &schema, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_member(schema, "properties", JSON_KIND_OBJECT, &properties, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_member(schema, "required", JSON_KIND_ARRAY, &required, NULL), GW_OK);
    struct unknown u = {.properties = properties};
    json_each_member(answer, count_unknown, &u);
    CU_ASSERT_EQUAL(u.count, 0);
    for (size_t i = 0; i < json_count(required); i++) {
        struct gw_view key;
        char text[64];
        CU_ASSERT_EQUAL_FATAL(json_as_text(json_item(required, i), &key), GW_OK);
        CU_ASSERT_EQUAL_FATAL(gw_view_copy_str(key, text, sizeof(text)), GW_OK);
        if (!json_has(answer, text))
            printf("# %s requires %s, the answer has none\n", name, text);
        CU_ASSERT_TRUE(json_has(answer, text));
    }
}

void answers_have_the_documented_members(void)
{
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;
    rest_fixture_init(&f);
    struct gw_err err = {0};
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/openapi.json"};
    CU_ASSERT_EQUAL_FATAL(rest_fixture_ask(&f, &ask, &err), 200);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    GW_ASSERT_OK(json_read(gw_buf_view(&f.reply.body), 1024 * 1024, &doc, &err), &err);
    const struct json_value *components = NULL, *schemas = NULL;
    GW_ASSERT_OK(json_member(json_root(doc), "components", JSON_KIND_OBJECT, &components, &err), &err);
    GW_ASSERT_OK(json_member(components, "schemas", JSON_KIND_OBJECT, &schemas, &err), &err);
    struct answer_device d = {.device = {.id = {"pump-7"}, .state = DEVICE_ACTIVE}};
    struct device_pending p = {.device = {"pump-7"}};
    struct journal_log log = {.id = {LOG_DEVICE, {"pump-7"}, 7}, .next = 3};
    struct vendor_key key = {.name = "vendor"};
    struct answer_release release = {.entry = {.product = "pump", .version = "1", .state = RELEASE_STAGED}};
    struct release_entry_file file = {.role = RELEASE_ROLE_ARTIFACT, .file = {.name = "a.swu"}};
    struct answer_rollout rollout = {.entry = {.id = "ro-aaaaaaaaaaaaaaaa", .plan = {.wave_count = 1}}};
    rollout.entry.rollout = (struct rollout){.state = ROLLOUT_RUNNING, .wave_count = 1, .opened = 1};
    rollout.entry.rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_OPEN, .total = 1, .waived = 2};
    rollout.waits[0] = (struct rollout_wait){.word = ROLLOUT_GATE_SOAK, .until = {1}};
    struct attempt_entry attempt = {.device = {"pump-7"}, .attempt = {.state = ATTEMPT_OK}};
    struct answer_user user = {.name = "ann", .role = USER_ADMIN, .rev = 1};
    struct token program = {.name = "ci", .role = TOKEN_VIEWER};
    struct alert alert = {.cause = {"auth.login", {"pump-7"}}, .sev = EVENT_SEV_HIGH, .state = ALERT_NEW, .rev = 1};
    uint8_t bytes[] = "hello";
    struct answer_event event = {.log = log.id, .view = {.format = EVENT_TEXT, .sev = EVENT_SEV_INFO}, .len = 5};
    const struct {
        const char *schema;
        struct answer answer;
    } rows[] = {
        {"Done", {.kind = ANSWER_DONE}},
        {"Status", {.kind = ANSWER_STATUS}},
        {"Device", {.kind = ANSWER_DEVICES, .devices = &d, .device_count = 1, .single = true}},
        {"DeviceList", {.kind = ANSWER_DEVICES, .devices = &d, .device_count = 1}},
        {"PendingList", {.kind = ANSWER_PENDING, .pending = &p, .pending_count = 1}},
        {"Invitation", {.kind = ANSWER_INVITATION}},
        {"ClaimCode", {.kind = ANSWER_CLAIM_CODE}},
        {"VendorKey", {.kind = ANSWER_KEYS, .keys = &key, .key_count = 1, .single = true}},
        {"VendorKeyList", {.kind = ANSWER_KEYS, .keys = &key, .key_count = 1}},
        {"Release",
         {.kind = ANSWER_RELEASES,
          .releases = &release,
          .release_count = 1,
          .files = &file,
          .file_count = 1,
          .single = true}},
        {"ReleaseList", {.kind = ANSWER_RELEASES, .releases = &release, .release_count = 1}},
        {"Session", {.kind = ANSWER_SESSION, .session = {.name = "ann", .role = USER_ADMIN}}},
        {"Done", {.kind = ANSWER_SIGNED_OUT}},
        {"User", {.kind = ANSWER_USERS, .users = &user, .user_count = 1, .single = true}},
        {"UserList", {.kind = ANSWER_USERS, .users = &user, .user_count = 1}},
        {"Rollout", {.kind = ANSWER_ROLLOUTS, .rollouts = &rollout, .rollout_count = 1, .single = true}},
        {"RolloutList", {.kind = ANSWER_ROLLOUTS, .rollouts = &rollout, .rollout_count = 1}},
        {"RolloutPreview", {.kind = ANSWER_ROLLOUT_PREVIEW, .rollouts = &rollout, .rollout_count = 1}},
        {"AttemptList", {.kind = ANSWER_ATTEMPTS, .attempts = &attempt, .attempt_count = 1}},
        {"NewToken", {.kind = ANSWER_TOKENS, .text = "gwt_", .tokens = &program, .token_count = 1, .single = true}},
        {"TokenList", {.kind = ANSWER_TOKENS, .tokens = &program, .token_count = 1}},
        {"MetricsToken", {.kind = ANSWER_METRICS_TOKEN, .text = "gwm_"}},
        {"Alert", {.kind = ANSWER_ALERTS, .alerts = &alert, .alert_count = 1, .single = true}},
        {"AlertList", {.kind = ANSWER_ALERTS, .alerts = &alert, .alert_count = 1}},
        {"Import", {.kind = ANSWER_IMPORT}},
        {"Problem", {.kind = ANSWER_DONE, .rc = GW_INVALID, .refusal = {.check = RELEASE_CHECK_SIZE, .file = "a.swu"}}},
        {"LogList", {.kind = ANSWER_LOGS, .logs = &log, .log_count = 1}},
        {"LogEvents", {.kind = ANSWER_LOG_EVENTS, .events = &event, .event_count = 1, .bytes = bytes}},
        {"LogSearch", {.kind = ANSWER_LOG_SEARCH, .events = &event, .event_count = 1, .bytes = bytes}},
        {"Problem", {.kind = ANSWER_DONE, .rc = GW_DENIED, .text = "no"}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rest_answer(f.rest, &rows[i].answer);
        GW_CLEANUP(json_cleanup) struct json_doc *answer = NULL;
        GW_ASSERT_OK(json_read(gw_buf_view(&f.reply.body), 65536, &answer, &err), &err);
        check_shape(schemas, rows[i].schema, json_root(answer));
    }
}
