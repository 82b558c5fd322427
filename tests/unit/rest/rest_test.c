/* protocols/rest: what is posted for which request, what is refused, and what answers look like. */
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "rest_cookie.h"
#include "rest_fixture.h"
#include "rest_list_test.h"
#include "rest_openapi_test.h"
#include "rest_rollout_test.h"

#define FIXTURE                                                                                                        \
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;                                                               \
    rest_fixture_init(&f);                                                                                             \
    struct gw_err err = {0}

#define SPKI "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int ask_admin(struct rest_fixture *f, enum http_method method, const char *path, const char *body)
{
    struct gw_err err = {0};
    return rest_fixture_ask(
        f, &(struct rest_ask){.method = method, .door = HTTP_DOOR_ADMIN, .path = path, .body = body}, &err);
}

static void posts_each_device_act_with_its_device(void)
{
    static const struct {
        const char *verb;
        enum act_kind kind;
    } acts[] = {
        {"invite", ACT_INVITE},   {"reject", ACT_REJECT}, {"quarantine", ACT_QUARANTINE},
        {"release", ACT_RELEASE}, {"revoke", ACT_REVOKE}, {"retire", ACT_RETIRE},
    };
    FIXTURE;
    (void)err;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "/api/v1/devices/pump-7/%s", acts[i].verb);
        CU_ASSERT_EQUAL(ask_admin(&f, HTTP_POST, path, NULL), 0);
        CU_ASSERT_EQUAL(f.posted, (int)i + 1);
        CU_ASSERT_EQUAL(f.msg.kind, INBOX_ACT);
        CU_ASSERT_EQUAL(f.msg.u.act.kind, acts[i].kind);
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.device.text, "pump-7");
        CU_ASSERT_EQUAL(f.msg.u.act.if_rev, -1);
        CU_ASSERT_EQUAL(f.msg.asker.kind, ASKER_REST);
        CU_ASSERT_EQUAL(f.msg.asker.ticket.slot, 7);
        CU_ASSERT_EQUAL(f.msg.asker.ticket.generation, 9);
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.source, "192.0.2.7");
    }
}

static void carries_name_key_minutes_and_revision(void)
{
    FIXTURE;
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_POST, "/api/v1/devices/pump-7/invite", "{\"name\":\"Pump \\u00e4\"}"), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, "Pump \xc3\xa4");
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_POST, "/api/v1/devices/pump-7/approve", "{\"spki_sha256\":\"" SPKI "\"}"), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_APPROVE);
    CU_ASSERT_EQUAL(f.msg.u.act.spki_sha256.bytes[1], 0x11);
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_POST, "/api/v1/enrolment-door", "{\"minutes\":60}"), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_DOOR_OPEN);
    CU_ASSERT_EQUAL(f.msg.u.act.number, 60);
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_DELETE, "/api/v1/enrolment-door", NULL), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_DOOR_CLOSE);
    struct rest_ask ask = {
        .method = HTTP_POST, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/devices/pump-7/revoke", .if_match = "\"12\""};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.if_rev, 12);
    static const char *const bad[] = {"12", "\"12", "W/\"12\"", "\"\"", "\"-1\"", "\"1\", \"2\"", "\"x\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ask.if_match = bad[i];
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    }
}

static void reads_of_devices_take_cursor_and_limit(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/devices"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_DEVICE_LIST);
    CU_ASSERT_EQUAL(f.msg.u.act.number, 100);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.device.text, "");
    ask.query = "cursor=pump-7&limit=500";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.number, 500);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.device.text, "pump-7");
    static const char *const bad[] = {
        "limit=501", "limit=0",  "limit=", "limit",           "cursor=..",
        "sort=id",   "limit=5x", "=1",     "limit=5&limit=6", "cursor=pump-7&cursor=pump-8"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ask.query = bad[i];
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    }
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_GET, "/api/v1/devices/pump-7", NULL), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_DEVICE_GET);
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_GET, "/api/v1/status", NULL), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_STATUS);
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_GET, "/api/v1/pending", NULL), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_PENDING_LIST);
}

static void a_local_user_acts_as_admin_under_their_own_name(void)
{
    FIXTURE;
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_GET, "/api/v1/status", NULL), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "local:root");
    CU_ASSERT_EQUAL(f.msg.u.act.actor.role, USER_ADMIN);
    CU_ASSERT_TRUE(f.msg.u.act.actor.local);
    CU_ASSERT_TRUE(f.msg.u.act.actor.superuser);
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/status", .uid = 1000};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "local:eve");
    CU_ASSERT_FALSE(f.msg.u.act.actor.superuser);
}

