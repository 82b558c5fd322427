/* Everything read again and held against the trees. */
#include "journal_impl.h"

struct check {
    struct journal_db *j;
    struct merkle_range range;
    uint64_t wrong_at; /* valid with wrong */
    bool wrong;
    const struct journal_row *row;
    struct gw_err *err;
};

/* Holds a completed hash of level 1 against the stored one. */
static bool node_matches(struct check *c, uint64_t index, const struct gw_sha256 *hash)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(c->j->db, SQL_JOURNAL_NODE_EACH);
    bool found = false;
    db_bind_str(s, 1, c->row->device);
    db_bind_i64(s, 2, c->row->n);
    db_bind_i64(s, 3, 1);
    db_bind_i64(s, 4, (int64_t)index);
    db_bind_i64(s, 5, (int64_t)index + 1);
    if (db_step(s, &found, c->err) || !found)
        return false;
    return gw_view_eq(db_col_blob(s, 1), gw_view_make(hash->bytes, sizeof(hash->bytes)));
}

static bool check_event(void *ctx, const struct journal_event *event)
{
    struct check *c = ctx;
    struct gw_sha256 leaf, node;
    c->j->hash->leaf(event->bytes, &leaf);
    bool whole = merkle_range_completes(&c->range, c->j->hash, &leaf, 8, &node);
    if (merkle_range_add(&c->range, c->j->hash, &leaf) ||
        (whole && !node_matches(c, event->seq / JOURNAL_BUNDLE, &node))) {
        c->wrong = true;
        c->wrong_at = event->seq;
    }
    return !c->wrong;
}

static enum gw_rc verify_log(struct journal_db *j, const struct journal_row *row, struct gw_err *err)
{
    struct check c = {.j = j, .row = row, .err = err};
    merkle_range_init(&c.range);
    struct journal_span span = {row->log.id, 0, row->log.next};
    enum gw_rc rc = journal_events(j, row, &span, check_event, &c, err);
    if (rc)
        return rc;
    if (c.wrong)
        return gw_err_set(err, GW_CORRUPT, "journal: log %lld of %s is not what its tree says at event %llu",
                          (long long)row->n, row->device, (unsigned long long)c.wrong_at);
    if (memcmp(&c.range, &row->range, sizeof(c.range)) != 0)
        return gw_err_set(err, GW_CORRUPT, "journal: log %lld of %s has another root than is stored", (long long)row->n,
                          row->device);
    return GW_OK;
}

/* Row by row, since walking a log's events needs statements of its own. */
static enum gw_rc next_row(struct journal_db *j, struct journal_row *row, bool *ret_found, struct gw_err *err)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_LOG_NEXT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    enum gw_rc rc = db_step(s, ret_found, err);
    return !rc && *ret_found ? journal_row_read(s, row, err) : rc;
}

enum gw_rc journal_db_verify(struct journal_db *journal, struct gw_err *err)
{
    enum gw_rc rc = db_check(journal->db, err);
    if (!rc)
        rc = journal_snapshot_begin(journal, err);
    if (rc)
        return rc;
    GW_CLEANUP(journal_snapshot_end) struct journal_db *held = journal;
    struct journal_row row = {.n = -1};
    bool found = true;
    while (!rc && found) {
        rc = next_row(held, &row, &found, err);
        if (!rc && found)
            rc = verify_log(held, &row, err);
    }
    return rc;
}
