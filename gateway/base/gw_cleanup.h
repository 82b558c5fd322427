/*
 * gw_cleanup: release at the end of the scope, whatever way leads out of it; and allocation that cannot fail.
 *
 *     GW_FREE char *line = NULL;
 *     GW_CLOSE int fd = open(...);
 *     GW_CLEANUP(gw_buf_done) struct gw_buf out;      // any `void f(T *)`
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#define GW_CLEANUP(fn) __attribute__((cleanup(fn)))
#define GW_FREE        GW_CLEANUP(gw_cleanup_free)
#define GW_CLOSE       GW_CLEANUP(gw_cleanup_fd)
#define GW_FCLOSE      GW_CLEANUP(gw_cleanup_file)

void gw_cleanup_free(void *pointer_to_pointer);
void gw_cleanup_fd(int *fd); /* closes when >= 0, keeps errno */
void gw_cleanup_file(FILE **file);

/* Zeroed memory of a size that we chose ourselves; aborts when there is none. */
void *gw_xalloc(size_t count, size_t size);
char *gw_xstrdup(const char *text);
/*
 * Room for one more in an array of `count` elements that has room for *cap: the array itself, or another of twice the
 * room in its place, zeroed behind what was moved. A NULL array with *cap 0 is an empty one. Aborts when there is none.
 *
 *     list->items = gw_xgrow(list->items, list->count, &list->cap, sizeof(*list->items));
 *     list->items[list->count++] = item;
 */
void *gw_xgrow(void *array, size_t count, size_t *cap, size_t size);

/* Moves a value out of a variable that has a cleanup: `return GW_TAKE(ptr)`. */
#define GW_TAKE(ptr)                                                                                                   \
    ({                                                                                                                 \
        __typeof__(ptr) gw_taken_ = (ptr);                                                                             \
        (ptr) = NULL;                                                                                                  \
        gw_taken_;                                                                                                     \
    })
