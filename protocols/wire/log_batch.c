#include "log_batch.h"

#include <string.h>

#include "gw_num.h"

#define COUNT_OFFSET 20

enum gw_rc log_batch_parse(struct gw_view bytes, struct log_batch *ret_batch, struct gw_err *err)
{
    if (bytes.len > LOG_BATCH_BYTES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "log batch: %zu bytes are more than %d", bytes.len, LOG_BATCH_BYTES_MAX);
    struct gw_reader in = {bytes};
    struct log_batch b;
    struct gw_view magic;
    uint16_t count;
    if (gw_read_bytes(&in, 4, &magic) || !gw_view_eq_str(magic, "GWL1"))
        return gw_err_set(err, GW_INVALID, "log batch: does not begin with GWL1");
    if (gw_read_u64(&in, &b.head.epoch) || gw_read_u64(&in, &b.head.first) || gw_read_u16(&in, &count))
        return gw_err_set(err, GW_INVALID, "log batch: header cut short");
    if (b.head.epoch == 0)
        return gw_err_set(err, GW_INVALID, "log batch: epoch 0");
    b.head.count = count;
    b.bundle = in.rest;
    if (count == 0 || count > LOG_BATCH_COUNT_MAX)
        return gw_err_set(err, GW_INVALID, "log batch: %u events are not 1 to %d", count, LOG_BATCH_COUNT_MAX);
    if (b.head.first > LOG_SEQ_MAX - count)
        return gw_err_set(err, GW_INVALID, "log batch: sequence number out of range");
    if (log_bundle_check(b.bundle, count))
        return gw_err_set(err, GW_INVALID, "log batch: its bytes are not exactly %u event%s", count, gw_plural(count));
    *ret_batch = b;
    return GW_OK;
}

enum gw_rc log_batch_begin(struct log_batch_writer *w, struct gw_buf *out, uint64_t epoch, uint64_t first)
{
    *w = (struct log_batch_writer){.out = out};
    (void)gw_buf_add_str(out, "GWL1");
    (void)gw_buf_add_u64(out, epoch);
    (void)gw_buf_add_u64(out, first);
    return gw_buf_add_u16(out, 0);
}

enum gw_rc log_batch_add(struct log_batch_writer *w, struct gw_view event)
{
    size_t left = w->out->max - w->out->len;
    if (gw_buf_rc(w->out))
        return gw_buf_rc(w->out);
    if (w->count == LOG_BATCH_COUNT_MAX || event.len > LOG_EVENT_MAX || left < 2 || event.len > left - 2)
        return GW_TOO_BIG;
    enum gw_rc rc = log_bundle_add(w->out, event);
    if (!rc)
        w->count++;
    return rc;
}

enum gw_rc log_batch_end(struct log_batch_writer *w)
{
    if (gw_buf_rc(w->out))
        return gw_buf_rc(w->out);
    if (w->count == 0 || w->out->len > LOG_BATCH_BYTES_MAX)
        return GW_INVALID;
    w->out->ptr[COUNT_OFFSET] = (uint8_t)(w->count >> 8);
    w->out->ptr[COUNT_OFFSET + 1] = (uint8_t)w->count;
    return GW_OK;
}
