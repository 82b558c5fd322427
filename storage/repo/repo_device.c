/* Devices. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_device(struct db_stmt *s, struct device *ret_device, struct gw_err *err)
{
    struct device d = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, d.id.text, sizeof(d.id.text));
    d.state = (enum device_state)repo_row_range(&r, DEVICE_INVITED, DEVICE_RETIRED);
    repo_row_text(&r, d.name, sizeof(d.name));
    d.created.ms = repo_row_i64(&r);
    d.changed.ms = repo_row_i64(&r);
    d.rev = repo_row_range(&r, 1, INT64_MAX);
    enum gw_rc rc = repo_row_end(&r, "device", err);
    if (!rc)
        *ret_device = d;
    return rc;
}

enum gw_rc repo_device_get(void *self, const struct gw_device_id *id, struct device *ret_device, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_DEVICE_GET);
    db_bind_str(s, 1, id->text);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_device(s, ret_device, err);
}

static struct db_stmt *insert(struct repo *repo, const struct device *d)
{
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_DEVICE_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, d->id.text);
    repo_arg_i64(&a, d->state);
    repo_arg_str(&a, d->name);
    repo_arg_i64(&a, d->created.ms);
    repo_arg_i64(&a, d->changed.ms);
    return s;
}

static struct db_stmt *update(struct repo *repo, const struct device *d)
{
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_DEVICE_UPDATE);
    struct repo_args a = repo_args(s);
    repo_arg_i64(&a, d->state);
    repo_arg_str(&a, d->name);
    repo_arg_i64(&a, d->created.ms);
    repo_arg_i64(&a, d->changed.ms);
    repo_arg_str(&a, d->id.text);
    repo_arg_i64(&a, d->rev);
    return s;
}

enum gw_rc repo_device_put(void *self, struct device *device, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_device(device, err);
    if (rc)
        return rc;
    return repo_run_rev(repo, device->rev == 0 ? insert(repo, device) : update(repo, device), &device->rev, err);
}

enum gw_rc repo_device_each(void *self, const struct gw_device_id *after, int limit, store_device_fn *fn, void *ctx,
                            struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_DEVICE_EACH);
    db_bind_str(s, 1, after ? after->text : "");
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    struct device d;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_device(s, &d, err)) && fn(ctx, &d))
        ;
    return rc;
}

enum gw_rc repo_device_count(void *self, enum device_state state, int64_t *ret_count, struct gw_err *err)
{
    struct repo *repo = self;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_DEVICE_COUNT);
    db_bind_i64(s, 1, state);
    return repo_number(s, ret_count, err);
}
