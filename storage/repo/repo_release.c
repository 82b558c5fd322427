/* Vendor keys, releases and what is known of products. */
#include <string.h>

#include "gw_cleanup.h"
#include "repo_impl.h"

#define SIGNERS_MAX (VENDOR_SIGNERS_MAX * (VENDOR_KEYID_LEN + 1))

static enum gw_rc read_key(struct db_stmt *s, struct vendor_key *ret_key, struct gw_err *err)
{
    struct vendor_key k = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, k.keyid, sizeof(k.keyid));
    k.spki.len = (uint16_t)repo_row_blob(&r, k.spki.der, sizeof(k.spki.der));
    repo_row_text(&r, k.name, sizeof(k.name));
    k.added.ms = repo_row_i64(&r);
    k.removed.ms = repo_row_i64(&r);
    enum gw_rc rc = repo_row_end(&r, "vendor_key", err);
    if (!rc)
        *ret_key = k;
    return rc;
}

enum gw_rc repo_vendor_key_put(void *self, const struct vendor_key *key, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_vendor_key(key, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_VENDOR_KEY_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, key->keyid);
    repo_arg_bytes(&a, key->spki.der, key->spki.len);
    repo_arg_str(&a, key->name);
    repo_arg_i64(&a, key->added.ms);
    repo_arg_i64(&a, key->removed.ms);
    return db_run(s, err);
}

enum gw_rc repo_vendor_key_get(void *self, const char *keyid, struct vendor_key *ret_key, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_VENDOR_KEY_GET);
    db_bind_str(s, 1, keyid);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_key(s, ret_key, err);
}

enum gw_rc repo_vendor_key_each(void *self, store_vendor_key_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_VENDOR_KEY_EACH);
    struct vendor_key k;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_key(s, &k, err)) && fn(ctx, &k))
        ;
    return rc;
}

static void read_signers(struct repo_row *r, struct release_entry *e)
{
    char text[SIGNERS_MAX + 1];
    repo_row_text(r, text, sizeof(text));
    struct gw_view rest = gw_view_str(r->bad ? "" : text);
    while (rest.len > 0) {
        struct gw_view one = gw_view_cut(rest, ' ', &rest);
        if (e->signer_count == VENDOR_SIGNERS_MAX || one.len != VENDOR_KEYID_LEN) {
            r->bad = true;
            return;
        }
        memcpy(e->signers[e->signer_count++], one.ptr, one.len);
    }
}

static enum gw_rc read_entry(struct db_stmt *s, struct release_entry *ret_entry, struct gw_err *err)
{
    struct release_entry e = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, e.id, sizeof(e.id));
    repo_row_text(&r, e.product, sizeof(e.product));
    e.release_counter = (uint64_t)repo_row_range(&r, 1, RELEASE_COUNTER_MAX);
    e.security_floor = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    repo_row_text(&r, e.version, sizeof(e.version));
    repo_row_text(&r, e.channel, sizeof(e.channel));
    e.security_only = repo_row_bool(&r);
    e.state = (enum release_state)repo_row_range(&r, RELEASE_STAGED, RELEASE_WITHDRAWN);
    e.released_at.ms = repo_row_i64(&r);
    e.expires_at.ms = repo_row_i64(&r);
    e.imported.ms = repo_row_i64(&r);
    e.changed.ms = repo_row_i64(&r);
    repo_row_text(&r, e.imported_by, sizeof(e.imported_by));
    e.bytes = (uint64_t)repo_row_range(&r, 0, INT64_MAX);
    e.file_count = (uint16_t)repo_row_range(&r, 1, RELEASE_FILES_MAX);
    read_signers(&r, &e);
    e.damaged.ms = repo_row_range(&r, 0, INT64_MAX);
    e.rev = repo_row_range(&r, 1, INT64_MAX);
    enum gw_rc rc = repo_row_end(&r, "release_entry", err);
    if (!rc)
        *ret_entry = e;
    return rc;
}

static void join_signers(const struct release_entry *e, char out[SIGNERS_MAX + 1])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < e->signer_count; i++)
        len += (size_t)snprintf(out + len, SIGNERS_MAX + 1 - len, "%s%s", i ? " " : "", e->signers[i]);
}