static void a_claim_code_is_made_for_root_on_the_admin_socket_alone(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_POST, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/claim-code", .uid = 1000};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.posted, 0);
    ask.uid = 0;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_CLAIM_CODE);
    ask.door = HTTP_DOOR_OPERATORS;
    f.session_rc = GW_OK;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 404);
}

static void without_a_session_the_operators_door_answers_401(void)
{
    FIXTURE;
    size_t count = 0;
    const struct http_route *routes = rest_routes(f.rest, &count);
    int refused = 0;
    for (size_t i = 0; i < count; i++) {
        bool open = !strcmp(routes[i].pattern, "/healthz") || !strcmp(routes[i].pattern, "/api/v1/openapi.json") ||
                    !strcmp(routes[i].pattern, "/api/v1/claim") ||
                    (!strcmp(routes[i].pattern, "/api/v1/session") && routes[i].methods == HTTP_POST);
        if (open || !(routes[i].doors & HTTP_DOOR_OPERATORS))
            continue;
        char path[96];
        const char *hole = strstr(routes[i].pattern, "{}");
        (void)snprintf(path, sizeof(path), "%.*s%s%s", hole ? (int)(hole - routes[i].pattern) : 95, routes[i].pattern,
                       hole ? "pump-7" : "", hole ? hole + 2 : "");
        struct rest_ask ask = {
            .method = (enum http_method)routes[i].methods, .door = HTTP_DOOR_OPERATORS, .path = path};
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 401);
        CU_ASSERT_STRING_EQUAL(f.reply.content_type, "application/problem+json");
        refused++;
    }
    CU_ASSERT_EQUAL(refused, (int)count - 6); /* the five that are open, and the claim code, which is not offered */
    CU_ASSERT_EQUAL(f.posted, 0);
}

static const char *header_of(const struct rest_fixture *f, const char *name)
{
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && f->reply.headers[i].name; i++)
        if (strcmp(f->reply.headers[i].name, name) == 0)
            return f->reply.headers[i].value;
    return "";
}

static void cookies_have_exactly_these_attributes(void)
{
    FIXTURE;
    (void)err;
    struct answer in = {.kind = ANSWER_SESSION, .session = {.name = "ann", .role = USER_ADMIN, .cookie = "00ff"}};
    struct answer look = {.kind = ANSWER_SESSION, .session = {.name = "ann", .role = USER_ADMIN}};
    struct answer out = {.kind = ANSWER_SIGNED_OUT};
    rest_answer(f.rest, &in);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "set-cookie:"), "__Host-gw=00ff; Secure; HttpOnly; SameSite=Strict; Path=/");
    CU_ASSERT_STRING_EQUAL(header_of(&f, "cache-control:"), "no-store");
    CU_ASSERT_PTR_NULL(strstr(gw_buf_str(&f.reply.body), "00ff")); /* scripts never see it */
    rest_answer(f.rest, &look);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "set-cookie:"), "");
    rest_answer(f.rest, &out);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "set-cookie:"),
                           "__Host-gw=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
}

static void refusals_of_sign_ins_have_their_status(void)
{
    FIXTURE;
    (void)err;
    struct answer wrong = {.kind = ANSWER_SESSION, .rc = GW_DENIED}, early = {.kind = ANSWER_DONE, .rc = GW_AGAIN};
    struct answer ended = {.kind = ANSWER_UNAUTHORIZED, .rc = GW_DENIED}, busy = early;
    early.retry_after_s = 7;
    rest_answer(f.rest, &wrong);
    CU_ASSERT_EQUAL(f.reply.status, 401);
    rest_answer(f.rest, &ended);
    CU_ASSERT_EQUAL(f.reply.status, 401);
    rest_answer(f.rest, &early);
    CU_ASSERT_EQUAL(f.reply.status, 429);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "retry-after:"), "7");
    rest_answer(f.rest, &busy);
    CU_ASSERT_EQUAL(f.reply.status, 503);
}

