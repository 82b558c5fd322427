/* Users, settings and the outbox of audit events. */
#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_user(struct db_stmt *s, struct user *ret_user, struct gw_err *err)
{
    struct user u = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, u.name, sizeof(u.name));
    u.role = (enum user_role)repo_row_range(&r, USER_VIEWER, USER_ADMIN);
    repo_row_text(&r, u.password_hash, sizeof(u.password_hash));
    u.disabled = repo_row_bool(&r);
    u.created.ms = repo_row_i64(&r);
    u.rev = repo_row_range(&r, 1, INT64_MAX);
    enum gw_rc rc = repo_row_end(&r, "person", err);
    if (!rc)
        *ret_user = u;
    return rc;
}

enum gw_rc repo_user_get(void *self, const char *name, struct user *ret_user, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_USER_GET);
    db_bind_str(s, 1, name);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_user(s, ret_user, err);
}

enum gw_rc repo_user_put(void *self, struct user *user, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_user(user, err);
    if (rc)
        return rc;
    bool fresh = user->rev == 0;
    struct db_stmt *s = db_stmt(repo->db, fresh ? SQL_STORE_USER_INSERT : SQL_STORE_USER_UPDATE);
    struct repo_args a = repo_args(s);
    if (fresh)
        repo_arg_str(&a, user->name);
    repo_arg_i64(&a, user->role);
    repo_arg_str(&a, user->password_hash);
    repo_arg_i64(&a, user->disabled);
    repo_arg_i64(&a, user->created.ms);
    if (!fresh) {
        repo_arg_str(&a, user->name);
        repo_arg_i64(&a, user->rev);
    }
    return repo_run_rev(repo, s, &user->rev, err);
}

enum gw_rc repo_user_each(void *self, store_user_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_USER_EACH);
    struct user u;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_user(s, &u, err)) && fn(ctx, &u))
        ;
    return rc;
}

enum gw_rc repo_setting_get(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SETTING_GET);
    db_bind_str(s, 1, key);
    enum gw_rc rc = repo_step_one(s, err);
    if (rc)
        return rc;
    rc = gw_buf_add_view(ret_value, db_col_blob(s, 0));
    return rc ? gw_err_set(err, rc, "setting %s: no room for its value", key) : GW_OK;
}

enum gw_rc repo_setting_put(void *self, const char *key, struct gw_view value, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_setting(key, value, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SETTING_PUT);
    db_bind_str(s, 1, key);
    db_bind_blob(s, 2, value);
    return db_run(s, err);
}

enum gw_rc repo_setting_delete(void *self, const char *key, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_SETTING_DELETE);
    db_bind_str(s, 1, key);
    return db_run(s, err);
}

static enum gw_rc read_audit(struct db_stmt *s, struct audit_event *ret_event, struct gw_err *err)
{
    struct audit_event e = {0};
    struct repo_row r = repo_row(s);
    e.n = repo_row_range(&r, 1, INT64_MAX);
    e.t.ms = repo_row_i64(&r);
    e.sev = (enum event_sev)repo_row_range(&r, EVENT_SEV_INFO, EVENT_SEV_FATAL);
    e.res = (enum event_res)repo_row_range(&r, EVENT_OK, EVENT_DENIED);
    repo_row_text(&r, e.cls, sizeof(e.cls));
    repo_row_text(&r, e.subj, sizeof(e.subj));
    repo_row_text(&r, e.obj, sizeof(e.obj));
    repo_row_text(&r, e.msg, sizeof(e.msg));
    enum gw_rc rc = repo_row_end(&r, "audit", err);
    if (!rc)
        *ret_event = e;
    return rc;
}

enum gw_rc repo_audit_put(void *self, struct audit_event *event, struct gw_err *err)
{
    struct repo *repo = self;
    int64_t n = 0;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_audit(event, err);
    if (!rc)
        rc = repo_number(db_stmt(repo->db, SQL_STORE_AUDIT_NEXT), &n, err);
    if (rc)
        return rc == GW_NOT_FOUND ? gw_err_set(err, GW_CORRUPT, "table counter has lost audit.n") : rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_AUDIT_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_i64(&a, n);
    repo_arg_i64(&a, event->t.ms);
    repo_arg_i64(&a, event->sev);
    repo_arg_i64(&a, event->res);
    repo_arg_str(&a, event->cls);
    repo_arg_str(&a, event->subj);
    repo_arg_str(&a, event->obj);
    repo_arg_str(&a, event->msg);
    rc = db_run(s, err);
    if (!rc)
        event->n = n;
    return rc;
}

enum gw_rc repo_audit_each(void *self, int64_t after, int limit, store_audit_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_AUDIT_EACH);
    db_bind_i64(s, 1, after);
    db_bind_i64(s, 2, limit > 0 ? limit : 0);
    struct audit_event e;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_audit(s, &e, err)) && fn(ctx, &e))
        ;
    return rc;
}

enum gw_rc repo_audit_delete(void *self, int64_t up_to, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_AUDIT_DELETE);
    db_bind_i64(s, 1, up_to);
    return db_run(s, err);
}
