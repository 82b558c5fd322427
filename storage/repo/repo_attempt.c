/* Attempts: one row for each device of a rollout, one more when it goes back. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static void read_attempt(struct repo_row *r, struct attempt *a)
{
    a->state = (enum attempt_state)repo_row_range(r, ATTEMPT_PLANNED, ATTEMPT_STATES - 1);
    a->code = (enum attempt_code)repo_row_range(r, ATTEMPT_CODE_NONE, ATTEMPT_CODE_UNKNOWN_BEFORE);
    a->rev = (uint32_t)repo_row_range(r, 0, UINT32_MAX);
    a->progress = (uint8_t)repo_row_range(r, 0, UINT8_MAX);
    a->breaks = (uint8_t)repo_row_range(r, 0, UINT8_MAX);
    a->online = repo_row_bool(r);
    a->proved = repo_row_bool(r);
    a->cancel = repo_row_bool(r);
    a->taken = repo_row_bool(r);
    a->first_offer.ms = repo_row_i64(r);
    a->offered.ms = repo_row_i64(r);
    a->sent.ms = repo_row_i64(r);
    a->step_since.ms = repo_row_i64(r);
    a->until.ms = repo_row_i64(r);
    a->confirm_since.ms = repo_row_i64(r);
    a->cancel_since.ms = repo_row_i64(r);
    repo_row_text(r, a->boot_before, sizeof(a->boot_before));
    repo_row_text(r, a->boot_confirm, sizeof(a->boot_confirm));
}

static enum gw_rc read_entry(struct db_stmt *s, struct attempt_entry *ret_entry, struct gw_err *err)
{
    struct attempt_entry e = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, e.id, sizeof(e.id));
    repo_row_text(&r, e.rollout, sizeof(e.rollout));
    repo_row_text(&r, e.device.text, sizeof(e.device.text));
    e.wave = (uint16_t)repo_row_range(&r, 0, ROLLOUT_WAVES_MAX - 1);
    e.place = (uint32_t)repo_row_range(&r, 0, UINT32_MAX);
    e.back = repo_row_bool(&r);
    read_attempt(&r, &e.attempt);
    e.timer.ms = repo_row_i64(&r);
    e.created.ms = repo_row_i64(&r);
    e.changed.ms = repo_row_i64(&r);
    repo_row_text(&r, e.release, sizeof(e.release));
    repo_row_text(&r, e.version, sizeof(e.version));
    e.release_counter = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    repo_row_text(&r, e.before_release, sizeof(e.before_release));
    repo_row_text(&r, e.before_version, sizeof(e.before_version));
    e.before_counter = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    enum gw_rc rc = repo_row_end(&r, "attempt", err);
    if (!rc)
        *ret_entry = e;
    return rc;
}

/* All of it but the state. */
static void bind_attempt(struct repo_args *a, const struct attempt *attempt)
{
    repo_arg_i64(a, attempt->code);
    repo_arg_i64(a, attempt->rev);
    repo_arg_i64(a, attempt->progress);
    repo_arg_i64(a, attempt->breaks);
    repo_arg_i64(a, attempt->online);
    repo_arg_i64(a, attempt->proved);
    repo_arg_i64(a, attempt->cancel);
    repo_arg_i64(a, attempt->taken);
    repo_arg_i64(a, attempt->first_offer.ms);
    repo_arg_i64(a, attempt->offered.ms);
    repo_arg_i64(a, attempt->sent.ms);
    repo_arg_i64(a, attempt->step_since.ms);
    repo_arg_i64(a, attempt->until.ms);
    repo_arg_i64(a, attempt->confirm_since.ms);
    repo_arg_i64(a, attempt->cancel_since.ms);
    repo_arg_str(a, attempt->boot_before);
    repo_arg_str(a, attempt->boot_confirm);
}

static void bind_versions(struct repo_args *a, const struct attempt_entry *e)
{
    repo_arg_str(a, e->release);
    repo_arg_str(a, e->version);
    repo_arg_i64(a, (int64_t)e->release_counter);
    repo_arg_str(a, e->before_release);
    repo_arg_str(a, e->before_version);
    repo_arg_i64(a, (int64_t)e->before_counter);
}

/* A unique key has refused the row: which one is told by looking for it. */
static enum gw_rc tell_exists(struct repo *repo, const struct attempt_entry *e, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_IN_THE_WAY);
    bool row = false;
    db_bind_str(s, 1, e->device.text);
    if (!e->back && !attempt_state_ended(e->attempt.state) && db_step(s, &row, NULL) == GW_OK && row) {
        struct gw_view rollout = db_col_text(s, 0);
        return gw_err_set(err, GW_EXISTS, "device %s is in rollout " GW_VIEW_FMT " already", e->device.text,
                          GW_VIEW_ARG(rollout));
    }
    return gw_err_set(err, GW_EXISTS, "attempt %s: its id, its place or its device is in the rollout already", e->id);
}

enum gw_rc repo_attempt_add(void *self, const struct attempt_entry *entry, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_attempt(entry, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, entry->id);
    repo_arg_str(&a, entry->rollout);
    repo_arg_str(&a, entry->device.text);
    repo_arg_i64(&a, entry->wave);
    repo_arg_i64(&a, entry->place);
    repo_arg_i64(&a, entry->back);
    repo_arg_i64(&a, entry->attempt.state);
    bind_attempt(&a, &entry->attempt);
    repo_arg_i64(&a, entry->timer.ms);
    repo_arg_i64(&a, entry->created.ms);
    repo_arg_i64(&a, entry->changed.ms);
    bind_versions(&a, entry);
    repo_arg_i64(&a, !attempt_state_ended(entry->attempt.state));
    rc = db_run(s, err);
    return rc == GW_EXISTS ? tell_exists(repo, entry, err) : rc;
}

