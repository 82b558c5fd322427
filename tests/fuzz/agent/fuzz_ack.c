#include <stdlib.h>

#include "ack.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ack in, again;
    struct gw_err err;
    if (ack_parse(gw_view_make(data, size), &in, &err))
        return 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 8 * ACK_TEXT_MAX);
    if (ack_format(&in, &text))
        abort();
    if (text.len <= ACK_TEXT_MAX && ack_parse(gw_buf_view(&text), &again, &err))
        abort();
    return 0;
}
