#include "mem_table.h"

#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

void mem_table_init(struct mem_table *t, size_t row_size, mem_cmp_fn *cmp)
{
    *t = (struct mem_table){.row_size = row_size, .cmp = cmp};
}

void mem_table_done(struct mem_table *t)
{
    free(t->now.ptr);
    free(t->begun.ptr);
    free(t->mark.ptr);
    *t = (struct mem_table){0};
}

static void copy_rows(const struct mem_table *t, struct mem_rows *ret_copy)
{
    ret_copy->ptr = gw_xalloc(t->now.count ? t->now.count : 1, t->row_size);
    ret_copy->count = t->now.count;
    if (t->now.count)
        memcpy(ret_copy->ptr, t->now.ptr, t->now.count * t->row_size);
}

/* Before a change. */
static void keep_copies(struct mem_table *t, bool in_mark)
{
    if (!t->has_begun)
        copy_rows(t, &t->begun);
    t->has_begun = true;
    if (in_mark && !t->has_mark) {
        copy_rows(t, &t->mark);
        t->has_mark = true;
    }
}

static struct mem_rows take_copy(struct mem_table *t, enum mem_level level)
{
    struct mem_rows *copy = level == MEM_BEGIN ? &t->begun : &t->mark;
    struct mem_rows taken = *copy;
    *copy = (struct mem_rows){0};
    if (level == MEM_BEGIN)
        t->has_begun = false;
    else
        t->has_mark = false;
    return taken;
}

void mem_table_keep(struct mem_table *t, enum mem_level level)
{
    free(take_copy(t, level).ptr);
}

void mem_table_undo(struct mem_table *t, enum mem_level level)
{
    bool has = level == MEM_BEGIN ? t->has_begun : t->has_mark;
    if (!has)
        return;
    free(t->now.ptr);
    t->now = take_copy(t, level);
    t->cap = t->now.count ? t->now.count : 1;
}

const struct mem_rows *mem_table_committed(const struct mem_table *t)
{
    return t->has_begun ? &t->begun : &t->now;
}

/* Index of the first row that is not below `like`. */
static size_t lower_bound(const struct mem_table *t, const struct mem_rows *rows, const void *like)
{
    size_t low = 0, high = rows->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->cmp(rows->ptr + middle * t->row_size, like) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct mem_table *t, const struct mem_rows *rows, size_t at, const void *like)
{
    return at < rows->count && t->cmp(rows->ptr + at * t->row_size, like) == 0;
}

const void *mem_rows_find(const struct mem_table *t, const struct mem_rows *rows, const void *like)
{
    size_t at = lower_bound(t, rows, like);
    return is_at(t, rows, at, like) ? rows->ptr + at * t->row_size : NULL;
}

void mem_table_put(struct mem_table *t, const void *row, bool in_mark)
{
    keep_copies(t, in_mark);
    size_t at = lower_bound(t, &t->now, row);
    if (!is_at(t, &t->now, at, row)) {
        t->now.ptr = gw_xgrow(t->now.ptr, t->now.count, &t->cap, t->row_size);
        unsigned char *place = t->now.ptr + at * t->row_size;
        memmove(place + t->row_size, place, (t->now.count - at) * t->row_size);
        t->now.count++;
    }
    memcpy(t->now.ptr + at * t->row_size, row, t->row_size);
}

void mem_table_delete(struct mem_table *t, mem_test_fn *test, const void *arg, bool in_mark)
{
    keep_copies(t, in_mark);
    size_t kept = 0;
    for (size_t i = 0; i < t->now.count; i++) {
        unsigned char *row = t->now.ptr + i * t->row_size;
        if (test(row, arg))
            continue;
        if (kept != i)
            memcpy(t->now.ptr + kept * t->row_size, row, t->row_size);
        kept++;
    }
    t->now.count = kept;
}
