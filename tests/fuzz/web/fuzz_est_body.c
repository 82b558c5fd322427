#include <stdlib.h>

#include "est_body.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes as body and as Authorization field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    struct inbox_enrol enrol = {.has_secret = false};
    struct gw_device_id again;
    gw_buf_init(&der, EST_CSR_MAX);
    if (est_csr_decode(gw_view_make(data, size), &der) == GW_OK && (der.len < 2 || der.ptr[0] != 0x30))
        abort();
    if (est_credentials_parse(gw_view_make(data, size), &enrol) == GW_OK && enrol.has_secret &&
        gw_device_id_parse(gw_view_str(enrol.id.text), &again) != GW_OK)
        abort();
    (void)est_is_pkcs10(gw_view_make(data, size));
    return 0;
}
