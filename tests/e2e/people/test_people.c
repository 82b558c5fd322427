/* People at the operators' door of a real gateway: claim, sign in, do what the role allows, be put out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_proc.h"
#include "gw_test.h"
#include "people_kit.h"

static struct gw_gateway gateway;

static int ask(const struct person *p, const char *method, const char *path, const char *body)
{
    struct http_ask a = {.method = method, .path = path, .body = body, .if_match = "*"};
    return kit_http(&gateway, p, &a, NULL);
}

static int status_as(const struct person *p)
{
    return kit_http(&gateway, p, &(struct http_ask){.method = "GET", .path = "/api/v1/status"}, NULL);
}

static void signs_in_with_an_exact_cookie_and_out_again(void)
{
    struct person p = {.cookie = ""};
    GW_FREE char *in = NULL, *me = NULL, *out = NULL;
    CU_ASSERT_TRUE_FATAL(kit_open(&gateway));
    CU_ASSERT_EQUAL(status_as(&p), 401);
    struct http_ask a = {.method = "POST", .path = "/api/v1/session"};
    a.body = "{\"name\":\"admin\",\"password\":\"" KIT_PASSWORD "\"}";
    CU_ASSERT_EQUAL_FATAL(kit_http(&gateway, &p, &a, &in), 200);
    const char *set = strstr(in, "set-cookie: __Host-gw=");
    CU_ASSERT_PTR_NOT_NULL_FATAL(set);
    const char *value = set + strlen("set-cookie: __Host-gw=");
    CU_ASSERT_EQUAL(strspn(value, "0123456789abcdef"), 64);
    CU_ASSERT_EQUAL(strncmp(value + 64, "; Secure; HttpOnly; SameSite=Strict; Path=/\r\n", 45), 0);
    CU_ASSERT_PTR_NULL(strstr(strstr(in, "\r\n\r\n"), "__Host"));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &p, "admin", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL(kit_http(&gateway, &p, &(struct http_ask){.method = "GET", .path = "/api/v1/session"}, &me), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(me, "\"role\":\"admin\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(me, p.csrf));
    CU_ASSERT_PTR_NULL(strstr(me, "set-cookie"));
    a = (struct http_ask){.method = "DELETE", .path = "/api/v1/session"};
    CU_ASSERT_EQUAL(kit_http(&gateway, &p, &a, &out), 200);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(out, "set-cookie: __Host-gw=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0\r\n"));
    CU_ASSERT_EQUAL(status_as(&p), 401);
    CU_ASSERT_TRUE(kit_audited(&gateway, "auth.login", "user:admin"));
    CU_ASSERT_TRUE(kit_audited(&gateway, "auth.logout", "user:admin"));
    gw_gateway_done(&gateway);
}

/* Tries on until the wait is long enough for what is asked next, on a slow machine too. */
static bool waits_long(void *ctx)
{
    struct person p = {.cookie = ""};
    GW_FREE char *answer = NULL;
    (void)ctx;
    struct http_ask a = {
        .method = "POST", .path = "/api/v1/session", .body = "{\"name\":\"vic\",\"password\":\"wrong wrong wrong\"}"};
    int status = kit_http(&gateway, &p, &a, &answer);
    const char *seconds = status == 429 ? strstr(answer, "retry-after: ") : NULL;
    return seconds && strtol(seconds + strlen("retry-after: "), NULL, 10) >= 4;
}

