/* Invitations and pending entries. */
#include <string.h>

#include "mem_impl.h"

int mem_cmp_invite(const void *a, const void *b)
{
    return strcmp(((const struct device_invite *)a)->device.text, ((const struct device_invite *)b)->device.text);
}

int mem_cmp_pending(const void *a, const void *b)
{
    const struct device_pending *x = a, *y = b;
    int order = strcmp(x->device.text, y->device.text);
    return order ? order : memcmp(x->spki_sha256.bytes, y->spki_sha256.bytes, GW_SHA256_LEN);
}

static enum gw_rc invite_get(void *self, const struct gw_device_id *device, struct device_invite *ret_invite,
                             struct gw_err *err)
{
    const struct mem_face *face = self;
    struct device_invite like = {.device = *device};
    return mem_get(face, &face->mem->invite, &like, ret_invite, err);
}

static enum gw_rc invite_put(void *self, struct device_invite *invite, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->invite;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_invite(invite, err);
    if (rc)
        return rc;
    const struct device_invite *stored = mem_rows_find(t, &t->now, invite);
    rc = mem_rev(stored ? stored->rev : 0, &invite->rev, err);
    if (!rc)
        mem_table_put(t, invite, face->mem->marked);
    return rc;
}

static bool is_invite_of(const void *row, const void *device)
{
    return gw_device_id_eq(&((const struct device_invite *)row)->device, device);
}

static enum gw_rc invite_delete(void *self, const struct gw_device_id *device, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->invite, is_invite_of, device, face->mem->marked);
    return rc;
}

static enum gw_rc pending_put(void *self, const struct device_pending *pending, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_pending(pending, err);
    if (!rc)
        mem_table_put(&face->mem->pending, pending, face->mem->marked);
    return rc;
}

static enum gw_rc pending_get(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                              struct device_pending *ret_pending, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct device_pending like = {.device = *device, .spki_sha256 = *spki_sha256};
    return mem_get(face, &face->mem->pending, &like, ret_pending, err);
}

struct pending_visit {
    store_pending_fn *fn;
    void *ctx;
};

static bool pass_pending(void *ctx, const void *row)
{
    const struct pending_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static bool is_pending_of(const void *row, const void *device)
{
    return gw_device_id_eq(&((const struct device_pending *)row)->device, device);
}

static enum gw_rc pending_each(void *self, const struct gw_device_id *device, store_pending_fn *fn, void *ctx,
                               struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct pending_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->pending,
        .test = device ? is_pending_of : NULL,
        .arg = device,
        .limit = -1,
    };
    mem_each(face, &visit, pass_pending, &v);
    return GW_OK;
}

static bool came_from(const void *row, const void *source)
{
    return strcmp(((const struct device_pending *)row)->source, source) == 0;
}

static enum gw_rc pending_count(void *self, const char *source, int64_t *ret_count, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    *ret_count = mem_count(face, &face->mem->pending, source ? came_from : NULL, source);
    return GW_OK;
}

static bool has_pending_key(const void *row, const void *like)
{
    return mem_cmp_pending(row, like) == 0;
}

static enum gw_rc pending_delete(void *self, const struct gw_device_id *device, const struct gw_sha256 *spki_sha256,
                                 struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->pending;
    enum gw_rc rc = mem_may_write(face, err);
    if (rc)
        return rc;
    if (spki_sha256) {
        struct device_pending like = {.device = *device, .spki_sha256 = *spki_sha256};
        mem_table_delete(t, has_pending_key, &like, face->mem->marked);
    } else {
        mem_table_delete(t, is_pending_of, device, face->mem->marked);
    }
    return GW_OK;
}

static bool has_expired(const void *row, const void *now)
{
    return ((const struct device_pending *)row)->expires.ms <= ((const struct gw_wall *)now)->ms;
}

static enum gw_rc pending_delete_expired(void *self, struct gw_wall now, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->pending, has_expired, &now, face->mem->marked);
    return rc;
}

void mem_enrol_ops(struct store_ops *ops)
{
    ops->invite_get = invite_get;
    ops->invite_put = invite_put;
    ops->invite_delete = invite_delete;
    ops->pending_put = pending_put;
    ops->pending_get = pending_get;
    ops->pending_each = pending_each;
    ops->pending_count = pending_count;
    ops->pending_delete = pending_delete;
    ops->pending_delete_expired = pending_delete_expired;
}
