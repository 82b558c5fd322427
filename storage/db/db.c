#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "db_impl.h"
#include "gw_cleanup.h"

enum gw_rc db_exec(struct db *db, const char *sql, struct gw_err *err)
{
    int rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? GW_OK : db_fail(db, rc, err);
}

enum gw_rc db_pragma_i64(struct db *db, const char *sql, int64_t *ret_value, struct gw_err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->raw, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(s, 0);
    enum gw_rc result = rc == SQLITE_ROW ? GW_OK : db_fail(db, rc, err);
    (void)sqlite3_finalize(s);
    return result;
}

/* Makes the file with its mode before SQLite would make it with another. An existing file is never opened here: closing
 * it again would drop the locks (fcntl(2)) that other connections of this process hold on it. */
static enum gw_rc make_file(const struct gw_fs *fs, const char *path, struct gw_err *err)
{
    int fd = fs->open(fs->ctx, path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0 && errno != EEXIST)
        return gw_err_sys(err, "%s", path);
    if (fd >= 0 && fs->close(fs->ctx, fd))
        return gw_err_sys(err, "close of %s", path);
    struct stat st;
    if (lstat(path, &st))
        return gw_err_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return gw_err_set(err, GW_INVALID, "%s is not a regular file", path);
    if ((st.st_mode & 077) && chmod(path, 0600))
        return gw_err_sys(err, "chmod of %s", path);
    return gw_fs_sync_parent(fs, path, err);
}

static int on_wal(void *ctx, sqlite3 *raw, const char *schema, int frames)
{
    (void)raw;
    (void)schema;
    ((struct db *)ctx)->wal_frames = frames;
    return SQLITE_OK;
}

static enum gw_rc configure(struct db *db, int cache_kib, struct gw_err *err)
{
    static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL};
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
        (void)sqlite3_db_config(db->raw, off[i], 0, NULL);
    (void)sqlite3_db_config(db->raw, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    (void)sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_extended_result_codes(db->raw, 1);
    (void)sqlite3_limit(db->raw, SQLITE_LIMIT_LENGTH, DB_VALUE_MAX);
    (void)sqlite3_limit(db->raw, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_busy_timeout(db->raw, db->busy_ms);
    (void)sqlite3_wal_hook(db->raw, on_wal, db); /* also ends SQLite's own checkpointing: db_commit() does it */
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
                   "PRAGMA mmap_size = 0; PRAGMA cache_size = -%d; PRAGMA journal_size_limit = %lld;%s",
                   cache_kib, (long long)db->wal_max_bytes, db->mode == DB_READ_ONLY ? "PRAGMA query_only = ON;" : "");
    return db_exec(db, sql, err);
}

static enum gw_rc prepare_all(struct db *db, struct gw_err *err)
{
    const struct db_schema *schema = db->schema;
    db->stmts = gw_xalloc(schema->query_count ? schema->query_count : 1, sizeof(*db->stmts));
    for (size_t i = 0; i < schema->query_count; i++) {
        struct db_stmt *s = &db->stmts[i];
        const char *sql = schema->queries[i].sql;
        s->db = db;
        int rc = sqlite3_prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->raw, NULL);
        if (rc != SQLITE_OK)
            return gw_err_wrap(err, db_fail(db, rc, err), "query %s", schema->queries[i].name);
    }
    return GW_OK;
}

static enum gw_rc open_raw(struct db *db, const char *path, const struct db_options *options, struct gw_err *err)
{
    const struct gw_fs *fs = options->fs ? options->fs : gw_fs_posix();
    if (db->mode == DB_READ_WRITE) {
        enum gw_rc rc = make_file(fs, path, err);
        if (rc)
            return rc;
    }
    int flags = SQLITE_OPEN_NOMUTEX | (db->mode == DB_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(path, &db->raw, flags, options->vfs);
    return rc == SQLITE_OK ? GW_OK : db_fail(db, rc, err);
}

enum gw_rc db_open(const char *path, const struct db_options *options, struct db **ret_db, struct gw_err *err)
{
    GW_CLEANUP(db_closep) struct db *db = gw_xalloc(1, sizeof(*db));
    const char *slash = strrchr(path, '/');
    (void)snprintf(db->name, sizeof(db->name), "%s", slash ? slash + 1 : path);
    db->schema = options->schema;
    db->mode = options->mode;
    db->busy_ms = options->busy_ms ? options->busy_ms : DB_BUSY_MS;
    db->wal_max_bytes = options->wal_max_bytes ? options->wal_max_bytes : DB_WAL_MAX_BYTES;
    db->wal_auto_frames = options->wal_auto_frames ? options->wal_auto_frames : DB_WAL_AUTO_FRAMES;
    enum gw_rc rc = open_raw(db, path, options, err);
    if (!rc)
        rc = configure(db, options->cache_kib ? options->cache_kib : DB_CACHE_KIB, err);
    if (!rc)
        rc = db_migrate(db, err);
    if (!rc)
        rc = prepare_all(db, err);
    if (rc)
        return rc;
    *ret_db = GW_TAKE(db);
    return GW_OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; db->stmts && i < db->schema->query_count; i++)
        (void)sqlite3_finalize(db->stmts[i].raw);
    free(db->stmts);
    (void)sqlite3_close(db->raw); /* rolls back */
    free(db);
}

void db_closep(struct db **db)
{
    db_close(*db);
}

int64_t db_wal_bytes(struct db *db)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 size = 0;
    int rc = sqlite3_file_control(db->raw, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (rc != SQLITE_OK || !wal || !wal->pMethods || wal->pMethods->xFileSize(wal, &size) != SQLITE_OK)
        return 0;
    return size;
}

bool db_wal_over(struct db *db)
{
    return db_wal_bytes(db) > db->wal_max_bytes;
}
