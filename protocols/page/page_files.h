/*
 * page_files: the built page, embedded. The table is made by web-ui/embed.mjs at build time; with -DGW_PAGE=OFF it is
 * empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct page_file {
    const char *path; /* "/index.html", "/assets/index-B1c2.js" */
    const char *type; /* content type */
    const char *etag; /* strong, with its quotes: of the bytes before compression */
    const unsigned char *gzip;
    size_t len;
    bool hashed; /* the name changes with the content */
};

extern const struct page_file page_files[]; /* in order of path */
extern const size_t page_file_count;
