/* Users, settings and the outbox of audit events. */
#include <stdio.h>
#include <string.h>

#include "mem_impl.h"

int mem_cmp_user(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

int mem_cmp_setting(const void *a, const void *b)
{
    return strcmp(((const struct mem_setting *)a)->key, ((const struct mem_setting *)b)->key);
}

int mem_cmp_audit(const void *a, const void *b)
{
    int64_t x = ((const struct audit_event *)a)->n, y = ((const struct audit_event *)b)->n;
    return (x > y) - (x < y);
}

static enum gw_rc user_get(void *self, const char *name, struct user *ret_user, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct user like = {0};
    if (gw_view_copy_str(gw_view_str(name), like.name, sizeof(like.name)) != GW_OK)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    return mem_get(face, &face->mem->user, &like, ret_user, err);
}

static enum gw_rc user_put(void *self, struct user *user, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->user;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_user(user, err);
    if (rc)
        return rc;
    const struct user *stored = mem_rows_find(t, &t->now, user);
    rc = mem_rev(stored ? stored->rev : 0, &user->rev, err);
    if (!rc)
        mem_table_put(t, user, face->mem->marked);
    return rc;
}

struct user_visit {
    store_user_fn *fn;
    void *ctx;
};

static bool pass_user(void *ctx, const void *row)
{
    const struct user_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc user_each(void *self, store_user_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct user_visit v = {fn, ctx};
    struct mem_visit visit = {.table = &face->mem->user, .limit = -1};
    mem_each(face, &visit, pass_user, &v);
    return GW_OK;
}

static const struct mem_setting *find_setting(const struct mem_face *face, const char *key)
{
    const struct mem_table *t = &face->mem->setting;
    struct mem_setting like;
    if (gw_view_copy_str(gw_view_str(key), like.key, sizeof(like.key)) != GW_OK)
        return NULL;
    return mem_rows_find(t, mem_see(face, t), &like);
}

static enum gw_rc setting_get(void *self, const char *key, struct gw_buf *ret_value, struct gw_err *err)
{
    const struct mem_setting *found = find_setting(self, key);
    if (!found)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    enum gw_rc rc = gw_buf_add(ret_value, found->value, found->len);
    return rc ? gw_err_set(err, rc, "setting %s: no room for its value", key) : GW_OK;
}

static enum gw_rc setting_put(void *self, const char *key, struct gw_view value, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_setting(key, value, err);
    if (rc)
        return rc;
    struct mem_setting row = {.len = (uint16_t)value.len};
    (void)snprintf(row.key, sizeof(row.key), "%s", key);
    if (value.len)
        memcpy(row.value, value.ptr, value.len);
    mem_table_put(&face->mem->setting, &row, face->mem->marked);
    return GW_OK;
}

static bool has_key(const void *row, const void *key)
{
    return strcmp(((const struct mem_setting *)row)->key, key) == 0;
}

static enum gw_rc setting_delete(void *self, const char *key, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->setting, has_key, key, face->mem->marked);
    return rc;
}

static enum gw_rc audit_put(void *self, struct audit_event *event, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_audit(event, err);
    if (rc)
        return rc;
    event->n = ++face->mem->audit_n;
    mem_table_put(&face->mem->audit, event, face->mem->marked);
    return GW_OK;
}

static bool is_numbered_behind(const void *row, const void *after)
{
    return ((const struct audit_event *)row)->n > *(const int64_t *)after;
}

struct audit_visit {
    store_audit_fn *fn;
    void *ctx;
};

static bool pass_audit(void *ctx, const void *row)
{
    const struct audit_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc audit_each(void *self, int64_t after, int limit, store_audit_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct audit_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->audit,
        .test = is_numbered_behind,
        .arg = &after,
        .limit = limit > 0 ? limit : 0,
    };
    mem_each(face, &visit, pass_audit, &v);
    return GW_OK;
}

static bool is_numbered_up_to(const void *row, const void *up_to)
{
    return ((const struct audit_event *)row)->n <= *(const int64_t *)up_to;
}

static enum gw_rc audit_delete(void *self, int64_t up_to, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->audit, is_numbered_up_to, &up_to, face->mem->marked);
    return rc;
}

void mem_user_ops(struct store_ops *ops)
{
    ops->user_get = user_get;
    ops->user_put = user_put;
    ops->user_each = user_each;
    ops->setting_get = setting_get;
    ops->setting_put = setting_put;
    ops->setting_delete = setting_delete;
    ops->audit_put = audit_put;
    ops->audit_each = audit_each;
    ops->audit_delete = audit_delete;
}
