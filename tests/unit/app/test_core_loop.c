/* The core loop over the store in memory: what is remembered and let out when a transaction does not hold. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core_loop.h"
#include "crypto_hash.h"
#include "crypto_init.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "inbox_queue.h"
#include "job_report.h"
#include "mem.h"

struct house {
    uv_loop_t loop;
    struct mem *mem;
    struct store store; /* the real one, but for its commit */
    struct store_ops ops;
    struct core core;
    struct answer last;
    size_t answers, opened;
    struct session_table *sessions;
    struct token_table *tokens;
    int store_full, time_steps;    /* events of these classes which the journal was given */
    struct rollout_survey *survey; /* that the query threads were given */
    bool surveys_full;
    struct rollout_survey *gives_way; /* to the next one, owned */
    size_t surveyed;
    /* what people who watch were told */
    bool no_room;
    size_t rows_made, overviews, sweeps_begun, sweeps_ended;
};

static bool disk_full;

static struct store real_store;

static enum gw_rc commit_or_fail(void *self, struct gw_err *err)
{
    if (!disk_full)
        return real_store.ops->commit(self, err);
    real_store.ops->rollback(self);
    return gw_err_set(err, GW_NO_SPACE, "disk full");
}

static void take_answer(void *ctx, const struct answer *answer)
{
    struct house *h = ctx;
    h->last = *answer;
    h->answers++;
}

static void count_open(void *ctx)
{
    struct house *h = ctx;
    h->opened++;
}

static uint32_t two_watch(void *ctx)
{
    (void)ctx;
    return 2;
}

static void no_doors(void *ctx, struct answer_doors *ret_doors)
{
    (void)ctx;
    (void)ret_doors;
}

static void no_figures(void *ctx, const struct core_figures *figures)
{
    (void)ctx;
    (void)figures;
}

static void no_feed(void *ctx)
{
    (void)ctx;
}

static bool journal_full;

static void look_at_storage(void *ctx, struct answer_storage *ret_storage)
{
    (void)ctx;
    *ret_storage = (struct answer_storage){.journal_full = journal_full};
}

static enum gw_rc take_audit(void *ctx, int64_t n, struct gw_view event)
{
    struct house *h = ctx;
    (void)n;
    h->time_steps += memmem(event.ptr, event.len, "time.step", 9) != NULL;
    h->store_full += memmem(event.ptr, event.len, "log.store_full", 14) != NULL;
    return GW_OK;
}

static enum gw_rc take_survey(void *ctx, struct rollout_survey *survey, struct rollout_survey **ret_out,
                              struct gw_err *err)
{
    struct house *h = ctx;
    if (h->surveys_full)
        return gw_err_set(err, GW_AGAIN, "too many");
    *ret_out = GW_TAKE(h->gives_way);
    h->survey = survey;
    return GW_OK;
}

static void count_surveyed(void *ctx)
{
    struct house *h = ctx;
    h->surveyed++;
}

static bool has_room(void *ctx)
{
    const struct house *h = ctx;
    return !h->no_room;
}

static void take_row(void *ctx, const struct turn_row *row, const struct answer *answer)
{
    struct house *h = ctx;
    h->rows_made += row->topic == LIVE_DEVICES && strcmp(row->key, "pump-7") == 0 && answer && answer->single;
    h->overviews += row->topic == LIVE_OVERVIEW && answer && answer->kind == ANSWER_STATUS;
}

static void take_sweep(void *ctx, enum live_topic topic, bool begins)
{
    struct house *h = ctx;
    h->sweeps_begun += topic == LIVE_DEVICES && begins;
    h->sweeps_ended += topic == LIVE_DEVICES && !begins;
}

static enum gw_rc house_make(struct house *h,
                             enum gw_rc (*setting_get)(void *, const char *, struct gw_buf *, struct gw_err *),
                             struct gw_err *err)
{
    *h = (struct house){.answers = 0};
    crypto_init();
    disk_full = false;
    h->mem = mem_new();
    real_store = mem_store(h->mem);
    h->ops = *real_store.ops;
    h->ops.commit = commit_or_fail;
    h->store = (struct store){&h->ops, real_store.self};
    static struct gateway_facts facts = {.devices_host = "localhost", .port_devices = 8443};
    CU_ASSERT_EQUAL_FATAL(uv_loop_init(&h->loop), 0);
    h->sessions = session_table_new();
    h->tokens = token_table_new();
    struct core_parts parts = {
        .loop = &h->loop,
        .store = &h->store,
        .hash = crypto_sha256(),
        .sessions = h->sessions,
        .tokens = h->tokens,
        .facts = &facts,
        .outlets = {.ctx = h,
                    .answer = take_answer,
                    .open_devices = count_open,
                    .live_connections = two_watch,
                    .doors = no_doors,
                    .storage = look_at_storage,
                    .progress = no_feed,
                    .figures = no_figures,
                    .survey = take_survey,
                    .surveyed = count_surveyed,
                    .audit = take_audit,
                    .live = {h, has_room, take_row, take_sweep}},
    };
    if (setting_get)
        h->ops.setting_get = setting_get;
    return core_init(&h->core, &parts, err);
}

