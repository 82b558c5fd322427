/* Sealing: the first 256 events of a log's inbox rows become a bundle; rows that hold nothing else go. */
#include "journal_impl.h"

/* A bundle while it is put together. */
struct sealing {
    struct journal_db *j;
    struct gw_buf raw;
    struct gw_buf arrivals;
    int64_t t0, t1;
    int64_t run_ms;
    uint16_t run; /* events of the run that is not written yet */
    uint32_t count;
    int64_t sev_mask;
};

static void end_run(struct sealing *s)
{
    if (s->run == 0)
        return;
    (void)gw_buf_add_u16(&s->arrivals, s->run);
    (void)gw_buf_add_u64(&s->arrivals, (uint64_t)s->run_ms);
    s->run = 0;
}

static bool take_event(void *ctx, const struct journal_event *event)
{
    struct sealing *s = ctx;
    int64_t ms = event->arrived.ms;
    if (s->run > 0 && ms != s->run_ms)
        end_run(s);
    s->run_ms = ms;
    s->run++;
    s->t0 = s->count == 0 || ms < s->t0 ? ms : s->t0;
    s->t1 = s->count == 0 || ms > s->t1 ? ms : s->t1;
    s->sev_mask |= INT64_C(1) << s->j->severity(event->bytes);
    s->count++;
    return log_bundle_add(&s->raw, event->bytes) == GW_OK;
}

static enum gw_rc compress(struct journal_db *j, struct gw_view raw, struct gw_buf *ret_z, struct gw_err *err)
{
    size_t bound = ZSTD_compressBound(raw.len);
    uint8_t *room = gw_buf_reserve(ret_z, bound);
    if (!room)
        return gw_err_set(err, gw_buf_rc(ret_z), "journal: no room to compress a bundle");
    size_t n = ZSTD_compressCCtx(j->zstd_out, room, bound, raw.ptr, raw.len, JOURNAL_ZSTD_LEVEL);
    if (ZSTD_isError(n))
        return gw_err_set(err, GW_NO_MEMORY, "journal: zstd: %s", ZSTD_getErrorName(n));
    gw_buf_commit(ret_z, n);
    return GW_OK;
}

static enum gw_rc store_bundle(struct sealing *s, struct journal_row *row, struct gw_view z, struct gw_err *err)
{
    struct db_stmt *in = db_stmt(s->j->db, SQL_JOURNAL_BUNDLE_INSERT);
    db_bind_str(in, 1, row->device);
    db_bind_i64(in, 2, row->n);
    db_bind_i64(in, 3, (int64_t)row->sealed);
    db_bind_i64(in, 4, s->t0);
    db_bind_i64(in, 5, s->t1);
    db_bind_i64(in, 6, s->sev_mask);
    db_bind_i64(in, 7, (int64_t)s->raw.len);
    db_bind_blob(in, 8, gw_buf_view(&s->arrivals));
    db_bind_blob(in, 9, z);
    enum gw_rc rc = db_run(in, err);
    if (rc)
        return rc;
    row->sealed++;
    row->bundle_raw_bytes += s->raw.len;
    row->bundle_bytes += z.len;
    struct db_stmt *out = db_stmt(s->j->db, SQL_JOURNAL_INBOX_DELETE_TO);
    db_bind_str(out, 1, row->device);
    db_bind_i64(out, 2, row->n);
    db_bind_i64(out, 3, (int64_t)(row->sealed * JOURNAL_BUNDLE));
    return db_run(out, err);
}

static void sealing_done(struct sealing *s)
{
    gw_buf_done(&s->raw);
    gw_buf_done(&s->arrivals);
}

static enum gw_rc seal_one(struct journal_db *j, struct journal_row *row, struct gw_err *err)
{
    GW_CLEANUP(sealing_done) struct sealing s = {.j = j};
    GW_CLEANUP(gw_buf_done) struct gw_buf z;
    gw_buf_init(&s.raw, JOURNAL_BUNDLE_MAX);
    gw_buf_init(&s.arrivals, JOURNAL_BUNDLE * JOURNAL_RUN_BYTES);
    gw_buf_init(&z, ZSTD_COMPRESSBOUND(JOURNAL_BUNDLE_MAX));
    uint64_t from = row->sealed * JOURNAL_BUNDLE;
    struct journal_span span = {row->log.id, from, from + JOURNAL_BUNDLE};
    enum gw_rc rc = journal_events(j, row, &span, take_event, &s, err);
    end_run(&s);
    if (!rc && s.count != JOURNAL_BUNDLE)
        rc = gw_err_set(err, GW_CORRUPT, "journal: %s misses inbox rows", row->device);
    if (!rc && (gw_buf_rc(&s.raw) || gw_buf_rc(&s.arrivals)))
        rc = gw_err_set(err, GW_NO_MEMORY, "journal: no room to seal a bundle");
    if (!rc)
        rc = compress(j, gw_buf_view(&s.raw), &z, err);
    return rc ? rc : store_bundle(&s, row, gw_buf_view(&z), err);
}

void journal_seal_begin(struct journal_db *j)
{
    j->seal_credit = JOURNAL_BUNDLE;
}

enum gw_rc journal_seal(struct journal_db *j, struct journal_row *row, struct gw_err *err)
{
    enum gw_rc rc = GW_OK;
    while (!rc && j->seal_credit >= JOURNAL_BUNDLE && row->log.next - row->sealed * JOURNAL_BUNDLE >= JOURNAL_BUNDLE) {
        j->seal_credit -= JOURNAL_BUNDLE;
        rc = seal_one(j, row, err);
    }
    return rc;
}
