/* Alerts, and what counts towards them. */
#include <string.h>

#include "mem_impl.h"

int mem_cmp_alert(const void *a, const void *b)
{
    return strcmp(((const struct alert *)a)->id, ((const struct alert *)b)->id);
}

int mem_cmp_alert_window(const void *a, const void *b)
{
    const struct alert_cause *x = &((const struct alert_window *)a)->cause;
    const struct alert_cause *y = &((const struct alert_window *)b)->cause;
    int order = strcmp(x->cls, y->cls);
    return order ? order : strcmp(x->device.text, y->device.text);
}

static bool is_open(const struct alert *alert, const struct alert_cause *cause)
{
    return alert->state != ALERT_RESOLVED && alert_cause_eq(&alert->cause, cause);
}

static const struct alert *find_open(const struct mem_rows *rows, const struct alert_cause *cause)
{
    const struct alert *alerts = (const void *)rows->ptr;
    for (size_t i = 0; i < rows->count; i++)
        if (is_open(&alerts[i], cause))
            return &alerts[i];
    return NULL;
}

static enum gw_rc alert_put(void *self, struct alert *alert, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->alert;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_alert(alert, err);
    if (rc)
        return rc;
    const struct alert *stored = mem_rows_find(t, &t->now, alert);
    if (!stored && alert->rev == 0 && alert->state != ALERT_RESOLVED && find_open(&t->now, &alert->cause))
        return gw_err_set(err, GW_EXISTS, "this cause has an open alert");
    rc = mem_rev(stored ? stored->rev : 0, &alert->rev, err);
    if (rc)
        return rc;
    struct alert row = *alert;
    if (stored)
        row.cause = stored->cause;
    mem_table_put(t, &row, face->mem->marked);
    return GW_OK;
}

static enum gw_rc alert_get(void *self, const char *id, struct alert *ret_alert, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct alert like = {.id = ""};
    if (gw_view_copy_str(gw_view_str(id), like.id, sizeof(like.id)) != GW_OK)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    return mem_get(face, &face->mem->alert, &like, ret_alert, err);
}

