/* Adding events to a log: tree, inbox row, nodes. */
#include "journal_impl.h"

static enum gw_rc insert_node(struct journal_db *j, const struct journal_row *row, unsigned level, uint64_t index,
                              const struct gw_sha256 *hash, struct gw_err *err)
{
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_NODE_INSERT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    db_bind_i64(s, 3, level);
    db_bind_i64(s, 4, (int64_t)index);
    db_bind_blob(s, 5, gw_view_make(hash->bytes, sizeof(hash->bytes)));
    return db_run(s, err);
}

/* Stores what the next leaf completes: one tile hash of level 1 in 256 leaves, of level 2 in 65,536 … */
static enum gw_rc complete_nodes(struct journal_db *j, const struct journal_row *row, const struct gw_sha256 *leaf,
                                 struct gw_err *err)
{
    for (unsigned level = 1; level <= JOURNAL_NODE_LEVELS; level++) {
        struct gw_sha256 hash;
        if (!merkle_range_completes(&row->range, j->hash, leaf, 8 * level, &hash))
            return GW_OK;
        enum gw_rc rc = insert_node(j, row, level, row->range.size >> (8 * level), &hash, err);
        if (rc)
            return rc;
    }
    return GW_OK;
}

static enum gw_rc grow_tree(struct journal_db *j, struct journal_row *row, struct gw_view bundle, struct gw_err *err)
{
    struct gw_view event;
    while (log_bundle_next(&bundle, &event)) {
        struct gw_sha256 leaf;
        j->hash->leaf(event, &leaf);
        enum gw_rc rc = complete_nodes(j, row, &leaf, err);
        if (rc)
            return rc;
        if (merkle_range_add(&row->range, j->hash, &leaf))
            return gw_err_set(err, GW_TOO_BIG, "journal: log of %s is full", row->device);
    }
    return GW_OK;
}

static enum gw_rc insert_inbox(struct journal_db *j, const struct journal_row *row, struct gw_view bundle,
                               uint32_t count, struct gw_wall arrived, struct gw_err *err)
{
    struct db_stmt *s = db_stmt(j->db, SQL_JOURNAL_INBOX_INSERT);
    db_bind_str(s, 1, row->device);
    db_bind_i64(s, 2, row->n);
    db_bind_i64(s, 3, (int64_t)row->log.next);
    db_bind_i64(s, 4, count);
    db_bind_i64(s, 5, arrived.ms);
    db_bind_blob(s, 6, bundle);
    return db_run(s, err);
}

enum gw_rc journal_append(struct journal_db *j, struct journal_row *row, struct gw_view bundle, uint32_t count,
                          struct gw_wall arrived, struct gw_err *err)
{
    enum gw_rc rc = insert_inbox(j, row, bundle, count, arrived, err);
    if (!rc)
        rc = journal_growth_note(j, row, count, err);
    if (!rc)
        rc = grow_tree(j, row, bundle, err);
    if (rc)
        return rc;
    row->log.next += count;
    row->log.raw_bytes += bundle.len;
    row->log.changed = arrived;
    j->seal_credit += 2 * (uint64_t)count;
    rc = journal_seal(j, row, err);
    return rc ? rc : journal_row_save(j, row, err);
}