static void house_open(struct house *h)
{
    CU_ASSERT_EQUAL_FATAL(house_make(h, NULL, NULL), GW_OK);
}

static void house_close(struct house *h)
{
    core_stop(&h->core, true);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&h->loop);
    core_done(&h->core);
    session_table_free(h->sessions);
    token_table_free(h->tokens);
    mem_free(h->mem);
}

static void post(struct house *h, struct inbox_msg *msg)
{
    struct inbox port = inbox_queue_port(h->core.queue);
    size_t before = h->answers;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, msg), GW_OK);
    while (h->answers == before)
        (void)uv_run(&h->loop, UV_RUN_ONCE);
}

static struct inbox_msg act(enum act_kind kind, int64_t number)
{
    struct inbox_msg msg = {.kind = INBOX_ACT, .asker = {ASKER_REST, {2, 1}}};
    msg.u.act = (struct inbox_act){.kind = kind, .if_rev = -1, .number = number};
    msg.u.act.actor = (struct actor){.name = "local:root", .role = USER_ADMIN, .local = true, .superuser = true};
    return msg;
}

/* ---- the bus ---- */

static enum gw_rc publish(void *self, const struct gw_device_id *device, const char *down, struct gw_view payload,
                          int qos, struct gw_err *err)
{
    (void)device;
    (void)down;
    (void)payload;
    (void)qos;
    (void)err;
    (*(size_t *)self)++;
    return GW_OK;
}

static enum gw_rc registry_all(void *self, uint64_t generation, const struct bus_entry *entries, size_t count,
                               struct gw_err *err)
{
    (void)self;
    (void)generation;
    (void)entries;
    (void)count;
    (void)err;
    return GW_OK;
}

static void run_turns(struct house *h, uint64_t until)
{
    while (h->core.turns < until)
        (void)uv_run(&h->loop, UV_RUN_ONCE);
}

static struct bus_event said(const char *device, enum bus_topic topic, const char *text)
{
    struct bus_event event = {.kind = BUS_MESSAGE, .topic = topic, .payload = gw_view_str(text)};
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str(device), &event.device), GW_OK);
    return event;
}

static void a_device_that_floods_displaces_nobody(void)
{
    struct house h;
    house_open(&h);
    const struct rollouts_counts *counts = &h.core.operate.rollouts.counts;
    struct bus_event loud = said("pump-1", BUS_TOPIC_JOB, "{}"), quiet = said("pump-2", BUS_TOPIC_JOB, "{}");
    for (int i = 0; i < 3 * SESSION_QUEUED_MAX; i++)
        core_post_device(&h.core, &loud);
    core_post_device(&h.core, &quiet);
    CU_ASSERT_EQUAL(counts->dropped, 2 * SESSION_QUEUED_MAX);
    run_turns(&h, SESSION_QUEUED_MAX + 1);
    CU_ASSERT_EQUAL(counts->bad_reports, SESSION_QUEUED_MAX + 1); /* nobody else's was dropped */
    CU_ASSERT_STRING_EQUAL(counts->bad_by.text, "pump-2");
    core_post_device(&h.core, &loud); /* it has room again */
    run_turns(&h, SESSION_QUEUED_MAX + 2);
    CU_ASSERT_EQUAL(counts->bad_reports, SESSION_QUEUED_MAX + 2);
    house_close(&h);
}

static void what_is_too_long_is_not_taken(void)
{
    static char long_text[JOB_REPORT_MAX + 2];
    struct house h;
    house_open(&h);
    memset(long_text, ' ', sizeof(long_text) - 1);
    struct bus_event event = said("pump-1", BUS_TOPIC_JOB, long_text);
    core_post_device(&h.core, &event);
    struct inbox_msg msg;
    CU_ASSERT_FALSE(inbox_queue_take(h.core.queue, &msg));
    CU_ASSERT_EQUAL(h.core.operate.rollouts.counts.bad_reports, 1);
    house_close(&h);
}

