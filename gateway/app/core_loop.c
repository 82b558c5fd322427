#include <stdlib.h>
#include <string.h>

#include "core_internal.h"
#include "gw_cleanup.h"
#include "gw_log.h"
#include "state_report.h"

#define PART "core"

static void wake_core(void *ctx)
{
    struct core *core = ctx;
    (void)uv_async_send(&core->wake);
}

static void note_storage(struct core *core, enum gw_rc rc, const struct gw_err *err)
{
    core->failed_commits += rc != GW_OK;
    outage_note_writing(&core->storage, PART, "state.db", rc, err);
}

/* What services remember beside the store. A turn changes it before it is known whether its transaction holds. */
struct memory {
    bool claimed;
    struct enrol enrol;
    struct watch watch;
    struct rollouts_memory rollouts;
};

static struct memory remember(const struct core *core)
{
    return (struct memory){core->operate.access.claimed, core->operate.enrol, core->session.watch,
                           core->operate.rollouts.memory};
}

static void recall(struct core *core, const struct memory *before)
{
    core->operate.access.claimed = before->claimed;
    core->operate.enrol = before->enrol;
    core->operate.rollouts.memory = before->rollouts;
    watch_untold(&core->session.watch, &before->watch);
}

/* The log has the details. What is damaged, or a fault of ours, does not pass by itself. */
static void tell_failed(struct turn *turn, struct asker asker, enum gw_rc rc)
{
    if (asker.kind == ASKER_NOBODY)
        return;
    if (rc == GW_CORRUPT)
        turn_done(turn, asker, rc, "the gateway met a fault of its own and changed nothing: its log has the details");
    else
        turn_done(turn, asker, rc == GW_NO_SPACE ? GW_NO_SPACE : GW_AGAIN,
                  "the gateway could not decide this now: try again");
}

/* One message into the open transaction, inside its own mark. What it noted stays in `turn`; a turn that failed leaves
 * nothing in the store and notes only its refusal. */
static enum gw_rc take_turn(struct core *core, struct turn *turn, struct inbox_msg *msg, struct gw_err *err)
{
    const struct store *store = core->store;
    struct gw_err why = {0};
    const struct memory before = remember(core);
    *turn = (struct turn){.store = store, .now = msg->now};
    core->turns++;
    enum gw_rc rc = store->ops->mark(store->self, err);
    if (rc)
        return gw_err_wrap(err, rc, "a turn cannot begin");
    rc = core_turn(core, turn, msg, &why);
    bool keep = rc == GW_OK;
    if (!keep) {
        gw_log(GW_LOG_WARN, PART, "a turn failed: %s", gw_err_text(&why));
        recall(core, &before);
        live_feed_note(&core->feed, turn); /* memory beside the store may have changed: presence */
        turn_reset(turn, 0);
        if (msg->kind == INBOX_DUE)
            rollouts_park(&core->operate.rollouts, msg->u.due, msg->now);
        tell_failed(turn, msg->asker, rc);
    }
    rc = store->ops->mark_end(store->self, keep, err);
    return rc ? gw_err_wrap(err, rc, "a turn cannot end") : GW_OK;
}

/* The next message has a place in the transaction that began then and has `count` already. */
static bool take_next(struct core *core, size_t count, struct gw_mono began)
{
    if (count == CORE_BATCH || (count > 0 && gw_mono_now().ms - began.ms >= CORE_BATCH_MS))
        return false;
    return inbox_queue_take(core->queue, &core->batch[count].msg);
}

/* Behind *count messages that are there, whatever waits and finds room. *count: those that were taken, committed or
 * not. */
static enum gw_rc commit_batch(struct core *core, size_t *count, bool alone, struct gw_err *err)
{
    const struct store *store = core->store;
    const struct gw_mono began = gw_mono_now();
    enum gw_rc rc = store->ops->begin(store->self, err);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && (i < *count || (!alone && take_next(core, i, began))); i++) {
        *count = i + 1;
        rc = take_turn(core, &core->batch[i].turn, &core->batch[i].msg, err);
    }
    if (rc) {
        store->ops->rollback(store->self);
        return rc;
    }
    rc = store->ops->commit(store->self, err);
    core->commits += rc == GW_OK;
    return rc;
}

/* Nothing of the batch is true: whoever asked hears so, and what was remembered is forgotten. */
static void forget_batch(struct core *core, size_t count, enum gw_rc rc, const struct memory *before)
{
    recall(core, before);
    for (size_t i = 0; i < count; i++) {
        live_feed_note(&core->feed, &core->batch[i].turn);
        turn_reset(&core->batch[i].turn, 0);
        core_refuse(core, core->batch[i].msg.asker, rc, "the gateway could not store it: try again");
    }
}

