/* Statements and transactions. */
#include <assert.h>
#include <string.h>

#include "db_impl.h"

struct db_stmt *db_stmt(struct db *db, size_t query)
{
    assert(query < db->schema->query_count);
    struct db_stmt *s = &db->stmts[query];
    assert(!s->taken);
    s->taken = true;
    s->bind_rc = SQLITE_OK;
    return s;
}

static void note_bind(struct db_stmt *s, int rc)
{
    assert(rc != SQLITE_RANGE && rc != SQLITE_MISUSE);
    if (rc != SQLITE_OK && s->bind_rc == SQLITE_OK)
        s->bind_rc = rc;
}

void db_bind_i64(struct db_stmt *s, int index, int64_t value)
{
    note_bind(s, sqlite3_bind_int64(s->raw, index, value));
}

void db_bind_text(struct db_stmt *s, int index, struct gw_view text)
{
    const char *ptr = text.len ? (const char *)text.ptr : "";
    note_bind(s, sqlite3_bind_text64(s->raw, index, ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_str(struct db_stmt *s, int index, const char *text)
{
    db_bind_text(s, index, gw_view_str(text));
}

void db_bind_blob(struct db_stmt *s, int index, struct gw_view blob)
{
    const void *ptr = blob.len ? (const void *)blob.ptr : "";
    note_bind(s, sqlite3_bind_blob64(s->raw, index, ptr, blob.len, SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *s, int index)
{
    note_bind(s, sqlite3_bind_null(s->raw, index));
}

static enum gw_rc spoilt(struct db *db, struct gw_err *err)
{
    return db->spoilt ? gw_err_set(err, db->spoilt, "%s: the transaction has failed already", db->name) : GW_OK;
}

static bool spoils(enum gw_rc rc)
{
    return rc == GW_NO_SPACE || rc == GW_IO || rc == GW_CORRUPT || rc == GW_NO_MEMORY;
}

/* A statement has failed: SQLite may have rolled the whole transaction back behind our back. */
static enum gw_rc failed(struct db *db, int code, struct gw_err *err)
{
    enum gw_rc rc = db_fail(db, code, err);
    bool gone = db->in_transaction && sqlite3_get_autocommit(db->raw);
    if (db->in_transaction && !db->spoilt && (gone || spoils(rc)))
        db->spoilt = rc;
    return rc;
}

enum gw_rc db_step(struct db_stmt *s, bool *ret_row, struct gw_err *err)
{
    struct db *db = s->db;
    assert(s->taken);
    if (s->bind_rc == SQLITE_TOOBIG)
        return gw_err_set(err, GW_TOO_BIG, "%s: a value of more than %d bytes", db->name, DB_VALUE_MAX);
    if (s->bind_rc != SQLITE_OK)
        return failed(db, s->bind_rc, err);
    if (db->spoilt)
        return spoilt(db, err);
    int rc = sqlite3_step(s->raw);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return failed(db, rc, err);
    *ret_row = rc == SQLITE_ROW;
    return GW_OK;
}

enum gw_rc db_run(struct db_stmt *s, struct gw_err *err)
{
    bool row = true;
    enum gw_rc rc = GW_OK;
    while (!rc && row)
        rc = db_step(s, &row, err);
    db_reset(s);
    return rc;
}

void db_reset(struct db_stmt *s)
{
    if (!s || !s->taken)
        return;
    (void)sqlite3_reset(s->raw); /* repeats the error that the step has told already */
    (void)sqlite3_clear_bindings(s->raw);
    s->taken = false;
}

void db_resetp(struct db_stmt **s)
{
    db_reset(*s);
}

int64_t db_col_i64(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->raw, column);
}

struct gw_view db_col_text(struct db_stmt *s, int column)
{
    const unsigned char *ptr = sqlite3_column_text(s->raw, column);
    return gw_view_make(ptr, ptr ? (size_t)sqlite3_column_bytes(s->raw, column) : 0);
}

struct gw_view db_col_blob(struct db_stmt *s, int column)
{
    const void *ptr = sqlite3_column_blob(s->raw, column);
    return gw_view_make(ptr, ptr ? (size_t)sqlite3_column_bytes(s->raw, column) : 0);
}

bool db_col_is_null(struct db_stmt *s, int column)
{
    return sqlite3_column_type(s->raw, column) == SQLITE_NULL;
}

int64_t db_changes(struct db *db)
{
    return sqlite3_changes64(db->raw);
}

enum gw_rc db_begin(struct db *db, struct gw_err *err)
{
    if (db->in_transaction)
        return gw_err_set(err, GW_INVALID, "%s: begin inside a transaction", db->name);
    enum gw_rc rc = db_exec(db, db->mode == DB_READ_ONLY ? "BEGIN" : "BEGIN IMMEDIATE", err);
    db->in_transaction = !rc;
    db->spoilt = GW_OK;
    return rc;
}

void db_rollback(struct db *db)
{
    if (!db->in_transaction)
        return;
    /* Fails only when SQLite has rolled back already, or cannot read the disk: the lock is free in either case. */
    if (!sqlite3_get_autocommit(db->raw))
        (void)sqlite3_exec(db->raw, "ROLLBACK", NULL, NULL, NULL);
    db->in_transaction = false;
    db->marked = false;
    db->spoilt = GW_OK;
}

enum gw_rc db_mark(struct db *db, struct gw_err *err)
{
    if (!db->in_transaction || db->marked)
        return gw_err_set(err, GW_INVALID, "%s: mark outside of a transaction or inside another mark", db->name);
    enum gw_rc rc = spoilt(db, err);
    if (!rc)
        rc = db_exec(db, "SAVEPOINT mark", err);
    db->marked = !rc;
    return rc;
}

enum gw_rc db_mark_end(struct db *db, bool keep, struct gw_err *err)
{
    if (!db->marked)
        return gw_err_set(err, GW_INVALID, "%s: end of a mark that was not set", db->name);
    db->marked = false;
    enum gw_rc rc = spoilt(db, err);
    if (!rc)
        rc = db_exec(db, keep ? "RELEASE mark" : "ROLLBACK TO mark; RELEASE mark", err);
    if (rc && !db->spoilt)
        db->spoilt = rc;
    return rc;
}

/* After a commit. What fails here fails again later, in a place that can tell: the transaction itself is safe. */
static void bound_wal(struct db *db)
{
    if (db->mode == DB_READ_ONLY)
        return;
    bool over = db_wal_over(db);
    if (!over && db->wal_frames < db->wal_auto_frames)
        return;
    int how = over ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    (void)sqlite3_busy_timeout(db->raw, 0); /* never wait for a reader */
    (void)sqlite3_wal_checkpoint_v2(db->raw, NULL, how, NULL, NULL);
    (void)sqlite3_busy_timeout(db->raw, db->busy_ms);
}

enum gw_rc db_commit(struct db *db, struct gw_err *err)
{
    if (!db->in_transaction)
        return gw_err_set(err, GW_INVALID, "%s: commit outside of a transaction", db->name);
    enum gw_rc rc = spoilt(db, err);
    if (!rc && db->marked)
        rc = gw_err_set(err, GW_INVALID, "%s: commit inside a mark", db->name);
    if (!rc)
        rc = db_exec(db, "COMMIT", err);
    if (rc) {
        db_rollback(db);
        return rc;
    }
    db->in_transaction = false;
    bound_wal(db);
    return GW_OK;
}

bool db_in_transaction(const struct db *db)
{
    return db->in_transaction;
}

bool db_is_read_only(const struct db *db)
{
    return db->mode == DB_READ_ONLY;
}
