/* Acts of people on rollouts, from the message to the answer. */
#include <string.h>

#include "gw_cleanup.h"
#include "shop.h"

/* An act with a blob, in the name of somebody with this role; the message's code. */
static enum gw_rc ask_as(struct desk *d, enum user_role role, struct inbox_act act, const void *blob, size_t len)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .u.act = act};
    msg.u.act.actor = (struct actor){.name = "local:ann", .role = role, .local = true};
    if (len) {
        msg.blob = gw_xalloc(len, 1); /* the desk frees it */
        memcpy(msg.blob, blob, len);
    }
    msg.blob_len = len;
    return desk_msg(d, &msg);
}

static struct inbox_act act_of(enum act_kind kind, const char *id)
{
    struct inbox_act act = {.kind = kind, .if_rev = -1};
    (void)snprintf(act.text, sizeof(act.text), "%s", id);
    return act;
}

/* The answer; of another kind than DONE only when it was done. */
static const struct answer *answered(struct desk *d)
{
    const struct answer *a = desk_answer(d);
    CU_ASSERT_FATAL(a != NULL);
    return a;
}

static enum gw_rc refused(struct desk *d)
{
    const struct answer *a = answered(d);
    CU_ASSERT_EQUAL(a->kind, ANSWER_DONE);
    return a->rc;
}

static bool says(struct desk *d, const char *text)
{
    const struct answer *a = desk_answer(d);
    return a && strstr(a->text, text) != NULL;
}

static const struct rollout_entry *the_rollout(struct desk *d)
{
    const struct answer *a = answered(d);
    if (a->rc)
        printf("# refused: %s\n", a->text);
    CU_ASSERT_FATAL(a->kind == ANSWER_ROLLOUTS && a->single && a->rollout_count == 1);
    return &a->rollouts[0].entry;
}

static void change(struct desk *d, enum act_kind kind, const char *id, const char *reason)
{
    struct rollout_ask_change c = {.wave = 0, .waive = ROLLOUT_HOLD_SOAK};
    (void)snprintf(c.reason, sizeof(c.reason), "%s", reason);
    CU_ASSERT_EQUAL(ask_as(d, USER_OPERATOR, act_of(kind, id), &c, sizeof(c)), GW_OK);
}

/* An order of SHOP_NEW for the shop's plan, with a list in place of the first wave when there is a device. */
static enum gw_rc try_order(struct desk *d, enum act_kind kind, enum user_role role, const char *listed)
{
    union {
        struct rollout_ask_order order;
        uint8_t room[sizeof(struct rollout_ask_order) + sizeof(struct rollout_ask_pick)];
    } blob;
    memset(&blob, 0, sizeof(blob));
    (void)snprintf(blob.order.release, sizeof(blob.order.release), "%s", shop_id(SHOP_NEW));
    (void)snprintf(blob.order.name, sizeof(blob.order.name), "Spring");
    blob.order.plan = shop_plan(50, 10);
    if (listed) {
        blob.order.plan.waves[0].select = ROLLOUT_SELECT_LIST;
        blob.order.plan.waves[0].percent = 0;
        blob.order.pick_count = 1;
        blob.order.picks[0].device = desk_id(listed);
    }
    size_t len = sizeof(blob.order) + blob.order.pick_count * sizeof(blob.order.picks[0]);
    return ask_as(d, role, act_of(kind, ""), &blob, len);
}

static void order(struct desk *d, enum act_kind kind, enum user_role role, const char *listed)
{
    CU_ASSERT_EQUAL(try_order(d, kind, role, listed), GW_OK);
}

static void drafts_and_runs_a_rollout(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 4);
    order(&d, ACT_ROLLOUT_CREATE, USER_OPERATOR, "pump-002");
    struct rollout_entry draft = *the_rollout(&d);
    CU_ASSERT_STRING_EQUAL(draft.name, "Spring");
    CU_ASSERT_STRING_EQUAL(draft.created_by, "local:ann");
    CU_ASSERT_EQUAL(draft.rollout.state, ROLLOUT_DRAFT);
    CU_ASSERT(draft.rollout.waves[0].total == 1 && draft.rollout.waves[1].total == 3);
    CU_ASSERT_STRING_EQUAL(shop_attempt(&d, "pump-002").rollout, draft.id);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-002").wave, 0);
    change(&d, ACT_ROLLOUT_START, draft.id, "");
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.state, ROLLOUT_RUNNING);
    CU_ASSERT_EQUAL(answered(&d)->rollouts[0].waits[0].word, ROLLOUT_GATE_WAIT);
    desk_settle(&d);
    change(&d, ACT_ROLLOUT_PAUSE, draft.id, "lunch");
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.state, ROLLOUT_PAUSED);
    CU_ASSERT_STRING_EQUAL(the_rollout(&d)->reason, "lunch");
    change(&d, ACT_ROLLOUT_RESUME, draft.id, "");
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.state, ROLLOUT_RUNNING);
    change(&d, ACT_ROLLOUT_WAIVE, draft.id, "no time");
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.waves[0].waived, 1u << ROLLOUT_HOLD_SOAK);
    change(&d, ACT_ROLLOUT_ABORT, draft.id, "smoke");
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.state, ROLLOUT_ABORTING);
    desk_settle(&d);
    shop_check(&d, draft.id);
    CU_ASSERT(desk_audited(&d, "rollout.created", "local:ann") && desk_audited(&d, "rollout.abort", "local:ann"));
    desk_close(&d);
}

