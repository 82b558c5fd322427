#include "log_check.h"

#include <inttypes.h>
#include <string.h>

#include "crypto_note.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "log_tiles.h"
#include "merkle_range.h"

#define CHECKPOINT_FILE "checkpoint"

/* Where two accounts of the same thing part. */
struct parting {
    bool found;
    struct tile_path tile; /* of the hash */
    uint64_t entry;        /* level 0: the event; above: the hash within its level */
};

struct work {
    struct log_check *check;
    const struct log_source *source;
    struct gw_err *err;
    struct merkle_range of_events, of_tiles;
    struct gw_buf level;            /* hashes of the level at hand, as the events give them */
    struct parting at_leaf;         /* events against level 0 */
    struct parting at_upper;        /* the same against a higher level */
    const struct log_claim *claim;  /* next to compare */
    const struct log_claim *broken; /* first that does not hold */
    struct gw_buf file, tile;
};

static void work_done(struct work *w)
{
    gw_buf_done(&w->level);
    gw_buf_done(&w->file);
    gw_buf_done(&w->tile);
}

enum gw_rc log_check_note(struct gw_view bytes, const struct note_key *key, struct checkpoint *ret_checkpoint,
                          struct gw_err *err)
{
    struct note note;
    enum gw_rc rc = note_parse(bytes, &note, err);
    if (rc)
        return rc;
    rc = note_verify(&note, key, crypto_note_verify, NULL);
    if (rc == GW_NOT_FOUND)
        return gw_err_set(err, GW_DENIED, "it is not signed by the key %s+%08" PRIx32, key->name, key->key_id);
    if (rc)
        return gw_err_set(err, GW_CORRUPT, "its signature is wrong: text or signature were altered");
    return checkpoint_parse(note.text, ret_checkpoint, err);
}

static enum gw_rc check_head(struct work *w)
{
    struct log_check *c = w->check;
    enum gw_rc rc = w->source->fetch(w->source->ctx, CHECKPOINT_FILE, &w->file, w->err);
    if (rc)
        return gw_err_wrap(w->err, rc, "%s", c->name);
    rc = log_check_note(gw_buf_view(&w->file), c->key, &c->checkpoint, w->err);
    if (rc)
        return gw_err_wrap(w->err, rc, "%s: " CHECKPOINT_FILE, c->name);
    char origin[CHECKPOINT_ORIGIN_MAX];
    int n = snprintf(origin, sizeof(origin), "%s/%s", c->key->name, c->name);
    if (n < 0 || (size_t)n >= sizeof(origin) || strcmp(origin, c->checkpoint.origin) != 0)
        return gw_err_set(w->err, GW_CORRUPT, "%s: " CHECKPOINT_FILE " is that of %s", c->name, c->checkpoint.origin);
    return GW_OK;
}

static enum gw_rc fetch_tile(struct work *w, const struct tile_path *path, struct gw_buf *ret_bytes)
{
    char file[TILE_PATH_MAX];
    gw_buf_reset(ret_bytes);
    enum gw_rc rc = tile_path_format(path, file);
    if (rc)
        return gw_err_set(w->err, rc, "%s: the log is too long", w->check->name);
    rc = w->source->fetch(w->source->ctx, file, ret_bytes, w->err);
    if (rc)
        return gw_err_wrap(w->err, rc, "%s", w->check->name);
    if (!path->entries && ret_bytes->len != (size_t)path->width * GW_SHA256_LEN)
        return gw_err_set(w->err, GW_CORRUPT, "%s: %s has %zu bytes, not %d", w->check->name, file, ret_bytes->len,
                          path->width * GW_SHA256_LEN);
    return GW_OK;
}

/* The first entry of a broken bundle that is not what level 0 says; behind the last when all that can be read is. */
static uint64_t first_wrong(struct work *w, const struct tile_path *tile)
{
    struct gw_view rest = gw_buf_view(&w->file), event;
    uint64_t i = 0;
    for (; i < tile->width && log_bundle_next(&rest, &event); i++) {
        struct gw_sha256 leaf;
        w->check->hash->leaf(event, &leaf);
        if (memcmp(leaf.bytes, w->tile.ptr + i * GW_SHA256_LEN, GW_SHA256_LEN) != 0)
            break;
    }
    return tile->index * TILE_WIDTH + i;
}