static void a_token_of_another_session_is_403(void)
{
    FIXTURE;
    f.session_rc = GW_DENIED;
    struct rest_ask ask = {.method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/devices/pump-7/revoke"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.posted, 0);
}

static void passwords_reach_core_whole(void)
{
    FIXTURE;
    f.session_rc = GW_OK;
    struct rest_ask ask = {.method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/session"};
    ask.body = "{\"name\":\"ann\",\"password\":\"pass\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_SIGN_IN);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "");
    CU_ASSERT(f.msg.blob_len == 4 && memcmp(f.msg.blob, "pass", 4) == 0);
    ask.body = "{\"name\":\"ann\",\"password\":\"\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    ask.path = "/api/v1/session/password";
    ask.body = "{\"old\":\"a\",\"new\":\"bc\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT(f.msg.blob_len == 4 && memcmp(f.msg.blob, "a\0bc", 4) == 0);
    ask.path = "/api/v1/users";
    ask.body = "{\"name\":\"bob\",\"role\":\"root\",\"password\":\"x\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    ask.body = "{\"name\":\"bob\",\"role\":\"operator\",\"password\":\"x\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.number, USER_OPERATOR);
    ask.path = "/api/v1/users/bob/disable";
    ask.body = NULL;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 428);
}

static bool cookie_is(const char *header, unsigned char first)
{
    unsigned char id[REST_COOKIE_ID_LEN];
    return rest_cookie_parse(gw_view_str(header), id) == GW_OK && id[0] == first;
}

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void finds_its_own_cookie_among_others(void)
{
    CU_ASSERT_TRUE(cookie_is("__Host-gw=" ID, 0));
    CU_ASSERT_TRUE(cookie_is("a=b;  __Host-gw=" ID " ; x", 0));
    CU_ASSERT_FALSE(cookie_is("", 0));
    CU_ASSERT_FALSE(cookie_is("gw=" ID, 0));
    CU_ASSERT_FALSE(cookie_is("__Host-gw=" ID "0", 0));
    CU_ASSERT_FALSE(cookie_is("__Host-gw=\"" ID "\"", 0));
    CU_ASSERT_FALSE(cookie_is("__Host-gw=" ID "; __Host-gw=" ID, 0)); /* whose is it? */
}

static void a_browser_is_known_again_by_its_own_cookie(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_POST,
                           .door = HTTP_DOOR_OPERATORS,
                           .path = "/api/v1/session",
                           .body = "{\"name\":\"ann\",\"password\":\"x\"}"};
    char text[REST_COOKIE_KNOWN_CHARS + 1], header[512];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)snprintf(header, sizeof(header), "__Host-gw=" ID "; __Host-gw-known=%s", text);
    ask.cookie = header;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, text);
    const char *const none[] = {"__Host-gw-known=", "__Host-gw-known=zz", "__Host-gw-known", "known=aa", ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ask.cookie = none[i];
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, "");
    }
    (void)snprintf(header, sizeof(header), "__Host-gw-known=%s; __Host-gw-known=%s", text, text);
    ask.cookie = header;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, "");
    struct answer a = {.kind = ANSWER_SESSION, .session = {.cookie = "00ff", .known = "11ee"}};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "set-cookie:"), "__Host-gw=00ff; Secure; HttpOnly; SameSite=Strict; Path=/");
    int count = 0;
    for (size_t i = 0; i < HTTP_REPLY_HEADERS && f.reply.headers[i].name; i++)
        count += strcmp(f.reply.headers[i].value, "__Host-gw-known=11ee; Secure; HttpOnly; SameSite=Strict; Path=/; "
                                                  "Max-Age=15552000") == 0;
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_PTR_NULL(strstr(rest_fixture_body(&f), "11ee"));
}

static void an_upload_passes_the_gates_before_its_first_byte(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_POST,
                           .door = HTTP_DOOR_OPERATORS,
                           .path = "/api/v1/releases",
                           .content_type = "application/x-tar",
                           .body = "a container"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 401);
    f.session_rc = GW_OK;
    ask.csrf = "";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    ask.csrf = NULL;
    ask.content_type = "application/json";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 415);
    CU_ASSERT_EQUAL(f.imports, 0);
    ask.content_type = "application/x-tar; charset=binary";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.imports, 1);
    CU_ASSERT_EQUAL(f.import_bytes, strlen(ask.body));
    CU_ASSERT_EQUAL(f.import.length, (int64_t)strlen(ask.body));
    CU_ASSERT_STRING_EQUAL(f.import.actor.name, "user:ann");
    CU_ASSERT_EQUAL(f.posted, 0); /* the import thread tells the core */
}