/* GW_NOT_FOUND: there is no such attempt. */
static enum gw_rc stored_state(struct repo *repo, const char *id, enum attempt_state *ret_state, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_STATE);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    struct repo_row r = repo_row(s);
    if (!rc)
        *ret_state = (enum attempt_state)repo_row_range(&r, ATTEMPT_PLANNED, ATTEMPT_STATES - 1);
    return rc ? rc : repo_row_end(&r, "attempt", err);
}

enum gw_rc repo_attempt_put(void *self, const struct attempt_entry *entry, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_attempt(entry, err);
    enum attempt_state stored, state = entry->attempt.state;
    if (!rc)
        rc = stored_state(repo, entry->id, &stored, err);
    if (rc)
        return rc;
    bool moves = stored != state, live = !attempt_state_ended(state), turns = live == attempt_state_ended(stored);
    struct db_stmt *s = db_stmt(repo->db, turns   ? SQL_STORE_ATTEMPT_UPDATE_LIVE
                                          : moves ? SQL_STORE_ATTEMPT_UPDATE_STATE
                                                  : SQL_STORE_ATTEMPT_UPDATE);
    struct repo_args a = repo_args(s);
    bind_attempt(&a, &entry->attempt);
    repo_arg_i64(&a, entry->timer.ms);
    repo_arg_i64(&a, entry->changed.ms);
    bind_versions(&a, entry);
    if (moves)
        repo_arg_i64(&a, state);
    if (turns)
        repo_arg_i64(&a, live);
    repo_arg_str(&a, entry->id);
    rc = db_run(s, err);
    return rc == GW_EXISTS ? tell_exists(repo, entry, err) : rc;
}

enum gw_rc repo_attempt_get(void *self, const char *id, struct attempt_entry *ret_entry, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_GET);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_entry(s, ret_entry, err);
}

static enum gw_rc pass(struct db_stmt *s, store_attempt_fn *fn, void *ctx, struct gw_err *err)
{
    struct attempt_entry e;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_entry(s, &e, err)) && fn(ctx, &e))
        ;
    return rc;
}

enum gw_rc repo_attempt_each(void *self, const struct store_attempt_filter *filter, int limit, store_attempt_fn *fn,
                             void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    bool in_state = filter->state != 0;
    GW_CLEANUP(db_resetp)
    struct db_stmt *s = db_stmt(repo->db, in_state ? SQL_STORE_ATTEMPT_EACH_IN_STATE : SQL_STORE_ATTEMPT_EACH);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, filter->rollout);
    repo_arg_i64(&a, filter->back);
    if (in_state)
        repo_arg_i64(&a, filter->state);
    repo_arg_i64(&a, filter->wave);
    repo_arg_i64(&a, filter->place);
    repo_arg_i64(&a, filter->wave_last);
    if (!in_state)
        repo_arg_i64(&a, filter->holders);
    repo_arg_i64(&a, limit > 0 ? limit : 0);
    return pass(s, fn, ctx, err);
}

enum gw_rc repo_attempt_each_of(void *self, const struct gw_device_id *device, int limit, store_attempt_fn *fn,
                                void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_EACH_OF);
    db_bind_str(s, 1, device->text);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    return pass(s, fn, ctx, err);
}

enum gw_rc repo_attempt_due(void *self, struct gw_wall now, int limit, store_attempt_fn *fn, void *ctx,
                            struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_DUE);
    db_bind_i64(s, 1, now.ms);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    return pass(s, fn, ctx, err);
}

enum gw_rc repo_attempt_cancel_planned(void *self, const struct store_attempt_last *last, struct gw_wall now,
                                       struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_CANCEL_PLANNED);
    struct repo_args a = repo_args(s);
    repo_arg_i64(&a, now.ms);
    repo_arg_str(&a, last->rollout);
    repo_arg_i64(&a, last->back);
    repo_arg_i64(&a, last->wave);
    repo_arg_i64(&a, last->place);
    return db_run(s, err);
}

enum gw_rc repo_attempt_drop_back(void *self, const struct store_attempt_last *last, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_DROP_BACK);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, last->rollout);
    repo_arg_i64(&a, last->wave);
    repo_arg_i64(&a, last->place);
    return db_run(s, err);
}

static enum gw_rc read_count(struct db_stmt *s, struct store_attempt_count *ret_count, struct gw_err *err)
{
    struct repo_row r = repo_row(s);
    ret_count->back = repo_row_bool(&r);
    ret_count->wave = (uint16_t)repo_row_range(&r, 0, ROLLOUT_WAVES_MAX - 1);
    ret_count->state = (enum attempt_state)repo_row_range(&r, ATTEMPT_PLANNED, ATTEMPT_STATES - 1);
    ret_count->count = (uint32_t)repo_row_range(&r, 1, UINT32_MAX);
    ret_count->holders = (uint32_t)repo_row_range(&r, 0, UINT32_MAX);
    return repo_row_end(&r, "attempt", err);
}

enum gw_rc repo_attempt_count(void *self, const char *rollout, store_attempt_count_fn *fn, void *ctx,
                              struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_ATTEMPT_COUNT);
    db_bind_str(s, 1, rollout);
    struct store_attempt_count count;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_count(s, &count, err)) && fn(ctx, &count))
        ;
    return rc;
}