static void wrong_passwords_are_told_apart_by_nobody_and_slowed_down(void)
{
    struct person p;
    GW_FREE char *unknown = NULL, *wrong = NULL, *early = NULL;
    struct http_ask a = {.method = "POST", .path = "/api/v1/session"};
    CU_ASSERT_TRUE_FATAL(kit_open(&gateway));
    p = (struct person){.cookie = ""};
    a.body = "{\"name\":\"nobody\",\"password\":\"wrong wrong wrong\"}";
    CU_ASSERT_EQUAL(kit_http(&gateway, &p, &a, &unknown), 401);
    a.body = "{\"name\":\"vic\",\"password\":\"wrong wrong wrong\"}";
    CU_ASSERT_EQUAL(kit_http(&gateway, &p, &a, &wrong), 401);
    CU_ASSERT_STRING_EQUAL(strstr(unknown, "\r\n\r\n"), strstr(wrong, "\r\n\r\n"));
    CU_ASSERT_PTR_NULL(strstr(wrong, "set-cookie"));
    int status = 401, tries = 1;
    while (status == 401 && tries < 20) {
        status = kit_sign_in(&gateway, &p, "vic", "wrong wrong wrong");
        tries++;
    }
    CU_ASSERT_EQUAL(status, 429);
    CU_ASSERT_TRUE(tries >= 6); /* five are free; on a slow machine the first short waits pass by themselves */
    CU_ASSERT_TRUE(gw_await(waits_long, NULL, 60000));
    a.body = "{\"name\":\"vic\",\"password\":\"" KIT_PASSWORD "\"}"; /* not even the right one is looked at */
    CU_ASSERT_EQUAL(kit_http(&gateway, &p, &a, &early), 429);
    CU_ASSERT_PTR_NOT_NULL(strstr(early, "retry-after: "));
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &p, "admin", KIT_PASSWORD), 200);
    CU_ASSERT_TRUE(kit_audited(&gateway, "auth.login", "wrong password"));
    CU_ASSERT_TRUE(kit_audited(&gateway, "auth.login", "too many wrong passwords"));
    gw_gateway_done(&gateway);
}

static void roles_hold_on_the_server_and_refusals_are_audited(void)
{
    struct person vic, olga, admin;
    static const char new_user[] = "{\"name\":\"bob\",\"role\":\"viewer\",\"password\":\"" KIT_PASSWORD "\"}";
    CU_ASSERT_TRUE_FATAL(kit_open(&gateway));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &olga, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &admin, "admin", KIT_PASSWORD), 200);
    struct http_ask invite = {.method = "POST", .path = "/api/v1/devices/pump-7/invite"};
    CU_ASSERT_EQUAL(kit_http(&gateway, &olga, &invite, NULL), 200);
    CU_ASSERT_EQUAL(ask(&vic, "GET", "/api/v1/devices/pump-7", NULL), 200);
    CU_ASSERT_EQUAL(ask(&vic, "POST", "/api/v1/devices/pump-7/revoke", NULL), 403);
    CU_ASSERT_TRUE(kit_audited(&gateway, "authz.denied", "user:vic"));
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/v1/users", new_user), 403);
    CU_ASSERT_EQUAL(ask(&admin, "POST", "/api/v1/users", new_user), 200);
    struct http_ask import = {.method = "POST", .path = "/api/v1/releases", .body = "no container"};
    import.content_type = "application/x-tar";
    import.asks_first = true; /* gigabytes are not let in and refused then */
    CU_ASSERT_EQUAL(kit_http(&gateway, &vic, &import, NULL), 403);
    CU_ASSERT_EQUAL(kit_http(&gateway, &olga, &import, NULL), 100);
    struct person bob;
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &bob, "bob", KIT_PASSWORD), 200);
    CU_ASSERT_TRUE(kit_audited(&gateway, "user.add", "user:bob"));
    gw_gateway_done(&gateway);
}

static void a_token_missing_or_of_another_session_is_refused(void)
{
    struct person one, two;
    CU_ASSERT_TRUE_FATAL(kit_open(&gateway));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &one, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &two, "olga", KIT_PASSWORD), 200);
    struct http_ask a = {.method = "DELETE", .path = "/api/v1/enrolment-door"};
    CU_ASSERT_EQUAL(kit_http(&gateway, &one, &a, NULL), 200);
    a.csrf = "";
    CU_ASSERT_EQUAL(kit_http(&gateway, &one, &a, NULL), 403);
    a.csrf = two.csrf;
    CU_ASSERT_EQUAL(kit_http(&gateway, &one, &a, NULL), 403);
    CU_ASSERT_EQUAL(kit_http(&gateway, &two, &a, NULL), 200);
    CU_ASSERT_TRUE(kit_audited(&gateway, "authz.denied", "close the enrolment door: the header X-GW-CSRF"));
    gw_gateway_done(&gateway);
}

