/* Whose file is it, of which version, and the way from there to ours. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "db_impl.h"

static enum gw_rc apply(struct db *db, size_t number, struct gw_err *err)
{
    const struct db_text *step = &db->schema->migrations[number - 1];
    char version[64];
    (void)snprintf(version, sizeof(version), "PRAGMA user_version = %zu", number);
    enum gw_rc rc = db_begin(db, err);
    if (!rc)
        rc = db_exec(db, step->sql, err);
    if (!rc)
        rc = db_exec(db, version, err);
    if (!rc && number == 1) {
        char owner[64];
        (void)snprintf(owner, sizeof(owner), "PRAGMA application_id = %" PRIu32, db->schema->application_id);
        rc = db_exec(db, owner, err);
    }
    if (!rc)
        rc = db_commit(db, err);
    db_rollback(db);
    if (rc)
        return gw_err_wrap(err, rc, "migration %s", step->name);
    db->version = (int64_t)number;
    return GW_OK;
}

static enum gw_rc check_owner(struct db *db, struct gw_err *err)
{
    int64_t owner, tables;
    enum gw_rc rc = db_pragma_i64(db, "PRAGMA application_id", &owner, err);
    if (!rc)
        rc = db_pragma_i64(db, "PRAGMA user_version", &db->version, err);
    if (!rc)
        rc = db_pragma_i64(db, "PRAGMA schema_version", &tables, err);
    if (rc)
        return rc;
    bool empty = owner == 0 && db->version == 0 && tables == 0;
    if (!empty && owner != (int64_t)db->schema->application_id)
        return gw_err_set(err, GW_CORRUPT,
                          "%s belongs to another program (application id %08" PRIx64 ", ours is %08" PRIx32
                          "): restore a backup or give another path",
                          db->name, (uint64_t)owner, db->schema->application_id);
    return GW_OK;
}

/* SQLite answers with the mode that it has, and reports no error when that is another one. */
static enum gw_rc use_wal(struct db *db, struct gw_err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->raw, "PRAGMA journal_mode = WAL", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum gw_rc result = GW_OK;
    if (rc != SQLITE_ROW)
        result = db_fail(db, rc, err);
    else if (strcmp((const char *)sqlite3_column_text(s, 0), "wal") != 0)
        result = gw_err_set(err, GW_UNSUPPORTED, "%s: this file system cannot hold a WAL", db->name);
    (void)sqlite3_finalize(s);
    return result;
}

enum gw_rc db_migrate(struct db *db, struct gw_err *err)
{
    enum gw_rc rc = check_owner(db, err);
    if (rc)
        return rc;
    int64_t known = (int64_t)db->schema->migration_count;
    if (db->version > known)
        return gw_err_set(err, GW_UNSUPPORTED,
                          "%s is of version %" PRId64 ", this program knows %" PRId64
                          ": install the newer program or restore a backup",
                          db->name, db->version, known);
    if (db->version < 0)
        return gw_err_set(err, GW_CORRUPT, "%s is of version %" PRId64, db->name, db->version);
    if (db->mode == DB_READ_ONLY && db->version < known)
        return gw_err_set(err, GW_UNSUPPORTED,
                          "%s is of version %" PRId64 ", this program needs %" PRId64
                          ", and a read-only connection does not migrate",
                          db->name, db->version, known);
    if (db->mode == DB_READ_WRITE)
        rc = use_wal(db, err);
    while (!rc && db->version < known)
        rc = apply(db, (size_t)db->version + 1, err);
    return rc;
}
