/* Values into placeholders, columns into values. */
#include <string.h>

#include "repo_impl.h"

struct repo_args repo_args(struct db_stmt *s)
{
    return (struct repo_args){.s = s};
}

void repo_arg_i64(struct repo_args *a, int64_t value)
{
    db_bind_i64(a->s, ++a->count, value);
}

void repo_arg_str(struct repo_args *a, const char *text)
{
    db_bind_str(a->s, ++a->count, text);
}

void repo_arg_bytes(struct repo_args *a, const void *ptr, size_t len)
{
    db_bind_blob(a->s, ++a->count, gw_view_make(ptr, len));
}

struct repo_row repo_row(struct db_stmt *s)
{
    return (struct repo_row){.s = s};
}

int64_t repo_row_i64(struct repo_row *r)
{
    return db_col_i64(r->s, r->count++);
}

int64_t repo_row_range(struct repo_row *r, int64_t min, int64_t max)
{
    int64_t value = repo_row_i64(r);
    if (value >= min && value <= max)
        return value;
    r->bad = true;
    return min;
}

bool repo_row_bool(struct repo_row *r)
{
    return repo_row_range(r, 0, 1) != 0;
}

void repo_row_text(struct repo_row *r, char *out, size_t out_size)
{
    if (gw_view_copy_str(db_col_text(r->s, r->count++), out, out_size) != GW_OK)
        r->bad = true;
}

size_t repo_row_blob(struct repo_row *r, void *out, size_t max_bytes)
{
    struct gw_view v = db_col_blob(r->s, r->count++);
    if (v.len > max_bytes) {
        r->bad = true;
        return 0;
    }
    if (v.len)
        memcpy(out, v.ptr, v.len);
    return v.len;
}

void repo_row_bytes(struct repo_row *r, void *out, size_t len)
{
    if (repo_row_blob(r, out, len) != len)
        r->bad = true;
}

enum gw_rc repo_row_end(const struct repo_row *r, const char *table, struct gw_err *err)
{
    return r->bad ? gw_err_set(err, GW_CORRUPT, "table %s has a row that breaks its own rules", table) : GW_OK;
}

enum gw_rc repo_step_one(struct db_stmt *s, struct gw_err *err)
{
    bool row = false;
    enum gw_rc rc = db_step(s, &row, err);
    if (rc || row)
        return rc;
    return gw_err_set(err, GW_NOT_FOUND, "not in the store");
}

bool repo_next(struct db_stmt *s, enum gw_rc *ret_rc, struct gw_err *err)
{
    bool row = false;
    *ret_rc = db_step(s, &row, err);
    return !*ret_rc && row;
}

enum gw_rc repo_number(struct db_stmt *s, int64_t *ret_value, struct gw_err *err)
{
    enum gw_rc rc = repo_step_one(s, err);
    if (!rc)
        *ret_value = db_col_i64(s, 0);
    db_reset(s);
    return rc;
}

enum gw_rc repo_run_rev(struct repo *repo, struct db_stmt *s, int64_t *rev, struct gw_err *err)
{
    enum gw_rc rc = db_run(s, err);
    if (rc)
        return rc;
    if (db_changes(repo->db) == 0)
        return gw_err_set(err, GW_CONFLICT, "the store holds another revision than %lld", (long long)*rev);
    *rev += 1;
    return GW_OK;
}
