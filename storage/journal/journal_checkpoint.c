/* Signed checkpoints: the newest of each log, all of them as leaves of the root log. */
#include "journal_impl.h"

static enum gw_rc put_note(struct journal_db *j, const struct journal_row *row, const struct journal_checkpoint *note,
                           struct gw_err *err)
{
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_CHECKPOINT_PUT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    db_bind_i64(s, 3, (int64_t)note->size);
    db_bind_text(s, 4, note->note);
    return db_run(s, err);
}

static enum gw_rc add_leaf(struct journal_db *j, struct gw_view note, struct gw_wall now, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, 2 + JOURNAL_NOTE_MAX);
    struct journal_row root;
    enum gw_rc rc = log_bundle_add(&bundle, note);
    if (rc)
        return gw_err_set(err, rc, "journal: a checkpoint of %zu bytes", note.len);
    rc = journal_row_own(j, LOG_ROOT, NULL, now, &root, err);
    return rc ? rc : journal_append(j, &root, gw_buf_view(&bundle), 1, now, err);
}

static enum gw_rc put_one(struct journal_db *j, const struct journal_checkpoint *note, struct gw_wall now,
                          struct gw_err *err)
{
    struct journal_row row;
    if (note->note.len == 0 || note->note.len > JOURNAL_NOTE_MAX)
        return gw_err_set(err, GW_INVALID, "journal: a checkpoint of %zu bytes", note->note.len);
    enum gw_rc rc = journal_row_find(j, &note->log, &row, err);
    if (rc)
        return rc;
    if (note->size > row.log.next)
        return gw_err_set(err, GW_INVALID, "journal: a checkpoint beyond the log of %s", row.device);
    if (note->size < row.log.signed_size)
        return gw_err_set(err, GW_CONFLICT, "journal: a larger checkpoint of %s is there", row.device);
    row.log.signed_size = note->size;
    rc = put_note(j, &row, note, err);
    if (!rc)
        rc = journal_row_save(j, &row, err);
    return rc || note->log.kind == LOG_ROOT ? rc : add_leaf(j, note->note, now, err);
}

enum gw_rc journal_checkpoint_put(void *self, const struct journal_checkpoint *notes, size_t count, struct gw_wall now,
                                  struct gw_err *err)
{
    struct journal_db *j = self;
    enum gw_rc rc = db_is_read_only(j->db) ? gw_err_set(err, GW_DENIED, "journal: read-only") : db_begin(j->db, err);
    if (rc)
        return rc;
    journal_seal_begin(j);
    for (size_t i = 0; !rc && i < count; i++)
        rc = put_one(j, &notes[i], now, err);
    if (!rc)
        return db_commit(j->db, err);
    db_rollback(j->db);
    return rc;
}

enum gw_rc journal_checkpoint_get(void *self, const struct log_id *log, uint64_t *ret_size, struct gw_buf *ret_note,
                                  struct gw_err *err)
{
    enum gw_rc rc = journal_snapshot_begin(self, err);
    if (rc)
        return rc;
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = self;
    struct journal_row row;
    rc = journal_row_find(j, log, &row, err);
    if (rc)
        return rc;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_CHECKPOINT_GET);
    bool found = false;
    db_bind_str(s, 1, row.device);
    db_bind_i64(s, 2, row.n);
    rc = db_step(s, &found, err);
    if (rc || !found)
        return rc ? rc : gw_err_set(err, GW_NOT_FOUND, "journal: the log of %s has no checkpoint", row.device);
    *ret_size = (uint64_t)db_col_i64(s, 0);
    return gw_buf_add_view(ret_note, db_col_text(s, 1));
}
