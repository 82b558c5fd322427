#include <signal.h>
#include <sys/stat.h>

#include "daemon_internal.h"
#include "gw_log.h"

#define PART "daemon"

/* Unless it was never made (the daemon was zeroed), or is closed already. */
static void close_made(uv_handle_t *handle)
{
    if (uv_handle_get_type(handle) != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void begin_stop(struct daemon *d, bool asked)
{
    if (d->stopping)
        return;
    d->stopping = true;
    d->asked = asked;
    gw_log(GW_LOG_INFO, PART, "stopping");
    uv_stop(&d->loop);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)signum;
    begin_stop(handle->data, true);
}

static void on_lifeline(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    gw_log(GW_LOG_WARN, PART, "the supervisor has gone");
    begin_stop(handle->data, false);
}

void daemon_tell_supervisor(enum ctl_kind kind, int32_t value)
{
    struct gw_err err = {0};
    if (ctl_send(CTL_FD_DAEMON_CTL, kind, value, &err))
        gw_log(GW_LOG_WARN, PART, "%s", gw_err_text(&err));
}

static void post_child(struct daemon *d, const struct inbox_child *child)
{
    struct inbox port = inbox_queue_inner_port(d->core.queue);
    struct inbox_msg msg = {.kind = INBOX_CHILD, .u.child = *child};
    if (port.post(port.self, &msg))
        gw_log(GW_LOG_WARN, PART, "the inbox is full: the end of a process goes unnoted");
}

static void on_word(struct daemon *d, enum ctl_kind kind, int32_t value)
{
    switch (kind) {
    case CTL_BROKER_UP:
        d->broker_running = true;
        post_child(d, &(struct inbox_child){.which = CHILD_BROKER, .up = true});
        return;
    case CTL_BROKER_DOWN:
        d->broker_running = false;
        post_child(d, &(struct inbox_child){.which = CHILD_BROKER,
                                            .asked = d->broker_asked,
                                            .status = value,
                                            .port_taken = !d->broker_asked && broker_child_port_taken(&d->broker)});
        d->broker_asked = false;
        return;
    case CTL_KEYD_UP:
        post_child(d, &(struct inbox_child){.which = CHILD_KEYD, .up = true});
        return;
    case CTL_KEYD_DOWN:
        post_child(d, &(struct inbox_child){.which = CHILD_KEYD, .status = value});
        return;
    case CTL_BROKER_START:
    case CTL_BROKER_RELOAD:
    case CTL_PUBLISH:
    case CTL_READY:
    case CTL_CHILD_NOTED:
        return; /* ours to say */
    }
}

/* All that the supervisor has said. GW_AGAIN, or why nothing more comes. */
static enum gw_rc hear(struct daemon *d)
{
    for (;;) {
        enum ctl_kind kind;
        int32_t value;
        enum gw_rc rc = ctl_receive(CTL_FD_DAEMON_CTL, &kind, &value, NULL);
        if (rc)
            return rc;
        on_word(d, kind, value);
    }
}

static void on_ctl(uv_poll_t *handle, int status, int events)
{
    (void)status;
    (void)events;
    if (hear(handle->data) != GW_AGAIN)
        close_made((uv_handle_t *)handle); /* the lifeline tells the rest */
}

void daemon_hear_last(struct daemon *d)
{
    (void)!hear(d);
}

static void out_answer(void *ctx, const struct answer *answer)
{
    struct daemon *d = ctx;
    switch (answer->asker.kind) {
    case ASKER_EST:
        est_answer(d->est, answer);
        return;
    case ASKER_ARTIFACT:
        artifact_answer(d->artifact, answer);
        return;
    case ASKER_REST:
        rest_answer(d->rest, answer);
        return;
    case ASKER_NOBODY:
    case ASKER_LIVE:
        return; /* the query threads answer those who watch the logs */
    }
}

static void out_cut(void *ctx, const struct gw_sha256 *cert_sha256)
{
    struct daemon *d = ctx;
    web_cut_device(d->web, cert_sha256);
}

static void out_child(void *ctx, const struct inbox_child *child)
{
    (void)ctx;
    gw_log(child->up ? GW_LOG_INFO : GW_LOG_WARN, PART, "%s is %s%s",
           child->which == CHILD_KEYD ? "gatehouse-keyd" : "the broker", child->up ? "up" : "down",
           child->port_taken ? ": " INBOX_PORT_TAKEN : "");
    if (!child->up)
        daemon_tell_supervisor(CTL_CHILD_NOTED, child->which == CHILD_KEYD ? CTL_CHILD_KEYD : CTL_CHILD_BROKER);
}

void daemon_open_devices(struct daemon *d)
{
    broker_child_release(&d->broker);
    d->broker_asked = d->broker_running && d->broker.changed;
    daemon_tell_supervisor(CTL_BROKER_START, d->broker_asked);
    d->broker.changed = false;
    web_doors_set(d->web, HTTP_DOOR_DEVICES | HTTP_DOOR_OPERATORS | HTTP_DOOR_ADMIN);
}

static void out_open_devices(void *ctx)
{
    daemon_open_devices(ctx);
}

static void take_refused(struct web *web, enum http_door door, enum web_refusal why,
                         struct answer_door_refused *ret_refused)
{
    struct web_refused refused;
    web_refused_get(web, door, why, &refused);
    ret_refused->count = refused.count;
    ret_refused->fault = refused.fault;
    (void)snprintf(ret_refused->source, sizeof(ret_refused->source), "%s", refused.source);
}

static void out_doors(void *ctx, struct answer_doors *ret_doors)
{
    static const enum http_door doors[ANSWER_DOORS] = {[ANSWER_DOOR_DEVICES] = HTTP_DOOR_DEVICES,
                                                       [ANSWER_DOOR_OPERATORS] = HTTP_DOOR_OPERATORS,
                                                       [ANSWER_DOOR_ADMIN] = HTTP_DOOR_ADMIN};
    struct daemon *d = ctx;
    struct journal_thread_stats journal;
    journal_thread_stats_get(d->journal_thread, &journal);
    ret_doors->batches = journal.malformed;
    ret_doors->batches_by = journal.malformed_by;
    ret_doors->tokens.count = door_token_refused(&d->programs, ret_doors->tokens.source);
    memcpy(ret_doors->batches_why, journal.malformed_why, sizeof(ret_doors->batches_why));
    for (size_t i = 0; i < ANSWER_DOORS; i++) {
        take_refused(d->web, doors[i], WEB_REFUSED_TLS, &ret_doors->at[i].tls);
        take_refused(d->web, doors[i], WEB_REFUSED_CERT, &ret_doors->at[i].certificate);
        take_refused(d->web, doors[i], WEB_REFUSED_HALF_OPEN, &ret_doors->at[i].half_open);
        take_refused(d->web, doors[i], WEB_REFUSED_LIMIT, &ret_doors->at[i].ceiling);
    }
}

static uint32_t out_live_connections(void *ctx)
{
    struct live_stats stats;
    live_hub_stats_get(((struct daemon *)ctx)->live, &stats);
    return (uint32_t)stats.connections;
}

static uint64_t size_of(const struct daemon *d, const char *name)
{
    char path[OPTIONS_PATH_MAX + 64];
    struct stat st;
    options_path(path, d->options->state, name);
    return stat(path, &st) || st.st_size < 0 ? 0 : (uint64_t)st.st_size;
}

static void out_storage(void *ctx, struct answer_storage *ret_storage)
{
    struct daemon *d = ctx;
    struct journal_thread_stats journal;
    journal_thread_stats_get(d->journal_thread, &journal);
    *ret_storage = (struct answer_storage){.journal_full = journal.full,
                                           .events = journal.events,
                                           .failed_commits = journal.failed_commits,
                                           .dropped = journal.dropped,
                                           .unsigned_now = journal.unsigned_now,
                                           .checkpoints_denied = journal.checkpoints_denied,
                                           .damaged = journal.damaged,
                                           .damaged_by = journal.damaged_by,
                                           .state_wal_bytes = size_of(d, "state.db-wal"),
                                           .journal_wal_bytes = size_of(d, "journal/journal.db-wal"),
                                           .state_wal_max_bytes = DB_WAL_MAX_BYTES,
                                           .journal_wal_max_bytes = JOURNAL_WAL_MAX_BYTES};
}

static void out_figures(void *ctx, const struct core_figures *figures)
{
    struct daemon *d = ctx;
    metrics_set_core(d->metrics, figures);
}

static void out_progress(void *ctx)
{
    struct daemon *d = ctx;
    feed_thread_wake(d->feed);
    live_hub_logs_grew(d->live);
}

static void out_fed(void *ctx, const struct journal_feed *cursor)
{
    struct daemon *d = ctx;
    feed_thread_answer(d->feed, cursor);
}

static uint64_t out_credit(void *ctx)
{
    struct daemon *d = ctx;
    return journal_thread_credit(d->journal_thread);
}

static enum gw_rc out_query(void *ctx, struct query *query)
{
    struct daemon *d = ctx;
    return query_threads_give(d->query_threads, query);
}

static enum gw_rc out_survey(void *ctx, struct rollout_survey *survey, struct rollout_survey **ret_out,
                             struct gw_err *err)
{
    struct daemon *d = ctx;
    return query_threads_survey(d->query_threads, survey, ret_out, err);
}

static void out_surveyed(void *ctx)
{
    struct daemon *d = ctx;
    query_threads_settled(d->query_threads);
}

static enum gw_rc out_audit(void *ctx, int64_t n, struct gw_view event)
{
    struct daemon *d = ctx;
    return journal_thread_audit(d->journal_thread, n, event);
}

static enum gw_rc say_hello(void *ctx, const struct gw_device_id *device)
{
    struct daemon *d = ctx;
    return journal_thread_hello(d->journal_thread, device);
}

/* Logs go to the journal's queue; core hears of them when they are durable. A full queue drops: the device has them. */
void daemon_on_bus(void *ctx, const struct bus_event *event)
{
    struct daemon *d = ctx;
    if (event->kind != BUS_MESSAGE) {
        if (event->kind == BUS_PRESENCE && event->online)
            hello_pace_add(&d->hello, &event->device);
        else if (event->kind == BUS_PRESENCE_SYNC || event->kind == BUS_DOWN)
            hello_pace_forget(&d->hello);
        core_post_bus(&d->core, event);
        return;
    }
    switch (event->topic) {
    case BUS_TOPIC_LOG:
        (void)!journal_thread_batch(d->journal_thread, &event->device, event->payload);
        return;
    case BUS_TOPIC_LINE:
        (void)!journal_thread_line(d->journal_thread, &event->device, event->payload);
        return;
    case BUS_TOPIC_STATE:
        (void)!journal_thread_hello(d->journal_thread, &event->device);
        core_post_device(&d->core, event);
        return;
    case BUS_TOPIC_JOB:
        core_post_device(&d->core, event);
        return;
    }
}

enum gw_rc daemon_init_signals(struct daemon *d, struct gw_err *err)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (uv_loop_init(&d->loop))
        return gw_err_set(err, GW_IO, "event loop");
    d->loop_made = true;
    if (uv_poll_init(&d->loop, &d->ctl, CTL_FD_DAEMON_CTL) || uv_poll_init(&d->loop, &d->lifeline, CTL_FD_LIFELINE) ||
        uv_signal_init(&d->loop, &d->sigterm) || uv_signal_init(&d->loop, &d->sigint))
        return gw_err_set(err, GW_IO, "event loop");
    d->ctl.data = d->lifeline.data = d->sigterm.data = d->sigint.data = d;
    if (broker_pipe_init(&d->broker_pipe, &d->loop, CTL_FD_DAEMON_BROKER))
        return gw_err_set(err, GW_IO, "event loop");
    if (hello_pace_init(&d->hello, &d->loop, (size_t)d->config.devices_max, say_hello, d))
        return gw_err_set(err, GW_IO, "event loop");
    d->hello_made = true;
    (void)uv_signal_start(&d->sigterm, on_signal, SIGTERM);
    (void)uv_signal_start(&d->sigint, on_signal, SIGINT);
    (void)uv_poll_start(&d->lifeline, UV_READABLE | UV_DISCONNECT, on_lifeline);
    return GW_OK;
}

