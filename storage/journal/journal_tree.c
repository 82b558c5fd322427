/* Roots, proofs and tiles out of what is stored. */
#include "journal_impl.h"

/* What merkle_source's fetch works on. */
struct tree {
    struct journal_db *j;
    const struct journal_row *row;
    struct gw_err *err;
};

struct leaves {
    const struct gw_sha256_ops *hash;
    struct merkle_range range;
    struct gw_buf *tile; /* NULL, or where the hashes go */
    bool failed;
};

static bool add_leaf(void *ctx, const struct journal_event *event)
{
    struct leaves *l = ctx;
    struct gw_sha256 leaf;
    l->hash->leaf(event->bytes, &leaf);
    if (l->tile)
        l->failed = gw_buf_add(l->tile, leaf.bytes, sizeof(leaf.bytes)) != GW_OK;
    else
        l->failed = merkle_range_add(&l->range, l->hash, &leaf) != GW_OK;
    return !l->failed;
}

/* Adds the stored tile hashes [from, from + count) of a level to l. GW_CORRUPT when one is missing. */
static enum gw_rc add_nodes(const struct tree *t, unsigned level, uint64_t from, uint64_t count, struct leaves *l)
{
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(t->j->db, SQL_JOURNAL_NODE_EACH);
    db_bind_str(s, 1, t->row->device);
    db_bind_i64(s, 2, t->row->n);
    db_bind_i64(s, 3, level);
    db_bind_i64(s, 4, (int64_t)from);
    db_bind_i64(s, 5, (int64_t)(from + count));
    for (uint64_t i = 0; i < count; i++) {
        bool found = false;
        enum gw_rc rc = db_step(s, &found, t->err);
        struct gw_view hash = !rc && found ? db_col_blob(s, 1) : gw_view_make(NULL, 0);
        if (rc)
            return rc;
        if (hash.len != GW_SHA256_LEN || (uint64_t)db_col_i64(s, 0) != from + i)
            return gw_err_set(t->err, GW_CORRUPT, "journal: %s misses a tree node", t->row->device);
        struct gw_sha256 node;
        memcpy(node.bytes, hash.ptr, sizeof(node.bytes));
        l->failed = l->tile ? gw_buf_add(l->tile, node.bytes, sizeof(node.bytes)) != GW_OK
                            : merkle_range_add(&l->range, l->hash, &node) != GW_OK;
    }
    return GW_OK;
}

/* Adds the hashes [from, from + count) of a tile level, which must exist. */
static enum gw_rc add_hashes(const struct tree *t, unsigned level, uint64_t from, uint64_t count, struct leaves *l)
{
    enum gw_rc rc;
    if (level == 0) {
        struct journal_span span = {t->row->log.id, from, from + count};
        rc = journal_events(t->j, t->row, &span, add_leaf, l, t->err);
    } else {
        rc = add_nodes(t, level, from, count, l);
    }
    return !rc && l->failed ? gw_err_set(t->err, GW_TOO_BIG, "journal: no room for a tile") : rc;
}

static enum gw_rc fetch(void *ctx, unsigned level, uint64_t index, struct gw_sha256 *ret_hash)
{
    const struct tree *t = ctx;
    unsigned tile_level = level / 8 < JOURNAL_NODE_LEVELS ? level / 8 : JOURNAL_NODE_LEVELS;
    unsigned above = level - 8 * tile_level;
    struct leaves l = {.hash = t->j->hash};
    merkle_range_init(&l.range);
    enum gw_rc rc = add_hashes(t, tile_level, index << above, UINT64_C(1) << above, &l);
    if (!rc && l.range.size != UINT64_C(1) << above)
        rc = gw_err_set(t->err, GW_CORRUPT, "journal: %s is shorter than its tree", t->row->device);
    if (!rc)
        merkle_range_root(&l.range, t->j->hash, ret_hash);
    return rc;
}

