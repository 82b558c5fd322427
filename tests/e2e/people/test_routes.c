/* Every route of the served OpenAPI document, without a session and with each role, against one table. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "people_kit.h"

enum need { NOBODY, VIEWER, OPERATOR, ADMIN }; /* NOBODY: open to everyone */

#define KEY   "0000000000000000000000000000000000000000000000000000000000000000"
#define AUDIT "log=audit/0000000000000000"

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
    {"get", "/api/v1/log-key", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/vendor-keys", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases/import", VIEWER, 200, NULL, NULL},
    {"get", "/api/v1/releases/{release}", VIEWER, 404, NULL, NULL},
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
    {"delete", "/api/v1/session", VIEWER, 200, NULL, NULL}, /* the last: it ends what the others stand on */
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* Things of these names are not there. */
static void fill_path(const struct row *row, char out[256])
{
    const char *hole = strchr(row->path, '{'), *end = hole ? strchr(hole, '}') + 1 : "";
    const char *what = !hole                                ? ""
                       : strncmp(hole, "{release}", 9) == 0 ? "0000000000000000"
                       : strncmp(hole, "{keyid}", 7) == 0   ? KEY
                                                            : "ghost";
    (void)snprintf(out, 256, "%.*s%s%s%s%s", hole ? (int)(hole - row->path) : 255, row->path, what, end,
                   row->query ? "?" : "", row->query ? row->query : "");
}

static int expected(const struct row *row, enum need who)
{
    if (row->need == NOBODY || who >= row->need)
        return row->status;
    return who == NOBODY ? 401 : 403;
}

static void try_row(const struct gw_gateway *g, const struct row *row, enum need who, const struct person *p)
{
    char path[256], method[8];
    GW_FREE char *answer = NULL;
    fill_path(row, path);
    for (size_t i = 0; i <= strlen(row->method); i++)
        method[i] = (char)(row->method[i] >= 'a' ? row->method[i] - 'a' + 'A' : 0);
    bool get = strcmp(method, "GET") == 0, upload = strcmp(row->path, "/api/v1/releases") == 0;
    struct http_ask ask = {.method = method, .path = path, .body = row->body};
    ask.if_match = get ? NULL : strstr(path, "/invite") ? "\"7\"" : "*";
    ask.content_type = upload ? "application/x-tar" : NULL;
    int got = kit_http(g, p, &ask, &answer);
    if (got != expected(row, who))
        printf("#   role %d: %s %s gave %d, wanted %d: %s\n", (int)who, method, path, got, expected(row, who),
               strstr(answer, "\r\n\r\n"));
    CU_ASSERT_EQUAL(got, expected(row, who));
}

struct check {
    const char *path;
    size_t found;
};

static bool check_operation(void *ctx, const char *key, const struct json_value *operation)
{
    struct check *c = ctx;
    const struct json_value *doors = json_find(operation, "x-gatehouse-doors");
    struct gw_view first;
    if (strcmp(key, "parameters") == 0 || json_as_text(json_item(doors, 0), &first) ||
        !gw_view_eq_str(first, "operators"))
        return true;
    size_t same = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        same += strcmp(rows[i].path, c->path) == 0 && strcmp(rows[i].method, key) == 0;
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
static void check_document(const struct gw_gateway *g)
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
}

void every_route_answers_each_role_as_it_should(void)
{
    static const char *const names[] = {NULL, "vic", "olga", "admin"};
    struct gw_gateway g;
    CU_ASSERT_TRUE_FATAL(kit_open(&g));
    check_document(&g);
    for (enum need who = NOBODY; who <= ADMIN; who++) {
        struct person p = {.cookie = ""};
        if (names[who])
            CU_ASSERT_EQUAL_FATAL(kit_sign_in(&g, &p, names[who], KIT_PASSWORD), 200);
        for (size_t i = 0; i < ROW_COUNT; i++)
            try_row(&g, &rows[i], who, &p);
    }
    gw_gateway_done(&g);
}