static void free_msg(struct inbox_msg *msg)
{
    if (msg->blob) {
        explicit_bzero(msg->blob, msg->blob_len); /* it may be a password */
        free(msg->blob);
    }
    *msg = (struct inbox_msg){0};
}

static void feed_audit(struct core *core)
{
    struct gw_err err = {0};
    if (ingest_feed_audit(core->store, &core->audit_fed, core->outlets.audit, core->outlets.ctx, &err))
        gw_log(GW_LOG_WARN, PART, "audit events: %s", gw_err_text(&err));
}

/* Staged or not: the import thread may tidy up, and whoever is answered now may come again. */
static void settle_imports(struct core *core, size_t count)
{
    const struct import_port *imports = &core->operate.releases.imports;
    for (size_t i = 0; i < count; i++)
        if (core->batch[i].msg.kind == INBOX_IMPORTED)
            imports->ops->settled(imports->self);
}

/* Another turn of it follows, or it is over. stored: this one's transaction holds. */
static void settle_survey(struct core *core, struct inbox_msg *msg, bool stored)
{
    struct rollout_survey *survey = GW_TAKE(msg->u.survey);
    const struct inbox_msg next = {.kind = INBOX_SURVEYED, .asker = msg->asker, .u.survey = survey};
    struct inbox port = inbox_queue_inner_port(core->queue);
    if (stored && survey->more) {
        if (!core->stopping && port.post(port.self, &next) == GW_OK)
            return;
        core_refuse(core, msg->asker, GW_AGAIN, "the gateway could not store it: try again");
    }
    rollout_survey_free(survey);
    rollouts_survey_ended(&core->operate.rollouts);
    core->outlets.surveyed(core->outlets.ctx);
}

static void settle_msg(struct core *core, struct inbox_msg *msg, bool stored)
{
    if (msg->kind == INBOX_SURVEYED)
        settle_survey(core, msg, stored);
    if (msg->kind == INBOX_BUS && msg->u.bus.kind == BUS_MESSAGE)
        session_unqueue(&core->session, &msg->u.bus.device);
    free_msg(msg);
}

/* The first message is taken; alone: no other joins it. */
static void run_batch(struct core *core, bool alone)
{
    struct gw_err err = {0};
    size_t count = 1;
    const struct memory before = remember(core);
    enum gw_rc rc = commit_batch(core, &count, alone, &err);
    note_storage(core, rc, &err);
    if (rc)
        forget_batch(core, count, rc, &before);
    else
        feed_audit(core);
    settle_imports(core, count);
    for (size_t i = 0; i < count; i++) {
        if (!rc)
            core_let_out(core, &core->batch[i].turn);
        settle_msg(core, &core->batch[i].msg, !rc);
    }
}

/* What people watch comes last, and a slice at a time: decisions go first. */
static void feed_live(struct core *core)
{
    if (live_feed_run(&core->feed, gw_wall_now()))
        (void)uv_async_send(&core->wake);
}

static void take_batches(struct core *core)
{
    for (int batches = 0; batches < CORE_BATCHES_MAX; batches++) {
        if (!inbox_queue_take(core->queue, &core->batch[0].msg))
            return;
        run_batch(core, false);
    }
    (void)uv_async_send(&core->wake);
}

/* What found no room before; a slice at a time. */
static void resend_jobs(struct core *core)
{
    if (!core->resending)
        return;
    core->resending = rollouts_resend(&core->operate.rollouts, core->store);
    if (core->resending)
        (void)uv_async_send(&core->wake);
}

static void on_wake(uv_async_t *handle)
{
    struct core *core = handle->data;
    take_batches(core);
    resend_jobs(core);
    feed_live(core);
}

/* What the broker was to hear may be lost: with a transaction that failed, or on its way. */
static void send_overdue_registry(struct core *core, struct gw_wall now)
{
    struct gw_err err = {0};
    if (session_registry_overdue(&core->session, now) && session_send_all(&core->session, core->store, now, &err))
        gw_log(GW_LOG_WARN, PART, "the broker's registry: %s", gw_err_text(&err));
}

static void on_tick(uv_timer_t *timer)
{
    struct core *core = timer->data;
    struct gw_wall now = gw_wall_now();
    core->tick_wall = now;
    core->tick_mono = gw_mono_now();
    session_tick(&core->session, now);
    send_overdue_registry(core, now);
    core->resending = true;
    resend_jobs(core);
    struct core_figures figures;
    core_figures_get(core, &figures);
    core->outlets.figures(core->outlets.ctx, &figures);
    struct inbox port = inbox_queue_inner_port(core->queue);
    struct inbox_msg msg = {.kind = INBOX_TICK};
    (void)port.post(port.self, &msg); /* a full queue has better things to do */
    live_feed_tick(&core->feed, now);
    feed_live(core);
}