static void a_preview_keeps_nothing(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 3);
    shop_device(&d, "pump-new", "2.0");
    order(&d, ACT_ROLLOUT_PREVIEW, USER_OPERATOR, NULL);
    const struct answer *a = answered(&d);
    CU_ASSERT_EQUAL_FATAL(a->kind, ANSWER_ROLLOUT_PREVIEW);
    CU_ASSERT_EQUAL_FATAL(a->rollout_count, 1);
    CU_ASSERT_STRING_EQUAL(a->rollouts[0].entry.id, "");
    CU_ASSERT(a->rollouts[0].entry.rollout.waves[0].total == 2 && a->rollouts[0].entry.rollout.waves[1].total == 1);
    CU_ASSERT(a->left.running == 1 && a->left.busy == 0 && a->left.fit == 0 && a->left.state == 0);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.created"), 0);
    struct inbox_act list = act_of(ACT_ROLLOUT_LIST, "");
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, list, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(answered(&d)->rollout_count, 0);
    order(&d, ACT_ROLLOUT_CREATE, USER_OPERATOR, "pump-new");
    CU_ASSERT_EQUAL(refused(&d), GW_INVALID);
    CU_ASSERT_TRUE(says(&d, "pump-new"));
    desk_close(&d);
}

/* A store that will not do one thing; what people may not be told. */
#define INNERMOST "state.db: CHECK constraint failed (275)"

static enum gw_rc no_seats(void *self, const char *rollout, uint32_t number, const struct rollout_seat *seats,
                           size_t count, struct gw_err *err)
{
    (void)self, (void)rollout, (void)number, (void)seats, (void)count;
    return gw_err_set(err, GW_INVALID, INNERMOST);
}

static enum gw_rc no_change(void *self, struct rollout_entry *entry, struct gw_err *err)
{
    (void)self, (void)entry;
    return gw_err_set(err, GW_CONFLICT, INNERMOST);
}

static bool any_rollout(void *ctx, const struct rollout_entry *entry)
{
    (void)entry;
    ++*(int *)ctx;
    return true;
}

/* A code that a refusal may have, behind the first write: the turn fails, and core answers in words of its own. */
static void a_failure_behind_the_first_write_is_no_refusal(void)
{
    struct desk d;
    int count = 0;
    shop_open(&d);
    shop_devices(&d, 2);
    const struct store_ops *whole = d.store.ops;
    struct store_ops broken = *whole;
    broken.seats_add = no_seats;
    broken.rollout_put = no_change;
    d.store.ops = &broken;
    CU_ASSERT_EQUAL(try_order(&d, ACT_ROLLOUT_CREATE, USER_OPERATOR, NULL), GW_CORRUPT);
    d.store.ops = whole;
    GW_ASSERT_OK(whole->rollout_each_live(d.store.self, NULL, any_rollout, &count, NULL), NULL);
    CU_ASSERT(count == 0 && desk_audits(&d, "rollout.created") == 0);
    order(&d, ACT_ROLLOUT_CREATE, USER_OPERATOR, NULL);
    char id[ROLLOUT_ID_LEN + 1];
    memcpy(id, the_rollout(&d)->id, sizeof(id));
    d.store.ops = &broken;
    struct rollout_ask_change c = {.reason = ""};
    CU_ASSERT_EQUAL(ask_as(&d, USER_OPERATOR, act_of(ACT_ROLLOUT_START, id), &c, sizeof(c)), GW_CORRUPT);
    d.store.ops = whole;
    CU_ASSERT_EQUAL(shop_rollout(&d, id).rollout.state, ROLLOUT_DRAFT);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.started"), 0);
    desk_close(&d);
}

