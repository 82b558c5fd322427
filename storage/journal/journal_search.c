/* Searching, in slices: first what is not sealed, then the bundles from the newest back. */
#include "journal_impl.h"

enum stage { STAGE_INBOX = 0, STAGE_BUNDLES = 1 };

struct search {
    struct journal_db *j;
    const struct journal_filter *filter;
    struct journal_cursor *cursor;
    journal_event_fn *fn;
    void *ctx;
    bool stopped; /* the visitor has had enough, or the time is over: ends behind the row at hand */
    int64_t deadline_ms;
    struct gw_buf raw;
    struct journal_row row; /* the log that the rows at hand belong to */
};

static void search_done(struct search *s)
{
    gw_buf_done(&s->raw);
}

static bool fits(const struct search *s, struct gw_view event, struct gw_wall arrived)
{
    const struct journal_filter *f = s->filter;
    if (arrived.ms < f->from.ms || arrived.ms >= f->to.ms)
        return false;
    if (f->text.len > 0 && (event.len == 0 || !memmem(event.ptr, event.len, f->text.ptr, f->text.len)))
        return false;
    return f->min_sev <= EVENT_SEV_INFO || s->j->severity(event) >= f->min_sev;
}

static void offer(struct search *s, uint64_t seq, struct gw_view event, struct gw_wall arrived)
{
    if (!fits(s, event, arrived))
        return;
    struct journal_event e = {.log = s->row.log.id, .seq = seq, .arrived = arrived, .bytes = event};
    if (!s->fn(s->ctx, &e))
        s->stopped = true;
}

/* Whose log it is; read again only when it changes from one row to the next. */
static enum gw_rc load_log(struct search *s, struct gw_view device, int64_t n, struct gw_err *err)
{
    if (gw_view_eq_str(device, s->row.device) && s->row.n == n)
        return GW_OK;
    char name[GW_DEVICE_ID_MAX + 1];
    if (gw_view_copy_str(device, name, sizeof(name)))
        return gw_err_set(err, GW_CORRUPT, "journal: a row of no device");
    return journal_row_get(s->j, name, n, &s->row, err);
}

static bool wanted_device(const struct search *s, struct gw_view device)
{
    if (s->filter->audit)
        return gw_view_eq_str(device, JOURNAL_GATEWAY) && s->row.log.id.kind == LOG_AUDIT;
    return s->filter->has_device ? gw_view_eq_str(device, s->filter->device.text)
                                 : !gw_view_eq_str(device, JOURNAL_GATEWAY);
}

static bool one_device(const struct search *s)
{
    return s->filter->has_device || s->filter->audit;
}

static const char *wanted_name(const struct search *s)
{
    return s->filter->audit ? JOURNAL_GATEWAY : s->filter->device.text;
}

/* One inbox row; what of it is sealed already is shown with its bundle. */
static enum gw_rc search_row(struct search *s, struct db_stmt *q, struct gw_err *err)
{
    struct gw_view device = db_col_text(q, 0), rest = db_col_blob(q, 5), event;
    uint64_t seq = (uint64_t)db_col_i64(q, 2);
    enum gw_rc rc = load_log(s, device, db_col_i64(q, 1), err);
    if (rc)
        return rc;
    struct gw_wall arrived = {db_col_i64(q, 4)};
    for (; wanted_device(s, device) && log_bundle_next(&rest, &event); seq++)
        if (seq >= s->row.sealed * JOURNAL_BUNDLE)
            offer(s, seq, event, arrived);
    (void)snprintf(s->cursor->device, sizeof(s->cursor->device), "%s", s->row.device);
    s->cursor->log = s->row.n;
    s->cursor->at = db_col_i64(q, 2);
    return GW_OK;
}

static bool out_of_time(struct search *s)
{
    if (gw_mono_now().ms >= s->deadline_ms)
        s->stopped = true;
    return s->stopped;
}

static enum gw_rc search_inbox(struct search *s, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *q = db_stmt(s->j->db, SQL_JOURNAL_INBOX_SEARCH);
    bool begins = s->cursor->device[0] == '\0';
    db_bind_str(q, 1, begins && one_device(s) ? wanted_name(s) : s->cursor->device);
    db_bind_i64(q, 2, begins ? -1 : s->cursor->log);
    db_bind_i64(q, 3, s->cursor->at);
    bool row = true;
    while (!s->stopped) {
        enum gw_rc rc = db_step(q, &row, err);
        if (!rc && row && one_device(s) && !gw_view_eq_str(db_col_text(q, 0), wanted_name(s)))
            row = false; /* they come in order of device: behind the one that is wanted */
        if (!rc && !row)
            break;
        if (!rc)
            rc = search_row(s, q, err);
        if (rc)
            return rc;
        (void)out_of_time(s);
    }
    if (!row) /* (t1, device, log, idx) below: above every key there is */
        *s->cursor = (struct journal_cursor){
            .stage = STAGE_BUNDLES, .t = INT64_MAX, .device = "~", .log = INT64_MAX, .at = INT64_MAX};
    return GW_OK;
}

