#include "repo.h"

#include <stdlib.h>

#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc begin(void *self, struct gw_err *err)
{
    return db_begin(((struct repo *)self)->db, err);
}

static enum gw_rc commit(void *self, struct gw_err *err)
{
    return db_commit(((struct repo *)self)->db, err);
}

static void rollback(void *self)
{
    db_rollback(((struct repo *)self)->db);
}

static enum gw_rc mark(void *self, struct gw_err *err)
{
    struct repo *repo = self;
    if (db_is_read_only(repo->db))
        return gw_err_set(err, GW_DENIED, "the store is open for reading only");
    return db_mark(repo->db, err);
}

static enum gw_rc mark_end(void *self, bool keep, struct gw_err *err)
{
    return db_mark_end(((struct repo *)self)->db, keep, err);
}

static const struct store_ops ops = {
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .mark = mark,
    .mark_end = mark_end,
    .device_get = repo_device_get,
    .device_put = repo_device_put,
    .device_each = repo_device_each,
    .device_count = repo_device_count,
    .cert_put = repo_cert_put,
    .cert_get = repo_cert_get,
    .cert_each_of = repo_cert_each_of,
    .cert_each_admissible = repo_cert_each_admissible,
    .cert_delete = repo_cert_delete,
    .invite_get = repo_invite_get,
    .invite_put = repo_invite_put,
    .invite_delete = repo_invite_delete,
    .pending_put = repo_pending_put,
    .pending_get = repo_pending_get,
    .pending_each = repo_pending_each,
    .pending_count = repo_pending_count,
    .pending_delete = repo_pending_delete,
    .pending_delete_expired = repo_pending_delete_expired,
    .user_get = repo_user_get,
    .user_put = repo_user_put,
    .user_each = repo_user_each,
    .token_put = repo_token_put,
    .token_get = repo_token_get,
    .token_find = repo_token_find,
    .token_each = repo_token_each,
    .token_delete = repo_token_delete,
    .vendor_key_put = repo_vendor_key_put,
    .vendor_key_get = repo_vendor_key_get,
    .vendor_key_each = repo_vendor_key_each,
    .release_add = repo_release_add,
    .release_put = repo_release_put,
    .release_get = repo_release_get,
    .release_each = repo_release_each,
    .release_files = repo_release_files,
    .release_envelope = repo_release_envelope,
    .release_find = repo_release_find,
    .release_refs = repo_release_refs,
    .release_damage = repo_release_damage,
    .alert_put = repo_alert_put,
    .alert_get = repo_alert_get,
    .alert_open = repo_alert_open,
    .alert_each = repo_alert_each,
    .alert_each_due = repo_alert_each_due,
    .alert_count = repo_alert_count,
    .alert_count_open = repo_alert_count_open,
    .alert_drop_resolved = repo_alert_drop_resolved,
    .alert_window_get = repo_alert_window_get,
    .alert_window_put = repo_alert_window_put,
    .alert_window_delete_expired = repo_alert_window_delete_expired,
    .product_get = repo_product_get,
    .product_put = repo_product_put,
    .rollout_add = repo_rollout_add,
    .rollout_put = repo_rollout_put,
    .rollout_get = repo_rollout_get,
    .rollout_each = repo_rollout_each,
    .rollout_each_live = repo_rollout_each_live,
    .rollout_count = repo_rollout_count,
    .rollout_due = repo_rollout_due,
    .seats_add = repo_seats_add,
    .seats_get = repo_seats_get,
    .seats_drop = repo_seats_drop,
    .seats_drop_lost = repo_seats_drop_lost,
    .timer_next = repo_timer_next,
    .attempt_add = repo_attempt_add,
    .attempt_put = repo_attempt_put,
    .attempt_get = repo_attempt_get,
    .attempt_each = repo_attempt_each,
    .attempt_each_of = repo_attempt_each_of,
    .attempt_due = repo_attempt_due,
    .attempt_cancel_planned = repo_attempt_cancel_planned,
    .attempt_drop_back = repo_attempt_drop_back,
    .attempt_count = repo_attempt_count,
    .inventory_get = repo_inventory_get,
    .inventory_put = repo_inventory_put,
    .inventory_each = repo_inventory_each,
    .setting_get = repo_setting_get,
    .setting_put = repo_setting_put,
    .setting_delete = repo_setting_delete,
    .audit_put = repo_audit_put,
    .audit_each = repo_audit_each,
    .audit_delete = repo_audit_delete,
};

enum gw_rc repo_open(const char *path, const struct repo_options *options, struct repo **ret_repo, struct gw_err *err)
{
    static const struct repo_options none;
    const struct repo_options *o = options ? options : &none;
    struct db_options db_options = {
        .mode = o->read_only ? DB_READ_ONLY : DB_READ_WRITE,
        .schema = &sql_store_schema,
        .wal_max_bytes = o->wal_max_bytes,
        .vfs = o->vfs,
        .fs = o->fs,
    };
    struct db *db = NULL;
    enum gw_rc rc = db_open(path, &db_options, &db, err);
    if (rc)
        return rc;
    struct repo *repo = gw_xalloc(1, sizeof(*repo));
    repo->db = db;
    *ret_repo = repo;
    return GW_OK;
}

struct store repo_store(struct repo *repo)
{
    return (struct store){.ops = &ops, .self = repo};
}

void repo_close(struct repo *repo)
{
    if (!repo)
        return;
    db_close(repo->db);
    free(repo);
}

enum gw_rc repo_may_write(struct repo *repo, struct gw_err *err)
{
    if (db_is_read_only(repo->db))
        return gw_err_set(err, GW_DENIED, "the store is open for reading only");
    if (!db_in_transaction(repo->db))
        return gw_err_set(err, GW_INVALID, "a change of the store outside of a transaction");
    return GW_OK;
}
