#include <string.h>

#include "gw_test.h"
#include "token.h"
#include "user.h"

static void keeps_numbers_and_names_of_roles(void)
{
    static const char *const names[] = {"unknown", "viewer", "operator", "admin", "unknown"};
    for (int i = 0; i < 5; i++)
        CU_ASSERT_STRING_EQUAL(user_role_text((enum user_role)i), names[i]);
    for (int i = 1; i < 4; i++) {
        enum user_role role;
        CU_ASSERT_EQUAL(user_role_parse(gw_view_str(names[i]), &role), GW_OK);
        CU_ASSERT_EQUAL((int)role, i);
    }
    static const char *const bad[] = {"", "Admin", "admin ", "root", "unknown"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        enum user_role role = USER_VIEWER;
        CU_ASSERT_EQUAL(user_role_parse(gw_view_str(bad[i]), &role), GW_INVALID);
        CU_ASSERT_EQUAL(role, USER_VIEWER);
    }
}

static void orders_roles_by_power(void)
{
    CU_ASSERT(USER_VIEWER < USER_OPERATOR && USER_OPERATOR < USER_ADMIN);
}

static void keeps_numbers_and_names_of_token_roles(void)
{
    static const struct {
        int number;
        const char *name;
        int user_role;
    } rows[] = {{1, "viewer", USER_VIEWER}, {2, "operator", USER_OPERATOR}, {4, "metrics", 0}};
    for (size_t i = 0; i < 3; i++) {
        enum token_role role;
        CU_ASSERT_EQUAL_FATAL(token_role_parse(gw_view_str(rows[i].name), &role), GW_OK);
        CU_ASSERT_EQUAL((int)role, rows[i].number);
        CU_ASSERT_STRING_EQUAL(token_role_text(role), rows[i].name);
        CU_ASSERT_EQUAL((int)token_user_role(role), rows[i].user_role);
    }
    enum token_role admin;
    CU_ASSERT_EQUAL(token_role_parse(gw_view_str("admin"), &admin), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(token_role_text((enum token_role)3), "unknown");
}

static void takes_well_formed_names_alone(void)
{
    char name[USER_NAME_MAX + 1];
    memset(name, 'a', sizeof(name));
    CU_ASSERT_EQUAL(user_name_check(gw_view_make(name, USER_NAME_MAX - 1)), GW_OK);
    CU_ASSERT_EQUAL(user_name_check(gw_view_make(name, USER_NAME_MAX)), GW_INVALID);
    static const char *const good[] = {"a", "0", "ann", "ann.b-c_d", "a."};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CU_ASSERT_EQUAL(user_name_check(gw_view_str(good[i])), GW_OK);
    static const char *const bad[] = {"", ".a", "-a", "_a", "Ann", "a b", "a:b", "a/b", "ä", "a\n"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(user_name_check(gw_view_str(bad[i])), GW_INVALID);
    CU_ASSERT_EQUAL(user_name_check(gw_view_make("a\0b", 3)), GW_INVALID);
}

static const struct gw_test_case cases[] = {
    {"keeps the numbers and names of roles", keeps_numbers_and_names_of_roles},
    {"orders roles by power", orders_roles_by_power},
    {"keeps numbers and names of tokens' roles", keeps_numbers_and_names_of_token_roles},
    {"takes well-formed user names alone", takes_well_formed_names_alone},
};

int main(void)
{
    return GW_TEST_RUN("user model", cases);
}
