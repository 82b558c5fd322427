#include <stdlib.h>

#include "gw_cleanup.h"
#include "invitation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read can be written, and is read again as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct invitation in, again;
    struct gw_err err;
    if (invitation_parse(gw_view_make(data, size), &in, &err))
        return 0;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, INVITATION_TEXT_MAX);
    if (invitation_format(&in, &text) || invitation_parse(gw_buf_view(&text), &again, &err) ||
        memcmp(&in, &again, sizeof(in)) != 0)
        abort();
    return 0;
}
