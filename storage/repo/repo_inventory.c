/* What devices say that they are and run. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_inventory(struct db_stmt *s, struct inventory *ret_inventory, struct gw_err *err)
{
    struct inventory i = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, i.device.text, sizeof(i.device.text));
    repo_row_text(&r, i.product, sizeof(i.product));
    repo_row_text(&r, i.hardware, sizeof(i.hardware));
    repo_row_text(&r, i.version, sizeof(i.version));
    repo_row_text(&r, i.slots, sizeof(i.slots));
    repo_row_text(&r, i.boot, sizeof(i.boot));
    repo_row_text(&r, i.agent, sizeof(i.agent));
    repo_row_text(&r, i.attributes, sizeof(i.attributes));
    i.uptime_s = repo_row_range(&r, 0, INT64_MAX);
    i.seen.ms = repo_row_i64(&r);
    i.job_n = repo_row_range(&r, 0, INT64_MAX);
    i.floor_confirmed = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    repo_row_text(&r, i.release, sizeof(i.release));
    i.release_counter = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    enum gw_rc rc = repo_row_end(&r, "inventory", err);
    if (!rc)
        *ret_inventory = i;
    return rc;
}

enum gw_rc repo_inventory_put(void *self, const struct inventory *inventory, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_inventory(inventory, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_INVENTORY_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, inventory->device.text);
    repo_arg_str(&a, inventory->product);
    repo_arg_str(&a, inventory->hardware);
    repo_arg_str(&a, inventory->version);
    repo_arg_str(&a, inventory->slots);
    repo_arg_str(&a, inventory->boot);
    repo_arg_str(&a, inventory->agent);
    repo_arg_str(&a, inventory->attributes);
    repo_arg_i64(&a, inventory->uptime_s);
    repo_arg_i64(&a, inventory->seen.ms);
    repo_arg_i64(&a, inventory->job_n);
    repo_arg_i64(&a, (int64_t)inventory->floor_confirmed);
    repo_arg_str(&a, inventory->release);
    repo_arg_i64(&a, (int64_t)inventory->release_counter);
    return db_run(s, err);
}

enum gw_rc repo_inventory_get(void *self, const struct gw_device_id *device, struct inventory *ret_inventory,
                              struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_INVENTORY_GET);
    db_bind_str(s, 1, device->text);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_inventory(s, ret_inventory, err);
}

enum gw_rc repo_inventory_each(void *self, const struct store_inventory_after *after, int limit, store_inventory_fn *fn,
                               void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    bool one = after->product[0] != '\0';
    GW_CLEANUP(db_resetp)
    struct db_stmt *s = db_stmt(repo->db, one ? SQL_STORE_INVENTORY_EACH_OF_PRODUCT : SQL_STORE_INVENTORY_EACH);
    struct repo_args a = repo_args(s);
    if (one)
        repo_arg_str(&a, after->product);
    repo_arg_str(&a, after->device.text);
    repo_arg_i64(&a, limit > 0 ? limit : 0);
    struct inventory i;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_inventory(s, &i, err)) && fn(ctx, &i))
        ;
    return rc;
}
