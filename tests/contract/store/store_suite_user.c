/* Users, settings and the outbox of audit events. */
#include "gw_cleanup.h"
#include "store_suite.h"

static void gives_back_the_user(void)
{
    struct user put = user_of("ann"), stale, got = {0};
    begin();
    GW_ASSERT_OK(st.ops->user_put(st.self, &put, &err), &err);
    commit();
    stale = put;
    put.disabled = true;
    put.role = USER_ADMIN;
    begin();
    GW_ASSERT_OK(st.ops->user_put(st.self, &put, &err), &err);
    ASSERT_RC(st.ops->user_put(st.self, &stale, &err), GW_CONFLICT);
    stale.rev = 0;
    ASSERT_RC(st.ops->user_put(st.self, &stale, &err), GW_CONFLICT);
    commit();
    GW_ASSERT_OK(st.ops->user_get(st.self, "ann", &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.name, "ann");
    CU_ASSERT_STRING_EQUAL(got.password_hash, "$argon2id$of-ann");
    CU_ASSERT_EQUAL(got.role, USER_ADMIN);
    CU_ASSERT(got.disabled);
    CU_ASSERT_EQUAL(got.created.ms, 77);
    CU_ASSERT_EQUAL(got.rev, 2);
    ASSERT_RC(st.ops->user_get(st.self, "an", &got, &err), GW_NOT_FOUND);
    char long_name[200];
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ASSERT_RC(st.ops->user_get(st.self, long_name, &got, &err), GW_NOT_FOUND);
}

static void passes_users_by_name(void)
{
    struct seen seen = {0}, stopped = {.stop_after = 2};
    begin();
    for (const char *const *name = (const char *const[]){"zoe", "ann", "bob.2", NULL}; *name; name++) {
        struct user u = user_of(*name);
        GW_ASSERT_OK(st.ops->user_put(st.self, &u, &err), &err);
    }
    commit();
    GW_ASSERT_OK(st.ops->user_each(st.self, see_user, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, "ann bob.2 zoe");
    GW_ASSERT_OK(st.ops->user_each(st.self, see_user, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "ann bob.2");
}

static void refuses_a_user_that_breaks_its_rules(void)
{
    struct user bad_name = user_of("Ann"), bad_role = user_of("ann"), no_end = user_of("ann");
    bad_role.role = (enum user_role)0;
    memset(no_end.password_hash, 'x', sizeof(no_end.password_hash));
    begin();
    ASSERT_RC(st.ops->user_put(st.self, &bad_name, &err), GW_INVALID);
    ASSERT_RC(st.ops->user_put(st.self, &bad_role, &err), GW_INVALID);
    ASSERT_RC(st.ops->user_put(st.self, &no_end, &err), GW_INVALID);
    commit();
}

static void put_setting(const char *key, struct gw_view value)
{
    GW_ASSERT_OK(st.ops->setting_put(st.self, key, value, &err), &err);
}

static void keeps_settings_as_bytes(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf got;
    gw_buf_init(&got, STORE_SETTING_MAX);
    begin();
    put_setting("gateway.id", gw_view_make("a\0b", 3));
    put_setting("empty", gw_view_make(NULL, 0));
    commit();
    GW_ASSERT_OK(st.ops->setting_get(st.self, "gateway.id", &got, &err), &err);
    CU_ASSERT(gw_view_eq(gw_buf_view(&got), gw_view_make("a\0b", 3)));
    GW_ASSERT_OK(st.ops->setting_get(st.self, "empty", &got, &err), &err); /* appends */
    CU_ASSERT_EQUAL(got.len, 3);
    begin();
    put_setting("gateway.id", GW_VIEW_LIT("new"));
    GW_ASSERT_OK(st.ops->setting_get(st.self, "gateway.id", &got, &err), &err);
    CU_ASSERT(gw_view_eq(gw_buf_view(&got), gw_view_make("a\0bnew", 6)));
    GW_ASSERT_OK(st.ops->setting_delete(st.self, "gateway.id", &err), &err);
    GW_ASSERT_OK(st.ops->setting_delete(st.self, "gateway.id", &err), &err);
    commit();
    ASSERT_RC(st.ops->setting_get(st.self, "gateway.id", &got, &err), GW_NOT_FOUND);
}

static void limits_settings(void)
{
    static uint8_t bytes[STORE_SETTING_MAX + 1];
    char key[STORE_KEY_MAX + 2];
    GW_CLEANUP(gw_buf_done) struct gw_buf got, small;
    gw_buf_init(&got, sizeof(bytes));
    gw_buf_init(&small, 10);
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    begin();
    ASSERT_RC(st.ops->setting_put(st.self, "big", gw_view_make(bytes, sizeof(bytes)), &err), GW_TOO_BIG);
    ASSERT_RC(st.ops->setting_put(st.self, key, GW_VIEW_LIT("x"), &err), GW_INVALID);
    ASSERT_RC(st.ops->setting_put(st.self, "", GW_VIEW_LIT("x"), &err), GW_INVALID);
    put_setting("big", gw_view_make(bytes, STORE_SETTING_MAX));
    key[STORE_KEY_MAX] = '\0';
    put_setting(key, GW_VIEW_LIT("x"));
    commit();
    GW_ASSERT_OK(st.ops->setting_get(st.self, "big", &got, &err), &err);
    CU_ASSERT_EQUAL(got.len, STORE_SETTING_MAX);
    ASSERT_RC(st.ops->setting_get(st.self, "big", &small, &err), GW_TOO_BIG);
    GW_ASSERT_OK(st.ops->setting_get(st.self, key, &got, &err), &err);
    key[STORE_KEY_MAX] = 'k';
    ASSERT_RC(st.ops->setting_get(st.self, key, &got, &err), GW_NOT_FOUND);
}

static int64_t put_event(const char *msg)
{
    struct audit_event e = event_of(msg);
    GW_ASSERT_OK(st.ops->audit_put(st.self, &e, &err), &err);
    return e.n;
}

static bool keep_event(void *ctx, const struct audit_event *event)
{
    *(struct audit_event *)ctx = *event;
    return false;
}

static void numbers_audit_events(void)
{
    struct seen all = {0}, behind = {0}, none = {0}, stopped = {.stop_after = 1};
    struct audit_event got = {0};
    begin();
    int64_t first = put_event("first");
    commit();
    begin();
    int64_t second = put_event("second"), third = put_event("third");
    commit();
    CU_ASSERT(0 < first && first < second && second < third);
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 10, see_event, &all, &err), &err);
    CU_ASSERT_EQUAL(all.count, 3);
    GW_ASSERT_OK(st.ops->audit_each(st.self, first, 1, see_event, &behind, &err), &err);
    CU_ASSERT_EQUAL(behind.count, 1);
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 0, see_event, &none, &err), &err);
    GW_ASSERT_OK(st.ops->audit_each(st.self, third, 10, see_event, &none, &err), &err);
    CU_ASSERT_EQUAL(none.count, 0);
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 10, see_event, &stopped, &err), &err);
    CU_ASSERT_EQUAL(stopped.count, 1);
    GW_ASSERT_OK(st.ops->audit_each(st.self, first, 1, keep_event, &got, &err), &err);
    CU_ASSERT_EQUAL(got.n, second);
    CU_ASSERT_EQUAL(got.t.ms, 5);
    CU_ASSERT_EQUAL(got.sev, EVENT_SEV_LOW);
    CU_ASSERT_EQUAL(got.res, EVENT_OK);
    CU_ASSERT_STRING_EQUAL(got.cls, "device.revoke");
    CU_ASSERT_STRING_EQUAL(got.subj, "local:root");
    CU_ASSERT_STRING_EQUAL(got.obj, "device:pump-7");
    CU_ASSERT_STRING_EQUAL(got.msg, "second");
}

