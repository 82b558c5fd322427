/* Tokens of programs: who makes them, what they may, and when they end. */
#include <stdio.h>
#include <string.h>

#include "act_rule.h"
#include "act_text.h"
#include "crypto_hash.h"
#include "desk.h"

static const struct actor root = {.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};

static void open_desk(struct desk *d)
{
    desk_open(d);
    d->operate.access.claimed = true;
}

/* What this act is answered with; text: a role. */
static const struct answer *ask_as(struct desk *d, const struct actor *actor, enum act_kind kind, const char *name,
                                   const char *text)
{
    struct inbox_msg msg = {.kind = INBOX_ACT};
    msg.u.act = (struct inbox_act){.kind = kind, .actor = *actor, .if_rev = -1, .number = TOKEN_DAYS_DEFAULT};
    (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "%s", name);
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", text);
    CU_ASSERT_EQUAL_FATAL(desk_msg(d, &msg), GW_OK);
    CU_ASSERT_FATAL(desk_answer(d) != NULL);
    return desk_answer(d);
}

static const struct answer *add(struct desk *d, const char *name, const char *role)
{
    return ask_as(d, &root, ACT_TOKEN_ADD, name, role);
}

/* Makes a token; what the door makes of it. */
static struct actor program(struct desk *d, const char *name, const char *role)
{
    const struct answer *a = add(d, name, role);
    CU_ASSERT_FATAL(a->kind == ANSWER_TOKENS && a->rc == GW_OK && a->single);
    struct actor actor = {.role = token_user_role(a->tokens[0].role)};
    crypto_sha256()->digest(gw_view_str(a->text), &actor.token);
    (void)snprintf(actor.name, sizeof(actor.name), "token:%s", name);
    return actor;
}

static enum answer_kind status_as(struct desk *d, const struct actor *actor)
{
    return ask_as(d, actor, ACT_STATUS, "", "")->kind;
}

static void shows_the_text_once_and_keeps_its_hash(void)
{
    struct desk d;
    struct gw_sha256 sha256;
    struct token kept;
    char text[TOKEN_CHARS + 1];
    open_desk(&d);
    const struct answer *a = add(&d, "ci", "operator");
    CU_ASSERT_TRUE_FATAL(a->kind == ANSWER_TOKENS && a->rc == GW_OK);
    CU_ASSERT_TRUE(token_text_check(gw_view_str(a->text)));
    CU_ASSERT_EQUAL(strncmp(a->text, TOKEN_PREFIX, 4), 0);
    (void)snprintf(text, sizeof(text), "%s", a->text);
    crypto_sha256()->digest(gw_view_str(text), &sha256);
    CU_ASSERT_EQUAL_FATAL(d.store.ops->token_get(d.store.self, "ci", &kept, NULL), GW_OK);
    CU_ASSERT_TRUE(gw_sha256_eq(&kept.sha256, &sha256));
    CU_ASSERT_EQUAL(kept.expires.ms, d.now.ms + 90 * GW_DAY_MS);
    CU_ASSERT_STRING_EQUAL(kept.made_by, "local:root");
    CU_ASSERT_EQUAL(kept.used.ms, 0);
    a = ask_as(&d, &root, ACT_TOKEN_LIST, "", "");
    CU_ASSERT_EQUAL(a->token_count, 1);
    CU_ASSERT_STRING_EQUAL(a->text, "");
    a = add(&d, "other", "operator");
    CU_ASSERT_STRING_NOT_EQUAL(a->text, text);
    CU_ASSERT_EQUAL(desk_audits(&d, "cfg.token"), 2);
    desk_close(&d);
}

static void refuses_what_is_no_token(void)
{
    static const struct {
        const char *name, *role;
        int days;
        enum gw_rc rc;
    } rows[] = {
        {"ci", "admin", 90, GW_DENIED},        {"ci", "root", 90, GW_INVALID},   {"ci", "", 90, GW_INVALID},
        {"CI", "viewer", 90, GW_INVALID},      {"", "viewer", 90, GW_INVALID},   {"ci", "viewer", 0, GW_INVALID},
        {"ci", "viewer", 366, GW_INVALID},     {"ci", "viewer", -1, GW_INVALID}, {"ci", "viewer", 365, GW_OK},
        {"metrics", "metrics", 9, GW_INVALID}, {"ci", "viewer", 90, GW_EXISTS},
    };
    struct desk d;
    open_desk(&d);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct inbox_msg msg = {.kind = INBOX_ACT};
        msg.u.act = (struct inbox_act){.kind = ACT_TOKEN_ADD, .actor = root, .if_rev = -1, .number = rows[i].days};
        (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "%s", rows[i].name);
        (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", rows[i].role);
        CU_ASSERT_EQUAL_FATAL(desk_msg(&d, &msg), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, rows[i].rc);
    }
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_LIST, "", "")->token_count, 1);
    desk_close(&d);
}

