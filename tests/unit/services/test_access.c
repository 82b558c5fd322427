#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act_rule.h"
#include "act_text.h"
#include "desk.h"
#include "gw_cleanup.h"

static void claim_code(struct desk *d, char code[64])
{
    CU_ASSERT_EQUAL_FATAL(desk_act(d, ACT_CLAIM_CODE, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(desk_answer(d)->kind, ANSWER_CLAIM_CODE);
    (void)snprintf(code, 64, "%s", desk_answer(d)->text);
}

static enum gw_rc claim(struct desk *d, const char *code, const char *name, const char *password, const char *source)
{
    struct inbox_msg msg = {.kind = INBOX_ACT};
    msg.u.act = (struct inbox_act){.kind = ACT_CLAIM, .if_rev = -1};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", code);
    (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "%s", name);
    (void)snprintf(msg.u.act.source, sizeof(msg.u.act.source), "%s", source);
    msg.blob = (uint8_t *)gw_xstrdup(password);
    msg.blob_len = strlen(password);
    return desk_msg(d, &msg);
}

static enum gw_rc hashed(struct desk *d, const char *code, const char *name, const char *hash)
{
    struct inbox_msg msg = {.kind = INBOX_HASHED};
    msg.u.act = (struct inbox_act){.kind = ACT_CLAIM};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", code);
    (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "%s", name);
    msg.blob = (uint8_t *)gw_xstrdup(hash);
    msg.blob_len = strlen(hash);
    return desk_msg(d, &msg);
}

#define PASSWORD "correct horse battery"

static void claims_once(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    CU_ASSERT_EQUAL(strlen(code), 16);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_FATAL(desk_out(&d, OUT_WORK) != NULL);
    CU_ASSERT_EQUAL(desk_out(&d, OUT_WORK)->work->kind, WORK_PASSWORD);
    CU_ASSERT(!d.operate.access.claimed);
    CU_ASSERT_EQUAL(hashed(&d, code, "ann", "$argon2id$x"), GW_OK);
    CU_ASSERT(d.operate.access.claimed);
    CU_ASSERT(desk_out(&d, OUT_OPEN_DEVICES) != NULL);
    struct user user;
    CU_ASSERT_EQUAL(d.store.ops->user_get(d.store.self, "ann", &user, NULL), GW_OK);
    CU_ASSERT_EQUAL(user.role, USER_ADMIN);
    CU_ASSERT_EQUAL(claim(&d, code, "eve", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_CLAIM_CODE, NULL, NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_CONFLICT);
    struct access again;
    struct gw_sha256 key = desk_hash(1);
    CU_ASSERT_EQUAL(access_init(&again, d.operate.access.hash, &key, &d.store, NULL), GW_OK);
    CU_ASSERT(again.claimed); /* also after a start */
    desk_close(&d);
}

static void takes_a_grouped_code(void)
{
    struct desk d;
    char code[64], grouped[64];
    desk_open(&d);
    claim_code(&d, code);
    (void)snprintf(grouped, sizeof(grouped), "%.4s-%.4s-%.4s-%.4s", code, code + 4, code + 8, code + 12);
    CU_ASSERT_EQUAL(claim(&d, grouped, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    desk_close(&d);
}

static void code_lapses(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    d.now.ms += ACCESS_CLAIM_MS;
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_NOT_FOUND);
    desk_close(&d);
}

static void a_clock_that_goes_back_lengthens_nothing(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(claim(&d, "aaaaaaaaaaaaaaaa", "eve", PASSWORD, "192.0.2.1"), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, i == 0 ? GW_DENIED : GW_AGAIN);
    }
    d.now.ms -= GW_DAY_MS;
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_NOT_FOUND); /* it would be good for a day and more */
    claim_code(&d, code);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_PTR_NOT_NULL(desk_out(&d, OUT_WORK));
    desk_close(&d);
}

static void ten_wrong(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    for (int i = 0; i < ACCESS_CLAIM_WRONG_MAX; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "192.0.2.%d", i);
        CU_ASSERT_EQUAL(claim(&d, "aaaaaaaaaaaaaaaa", "eve", PASSWORD, source), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    }
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.99"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.claim"), ACCESS_CLAIM_WRONG_MAX);
    desk_close(&d);
}

