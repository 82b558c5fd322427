/* Reading: positions, events, lists, figures. Every call within one snapshot of its own. */
#include "journal_impl.h"

enum gw_rc journal_snapshot_begin(struct journal_db *j, struct gw_err *err)
{
    return db_begin(j->db, err);
}

void journal_snapshot_end(struct journal_db **j)
{
    if (*j)
        db_rollback((*j)->db);
}

/* Begins the snapshot that ends with the scope of `held`. */
static enum gw_rc hold(void *self, struct journal_db **held, struct gw_err *err)
{
    enum gw_rc rc = journal_snapshot_begin(self, err);
    *held = rc ? NULL : self;
    return rc;
}

enum gw_rc journal_position(void *self, const struct gw_device_id *device, struct journal_position *ret_position,
                            struct gw_err *err)
{
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = NULL;
    enum gw_rc rc = hold(self, &j, err);
    if (rc)
        return rc;
    int64_t current = -1;
    {
        GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_SOURCE_GET);
        bool found = false;
        db_bind_str(s, 1, device->text);
        rc = db_step(s, &found, err);
        if (!rc && (!found || db_col_is_null(s, 0)))
            rc = gw_err_set(err, GW_NOT_FOUND, "journal: %s has no log", device->text);
        if (!rc)
            current = db_col_i64(s, 0);
    }
    struct journal_row row;
    if (!rc)
        rc = journal_row_get(j, device->text, current, &row, err);
    if (!rc)
        journal_row_position(j, &row, ret_position);
    return rc;
}

enum gw_rc journal_read(void *self, const struct journal_span *span, journal_event_fn *fn, void *ctx,
                        struct gw_err *err)
{
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = NULL;
    struct journal_row row;
    enum gw_rc rc = hold(self, &j, err);
    if (!rc)
        rc = journal_row_find(j, &span->log, &row, err);
    return rc ? rc : journal_events(j, &row, span, fn, ctx, err);
}

static enum gw_rc each_row(struct db_stmt *s, bool pass_damaged, journal_log_fn *fn, void *ctx, struct gw_err *err)
{
    bool row = true;
    while (row) {
        struct journal_row r;
        enum gw_rc rc = db_step(s, &row, err);
        if (!rc && row)
            rc = journal_row_read(s, &r, err);
        if (rc == GW_CORRUPT && row && pass_damaged)
            continue;
        if (rc)
            return rc;
        if (row && !fn(ctx, &r.log))
            break;
    }
    return GW_OK;
}

enum gw_rc journal_log_each(void *self, const struct gw_device_id *device, journal_log_fn *fn, void *ctx,
                            struct gw_err *err)
{
    struct journal_db *j = self;
    GW_CLEANUP(db_resetp)
    struct db_stmt *s = db_stmt(j->db, device ? SQL_JOURNAL_LOG_EACH_OF : SQL_JOURNAL_LOG_EACH);
    if (device)
        db_bind_str(s, 1, device->text);
    return each_row(s, false, fn, ctx, err);
}

enum gw_rc journal_unsigned_each(void *self, const struct log_id *after, journal_log_fn *fn, void *ctx,
                                 struct gw_err *err)
{
    struct journal_db *j = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_EACH_UNSIGNED);
    db_bind_str(s, 1, after ? journal_row_device(after) : "");
    return each_row(s, true, fn, ctx, err);
}

enum gw_rc journal_evidence(void *self, const struct log_id *log, struct log_batch_head *ret_head,
                            struct gw_buf *ret_bundle, struct gw_err *err)
{
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = NULL;
    struct journal_row row;
    enum gw_rc rc = hold(self, &j, err);
    if (!rc)
        rc = journal_row_find(j, log, &row, err);
    if (rc)
        return rc;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_EVIDENCE_GET);
    bool found = false;
    db_bind_str(s, 1, row.device);
    db_bind_i64(s, 2, row.n);
    rc = db_step(s, &found, err);
    if (rc || !found)
        return rc ? rc : gw_err_set(err, GW_NOT_FOUND, "journal: nothing contradicts this log");
    *ret_head = (struct log_batch_head){
        .epoch = log->epoch, .first = (uint64_t)db_col_i64(s, 0), .count = (uint32_t)db_col_i64(s, 1)};
    return gw_buf_add_view(ret_bundle, db_col_blob(s, 2));
}

/* A statement without placeholders that gives one row of up to six numbers. */
static enum gw_rc numbers(struct journal_db *j, enum sql_journal query, int64_t *out, int count, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, query);
    bool row = false;
    enum gw_rc rc = db_step(s, &row, err);
    for (int i = 0; !rc && i < count; i++)
        out[i] = row ? db_col_i64(s, i) : 0;
    return rc;
}

enum gw_rc journal_stats_get(void *self, struct journal_stats *ret_stats, struct gw_err *err)
{
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = NULL;
    int64_t log[6] = {0}, inbox[1] = {0}, source[1] = {0}, meta[3] = {0};
    enum gw_rc rc = hold(self, &j, err);
    if (!rc)
        rc = numbers(j, SQL_JOURNAL_STATS_LOG, log, 6, err);
    if (!rc)
        rc = numbers(j, SQL_JOURNAL_STATS_INBOX, inbox, 1, err);
    if (!rc)
        rc = numbers(j, SQL_JOURNAL_STATS_SOURCE, source, 1, err);
    if (!rc)
        rc = numbers(j, SQL_JOURNAL_META_GET, meta, 3, err);
    if (rc)
        return rc;
    *ret_stats = (struct journal_stats){
        .logs = (uint64_t)log[0],
        .events = (uint64_t)log[1],
        .raw_bytes = (uint64_t)log[2],
        .bundles = (uint64_t)log[3],
        .bundle_raw_bytes = (uint64_t)log[4],
        .bundle_bytes = (uint64_t)log[5],
        .inbox_rows = (uint64_t)inbox[0],
        .unread = (uint64_t)source[0],
        .evidence = (uint64_t)meta[2],
    };
    return GW_OK;
}