static void a_session_acts_under_its_name_and_is_never_local(void)
{
    FIXTURE;
    f.session_rc = GW_OK;
    f.actor.local = f.actor.superuser = true; /* a session cannot lend itself this */
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/devices"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "user:ann");
    CU_ASSERT_EQUAL(f.msg.u.act.actor.role, USER_OPERATOR);
    CU_ASSERT_FALSE(f.msg.u.act.actor.local);
    CU_ASSERT_FALSE(f.msg.u.act.actor.superuser);
    f.session_rc = GW_IO;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 500);
}

static void writes_on_the_operators_door_must_come_from_our_own_page(void)
{
    FIXTURE;
    f.session_rc = GW_OK;
    struct rest_ask good = {.method = HTTP_POST,
                            .door = HTTP_DOOR_OPERATORS,
                            .path = "/api/v1/devices/pump-7/revoke",
                            .if_match = "\"3\"",
                            .fetch_site = "same-origin",
                            .origin = "https://Gate.example:9443"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &good, &err), 0);
    struct rest_ask bad = good;
    bad.csrf = "";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &bad, &err), 403);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "X-GW-CSRF"));
    static const char *const sites[] = {"cross-site", "same-site", "none", "rubbish"};
    for (size_t i = 0; i < 4; i++) {
        bad = good;
        bad.fetch_site = sites[i];
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &bad, &err), 403);
    }
    static const char *const origins[] = {"null", "https://evil.example", "http://gate.example:9443",
                                          "https://gate.example:9443.evil.example", "https://"};
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        bad = good;
        bad.origin = origins[i];
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &bad, &err), 403);
    }
    CU_ASSERT_EQUAL(f.posted, 1);
}

static void a_token_needs_neither_session_nor_header(void)
{
    FIXTURE;
    f.program.local = f.program.superuser = true; /* a token cannot lend itself this */
    struct rest_ask ask = {.method = HTTP_POST,
                           .door = HTTP_DOOR_OPERATORS,
                           .path = "/api/v1/devices/pump-7/revoke",
                           .if_match = "\"3\"",
                           .csrf = "",
                           .authorization = "Bearer right"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "token:ci");
    CU_ASSERT_TRUE(actor_is_token(&f.msg.u.act.actor));
    CU_ASSERT_FALSE(f.msg.u.act.actor.local || f.msg.u.act.actor.superuser);
    ask.if_match = NULL;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 428);
    ask.if_match = "\"3\"";
    ask.fetch_site = "cross-site"; /* a browser's word is heeded all the same */
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    ask.fetch_site = NULL;
    ask.origin = "https://evil.example";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.posted, 1);
    struct rest_ask upload = {.method = HTTP_POST,
                              .door = HTTP_DOOR_OPERATORS,
                              .path = "/api/v1/releases",
                              .content_type = "application/x-tar",
                              .csrf = "",
                              .authorization = "Bearer right",
                              .body = "a container"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &upload, &err), 0);
    CU_ASSERT_STRING_EQUAL(f.import.actor.name, "token:ci");
}

static void a_wrong_token_is_401_and_many_are_429(void)
{
    FIXTURE;
    f.session_rc = GW_OK; /* a session beside it does not help */
    struct rest_ask ask = {
        .method = HTTP_GET, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/devices", .authorization = "Bearer wrong"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 401);
    CU_ASSERT_PTR_NOT_NULL(strstr(header_of(&f, "www-authenticate:"), "Bearer"));
    CU_ASSERT_STRING_EQUAL(header_of(&f, "retry-after:"), "");
    f.token_rc = GW_AGAIN;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 429);
    CU_ASSERT_STRING_EQUAL(header_of(&f, "retry-after:"), "60");
    CU_ASSERT_EQUAL(f.posted + f.refused, 0);
    ask.authorization = NULL;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
}