/* Snapshot, the log's row, and a source over it: the opening of every call here. */
struct opened {
    struct journal_db *j; /* NULL when there is no snapshot to end */
    struct journal_row row;
    struct tree tree;
    struct merkle_source source;
};

static void opened_done(struct opened *o)
{
    journal_snapshot_end(&o->j);
}

static enum gw_rc open_log(struct opened *o, void *self, const struct log_id *log, uint64_t size, struct gw_err *err)
{
    enum gw_rc rc = journal_snapshot_begin(self, err);
    if (rc)
        return rc;
    o->j = self;
    rc = journal_row_find(o->j, log, &o->row, err);
    if (rc)
        return rc;
    if (size > o->row.log.next)
        return gw_err_set(err, GW_INVALID, "journal: the log of %s is not that long", o->row.device);
    o->tree = (struct tree){o->j, &o->row, err};
    o->source = (struct merkle_source){o->j->hash, fetch, &o->tree};
    return GW_OK;
}

enum gw_rc journal_root_at(void *self, const struct log_id *log, uint64_t size, struct gw_sha256 *ret_root,
                           struct gw_err *err)
{
    GW_CLEANUP(opened_done) struct opened o = {.j = NULL};
    enum gw_rc rc = open_log(&o, self, log, size, err);
    if (rc)
        return rc;
    if (size < o.row.log.next)
        return merkle_source_root(&o.source, size, ret_root);
    merkle_range_root(&o.row.range, o.j->hash, ret_root);
    return GW_OK;
}

enum gw_rc journal_prove_inclusion(void *self, const struct log_id *log, uint64_t index, uint64_t size,
                                   struct merkle_proof *ret_proof, struct gw_err *err)
{
    GW_CLEANUP(opened_done) struct opened o = {.j = NULL};
    enum gw_rc rc = open_log(&o, self, log, size, err);
    if (!rc && index >= size)
        rc = gw_err_set(err, GW_INVALID, "journal: the tree has no such leaf");
    return rc ? rc : merkle_prove_inclusion(&o.source, index, size, ret_proof);
}

enum gw_rc journal_prove_consistency(void *self, const struct log_id *log, uint64_t old_size, uint64_t new_size,
                                     struct merkle_proof *ret_proof, struct gw_err *err)
{
    GW_CLEANUP(opened_done) struct opened o = {.j = NULL};
    enum gw_rc rc = open_log(&o, self, log, new_size, err);
    if (!rc && old_size > new_size)
        rc = gw_err_set(err, GW_INVALID, "journal: the older tree is the larger one");
    return rc ? rc : merkle_prove_consistency(&o.source, old_size, new_size, ret_proof);
}

static bool add_entry(void *ctx, const struct journal_event *event)
{
    return log_bundle_add(ctx, event->bytes) == GW_OK;
}

enum gw_rc journal_tile(void *self, const struct log_id *log, const struct tile_path *path, struct gw_buf *ret_bytes,
                        struct gw_err *err)
{
    char text[TILE_PATH_MAX];
    GW_CLEANUP(opened_done) struct opened o = {.j = NULL};
    enum gw_rc rc = tile_path_format(path, text);
    if (rc)
        return gw_err_set(err, rc, "journal: no such tile path");
    rc = open_log(&o, self, log, 0, err);
    uint64_t from = path->index * TILE_WIDTH, end = from + path->width;
    if (!rc && end > o.row.log.next >> (8 * path->level))
        rc = gw_err_set(err, GW_NOT_FOUND, "journal: the log does not reach %s", text);
    if (rc)
        return rc;
    if (path->entries) {
        struct journal_span span = {*log, from, end};
        rc = journal_events(o.j, &o.row, &span, add_entry, ret_bytes, err);
        return rc ? rc : gw_buf_rc(ret_bytes);
    }
    struct leaves l = {.hash = o.j->hash, .tile = ret_bytes};
    return add_hashes(&o.tree, path->level, from, path->width, &l);
}
