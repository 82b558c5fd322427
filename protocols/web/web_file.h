/*
 * web_file: byte ranges (RFC 9110 section 14) and the body of an answer that is a file, made piece by piece so that
 * memory stays flat. Parsing is pure; a web_file belongs to the web thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http_route.h"

#define WEB_RANGES_MAX 150 /* SWUpdate's delta handler asks for that many at once */

struct web_range {
    int64_t first;
    int64_t last; /* inclusive */
};

/*
 * "bytes=…" against a size. GW_OK: at least one range, unsatisfiable ones left out, in the order asked. GW_INVALID: not
 * the grammar, or another unit: the field is to be ignored. GW_NOT_FOUND: none can be satisfied, or there are more than
 * max, or together they are longer than the file (overlapping ranges only serve to multiply work): 416.
 */
GW_MUST_CHECK enum gw_rc web_range_parse(struct gw_view field, int64_t size, struct web_range *ret_ranges, size_t max,
                                         size_t *ret_count);

struct web_file {
    int fd; /* owned, -1: none */
    int64_t size;
    const char *content_type;
    struct web_range *ranges; /* owned; one for a whole file or a single range, none for an empty file */
    size_t count;
    char boundary[33];
    size_t at;      /* part being sent */
    int64_t offset; /* within the file; -1: the part has not begun */
    bool ended;     /* closing boundary made */
};

/* Takes fd. status becomes 200, 206 or 416 by range and if_range (RFC 9110 section 13.1.5: strong comparison with
 * etag); with 416 nothing will be sent. */
void web_file_init(struct web_file *f, int fd, int64_t size, const char *content_type);
int web_file_select(struct web_file *f, struct gw_view range, struct gw_view if_range, const char *etag);
void web_file_done(struct web_file *f);
/* Body length in bytes, all parts and boundaries included. */
int64_t web_file_length(const struct web_file *f);
/* Next bytes of the body, at most cap (at least 512); *ret_len 0 at the end. GW_IO when the file got shorter. Blocks on
 * the disk for one read. */
GW_MUST_CHECK enum gw_rc web_file_next(struct web_file *f, uint8_t *out, size_t cap, size_t *ret_len);
