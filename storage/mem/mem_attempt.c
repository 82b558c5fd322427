/* Attempts. Every look goes over all rows: the fleets of tests are small. */
#include <string.h>

#include "mem_impl.h"

static const struct attempt_entry *at(const struct mem_face *face, size_t i)
{
    const struct mem_rows *rows = mem_see(face, &face->mem->attempt);
    return i < rows->count ? (const struct attempt_entry *)(const void *)(rows->ptr + i * sizeof(struct attempt_entry))
                           : NULL;
}

static const struct attempt_entry *find(const struct mem_face *face, const char *id)
{
    const struct mem_table *t = &face->mem->attempt;
    struct attempt_entry like = {0};
    if (gw_view_copy_str(gw_view_str(id), like.id, sizeof(like.id)) != GW_OK)
        return NULL;
    return mem_rows_find(t, mem_see(face, t), &like);
}

static bool is_live_forward(const struct attempt_entry *e)
{
    return !e->back && !attempt_state_ended(e->attempt.state);
}

/* Whether the unique keys let this row stand beside the others. */
static enum gw_rc check_unique(const struct mem_face *face, const struct attempt_entry *e, struct gw_err *err)
{
    const struct attempt_entry *row;
    for (size_t i = 0; (row = at(face, i)); i++) {
        bool device = gw_device_id_eq(&row->device, &e->device);
        bool direction = row->back == e->back && strcmp(row->rollout, e->rollout) == 0;
        if (strcmp(row->id, e->id) == 0)
            continue;
        if (device && is_live_forward(row) && is_live_forward(e))
            return gw_err_set(err, GW_EXISTS, "device %s is in rollout %s already", e->device.text, row->rollout);
        if (direction && (device || (row->wave == e->wave && row->place == e->place)))
            return gw_err_set(err, GW_EXISTS, "attempt %s: its id, its place or its device is in the rollout already",
                              e->id);
    }
    return GW_OK;
}

static enum gw_rc attempt_add(void *self, const struct attempt_entry *entry, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_attempt(entry, err);
    if (!rc && find(face, entry->id))
        rc = gw_err_set(err, GW_EXISTS, "attempt %s: its id, its place or its device is in the rollout already",
                        entry->id);
    if (!rc)
        rc = check_unique(face, entry, err);
    if (!rc)
        mem_table_put(&face->mem->attempt, entry, face->mem->marked);
    return rc;
}

static enum gw_rc attempt_put(void *self, const struct attempt_entry *entry, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_attempt(entry, err);
    if (rc)
        return rc;
    const struct attempt_entry *stored = find(face, entry->id);
    if (!stored)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    struct attempt_entry row = *entry;
    memcpy(row.rollout, stored->rollout, sizeof(row.rollout));
    row.device = stored->device;
    row.wave = stored->wave;
    row.place = stored->place;
    row.back = stored->back;
    row.created = stored->created;
    rc = check_unique(face, &row, err);
    if (!rc)
        mem_table_put(&face->mem->attempt, &row, face->mem->marked);
    return rc;
}

static enum gw_rc attempt_get(void *self, const char *id, struct attempt_entry *ret_entry, struct gw_err *err)
{
    const struct attempt_entry *row = find(self, id);
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_entry = *row;
    return GW_OK;
}

struct attempt_visit {
    store_attempt_fn *fn;
    void *ctx;
};

static bool pass(void *ctx, const void *row)
{
    const struct attempt_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const struct attempt_entry *x = a, *y = b;
    int by = order(x->wave, y->wave);
    return by ? by : order(x->place, y->place);
}

static int newest(const void *a, const void *b)
{
    const struct attempt_entry *x = a, *y = b;
    int by = order(y->created.ms, x->created.ms);
    return by ? by : strcmp(y->id, x->id);
}

static int by_timer(const void *a, const void *b)
{
    const struct attempt_entry *x = a, *y = b;
    int by = order(x->timer.ms, y->timer.ms);
    return by ? by : strcmp(x->id, y->id);
}

static bool passes(const void *row, const void *filter)
{
    const struct store_attempt_filter *f = filter;
    const struct attempt_entry *e = row;
    if (strcmp(e->rollout, f->rollout) != 0 || e->back != f->back || e->wave > f->wave_last || e->wave < f->wave ||
        (e->wave == f->wave && e->place < f->place))
        return false;
    return f->state != 0 ? e->attempt.state == f->state : !f->holders || attempt_holds(&e->attempt);
}

static enum gw_rc attempt_each(void *self, const struct store_attempt_filter *filter, int limit, store_attempt_fn *fn,
                               void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct attempt_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->attempt, passes, filter, by_place, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass, &v);
    return GW_OK;
}