static void changes_put_people_out(void)
{
    struct person vic, olga, olga_too, nobody;
    CU_ASSERT_TRUE_FATAL(kit_open(&gateway));
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &vic, "vic", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &olga, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &olga_too, "olga", KIT_PASSWORD), 200);
    CU_ASSERT_EQUAL(kit_user(&gateway, "disable", "vic", NULL, NULL), 0);
    CU_ASSERT_EQUAL(status_as(&vic), 401);
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &nobody, "vic", KIT_PASSWORD), 401);
    CU_ASSERT_EQUAL(kit_user(&gateway, "enable", "vic", NULL, NULL), 0);
    CU_ASSERT_EQUAL(status_as(&vic), 401); /* what has ended stays so */
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/v1/session/password",
                        "{\"old\":\"wrong wrong wrong\",\"new\":\"another long password\"}"),
                    403);
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/v1/session/password",
                        "{\"old\":\"" KIT_PASSWORD "\",\"new\":\"another long password\"}"),
                    200);
    CU_ASSERT_EQUAL(status_as(&olga), 200);
    CU_ASSERT_EQUAL(status_as(&olga_too), 401);
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &nobody, "olga", KIT_PASSWORD), 401);
    CU_ASSERT_EQUAL(kit_user(&gateway, "role", "olga", "admin", NULL), 0);
    CU_ASSERT_EQUAL(status_as(&olga), 401);
    CU_ASSERT_EQUAL_FATAL(kit_sign_in(&gateway, &olga, "olga", "another long password"), 200);
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/v1/users/admin/disable", NULL), 200);
    CU_ASSERT_EQUAL(ask(&olga, "POST", "/api/v1/users/olga/disable", NULL), 409); /* the last admin */
    CU_ASSERT_EQUAL(kit_user(&gateway, "password", "olga", NULL, "a third long password"), 0);
    CU_ASSERT_EQUAL(status_as(&olga), 401);
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &olga, "olga", "a third long password"), 200);
    CU_ASSERT_EQUAL(gw_gateway_stop(&gateway), 0);
    gw_gateway_restart(&gateway);
    CU_ASSERT_TRUE_FATAL(gw_gateway_await_ready(&gateway));
    CU_ASSERT_EQUAL(status_as(&olga), 401); /* a restart signs everybody out */
    CU_ASSERT_EQUAL(kit_sign_in(&gateway, &olga, "olga", "a third long password"), 200);
    gw_gateway_done(&gateway);
}

static const struct gw_test_case cases[] = {
    {"signs in with an exact cookie and out again", signs_in_with_an_exact_cookie_and_out_again},
    {"slows wrong passwords down and tells nobody which names exist",
     wrong_passwords_are_told_apart_by_nobody_and_slowed_down},
    {"holds roles on the server and audits refusals", roles_hold_on_the_server_and_refusals_are_audited},
    {"refuses a token that is missing or of another session", a_token_missing_or_of_another_session_is_refused},
    {"puts people out when their account changes or the gateway restarts", changes_put_people_out},
    {"answers every route to each role as the table says", every_route_answers_each_role_as_it_should},
    {"lets strangers keep no known browser out", strangers_keep_no_known_browser_out},
    {"answers every route to each token as the table says", every_route_answers_each_token_as_it_should},
    {"knows a token from its making to its revoking", a_token_lives_from_its_making_to_its_revoking},
    {"opens nothing to a token but what it is for", a_token_opens_nothing_but_what_it_is_for},
    {"opens no route at a door that is not its own, nor to ended sessions", no_route_is_open_at_another_door},
};

int main(void)
{
    return GW_GATEWAY_TEST_RUN("people", cases);
}