static enum gw_rc search_bundle(struct search *s, struct db_stmt *q, struct gw_err *err)
{
    struct gw_view device = db_col_text(q, 0), event;
    int64_t index = db_col_i64(q, 2);
    enum gw_rc rc = load_log(s, device, db_col_i64(q, 1), err);
    bool wanted = !rc && wanted_device(s, device);
    if (wanted)
        rc = journal_bundle_open(s->j, q, 4, &s->raw, err);
    if (rc)
        return rc;
    struct journal_arrivals arrivals = {.in = {db_col_blob(q, 5)}};
    struct gw_view rest = gw_buf_view(&s->raw);
    uint64_t seq = (uint64_t)index * JOURNAL_BUNDLE;
    for (; wanted && log_bundle_next(&rest, &event); seq++) {
        struct gw_wall arrived;
        if (journal_arrivals_next(&arrivals, &arrived))
            return gw_err_set(err, GW_CORRUPT, "journal: a bundle's arrivals are damaged");
        offer(s, seq, event, arrived);
    }
    s->cursor->t = db_col_i64(q, 3);
    (void)snprintf(s->cursor->device, sizeof(s->cursor->device), "%s", s->row.device);
    s->cursor->log = s->row.n;
    s->cursor->at = index;
    return GW_OK;
}

/* The severities that are wanted, as a mask. */
static int64_t sev_mask(enum event_sev min_sev)
{
    int64_t mask = 0;
    for (int sev = (int)min_sev; sev <= (int)EVENT_SEV_FATAL; sev++)
        mask |= INT64_C(1) << sev;
    return mask;
}

/* Binds the rest of both bundle queries; `p` is the next placeholder. */
static void bind_bundles(struct search *s, struct db_stmt *q, int p)
{
    db_bind_i64(q, p, s->cursor->log);
    db_bind_i64(q, p + 1, s->cursor->at);
    db_bind_i64(q, p + 2, s->filter->from.ms);
    db_bind_i64(q, p + 3, s->filter->to.ms);
    db_bind_i64(q, p + 4, sev_mask(s->filter->min_sev));
}

static enum gw_rc search_bundles(struct search *s, struct gw_err *err)
{
    bool one = one_device(s);
    GW_CLEANUP(db_resetp)
    struct db_stmt *q = db_stmt(s->j->db, one ? SQL_JOURNAL_BUNDLE_SEARCH_OF : SQL_JOURNAL_BUNDLE_SEARCH);
    if (one) {
        db_bind_str(q, 1, wanted_name(s));
        db_bind_i64(q, 2, s->cursor->t);
    } else {
        db_bind_i64(q, 1, s->cursor->t);
        db_bind_str(q, 2, s->cursor->device);
    }
    bind_bundles(s, q, 3);
    while (!s->stopped) {
        bool row = false;
        enum gw_rc rc = db_step(q, &row, err);
        if (!rc && row)
            rc = search_bundle(s, q, err);
        if (rc)
            return rc;
        if (!row) {
            s->cursor->done = true;
            break;
        }
        (void)out_of_time(s);
    }
    return GW_OK;
}

enum gw_rc journal_search(void *self, const struct journal_filter *filter, struct journal_cursor *cursor,
                          journal_event_fn *fn, void *ctx, struct gw_err *err)
{
    enum gw_rc rc = journal_snapshot_begin(self, err);
    if (rc)
        return rc;
    GW_CLEANUP(journal_snapshot_end) struct journal_db *j = self;
    GW_CLEANUP(search_done)
    struct search s = {.j = j,
                       .filter = filter,
                       .cursor = cursor,
                       .fn = fn,
                       .ctx = ctx,
                       .deadline_ms = gw_mono_now().ms + JOURNAL_SLICE_MS};
    gw_buf_init(&s.raw, JOURNAL_BUNDLE_MAX);
    if (!cursor->done && cursor->stage == STAGE_INBOX)
        rc = search_inbox(&s, err);
    if (!rc && !s.stopped && !cursor->done && cursor->stage == STAGE_BUNDLES)
        rc = search_bundles(&s, err);
    return rc;
}
