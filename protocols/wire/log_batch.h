/*
 * log_batch: what a device sends on up/log. docs: "Log batch".
 *
 *     0   4  "GWL1"
 *     4   8  epoch, not 0 (that says "no log" in an acknowledgement)
 *     12  8  first sequence number
 *     20  2  count, 1 to 1024
 *     22  …  count × (u16 length ‖ event bytes), and nothing behind
 *
 * Big-endian, at most 64 KiB. Reading copies nothing: the batch points into the bytes.
 */
#pragma once

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"
#include "log_bundle.h"

#define LOG_BATCH_HEADER_BYTES 22

struct log_batch {
    struct log_batch_head head;
    struct gw_view bundle; /* walk it with log_bundle_next(); it has been checked */
};

/* GW_TOO_BIG above 64 KiB; GW_INVALID with the reason when anything else is not as above, or when first + count passes
 * LOG_SEQ_MAX. *ret_batch is untouched then. */
GW_MUST_CHECK enum gw_rc log_batch_parse(struct gw_view bytes, struct log_batch *ret_batch, struct gw_err *err);

/*
 * Writing: log_batch_begin() into an empty buffer, log_batch_add() per event, log_batch_end(). The buffer's ceiling
 * should be LOG_BATCH_BYTES_MAX or less. An event that does not fit gives GW_TOO_BIG and leaves the batch as it was
 * before it: end it and begin the next.
 */
struct log_batch_writer {
    struct gw_buf *out; /* borrowed */
    uint32_t count;
};
GW_MUST_CHECK enum gw_rc log_batch_begin(struct log_batch_writer *w, struct gw_buf *out, uint64_t epoch,
                                         uint64_t first);
GW_MUST_CHECK enum gw_rc log_batch_add(struct log_batch_writer *w, struct gw_view event);
/* GW_INVALID when no event was added. */
GW_MUST_CHECK enum gw_rc log_batch_end(struct log_batch_writer *w);