static enum gw_rc alert_open(void *self, const struct alert_cause *cause, struct alert *ret_alert, struct gw_err *err)
{
    const struct mem_face *face = self;
    const struct alert *found = find_open(mem_see(face, &face->mem->alert), cause);
    if (!found)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_alert = *found;
    return GW_OK;
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_first(const void *a, const void *b)
{
    const struct alert *x = a, *y = b;
    int o = order(y->first.ms, x->first.ms);
    return o ? o : strcmp(y->id, x->id);
}

static int by_until(const void *a, const void *b)
{
    const struct alert *x = a, *y = b;
    int o = order(x->until.ms, y->until.ms);
    return o ? o : strcmp(x->id, y->id);
}

static bool is_wanted(const void *row, const void *arg)
{
    const struct alert *a = row;
    const struct store_alerts *w = arg;
    if (!(w->states >> a->state & 1u) || a->sev < w->min_sev ||
        (w->has_device && !gw_device_id_eq(&a->cause.device, &w->device)))
        return false;
    int o = w->has_after ? order(a->first.ms, w->after_first.ms) : -1;
    return o < 0 || (o == 0 && strcmp(a->id, w->after_id) < 0);
}

struct alert_visit {
    store_alert_fn *fn;
    void *ctx;
};

static bool pass_alert(void *ctx, const void *row)
{
    const struct alert_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static enum gw_rc alert_each(void *self, const struct store_alerts *which, int limit, store_alert_fn *fn, void *ctx,
                             struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct alert_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->alert, .test = is_wanted, .arg = which, .cmp = by_first, .limit = limit > 0 ? limit : 0};
    mem_each(face, &visit, pass_alert, &v);
    return GW_OK;
}

static bool is_due(const void *row, const void *now)
{
    const struct alert *a = row;
    return a->state == ALERT_SNOOZED && a->until.ms <= ((const struct gw_wall *)now)->ms;
}

static enum gw_rc alert_each_due(void *self, struct gw_wall now, int limit, store_alert_fn *fn, void *ctx,
                                 struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    struct alert_visit v = {fn, ctx};
    struct mem_visit visit = {
        .table = &face->mem->alert, .test = is_due, .arg = &now, .cmp = by_until, .limit = limit > 0 ? limit : 0};
    mem_each(face, &visit, pass_alert, &v);
    return GW_OK;
}

static enum gw_rc alert_count(void *self, int64_t *ret_count, struct gw_err *err)
{
    const struct mem_face *face = self;
    (void)err;
    *ret_count = mem_count(face, &face->mem->alert, NULL, NULL);
    return GW_OK;
}

static enum gw_rc alert_count_open(void *self, int64_t ret_counts[EVENT_SEV_FATAL + 1], struct gw_err *err)
{
    const struct mem_face *face = self;
    const struct mem_rows *rows = mem_see(face, &face->mem->alert);
    const struct alert *alerts = (const void *)rows->ptr;
    (void)err;
    for (int sev = 0; sev <= EVENT_SEV_FATAL; sev++)
        ret_counts[sev] = 0;
    for (size_t i = 0; i < rows->count; i++)
        ret_counts[alerts[i].sev] += alerts[i].state != ALERT_RESOLVED;
    return GW_OK;
}

static const struct alert *oldest_resolved(const struct mem_rows *rows)
{
    const struct alert *alerts = (const void *)rows->ptr, *oldest = NULL;
    for (size_t i = 0; i < rows->count; i++)
        if (alerts[i].state == ALERT_RESOLVED && (!oldest || alerts[i].changed.ms < oldest->changed.ms))
            oldest = &alerts[i]; /* rows lie by id: the first of the same time is kept */
    return oldest;
}

static bool has_id(const void *row, const void *id)
{
    return strcmp(((const struct alert *)row)->id, id) == 0;
}

static enum gw_rc alert_drop_resolved(void *self, int count, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_table *t = &face->mem->alert;
    enum gw_rc rc = mem_may_write(face, err);
    for (int i = 0; !rc && i < count; i++) {
        const struct alert *oldest = oldest_resolved(&t->now);
        if (!oldest)
            break;
        const struct alert gone = *oldest;
        mem_table_delete(t, has_id, gone.id, face->mem->marked);
    }
    return rc;
}

static enum gw_rc alert_window_get(void *self, const struct alert_cause *cause, struct alert_window *ret_window,
                                   struct gw_err *err)
{
    const struct mem_face *face = self;
    struct alert_window like = {.cause = *cause};
    return mem_get(face, &face->mem->alert_window, &like, ret_window, err);
}

static enum gw_rc alert_window_put(void *self, const struct alert_window *window, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_alert_window(window, err);
    if (!rc)
        mem_table_put(&face->mem->alert_window, window, face->mem->marked);
    return rc;
}

struct expiring {
    struct gw_wall now;
    int limit, *count;
};

static bool is_over(const void *row, const void *arg)
{
    const struct expiring *e = arg;
    bool over = ((const struct alert_window *)row)->until.ms < e->now.ms && *e->count < e->limit;
    *e->count += over;
    return over;
}

static enum gw_rc alert_window_delete_expired(void *self, struct gw_wall now, int limit, int *ret_count,
                                              struct gw_err *err)
{
    const struct expiring e = {now, limit, ret_count};
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (rc)
        return rc;
    *ret_count = 0;
    mem_table_delete(&face->mem->alert_window, is_over, &e, face->mem->marked);
    return GW_OK;
}

void mem_alert_ops(struct store_ops *ops)
{
    ops->alert_put = alert_put;
    ops->alert_get = alert_get;
    ops->alert_open = alert_open;
    ops->alert_each = alert_each;
    ops->alert_each_due = alert_each_due;
    ops->alert_count = alert_count;
    ops->alert_count_open = alert_count_open;
    ops->alert_drop_resolved = alert_drop_resolved;
    ops->alert_window_get = alert_window_get;
    ops->alert_window_put = alert_window_put;
    ops->alert_window_delete_expired = alert_window_delete_expired;
}
