/*
 * mem_table: rows of one size, sorted by key, with the copies that rollback needs. Not for rows of outside number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Order of the key: <0, 0, >0, as memcmp(3). */
typedef int mem_cmp_fn(const void *a, const void *b);

struct mem_rows {
    unsigned char *ptr;
    size_t count;
};

struct mem_table {
    size_t row_size;
    mem_cmp_fn *cmp;
    struct mem_rows now;
    size_t cap;
    bool has_begun, has_mark; /* a copy from begin, from mark */
    struct mem_rows begun, mark;
};

enum mem_level { MEM_BEGIN = 1, MEM_MARK };

void mem_table_init(struct mem_table *t, size_t row_size, mem_cmp_fn *cmp);
void mem_table_done(struct mem_table *t);
void mem_table_keep(struct mem_table *t, enum mem_level level); /* forgets the copy: the change stands */
void mem_table_undo(struct mem_table *t, enum mem_level level); /* puts the copy back, if there is one */

/* What others see: the copy from begin while there is one, otherwise the rows. */
const struct mem_rows *mem_table_committed(const struct mem_table *t);
/* The row with the key of `like`, or NULL; borrowed until the next change. */
const void *mem_rows_find(const struct mem_table *t, const struct mem_rows *rows, const void *like);
/* Inserts or replaces by key. in_mark: also keep what a mark needs. */
void mem_table_put(struct mem_table *t, const void *row, bool in_mark);
/* Removes every row for which the test holds. */
typedef bool mem_test_fn(const void *row, const void *arg);
void mem_table_delete(struct mem_table *t, mem_test_fn *test, const void *arg, bool in_mark);
