#include "gw_cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROW_FIRST 16

void gw_cleanup_free(void *pointer_to_pointer)
{
    void *ptr;
    memcpy(&ptr, pointer_to_pointer, sizeof(ptr));
    free(ptr);
}

void gw_cleanup_fd(int *fd)
{
    if (*fd >= 0) {
        int keep = errno;
        (void)close(*fd);
        errno = keep;
        *fd = -1;
    }
}

void gw_cleanup_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
    *file = NULL;
}

void *gw_xalloc(size_t count, size_t size)
{
    void *ptr = calloc(count ? count : 1, size ? size : 1);
    if (!ptr)
        abort();
    return ptr;
}

void *gw_xgrow(void *array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    *cap = *cap ? *cap * 2 : GROW_FIRST;
    void *grown = gw_xalloc(*cap, size);
    if (count)
        memcpy(grown, array, count * size);
    free(array);
    return grown;
}

char *gw_xstrdup(const char *text)
{
    size_t len = strlen(text) + 1;
    char *copy = gw_xalloc(len, 1);
    memcpy(copy, text, len);
    return copy;
}
