/* Rows of the table log. */
#include "journal_impl.h"

const char *journal_row_device(const struct log_id *id)
{
    return id->device.text[0] ? id->device.text : JOURNAL_GATEWAY;
}

enum gw_rc journal_row_read(struct db_stmt *s, struct journal_row *ret_row, struct gw_err *err)
{
    struct journal_row r = {0};
    int64_t kind = db_col_i64(s, 2), next = db_col_i64(s, 4), sealed = db_col_i64(s, 5);
    if (gw_view_copy_str(db_col_text(s, 0), r.device, sizeof(r.device)) || kind < LOG_DEVICE || kind > LOG_ROOT ||
        next < 0 || sealed < 0 || sealed > next / JOURNAL_BUNDLE || merkle_range_parse(db_col_blob(s, 14), &r.range) ||
        r.range.size != (uint64_t)next)
        return gw_err_set(err, GW_CORRUPT, "journal: log row of %s is damaged", r.device);
    r.n = db_col_i64(s, 1);
    r.log.id.kind = (enum log_kind)kind;
    r.log.id.epoch = (uint64_t)db_col_i64(s, 3);
    if (kind == LOG_DEVICE || kind == LOG_LINE)
        memcpy(r.log.id.device.text, r.device, sizeof(r.device));
    r.log.next = (uint64_t)next;
    r.sealed = (uint64_t)sealed;
    r.log.closed = db_col_i64(s, 6) != 0;
    r.log.equivocated = db_col_i64(s, 7) != 0;
    r.log.opened.ms = db_col_i64(s, 8);
    r.log.changed.ms = db_col_i64(s, 9);
    r.log.signed_size = (uint64_t)db_col_i64(s, 10);
    r.log.raw_bytes = (uint64_t)db_col_i64(s, 11);
    r.bundle_raw_bytes = (uint64_t)db_col_i64(s, 12);
    r.bundle_bytes = (uint64_t)db_col_i64(s, 13);
    *ret_row = r;
    return GW_OK;
}

static enum gw_rc read_one(struct db_stmt *s, struct journal_row *ret_row, struct gw_err *err)
{
    bool row = false;
    enum gw_rc rc = db_step(s, &row, err);
    if (rc)
        return rc;
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "journal: there is no such log");
    return journal_row_read(s, ret_row, err);
}

enum gw_rc journal_row_find(struct journal_db *j, const struct log_id *id, struct journal_row *ret_row,
                            struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_FIND);
    db_bind_str(s, 1, journal_row_device(id));
    db_bind_i64(s, 2, id->kind);
    db_bind_i64(s, 3, (int64_t)id->epoch);
    return read_one(s, ret_row, err);
}

enum gw_rc journal_row_get(struct journal_db *j, const char *device, int64_t n, struct journal_row *ret_row,
                           struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_GET);
    db_bind_str(s, 1, device);
    db_bind_i64(s, 2, n);
    return read_one(s, ret_row, err);
}

static enum gw_rc count_logs(struct journal_db *j, const char *device, int64_t *ret_count, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_COUNT);
    bool row = false;
    db_bind_str(s, 1, device);
    enum gw_rc rc = db_step(s, &row, err);
    if (!rc)
        *ret_count = db_col_i64(s, 0);
    return rc;
}

static enum gw_rc insert(struct journal_db *j, const struct journal_row *row, struct gw_err *err)
{
    uint8_t empty[8] = {0}; /* merkle_range_format() of size 0 */
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_INSERT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    db_bind_i64(s, 3, row->log.id.kind);
    db_bind_i64(s, 4, (int64_t)row->log.id.epoch);
    for (int zero = 5; zero <= 8; zero++)
        db_bind_i64(s, zero, 0);
    db_bind_i64(s, 9, row->log.opened.ms);
    db_bind_i64(s, 10, row->log.changed.ms);
    for (int zero = 11; zero <= 14; zero++)
        db_bind_i64(s, zero, 0);
    db_bind_blob(s, 15, gw_view_make(empty, sizeof(empty)));
    return db_run(s, err);
}

enum gw_rc journal_row_new(struct journal_db *j, const struct log_id *id, struct gw_wall now,
                           struct journal_row *ret_row, struct gw_err *err)
{
    struct journal_row r = {.log = {.id = *id, .opened = now, .changed = now}};
    (void)snprintf(r.device, sizeof(r.device), "%s", journal_row_device(id));
    merkle_range_init(&r.range);
    enum gw_rc rc = count_logs(j, r.device, &r.n, err);
    if (!rc)
        rc = insert(j, &r, err);
    if (!rc)
        *ret_row = r;
    return rc;
}

enum gw_rc journal_row_own(struct journal_db *j, enum log_kind kind, const struct gw_device_id *device,
                           struct gw_wall now, struct journal_row *ret_row, struct gw_err *err)
{
    struct log_id id = {.kind = kind, .epoch = j->epoch};
    if (device)
        id.device = *device;
    enum gw_rc rc = journal_row_find(j, &id, ret_row, err);
    return rc == GW_NOT_FOUND ? journal_row_new(j, &id, now, ret_row, err) : rc;
}

enum gw_rc journal_row_save(struct journal_db *j, const struct journal_row *row, struct gw_err *err)
{
    uint8_t room[MERKLE_RANGE_BYTES_MAX + 1];
    struct gw_buf range = {.ptr = room, .cap = sizeof(room), .max = sizeof(room) - 1}; /* never grows */
    enum gw_rc rc = merkle_range_format(&row->range, &range);
    if (rc)
        return gw_err_set(err, rc, "journal: compact range");
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_UPDATE);
    db_bind_i64(s, 1, (int64_t)row->log.next);
    db_bind_i64(s, 2, (int64_t)row->sealed);
    db_bind_i64(s, 3, row->log.closed);
    db_bind_i64(s, 4, row->log.equivocated);
    db_bind_i64(s, 5, row->log.changed.ms);
    db_bind_i64(s, 6, (int64_t)row->log.signed_size);
    db_bind_i64(s, 7, (int64_t)row->log.raw_bytes);
    db_bind_i64(s, 8, (int64_t)row->bundle_raw_bytes);
    db_bind_i64(s, 9, (int64_t)row->bundle_bytes);
    db_bind_blob(s, 10, gw_buf_view(&range));
    db_bind_str(s, 11, row->device);
    db_bind_i64(s, 12, row->n);
    return db_run(s, err);
}

void journal_row_position(struct journal_db *j, const struct journal_row *row, struct journal_position *ret_position)
{
    ret_position->log = row->log.id;
    ret_position->next = row->log.next;
    merkle_range_root(&row->range, j->hash, &ret_position->root);
}