static void presence_that_was_not_stored_is_looked_at_again(void)
{
    static const struct device_bus_ops bus = {.publish = publish, .registry_all = registry_all};
    size_t published = 0;
    struct house h;
    house_open(&h);
    h.core.session.bus = (struct device_bus){&bus, &published};
    disk_full = true;
    core_post_bus(&h.core, &(struct bus_event){.kind = BUS_UP});
    core_post_bus(&h.core, &(struct bus_event){.kind = BUS_PRESENCE_SYNC});
    run_turns(&h, 2);
    CU_ASSERT_FALSE(h.core.operate.rollouts.memory.watching);
    disk_full = false;
    while (!h.core.operate.rollouts.memory.watching) /* the tick */
        (void)uv_run(&h.loop, UV_RUN_ONCE);
    core_post_bus(&h.core, &(struct bus_event){.kind = BUS_DOWN});
    while (h.core.operate.rollouts.memory.watching)
        (void)uv_run(&h.loop, UV_RUN_ONCE);
    CU_ASSERT_TRUE(h.core.operate.rollouts.memory.blind_at.ms > 0);
    house_close(&h);
}

static void a_door_that_was_not_stored_is_not_open(void)
{
    struct house h;
    house_open(&h);
    disk_full = true;
    struct inbox_msg open = act(ACT_DOOR_OPEN, 60);
    post(&h, &open);
    CU_ASSERT_EQUAL(h.last.rc, GW_NO_SPACE);
    disk_full = false;
    struct inbox_msg status = act(ACT_STATUS, 0);
    post(&h, &status);
    CU_ASSERT_EQUAL_FATAL(h.last.kind, ANSWER_STATUS);
    CU_ASSERT_EQUAL(h.last.status.door_open_until.ms, 0);
    post(&h, &open);
    CU_ASSERT_EQUAL(h.last.rc, GW_OK);
    disk_full = true; /* and one that was not stored as closed is still open */
    struct inbox_msg closing = act(ACT_DOOR_CLOSE, 0);
    post(&h, &closing);
    CU_ASSERT_EQUAL(h.last.rc, GW_NO_SPACE);
    disk_full = false;
    post(&h, &status);
    CU_ASSERT_NOT_EQUAL(h.last.status.door_open_until.ms, 0);
    house_close(&h);
}

static void hashed(struct house *h, const char *code)
{
    struct inbox_msg msg = {.kind = INBOX_HASHED, .asker = {ASKER_REST, {2, 1}}};
    msg.u.act = (struct inbox_act){.kind = ACT_CLAIM, .if_rev = -1};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", code);
    (void)snprintf(msg.u.act.name, sizeof(msg.u.act.name), "admin");
    static const char hash[] = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    msg.blob_len = sizeof(hash) - 1;
    msg.blob = gw_xalloc(msg.blob_len, 1);
    memcpy(msg.blob, hash, msg.blob_len);
    post(h, &msg);
}

static void a_claim_that_was_not_stored_opens_nothing(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg make = act(ACT_CLAIM_CODE, 0);
    post(&h, &make);
    CU_ASSERT_EQUAL_FATAL(h.last.kind, ANSWER_CLAIM_CODE);
    char code[64];
    (void)snprintf(code, sizeof(code), "%s", h.last.text);
    disk_full = true;
    hashed(&h, code);
    CU_ASSERT_EQUAL(h.last.rc, GW_NO_SPACE);
    CU_ASSERT(!h.core.operate.access.claimed);
    CU_ASSERT_EQUAL(h.opened, 0);
    disk_full = false;
    hashed(&h, code); /* the code is as good as before */
    CU_ASSERT_EQUAL(h.last.rc, GW_OK);
    CU_ASSERT(h.core.operate.access.claimed);
    CU_ASSERT_EQUAL(h.opened, 1);
    house_close(&h);
}

static void a_sign_in_that_was_not_stored_begins_no_session(void)
{
    struct house h;
    house_open(&h);
    struct user ann = {.name = "ann", .role = USER_ADMIN, .password_hash = "$argon2id$x"};
    CU_ASSERT_EQUAL_FATAL(real_store.ops->begin(real_store.self, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(real_store.ops->user_put(real_store.self, &ann, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(real_store.ops->commit(real_store.self, NULL), GW_OK);
    h.core.operate.access.claimed = true;
    struct inbox_msg right = {.kind = INBOX_CHECKED, .asker = {ASKER_REST, {2, 1}}};
    right.u.act = (struct inbox_act){.kind = ACT_SIGN_IN, .name = "ann", .if_rev = -1, .checked_rev = ann.rev};
    disk_full = true;
    post(&h, &right);
    CU_ASSERT_EQUAL(h.last.rc, GW_NO_SPACE);
    CU_ASSERT_EQUAL(session_table_count(h.sessions, "ann", gw_wall_now()), 0);
    disk_full = false;
    post(&h, &right);
    CU_ASSERT_EQUAL(h.last.kind, ANSWER_SESSION);
    CU_ASSERT_EQUAL(session_table_count(h.sessions, "ann", gw_wall_now()), 1);
    house_close(&h);
}

static void trouble_that_could_not_be_noted_is_told_later(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg tick = {.kind = INBOX_TICK}, status = act(ACT_STATUS, 0);
    journal_full = disk_full = true;
    struct inbox port = inbox_queue_port(h.core.queue);
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &tick), GW_OK);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.store_full, 0);
    journal_full = disk_full = false;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &tick), GW_OK);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.store_full, 1); /* that state.db could not be written; the journal is good again */
    journal_full = true;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &tick), GW_OK);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.store_full, 2);
    journal_full = false;
    house_close(&h);
}

