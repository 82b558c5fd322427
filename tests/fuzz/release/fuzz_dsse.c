/* An envelope that is taken writes back to one that reads the same. */
#include <stdlib.h>
#include <string.h>

#include "dsse.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(dsse_done) struct dsse_envelope one;
    GW_CLEANUP(dsse_done) struct dsse_envelope two;
    GW_CLEANUP(gw_buf_done) struct gw_buf json;
    struct gw_err err = {0};
    dsse_init(&one);
    dsse_init(&two);
    gw_buf_init(&json, DSSE_ENVELOPE_MAX);
    if (dsse_parse(gw_view_make(data, size), &one, &err)) {
        if (one.payload.len || one.signature_count || !err.text[0])
            abort();
        return 0;
    }
    if (dsse_format(&one, &json) || dsse_parse(gw_buf_view(&json), &two, &err))
        abort();
    if (strcmp(one.type, two.type) != 0 || one.signature_count != two.signature_count ||
        !gw_view_eq(gw_buf_view(&one.payload), gw_buf_view(&two.payload)) ||
        memcmp(one.signatures, two.signatures, sizeof(one.signatures)) != 0)
        abort();
    return 0;
}
