/* A batch that is taken has exactly its events, and writes back to the same bytes. */
#include <stdlib.h>

#include "gw_cleanup.h"
#include "log_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_batch b;
    struct gw_err err = {0};
    if (log_batch_parse(gw_view_make(data, size), &b, &err))
        return 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    struct log_batch_writer w;
    gw_buf_init(&out, LOG_BATCH_BYTES_MAX);
    if (log_batch_begin(&w, &out, b.head.epoch, b.head.first))
        abort();
    struct gw_view rest = b.bundle, event;
    uint32_t n = 0;
    for (; log_bundle_next(&rest, &event); n++)
        if (log_batch_add(&w, event))
            abort();
    if (n != b.head.count || log_batch_end(&w) || !gw_view_eq(gw_buf_view(&out), gw_view_make(data, size)))
        abort();
    return 0;
}
