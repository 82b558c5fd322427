/* Tokens of programs. */
#include <stdio.h>
#include <string.h>

#include "store_suite.h"

static struct token token_of(const char *name, unsigned number)
{
    struct token t = {.role = TOKEN_OPERATOR, .created = {5}, .expires = {77}, .made_by = "user:ann"};
    (void)snprintf(t.name, sizeof(t.name), "%s", name);
    t.sha256 = digest_of(number);
    return t;
}

static bool see_token(void *ctx, const struct token *token)
{
    struct user u = user_of(token->name);
    return see_user(ctx, &u);
}

static void put(const struct token *token)
{
    begin();
    GW_ASSERT_OK(st.ops->token_put(st.self, token, &err), &err);
    commit();
}

static void gives_back_the_token(void)
{
    struct token first = token_of("ci", 1), got = {.name = ""};
    put(&first);
    first.used.ms = 9;
    first.role = TOKEN_METRICS;
    put(&first);
    GW_ASSERT_OK(st.ops->token_get(st.self, "ci", &got, &err), &err);
    CU_ASSERT_EQUAL(got.role, TOKEN_METRICS);
    CU_ASSERT_STRING_EQUAL(got.made_by, "user:ann");
    CU_ASSERT(got.created.ms == 5 && got.expires.ms == 77 && got.used.ms == 9);
    struct token found = {.name = ""};
    GW_ASSERT_OK(st.ops->token_find(st.self, &first.sha256, &found, &err), &err);
    CU_ASSERT_STRING_EQUAL(found.name, "ci");
    ASSERT_RC(st.ops->token_get(st.self, "c", &got, &err), GW_NOT_FOUND);
    struct gw_sha256 other = digest_of(2);
    ASSERT_RC(st.ops->token_find(st.self, &other, &found, &err), GW_NOT_FOUND);
}

static void a_name_has_one_digest_and_a_digest_one_name(void)
{
    struct token first = token_of("ci", 1), second = token_of("cd", 1), found = {.name = ""};
    put(&first);
    begin();
    ASSERT_RC(st.ops->token_put(st.self, &second, &err), GW_EXISTS);
    commit();
    struct token again = token_of("ci", 3);
    put(&again);
    ASSERT_RC(st.ops->token_find(st.self, &first.sha256, &found, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(st.ops->token_find(st.self, &again.sha256, &found, &err), &err);
    put(&second);
}

static void passes_tokens_by_name_and_forgets_deleted_ones(void)
{
    struct seen seen = {0}, left = {0};
    unsigned n = 1;
    for (const char *const *name = (const char *const[]){"zoe", "ann", "bob.2", NULL}; *name; name++) {
        struct token t = token_of(*name, n++);
        put(&t);
    }
    GW_ASSERT_OK(st.ops->token_each(st.self, see_token, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, "ann bob.2 zoe");
    begin();
    GW_ASSERT_OK(st.ops->token_delete(st.self, "bob.2", &err), &err);
    GW_ASSERT_OK(st.ops->token_delete(st.self, "nobody", &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->token_each(st.self, see_token, &left, &err), &err);
    CU_ASSERT_STRING_EQUAL(left.text, "ann zoe");
    begin();
    GW_ASSERT_OK(st.ops->token_delete(st.self, "ann", &err), &err);
    rollback();
    struct token got = {.name = ""};
    GW_ASSERT_OK(st.ops->token_get(st.self, "ann", &got, &err), &err);
}

static void refuses_a_token_that_breaks_its_rules(void)
{
    struct token name = token_of("CI", 1), role = token_of("ci", 1), no_end = token_of("ci", 1);
    role.role = (enum token_role)3;
    memset(no_end.made_by, 'x', sizeof(no_end.made_by));
    ASSERT_RC(st.ops->token_put(st.self, &role, &err), GW_INVALID); /* outside of a transaction, too */
    begin();
    ASSERT_RC(st.ops->token_put(st.self, &name, &err), GW_INVALID);
    ASSERT_RC(st.ops->token_put(st.self, &role, &err), GW_INVALID);
    ASSERT_RC(st.ops->token_put(st.self, &no_end, &err), GW_INVALID);
    commit();
}

const struct gw_test_case token_cases[] = {
    {"gives back the token that was put, by name and by digest", gives_back_the_token},
    {"gives a name one digest and a digest one name", a_name_has_one_digest_and_a_digest_one_name},
    {"passes tokens by name and forgets deleted ones", passes_tokens_by_name_and_forgets_deleted_ones},
    {"refuses a token that breaks its rules", refuses_a_token_that_breaks_its_rules},
};
const size_t token_case_count = sizeof(token_cases) / sizeof(token_cases[0]);