/* A rollout of `devices` devices in one wave; so many of them stand in `state`. */
static void add_rollout(struct house *h, char letter, enum rollout_state state, enum attempt_state attempt,
                        uint32_t devices)
{
    GW_FREE struct rollout_entry *e = gw_xalloc(1, sizeof(*e));
    *e = (struct rollout_entry){.release = "0123456789abcdef",
                                .product = "pump",
                                .version = "2.1",
                                .release_counter = 21,
                                .created = {1},
                                .changed = {1}};
    memcpy(e->id, "ro-aaaaaaaaaaaaaaaa", ROLLOUT_ID_LEN);
    e->id[ROLLOUT_ID_LEN - 1] = letter;
    (void)snprintf(e->created_by, sizeof(e->created_by), "local:ann");
    rollout_plan_init(&e->plan);
    e->plan.wave_count = 1;
    e->plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 10, .gate = {.unreachable_pct = 100, .min_sample = 1}};
    e->rollout = (struct rollout){.state = state, .wave_count = 1};
    e->rollout.waves[0] = (struct rollout_wave){.state = ROLLOUT_WAVE_WAITING, .total = devices};
    e->rollout.waves[0].count[attempt] = devices;
    struct gw_err err = {0};
    GW_ASSERT_OK(h->store.ops->rollout_add(h->store.self, e, &err), &err);
}

/* A draft of so many lists of one device each, as a query thread has found it. */
static void find_draft(struct house *h, uint32_t lists)
{
    struct rollout_survey *survey = h->survey;
    struct rollout_seats **end = &survey->seats;
    struct rollout_entry *e = &survey->entry;
    *e = (struct rollout_entry){
        .release = "0123456789abcdef", .product = "pump", .version = "2.1", .release_counter = 21};
    (void)snprintf(e->created_by, sizeof(e->created_by), "local:root");
    rollout_plan_init(&e->plan);
    e->plan.wave_count = 1;
    e->plan.waves[0] = (struct rollout_wave_plan){
        .select = ROLLOUT_SELECT_REST, .max_concurrent = 10, .gate = {.unreachable_pct = 100, .min_sample = 1}};
    CU_ASSERT_EQUAL(rollout_init(&e->rollout, &e->plan, &lists, NULL), GW_OK);
    for (uint32_t i = 0; i < lists; i++) {
        *end = gw_xalloc(1, sizeof(**end));
        (*end)->count = 1;
        (*end)->seats[0].place = i;
        (void)snprintf((*end)->seats[0].device.text, sizeof((*end)->seats[0].device.text), "pump-%u", i);
        end = &(*end)->next;
    }
}

static void stage_release(struct house *h)
{
    struct release_entry entry = {.id = "0123456789abcdef",
                                  .product = "pump",
                                  .version = "2.1",
                                  .release_counter = 21,
                                  .state = RELEASE_STAGED,
                                  .file_count = 1,
                                  .signer_count = 1,
                                  .imported = {1},
                                  .changed = {1}};
    struct release_entry_file file = {.role = RELEASE_ROLE_ARTIFACT, .file = {.name = "pump.img", .size = 1}};
    struct gw_err err = {0};
    memset(entry.signers[0], 'a', VENDOR_KEYID_LEN);
    const struct store_release put = {&entry, &file, GW_VIEW_LIT("{}")};
    CU_ASSERT_EQUAL_FATAL(h->store.ops->begin(h->store.self, NULL), GW_OK);
    GW_ASSERT_OK(h->store.ops->release_add(h->store.self, &put, &err), &err);
    CU_ASSERT_EQUAL_FATAL(h->store.ops->commit(h->store.self, NULL), GW_OK);
}

static void order_draft(struct house *h)
{
    struct inbox_msg order = act(ACT_ROLLOUT_CREATE, 0);
    order.blob_len = sizeof(struct rollout_ask_order);
    order.blob = gw_xalloc(1, order.blob_len);
    struct inbox port = inbox_queue_port(h->core.queue);
    uint64_t turns = h->core.turns;
    h->survey = NULL;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &order), GW_OK);
    run_turns(h, turns + 1);
}