void daemon_listen_ctl(struct daemon *d)
{
    if (d->has_first)
        on_word(d, d->first_word, d->first_value);
    (void)uv_poll_start(&d->ctl, UV_READABLE | UV_DISCONNECT, on_ctl);
}

void daemon_close_signals(struct daemon *d)
{
    close_made((uv_handle_t *)&d->ctl);
    close_made((uv_handle_t *)&d->lifeline);
    broker_pipe_close(&d->broker_pipe);
    close_made((uv_handle_t *)&d->sigterm);
    close_made((uv_handle_t *)&d->sigint);
    if (d->hello_made)
        hello_pace_close(&d->hello);
}

struct core_outlets daemon_outlets(struct daemon *d)
{
    return (struct core_outlets){.ctx = d,
                                 .answer = out_answer,
                                 .cut = out_cut,
                                 .open_devices = out_open_devices,
                                 .child = out_child,
                                 .live_connections = out_live_connections,
                                 .doors = out_doors,
                                 .storage = out_storage,
                                 .credit = out_credit,
                                 .progress = out_progress,
                                 .fed = out_fed,
                                 .figures = out_figures,
                                 .query = out_query,
                                 .survey = out_survey,
                                 .surveyed = out_surveyed,
                                 .audit = out_audit,
                                 .live = daemon_live_outlets(d)};
}