static void a_token_goes_with_no_cookie_and_to_no_other_door(void)
{
    FIXTURE;
    f.session_rc = GW_OK;
    struct rest_ask ask = {.method = HTTP_GET,
                           .door = HTTP_DOOR_OPERATORS,
                           .path = "/api/v1/devices",
                           .authorization = "Bearer right",
                           .cookie = "__Host-gw=x"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    ask.cookie = "other=1";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    ask.cookie = NULL;
    ask.door = HTTP_DOOR_ADMIN; /* a viewer's token must not act as the admin that its user is there */
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    CU_ASSERT_EQUAL(f.posted, 0);
}

static void a_token_is_asked_for_with_name_role_and_days(void)
{
    static const struct {
        const char *body;
        int status;
        int days;
    } rows[] = {
        {"{\"name\":\"ci\",\"role\":\"viewer\"}", 0, 90},
        {"{\"name\":\"ci\",\"role\":\"viewer\",\"days\":365}", 0, 365},
        {"{\"name\":\"ci\",\"role\":\"viewer\",\"days\":366}", 400, 0},
        {"{\"name\":\"ci\",\"role\":\"viewer\",\"days\":0}", 400, 0},
        {"{\"name\":\"ci\",\"role\":\"viewer\",\"days\":\"9\"}", 400, 0},
        {"{\"name\":\"ci\"}", 400, 0},
        {"{\"role\":\"viewer\"}", 400, 0},
        {"{\"name\":\"ci\",\"role\":\"viewer\",\"token\":\"x\"}", 400, 0},
        {NULL, 400, 0},
    };
    FIXTURE;
    f.session_rc = GW_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rest_ask ask = {
            .method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/tokens", .body = rows[i].body};
        CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), rows[i].status);
        if (rows[i].status)
            continue;
        CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_TOKEN_ADD);
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.name, "ci");
        CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, "viewer");
        CU_ASSERT_EQUAL(f.msg.u.act.number, rows[i].days);
    }
    struct rest_ask ask = {.method = HTTP_DELETE, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/tokens/ci"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_TOKEN_REVOKE);
    ask.path = "/api/v1/tokens/C!";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
}

static void core_is_told_of_refusals_of_somebody_known(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_POST,
                           .door = HTTP_DOOR_OPERATORS,
                           .path = "/api/v1/devices/pump-7/revoke",
                           .body = "{\"rubbish\":1}"};
    f.session_rc = GW_NOT_FOUND;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 401);
    CU_ASSERT_EQUAL(f.refused, 0);
    f.session_rc = GW_DENIED; /* another session's token */
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.refused, 1);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "user:ann");
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_REVOKE);
    f.session_rc = GW_OK;
    ask.fetch_site = "cross-site";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.refused, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.msg.u.act.text, "another site"));
    ask = (struct rest_ask){
        .method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/releases", .csrf = "", .body = "x"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.refused, 3);
    ask = (struct rest_ask){.method = HTTP_POST, .door = HTTP_DOOR_ADMIN, .path = "/api/v1/claim-code", .uid = 1000};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    CU_ASSERT_EQUAL(f.refused, 4);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "local:eve");
    CU_ASSERT_EQUAL(f.posted, 0);
}

static void a_device_act_on_the_operators_door_needs_if_match(void)
{
    FIXTURE;
    f.session_rc = GW_OK;
    struct rest_ask ask = {
        .method = HTTP_POST, .door = HTTP_DOOR_OPERATORS, .path = "/api/v1/devices/pump-7/quarantine"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 428);
    ask.if_match = "*";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.if_rev, -1);
    ask.if_match = NULL;
    ask.path = "/api/v1/devices/pump-7/invite"; /* there may be no revision yet */
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
}

static void refuses_bodies_that_break_the_rules(void)
{
    static const struct {
        const char *path, *body, *type;
        int status;
        const char *says;
    } rows[] = {
        {"/api/v1/devices/pump-7/invite", "{\"nam\":\"x\"}", NULL, 400, "unknown key \"nam\""},
        {"/api/v1/devices/pump-7/invite", "{\"name\":7}", NULL, 400, "name must be text"},
        {"/api/v1/devices/pump-7/invite", "{\"name\":\"x\"", NULL, 400, "well-formed"},
        {"/api/v1/devices/pump-7/invite", "{\"name\":\"x\"}", "text/plain", 415, NULL},
        {"/api/v1/devices/pump-7/invite", "{\"name\":\"x\"}", "", 415, NULL},
        {"/api/v1/devices/pump-7/invite", "name=x", "application/x-www-form-urlencoded", 415, NULL},
        {"/api/v1/devices/pump-7/invite", "{}", "application/json; charset=latin1", 415, NULL},
        {"/api/v1/devices/pump-7/invite", "{}", "Application/JSON ; charset=UTF-8", 0, NULL},
        {"/api/v1/devices/pump-7/revoke", "{\"why\":\"x\"}", NULL, 400, "unknown key \"why\""},
        {"/api/v1/devices/pump-7/revoke", "{}", NULL, 0, NULL},
        {"/api/v1/devices/pump-7/approve", NULL, NULL, 400, "body is needed"},
        {"/api/v1/devices/pump-7/approve", "{}", NULL, 400, "spki_sha256 is missing"},
        {"/api/v1/devices/pump-7/approve", "{\"spki_sha256\":\"00\"}", NULL, 400, "64 hex digits"},
        {"/api/v1/devices/Pump/revoke", NULL, NULL, 400, "device id"},
        {"/api/v1/devices/root/invite", NULL, NULL, 400, "device id"},
        {"/api/v1/enrolment-door", "{\"minutes\":0}", NULL, 400, "minutes must be from 1 to 60"},
        {"/api/v1/enrolment-door", "{\"minutes\":61}", NULL, 400, "minutes must be from 1 to 60"},
        {"/api/v1/enrolment-door", "{\"minutes\":\"5\"}", NULL, 400, "minutes must be an integer"},
        {"/api/v1/enrolment-door", "{\"minutes\":5,\"minutes\":6}", NULL, 400, "repeats a key"},
    };
    FIXTURE;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rest_ask ask = {.method = HTTP_POST,
                               .door = HTTP_DOOR_ADMIN,
                               .path = rows[i].path,
                               .body = rows[i].body,
                               .content_type = rows[i].type};
        int status = rest_fixture_ask(&f, &ask, &err);
        CU_ASSERT_EQUAL(status, rows[i].status);
        if (rows[i].says && !strstr(err.text, rows[i].says))
            CU_FAIL("the message does not say what is wrong");
    }
    char big[REST_BODY_MAX + 2];
    memset(big, ' ', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    CU_ASSERT_EQUAL(ask_admin(&f, HTTP_POST, "/api/v1/enrolment-door", big), 413);
}