static void found(struct house *h)
{
    struct inbox_msg msg = {.kind = INBOX_SURVEYED, .asker = h->survey->asker, .u.survey = h->survey};
    post(h, &msg);
}

static void a_draft_is_stored_slice_by_slice_or_not_at_all(void)
{
    struct house h;
    struct core_figures f;
    house_open(&h);
    stage_release(&h);
    h.core.operate.rollouts.lists_max = 2;
    for (int full = 1; full >= 0; full--) {
        disk_full = false;
        order_draft(&h);
        CU_ASSERT_PTR_NOT_NULL_FATAL(h.survey);
        find_draft(&h, 5);
        disk_full = full;
        found(&h);
        CU_ASSERT_EQUAL(h.surveyed, 2u - (unsigned)full); /* the next survey may begin */
        CU_ASSERT(full ? h.last.rc == GW_NO_SPACE : h.last.rc == GW_OK && h.last.kind == ANSWER_ROLLOUTS);
        CU_ASSERT(!h.core.operate.rollouts.storing && h.core.operate.rollouts.seats_lost);
        core_figures_get(&h.core, &f);
        CU_ASSERT_EQUAL(f.rollouts[ROLLOUT_DRAFT], 1 - full);
    }
    house_close(&h);
}

static void a_survey_that_finds_no_room_is_put_off(void)
{
    struct house h;
    house_open(&h);
    core_start(&h.core);
    h.surveys_full = true;
    order_draft(&h);
    CU_ASSERT(h.answers == 1 && h.last.kind == ANSWER_DONE && h.last.rc == GW_AGAIN);
    CU_ASSERT(h.last.retry_after_s == ROLLOUT_SURVEY_RETRY_S && h.surveyed == 0);
    CU_ASSERT_STRING_EQUAL(h.last.text, "too many");
    h.surveys_full = false;
    order_draft(&h);
    stage_release(&h);
    find_draft(&h, 5);
    h.core.operate.rollouts.lists_max = 2;
    struct inbox port = inbox_queue_inner_port(h.core.queue);
    const struct inbox_msg msg = {.kind = INBOX_SURVEYED, .asker = h.survey->asker, .u.survey = h.survey};
    CU_ASSERT_EQUAL(port.post(port.self, &msg), GW_OK);
    house_close(&h); /* stops behind its first slice */
    CU_ASSERT(h.surveyed == 1 && h.last.rc == GW_AGAIN && h.answers == 2);
}

static void a_survey_that_gives_way_is_answered(void)
{
    struct house h;
    house_open(&h);
    h.gives_way = gw_xalloc(1, sizeof(*h.gives_way));
    h.gives_way->asker = (struct asker){ASKER_REST, {7, 1}};
    order_draft(&h);
    CU_ASSERT_PTR_NOT_NULL(h.survey);
    CU_ASSERT(h.answers == 1 && h.last.asker.ticket.slot == 7 && h.last.rc == GW_AGAIN);
    CU_ASSERT_EQUAL(h.last.retry_after_s, ROLLOUT_SURVEY_RETRY_S);
    rollout_survey_free(h.survey);
    house_close(&h);
}

/* Whoever asked has heard "no answer in time" by then, and would ask again. */
static void what_is_too_late_to_be_heard_of_is_not_done(void)
{
    struct house h;
    struct core_figures f;
    house_open(&h);
    stage_release(&h);
    struct gw_mono late = {gw_mono_now().ms + INBOX_ACT_SPARE_MS}, early = {late.ms + GW_HOUR_MS};
    struct inbox_msg open = act(ACT_DOOR_OPEN, 60);
    open.u.act.answer_by = late;
    post(&h, &open);
    CU_ASSERT_EQUAL(h.last.rc, GW_AGAIN);
    struct inbox_msg status = act(ACT_STATUS, 0);
    status.u.act.answer_by = early;
    post(&h, &status);
    CU_ASSERT_EQUAL_FATAL(h.last.kind, ANSWER_STATUS);
    CU_ASSERT_EQUAL(h.last.status.door_open_until.ms, 0);
    for (int is_late = 1; is_late >= 0; is_late--) {
        order_draft(&h);
        CU_ASSERT_PTR_NOT_NULL_FATAL(h.survey);
        find_draft(&h, 5);
        h.survey->act.answer_by = is_late ? late : early;
        found(&h);
        CU_ASSERT_EQUAL(h.last.rc, is_late ? GW_AGAIN : GW_OK);
        CU_ASSERT_EQUAL(h.surveyed, 2u - (unsigned)is_late); /* the next one may begin */
        core_figures_get(&h.core, &f);
        CU_ASSERT_EQUAL(f.rollouts[ROLLOUT_DRAFT], 1 - is_late);
    }
    house_close(&h);
}