void core_post_bus(struct core *core, const struct bus_event *event)
{
    struct inbox port = inbox_queue_inner_port(core->queue);
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = *event};
    msg.u.bus.payload = (struct gw_view){0};
    if (port.post(port.self, &msg))
        gw_log(GW_LOG_WARN, PART, "the inbox is full: an event of the bus is lost");
}

void core_post_device(struct core *core, const struct bus_event *event)
{
    struct rollouts_counts *counts = &core->operate.rollouts.counts;
    size_t max = event->topic == BUS_TOPIC_STATE ? STATE_REPORT_MAX : JOB_REPORT_MAX;
    if (event->payload.len > max) {
        bool state = event->topic == BUS_TOPIC_STATE;
        struct gw_err why = {0};
        (void)gw_err_set(&why, GW_TOO_BIG, "%s: %zu bytes are more than %zu", state ? "up/state" : "up/job",
                         event->payload.len, max);
        rollouts_note_bad(counts, state ? &counts->bad_states : &counts->bad_reports, &event->device, &why);
        return;
    }
    if (!session_queue(&core->session, &event->device)) {
        counts->dropped++;
        return;
    }
    struct inbox port = inbox_queue_port(core->queue);
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = *event, .blob_len = event->payload.len};
    msg.u.bus.payload = (struct gw_view){0};
    msg.blob = gw_xalloc(1, event->payload.len + 1);
    if (event->payload.len)
        memcpy(msg.blob, event->payload.ptr, event->payload.len);
    if (port.post(port.self, &msg) == GW_OK)
        return;
    session_unqueue(&core->session, &event->device);
    counts->dropped++;
    free(msg.blob);
}

static void answer_of_session(void *ctx, struct answer *answer)
{
    struct core *core = ctx;
    core->outlets.answer(core->outlets.ctx, answer);
}

enum gw_rc core_init(struct core *core, const struct core_parts *parts, struct gw_err *err)
{
    core->loop = parts->loop;
    core->store = parts->store;
    core->facts = *parts->facts;
    core->outlets = parts->outlets;
    core->batch = gw_xalloc(CORE_BATCH, sizeof(*core->batch));
    core->queue = inbox_queue_new(wake_core, core);
    session_init(&core->session, answer_of_session, core, gw_wall_now());
    if (parts->advice)
        core->session.advice = *parts->advice;
    core->operate.session = &core->session;
    core->operate.alerts.rollouts = &core->operate.rollouts;
    core->operate.facts = &core->facts;
    core->operate.enrol.hash = parts->hash;
    people_init(&core->operate.people, parts->hash, parts->sessions);
    core->operate.tokens = (struct tokens){parts->hash, parts->tokens};
    live_feed_init(&core->feed, &core->outlets.live, core->store, &core->operate);
    live_feed_all(&core->feed);
    int uv = uv_async_init(core->loop, &core->wake, on_wake);
    if (!uv)
        uv = uv_timer_init(core->loop, &core->tick);
    if (uv)
        return gw_err_set(err, GW_IO, "event loop: %s", uv_strerror(uv));
    core->wake.data = core;
    core->tick.data = core;
    core->tick_wall = gw_wall_now();
    core->tick_mono = gw_mono_now();
    enum gw_rc rc = access_init(&core->operate.access, parts->hash, &parts->facts->server_key, core->store, err);
    if (!rc)
        rc = rollouts_init(&core->operate.rollouts, &core->session, core->store, err);
    if (!rc)
        (void)uv_timer_start(&core->tick, on_tick, 1000, 1000);
    return rc;
}

/* A turn that nobody posts, in a transaction of its own. */
static void run_alone(struct core *core, enum inbox_kind kind)
{
    core->batch[0].msg = (struct inbox_msg){.kind = kind, .now = gw_wall_now()};
    run_batch(core, true);
}

void core_start(struct core *core)
{
    core->started = true;
    run_alone(core, INBOX_START);
}

/* Unless it was never made: `core` was zeroed. */
static void close_handle(uv_handle_t *handle)
{
    if (uv_handle_get_type(handle) != UV_UNKNOWN_HANDLE)
        uv_close(handle, NULL);
}

void core_stop(struct core *core, bool asked)
{
    inbox_queue_close(core->queue);
    core->stopping = true; /* what is put off to later turns is found again at the next start */
    while (core->started && inbox_queue_take(core->queue, &core->batch[0].msg))
        run_batch(core, false);
    if (core->started && asked)
        run_alone(core, INBOX_STOP);
    close_handle((uv_handle_t *)&core->wake);
    close_handle((uv_handle_t *)&core->tick);
}

void core_done(struct core *core)
{
    rollouts_done(&core->operate.rollouts);
    live_feed_done(&core->feed);
    session_done(&core->session);
    inbox_queue_free(core->queue);
    free(core->batch);
}
