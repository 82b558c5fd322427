/* Vendor keys, releases (a row each with its files and envelope) and what is known of products. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "mem_impl.h"

int mem_cmp_vendor_key(const void *a, const void *b)
{
    return strcmp(((const struct vendor_key *)a)->keyid, ((const struct vendor_key *)b)->keyid);
}

int mem_cmp_product(const void *a, const void *b)
{
    return strcmp(((const struct release_product *)a)->product, ((const struct release_product *)b)->product);
}

int mem_cmp_release(const void *a, const void *b)
{
    const struct release_entry *x = &((const struct mem_release *)a)->entry,
                               *y = &((const struct mem_release *)b)->entry;
    int order = strcmp(x->product, y->product);
    if (order)
        return order;
    return (x->release_counter > y->release_counter) - (x->release_counter < y->release_counter);
}

static enum gw_rc vendor_key_put(void *self, const struct vendor_key *key, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_vendor_key(key, err);
    if (!rc)
        mem_table_put(&face->mem->vendor_key, key, face->mem->marked);
    return rc;
}

static enum gw_rc vendor_key_get(void *self, const char *keyid, struct vendor_key *ret_key, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct vendor_key like = {0};
    if (gw_view_copy_str(gw_view_str(keyid), like.keyid, sizeof(like.keyid)) != GW_OK)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    return mem_get(face, &face->mem->vendor_key, &like, ret_key, err);
}

struct key_visit {
    store_vendor_key_fn *fn;
    void *ctx;
};

static bool pass_key(void *ctx, const void *row)
{
    const struct key_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc vendor_key_each(void *self, store_vendor_key_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct key_visit v = {fn, ctx};
    struct mem_visit visit = {.table = &face->mem->vendor_key, .limit = -1};
    mem_each(face, &visit, pass_key, &v);
    return GW_OK;
}

static const struct mem_release *at(const struct mem_face *face, size_t i)
{
    const struct mem_rows *rows = mem_see(face, &face->mem->release);
    return i < rows->count ? (const struct mem_release *)(const void *)(rows->ptr + i * sizeof(struct mem_release))
                           : NULL;
}

static const struct mem_release *find(const struct mem_face *face, const char *id)
{
    const struct mem_release *row;
    for (size_t i = 0; (row = at(face, i)); i++)
        if (strcmp(row->entry.id, id) == 0)
            return row;
    return NULL;
}

static enum gw_rc check_new(const struct mem_face *face, const struct release_entry *e, struct gw_err *err)
{
    const struct mem_release *row;
    if (e->rev != 0)
        return gw_err_set(err, GW_CONFLICT, "a new release has no revision");
    for (size_t i = 0; (row = at(face, i)); i++)
        if (strcmp(row->entry.id, e->id) == 0 ||
            (strcmp(row->entry.product, e->product) == 0 &&
             (row->entry.release_counter == e->release_counter || strcmp(row->entry.version, e->version) == 0)))
            return gw_err_set(err, GW_EXISTS, "the release, its counter or its version is there already");
    return GW_OK;
}

static enum gw_rc release_add(void *self, const struct store_release *release, struct gw_err *err)
{
    struct mem_face *face = self;
    struct release_entry *e = release->entry;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_release(release, err);
    if (!rc)
        rc = check_new(face, e, err);
    if (rc)
        return rc;
    e->rev = 1;
    GW_FREE struct mem_release *row = gw_xalloc(1, sizeof(*row));
    row->entry = *e;
    memcpy(row->files, release->files, e->file_count * sizeof(row->files[0]));
    row->envelope_len = (uint32_t)release->envelope.len;
    if (release->envelope.len)
        memcpy(row->envelope, release->envelope.ptr, release->envelope.len);
    mem_table_put(&face->mem->release, row, face->mem->marked);
    return GW_OK;
}

static enum gw_rc release_put(void *self, struct release_entry *entry, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (rc)
        return rc;
    if (entry->state < RELEASE_STAGED || entry->state > RELEASE_WITHDRAWN)
        return gw_err_set(err, GW_INVALID, "release: no such state");
    const struct mem_release *stored = find(face, entry->id);
    if (!stored)
        return gw_err_set(err, GW_CONFLICT, "there is no such release");
    rc = mem_rev(stored->entry.rev, &entry->rev, err);
    if (rc)
        return rc;
    GW_FREE struct mem_release *row = gw_xalloc(1, sizeof(*row));
    *row = *stored;
    row->entry.state = entry->state;
    row->entry.changed = entry->changed;
    row->entry.damaged = entry->damaged;
    row->entry.rev = entry->rev;
    mem_table_put(&face->mem->release, row, face->mem->marked);
    return GW_OK;
}

static enum gw_rc release_get(void *self, const char *id, struct release_entry *ret_entry, struct gw_err *err)
{
    const struct mem_release *row = find(self, id);
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_entry = row->entry;
    return GW_OK;
}

static enum gw_rc release_find(void *self, const char *product, const char *version, struct release_entry *ret_entry,
                               struct gw_err *err)
{
    const struct mem_release *row;
    for (size_t i = 0; (row = at(self, i)); i++)
        if (strcmp(row->entry.product, product) == 0 && strcmp(row->entry.version, version) == 0) {
            *ret_entry = row->entry;
            return GW_OK;
        }
    return gw_err_set(err, GW_NOT_FOUND, "not in the store");
}

static bool is_behind(const void *row, const void *after)
{
    return mem_cmp_release(row, after) > 0;
}

struct release_visit {
    store_release_fn *fn;
    void *ctx;
};

static bool pass_release(void *ctx, const void *row)
{
    const struct release_visit *v = ctx;
    return v->fn(v->ctx, &((const struct mem_release *)row)->entry);
}

static enum gw_rc release_each(void *self, const struct store_release_after *after, int limit, store_release_fn *fn,
                               void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    GW_FREE struct mem_release *like = gw_xalloc(1, sizeof(*like));
    (void)snprintf(like->entry.product, sizeof(like->entry.product), "%s", after->product);
    like->entry.release_counter = after->release_counter;
    struct release_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->release, .test = is_behind, .arg = like, .limit = limit > 0 ? limit : 0};
    mem_each(face, &visit, pass_release, &v);
    return GW_OK;
}

static enum gw_rc release_files(void *self, const char *id, store_release_file_fn *fn, void *ctx, struct gw_err *err)
{
    (void)err;
    const struct mem_release *row = find(self, id);
    for (size_t i = 0; row && i < row->entry.file_count; i++)
        if (!fn(ctx, &row->files[i]))
            break;
    return GW_OK;
}

static enum gw_rc release_envelope(void *self, const char *id, struct gw_buf *ret_envelope, struct gw_err *err)
{
    const struct mem_release *row = find(self, id);
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    enum gw_rc rc = gw_buf_add(ret_envelope, row->envelope, row->envelope_len);
    return rc ? gw_err_set(err, rc, "release %s: no room for its envelope", id) : GW_OK;
}

static enum gw_rc release_refs(void *self, const struct gw_sha256 *sha256, int64_t *ret_count, struct gw_err *err)
{
    const struct mem_release *row;
    (void)err;
    *ret_count = 0;
    for (size_t i = 0; (row = at(self, i)); i++)
        for (size_t n = 0; row->entry.state == RELEASE_STAGED && n < row->entry.file_count; n++)
            *ret_count += gw_sha256_eq(&row->files[n].file.sha256, sha256);
    return GW_OK;
}

static bool names(const struct mem_release *row, const struct gw_sha256 *sha256)
{
    for (size_t n = 0; n < row->entry.file_count; n++)
        if (gw_sha256_eq(&row->files[n].file.sha256, sha256))
            return true;
    return false;
}

static enum gw_rc release_damage(void *self, const struct gw_sha256 *sha256, struct gw_wall now, int64_t *ret_count,
                                 struct gw_err *err)
{
    struct mem_face *face = self;
    const struct mem_release *stored;
    enum gw_rc rc = mem_may_write(face, err);
    if (rc)
        return rc;
    GW_FREE struct mem_release *row = gw_xalloc(1, sizeof(*row));
    *ret_count = 0;
    for (size_t i = 0; (stored = at(face, i)); i++) {
        if (!release_is_given(&stored->entry) || !names(stored, sha256))
            continue;
        *row = *stored;
        row->entry.damaged = row->entry.changed = now;
        row->entry.rev++;
        mem_table_put(&face->mem->release, row, face->mem->marked);
        ++*ret_count;
    }
    return GW_OK;
}

static enum gw_rc product_get(void *self, const char *product, struct release_product *ret_product, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct release_product like = {0};
    if (gw_view_copy_str(gw_view_str(product), like.product, sizeof(like.product)) != GW_OK)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    return mem_get(face, &face->mem->product, &like, ret_product, err);
}

static enum gw_rc product_put(void *self, const struct release_product *product, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_product(product, err);
    if (!rc)
        mem_table_put(&face->mem->product, product, face->mem->marked);
    return rc;
}

void mem_release_ops(struct store_ops *ops)
{
    ops->vendor_key_put = vendor_key_put;
    ops->vendor_key_get = vendor_key_get;
    ops->vendor_key_each = vendor_key_each;
    ops->release_add = release_add;
    ops->release_put = release_put;
    ops->release_get = release_get;
    ops->release_find = release_find;
    ops->release_each = release_each;
    ops->release_files = release_files;
    ops->release_envelope = release_envelope;
    ops->release_refs = release_refs;
    ops->release_damage = release_damage;
    ops->product_get = product_get;
    ops->product_put = product_put;
}
