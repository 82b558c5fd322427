/* Alerts, and what counts towards them. */
#include "gw_cleanup.h"
#include "repo_impl.h"

#define TIME_BYTES 8

/* The gateway's own alerts have no device. */
static void row_cause(struct repo_row *r, struct alert_cause *cause)
{
    repo_row_text(r, cause->cls, sizeof(cause->cls));
    repo_row_text(r, cause->device.text, sizeof(cause->device.text));
}

static enum gw_rc read_alert(struct db_stmt *s, struct alert *ret_alert, struct gw_err *err)
{
    struct alert a = {.id = ""};
    char log[LOG_NAME_MAX];
    struct repo_row r = repo_row(s);
    repo_row_text(&r, a.id, sizeof(a.id));
    row_cause(&r, &a.cause);
    a.sev = (enum event_sev)repo_row_range(&r, EVENT_SEV_INFO, EVENT_SEV_FATAL);
    a.state = (enum alert_state)repo_row_range(&r, ALERT_NEW, ALERT_RESOLVED);
    a.first.ms = repo_row_i64(&r);
    a.last.ms = repo_row_i64(&r);
    a.count = (uint64_t)repo_row_range(&r, 1, INT64_MAX);
    a.until.ms = repo_row_i64(&r);
    a.changed.ms = repo_row_i64(&r);
    repo_row_text(&r, a.by, sizeof(a.by));
    repo_row_text(&r, a.note, sizeof(a.note));
    repo_row_text(&r, a.msg, sizeof(a.msg));
    a.has_evidence = repo_row_bool(&r);
    repo_row_text(&r, log, sizeof(log));
    a.seq = (uint64_t)repo_row_range(&r, 0, INT64_MAX);
    a.rev = repo_row_range(&r, 1, INT64_MAX);
    if (a.has_evidence && !r.bad && log_id_parse(gw_view_str(log), &a.log))
        r.bad = true;
    enum gw_rc rc = repo_row_end(&r, "alert", err);
    if (!rc)
        *ret_alert = a;
    return rc;
}

/* Columns that change, in the order of both statements. `log` must live until the statement has run. */
static void bind_changing(struct repo_args *a, const struct alert *alert, const char *log)
{
    repo_arg_i64(a, alert->sev);
    repo_arg_i64(a, alert->state);
    repo_arg_i64(a, alert->first.ms);
    repo_arg_i64(a, alert->last.ms);
    repo_arg_i64(a, (int64_t)alert->count);
    repo_arg_i64(a, alert->until.ms);
    repo_arg_i64(a, alert->changed.ms);
    repo_arg_str(a, alert->by);
    repo_arg_str(a, alert->note);
    repo_arg_str(a, alert->msg);
    repo_arg_i64(a, alert->has_evidence);
    repo_arg_str(a, log);
    repo_arg_i64(a, (int64_t)alert->seq);
}

static enum gw_rc write_alert(struct repo *repo, struct alert *alert, struct gw_err *err)
{
    bool fresh = alert->rev == 0;
    char log[LOG_NAME_MAX] = "";
    if (alert->has_evidence)
        log_id_name(&alert->log, log);
    struct db_stmt *s = db_stmt(repo->db, fresh ? SQL_STORE_ALERT_INSERT : SQL_STORE_ALERT_UPDATE);
    struct repo_args a = repo_args(s);
    if (fresh) {
        repo_arg_str(&a, alert->id);
        repo_arg_str(&a, alert->cause.cls);
        repo_arg_str(&a, alert->cause.device.text);
    }
    bind_changing(&a, alert, log);
    if (!fresh) {
        repo_arg_str(&a, alert->id);
        repo_arg_i64(&a, alert->rev);
    }
    return repo_run_rev(repo, s, &alert->rev, err);
}

enum gw_rc repo_alert_put(void *self, struct alert *alert, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_alert(alert, err);
    return rc ? rc : write_alert(repo, alert, err);
}

enum gw_rc repo_alert_get(void *self, const char *id, struct alert *ret_alert, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_GET);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_alert(s, ret_alert, err);
}

enum gw_rc repo_alert_open(void *self, const struct alert_cause *cause, struct alert *ret_alert, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_OPEN);
    db_bind_str(s, 1, cause->cls);
    db_bind_str(s, 2, cause->device.text);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_alert(s, ret_alert, err);
}

static enum gw_rc pass_alerts(struct db_stmt *s, store_alert_fn *fn, void *ctx, struct gw_err *err)
{
    struct alert a;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_alert(s, &a, err)) && fn(ctx, &a))
        ;
    return rc;
}

