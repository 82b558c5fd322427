/*
 * db_impl: what the files of storage/db share among themselves.
 */
#pragma once

#include <sqlite3.h>

#include "db.h"

struct db_stmt {
    sqlite3_stmt *raw;
    struct db *db;
    int bind_rc; /* first SQLite code of a bind that failed */
    bool taken;  /* between db_stmt() and db_reset() */
};

struct db {
    sqlite3 *raw;
    const struct db_schema *schema;
    struct db_stmt *stmts; /* schema->query_count of them; owned */
    char name[64];         /* of the file, without its directory: for messages */
    enum db_mode mode;
    int busy_ms;
    int64_t wal_max_bytes;
    int wal_auto_frames;
    int64_t version;
    int wal_frames;      /* after the last commit */
    bool in_transaction; /* between begin and commit or rollback, even when SQLite has given it up already */
    bool marked;         /* between mark and mark_end */
    enum gw_rc spoilt;   /* why the open transaction can no longer be committed */
};

/* Turns SQLite's last result into ours, with a text that begins with the file's name. */
enum gw_rc db_fail(struct db *db, int code, struct gw_err *err);
/* Runs one or more statements that give no rows. */
GW_MUST_CHECK enum gw_rc db_exec(struct db *db, const char *sql, struct gw_err *err);
/* The one number that a PRAGMA answers with. */
GW_MUST_CHECK enum gw_rc db_pragma_i64(struct db *db, const char *sql, int64_t *ret_value, struct gw_err *err);
/* Checks whose file it is, then brings it to the schema's version. */
GW_MUST_CHECK enum gw_rc db_migrate(struct db *db, struct gw_err *err);