/* The bundle into w->file, its hashes into w->tile. */
static enum gw_rc fetch_entries(struct work *w, const struct tile_path *tile)
{
    struct tile_path entries = *tile;
    entries.entries = true;
    enum gw_rc rc = fetch_tile(w, tile, &w->tile);
    if (!rc)
        rc = fetch_tile(w, &entries, &w->file);
    if (rc || log_bundle_check(gw_buf_view(&w->file), entries.width) == GW_OK)
        return rc;
    char file[TILE_PATH_MAX];
    (void)!tile_path_format(&entries, file);
    return gw_err_set(w->err, GW_CORRUPT, "%s: %s does not hold its %d entries: it breaks at entry %" PRIu64,
                      w->check->name, file, entries.width, first_wrong(w, tile));
}

static void compare_claims(struct work *w)
{
    if (w->check->claim_count == 0)
        return;
    const struct log_claim *end = w->check->claims + w->check->claim_count;
    if (w->claim == end || w->claim->size != w->of_events.size)
        return;
    struct gw_sha256 root;
    merkle_range_root(&w->of_events, w->check->hash, &root);
    for (; w->claim < end && w->claim->size == w->of_events.size; w->claim++) {
        if (gw_sha256_eq(&root, &w->claim->root))
            w->check->claims_held++;
        else if (!w->broken)
            w->broken = w->claim;
    }
}

static enum gw_rc add_event(struct work *w, const struct tile_path *tile, unsigned at, struct gw_view event)
{
    const struct gw_sha256_ops *hash = w->check->hash;
    struct gw_sha256 leaf, stored, whole;
    uint64_t index = w->of_events.size;
    hash->leaf(event, &leaf);
    memcpy(stored.bytes, w->tile.ptr + (size_t)at * GW_SHA256_LEN, GW_SHA256_LEN);
    if (!w->at_leaf.found && !gw_sha256_eq(&leaf, &stored))
        w->at_leaf = (struct parting){true, *tile, index};
    if (merkle_range_completes(&w->of_events, hash, &leaf, 8, &whole))
        (void)gw_buf_add(&w->level, whole.bytes, sizeof(whole.bytes));
    enum gw_rc rc = merkle_range_add(&w->of_events, hash, &leaf);
    if (!rc)
        rc = merkle_range_add(&w->of_tiles, hash, &stored);
    if (rc)
        return gw_err_set(w->err, rc, "%s: the log is too long", w->check->name);
    compare_claims(w);
    return w->check->visit ? w->check->visit(w->check->visit_ctx, index, event, w->err) : GW_OK;
}

static enum gw_rc check_bundle(struct work *w, uint64_t index)
{
    struct tile_path tile = log_tiles_at(w->check->checkpoint.size, 0, index);
    enum gw_rc rc = fetch_entries(w, &tile);
    struct gw_view rest = gw_buf_view(&w->file), event;
    for (unsigned i = 0; !rc && log_bundle_next(&rest, &event); i++)
        rc = add_event(w, &tile, i, event);
    return rc;
}

/* The hashes of the next level: each over 256 of this one. */
static enum gw_rc climb(struct work *w)
{
    size_t above = w->level.len / GW_SHA256_LEN / TILE_WIDTH;
    for (size_t i = 0; i < above; i++) {
        struct merkle_range range;
        struct gw_sha256 hash;
        merkle_range_init(&range);
        for (size_t k = 0; k < TILE_WIDTH; k++) {
            memcpy(hash.bytes, w->level.ptr + (i * TILE_WIDTH + k) * GW_SHA256_LEN, GW_SHA256_LEN);
            enum gw_rc rc = merkle_range_add(&range, w->check->hash, &hash);
            if (rc)
                return rc;
        }
        merkle_range_root(&range, w->check->hash, &hash);
        memcpy(w->level.ptr + i * GW_SHA256_LEN, hash.bytes, GW_SHA256_LEN);
    }
    w->level.len = above * GW_SHA256_LEN;
    return GW_OK;
}

static enum gw_rc check_level(struct work *w, unsigned level)
{
    uint64_t width = w->level.len / GW_SHA256_LEN;
    for (uint64_t index = 0; index * TILE_WIDTH < width; index++) {
        struct tile_path path = log_tiles_at(w->check->checkpoint.size, level, index);
        enum gw_rc rc = fetch_tile(w, &path, &w->tile);
        if (rc)
            return rc;
        const uint8_t *ours = w->level.ptr + index * TILE_WIDTH * GW_SHA256_LEN;
        for (size_t i = 0; i < path.width && !w->at_upper.found; i++)
            if (memcmp(ours + i * GW_SHA256_LEN, w->tile.ptr + i * GW_SHA256_LEN, GW_SHA256_LEN) != 0)
                w->at_upper = (struct parting){true, path, index * TILE_WIDTH + i};
    }
    return GW_OK;
}

