/* Rollouts, attempts and inventories. */
#include <string.h>

#include "mem_impl.h"

int mem_cmp_rollout(const void *a, const void *b)
{
    return strcmp(((const struct rollout_entry *)a)->id, ((const struct rollout_entry *)b)->id);
}

int mem_cmp_seat(const void *a, const void *b)
{
    const struct mem_seat *x = a, *y = b;
    int by = strcmp(x->rollout, y->rollout);
    if (!by)
        by = (x->number > y->number) - (x->number < y->number);
    return by ? by : (x->index > y->index) - (x->index < y->index);
}

int mem_cmp_attempt(const void *a, const void *b)
{
    return strcmp(((const struct attempt_entry *)a)->id, ((const struct attempt_entry *)b)->id);
}

int mem_cmp_inventory(const void *a, const void *b)
{
    return strcmp(((const struct inventory *)a)->device.text, ((const struct inventory *)b)->device.text);
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int rollout_oldest(const void *a, const void *b)
{
    const struct rollout_entry *x = a, *y = b;
    int by = order(x->created.ms, y->created.ms);
    return by ? by : strcmp(x->id, y->id);
}

static int rollout_newest(const void *a, const void *b)
{
    return rollout_oldest(b, a);
}

static int rollout_by_timer(const void *a, const void *b)
{
    const struct rollout_entry *x = a, *y = b;
    int by = order(x->timer.ms, y->timer.ms);
    return by ? by : strcmp(x->id, y->id);
}

static const struct rollout_entry *find_rollout(const struct mem_face *face, const char *id)
{
    const struct mem_table *t = &face->mem->rollout;
    struct rollout_entry like = {0};
    if (gw_view_copy_str(gw_view_str(id), like.id, sizeof(like.id)) != GW_OK)
        return NULL;
    return mem_rows_find(t, mem_see(face, t), &like);
}

static enum gw_rc rollout_add(void *self, struct rollout_entry *entry, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_rollout(entry, err);
    if (rc)
        return rc;
    if (entry->rev != 0)
        return gw_err_set(err, GW_CONFLICT, "a new rollout has no revision");
    if (find_rollout(face, entry->id))
        return gw_err_set(err, GW_EXISTS, "rollout %s is there", entry->id);
    entry->rev = 1;
    mem_table_put(&face->mem->rollout, entry, face->mem->marked);
    return GW_OK;
}

static enum gw_rc rollout_put(void *self, struct rollout_entry *entry, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_rollout(entry, err);
    if (rc)
        return rc;
    const struct rollout_entry *stored = find_rollout(face, entry->id);
    if (!stored)
        return gw_err_set(err, GW_CONFLICT, "the store holds another revision than %lld", (long long)entry->rev);
    rc = mem_rev(stored->rev, &entry->rev, err);
    if (rc)
        return rc;
    struct rollout_entry row = *stored;
    memcpy(row.name, entry->name, sizeof(row.name));
    memcpy(row.reason, entry->reason, sizeof(row.reason));
    row.rollout = entry->rollout;
    row.timer = entry->timer;
    row.attempts = entry->attempts;
    row.changed = entry->changed;
    row.rev = entry->rev;
    mem_table_put(&face->mem->rollout, &row, face->mem->marked);
    return GW_OK;
}

static enum gw_rc rollout_get(void *self, const char *id, struct rollout_entry *ret_entry, struct gw_err *err)
{
    const struct rollout_entry *row = find_rollout(self, id);
    if (!row)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_entry = *row;
    return GW_OK;
}

struct rollout_visit {
    store_rollout_fn *fn;
    void *ctx;
};

static bool pass_rollout(void *ctx, const void *row)
{
    const struct rollout_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static bool rollout_is_before(const void *row, const void *before)
{
    const struct store_rollout_before *b = before;
    const struct rollout_entry *e = row;
    int by = order(e->created.ms, b->created.ms);
    return b->id[0] == '\0' || by < 0 || (by == 0 && strcmp(e->id, b->id) < 0);
}

static bool rollout_is_live(const void *row, const void *arg)
{
    const struct rollout_entry *e = row;
    const struct store_rollout_before *behind = arg;
    if (rollout_state_ended(e->rollout.state))
        return false;
    if (!behind || !behind->id[0] || e->created.ms != behind->created.ms)
        return !behind || !behind->id[0] || e->created.ms > behind->created.ms;
    return strcmp(e->id, behind->id) > 0;
}

static bool is_due(struct gw_wall timer, const struct gw_wall *now)
{
    return timer.ms != 0 && timer.ms <= now->ms;
}

static bool rollout_is_due(const void *row, const void *now)
{
    return is_due(((const struct rollout_entry *)row)->timer, now);
}

static enum gw_rc rollout_each(void *self, const struct store_rollout_before *before, int limit, store_rollout_fn *fn,
                               void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct rollout_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->rollout, rollout_is_before, before, rollout_newest, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass_rollout, &v);
    return GW_OK;
}

static enum gw_rc rollout_each_live(void *self, const struct store_rollout_before *behind, store_rollout_fn *fn,
                                    void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct rollout_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->rollout, rollout_is_live, behind, rollout_oldest, -1};
    (void)err;
    mem_each(face, &visit, pass_rollout, &v);
    return GW_OK;
}

