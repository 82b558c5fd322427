/* The same archive in other cuts gives the same events and the same verdict. The first byte chooses the cuts. */
#include <stdlib.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "ustar.h"

#define MAX_BYTES 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum gw_rc on_header(void *ctx, const char *name, uint64_t size, struct gw_err *err)
{
    (void)err;
    if (!ustar_name_valid(gw_view_str(name)) || size > MAX_BYTES)
        abort();
    return gw_buf_printf(ctx, "<%s %llu>", name, (unsigned long long)size);
}

static enum gw_rc on_data(void *ctx, struct gw_view bytes, struct gw_err *err)
{
    (void)err;
    if (bytes.len == 0)
        abort();
    return gw_buf_add_view(ctx, bytes);
}

static enum gw_rc on_end(void *ctx, struct gw_err *err)
{
    (void)err;
    return gw_buf_add_str(ctx, "<end>");
}

static enum gw_rc read_in_cuts(struct gw_view archive, unsigned seed, struct gw_buf *ret_events, struct gw_err *err)
{
    static struct ustar_reader r;
    const struct ustar_sink sink = {ret_events, on_header, on_data, on_end};
    ustar_reader_begin(&r, &sink, MAX_BYTES);
    while (archive.len > 0) {
        seed = seed * 1103515245U + 12345U;
        size_t len = 1 + (seed >> 16) % 700;
        len = len < archive.len ? len : archive.len;
        enum gw_rc rc = ustar_reader_feed(&r, gw_view_make(archive.ptr, len), err);
        if (rc)
            return rc;
        archive = gw_view_make(archive.ptr + len, archive.len - len);
    }
    return ustar_reader_finish(&r, err);
}

static enum gw_rc read_whole(struct gw_view archive, struct gw_buf *ret_events, struct gw_err *err)
{
    static struct ustar_reader r;
    const struct ustar_sink sink = {ret_events, on_header, on_data, on_end};
    ustar_reader_begin(&r, &sink, MAX_BYTES);
    enum gw_rc rc = ustar_reader_feed(&r, archive, err);
    return rc ? rc : ustar_reader_finish(&r, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf whole;
    GW_CLEANUP(gw_buf_done) struct gw_buf cut;
    struct gw_err whole_err = {0};
    struct gw_err cut_err = {0};
    struct gw_view archive = gw_view_make(data + 1, size - 1);
    gw_buf_init(&whole, 4 * MAX_BYTES);
    gw_buf_init(&cut, 4 * MAX_BYTES);
    enum gw_rc whole_rc = read_whole(archive, &whole, &whole_err);
    enum gw_rc cut_rc = read_in_cuts(archive, data[0], &cut, &cut_err);
    if (whole_rc != cut_rc || !gw_view_eq(gw_buf_view(&whole), gw_buf_view(&cut)) ||
        !gw_view_eq_str(gw_view_str(gw_err_text(&whole_err)), gw_err_text(&cut_err)))
        abort();
    return 0;
}
