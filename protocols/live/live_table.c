#include "live_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

#define CAP_FIRST 64

void live_table_init(struct live_table *t, enum live_topic topic)
{
    *t = (struct live_table){.topic = topic, .cap = CAP_FIRST};
    t->rows = gw_xalloc(t->cap, sizeof(struct live_row *));
}

struct live_row *live_row_ref(struct live_row *row)
{
    row->refs++;
    return row;
}

void live_row_unref(struct live_row *row)
{
    if (!row || --row->refs)
        return;
    free(row->json);
    free((void *)(uintptr_t)row->fields.fields);
    free(row);
}

static void unlink_row(struct live_table *t, struct live_row *row)
{
    if (row->older)
        row->older->newer = row->newer;
    else
        t->oldest = row->newer;
    if (row->newer)
        row->newer->older = row->older;
    else
        t->newest = row->older;
    row->older = row->newer = NULL;
}

/* The row changed now. */
static void link_newest(struct live_table *t, struct live_row *row)
{
    row->seq = ++t->seq;
    row->older = t->newest;
    row->newer = NULL;
    if (t->newest)
        t->newest->newer = row;
    else
        t->oldest = row;
    t->newest = row;
}

void live_table_done(struct live_table *t)
{
    struct live_row *next;
    for (struct live_row *row = t->oldest; row; row = next) {
        next = row->newer;
        live_row_unref(row);
    }
    free(t->rows);
    *t = (struct live_table){.topic = t->topic};
}

size_t live_rows_find(struct live_row *const *rows, size_t count, const char *key, bool *ret_found)
{
    size_t low = 0, high = count;
    *ret_found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int cmp = strcmp(rows[mid]->key, key);
        if (cmp == 0) {
            *ret_found = true;
            return mid;
        }
        if (cmp < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void insert_at(struct live_table *t, size_t at, struct live_row *row)
{
    t->rows = gw_xgrow(t->rows, t->count, &t->cap, sizeof(struct live_row *));
    memmove(t->rows + at + 1, t->rows + at, (t->count - at) * sizeof(struct live_row *));
    t->rows[at] = row;
    t->count++;
}

static void set_json(struct live_table *t, struct live_row *row, struct gw_view json)
{
    free(row->json);
    free((void *)(uintptr_t)row->fields.fields);
    row->fields = (struct filter_row){.count = 0};
    row->json = gw_xalloc(json.len + 1, 1);
    memcpy(row->json, json.ptr, json.len);
    row->len = json.len;
    live_fields_read(row, t->topic);
}

/* A row that fits into no message is shown as what it is. */
static struct gw_view fitting(struct gw_view json, const char *key, char room[LIVE_KEY_MAX + 40])
{
    if (json.len <= LIVE_ROW_MAX)
        return json;
    int len = snprintf(room, LIVE_KEY_MAX + 40, "{\"key\":\"%s\",\"too_big\":true}", key);
    return gw_view_make(room, (size_t)len);
}

void live_row_fields(enum live_topic topic, const char *key, struct gw_view json, live_fields_fn *fn, void *ctx)
{
    char room[LIVE_KEY_MAX + 40];
    json = fitting(json, key, room);
    struct live_row row = {.json = (uint8_t *)(uintptr_t)json.ptr, .len = json.len}; /* borrowed, only read */
    (void)snprintf(row.key, sizeof(row.key), "%s", key);
    live_fields_read(&row, topic);
    fn(ctx, &row.fields);
    free((void *)(uintptr_t)row.fields.fields);
}

bool live_table_put(struct live_table *t, const char *key, struct gw_view json)
{
    char room[LIVE_KEY_MAX + 40];
    bool found;
    size_t at = live_rows_find(t->rows, t->count, key, &found);
    json = fitting(json, key, room);
    t->whole = t->whole || t->topic == LIVE_OVERVIEW;
    if (found) {
        struct live_row *row = t->rows[at];
        row->unseen = false;
        if (gw_view_eq(gw_view_make(row->json, row->len), json))
            return false;
        set_json(t, row, json);
        unlink_row(t, row);
        link_newest(t, row);
        return true;
    }
    if (t->count == LIVE_ROWS_MAX) {
        t->refused++;
        return false;
    }
    struct live_row *row = gw_xalloc(1, sizeof(*row));
    (void)snprintf(row->key, sizeof(row->key), "%s", key);
    row->refs = 1;
    set_json(t, row, json);
    insert_at(t, at, row);
    link_newest(t, row);
    return true;
}

static void forget_oldest_gone(struct live_table *t)
{
    for (struct live_row *row = t->oldest; row; row = row->newer) {
        if (!row->gone)
            continue;
        t->floor = row->seq;
        t->gone_count--;
        unlink_row(t, row);
        live_row_unref(row);
        return;
    }
}

static void delete_at(struct live_table *t, size_t at)
{
    struct live_row *row = t->rows[at];
    memmove(t->rows + at, t->rows + at + 1, (t->count - at - 1) * sizeof(struct live_row *));
    t->count--;
    row->gone = true;
    free(row->json);
    free((void *)(uintptr_t)row->fields.fields);
    row->json = NULL;
    row->len = 0;
    row->fields = (struct filter_row){.count = 0};
    unlink_row(t, row);
    link_newest(t, row);
    if (++t->gone_count > LIVE_GONE_MAX)
        forget_oldest_gone(t);
}

bool live_table_delete(struct live_table *t, const char *key)
{
    bool found;
    size_t at = live_rows_find(t->rows, t->count, key, &found);
    if (found)
        delete_at(t, at);
    return found;
}

void live_table_sweep_begin(struct live_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->rows[i]->unseen = true;
    t->sweeping = true;
}

void live_table_sweep_cancel(struct live_table *t)
{
    t->sweeping = false;
}

void live_table_sweep_end(struct live_table *t)
{
    for (size_t i = t->sweeping ? t->count : 0; i-- > 0;)
        if (t->rows[i]->unseen)
            delete_at(t, i);
    t->whole = t->whole || t->sweeping;
    t->sweeping = false;
}

size_t live_table_changed(const struct live_table *t, uint64_t seq, size_t max)
{
    size_t count = 0;
    for (const struct live_row *row = t->newest; row && row->seq > seq && count <= max; row = row->older)
        count++;
    return count;
}