static void rollouts_and_attempts_are_counted(void)
{
    struct house h;
    house_open(&h);
    CU_ASSERT_EQUAL_FATAL(h.store.ops->begin(h.store.self, NULL), GW_OK);
    add_rollout(&h, 'a', ROLLOUT_DRAFT, ATTEMPT_PLANNED, 5);
    add_rollout(&h, 'b', ROLLOUT_DRAFT, ATTEMPT_PLANNED, 7);
    CU_ASSERT_EQUAL_FATAL(h.store.ops->commit(h.store.self, NULL), GW_OK);
    struct core_figures f;
    core_figures_get(&h.core, &f);
    CU_ASSERT(f.rollouts[ROLLOUT_DRAFT] == 2 && f.rollouts[ROLLOUT_RUNNING] == 0);
    CU_ASSERT(f.attempts[ATTEMPT_PLANNED] == 12 && f.attempts[ATTEMPT_OK] == 0 && f.attempts_back[ATTEMPT_OK] == 0);
    house_close(&h);
}

static void status_tells_who_watches_and_a_set_clock_is_told(void)
{
    struct house h;
    house_open(&h);
    (void)uv_timer_stop(&h.core.tick); /* ours alone */
    struct inbox_msg tick = {.kind = INBOX_TICK}, status = act(ACT_STATUS, 0);
    struct inbox port = inbox_queue_port(h.core.queue);
    CU_ASSERT(h.core.tick_wall.ms > 0 && h.core.tick_mono.ms > 0);
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &tick), GW_OK);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.last.status.live_connections, 2);
    CU_ASSERT_EQUAL(h.time_steps, 0);
    h.core.tick_wall.ms -= GW_HOUR_MS;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &tick), GW_OK);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.time_steps, 1);
    house_close(&h);
}

static void check_asker(const struct house *h, const struct asker *asker)
{
    CU_ASSERT_EQUAL(h->last.asker.kind, asker->kind);
    CU_ASSERT_EQUAL(h->last.asker.ticket.slot, asker->ticket.slot);
    CU_ASSERT_EQUAL(h->last.asker.ticket.generation, asker->ticket.generation);
}

static void the_answer_goes_to_who_asked(void)
{
    static const enum asker_kind kinds[] = {ASKER_REST, ASKER_EST, ASKER_ARTIFACT};
    struct house h;
    house_open(&h);
    for (uint32_t i = 0; i < 3; i++) {
        struct inbox_msg status = act(ACT_STATUS, 0), opening = act(ACT_DOOR_OPEN, 15), wrong = act(ACT_LOG_LIST, 0);
        const struct asker asker = {kinds[i], {i, 7}};
        status.asker = opening.asker = wrong.asker = asker;
        post(&h, &status);
        check_asker(&h, &asker);
        CU_ASSERT_EQUAL(h.last.kind, ANSWER_STATUS);
        post(&h, &wrong); /* the turn fails: its query is not there */
        check_asker(&h, &asker);
        CU_ASSERT_EQUAL(h.last.rc, GW_AGAIN);
        disk_full = true; /* the transaction does */
        post(&h, &opening);
        disk_full = false;
        check_asker(&h, &asker);
        CU_ASSERT_EQUAL(h.last.rc, GW_NO_SPACE);
    }
    house_close(&h);
}

static enum gw_rc damaged_device(void *self, const struct gw_device_id *id, struct device *ret_device,
                                 struct gw_err *err)
{
    (void)self;
    (void)id;
    (void)ret_device;
    return gw_err_set(err, GW_CORRUPT, "state.db: row 7 of device");
}

static void what_is_damaged_is_told_without_its_details(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg msg = act(ACT_DEVICE_GET, 0);
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str("pump-7"), &msg.u.act.device), GW_OK);
    h.ops.device_get = damaged_device;
    post(&h, &msg);
    CU_ASSERT_EQUAL(h.last.rc, GW_CORRUPT);
    CU_ASSERT(strstr(h.last.text, "its log has the details") && !strstr(h.last.text, "state.db"));
    house_close(&h);
}

static void what_nobody_asked_for_is_refused_to_nobody(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg look = {.kind = INBOX_LOOK}, status = act(ACT_STATUS, 0);
    struct inbox port = inbox_queue_port(h.core.queue);
    size_t before = h.answers;
    disk_full = true;
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &look), GW_OK);
    post(&h, &status);
    disk_full = false;
    CU_ASSERT_EQUAL(h.answers, before + 1);
    CU_ASSERT_EQUAL(h.last.asker.kind, ASKER_REST);
    house_close(&h);
}