static bool is_of(const void *row, const void *device)
{
    return gw_device_id_eq(&((const struct attempt_entry *)row)->device, device);
}

static enum gw_rc attempt_each_of(void *self, const struct gw_device_id *device, int limit, store_attempt_fn *fn,
                                  void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct attempt_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->attempt, is_of, device, newest, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass, &v);
    return GW_OK;
}

static bool is_due(const void *row, const void *now)
{
    const struct attempt_entry *e = row;
    return e->timer.ms != 0 && e->timer.ms <= ((const struct gw_wall *)now)->ms;
}

static enum gw_rc attempt_due(void *self, struct gw_wall now, int limit, store_attempt_fn *fn, void *ctx,
                              struct gw_err *err)
{
    const struct mem_face *face = self;
    struct attempt_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->attempt, is_due, &now, by_timer, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass, &v);
    return GW_OK;
}

static bool is_planned(const void *row, const void *last)
{
    const struct store_attempt_last *l = last;
    const struct attempt_entry *e = row;
    return strcmp(e->rollout, l->rollout) == 0 && e->back == l->back && e->attempt.state == ATTEMPT_PLANNED &&
           e->wave == l->wave && e->place <= l->place;
}

struct cancelling {
    struct mem *mem;
    struct gw_wall now;
};

static bool cancel_one(void *ctx, const void *row)
{
    const struct cancelling *c = ctx;
    struct attempt_entry e = *(const struct attempt_entry *)row;
    e.attempt.state = ATTEMPT_CANCELLED;
    e.attempt.code = ATTEMPT_CODE_NONE;
    e.attempt.cancel = e.attempt.proved = false;
    e.attempt.confirm_since = e.timer = (struct gw_wall){0};
    e.changed = e.attempt.step_since = c->now;
    mem_table_put(&c->mem->attempt, &e, c->mem->marked);
    return true;
}

static enum gw_rc attempt_cancel_planned(void *self, const struct store_attempt_last *last, struct gw_wall now,
                                         struct gw_err *err)
{
    const struct mem_face *face = self;
    struct cancelling c = {face->mem, now};
    struct mem_visit visit = {&face->mem->attempt, is_planned, last, NULL, -1};
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_each(face, &visit, cancel_one, &c); /* goes over a copy */
    return rc;
}

static bool is_ended_back(const void *row, const void *last)
{
    const struct store_attempt_last *l = last;
    const struct attempt_entry *e = row;
    bool reached = e->wave < l->wave || (e->wave == l->wave && e->place <= l->place);
    return e->back && strcmp(e->rollout, l->rollout) == 0 && reached && attempt_state_ended(e->attempt.state);
}

static enum gw_rc attempt_drop_back(void *self, const struct store_attempt_last *last, struct gw_err *err)
{
    const struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        mem_table_delete(&face->mem->attempt, is_ended_back, last, face->mem->marked);
    return rc;
}

static enum gw_rc attempt_count(void *self, const char *rollout, store_attempt_count_fn *fn, void *ctx,
                                struct gw_err *err)
{
    struct store_attempt_count counts[2][ROLLOUT_WAVES_MAX][ATTEMPT_STATES] = {0};
    const struct attempt_entry *e;
    (void)err;
    for (size_t i = 0; (e = at(self, i)); i++)
        if (strcmp(e->rollout, rollout) == 0) {
            struct store_attempt_count *c = &counts[e->back][e->wave][e->attempt.state];
            c->count++;
            c->holders += attempt_holds(&e->attempt);
        }
    for (int back = 0; back < 2; back++)
        for (uint16_t wave = 0; wave < ROLLOUT_WAVES_MAX; wave++)
            for (int s = ATTEMPT_PLANNED; s < ATTEMPT_STATES; s++) {
                struct store_attempt_count *c = &counts[back][wave][s];
                c->back = back != 0;
                c->wave = wave;
                c->state = (enum attempt_state)s;
                if (c->count > 0 && !fn(ctx, c))
                    return GW_OK;
            }
    return GW_OK;
}

void mem_attempt_ops(struct store_ops *ops)
{
    ops->attempt_add = attempt_add;
    ops->attempt_put = attempt_put;
    ops->attempt_get = attempt_get;
    ops->attempt_each = attempt_each;
    ops->attempt_each_of = attempt_each_of;
    ops->attempt_due = attempt_due;
    ops->attempt_cancel_planned = attempt_cancel_planned;
    ops->attempt_drop_back = attempt_drop_back;
    ops->attempt_count = attempt_count;
}
