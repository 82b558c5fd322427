/* Rollouts, and the clock that they share with their attempts. */
#include "gw_cleanup.h"
#include "repo_impl.h"
#include "repo_rollout_pack.h"

enum { COLUMN_TIMER = 9, COLUMN_CREATED = 11 }; /* of all queries of whole rows */

static void read_packed(struct repo_row *r, struct rollout_entry *e)
{
    r->bad |= repo_plan_unpack(db_col_blob(r->s, r->count++), &e->plan) != GW_OK;
    e->rollout.state = (enum rollout_state)repo_row_range(r, ROLLOUT_DRAFT, ROLLOUT_FINISHED);
    r->bad |= repo_progress_unpack(db_col_blob(r->s, r->count++), &e->rollout) != GW_OK;
    r->bad |= e->rollout.wave_count != e->plan.wave_count;
}

static enum gw_rc read_entry(struct db_stmt *s, struct rollout_entry *ret_entry, struct gw_err *err)
{
    struct rollout_entry e = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, e.id, sizeof(e.id));
    repo_row_text(&r, e.name, sizeof(e.name));
    repo_row_text(&r, e.release, sizeof(e.release));
    repo_row_text(&r, e.product, sizeof(e.product));
    repo_row_text(&r, e.version, sizeof(e.version));
    e.release_counter = (uint64_t)repo_row_range(&r, 1, RELEASE_COUNTER_MAX);
    read_packed(&r, &e);
    e.timer.ms = repo_row_i64(&r);
    e.attempts = (uint32_t)repo_row_range(&r, 0, UINT32_MAX);
    e.created.ms = repo_row_i64(&r);
    e.changed.ms = repo_row_i64(&r);
    repo_row_text(&r, e.created_by, sizeof(e.created_by));
    repo_row_text(&r, e.reason, sizeof(e.reason));
    e.rev = repo_row_range(&r, 1, INT64_MAX);
    enum gw_rc rc = repo_row_end(&r, "rollout", err);
    if (!rc)
        *ret_entry = e;
    return rc;
}

static enum gw_rc insert(struct repo *repo, const struct rollout_entry *e, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf plan, progress;
    gw_buf_init(&plan, REPO_PLAN_MAX);
    gw_buf_init(&progress, REPO_PROGRESS_MAX);
    repo_plan_pack(&e->plan, &plan);
    repo_progress_pack(&e->rollout, &progress);
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, e->id);
    repo_arg_str(&a, e->name);
    repo_arg_str(&a, e->release);
    repo_arg_str(&a, e->product);
    repo_arg_str(&a, e->version);
    repo_arg_i64(&a, (int64_t)e->release_counter);
    repo_arg_bytes(&a, plan.ptr, plan.len);
    repo_arg_i64(&a, e->rollout.state);
    repo_arg_bytes(&a, progress.ptr, progress.len);
    repo_arg_i64(&a, e->timer.ms);
    repo_arg_i64(&a, e->attempts);
    repo_arg_i64(&a, e->created.ms);
    repo_arg_i64(&a, e->changed.ms);
    repo_arg_str(&a, e->created_by);
    repo_arg_str(&a, e->reason);
    return db_run(s, err);
}

enum gw_rc repo_rollout_add(void *self, struct rollout_entry *entry, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_rollout(entry, err);
    if (!rc && entry->rev != 0)
        rc = gw_err_set(err, GW_CONFLICT, "a new rollout has no revision");
    if (!rc)
        rc = insert(repo, entry, err);
    if (!rc)
        entry->rev = 1;
    return rc;
}

enum gw_rc repo_rollout_put(void *self, struct rollout_entry *entry, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_rollout(entry, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf progress;
    gw_buf_init(&progress, REPO_PROGRESS_MAX);
    repo_progress_pack(&entry->rollout, &progress);
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_UPDATE);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, entry->name);
    repo_arg_i64(&a, entry->rollout.state);
    repo_arg_bytes(&a, progress.ptr, progress.len);
    repo_arg_i64(&a, entry->timer.ms);
    repo_arg_i64(&a, entry->attempts);
    repo_arg_i64(&a, entry->changed.ms);
    repo_arg_str(&a, entry->reason);
    repo_arg_str(&a, entry->id);
    repo_arg_i64(&a, entry->rev);
    return repo_run_rev(repo, s, &entry->rev, err);
}