/* The devices were looked for; then a role is lost. */
static void who_asks_must_be_allowed_to_when_it_is_stored_still(void)
{
    static const enum act_kind kinds[] = {ACT_ROLLOUT_PREVIEW, ACT_ROLLOUT_CREATE};
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 3);
    for (size_t i = 0; i < 2; i++) {
        d.holds = true;
        order(&d, kinds[i], USER_OPERATOR, NULL);
        CU_ASSERT_EQUAL_FATAL(d.survey->err.rc, GW_OK);
        CU_ASSERT_EQUAL(d.survey->seats != NULL, kinds[i] == ACT_ROLLOUT_CREATE);
        d.survey->act.actor.role = USER_VIEWER;
        CU_ASSERT_EQUAL(desk_surveyed(&d), GW_OK);
        CU_ASSERT_EQUAL(refused(&d), GW_DENIED);
        CU_ASSERT_PTR_NULL(d.survey);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.created"), 0);
    desk_close(&d);
}

static int pauses;

/* What happens between two pages: one device that was passed and one that was not are revoked. */
static enum gw_rc change_devices(struct desk *d)
{
    if (pauses++ == 0) {
        shop_state(d, "pump-000", DEVICE_REVOKED);
        shop_state(d, "pump-004", DEVICE_REVOKED);
    }
    return GW_OK;
}

static enum gw_rc end_survey(struct desk *d)
{
    (void)d;
    return ++pauses == 2 ? GW_AGAIN : GW_OK;
}

static void a_survey_pauses_between_its_pages(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 7);
    d.operate.rollouts.page_max = 2;
    struct rollout_plan plan = shop_plan(50, 10);
    pauses = 0;
    d.between = change_devices;
    struct rollout_preview_try t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_OK);
    CU_ASSERT_EQUAL(pauses, 3);                    /* behind each page that was full */
    CU_ASSERT_EQUAL(t.totals[0] + t.totals[1], 6); /* each as it was when it was passed: all but pump-004 */
    CU_ASSERT_EQUAL(t.left.state, 1);
    pauses = 0;
    d.between = end_survey;
    t = shop_preview(&d, shop_id(SHOP_NEW), &plan, NULL);
    CU_ASSERT_EQUAL(t.rc, GW_AGAIN);
    CU_ASSERT_EQUAL(pauses, 2);
    CU_ASSERT_EQUAL(t.left.state, 1); /* pump-004 was not come to */
    desk_close(&d);
}

static void what_is_refused_leaves_nothing(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 2);
    struct rollout_plan plan = shop_plan(50, 10);
    struct rollout_entry draft = shop_draft(&d, &plan);
    change(&d, ACT_ROLLOUT_PAUSE, draft.id, "");
    CU_ASSERT_EQUAL(refused(&d), GW_CONFLICT);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.paused"), 0);
    change(&d, ACT_ROLLOUT_ABORT, draft.id, "");
    CU_ASSERT_EQUAL(refused(&d), GW_INVALID);
    struct inbox_act act = act_of(ACT_ROLLOUT_START, draft.id);
    struct rollout_ask_change c = {.wave = 0};
    act.if_rev = draft.rev + 1;
    CU_ASSERT_EQUAL(ask_as(&d, USER_OPERATOR, act, &c, sizeof(c)), GW_OK);
    CU_ASSERT_EQUAL(refused(&d), GW_CONFLICT);
    act.if_rev = -1;
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, act, &c, sizeof(c)), GW_OK);
    CU_ASSERT_EQUAL(refused(&d), GW_DENIED);
    order(&d, ACT_ROLLOUT_PREVIEW, USER_VIEWER, NULL);
    CU_ASSERT_EQUAL(refused(&d), GW_DENIED);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.started"), 0);
    change(&d, ACT_ROLLOUT_START, "ro-aaaaaaaaaaaaaaaa", "");
    CU_ASSERT_EQUAL(refused(&d), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(ask_as(&d, USER_OPERATOR, act, "x", 1), GW_INVALID); /* a blob that nobody of ours makes */
    CU_ASSERT_EQUAL(shop_rollout(&d, draft.id).rev, draft.rev);
    desk_close(&d);
}

static void ask_attempts(struct desk *d, const char *id, struct rollout_ask_attempts ask)
{
    (void)snprintf(ask.filter.rollout, sizeof(ask.filter.rollout), "%s", id);
    CU_ASSERT_EQUAL(ask_as(d, USER_VIEWER, act_of(ACT_ROLLOUT_ATTEMPTS, id), &ask, sizeof(ask)), GW_OK);
}

