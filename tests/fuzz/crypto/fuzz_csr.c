/* Hostile certification requests. What is accepted must have a key that the profile allows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crypto_csr csr;
    struct gw_err err;
    enum crypto_key_kind kind;
    if (crypto_csr_parse(gw_view_make(data, size), &csr, &err))
        return 0;
    if (crypto_spki_check(gw_view_make(csr.spki.der, csr.spki.len), &kind, NULL, &err) || kind != csr.kind ||
        strlen(csr.cn) > CRYPTO_CN_MAX)
        abort();
    return 0;
}
