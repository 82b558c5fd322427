/* What SQLite's result codes mean to our callers. */
#include <errno.h>
#include <string.h>

#include "db_impl.h"

static enum gw_rc rc_of_errno(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return GW_NO_SPACE;
    case ENOENT:
        return GW_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return GW_DENIED;
    default:
        return GW_IO;
    }
}

static enum gw_rc rc_of_constraint(int extended)
{
    bool unique = extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY ||
                  extended == SQLITE_CONSTRAINT_ROWID;
    return unique ? GW_EXISTS : GW_INVALID;
}

static enum gw_rc rc_of(int extended, int sys_errno)
{
    switch (extended & 0xff) {
    case SQLITE_FULL:
        return GW_NO_SPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return GW_AGAIN;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return GW_CORRUPT;
    case SQLITE_CONSTRAINT:
        return rc_of_constraint(extended);
    case SQLITE_MISMATCH:
        return GW_INVALID;
    case SQLITE_TOOBIG:
        return GW_TOO_BIG;
    case SQLITE_NOMEM:
        return GW_NO_MEMORY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return GW_DENIED;
    case SQLITE_INTERRUPT:
        return GW_CANCELLED;
    case SQLITE_IOERR:
        return extended == SQLITE_IOERR_NOMEM ? GW_NO_MEMORY : rc_of_errno(sys_errno);
    case SQLITE_CANTOPEN:
        return rc_of_errno(sys_errno);
    default:
        return GW_IO;
    }
}

static int errno_of_file(sqlite3_file *file)
{
    int code = 0;
    if (file && file->pMethods)
        (void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code);
    return code;
}

/* errno behind an I/O error. A failed commit leaves it with the file alone: the WAL's, else the database's. */
static int errno_of(struct db *db)
{
    sqlite3_file *wal = NULL, *file = NULL;
    int code = sqlite3_system_errno(db->raw);
    if (!code && sqlite3_file_control(db->raw, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) == SQLITE_OK)
        code = errno_of_file(wal);
    if (!code && sqlite3_file_control(db->raw, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK)
        code = errno_of_file(file);
    return code;
}

enum gw_rc db_fail(struct db *db, int code, struct gw_err *err)
{
    if (!db->raw)
        return gw_err_set(err, rc_of(code, 0), "%s: %s", db->name, sqlite3_errstr(code));
    int last = sqlite3_extended_errcode(db->raw);
    int extended = (last & 0xff) == (code & 0xff) ? last : code;
    int primary = extended & 0xff;
    int sys_errno = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ? errno_of(db) : 0;
    enum gw_rc rc = rc_of(extended, sys_errno);
    const char *why = sys_errno ? strerrordesc_np(sys_errno) : NULL;
    const char *text = sqlite3_errmsg(db->raw);
    if (why)
        return gw_err_set(err, rc, "%s: %s (%d, %s)", db->name, text, extended, why);
    return gw_err_set(err, rc, "%s: %s (%d)", db->name, text, extended);
}
