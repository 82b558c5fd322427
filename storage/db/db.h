/*
 * db: a thin driver over SQLite: open, bind, step, transaction, migration. Knows no table: the caller brings its
 * schema.
 *
 * Every connection that writes runs WAL with synchronous=FULL, so what db_commit() has answered with GW_OK survives
 * power loss. SQL texts come from storage/sql through the schema's tables, are prepared once at open, and number their
 * placeholders $1..$n in order of first use.
 *
 * Thread: a connection belongs to one thread at a time. Any number of DB_READ_ONLY connections may stand beside the one
 * that writes, in this process or another.
 *
 * Errors every call with `err` may give: GW_AGAIN (locked by another connection for longer than busy_ms), GW_NO_SPACE
 * (disk, quota or file size limit), GW_IO, GW_CORRUPT (not a database, or damaged), GW_DENIED (read-only), GW_TOO_BIG
 * (a value above DB_VALUE_MAX), GW_NO_MEMORY, GW_EXISTS (unique key), GW_INVALID (CHECK, NOT NULL or STRICT type).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_fs.h"
#include "gw_view.h"

enum db_mode {
    DB_READ_WRITE = 1, /* makes the file when it is not there, migrates it */
    DB_READ_ONLY,      /* GW_NOT_FOUND when it is not there; never migrates */
};

struct db_text {
    const char *name; /* "device_get"; of a migration: its file's name */
    const char *sql;
};

/* Static storage, made by storage/sql at build time. */
struct db_schema {
    uint32_t application_id;          /* four letters, big-endian: who owns the file */
    const struct db_text *migrations; /* append-only: number n (from 1) leads from user_version n-1 to n */
    size_t migration_count;
    const struct db_text *queries; /* one statement each; the index is the query's number */
    size_t query_count;
};

#define DB_WAL_MAX_BYTES   (INT64_C(16) << 20) /* ceiling: above it every commit tries to empty the WAL */
#define DB_WAL_AUTO_FRAMES 1000                /* from here every commit copies what it may into the database */
#define DB_BUSY_MS         5000
#define DB_CACHE_KIB       8192
#define DB_VALUE_MAX       (16 << 20) /* bytes in one text or blob, and in one row */

struct db_options {
    enum db_mode mode;
    const struct db_schema *schema;
    int64_t wal_max_bytes;  /* 0: DB_WAL_MAX_BYTES */
    int wal_auto_frames;    /* 0: DB_WAL_AUTO_FRAMES */
    int busy_ms;            /* 0: DB_BUSY_MS */
    int cache_kib;          /* 0: DB_CACHE_KIB */
    const char *vfs;        /* a registered sqlite3_vfs; NULL: the operating system's */
    const struct gw_fs *fs; /* makes the file and syncs its directory; NULL: the operating system's */
};

struct db;
struct db_stmt;

/* Opens, checks whose file it is and of which version, migrates (one transaction for each step), prepares every query.
 * The file has mode 0600 and its name is durable when this returns. GW_UNSUPPORTED: it is of a newer version (or of an
 * older one, and we are read-only); GW_CORRUPT: it is damaged or belongs to something else. *ret_db is untouched on
 * failure. */
GW_MUST_CHECK enum gw_rc db_open(const char *path, const struct db_options *options, struct db **ret_db,
                                 struct gw_err *err);
void db_close(struct db *db); /* rolls back what is open; accepts NULL */
/* GW_CLEANUP(db_closep) struct db *db = NULL; */
void db_closep(struct db **db);

/* begin takes the writer's lock at once (read-only: a snapshot at the first read). A statement that failed with
 * GW_NO_SPACE, GW_IO, GW_CORRUPT or GW_NO_MEMORY has spoilt the transaction: commit then rolls back and answers with
 * that code. A failed commit has always rolled back. begin inside a transaction and commit outside of one: GW_INVALID.
 * rollback outside of one does nothing. A write outside of a transaction is one of its own. */
GW_MUST_CHECK enum gw_rc db_begin(struct db *db, struct gw_err *err);
GW_MUST_CHECK enum gw_rc db_commit(struct db *db, struct gw_err *err);
void db_rollback(struct db *db);
/* A bracket inside the transaction: keep false undoes what was written since db_mark(). Brackets do not nest, and a
 * commit inside of one is GW_INVALID (and has rolled back). */
GW_MUST_CHECK enum gw_rc db_mark(struct db *db, struct gw_err *err);
GW_MUST_CHECK enum gw_rc db_mark_end(struct db *db, bool keep, struct gw_err *err);
bool db_in_transaction(const struct db *db);
bool db_is_read_only(const struct db *db);

/* Statement number `query` of the schema, reset and with every placeholder NULL. It must not be between db_stmt() and
 * db_reset() already (asserted): one run of a query at a time. */
struct db_stmt *db_stmt(struct db *db, size_t query);
/* Bytes are borrowed until db_reset(). `index` is the placeholder's number. A failure shows at the next step. */
void db_bind_i64(struct db_stmt *s, int index, int64_t value);
void db_bind_text(struct db_stmt *s, int index, struct gw_view text);
void db_bind_str(struct db_stmt *s, int index, const char *text);
void db_bind_blob(struct db_stmt *s, int index, struct gw_view blob); /* an empty view is an empty blob, not NULL */
void db_bind_null(struct db_stmt *s, int index);

/* *ret_row: there is a row to read; false at the end. */
GW_MUST_CHECK enum gw_rc db_step(struct db_stmt *s, bool *ret_row, struct gw_err *err);
/* Steps to the end and resets: for what gives no rows. */
GW_MUST_CHECK enum gw_rc db_run(struct db_stmt *s, struct gw_err *err);
/* Ends the run, lets go of its snapshot and of bound bytes; accepts NULL and a reset one. */
void db_reset(struct db_stmt *s);
/* GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(db, query); */
void db_resetp(struct db_stmt **s);

/* Columns count from 0. Views are borrowed until the next step or reset; NULL reads as 0 or an empty view. */
int64_t db_col_i64(struct db_stmt *s, int column);
struct gw_view db_col_text(struct db_stmt *s, int column);
struct gw_view db_col_blob(struct db_stmt *s, int column);
bool db_col_is_null(struct db_stmt *s, int column);

/* Rows that the last INSERT, UPDATE or DELETE touched. */
int64_t db_changes(struct db *db);

/* Size of the WAL file now. A commit above wal_auto_frames copies into the database what no reader holds back; above
 * the ceiling it also tries to cut the WAL to nothing. So a size that stays above the ceiling means that a reader has
 * held its snapshot for too long: writing goes on, and the caller ends that reader or tells people. */
int64_t db_wal_bytes(struct db *db);
bool db_wal_over(struct db *db);
