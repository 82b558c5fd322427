#include "agent_pki.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a server may send as certificates, as it is and wrapped in base64 so that the DER behind it is reached. */
static void try_certs(struct gw_view base64)
{
    static const uint8_t pin[16];
    STACK_OF(X509) *certs = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf pem;
    gw_buf_init(&pem, 65536);
    if (agent_certs_parse(base64, &certs, NULL))
        return;
    (void)!agent_root_find(certs, gw_view_make(pin, sizeof(pin)), &pem, NULL);
    agent_certs_free(certs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf base64;
    gw_buf_init(&base64, 1024 * 1024);
    try_certs(gw_view_make(data, size));
    if (!gw_base64_add(&base64, data, size))
        try_certs(gw_buf_view(&base64));
    return 0;
}