static bool count_rollout(void *ctx, const struct rollout_entry *entry)
{
    ((int64_t *)ctx)[entry->rollout.state]++;
    return true;
}

static enum gw_rc rollout_count(void *self, int64_t ret_counts[ROLLOUT_STATES], struct gw_err *err)
{
    const struct store_rollout_before start = {.id = ""};
    memset(ret_counts, 0, ROLLOUT_STATES * sizeof(ret_counts[0]));
    return rollout_each(self, &start, INT32_MAX, count_rollout, ret_counts, err);
}

static enum gw_rc rollout_due(void *self, struct gw_wall now, int limit, store_rollout_fn *fn, void *ctx,
                              struct gw_err *err)
{
    const struct mem_face *face = self;
    struct rollout_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->rollout, rollout_is_due, &now, rollout_by_timer, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass_rollout, &v);
    return GW_OK;
}

static bool keep_sooner(struct gw_wall *first, struct gw_wall timer)
{
    if (timer.ms != 0 && (first->ms == 0 || timer.ms < first->ms))
        *first = timer;
    return true;
}

static bool sooner_rollout(void *ctx, const void *row)
{
    return keep_sooner(ctx, ((const struct rollout_entry *)row)->timer);
}

static bool sooner_attempt(void *ctx, const void *row)
{
    return keep_sooner(ctx, ((const struct attempt_entry *)row)->timer);
}

static enum gw_rc timer_next(void *self, struct gw_wall *ret_timer, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct mem_visit rollouts = {.table = &face->mem->rollout, .limit = -1};
    struct mem_visit attempts = {.table = &face->mem->attempt, .limit = -1};
    struct gw_wall first = {0};
    (void)err;
    mem_each(face, &rollouts, sooner_rollout, &first);
    mem_each(face, &attempts, sooner_attempt, &first);
    *ret_timer = first;
    return GW_OK;
}

static enum gw_rc inventory_get(void *self, const struct gw_device_id *device, struct inventory *ret_inventory,
                                struct gw_err *err)
{
    const struct mem_face *face = self;
    struct inventory like = {.device = *device};
    return mem_get(face, &face->mem->inventory, &like, ret_inventory, err);
}

static enum gw_rc inventory_put(void *self, const struct inventory *inventory, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_inventory(inventory, err);
    if (!rc)
        mem_table_put(&face->mem->inventory, inventory, face->mem->marked);
    return rc;
}

struct inventory_visit {
    store_inventory_fn *fn;
    void *ctx;
};

static bool pass_inventory(void *ctx, const void *row)
{
    const struct inventory_visit *v = ctx;
    return v->fn(v->ctx, row);
}

static bool inventory_is_behind(const void *row, const void *after)
{
    const struct store_inventory_after *a = after;
    const struct inventory *i = row;
    return strcmp(i->device.text, a->device.text) > 0 && (a->product[0] == '\0' || strcmp(i->product, a->product) == 0);
}

static enum gw_rc inventory_each(void *self, const struct store_inventory_after *after, int limit,
                                 store_inventory_fn *fn, void *ctx, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct inventory_visit v = {fn, ctx};
    struct mem_visit visit = {&face->mem->inventory, inventory_is_behind, after, NULL, limit > 0 ? limit : 0};
    (void)err;
    mem_each(face, &visit, pass_inventory, &v);
    return GW_OK;
}

/* ---- devices of drafts ---- */

