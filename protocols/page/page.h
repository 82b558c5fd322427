/*
 * page: the operators' page on the operators' door (docs/page.md), an adapter over embedded files. It holds no secret
 * and asks nobody: what the page may see is decided by the REST interface that it calls.
 *
 *     /assets/{}       the built files, whose names change with their content: kept by browsers for a year
 *     /favicon.svg
 *     / and the paths of its screens: index.html, never kept
 *
 * Every file is there in one coding, gzip, which every browser of the last twenty years takes. The headers that confine
 * the page are web's (protocols/web).
 *
 * Thread: handlers run in web's thread; a struct page does not change after page_new().
 */
#pragma once

#include "http_route.h"
#include "page_files.h"

struct page; /* owned by app */

/* The files must outlive the page; app passes page_files. With a count of 0 every path is 404. */
struct page *page_new(struct http_responder responder, const struct page_file *files, size_t count);
void page_free(struct page *page); /* accepts NULL; after web has stopped */

/* Routes for the operators' door; valid as long as page. */
const struct http_route *page_routes(const struct page *page, size_t *ret_count);