static void never_gives_a_number_twice(void)
{
    struct seen left = {0};
    int64_t last = 0;
    for (int round = 0; round < 3; round++) {
        begin();
        int64_t a = put_event("a"), b = put_event("b");
        commit();
        CU_ASSERT(last < a && a < b);
        last = b;
        begin();
        GW_ASSERT_OK(st.ops->audit_delete(st.self, round == 1 ? a : b, &err), &err);
        commit();
    }
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 10, see_event, &left, &err), &err);
    CU_ASSERT_EQUAL(left.count, 0); /* b of round 1 went with round 2 */
}

static void deletes_events_up_to_a_number(void)
{
    struct seen left = {0};
    begin();
    int64_t first = put_event("1"), second = put_event("2"), third = put_event("3");
    GW_ASSERT_OK(st.ops->audit_delete(st.self, second, &err), &err);
    GW_ASSERT_OK(st.ops->audit_delete(st.self, first, &err), &err);
    commit();
    struct audit_event got = {0};
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 10, see_event, &left, &err), &err);
    CU_ASSERT_EQUAL(left.count, 1);
    GW_ASSERT_OK(st.ops->audit_each(st.self, 0, 10, keep_event, &got, &err), &err);
    CU_ASSERT_EQUAL(got.n, third);
}

static void refuses_an_event_that_breaks_its_rules(void)
{
    struct audit_event sev = event_of(""), res = event_of(""), cls = event_of(""), msg = event_of("");
    sev.sev = (enum event_sev)7;
    res.res = (enum event_res)0;
    memset(cls.cls, 'x', sizeof(cls.cls));
    memset(msg.msg, 'x', sizeof(msg.msg));
    begin();
    ASSERT_RC(st.ops->audit_put(st.self, &sev, &err), GW_INVALID);
    ASSERT_RC(st.ops->audit_put(st.self, &res, &err), GW_INVALID);
    ASSERT_RC(st.ops->audit_put(st.self, &cls, &err), GW_INVALID);
    ASSERT_RC(st.ops->audit_put(st.self, &msg, &err), GW_INVALID);
    commit();
    CU_ASSERT_EQUAL(sev.n, 0);
}

const struct gw_test_case user_cases[] = {
    {"gives back the user that was put, by revision", gives_back_the_user},
    {"passes users by name", passes_users_by_name},
    {"refuses a user that breaks its rules", refuses_a_user_that_breaks_its_rules},
    {"keeps settings as bytes", keeps_settings_as_bytes},
    {"limits a setting's key and value", limits_settings},
    {"numbers audit events and passes them in order", numbers_audit_events},
    {"never gives a number of an audit event twice", never_gives_a_number_twice},
    {"deletes audit events up to a number", deletes_events_up_to_a_number},
    {"refuses an audit event that breaks its rules", refuses_an_event_that_breaks_its_rules},
};
const size_t user_case_count = sizeof(user_cases) / sizeof(user_cases[0]);