static bool seat_is_below(const void *row, const void *below)
{
    const struct mem_seat *s = row, *b = below;
    return strcmp(s->rollout, b->rollout) == 0 && s->number < b->number;
}

static bool seat_is_in(const void *row, const void *list)
{
    const struct mem_seat *s = row, *l = list;
    return strcmp(s->rollout, l->rollout) == 0 && s->number == l->number;
}

static enum gw_rc seats_add(void *self, const char *rollout, uint32_t number, const struct rollout_seat *seats,
                            size_t count, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_seat row = {.number = number};
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc)
        rc = store_check_seats(rollout, seats, count, err);
    if (rc)
        return rc;
    memcpy(row.rollout, rollout, strlen(rollout)); /* a rollout's id */
    if (mem_count(face, &face->mem->seat, seat_is_in, &row) > 0)
        return gw_err_set(err, GW_EXISTS, "there is a list of devices under that number");
    for (; row.index < count; row.index++) {
        row.seat = seats[row.index];
        mem_table_put(&face->mem->seat, &row, face->mem->marked);
    }
    return GW_OK;
}

struct seat_visit {
    struct rollout_seat *seats;
    size_t count;
};

static bool pass_seat(void *ctx, const void *row)
{
    struct seat_visit *v = ctx;
    v->seats[v->count++] = ((const struct mem_seat *)row)->seat;
    return true;
}

static enum gw_rc seats_get(void *self, const char *rollout, uint32_t number, struct rollout_seat *ret_seats,
                            size_t *ret_count, struct gw_err *err)
{
    const struct mem_face *face = self;
    struct mem_seat like = {.number = number};
    struct seat_visit v = {ret_seats, 0};
    struct mem_visit visit = {&face->mem->seat, seat_is_in, &like, NULL, ROLLOUT_SLICE_MAX};
    if (gw_view_copy_str(gw_view_str(rollout), like.rollout, sizeof(like.rollout)) == GW_OK)
        mem_each(face, &visit, pass_seat, &v);
    if (v.count == 0)
        return gw_err_set(err, GW_NOT_FOUND, "not in the store");
    *ret_count = v.count;
    return GW_OK;
}

static enum gw_rc seats_drop(void *self, const char *rollout, uint32_t below, struct gw_err *err)
{
    struct mem_face *face = self;
    struct mem_seat like = {.number = below};
    enum gw_rc rc = mem_may_write(face, err);
    if (!rc && gw_view_copy_str(gw_view_str(rollout), like.rollout, sizeof(like.rollout)) == GW_OK)
        mem_table_delete(&face->mem->seat, seat_is_below, &like, face->mem->marked);
    return rc;
}

/* The first seat whose rollout is not there; NULL: none. */
static const struct mem_seat *find_lost(const struct mem_face *face)
{
    const struct mem_rows *rows = mem_see(face, &face->mem->seat);
    const struct mem_seat *seats = (const void *)rows->ptr;
    for (size_t i = 0; i < rows->count; i++)
        if (!find_rollout(face, seats[i].rollout))
            return &seats[i];
    return NULL;
}

static enum gw_rc seats_drop_lost(void *self, int limit, int *ret_count, struct gw_err *err)
{
    struct mem_face *face = self;
    enum gw_rc rc = mem_may_write(face, err);
    if (rc)
        return rc;
    *ret_count = 0;
    for (const struct mem_seat *lost = find_lost(face); lost && *ret_count < limit; lost = find_lost(face)) {
        const struct mem_seat list = *lost;
        mem_table_delete(&face->mem->seat, seat_is_in, &list, face->mem->marked);
        (*ret_count)++;
    }
    return GW_OK;
}

void mem_rollout_ops(struct store_ops *ops)
{
    ops->rollout_add = rollout_add;
    ops->rollout_put = rollout_put;
    ops->rollout_get = rollout_get;
    ops->rollout_each = rollout_each;
    ops->rollout_each_live = rollout_each_live;
    ops->rollout_count = rollout_count;
    ops->rollout_due = rollout_due;
    ops->seats_add = seats_add;
    ops->seats_get = seats_get;
    ops->seats_drop = seats_drop;
    ops->seats_drop_lost = seats_drop_lost;
    ops->timer_next = timer_next;
    ops->inventory_get = inventory_get;
    ops->inventory_put = inventory_put;
    ops->inventory_each = inventory_each;
}