static void claiming_posts_code_name_and_password_without_an_actor(void)
{
    FIXTURE;
    struct rest_ask ask = {
        .method = HTTP_POST,
        .door = HTTP_DOOR_OPERATORS,
        .path = "/api/v1/claim",
        .body = "{\"code\":\"abcd-efgh ijkl-mnop\",\"name\":\"ann\",\"password\":\"correct horse\"}",
    };
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 0);
    CU_ASSERT_EQUAL(f.msg.u.act.kind, ACT_CLAIM);
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.text, "abcdefghijklmnop");
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.name, "ann");
    CU_ASSERT_STRING_EQUAL(f.msg.u.act.actor.name, "");
    CU_ASSERT_TRUE(gw_view_eq_str(gw_view_make(f.msg.blob, f.msg.blob_len), "correct horse"));
    ask.csrf = "";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 403);
    ask.csrf = NULL;
    ask.body = "{\"code\":\"abcd\",\"name\":\"ann\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    CU_ASSERT_STRING_EQUAL(err.text, "password is missing");
    ask.body = "{\"code\":\"abcd\",\"name\":\"ann\",\"password\":\"\"}";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 400);
    CU_ASSERT_EQUAL(f.posted, 1);
}

static void a_full_inbox_is_503_and_loses_no_memory(void)
{
    FIXTURE;
    f.post_rc = GW_AGAIN;
    struct rest_ask ask = {
        .method = HTTP_POST,
        .door = HTTP_DOOR_OPERATORS,
        .path = "/api/v1/claim",
        .body = "{\"code\":\"abcd\",\"name\":\"ann\",\"password\":\"correct horse\"}",
    };
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 503);
    f.post_rc = GW_CANCELLED;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 503);
}

static void static_answers_need_nobody(void)
{
    FIXTURE;
    struct rest_ask ask = {.method = HTTP_GET, .door = HTTP_DOOR_OPERATORS, .path = "/healthz"};
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 200);
    CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f), "{\"status\":\"ok\"}\n");
    ask.path = "/api/v1/openapi.json";
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 200);
    CU_ASSERT_STRING_EQUAL(f.reply.content_type, "application/json");
    CU_ASSERT_EQUAL(f.posted, 0);
    ask.method = HTTP_POST;
    CU_ASSERT_EQUAL(rest_fixture_ask(&f, &ask, &err), 405);
}

static struct answer_device some_device(void)
{
    struct answer_device d = {.online = true, .seen = {1000}, .source = "192.0.2.7", .cert_not_after = {2000}};
    (void)snprintf(d.device.id.text, sizeof(d.device.id.text), "pump-7");
    (void)snprintf(d.device.name, sizeof(d.device.name), "Pump \"seven\"\n");
    d.device.state = DEVICE_ACTIVE;
    d.device.created.ms = 1;
    d.device.changed.ms = 2;
    d.device.rev = 4;
    d.cert_sha256.bytes[0] = 0xab;
    return d;
}

