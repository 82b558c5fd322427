/* The order of appends, and walking along it. */
#include "journal_impl.h"

enum gw_rc journal_growth_begin(struct journal_db *j, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_GROWTH_LAST);
    bool row = false;
    enum gw_rc rc = db_step(s, &row, err);
    if (!rc)
        j->growth = row ? db_col_i64(s, 0) : 0;
    return rc;
}

enum gw_rc journal_growth_note(struct journal_db *j, const struct journal_row *row, uint32_t count, struct gw_err *err)
{
    if (row->log.id.kind == LOG_ROOT)
        return GW_OK;
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_GROWTH_INSERT);
    db_bind_i64(s, 1, ++j->growth);
    db_bind_str(s, 2, row->device);
    db_bind_i64(s, 3, row->n);
    db_bind_i64(s, 4, (int64_t)row->log.next);
    db_bind_i64(s, 5, count);
    return db_run(s, err);
}

/* State of one walk. */
struct walk {
    struct journal_db *j;
    struct journal_row row; /* the log of the append at hand */
    journal_event_fn *fn;
    void *ctx;
    bool stopped;
};

static bool show(void *ctx, const struct journal_event *event)
{
    struct walk *w = ctx;
    if (!w->fn(w->ctx, event))
        w->stopped = true; /* the rest of the append is still shown */
    return true;
}

/* Whose log it is; read again only when it changes from one append to the next. */
static enum gw_rc load_log(struct walk *w, struct db_stmt *s, struct gw_err *err)
{
    char device[GW_DEVICE_ID_MAX + 1];
    if (gw_view_copy_str(db_col_text(s, 1), device, sizeof(device)))
        return gw_err_set(err, GW_CORRUPT, "journal: an append of no device");
    return journal_row_get(w->j, device, db_col_i64(s, 2), &w->row, err);
}

/* From the inbox row of the append, or from where its events lie by now. */
static enum gw_rc show_append(struct walk *w, struct db_stmt *s, struct gw_err *err)
{
    enum gw_rc rc = load_log(w, s, err);
    if (rc)
        return rc;
    int64_t first = db_col_i64(s, 3), count = db_col_i64(s, 4);
    struct journal_span span = {w->row.log.id, (uint64_t)first, (uint64_t)first + (uint64_t)count};
    if (first < 0 || count <= 0 || count > LOG_BATCH_COUNT_MAX || span.to > w->row.log.next)
        return gw_err_set(err, GW_CORRUPT, "journal: an append of %s is damaged", w->row.device);
    if (db_col_is_null(s, 6))
        return journal_events(w->j, &w->row, &span, show, w, err);
    struct gw_view rest = db_col_blob(s, 6), bytes;
    if (log_bundle_check(rest, (uint32_t)count))
        return gw_err_set(err, GW_CORRUPT, "journal: an inbox row of %s is damaged", w->row.device);
    struct journal_event event = {.log = span.log, .seq = span.from, .arrived = {db_col_i64(s, 5)}};
    for (; log_bundle_next(&rest, &bytes); event.seq++) {
        event.bytes = bytes;
        (void)show(w, &event);
    }
    return GW_OK;
}

/* A feed of another journal, or of a later state of this one that is lost, begins anew: better twice than never. */
static void fit_feed(const struct journal_db *j, struct journal_feed *feed)
{
    if (feed->epoch != j->epoch || feed->n > j->growth)
        *feed = (struct journal_feed){.epoch = j->epoch};
}

enum gw_rc journal_grown(void *self, struct journal_feed *feed, journal_event_fn *fn, void *ctx, struct gw_err *err)
{
    enum gw_rc rc = journal_snapshot_begin(self, err);
    if (rc)
        return rc;
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = self;
    rc = journal_growth_begin(j, err);
    if (rc)
        return rc;
    fit_feed(j, feed);
    struct walk w = {.j = j, .fn = fn, .ctx = ctx};
    int64_t deadline_ms = gw_mono_now().ms + JOURNAL_SLICE_MS;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_GROWTH_EACH);
    db_bind_i64(s, 1, feed->n);
    while (!w.stopped && gw_mono_now().ms < deadline_ms) {
        bool row = false;
        rc = db_step(s, &row, err);
        if (rc || !row)
            return rc;
        rc = show_append(&w, s, err);
        if (rc == GW_CORRUPT || rc == GW_NOT_FOUND)
            feed->damaged++; /* a damaged log must not hide the others */
        else if (rc)
            return rc;
        feed->n = db_col_i64(s, 0);
    }
    return GW_OK;
}

enum gw_rc journal_grown_end(void *self, struct journal_feed *ret_end, struct gw_err *err)
{
    struct journal_db *j = self;
    enum gw_rc rc = journal_growth_begin(j, err);
    if (!rc)
        *ret_end = (struct journal_feed){.epoch = j->epoch, .n = j->growth};
    return rc;
}

enum gw_rc journal_grown_forget(void *self, const struct journal_feed *feed, struct gw_err *err)
{
    struct journal_db *j = self;
    if (db_is_read_only(j->db))
        return gw_err_set(err, GW_DENIED, "journal: read-only");
    if (feed->epoch != j->epoch)
        return GW_OK;
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_GROWTH_DELETE);
    db_bind_i64(s, 1, feed->n);
    return db_run(s, err);
}