enum gw_rc repo_alert_each(void *self, const struct store_alerts *which, int limit, store_alert_fn *fn, void *ctx,
                           struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp)
    struct db_stmt *s = db_stmt(repo->db, which->has_device ? SQL_STORE_ALERT_EACH_OF : SQL_STORE_ALERT_EACH);
    struct repo_args a = repo_args(s);
    if (which->has_device)
        repo_arg_str(&a, which->device.text);
    repo_arg_i64(&a, which->has_after ? which->after_first.ms : INT64_MAX);
    repo_arg_str(&a, which->has_after ? which->after_id : "~"); /* behind every id */
    repo_arg_i64(&a, which->min_sev);
    repo_arg_i64(&a, which->states);
    repo_arg_i64(&a, limit > 0 ? limit : 0);
    return pass_alerts(s, fn, ctx, err);
}

enum gw_rc repo_alert_each_due(void *self, struct gw_wall now, int limit, store_alert_fn *fn, void *ctx,
                               struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_EACH_DUE);
    db_bind_i64(s, 1, now.ms);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    return pass_alerts(s, fn, ctx, err);
}

enum gw_rc repo_alert_count(void *self, int64_t *ret_count, struct gw_err *err)
{
    return repo_number(db_stmt(((struct repo *)self)->db, SQL_STORE_ALERT_COUNT), ret_count, err);
}

enum gw_rc repo_alert_count_open(void *self, int64_t ret_counts[EVENT_SEV_FATAL + 1], struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_COUNT_OPEN);
    for (int sev = 0; sev <= EVENT_SEV_FATAL; sev++)
        ret_counts[sev] = 0;
    enum gw_rc rc;
    while (repo_next(s, &rc, err)) {
        struct repo_row r = repo_row(s);
        int64_t sev = repo_row_range(&r, EVENT_SEV_INFO, EVENT_SEV_FATAL);
        ret_counts[sev] = repo_row_i64(&r);
    }
    return rc;
}

enum gw_rc repo_alert_drop_resolved(void *self, int count, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_DROP_RESOLVED);
    db_bind_i64(s, 1, count > 0 ? count : 0);
    return db_run(s, err);
}

enum gw_rc repo_alert_window_get(void *self, const struct alert_cause *cause, struct alert_window *ret_window,
                                 struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_WINDOW_GET);
    db_bind_str(s, 1, cause->cls);
    db_bind_str(s, 2, cause->device.text);
    enum gw_rc rc = repo_step_one(s, err);
    if (rc)
        return rc;
    struct alert_window w = {.count = 0};
    uint8_t bytes[ALERT_WINDOW_MAX * TIME_BYTES];
    struct repo_row r = repo_row(s);
    row_cause(&r, &w.cause);
    w.until.ms = repo_row_i64(&r);
    struct gw_reader in = {gw_view_make(bytes, repo_row_blob(&r, bytes, sizeof(bytes)))};
    for (uint64_t ms; w.count < ALERT_WINDOW_MAX && gw_read_u64(&in, &ms) == GW_OK;)
        w.times[w.count++].ms = (int64_t)ms;
    r.bad = r.bad || in.rest.len > 0;
    rc = repo_row_end(&r, "alert_window", err);
    if (!rc)
        *ret_window = w;
    return rc;
}

enum gw_rc repo_alert_window_put(void *self, const struct alert_window *window, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_alert_window(window, err);
    if (rc)
        return rc;
    uint8_t bytes[ALERT_WINDOW_MAX * TIME_BYTES];
    for (uint32_t i = 0; i < window->count; i++)
        for (uint32_t b = 0; b < TIME_BYTES; b++)
            bytes[i * TIME_BYTES + b] = (uint8_t)((uint64_t)window->times[i].ms >> (56 - 8 * b));
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_WINDOW_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, window->cause.cls);
    repo_arg_str(&a, window->cause.device.text);
    repo_arg_i64(&a, window->until.ms);
    repo_arg_bytes(&a, bytes, (size_t)window->count * TIME_BYTES);
    return db_run(s, err);
}

enum gw_rc repo_alert_window_delete_expired(void *self, struct gw_wall now, int limit, int *ret_count,
                                            struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ALERT_WINDOW_DELETE_EXPIRED);
    db_bind_i64(s, 1, now.ms);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    rc = db_run(s, err);
    if (!rc)
        *ret_count = (int)db_changes(repo->db);
    return rc;
}