static void lists_devices_page_by_page(void)
{
    struct desk d;
    shop_open(&d);
    shop_devices(&d, 5);
    struct rollout_plan plan = shop_plan(40, 10);
    struct rollout_entry draft = shop_draft(&d, &plan);
    struct rollout_ask_attempts ask = {.filter = {.wave_last = ROLLOUT_WAVES_MAX - 1}, .limit = 3};
    ask_attempts(&d, draft.id, ask);
    const struct answer *a = answered(&d);
    CU_ASSERT_FATAL(a->kind == ANSWER_ATTEMPTS && a->attempt_count == 3);
    CU_ASSERT(a->more && a->attempts[0].wave == 0 && a->attempts[2].wave == 1 && a->attempts[2].place == 0);
    ask.filter.wave = 1;
    ask.filter.place = 1;
    ask_attempts(&d, draft.id, ask);
    CU_ASSERT(answered(&d)->attempt_count == 2 && !answered(&d)->more);
    ask.filter.state = ATTEMPT_OK;
    ask_attempts(&d, draft.id, ask);
    CU_ASSERT_EQUAL(answered(&d)->attempt_count, 0);
    ask_attempts(&d, "ro-aaaaaaaaaaaaaaaa", ask);
    CU_ASSERT_EQUAL(refused(&d), GW_NOT_FOUND);
    struct inbox_act of_device = {.kind = ACT_DEVICE_ATTEMPTS, .if_rev = -1, .device = desk_id("pump-003")};
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, of_device, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL_FATAL(answered(&d)->attempt_count, 1);
    CU_ASSERT_STRING_EQUAL(answered(&d)->attempts[0].device.text, "pump-003");
    of_device.device = desk_id("nobody");
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, of_device, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(refused(&d), GW_NOT_FOUND);
    desk_close(&d);
}

static void lists_rollouts_newest_first(void)
{
    struct desk d;
    char ids[3][ROLLOUT_ID_LEN + 1];
    shop_open(&d);
    shop_devices(&d, 2);
    for (int i = 0; i < 3; i++) {
        struct rollout_plan plan = shop_plan(50, 10);
        struct rollout_entry draft = shop_draft(&d, &plan);
        memcpy(ids[i], draft.id, sizeof(ids[i]));
        change(&d, ACT_ROLLOUT_ABORT, draft.id, "another one");
        d.now.ms += 1000;
    }
    struct inbox_act list = act_of(ACT_ROLLOUT_LIST, "");
    list.number = 2;
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, list, NULL, 0), GW_OK);
    const struct answer *a = answered(&d);
    CU_ASSERT_FATAL(a->kind == ANSWER_ROLLOUTS && a->rollout_count == 2);
    CU_ASSERT(a->more && !a->single);
    CU_ASSERT_STRING_EQUAL(a->rollouts[0].entry.id, ids[2]);
    CU_ASSERT_STRING_EQUAL(a->rollouts[1].entry.id, ids[1]);
    list = act_of(ACT_ROLLOUT_LIST, ids[1]);
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, list, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL_FATAL(answered(&d)->rollout_count, 1);
    CU_ASSERT_STRING_EQUAL(answered(&d)->rollouts[0].entry.id, ids[0]);
    list = act_of(ACT_ROLLOUT_LIST, "ro-aaaaaaaaaaaaaaaa");
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, list, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(refused(&d), GW_INVALID);
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, act_of(ACT_ROLLOUT_GET, ids[0]), NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(the_rollout(&d)->rollout.state, ROLLOUT_ABORTED);
    CU_ASSERT_EQUAL(ask_as(&d, USER_VIEWER, act_of(ACT_ROLLOUT_GET, "x"), NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(refused(&d), GW_NOT_FOUND);
    desk_close(&d);
}

static void shows_what_a_device_told(void)
{
    struct desk d;
    shop_open(&d);
    shop_device(&d, "pump-001", "1.0");
    CU_ASSERT_EQUAL(desk_act(&d, ACT_DEVICE_GET, "pump-001", NULL), GW_OK);
    const struct answer *a = answered(&d);
    CU_ASSERT_FATAL(a->kind == ANSWER_DEVICES && a->device_count == 1);
    CU_ASSERT_STRING_EQUAL(a->devices[0].inventory.version, "1.0");
    CU_ASSERT_STRING_EQUAL(a->devices[0].inventory.product, "pump");
    CU_ASSERT(a->devices[0].inventory.seen.ms != 0);
    desk_close(&d);
}

const struct gw_test_case rollouts_act_cases[] = {
    {"drafts and runs a rollout", drafts_and_runs_a_rollout},
    {"a preview keeps nothing", a_preview_keeps_nothing},
    {"who asks must be allowed to when it is stored, still", who_asks_must_be_allowed_to_when_it_is_stored_still},
    {"a survey pauses between its pages, and ends there when it must", a_survey_pauses_between_its_pages},
    {"what is refused leaves nothing", what_is_refused_leaves_nothing},
    {"a failure behind the first write is no refusal", a_failure_behind_the_first_write_is_no_refusal},
    {"lists devices page by page", lists_devices_page_by_page},
    {"lists rollouts newest first", lists_rollouts_newest_first},
    {"shows what a device told", shows_what_a_device_told},
};
const size_t rollouts_act_case_count = sizeof(rollouts_act_cases) / sizeof(rollouts_act_cases[0]);
