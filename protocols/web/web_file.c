#include "web_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"

#define PART_HEAD_MAX 384

/* One range-spec: GW_OK, GW_NOT_FOUND (not satisfiable) or GW_INVALID. */
static enum gw_rc parse_spec(struct gw_view spec, int64_t size, struct web_range *ret)
{
    if (spec.len < 2 || !memchr(spec.ptr, '-', spec.len))
        return GW_INVALID;
    struct gw_view last_text;
    struct gw_view first_text = gw_view_cut(spec, '-', &last_text);
    uint64_t first = 0;
    uint64_t last = (uint64_t)INT64_MAX;
    if (first_text.len > 0 && gw_parse_u64(first_text, (uint64_t)INT64_MAX, &first))
        return GW_INVALID;
    if (last_text.len > 0 && gw_parse_u64(last_text, (uint64_t)INT64_MAX, &last))
        return GW_INVALID;
    if (first_text.len == 0) { /* suffix: the last n bytes */
        int64_t want = (int64_t)last < size ? (int64_t)last : size;
        if (want == 0)
            return GW_NOT_FOUND;
        *ret = (struct web_range){size - want, size - 1};
        return GW_OK;
    }
    if (last < first)
        return GW_INVALID;
    if ((int64_t)first >= size)
        return GW_NOT_FOUND;
    *ret = (struct web_range){(int64_t)first, (int64_t)last < size ? (int64_t)last : size - 1};
    return GW_OK;
}

enum gw_rc web_range_parse(struct gw_view field, int64_t size, struct web_range *ret_ranges, size_t max,
                           size_t *ret_count)
{
    struct gw_view rest;
    if (!gw_view_eq_str_nocase(gw_view_trim(gw_view_cut(field, '=', &rest)), "bytes") || rest.len == 0)
        return GW_INVALID;
    size_t count = 0;
    uint64_t total = 0;
    size_t seen = 0;
    while (rest.len > 0) {
        struct gw_view spec = gw_view_trim(gw_view_cut(rest, ',', &rest));
        struct web_range range;
        if (spec.len == 0)
            continue; /* RFC 9110 section 5.6.1.2: empty list elements are ignored */
        enum gw_rc rc = parse_spec(spec, size, &range);
        if (rc == GW_INVALID)
            return rc;
        if (++seen > max)
            return GW_NOT_FOUND;
        if (rc)
            continue;
        ret_ranges[count++] = range;
        total += (uint64_t)(range.last - range.first) + 1;
        if (total > (uint64_t)size)
            return GW_NOT_FOUND;
    }
    if (seen == 0)
        return GW_INVALID;
    *ret_count = count;
    return count ? GW_OK : GW_NOT_FOUND;
}

void web_file_init(struct web_file *f, int fd, int64_t size, const char *content_type)
{
    *f = (struct web_file){.fd = fd, .size = size, .content_type = content_type, .offset = -1};
    f->ranges = gw_xalloc(1, sizeof(f->ranges[0]));
    if (size > 0) {
        f->ranges[0] = (struct web_range){0, size - 1};
        f->count = 1;
    }
}

void web_file_done(struct web_file *f)
{
    if (f->fd >= 0)
        (void)close(f->fd);
    free(f->ranges);
    *f = (struct web_file){.fd = -1};
}

int web_file_select(struct web_file *f, struct gw_view range, struct gw_view if_range, const char *etag)
{
    if (range.len == 0 || (if_range.len > 0 && (!etag[0] || !gw_view_eq_str(if_range, etag) || etag[0] == 'W')))
        return 200;
    GW_FREE struct web_range *ranges = gw_xalloc(WEB_RANGES_MAX, sizeof(ranges[0]));
    size_t count = 0;
    enum gw_rc rc = web_range_parse(range, f->size, ranges, WEB_RANGES_MAX, &count);
    if (rc == GW_INVALID)
        return 200;
    if (rc) {
        f->count = 0;
        return 416;
    }
    free(f->ranges);
    f->ranges = GW_TAKE(ranges);
    f->count = count;
    if (count > 1) {
        uint8_t random[16];
        gw_random(random, sizeof(random));
        gw_hex_format(random, sizeof(random), f->boundary);
    }
    return 206;
}

static size_t part_head(const struct web_file *f, size_t at, char out[PART_HEAD_MAX])
{
    if (f->count < 2)
        return 0;
    int n =
        snprintf(out, PART_HEAD_MAX, "\r\n--%s\r\ncontent-type: %.128s\r\ncontent-range: bytes %lld-%lld/%lld\r\n\r\n",
                 f->boundary, f->content_type, (long long)f->ranges[at].first, (long long)f->ranges[at].last,
                 (long long)f->size);
    return (size_t)n;
}

static size_t tail(const struct web_file *f, char out[PART_HEAD_MAX])
{
    return f->count < 2 ? 0 : (size_t)snprintf(out, PART_HEAD_MAX, "\r\n--%s--\r\n", f->boundary);
}

int64_t web_file_length(const struct web_file *f)
{
    char text[PART_HEAD_MAX];
    int64_t total = (int64_t)tail(f, text);
    for (size_t i = 0; i < f->count; i++)
        total += (int64_t)part_head(f, i, text) + f->ranges[i].last - f->ranges[i].first + 1;
    return total;
}

static enum gw_rc read_part(struct web_file *f, uint8_t *out, size_t cap, size_t *ret_len)
{
    int64_t left = f->ranges[f->at].last - f->offset + 1;
    size_t want = left < (int64_t)cap ? (size_t)left : cap;
    ssize_t n;
    do
        n = pread(f->fd, out, want, (off_t)f->offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return GW_IO;
    f->offset += n;
    *ret_len = (size_t)n;
    if (f->offset > f->ranges[f->at].last) {
        f->at++;
        f->offset = -1;
    }
    return GW_OK;
}

enum gw_rc web_file_next(struct web_file *f, uint8_t *out, size_t cap, size_t *ret_len)
{
    char text[PART_HEAD_MAX];
    size_t used = 0;
    while (f->at < f->count && cap - used > PART_HEAD_MAX) {
        if (f->offset < 0) {
            size_t n = part_head(f, f->at, text);
            memcpy(out + used, text, n);
            used += n;
            f->offset = f->ranges[f->at].first;
        }
        size_t n = 0;
        enum gw_rc rc = read_part(f, out + used, cap - used, &n);
        if (rc)
            return rc;
        used += n;
    }
    if (f->at == f->count && !f->ended && cap - used >= PART_HEAD_MAX) {
        size_t n = tail(f, text);
        memcpy(out + used, text, n);
        used += n;
        f->ended = true;
    }
    *ret_len = used;
    return GW_OK;
}
