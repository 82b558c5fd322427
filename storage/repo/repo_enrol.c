/* Ways in: invitations and pending entries. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_invite(struct db_stmt *s, struct device_invite *ret_invite, struct gw_err *err)
{
    struct device_invite v = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, v.device.text, sizeof(v.device.text));
    repo_row_bytes(&r, v.secret_sha256.bytes, sizeof(v.secret_sha256.bytes));
    v.created.ms = repo_row_i64(&r);
    v.expires.ms = repo_row_i64(&r);
    v.bound = repo_row_bool(&r);
    repo_row_bytes(&r, v.spki_sha256.bytes, sizeof(v.spki_sha256.bytes));
    v.wrong_count = (int32_t)repo_row_range(&r, 0, INT32_MAX);
    v.wrong_since.ms = repo_row_i64(&r);
    v.rev = repo_row_range(&r, 1, INT64_MAX);
    enum gw_rc rc = repo_row_end(&r, "invite", err);
    if (!rc)
        *ret_invite = v;
    return rc;
}

enum gw_rc repo_invite_get(void *self, const struct gw_device_id *device, struct device_invite *ret_invite,
                           struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_INVITE_GET);
    db_bind_str(s, 1, device->text);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_invite(s, ret_invite, err);
}

static void invite_args(struct repo_args *a, const struct device_invite *v)
{
    repo_arg_bytes(a, v->secret_sha256.bytes, sizeof(v->secret_sha256.bytes));
    repo_arg_i64(a, v->created.ms);
    repo_arg_i64(a, v->expires.ms);
    repo_arg_i64(a, v->bound);
    repo_arg_bytes(a, v->spki_sha256.bytes, sizeof(v->spki_sha256.bytes));
    repo_arg_i64(a, v->wrong_count);
    repo_arg_i64(a, v->wrong_since.ms);
}

enum gw_rc repo_invite_put(void *self, struct device_invite *invite, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_invite(invite, err);
    if (rc)
        return rc;
    bool fresh = invite->rev == 0;
    struct db_stmt *s = db_stmt(repo->db, fresh ? SQL_STORE_INVITE_INSERT : SQL_STORE_INVITE_UPDATE);
    struct repo_args a = repo_args(s);
    if (fresh)
        repo_arg_str(&a, invite->device.text);
    invite_args(&a, invite);
    if (!fresh) {
        repo_arg_str(&a, invite->device.text);
        repo_arg_i64(&a, invite->rev);
    }
    return repo_run_rev(repo, s, &invite->rev, err);
}

enum gw_rc repo_invite_delete(void *self, const struct gw_device_id *device, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_INVITE_DELETE);
    db_bind_str(s, 1, device->text);
    return db_run(s, err);
}

static enum gw_rc read_pending(struct db_stmt *s, struct device_pending *ret_pending, struct gw_err *err)
{
    struct device_pending p = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, p.device.text, sizeof(p.device.text));
    repo_row_bytes(&r, p.spki_sha256.bytes, sizeof(p.spki_sha256.bytes));
    p.spki.len = (uint16_t)repo_row_blob(&r, p.spki.der, sizeof(p.spki.der));
    repo_row_text(&r, p.source, sizeof(p.source));
    p.created.ms = repo_row_i64(&r);
    p.expires.ms = repo_row_i64(&r);
    p.approved = repo_row_bool(&r);
    enum gw_rc rc = repo_row_end(&r, "pending", err);
    if (!rc)
        *ret_pending = p;
    return rc;
}

enum gw_rc repo_pending_put(void *self, const struct device_pending *pending, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_pending(pending, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_PENDING_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, pending->device.text);
    repo_arg_bytes(&a, pending->spki_sha256.bytes, sizeof(pending->spki_sha256.bytes));
    repo_arg_bytes(&a, pending->spki.der, pending->spki.len);
    repo_arg_str(&a, pending->source);
    repo_arg_i64(&a, pending->created.ms);
    repo_arg_i64(&a, pending->expires.ms);
    repo_arg_i64(&a, pending->approved);
    return db_run(s, err);
}

enum gw_rc repo_pending_get(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                            struct device_pending *ret_pending, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_PENDING_GET);
    db_bind_str(s, 1, device->text);
    db_bind_blob(s, 2, gw_view_make(spki_sha256->bytes, sizeof(spki_sha256->bytes)));
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_pending(s, ret_pending, err);
}

enum gw_rc repo_pending_each(void *self, const struct gw_device_id *device, store_pending_fn *fn, void *ctx,
                             struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp)
    struct db_stmt *s = db_stmt(repo->db, device ? SQL_STORE_PENDING_EACH_OF : SQL_STORE_PENDING_EACH);
    if (device)
        db_bind_str(s, 1, device->text);
    struct device_pending p;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_pending(s, &p, err)) && fn(ctx, &p))
        ;
    return rc;
}

enum gw_rc repo_pending_count(void *self, const char *source, int64_t *ret_count, struct gw_err *err)
{
    struct repo *repo = self;
    struct db_stmt *s = db_stmt(repo->db, source ? SQL_STORE_PENDING_COUNT_FROM : SQL_STORE_PENDING_COUNT);
    if (source)
        db_bind_str(s, 1, source);
    return repo_number(s, ret_count, err);
}

enum gw_rc repo_pending_delete(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                               struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, spki_sha256 ? SQL_STORE_PENDING_DELETE : SQL_STORE_PENDING_DELETE_OF);
    db_bind_str(s, 1, device->text);
    if (spki_sha256)
        db_bind_blob(s, 2, gw_view_make(spki_sha256->bytes, sizeof(spki_sha256->bytes)));
    return db_run(s, err);
}

enum gw_rc repo_pending_delete_expired(void *self, struct gw_wall now, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_PENDING_DELETE_EXPIRED);
    db_bind_i64(s, 1, now.ms);
    return db_run(s, err);
}