/* Every act there is: what an admin or a session is needed for is refused, all else is let to the rule of the role. */
static void may_never_do_what_is_for_people(void)
{
    struct desk d;
    open_desk(&d);
    struct actor viewer = program(&d, "v", "viewer"), operator= program(&d, "o", "operator"),
                 metrics = program(&d, "m", "metrics"), forged = operator;
    forged.role = USER_ADMIN;
    size_t people = 0;
    for (int k = ACT_INVITE; act_text((enum act_kind)k); k++) {
        enum act_kind kind = (enum act_kind)k;
        const struct act_rule *rule = act_rule(kind);
        struct inbox_act act = {.kind = kind, .if_rev = -1};
        struct gw_err why = {0};
        if (kind == ACT_CLAIM || kind == ACT_CLAIM_GET || kind == ACT_SIGN_IN)
            continue; /* of people who are not known yet */
        bool for_people = rule->role == USER_ADMIN || rule->group == ACT_GROUP_SESSION;
        people += for_people;
        act.actor = operator;
        CU_ASSERT_EQUAL(access_check(&d.operate.access, &act, &why), for_people ? GW_DENIED : GW_OK);
        act.actor = viewer;
        CU_ASSERT_EQUAL(access_check(&d.operate.access, &act, &why),
                        for_people || rule->role > USER_VIEWER ? GW_DENIED : GW_OK);
        act.actor = metrics;
        CU_ASSERT_EQUAL(access_check(&d.operate.access, &act, &why), GW_DENIED);
        act.actor = forged;
        CU_ASSERT_EQUAL(access_check(&d.operate.access, &act, &why), for_people ? GW_DENIED : GW_OK);
    }
    CU_ASSERT_EQUAL(people, 18);
    CU_ASSERT_EQUAL(status_as(&d, &forged), ANSWER_UNAUTHORIZED); /* another role than the store's */
    CU_ASSERT_EQUAL(ask_as(&d, &operator, ACT_TOKEN_ADD, "x", "viewer")->rc, GW_DENIED);
    CU_ASSERT_TRUE(desk_audited(&d, "authz.denied", "token:o"));
    CU_ASSERT_EQUAL(ask_as(&d, &metrics, ACT_STATUS, "", "")->rc, GW_DENIED);
    desk_close(&d);
}

static void ends_with_the_commit_that_revokes_it(void)
{
    struct desk d;
    struct token found;
    open_desk(&d);
    struct actor ci = program(&d, "ci", "viewer");
    CU_ASSERT_EQUAL(status_as(&d, &ci), ANSWER_STATUS);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    CU_ASSERT_STRING_EQUAL(found.name, "ci");
    d.dies = true; /* the door has not heard of it yet */
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_REVOKE, "ci", "")->rc, GW_OK);
    d.dies = false;
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    CU_ASSERT_EQUAL(status_as(&d, &ci), ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_REVOKE, "ci", "")->rc, GW_NOT_FOUND);
    ci = program(&d, "ci", "operator"); /* the name is free, and another one does not revive the first */
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_REVOKE, "ci", "")->rc, GW_OK);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_audits(&d, "cfg.token"), 4);
    desk_close(&d);
}

static void ends_on_its_day_and_frees_its_name(void)
{
    struct desk d;
    struct token found;
    open_desk(&d);
    struct actor ci = program(&d, "ci", "viewer");
    d.now.ms += 90 * GW_DAY_MS - 1;
    CU_ASSERT_EQUAL(status_as(&d, &ci), ANSWER_STATUS);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    d.now.ms++;
    CU_ASSERT_EQUAL(status_as(&d, &ci), ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_NOT_FOUND);
    struct actor next = program(&d, "ci", "viewer");
    CU_ASSERT_EQUAL(status_as(&d, &next), ANSWER_STATUS);
    CU_ASSERT_EQUAL(status_as(&d, &ci), ANSWER_UNAUTHORIZED);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_LIST, "", "")->token_count, 1);
    desk_close(&d);
}

static void no_more_are_made_than_there_is_room_for(void)
{
    struct desk d;
    open_desk(&d);
    for (int i = 0; i < TOKENS_MAX - 1; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "t%d", i);
        CU_ASSERT_EQUAL(add(&d, name, "viewer")->rc, GW_OK);
    }
    CU_ASSERT_EQUAL(add(&d, "one-more", "viewer")->rc, GW_CONFLICT);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_METRICS_TOKEN, "", "")->rc, GW_OK); /* has a place of its own */
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_LIST, "", "")->token_count, TOKENS_MAX);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_TOKEN_REVOKE, "t7", "")->rc, GW_OK);
    CU_ASSERT_EQUAL(add(&d, "one-more", "viewer")->rc, GW_OK);
    desk_close(&d);
}

/* When it was last used, as the store knows it. */
static int64_t used(struct desk *d, const char *name)
{
    struct token t = {.name = ""};
    CU_ASSERT_EQUAL(d->store.ops->token_get(d->store.self, name, &t, NULL), GW_OK);
    return t.used.ms;
}