static struct inbox_msg invitation(void)
{
    struct inbox_msg msg = act(ACT_INVITE, 0);
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str("pump-7"), &msg.u.act.device), GW_OK);
    return msg;
}

static void await(struct house *h, const size_t *count, size_t wanted)
{
    while (*count < wanted)
        (void)uv_run(&h->loop, UV_RUN_ONCE);
}

static void who_watches_is_told_of_a_row_that_changed(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg msg = invitation();
    await(&h, &h.overviews, 1); /* with the first tick, as are the sweeps */
    await(&h, &h.sweeps_ended, 1);
    CU_ASSERT_EQUAL(h.rows_made, 0);
    post(&h, &msg);
    await(&h, &h.rows_made, 1);
    CU_ASSERT_EQUAL(h.sweeps_begun, 1);
    house_close(&h);
}

static void rows_are_handed_over_again_when_they_were_lost(void)
{
    struct house h;
    house_open(&h);
    struct inbox_msg msg = invitation(), lost = {.kind = INBOX_LIVE};
    await(&h, &h.sweeps_ended, 1);
    h.no_room = true;
    post(&h, &msg);
    struct inbox_msg status = act(ACT_STATUS, 0);
    post(&h, &status);
    CU_ASSERT_EQUAL(h.rows_made, 0); /* it waits until there is room */
    h.no_room = false;
    await(&h, &h.rows_made, 1);
    struct inbox port = inbox_queue_port(h.core.queue);
    CU_ASSERT_EQUAL_FATAL(port.post(port.self, &lost), GW_OK);
    await(&h, &h.sweeps_ended, 2);
    CU_ASSERT_EQUAL(h.rows_made, 2);
    house_close(&h);
}

/* ---- a start that fails half way ---- */

static int settings_left; /* that can be read still */

static enum gw_rc few_settings(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err)
{
    return settings_left-- > 0 ? real_store.ops->setting_get(self, key, ret_value, err)
                               : gw_err_set(err, GW_IO, "setting %s: disk I/O error", key);
}

static void a_start_that_fails_half_way_ends_without_a_turn(void)
{
    enum gw_rc rc = GW_IO;
    int fails = 0;
    for (; rc; fails++) {
        struct house h;
        struct gw_err err = {0};
        settings_left = fails;
        rc = house_make(&h, few_settings, &err);
        CU_ASSERT(rc == GW_OK || strstr(gw_err_text(&err), "disk I/O error"));
        struct inbox port = inbox_queue_inner_port(h.core.queue);
        const struct inbox_msg gone = {.kind = INBOX_CHILD, .u.child = {.which = CHILD_KEYD}};
        CU_ASSERT_EQUAL(port.post(port.self, &gone), GW_OK);
        house_close(&h);
        CU_ASSERT_EQUAL(h.core.turns, 0);
    }
    CU_ASSERT(fails > 2); /* the claim's, the rollouts' */
}

/* ---- what a transaction takes, and why it fails ---- */

static enum gw_rc full_mark(void *self, struct gw_err *err)
{
    (void)self;
    return gw_err_set(err, GW_NO_SPACE, "state.db: SAVEPOINT: database or disk is full");
}

static enum gw_rc broken_end(void *self, bool keep, struct gw_err *err)
{
    (void)real_store.ops->mark_end(self, keep, NULL);
    return gw_err_set(err, GW_IO, "state.db: RELEASE: disk I/O error");
}

static enum gw_rc broken_begin(void *self, struct gw_err *err)
{
    (void)self;
    return gw_err_set(err, GW_IO, "state.db: BEGIN: unable to open the database file");
}

/* What the log says of a message whose transaction fails. */
static void log_of(struct house *h, struct gw_buf *ret_text)
{
    char path[256];
    struct inbox_msg status = act(ACT_STATUS, 0);
    (void)snprintf(path, sizeof(path), "%s/stderr", gw_test_dir());
    GW_CLOSE int keep = dup(STDERR_FILENO);
    GW_CLOSE int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(keep >= 0 && to >= 0 && dup2(to, STDERR_FILENO) >= 0);
    post(h, &status);
    (void)dup2(keep, STDERR_FILENO);
    gw_buf_init(ret_text, 1 << 16);
    GW_ASSERT_OK(gw_fs_read_file(path, ret_text, NULL), NULL);
    CU_ASSERT_EQUAL_FATAL(gw_buf_add_u8(ret_text, '\0'), GW_OK);
}

