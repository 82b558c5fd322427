/* Devices and certificates. */
#include <string.h>

#include "mem_impl.h"

int mem_cmp_device(const void *a, const void *b)
{
    return strcmp(((const struct device *)a)->id.text, ((const struct device *)b)->id.text);
}

int mem_cmp_cert(const void *a, const void *b)
{
    return memcmp(((const struct device_cert *)a)->sha256.bytes, ((const struct device_cert *)b)->sha256.bytes,
                  GW_SHA256_LEN);
}

/* By device, then age. */
static int by_age(const void *a, const void *b)
{
    const struct device_cert *x = a, *y = b;
    int order = strcmp(x->device.text, y->device.text);
    if (order == 0)
        order = (x->not_before.ms > y->not_before.ms) - (x->not_before.ms < y->not_before.ms);
    return order ? order : mem_cmp_cert(a, b);
}

static enum gw_rc device_get(void *self, const struct gw_device_id *id, struct device *ret_device, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct device like = {.id = *id};
    return mem_get(face, &face->mem->device, &like, ret_device, err);
}

static enum gw_rc device_put(void *self, struct device *device, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->device;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_device(device, err);
    if (rc)
        return rc;
    const struct device *stored = mem_rows_find(t, &t->now, device);
    rc = mem_rev(stored ? stored->rev : 0, &device->rev, err);
    if (!rc)
        mem_table_put(t, device, face->mem->marked);
    return rc;
}

static bool is_behind(const void *row, const void *after)
{
    return strcmp(((const struct device *)row)->id.text, after) > 0;
}

struct device_visit {
    store_device_fn *fn;
    void *ctx;
};

static bool pass_device(void *ctx, const void *row)
{
    const struct device_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc device_each(void *self, const struct gw_device_id *after, int limit, store_device_fn *fn, void *ctx,
                              struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct device_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->device,
        .test = is_behind,
        .arg = after ? after->text : "",
        .limit = limit > 0 ? limit : 0,
    };
    mem_each(face, &visit, pass_device, &v);
    return GW_OK;
}

static bool has_state(const void *row, const void *state)
{
    return ((const struct device *)row)->state == *(const enum device_state *)state;
}

static enum gw_rc device_count(void *self, enum device_state state, int64_t *ret_count, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    *ret_count = mem_count(face, &face->mem->device, has_state, &state);
    return GW_OK;
}

static enum gw_rc cert_put(void *self, const struct device_cert *cert, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_cert(cert, err);
    if (!rc)
        mem_table_put(&face->mem->cert, cert, face->mem->marked);
    return rc;
}

static enum gw_rc cert_get(void *self, const struct gw_sha256 *sha256, struct device_cert *ret_cert, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct device_cert like = {.sha256 = *sha256};
    return mem_get(face, &face->mem->cert, &like, ret_cert, err);
}

struct cert_visit {
    store_cert_fn *fn;
    void *ctx;
};

static bool pass_cert(void *ctx, const void *row)
{
    const struct cert_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc each_cert(const struct mem_face *face, mem_test_fn *test, const void *arg, struct cert_visit v)
{
    struct mem_visit visit = {.table = &face->mem->cert, .test = test, .arg = arg, .cmp = by_age, .limit = -1};
    mem_each(face, &visit, pass_cert, &v);
    return GW_OK;
}

static bool is_of(const void *row, const void *device)
{
    return gw_device_id_eq(&((const struct device_cert *)row)->device, device);
}

static enum gw_rc cert_each_of(void *self, const struct gw_device_id *device, store_cert_fn *fn, void *ctx,
                               struct gw_err *err)
{
    (void)err;
    return each_cert(self, is_of, device, (struct cert_visit){fn, ctx});
}

static bool is_admissible(const void *row, const void *arg)
{
    const struct mem_face *face = arg;
    const struct device_cert *cert = row;
    const struct mem_table *t = &face->mem->device;
    struct device like = {.id = cert->device};
    const struct device *device = mem_rows_find(t, mem_see(face, t), &like);
    return !cert->revoked && device && device_admissible(device->state);
}

struct admitted_visit {
    const struct mem_face *face;
    store_admitted_fn *fn;
    void *ctx;
};

static bool pass_admitted(void *ctx, const void *row)
{
    const struct admitted_visit *v = ctx;
    const struct device_cert *cert = row;
    const struct mem_table *t = &v->face->mem->device;
    const struct device like = {.id = cert->device};
    const struct device *device = mem_rows_find(t, mem_see(v->face, t), &like);
    const struct store_admitted admitted = {cert->device, cert->sha256, cert->not_after,
                                            device->state == DEVICE_QUARANTINED};
    return v->fn(v->ctx, &admitted);
}

static enum gw_rc cert_each_admissible(void *self, store_admitted_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct admitted_visit v = {face, fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->cert, .test = is_admissible, .arg = self, .cmp = by_age, .limit = -1};
    (void)err;
    mem_each(face, &visit, pass_admitted, &v);
    return GW_OK;
}

static bool has_digest(const void *row, const void *sha256)
{
    return gw_sha256_eq(&((const struct device_cert *)row)->sha256, sha256);
}

static enum gw_rc cert_delete(void *self, const struct gw_sha256 *sha256, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->cert, has_digest, sha256, face->mem->marked);
    return rc;
}

void mem_device_ops(struct store_ops *ops)
{
    ops->device_get = device_get;
    ops->device_put = device_put;
    ops->device_each = device_each;
    ops->device_count = device_count;
    ops->cert_put = cert_put;
    ops->cert_get = cert_get;
    ops->cert_each_of = cert_each_of;
    ops->cert_each_admissible = cert_each_admissible;
    ops->cert_delete = cert_delete;
}