static void tick(struct desk *d)
{
    struct inbox_msg msg = {.kind = INBOX_TICK};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
}

static void use_costs_a_write_in_ten_minutes(void)
{
    struct desk d;
    struct token found;
    open_desk(&d);
    struct actor ci = program(&d, "ci", "viewer");
    tick(&d);
    CU_ASSERT_EQUAL(used(&d, "ci"), 0);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    tick(&d);
    int64_t first = d.now.ms;
    CU_ASSERT_EQUAL(used(&d, "ci"), first);
    d.now.ms += TOKEN_USED_MS - 1;
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    tick(&d);
    CU_ASSERT_EQUAL(used(&d, "ci"), first);
    d.now.ms++;
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &ci.token, d.now, &found), GW_OK);
    tick(&d);
    CU_ASSERT_EQUAL(used(&d, "ci"), d.now.ms);
    desk_close(&d);
}

static void is_known_again_after_a_restart(void)
{
    struct desk d;
    struct token found;
    open_desk(&d);
    struct actor ci = program(&d, "ci", "viewer");
    struct token_table *fresh = token_table_new();
    CU_ASSERT_EQUAL(token_table_use(fresh, &ci.token, d.now, &found), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(tokens_load(fresh, &d.store, NULL), GW_OK);
    CU_ASSERT_EQUAL(token_table_use(fresh, &ci.token, d.now, &found), GW_OK);
    token_table_free(fresh);
    desk_close(&d);
}

static void wrong_ones_are_summed_into_one_event_a_minute(void)
{
    struct desk d;
    open_desk(&d);
    d.doors.tokens.count = 1;
    (void)snprintf(d.doors.tokens.source, sizeof(d.doors.tokens.source), "192.0.2.9");
    tick(&d);
    CU_ASSERT_TRUE(desk_audited(&d, "auth.token", "192.0.2.9"));
    for (int s = 0; s < 59; s++) {
        d.doors.tokens.count += 1000;
        d.now.ms += GW_SECOND_MS;
        tick(&d);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.token"), 1);
    d.now.ms += GW_SECOND_MS;
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.token"), 2);
    desk_close(&d);
}

static void the_token_for_metrics_replaces_the_one_before(void)
{
    struct desk d;
    struct token found;
    struct gw_sha256 first, second;
    struct actor operator= {.name = "local:eve", .role = USER_OPERATOR, .local = true};
    open_desk(&d);
    CU_ASSERT_EQUAL(ask_as(&d, &operator, ACT_METRICS_TOKEN, "", "")->rc, GW_DENIED);
    const struct answer *a = ask_as(&d, &root, ACT_METRICS_TOKEN, "", "");
    CU_ASSERT_TRUE_FATAL(a->kind == ANSWER_METRICS_TOKEN && a->rc == GW_OK);
    CU_ASSERT_TRUE(token_text_check(gw_view_str(a->text)));
    CU_ASSERT_EQUAL(strncmp(a->text, TOKEN_METRICS_PREFIX, 4), 0);
    crypto_sha256()->digest(gw_view_str(a->text), &first);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &first, d.now, &found), GW_OK);
    CU_ASSERT_EQUAL(found.role, TOKEN_METRICS);
    CU_ASSERT_EQUAL(found.expires.ms, 0);
    CU_ASSERT_TRUE(desk_audited(&d, "cfg.metrics_token", "local:root"));
    a = ask_as(&d, &root, ACT_METRICS_TOKEN, "", "");
    crypto_sha256()->digest(gw_view_str(a->text), &second);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &first, d.now, &found), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &second, d.now, &found), GW_OK);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_METRICS_REVOKE, "", "")->rc, GW_OK);
    CU_ASSERT_EQUAL(token_table_use(d.tokens, &second, d.now, &found), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(ask_as(&d, &root, ACT_METRICS_REVOKE, "", "")->rc, GW_NOT_FOUND);
    desk_close(&d);
}

const struct gw_test_case tokens_cases[] = {
    {"shows a token's text once and keeps its hash", shows_the_text_once_and_keeps_its_hash},
    {"refuses what is no token, and an admin's role", refuses_what_is_no_token},
    {"lets no token do what is for people", may_never_do_what_is_for_people},
    {"ends a token with the commit that revokes it", ends_with_the_commit_that_revokes_it},
    {"ends a token on its day and frees its name", ends_on_its_day_and_frees_its_name},
    {"makes no more tokens than there is room for", no_more_are_made_than_there_is_room_for},
    {"writes a token's use down once in ten minutes", use_costs_a_write_in_ten_minutes},
    {"knows tokens again after a restart", is_known_again_after_a_restart},
    {"sums wrong tokens into one event a minute", wrong_ones_are_summed_into_one_event_a_minute},
    {"replaces the token for metrics by the next one", the_token_for_metrics_replaces_the_one_before},
};
const size_t tokens_case_count = sizeof(tokens_cases) / sizeof(tokens_cases[0]);