static enum gw_rc insert_entry(struct repo *repo, const struct store_release *release, struct gw_err *err)
{
    const struct release_entry *e = release->entry;
    char signers[SIGNERS_MAX + 1];
    join_signers(e, signers);
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, e->id);
    repo_arg_str(&a, e->product);
    repo_arg_i64(&a, (int64_t)e->release_counter);
    repo_arg_i64(&a, (int64_t)e->security_floor);
    repo_arg_str(&a, e->version);
    repo_arg_str(&a, e->channel);
    repo_arg_i64(&a, e->security_only);
    repo_arg_i64(&a, e->state);
    repo_arg_i64(&a, e->released_at.ms);
    repo_arg_i64(&a, e->expires_at.ms);
    repo_arg_i64(&a, e->imported.ms);
    repo_arg_i64(&a, e->changed.ms);
    repo_arg_str(&a, e->imported_by);
    repo_arg_i64(&a, (int64_t)e->bytes);
    repo_arg_i64(&a, e->file_count);
    repo_arg_str(&a, signers);
    repo_arg_bytes(&a, release->envelope.ptr, release->envelope.len);
    return db_run(s, err);
}

static enum gw_rc insert_file(struct repo *repo, const char *id, int n, const struct release_entry_file *f,
                              struct gw_err *err)
{
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_FILE_INSERT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, id);
    repo_arg_i64(&a, n);
    repo_arg_i64(&a, f->role);
    repo_arg_str(&a, f->file.name);
    repo_arg_str(&a, f->file.format);
    repo_arg_bytes(&a, f->file.sha256.bytes, GW_SHA256_LEN);
    repo_arg_i64(&a, (int64_t)f->file.size);
    repo_arg_str(&a, f->file.hardware);
    return db_run(s, err);
}

enum gw_rc repo_release_add(void *self, const struct store_release *release, struct gw_err *err)
{
    struct repo *repo = self;
    struct release_entry *e = release->entry;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_release(release, err);
    if (!rc && e->rev != 0)
        rc = gw_err_set(err, GW_CONFLICT, "a new release has no revision");
    if (!rc)
        rc = insert_entry(repo, release, err);
    for (int i = 0; !rc && i < e->file_count; i++)
        rc = insert_file(repo, e->id, i, &release->files[i], err);
    if (!rc)
        e->rev = 1;
    return rc;
}

enum gw_rc repo_release_put(void *self, struct release_entry *entry, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    if (entry->state < RELEASE_STAGED || entry->state > RELEASE_WITHDRAWN)
        return gw_err_set(err, GW_INVALID, "release: no such state");
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_UPDATE);
    struct repo_args a = repo_args(s);
    repo_arg_i64(&a, entry->state);
    repo_arg_i64(&a, entry->changed.ms);
    repo_arg_i64(&a, entry->damaged.ms);
    repo_arg_str(&a, entry->id);
    repo_arg_i64(&a, entry->rev);
    return repo_run_rev(repo, s, &entry->rev, err);
}

enum gw_rc repo_release_get(void *self, const char *id, struct release_entry *ret_entry, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_GET);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_entry(s, ret_entry, err);
}

enum gw_rc repo_release_find(void *self, const char *product, const char *version, struct release_entry *ret_entry,
                             struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_FIND);
    db_bind_str(s, 1, product);
    db_bind_str(s, 2, version);
    enum gw_rc rc = repo_step_one(s, err);
    return rc ? rc : read_entry(s, ret_entry, err);
}

enum gw_rc repo_release_each(void *self, const struct store_release_after *after, int limit, store_release_fn *fn,
                             void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_EACH);
    db_bind_str(s, 1, after->product);
    db_bind_i64(s, 2, (int64_t)after->release_counter);
    db_bind_i64(s, 3, limit > 0 ? limit : 0);
    struct release_entry e;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_entry(s, &e, err)) && fn(ctx, &e))
        ;
    return rc;
}

