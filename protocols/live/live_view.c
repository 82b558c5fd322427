#include "live_view.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

#define CAP_FIRST 64

static bool wanted(const struct live_view *v, const struct live_row *row, struct gw_wall now)
{
    return !row->gone && (v->filter.count == 0 || filter_match(&v->filter, &row->fields, now));
}

static void insert_at(struct live_view *v, size_t at, struct live_row *row)
{
    v->rows = gw_xgrow(v->rows, v->count, &v->cap, sizeof(struct live_row *));
    memmove(v->rows + at + 1, v->rows + at, (v->count - at) * sizeof(struct live_row *));
    v->rows[at] = live_row_ref(row);
    v->count++;
}

static void remove_at(struct live_view *v, size_t at)
{
    live_row_unref(v->rows[at]);
    memmove(v->rows + at, v->rows + at + 1, (v->count - at - 1) * sizeof(struct live_row *));
    v->count--;
}

/* A key that went and came again is two rows: the one that is gone must not take the other with it. */
static void look_at(struct live_view *v, struct live_row *row, struct gw_wall now)
{
    bool found;
    size_t at = live_rows_find(v->rows, v->count, row->key, &found);
    bool wants = wanted(v, row, now);
    if (found && !wants && v->rows[at] != row && row->gone)
        return;
    if (!found && !wants)
        return;
    v->version++;
    if (found)
        remove_at(v, at);
    if (wants)
        insert_at(v, at, row);
}

static void forget_all(struct live_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        live_row_unref(v->rows[i]);
    v->count = 0;
}

static void make_whole(struct live_view *v, struct gw_wall now)
{
    forget_all(v);
    for (size_t i = 0; i < v->table->count; i++)
        if (wanted(v, v->table->rows[i], now)) {
            v->rows = gw_xgrow(v->rows, v->count, &v->cap, sizeof(struct live_row *));
            v->rows[v->count++] = live_row_ref(v->table->rows[i]);
        }
    v->version++;
    v->whole = now;
    v->seq = v->table->seq;
}

struct live_view *live_view_new(const struct live_table *table, const struct filter *filter, struct gw_wall now)
{
    struct live_view *v = gw_xalloc(1, sizeof(*v));
    *v = (struct live_view){.table = table, .filter = *filter, .cap = CAP_FIRST};
    v->rows = gw_xalloc(v->cap, sizeof(struct live_row *));
    make_whole(v, now);
    return v;
}

void live_view_free(struct live_view *v)
{
    if (!v)
        return;
    forget_all(v);
    free(v->rows);
    free(v);
}

static bool too_old(const struct live_view *v, struct gw_wall now)
{
    if (!filter_ages(&v->filter))
        return false;
    return now.ms - v->whole.ms >= LIVE_AGES_MS || now.ms < v->whole.ms;
}

void live_view_update(struct live_view *v, struct gw_wall now)
{
    if (v->table->floor > v->seq || too_old(v, now)) {
        make_whole(v, now);
        return;
    }
    for (struct live_row *row = v->table->newest; row && row->seq > v->seq; row = row->older)
        look_at(v, row, now);
    v->seq = v->table->seq;
}