enum gw_rc repo_rollout_get(void *self, const char *id, struct rollout_entry *ret_entry, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_GET);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_entry(s, ret_entry, err);
}

static enum gw_rc pass(struct db_stmt *s, store_rollout_fn *fn, void *ctx, struct gw_err *err)
{
    struct rollout_entry e;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_entry(s, &e, err)) && fn(ctx, &e))
        ;
    return rc;
}

/* What names a row, when the rest of it cannot be read. */
static enum gw_rc read_names(struct db_stmt *s, struct rollout_entry *ret_entry, struct gw_err *err)
{
    struct rollout_entry e = {.damaged = true};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, e.id, sizeof(e.id));
    repo_row_text(&r, e.name, sizeof(e.name));
    repo_row_text(&r, e.release, sizeof(e.release));
    repo_row_text(&r, e.product, sizeof(e.product));
    repo_row_text(&r, e.version, sizeof(e.version));
    r.count = COLUMN_TIMER;
    e.timer.ms = repo_row_i64(&r);
    r.count = COLUMN_CREATED;
    e.created.ms = repo_row_i64(&r);
    enum gw_rc rc = repo_row_end(&r, "rollout", err);
    if (!rc && !rollout_id_valid(gw_view_str(e.id)))
        rc = gw_err_set(err, GW_CORRUPT, "table rollout has a row without an id");
    if (!rc)
        *ret_entry = e;
    return rc;
}

static enum gw_rc pass_damaged_too(struct db_stmt *s, store_rollout_fn *fn, void *ctx, struct gw_err *err)
{
    enum gw_rc rc;
    while (repo_next(s, &rc, err)) {
        struct rollout_entry e;
        rc = read_entry(s, &e, err);
        if (rc == GW_CORRUPT)
            rc = read_names(s, &e, err);
        if (rc || !fn(ctx, &e))
            return rc;
    }
    return rc;
}

enum gw_rc repo_rollout_each(void *self, const struct store_rollout_before *before, int limit, store_rollout_fn *fn,
                             void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_EACH);
    db_bind_i64(s, 1, before->id[0] ? before->created.ms : INT64_MAX);
    db_bind_str(s, 2, before->id);
    db_bind_i64(s, 3, limit > 0 ? limit : 0);
    return pass(s, fn, ctx, err);
}

enum gw_rc repo_rollout_each_live(void *self, const struct store_rollout_before *behind, store_rollout_fn *fn,
                                  void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_EACH_LIVE);
    db_bind_i64(s, 1, behind && behind->id[0] ? behind->created.ms : INT64_MIN);
    db_bind_str(s, 2, behind ? behind->id : "");
    return pass_damaged_too(s, fn, ctx, err);
}

enum gw_rc repo_rollout_count(void *self, int64_t ret_counts[ROLLOUT_STATES], struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_COUNT);
    memset(ret_counts, 0, ROLLOUT_STATES * sizeof(ret_counts[0]));
    enum gw_rc rc;
    while (repo_next(s, &rc, err)) {
        struct repo_row r = repo_row(s);
        int64_t state = repo_row_range(&r, ROLLOUT_DRAFT, ROLLOUT_FINISHED);
        ret_counts[state] = repo_row_i64(&r);
    }
    return rc;
}

enum gw_rc repo_rollout_due(void *self, struct gw_wall now, int limit, store_rollout_fn *fn, void *ctx,
                            struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ROLLOUT_DUE);
    db_bind_i64(s, 1, now.ms);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    return pass_damaged_too(s, fn, ctx, err);
}

enum gw_rc repo_timer_next(void *self, struct gw_wall *ret_timer, struct gw_err *err)
{
    struct repo *repo = self;
    struct gw_wall rollout, attempt;
    enum gw_rc rc = repo_number(db_stmt(repo->db, SQL_STORE_ROLLOUT_TIMER), &rollout.ms, err);
    if (!rc)
        rc = repo_number(db_stmt(repo->db, SQL_STORE_ATTEMPT_TIMER), &attempt.ms, err);
    if (rc)
        return rc;
    bool first = rollout.ms != 0 && (attempt.ms == 0 || rollout.ms < attempt.ms);
    *ret_timer = first ? rollout : attempt;
    return GW_OK;
}