static void one_device_is_an_object_with_its_etag(void)
{
    FIXTURE;
    (void)err;
    struct answer_device d = some_device();
    struct answer a = {
        .kind = ANSWER_DEVICES, .asker = {ASKER_REST, {3, 4}}, .devices = &d, .device_count = 1, .single = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.ticket.slot, 3);
    CU_ASSERT_EQUAL(f.reply.status, 200);
    CU_ASSERT_STRING_EQUAL(rest_fixture_header(&f, "etag:"), "\"4\"");
    CU_ASSERT_STRING_EQUAL(rest_fixture_header(&f, "cache-control:"), "no-store");
    CU_ASSERT_STRING_EQUAL(
        rest_fixture_body(&f),
        "{\"id\":\"pump-7\",\"name\":\"Pump \\\"seven\\\"\\n\",\"state\":\"active\",\"online\":true,"
        "\"seen\":\"1970-01-01T00:00:01.000Z\",\"source\":\"192.0.2.7\",\"certificate\":{\"sha256\":"
        "\"ab00000000000000000000000000000000000000000000000000000000000000\",\"not_after\":"
        "\"1970-01-01T00:00:02.000Z\"},\"inventory\":null,\"created\":\"1970-01-01T00:00:00.001Z\",\"changed\":"
        "\"1970-01-01T00:00:00.002Z\",\"rev\":\"4\"}\n");
}

static void a_list_names_the_next_page(void)
{
    FIXTURE;
    (void)err;
    struct answer_device d[2] = {some_device(), some_device()};
    d[1].device.id.text[0] = 'q';
    d[1].cert_sha256.bytes[0] = 0;
    struct answer a = {.kind = ANSWER_DEVICES, .devices = d, .device_count = 2, .more = true};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"next\":\"qump-7\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"certificate\":null"));
    a.more = false;
    a.device_count = 0;
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f), "{\"devices\":[],\"next\":null}\n");
}

static void a_list_of_500_devices_fits(void)
{
    FIXTURE;
    (void)err;
    GW_FREE struct answer_device *d = gw_xalloc(REST_LIST_MAX, sizeof(*d));
    for (size_t i = 0; i < REST_LIST_MAX; i++) {
        d[i] = some_device();
        memset(d[i].device.name, 1, sizeof(d[i].device.name) - 1);
    }
    struct answer a = {.kind = ANSWER_DEVICES, .devices = d, .device_count = REST_LIST_MAX};
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.reply.status, 200);
}

static void status_pending_codes_and_done_have_their_shapes(void)
{
    FIXTURE;
    (void)err;
    struct answer a = {.kind = ANSWER_STATUS};
    a.status = (struct answer_status){.gateway = "gw-0011", .version = "0.1.0", .claimed = true, .online = 2};
    a.status.devices_by_state[DEVICE_RETIRED] = 5;
    a.status.registry_generation = UINT64_MAX;
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"generation\":\"18446744073709551615\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"retired\":5}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"door_open_until\":null"));
    struct device_pending p = {.device = {"pump-7"}, .source = "192.0.2.9", .expires = {3}, .approved = true};
    a = (struct answer){.kind = ANSWER_PENDING, .pending = &p, .pending_count = 1};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "{\"pending\":[{\"id\":\"pump-7\",\"spki_sha256\":\"0000"));
    a = (struct answer){.kind = ANSWER_INVITATION, .text = "gw1.x", .expires = {5}};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f),
                           "{\"invitation\":\"gw1.x\",\"expires\":\"1970-01-01T00:00:00.005Z\"}\n");
    a = (struct answer){.kind = ANSWER_CLAIM_CODE, .text = "abcd", .expires = {5}};
    rest_answer(f.rest, &a);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "{\"code\":\"abcd\",\"expires\":"));
    a = (struct answer){.kind = ANSWER_DONE, .text = "closed"};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f), "{\"ok\":true,\"detail\":\"closed\"}\n");
}

static void a_refusal_of_core_is_a_problem_document(void)
{
    FIXTURE;
    (void)err;
    struct answer a = {.kind = ANSWER_DONE, .rc = GW_CONFLICT, .text = "pump-7 is retired: \"revoke\" does not apply"};
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.reply.status, 409);
    CU_ASSERT_STRING_EQUAL(f.reply.content_type, "application/problem+json");
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_view detail;
    CU_ASSERT_EQUAL_FATAL(json_read(gw_view_str(rest_fixture_body(&f)), 4096, &doc, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_text(json_root(doc), "detail", &detail, NULL), GW_OK);
    CU_ASSERT_TRUE(gw_view_eq_str(detail, a.text));
    a = (struct answer){.kind = ANSWER_ENROLLED};
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.reply.status, 500);
}