static enum gw_rc read_all(struct work *w)
{
    uint64_t size = w->check->checkpoint.size;
    enum gw_rc rc = GW_OK;
    for (uint64_t index = 0; !rc && index * TILE_WIDTH < size; index++)
        rc = check_bundle(w, index);
    if (!rc && gw_buf_rc(&w->level))
        rc = gw_err_set(w->err, GW_NO_MEMORY, "%s: no memory for its tree", w->check->name);
    for (unsigned level = 1; !rc && w->level.len > 0; level++) {
        rc = check_level(w, level);
        if (!rc)
            rc = climb(w);
    }
    return rc;
}

/* Names the tile where accounts part, and its entry bundle. */
static void name_files(const struct parting *at, char tile[TILE_PATH_MAX], char entries[TILE_PATH_MAX])
{
    struct tile_path path = at->tile;
    (void)!tile_path_format(&path, tile);
    path.entries = true;
    path.level = 0;
    (void)!tile_path_format(&path, entries);
}

/* The events do not give the signed root. */
static enum gw_rc blame(struct work *w)
{
    const struct log_check *c = w->check;
    char tile[TILE_PATH_MAX], entries[TILE_PATH_MAX];
    struct gw_sha256 root;
    if (!w->at_leaf.found)
        return gw_err_set(w->err, GW_CORRUPT, "%s: its %" PRIu64 " entr%s not the root that " CHECKPOINT_FILE " signs",
                          c->name, c->checkpoint.size, c->checkpoint.size == 1 ? "y has" : "ies have");
    merkle_range_root(&w->of_tiles, c->hash, &root);
    name_files(&w->at_leaf, tile, entries);
    if (gw_sha256_eq(&root, &c->checkpoint.root))
        return gw_err_set(w->err, GW_CORRUPT, "%s: %s: entry %" PRIu64 " was altered: it is not what was signed",
                          c->name, entries, w->at_leaf.entry);
    return gw_err_set(w->err, GW_CORRUPT,
                      "%s: entry %" PRIu64
                      " of %s does not have its hash in %s, and neither file gives the signed root",
                      c->name, w->at_leaf.entry, entries, tile);
}

static enum gw_rc judge(struct work *w)
{
    const struct log_check *c = w->check;
    char tile[TILE_PATH_MAX], entries[TILE_PATH_MAX];
    struct gw_sha256 root;
    merkle_range_root(&w->of_events, c->hash, &root);
    if (!gw_sha256_eq(&root, &c->checkpoint.root))
        return blame(w);
    const struct parting *at = w->at_leaf.found ? &w->at_leaf : &w->at_upper;
    if (at->found) {
        name_files(at, tile, entries);
        return gw_err_set(w->err, GW_CORRUPT,
                          "%s: %s: hash %" PRIu64 " of its level was altered: the entries give another", c->name, tile,
                          at->entry);
    }
    if (w->broken)
        return gw_err_set(w->err, GW_CORRUPT,
                          "%s: its first %" PRIu64 " entries are not those that the root log's entry %" PRIu64
                          " signed: the log was rewritten",
                          c->name, w->broken->size, w->broken->index);
    return GW_OK;
}

enum gw_rc log_check_run(struct log_check *check, const struct log_source *source, struct gw_err *err)
{
    GW_CLEANUP(work_done) struct work w = {.check = check, .source = source, .err = err, .claim = check->claims};
    gw_buf_init(&w.file, LOG_CHECK_FILE_MAX);
    gw_buf_init(&w.tile, (size_t)TILE_WIDTH * GW_SHA256_LEN * 2);
    gw_buf_init(&w.level, (size_t)1 << 32);
    merkle_range_init(&w.of_events);
    merkle_range_init(&w.of_tiles);
    check->claims_held = 0;
    enum gw_rc rc = check_head(&w);
    if (!rc)
        compare_claims(&w); /* those of size 0 */
    if (!rc)
        rc = read_all(&w);
    return rc ? rc : judge(&w);
}
