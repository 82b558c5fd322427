/* Every route of the served OpenAPI document, at each door, without a session and with each role, against one table. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "people_kit.h"

/* NOBODY: open to everyone. ROOT: at the admin socket alone, for root. At that socket everybody is an admin, but what
 * needs an admin needs root there; see needs_root(). */
enum need { NOBODY, VIEWER, OPERATOR, ADMIN, ROOT };

#define KEY   "0000000000000000000000000000000000000000000000000000000000000000"
#define AUDIT "log=audit/0000000000000000"
#define ORDER                                                                                                          \
    "{\"release\":\"0000000000000000\",\"plan\":{\"waves\":[{\"select\":\"rest\",\"max_concurrent\":1,\"gate\":"       \
    "{\"ok_pct\":1,\"min_sample\":1,\"unreachable_pct\":100,\"soak_ms\":0}}]}}"

/* `status`: what who is allowed gets, given this body: the gate was passed, and the rest of the request is judged. */
static const struct row {
    const char *method, *path; /* as in the document */
    enum need need;
    int status;
    const char *query, *body;
} rows[] = {
    {"get", "/healthz", NOBODY, 200, NULL, NULL},
    {"get", "/api/v1/openapi.json", NOBODY, 200, NULL, NULL},
    {"post", "/api/v1/claim", NOBODY, 409, NULL,
     "{\"code\":\"aaaaaaaaaaaaaaaa\",\"name\":\"eve\",\"password\":\"" KIT_PASSWORD "\"}"},
    {"post", "/api/v1/session", NOBODY, 400, NULL, "{\"name\":\"vic\"}"},
    {"get", "/api/v1/status", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/devices", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/devices/{id}", VIEWER, 404, NULL, NULL},
    {"get", "/api/v1/pending", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/logs", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/log-events", VIEWER, 404, AUDIT, NULL},
    {"get", "/api/v1/log-search", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/log-checkpoint", VIEWER, 404, AUDIT, NULL},
    {"get", "/api/v1/log-tile", VIEWER, 404, AUDIT "&path=tile/0/000", NULL},
    {"get", "/api/v1/log-evidence", VIEWER, 404, AUDIT, NULL},
    {"get", "/api/v1/log-key", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/vendor-keys", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases/import", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases/{release}", VIEWER, 404, NULL, NULL},
    {"get", "/api/v1/alerts", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/alerts/{alert}", VIEWER, 404, NULL, NULL},
    {"get", "/api/v1/session", VIEWER, 200, NULL, NULL},
    {"post", "/api/v1/session/password", VIEWER, 400, NULL, "{\"old\":\"" KIT_PASSWORD "\",\"new\":\"short\"}"},
    {"post", "/api/v1/devices/{id}/invite", OPERATOR, 409, NULL, NULL},
    {"post", "/api/v1/devices/{id}/approve", OPERATOR, 404, NULL, "{\"spki_sha256\":\"" KEY "\"}"},
    {"post", "/api/v1/devices/{id}/reject", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/devices/{id}/quarantine", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/devices/{id}/release", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/devices/{id}/revoke", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/devices/{id}/retire", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/enrolment-door", OPERATOR, 200, NULL, "{\"minutes\":1}"},
    {"delete", "/api/v1/enrolment-door", OPERATOR, 200, NULL, NULL},
    {"post", "/api/v1/releases", OPERATOR, 400, NULL, "no container"},
    {"post", "/api/v1/releases/{release}/withdraw", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/releases/{release}/verify", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/alerts/{alert}/acknowledge", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/alerts/{alert}/snooze", OPERATOR, 404, NULL, "{\"until\":\"2100-01-01T00:00:00Z\"}"},
    {"post", "/api/v1/alerts/{alert}/resolve", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/alerts/{alert}/note", OPERATOR, 404, NULL, "{\"note\":\"\"}"},
    {"delete", "/api/v1/metrics-token", ADMIN, 404, NULL, NULL},
    {"post", "/api/v1/metrics-token", ADMIN, 200, NULL, NULL},
    {"get", "/api/v1/tokens", ADMIN, 200, NULL, NULL},
    {"post", "/api/v1/tokens", ADMIN, 400, NULL, "{\"name\":\"ci\",\"role\":\"nobody\"}"},
    {"delete", "/api/v1/tokens/{name}", ADMIN, 404, NULL, NULL},
    {"post", "/api/v1/vendor-keys", ADMIN, 400, NULL, "{\"pem\":\"no key\",\"name\":\"v\"}"},
    {"delete", "/api/v1/vendor-keys/{keyid}", ADMIN, 404, NULL, NULL},
    {"get", "/api/v1/users", ADMIN, 200, NULL, NULL},
    {"post", "/api/v1/users", ADMIN, 400, NULL, "{\"name\":\"bob\",\"role\":\"viewer\",\"password\":\"short\"}"},
    {"get", "/api/v1/users/{name}", ADMIN, 404, NULL, NULL},
    {"post", "/api/v1/users/{name}/role", ADMIN, 404, NULL, "{\"role\":\"viewer\"}"},
    {"post", "/api/v1/users/{name}/disable", ADMIN, 404, NULL, NULL},
    {"post", "/api/v1/users/{name}/enable", ADMIN, 404, NULL, NULL},
    {"post", "/api/v1/users/{name}/password", ADMIN, 404, NULL, "{\"password\":\"" KIT_PASSWORD "\"}"},
    {"get", "/api/v1/claim", NOBODY, 200, NULL, NULL},
    {"post", "/api/v1/claim-code", ROOT, 409, NULL, NULL},
    {"get", "/api/v1/rollouts", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/rollouts/{rollout}", VIEWER, 404, NULL, NULL},
    {"get", "/api/v1/rollouts/{rollout}/attempts", VIEWER, 404, NULL, NULL},
    {"get", "/api/v1/devices/{id}/attempts", VIEWER, 404, NULL, NULL},
    {"post", "/api/v1/rollouts", OPERATOR, 404, NULL, ORDER},
    {"post", "/api/v1/rollouts/preview", OPERATOR, 404, NULL, ORDER},
    {"post", "/api/v1/rollouts/{rollout}/start", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/rollouts/{rollout}/pause", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/rollouts/{rollout}/resume", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/rollouts/{rollout}/abort", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/rollouts/{rollout}/rollback", OPERATOR, 404, NULL, NULL},
    {"post", "/api/v1/rollouts/{rollout}/waive", OPERATOR, 404, NULL,
     "{\"wave\":1,\"what\":\"soak\",\"reason\":\"r\"}"},
    {"delete", "/api/v1/session", VIEWER, 200, NULL, NULL}, /* the last: it ends what the others stand on */
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* Things of these names are not there. */
static void fill_path(const struct row *row, char out[256])
{
    static const char *const ids[][2] = {
        {"{release}", "0000000000000000"},
        {"{keyid}", KEY},
        {"{rollout}", "ro-aaaaaaaaaaaaaaaa"},
        {"{alert}", "0000000000000000"},
    };
    const char *hole = strchr(row->path, '{'), *end = hole ? strchr(hole, '}') + 1 : "";
    const char *what = !hole ? "" : "ghost";
    for (size_t i = 0; hole && i < sizeof(ids) / sizeof(ids[0]); i++)
        if (strncmp(hole, ids[i][0], strlen(ids[i][0])) == 0)
            what = ids[i][1];
    (void)snprintf(out, 256, "%.*s%s%s%s%s", hole ? (int)(hole - row->path) : 255, row->path, what, end,
                   row->query ? "?" : "", row->query ? row->query : "");
}

static bool is_get(const struct row *row)
{
    return strcmp(row->method, "get") == 0;
}

struct
try {
    char path[256], method[8];
    struct http_ask ask;
};

static void make_try(const struct row *row, struct try *ret_try)
{
    struct try *t = ret_try;
    fill_path(row, t->path);
    for (size_t i = 0; i <= strlen(row->method); i++)
        t->method[i] = (char)(row->method[i] >= 'a' ? row->method[i] - 'a' + 'A' : 0);
    t->ask = (struct http_ask){.method = t->method, .path = t->path, .body = row->body};
    t->ask.if_match = is_get(row) ? NULL : strstr(t->path, "/invite") ? "\"7\"" : "*";
    t->ask.content_type = strcmp(row->path, "/api/v1/releases") == 0 ? "application/x-tar" : NULL;
}

static void hold(const char *who, const struct http_ask *ask, int got, int wanted)
{
    if (got != wanted)
        printf("#   %s: %s %s gave %d, wanted %d\n", who, ask->method, ask->path, got, wanted);
    CU_ASSERT_EQUAL(got, wanted);
}

static int expected(const struct row *row, enum need who)
{
    if (row->need == ROOT)
        return 404;
    if (row->need == NOBODY || who >= row->need)
        return row->status;
    return who == NOBODY ? 401 : 403;
}

/* As it should be; without the token; and, when it only reads, by HEAD. */
static void try_row(const struct gw_gateway *g, const struct row *row, enum need who, const struct person *p)
{
    static const char *const names[] = {"nobody", "viewer", "operator", "admin"};
    struct try t;
    make_try(row, &t);
    if (is_get(row)) {
        struct http_ask head = t.ask;
        head.method = "HEAD";
        hold(names[who], &head, kit_http(g, p, &head, NULL), expected(row, who));
    } else if (row->need != ROOT) {
        struct http_ask bare = t.ask;
        bare.csrf = "";
        hold(names[who], &bare, kit_http(g, p, &bare, NULL), row->need == NOBODY || who != NOBODY ? 403 : 401);
    }
    hold(names[who], &t.ask, kit_http(g, p, &t.ask, NULL), expected(row, who));
}

/* What only an admin may, and what is about a session, is for people. */
static bool is_for_people(const struct row *row)
{
    return row->need == ADMIN || (row->need == VIEWER && strncmp(row->path, "/api/v1/session", 15) == 0);
}

/* The document says so too. */
static void check_security(const struct row *row, const struct json_value *operation)
{
    const struct json_value *security = json_find(operation, "security");
    bool people = security && json_count(security) == 1 && json_has(json_item(security, 0), "session");
    if (row->need == NOBODY || row->need == ROOT)
        return;
    if (people != is_for_people(row))
        printf("#   %s %s: whether tokens may is told wrong\n", row->method, row->path);
    CU_ASSERT_EQUAL(people, is_for_people(row));
}

struct check {
    const char *path;
    size_t found;
    bool operators[ROW_COUNT], admin[ROW_COUNT]; /* the doors of each row */
};

static bool has_door(const struct json_value *doors, const char *door)
{
    struct gw_view text;
    for (size_t i = 0; i < json_count(doors); i++)
        if (!json_as_text(json_item(doors, i), &text) && gw_view_eq_str(text, door))
            return true;
    return false;
}

static bool check_operation(void *ctx, const char *key, const struct json_value *operation)
{
    struct check *c = ctx;
    const struct json_value *doors = json_find(operation, "x-gatehouse-doors");
    if (strcmp(key, "parameters") == 0)
        return true;
    size_t same = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].path, c->path) != 0 || strcmp(rows[i].method, key) != 0)
            continue;
        c->operators[i] = has_door(doors, "operators");
        c->admin[i] = has_door(doors, "admin");
        CU_ASSERT_EQUAL(c->operators[i], rows[i].need != ROOT);
        check_security(&rows[i], operation);
        same++;
    }
    if (same != 1)
        printf("#   %s %s is not in the table once\n", key, c->path);
    CU_ASSERT_EQUAL(same, 1);
    c->found += same;
    return true;
}

static bool check_path(void *ctx, const char *key, const struct json_value *value)
{
    ((struct check *)ctx)->path = key;
    json_each_member(value, check_operation, ctx);
    return true;
}

/* The table is whole: a route that is new and not here fails. */
static struct check check_document(const struct gw_gateway *g)
{
    GW_FREE char *answer = NULL;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    struct person nobody = {.cookie = ""};
    struct http_ask ask = {.method = "GET", .path = "/api/v1/openapi.json"};
    CU_ASSERT_EQUAL_FATAL(kit_http(g, &nobody, &ask, &answer), 200);
    const char *body = strstr(answer, "\r\n\r\n");
    CU_ASSERT_FATAL(body != NULL);
    GW_ASSERT_OK(json_read(gw_view_trim(gw_view_str(body)), 1 << 20, &doc, &err), &err);
    struct check c = {.found = 0};
    json_each_member(json_find(json_root(doc), "paths"), check_path, &c);
    CU_ASSERT_EQUAL(c.found, ROW_COUNT);
    return c;
}

void every_route_answers_each_role_as_it_should(void)
{
    static const char *const names[] = {NULL, "vic", "olga", "admin"};
    struct gw_gateway g;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    (void)check_document(&g);
    for (enum need who = NOBODY; who <= ADMIN; who++) {
        struct person p = {.cookie = ""};
        if (names[who])
            CU_ASSERT_EQUAL_FATAL(kit_sign_in(&g, &p, names[who], KIT_PASSWORD), 200);
        for (size_t i = 0; i < ROW_COUNT; i++)
            try_row(&g, &rows[i], who, &p);
    }
    gw_gateway_done(&g);
}

/* No token but a viewer's or an operator's gets anywhere, and these no further than their role. */
void every_route_answers_each_token_as_it_should(void)
{
    static const struct {
        const char *name, *role;
        enum need need;
    } tokens[] = {{"v", "viewer", VIEWER}, {"o", "operator", OPERATOR}, {"m", "metrics", NOBODY}};
    struct gw_gateway g;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    for (size_t n = 0; n < sizeof(tokens) / sizeof(tokens[0]); n++) {
        struct person p;
        CU_ASSERT_TRUE_FATAL(kit_program(&g, &p, tokens[n].name, tokens[n].role));
        for (size_t i = 0; i < ROW_COUNT; i++) {
            const struct row *row = &rows[i];
            struct try t;
            make_try(row, &t);
            if (row->need == NOBODY)
                t.ask.csrf = "any"; /* it is asked without looking at who asks */
            int wanted = row->need == ROOT                                  ? 404
                         : row->need == NOBODY                              ? row->status
                         : is_for_people(row) || tokens[n].need < row->need ? 403
                                                                            : row->status;
            hold(tokens[n].role, &t.ask, kit_http(&g, &p, &t.ask, NULL), wanted);
        }
    }
    gw_gateway_done(&g);
}

/* At the admin socket: accounts and vendor keys are root's, other things of admins are not. */
static bool needs_root(const struct row *row)
{
    return row->need == ROOT || (row->need == ADMIN && strcmp(row->path, "/api/v1/metrics-token") != 0);
}

/* At the devices' door none is there; at the admin socket those that should be, for root or for everybody of its group;
 * and whose session has ended is nobody. */
void no_route_is_open_at_another_door(void)
{
    struct gw_gateway g;
    struct person ended;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    struct check c = check_document(&g);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&g, &ended, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_user(&g, "disable", "olga", NULL, NULL), 0);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        struct try t;
        make_try(row, &t);
        hold("a device", &t.ask, kit_device_door(&g, &t.ask), 404);
        hold("root", &t.ask, kit_local(&g, true, &t.ask), c.admin[i] ? row->status : 404);
        hold("the group", &t.ask, kit_local(&g, false, &t.ask),
             !c.admin[i]       ? 404
             : needs_root(row) ? 403
                               : row->status);
        hold("an ended session", &t.ask, kit_http(&g, &ended, &t.ask, NULL), expected(row, NOBODY));
    }
    gw_gateway_done(&g);
}
