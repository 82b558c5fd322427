#include "journal_db.h"

#include "journal_impl.h"

static const struct journal_ops ops = {
    .commit = journal_commit,
    .checkpoint_put = journal_checkpoint_put,
    .checkpoint_get = journal_checkpoint_get,
    .unsigned_each = journal_unsigned_each,
    .position = journal_position,
    .root_at = journal_root_at,
    .log_each = journal_log_each,
    .read = journal_read,
    .search = journal_search,
    .grown = journal_grown,
    .grown_end = journal_grown_end,
    .grown_forget = journal_grown_forget,
    .prove_inclusion = journal_prove_inclusion,
    .prove_consistency = journal_prove_consistency,
    .tile = journal_tile,
    .evidence = journal_evidence,
    .stats = journal_stats_get,
};

/* The journal's own epoch: read, or made once. A reader of a file that has none yet finds no log of it either. */
static enum gw_rc load_meta(struct journal_db *j, struct gw_err *err)
{
    bool row = false;
    {
        GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_META_GET);
        enum gw_rc rc = db_step(s, &row, err);
        if (rc)
            return rc;
        if (row)
            j->epoch = (uint64_t)db_col_i64(s, 0);
    }
    if (row || db_is_read_only(j->db))
        return GW_OK;
    gw_random(&j->epoch, sizeof(j->epoch));
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_META_INSERT);
    db_bind_i64(s, 1, (int64_t)j->epoch);
    return db_run(s, err);
}

enum gw_rc journal_db_open(const char *path, const struct journal_options *options, struct journal_db **ret_journal,
                           struct gw_err *err)
{
    GW_CLEANUP(journal_db_closep) struct journal_db *j = gw_xalloc(1, sizeof(*j));
    j->hash = options->hash;
    j->severity = options->severity;
    const struct db_options how = {.mode = options->mode,
                                   .schema = &sql_journal_schema,
                                   .wal_max_bytes =
                                       options->wal_max_bytes ? options->wal_max_bytes : JOURNAL_WAL_MAX_BYTES,
                                   .wal_auto_frames = options->wal_max_bytes ? 0 : JOURNAL_WAL_AUTO_FRAMES,
                                   .vfs = options->vfs,
                                   .fs = options->fs};
    enum gw_rc rc = db_open(path, &how, &j->db, err);
    if (rc)
        return gw_err_wrap(err, rc, "journal");
    j->zstd_out = ZSTD_createCCtx();
    j->zstd_in = ZSTD_createDCtx();
    if (!j->zstd_out || !j->zstd_in)
        return gw_err_set(err, GW_NO_MEMORY, "journal: no room for zstd");
    rc = load_meta(j, err);
    if (rc)
        return gw_err_wrap(err, rc, "journal");
    *ret_journal = GW_TAKE(j);
    return GW_OK;
}

void journal_db_close(struct journal_db *journal)
{
    if (!journal)
        return;
    db_close(journal->db);
    (void)ZSTD_freeCCtx(journal->zstd_out);
    (void)ZSTD_freeDCtx(journal->zstd_in);
    free(journal);
}

void journal_db_closep(struct journal_db **journal)
{
    journal_db_close(*journal);
}

struct journal journal_db_port(struct journal_db *journal)
{
    return (struct journal){.ops = &ops, .self = journal};
}
