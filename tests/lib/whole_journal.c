#include "journal_impl.h"
#include "whole.h"

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

/* What a walk over the logs has found. */
struct walk {
    struct journal_db *j;
    enum gw_rc rc;
    struct gw_err *err;
};

static bool check_log(void *ctx, const struct journal_log *log)
{
    struct walk *w = ctx;
    struct journal_row row;
    w->rc = journal_row_find(w->j, &log->id, &row, w->err);
    if (!w->rc)
        w->rc = verify_log(w->j, &row, w->err);
    return !w->rc;
}

enum gw_rc whole_journal(struct journal_db *journal, struct gw_err *err)
{
    struct walk w = {.j = journal, .err = err};
    enum gw_rc rc = whole_db(journal->db, err);
    if (!rc)
        rc = journal_log_each(journal, NULL, check_log, &w, err);
    return rc ? rc : w.rc;
}