static const struct gw_test_case cases[] = {
    {"posts each device act with its device", posts_each_device_act_with_its_device},
    {"carries name, key, minutes and revision", carries_name_key_minutes_and_revision},
    {"reads of devices take cursor and limit", reads_of_devices_take_cursor_and_limit},
    {"a local user acts as admin under their own name", a_local_user_acts_as_admin_under_their_own_name},
    {"a claim code is made for root on the admin socket alone",
     a_claim_code_is_made_for_root_on_the_admin_socket_alone},
    {"without a session the operators' door answers 401", without_a_session_the_operators_door_answers_401},
    {"an upload passes the gates before its first byte", an_upload_passes_the_gates_before_its_first_byte},
    {"a session acts under its name and is never local", a_session_acts_under_its_name_and_is_never_local},
    {"writes on the operators' door must come from our own page",
     writes_on_the_operators_door_must_come_from_our_own_page},
    {"a token needs neither a session nor its header", a_token_needs_neither_session_nor_header},
    {"a wrong token is 401, and many are 429", a_wrong_token_is_401_and_many_are_429},
    {"a token goes with no cookie and to no other door", a_token_goes_with_no_cookie_and_to_no_other_door},
    {"a token is asked for with name, role and days", a_token_is_asked_for_with_name_role_and_days},
    {"tells core of refusals of somebody who is known", core_is_told_of_refusals_of_somebody_known},
    {"a device act on the operators' door needs If-Match", a_device_act_on_the_operators_door_needs_if_match},
    {"refuses bodies that break the rules", refuses_bodies_that_break_the_rules},
    {"claiming posts code, name and password without an actor", claiming_posts_code_name_and_password_without_an_actor},
    {"a full inbox is 503 and loses no memory", a_full_inbox_is_503_and_loses_no_memory},
    {"static answers need nobody", static_answers_need_nobody},
    {"one device is an object with its ETag", one_device_is_an_object_with_its_etag},
    {"a list names the next page", a_list_names_the_next_page},
    {"a list of 500 devices fits", a_list_of_500_devices_fits},
    {"status, pending, codes and done have their shapes", status_pending_codes_and_done_have_their_shapes},
    {"a refusal of core is a problem document", a_refusal_of_core_is_a_problem_document},
    {"sets and clears the cookie with exactly these attributes", cookies_have_exactly_these_attributes},
    {"answers refused sign-ins by 401, and 429 with the wait", refusals_of_sign_ins_have_their_status},
    {"refuses the token of another session by 403", a_token_of_another_session_is_403},
    {"hands passwords to core whole", passwords_reach_core_whole},
    {"knows a browser again by a cookie of its own", a_browser_is_known_again_by_its_own_cookie},
    {"finds its own cookie among others, and once only", finds_its_own_cookie_among_others},
    {"every route is in the OpenAPI document and the other way round", openapi_and_routes_agree},
    {"no write is a GET and no GET changes state", no_get_changes_state},
    {"answers have the documented members", answers_have_the_documented_members},
    {"an order is posted with its plan and devices", an_order_is_posted_with_its_plan_and_devices},
    {"a long order is let come from who is known alone", a_long_order_is_let_come_from_who_is_known_alone},
    {"an order with very many devices fits", an_order_with_very_many_devices_fits},
    {"changes are posted with revision and reason", changes_are_posted_with_revision_and_reason},
    {"reads are posted with filter and place", reads_are_posted_with_filter_and_place},
    {"what is no question about rollouts is refused", what_is_no_question_about_rollouts_is_refused},
    {"a query is posted with where it goes on", a_query_is_posted_with_where_it_goes_on},
    {"a query of alerts is about all of them", a_query_of_alerts_is_about_all_of_them},
    {"a wrong query is told with its place", a_wrong_query_is_told_with_its_place},
    {"a short page names where it goes on", a_short_page_names_where_it_goes_on},
    {"a rollout is told with what its waves wait for", a_rollout_is_told_with_what_its_waves_wait_for},
    {"a device is told with what it said of itself", a_device_is_told_with_what_it_said_of_itself},
};

int main(void)
{
    return GW_TEST_RUN("rest", cases);
}