static enum gw_rc read_file(struct db_stmt *s, struct release_entry_file *ret_file, struct gw_err *err)
{
    struct release_entry_file f = {0};
    struct repo_row r = repo_row(s);
    f.role = (enum release_role)repo_row_range(&r, RELEASE_ROLE_ARTIFACT, RELEASE_ROLE_NOTES);
    repo_row_text(&r, f.file.name, sizeof(f.file.name));
    repo_row_text(&r, f.file.format, sizeof(f.file.format));
    repo_row_bytes(&r, f.file.sha256.bytes, GW_SHA256_LEN);
    f.file.size = (uint64_t)repo_row_range(&r, 0, RELEASE_FILE_BYTES_MAX);
    repo_row_text(&r, f.file.hardware, sizeof(f.file.hardware));
    enum gw_rc rc = repo_row_end(&r, "release_file", err);
    if (!rc)
        *ret_file = f;
    return rc;
}

enum gw_rc repo_release_files(void *self, const char *id, store_release_file_fn *fn, void *ctx, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_FILE_EACH);
    db_bind_str(s, 1, id);
    struct release_entry_file f;
    enum gw_rc rc;
    while (repo_next(s, &rc, err) && !(rc = read_file(s, &f, err)) && fn(ctx, &f))
        ;
    return rc;
}

enum gw_rc repo_release_envelope(void *self, const char *id, struct gw_buf *ret_envelope, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_ENVELOPE);
    db_bind_str(s, 1, id);
    enum gw_rc rc = repo_step_one(s, err);
    if (rc)
        return rc;
    rc = gw_buf_add_view(ret_envelope, db_col_blob(s, 0));
    return rc ? gw_err_set(err, rc, "release %s: no room for its envelope", id) : GW_OK;
}

enum gw_rc repo_release_refs(void *self, const struct gw_sha256 *sha256, int64_t *ret_count, struct gw_err *err)
{
    struct repo *repo = self;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_REFS);
    struct repo_args a = repo_args(s);
    repo_arg_bytes(&a, sha256->bytes, GW_SHA256_LEN);
    repo_arg_i64(&a, RELEASE_STAGED);
    return repo_number(s, ret_count, err);
}

enum gw_rc repo_release_damage(void *self, const struct gw_sha256 *sha256, struct gw_wall now, int64_t *ret_count,
                               struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_RELEASE_DAMAGE);
    struct repo_args a = repo_args(s);
    repo_arg_i64(&a, now.ms);
    repo_arg_i64(&a, RELEASE_STAGED);
    repo_arg_bytes(&a, sha256->bytes, GW_SHA256_LEN);
    rc = db_run(s, err);
    if (!rc)
        *ret_count = db_changes(repo->db);
    return rc;
}

enum gw_rc repo_product_get(void *self, const char *product, struct release_product *ret_product, struct gw_err *err)
{
    struct repo *repo = self;
    GW_CLEANUP(db_resetp) struct db_stmt *s = db_stmt(repo->db, SQL_STORE_PRODUCT_GET);
    db_bind_str(s, 1, product);
    enum gw_rc rc = repo_step_one(s, err);
    if (rc)
        return rc;
    struct release_product p = {0};
    struct repo_row r = repo_row(s);
    repo_row_text(&r, p.product, sizeof(p.product));
    p.counter_seen = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    p.floor_confirmed = (uint64_t)repo_row_range(&r, 0, RELEASE_COUNTER_MAX);
    rc = repo_row_end(&r, "product", err);
    if (!rc)
        *ret_product = p;
    return rc;
}

enum gw_rc repo_product_put(void *self, const struct release_product *product, struct gw_err *err)
{
    struct repo *repo = self;
    enum gw_rc rc = repo_may_write(repo, err);
    if (!rc)
        rc = store_check_product(product, err);
    if (rc)
        return rc;
    struct db_stmt *s = db_stmt(repo->db, SQL_STORE_PRODUCT_PUT);
    struct repo_args a = repo_args(s);
    repo_arg_str(&a, product->product);
    repo_arg_i64(&a, (int64_t)product->counter_seen);
    repo_arg_i64(&a, (int64_t)product->floor_confirmed);
    return db_run(s, err);
}
