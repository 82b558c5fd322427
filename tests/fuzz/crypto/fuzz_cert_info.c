/* Hostile certificates, keys and PEM: the readers of X.509, SubjectPublicKeyInfo and PKCS#8. */
#include <stdint.h>
#include <stdlib.h>

#include "crypto_cert_info.h"
#include "crypto_key.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_view v = gw_view_make(data, size);
    struct crypto_cert_info info;
    struct device_cert cert;
    struct gw_err err;
    enum crypto_key_kind kind;
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = NULL;
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, CRYPTO_CERT_PARSE_MAX);
    if (!crypto_cert_info_parse(v, &info, &err)) {
        if (info.tbs.ptr < data || info.tbs.ptr + info.tbs.len > data + size)
            abort();
        (void)!crypto_spki_verify(info.spki, info.algorithm, info.tbs, info.signature, &err);
        if (!crypto_cert_to_device(v, &cert, &err) && cert.der_len != size)
            abort();
    }
    (void)(crypto_key_load_der(v, &key, &err) || crypto_spki_check(v, &kind, NULL, &err));
    if (!crypto_pem_parse(v, CRYPTO_PEM_CERT, &der, NULL, &err))
        (void)!crypto_cert_info_parse(gw_buf_view(&der), &info, &err);
    return 0;
}