static void the_log_says_why_a_transaction_failed(void)
{
    static const struct {
        enum gw_rc (*begin)(void *self, struct gw_err *err);
        enum gw_rc (*mark)(void *self, struct gw_err *err);
        enum gw_rc (*mark_end)(void *self, bool keep, struct gw_err *err);
        const char *says[3];
    } tries[] = {
        {.begin = broken_begin, .says = {"state.db: BEGIN: unable to open", "nothing is acknowledged", ""}},
        {.mark = full_mark,
         .says = {"a turn cannot begin: state.db: SAVEPOINT: database", "nothing is acknowledged", ": make room on"}},
        {.mark_end = broken_end, .says = {"a turn cannot end: state.db: RELEASE: disk I/O", "is acknowledged", ""}},
    };
    for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        struct house h;
        house_open(&h);
        h.ops.begin = tries[i].begin ? tries[i].begin : h.ops.begin;
        h.ops.mark = tries[i].mark ? tries[i].mark : h.ops.mark;
        h.ops.mark_end = tries[i].mark_end ? tries[i].mark_end : h.ops.mark_end;
        log_of(&h, &text);
        CU_ASSERT(h.last.kind == ANSWER_DONE && h.last.rc == (tries[i].mark ? GW_NO_SPACE : GW_AGAIN));
        for (size_t n = 0; n < 3; n++)
            CU_ASSERT_PTR_NOT_NULL(strstr((const char *)text.ptr, tries[i].says[n]));
        h.ops = *real_store.ops;
        struct inbox_msg status = act(ACT_STATUS, 0);
        post(&h, &status);
        CU_ASSERT_EQUAL(h.last.kind, ANSWER_STATUS);
        house_close(&h);
    }
}

static enum gw_rc slow_device(void *self, const struct gw_device_id *id, struct device *ret_device, struct gw_err *err)
{
    const struct gw_mono began = gw_mono_now();
    while (gw_mono_now().ms - began.ms <= CORE_BATCH_MS) /* a turn that is long, whatever the machine */
        ;
    return real_store.ops->device_get(self, id, ret_device, err);
}

static void long_turns_have_transactions_of_their_own(void)
{
    enum { TURNS = 3 };
    struct house h;
    house_open(&h);
    struct inbox_msg msg = act(ACT_DEVICE_GET, 0);
    struct inbox port = inbox_queue_port(h.core.queue);
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str("pump-7"), &msg.u.act.device), GW_OK);
    h.ops.device_get = slow_device;
    uint64_t commits = h.core.commits;
    size_t before = h.answers;
    for (int i = 0; i < TURNS; i++)
        CU_ASSERT_EQUAL_FATAL(port.post(port.self, &msg), GW_OK);
    await(&h, &h.answers, before + TURNS);
    CU_ASSERT(h.core.commits - commits >= TURNS); /* a tick may have one more */
    house_close(&h);
}

static const struct gw_test_case cases[] = {
    {"a start that fails half way ends without a turn", a_start_that_fails_half_way_ends_without_a_turn},
    {"the log says why a transaction failed", the_log_says_why_a_transaction_failed},
    {"long turns have transactions of their own", long_turns_have_transactions_of_their_own},
    {"what is damaged is told without its details", what_is_damaged_is_told_without_its_details},
    {"the answer goes to who asked, a refusal too", the_answer_goes_to_who_asked},
    {"what nobody asked for is refused to nobody", what_nobody_asked_for_is_refused_to_nobody},
    {"a draft is stored slice by slice, or not at all", a_draft_is_stored_slice_by_slice_or_not_at_all},
    {"a survey that gives way to another is answered", a_survey_that_gives_way_is_answered},
    {"what is too late to be heard of is not done", what_is_too_late_to_be_heard_of_is_not_done},
    {"a survey that finds no room is put off, one that stops is refused", a_survey_that_finds_no_room_is_put_off},
    {"rollouts and their attempts are counted", rollouts_and_attempts_are_counted},
    {"status tells who watches, and a clock that was set is told", status_tells_who_watches_and_a_set_clock_is_told},
    {"a device that floods displaces nobody", a_device_that_floods_displaces_nobody},
    {"what is too long is not taken", what_is_too_long_is_not_taken},
    {"presence that was not stored is looked at again", presence_that_was_not_stored_is_looked_at_again},
    {"who watches is told of a row that changed, and of all at the start", who_watches_is_told_of_a_row_that_changed},
    {"rows wait for room, and are handed over again when they were lost",
     rows_are_handed_over_again_when_they_were_lost},
    {"trouble that could not be noted is told later", trouble_that_could_not_be_noted_is_told_later},
    {"a sign-in that was not stored begins no session", a_sign_in_that_was_not_stored_begins_no_session},
    {"a door whose opening or closing was not stored stays as it was", a_door_that_was_not_stored_is_not_open},
    {"a claim that was not stored opens nothing and keeps its code", a_claim_that_was_not_stored_opens_nothing},
};

int main(void)
{
    return GW_TEST_RUN("core loop", cases);
}