static enum gw_rc deny_setting(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err)
{
    (void)self, (void)key, (void)ret_value;
    return gw_err_set(err, GW_DENIED, "the store says no");
}

/* GW_DENIED is also what a store may answer: that is nobody's wrong code. */
static void store_denies(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    const struct store_ops *good = d.store.ops;
    struct store_ops ops = *good;
    ops.setting_get = deny_setting;
    d.store.ops = &ops;
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    CU_ASSERT(strstr(desk_answer(&d)->text, "the store says no") != NULL);
    CU_ASSERT(desk_out(&d, OUT_WORK) == NULL);
    d.store.ops = good;
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.claim"), 0);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK); /* the code and the source are as before */
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    desk_close(&d);
}

static void source_waits(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    CU_ASSERT_EQUAL(claim(&d, "aaaaaaaaaaaaaaaa", "eve", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_AGAIN);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.2"), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    d.now.ms += 2 * GW_SECOND_MS;
    CU_ASSERT_EQUAL(claim(&d, code, "ann", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT(desk_out(&d, OUT_WORK) != NULL);
    desk_close(&d);
}

static void weak_words(void)
{
    struct desk d;
    char code[64];
    desk_open(&d);
    claim_code(&d, code);
    CU_ASSERT_EQUAL(claim(&d, code, "ann", "too short", "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_INVALID);
    CU_ASSERT_EQUAL(claim(&d, code, "Ann Other", PASSWORD, "192.0.2.1"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_INVALID);
    desk_close(&d);
}

static void permits(void)
{
    static const enum act_kind acts[] = {ACT_INVITE, ACT_APPROVE,     ACT_REJECT,     ACT_QUARANTINE,  ACT_RELEASE,
                                         ACT_REVOKE, ACT_RETIRE,      ACT_DOOR_OPEN,  ACT_DOOR_CLOSE,  ACT_CLAIM_CODE,
                                         ACT_STATUS, ACT_DEVICE_LIST, ACT_DEVICE_GET, ACT_PENDING_LIST};
    struct access a = {.claimed = true};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct inbox_act act = {.kind = acts[i], .actor = {.role = USER_VIEWER}};
        bool read = acts[i] >= ACT_STATUS;
        CU_ASSERT_EQUAL(access_check(&a, &act, NULL), read ? GW_OK : GW_DENIED);
        act.actor.role = USER_OPERATOR;
        CU_ASSERT_EQUAL(access_check(&a, &act, NULL), acts[i] == ACT_CLAIM_CODE ? GW_DENIED : GW_OK);
        act.actor.role = USER_ADMIN;
        CU_ASSERT_EQUAL(access_check(&a, &act, NULL), acts[i] == ACT_CLAIM_CODE ? GW_DENIED : GW_OK);
        act.actor.superuser = true;
        CU_ASSERT_EQUAL(access_check(&a, &act, NULL), GW_OK);
        a.claimed = false; /* nobody from the network before the claim */
        CU_ASSERT_EQUAL(access_check(&a, &act, NULL), GW_DENIED);
        a.claimed = true;
    }
}

static enum gw_rc read_logs(struct desk *d, enum act_kind kind, const struct actor *actor, size_t blob_len)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, {5, 6}}};
    msg.u.act = (struct inbox_act){.kind = kind, .actor = *actor, .if_rev = -1};
    msg.blob = gw_xalloc(1, sizeof(struct query));
    msg.blob_len = blob_len;
    enum gw_rc rc = desk_msg(d, &msg);
    free(msg.blob);
    return rc;
}

static void every_act_has_a_name(void)
{
    for (int kind = ACT_INVITE; kind < 1000; kind++) {
        if (!act_rule((enum act_kind)kind))
            continue;
        if (!act_text((enum act_kind)kind))
            printf("#   act %d has no words in act_text.c\n", kind);
        CU_ASSERT_PTR_NOT_NULL(act_text((enum act_kind)kind));
    }
}

static void reads_of_logs_go_to_the_query_threads(void)
{
    static const enum act_kind kinds[] = {ACT_LOG_LIST,       ACT_LOG_EVENTS, ACT_LOG_SEARCH,
                                          ACT_LOG_CHECKPOINT, ACT_LOG_TILE,   ACT_LOG_EVIDENCE};
    struct desk d;
    desk_open(&d);
    d.operate.access.claimed = true;
    struct actor viewer = {.name = "user:vic", .role = USER_VIEWER}, nobody = {.name = "user:eve"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CU_ASSERT_EQUAL(read_logs(&d, kinds[i], &viewer, sizeof(struct query)), GW_OK);
        const struct turn_out *out = desk_out(&d, OUT_QUERY);
        CU_ASSERT_FATAL(out && out->query);
        CU_ASSERT_EQUAL(out->query->asker.kind, ASKER_REST);
        CU_ASSERT(out->query->asker.ticket.slot == 5 && out->query->asker.ticket.generation == 6);
        CU_ASSERT_PTR_NULL(desk_answer(&d));
        CU_ASSERT_EQUAL(read_logs(&d, kinds[i], &nobody, sizeof(struct query)), GW_OK);
        CU_ASSERT_PTR_NULL(desk_out(&d, OUT_QUERY));
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    }
    CU_ASSERT_EQUAL(read_logs(&d, ACT_LOG_LIST, &viewer, 1), GW_INVALID);
    CU_ASSERT_EQUAL(read_logs(&d, ACT_LOG_KEY, &viewer, 0), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_LOG_KEY);
    d.operate.access.claimed = false;
    CU_ASSERT_EQUAL(read_logs(&d, ACT_LOG_LIST, &viewer, sizeof(struct query)), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    desk_close(&d);
}

/* Without a query a list is answered at once. */
static void lists_with_a_query_go_to_the_query_threads(void)
{
    static const enum act_kind kinds[] = {ACT_DEVICE_LIST, ACT_RELEASES_LIST, ACT_ROLLOUT_LIST, ACT_ALERT_LIST};
    struct desk d;
    desk_open(&d);
    d.operate.access.claimed = true;
    struct actor viewer = {.name = "user:vic", .role = USER_VIEWER}, nobody = {.name = "user:eve"};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CU_ASSERT_EQUAL(read_logs(&d, kinds[i], &viewer, sizeof(struct query)), GW_OK);
        const struct turn_out *out = desk_out(&d, OUT_QUERY);
        CU_ASSERT_FATAL(out && out->query);
        CU_ASSERT(out->query->asker.ticket.slot == 5 && out->query->asker.ticket.generation == 6);
        CU_ASSERT_PTR_NULL(desk_answer(&d));
        CU_ASSERT_EQUAL(read_logs(&d, kinds[i], &nobody, sizeof(struct query)), GW_OK);
        CU_ASSERT_PTR_NULL(desk_out(&d, OUT_QUERY));
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    }
    CU_ASSERT_EQUAL(read_logs(&d, ACT_DEVICE_LIST, &viewer, 0), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->kind, ANSWER_DEVICES);
    desk_close(&d);
}

const struct gw_test_case access_cases[] = {
    {"has a name for every act", every_act_has_a_name},
    {"reads of logs go to the query threads, for viewers", reads_of_logs_go_to_the_query_threads},
    {"lists with a query go to the query threads, for viewers", lists_with_a_query_go_to_the_query_threads},
    {"is claimed once, and stays so", claims_once},
    {"takes a code in groups of four", takes_a_grouped_code},
    {"refuses a code after 15 minutes", code_lapses},
    {"gives no code a longer life and no source a longer wait when the clock goes back",
     a_clock_that_goes_back_lengthens_nothing},
    {"voids a code after ten wrong ones from anywhere", ten_wrong},
    {"counts no wrong code when the store refuses", store_denies},
    {"makes a source wait after a wrong code", source_waits},
    {"asks for a proper name and a long password", weak_words},
    {"permits each act to its role and above, to nobody unclaimed", permits},
};
const size_t access_case_count = sizeof(access_cases) / sizeof(access_cases[0]);
