/* Walking a log's events, wherever they lie. */
#include "journal_impl.h"

enum gw_rc journal_arrivals_next(struct journal_arrivals *a, struct gw_wall *ret_arrived)
{
    while (a->left == 0) {
        uint16_t run;
        uint64_t ms;
        if (gw_read_u16(&a->in, &run) || gw_read_u64(&a->in, &ms))
            return GW_CORRUPT;
        a->left = run;
        a->ms = (int64_t)ms;
    }
    a->left--;
    ret_arrived->ms = a->ms;
    return GW_OK;
}

enum gw_rc journal_bundle_open(struct journal_db *j, struct db_stmt *s, int column, struct gw_buf *ret_raw,
                               struct gw_err *err)
{
    int64_t raw_bytes = db_col_i64(s, column);
    struct gw_view z = db_col_blob(s, column + 2);
    gw_buf_reset(ret_raw);
    if (raw_bytes < 0 || (uint64_t)raw_bytes > JOURNAL_BUNDLE_MAX)
        return gw_err_set(err, GW_CORRUPT, "journal: a bundle of %lld bytes", (long long)raw_bytes);
    uint8_t *room = gw_buf_reserve(ret_raw, (size_t)raw_bytes);
    if (!room)
        return gw_err_set(err, gw_buf_rc(ret_raw), "journal: no room to open a bundle");
    size_t n = ZSTD_decompressDCtx(j->zstd_in, room, (size_t)raw_bytes, z.ptr, z.len);
    if (ZSTD_isError(n) || n != (size_t)raw_bytes)
        return gw_err_set(err, GW_CORRUPT, "journal: a bundle does not decompress");
    gw_buf_commit(ret_raw, n);
    if (log_bundle_check(gw_buf_view(ret_raw), JOURNAL_BUNDLE))
        return gw_err_set(err, GW_CORRUPT, "journal: a bundle does not hold its events");
    return GW_OK;
}

/* State of one walk. */
struct walk {
    struct journal_db *j;
    const struct journal_row *row;
    uint64_t at, to; /* sequence numbers */
    journal_event_fn *fn;
    void *ctx;
    bool stopped;
};

static void show(struct walk *w, struct gw_view bytes, struct gw_wall arrived)
{
    struct journal_event event = {.log = w->row->log.id, .seq = w->at, .arrived = arrived, .bytes = bytes};
    w->at++;
    if (!w->fn(w->ctx, &event))
        w->stopped = true;
}

static enum gw_rc walk_bundle(struct walk *w, struct gw_buf *raw, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(w->j->db, SQL_JOURNAL_BUNDLE_GET);
    uint64_t index = w->at / JOURNAL_BUNDLE, seq = index * JOURNAL_BUNDLE;
    bool row = false;
    db_bind_str(s, 1, w->row->device);
    db_bind_i64(s, 2, w->row->n);
    db_bind_i64(s, 3, (int64_t)index);
    enum gw_rc rc = db_step(s, &row, err);
    if (!rc && !row)
        rc = gw_err_set(err, GW_CORRUPT, "journal: %s misses bundle %llu", w->row->device, (unsigned long long)index);
    if (!rc)
        rc = journal_bundle_open(w->j, s, 0, raw, err);
    if (rc)
        return rc;
    struct journal_arrivals arrivals = {.in = {db_col_blob(s, 1)}};
    struct gw_view rest = gw_buf_view(raw), event;
    for (; seq < w->to && !w->stopped && log_bundle_next(&rest, &event); seq++) {
        struct gw_wall arrived;
        if (journal_arrivals_next(&arrivals, &arrived))
            return gw_err_set(err, GW_CORRUPT, "journal: a bundle's arrivals are damaged");
        if (seq >= w->at)
            show(w, event, arrived);
    }
    return GW_OK;
}

/* The events of one inbox row that are wanted. Rows come in order and without holes. */
static enum gw_rc walk_row(struct walk *w, struct db_stmt *s, struct gw_err *err)
{
    uint64_t seq = (uint64_t)db_col_i64(s, 0), count = (uint64_t)db_col_i64(s, 1);
    struct gw_view rest = db_col_blob(s, 3), event;
    struct gw_wall arrived = {db_col_i64(s, 2)};
    if (count == 0 || count > LOG_BATCH_COUNT_MAX || log_bundle_check(rest, (uint32_t)count))
        return gw_err_set(err, GW_CORRUPT, "journal: an inbox row of %s is damaged", w->row->device);
    if (seq + count <= w->at)
        return GW_OK;
    if (seq > w->at)
        return gw_err_set(err, GW_CORRUPT, "journal: %s has a hole at %llu", w->row->device, (unsigned long long)w->at);
    for (; seq < w->to && !w->stopped && log_bundle_next(&rest, &event); seq++)
        if (seq >= w->at)
            show(w, event, arrived);
    return GW_OK;
}

static enum gw_rc walk_inbox(struct walk *w, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(w->j->db, SQL_JOURNAL_INBOX_EACH_FROM);
    db_bind_str(s, 1, w->row->device);
    db_bind_i64(s, 2, w->row->n);
    db_bind_i64(s, 3, (int64_t)w->at - LOG_BATCH_COUNT_MAX); /* the row that holds `at` begins above this */
    bool row = true;
    enum gw_rc rc = GW_OK;
    while (!rc && w->at < w->to && !w->stopped) {
        rc = db_step(s, &row, err);
        if (!rc && !row)
            return gw_err_set(err, GW_CORRUPT, "journal: %s ends at %llu, before its length", w->row->device,
                              (unsigned long long)w->at);
        if (!rc)
            rc = walk_row(w, s, err);
    }
    return rc;
}

enum gw_rc journal_events(struct journal_db *j, const struct journal_row *row, const struct journal_span *span,
                          journal_event_fn *fn, void *ctx, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf raw;
    gw_buf_init(&raw, JOURNAL_BUNDLE_MAX);
    struct walk w = {.j = j, .row = row, .at = span->from, .to = span->to, .fn = fn, .ctx = ctx};
    if (w.to > row->log.next)
        w.to = row->log.next;
    enum gw_rc rc = GW_OK;
    while (!rc && w.at < w.to && !w.stopped && w.at / JOURNAL_BUNDLE < row->sealed)
        rc = walk_bundle(&w, &raw, err);
    if (!rc && w.at < w.to && !w.stopped)
        rc = walk_inbox(&w, err);
    return rc;
}
