#include "whole.h"

#include <string.h>

#include "db_impl.h"

enum gw_rc whole_db(struct db *db, struct gw_err *err)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->raw, "PRAGMA integrity_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    const char *said = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    enum gw_rc result = GW_OK;
    if (!said)
        result = db_fail(db, rc, err);
    else if (strcmp(said, "ok") != 0)
        result = gw_err_set(err, GW_CORRUPT, "%s: %s", db->name, said);
    (void)sqlite3_finalize(s);
    return result;
}
