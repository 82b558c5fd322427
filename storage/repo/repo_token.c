/* Tokens of programs. */
#include <string.h>

#include "gw_cleanup.h"
#include "repo_impl.h"

static enum gw_rc read_token(struct db_stmt *s, struct token *ret_token, struct gw_err *err)
{
    struct token t = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, t.name, sizeof(t.name));
    repo_row_bytes(&r, t.sha256.bytes, sizeof(t.sha256.bytes));
    t.role = (enum token_role)repo_row_range(&r, TOKEN_VIEWER, TOKEN_METRICS);
    repo_row_text(&r, t.made_by, sizeof(t.made_by));
    t.created.ms = repo_row_i64(&r);
    t.expires.ms = repo_row_i64(&r);
    t.used.ms = repo_row_i64(&r);
    enum gw_rc rc = repo_row_end(&r, "token", err);
    if (!rc)
        rc = store_check_token(&t, err) ? gw_err_set(err, GW_CORRUPT, "table token") : GW_OK;
    if (!rc)
        *ret_token = t;
    return rc;
}

/* One row each by a unique key. */
static enum gw_rc one(struct db_stmt *s, struct token *ret_token, struct gw_err *err)
{
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_token(s, ret_token, err);
}

enum gw_rc repo_token_put(void *self, const struct token *token, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_token(token, err);
    if (rc)
        return rc;
    struct token same;
    rc = repo_token_find(self, &token->sha256, &same, err);
    if (!rc && strcmp(same.name, token->name) != 0)
        return gw_err_set(err, GW_EXISTS, "another token has this digest");
    if (rc && rc != GW_NOT_FOUND)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_TOKEN_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, token->name);
    repo_arg_bytes(&a, token->sha256.bytes, sizeof(token->sha256.bytes));
    repo_arg_i64(&a, token->role);
    repo_arg_str(&a, token->made_by);
    repo_arg_i64(&a, token->created.ms);
    repo_arg_i64(&a, token->expires.ms);
    repo_arg_i64(&a, token->used.ms);
    return db_run(s, err);
}

enum gw_rc repo_token_get(void *self, const char *name, struct token *ret_token, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_TOKEN_GET);
    db_bind_str(s, 1, name);
    return one(s, ret_token, err);
}

enum gw_rc repo_token_find(void *self, const struct gw_sha256 *sha256, struct token *ret_token, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_TOKEN_FIND);
    db_bind_blob(s, 1, gw_view_make(sha256->bytes, sizeof(sha256->bytes)));
    return one(s, ret_token, err);
}

enum gw_rc repo_token_each(void *self, store_token_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_TOKEN_EACH);
    for (;;) {
        struct token t;
        bool row = false;
        enum gw_rc rc = db_step(s, &row, err);
        if (!rc && row)
            rc = read_token(s, &t, err);
        if (rc || !row || !fn(ctx, &t))
            return rc;
    }
}

enum gw_rc repo_token_delete(void *self, const char *name, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_TOKEN_DELETE);
    db_bind_str(s, 1, name);
    return db_run(s, err);
}
