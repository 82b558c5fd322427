/*
 * crypto_csr: certification requests (PKCS#10, RFC 2986) from devices: hostile bytes.
 *
 * Only what we use is taken: the common name, as a claim to be compared with the credentials, and the public key, whose
 * possession the request's own signature proves. Requested extensions and attributes are ignored: the profile decides.
 */
#pragma once

#include "crypto_key.h"
#include "crypto_name.h"
#include "device.h"
#include "gw_err.h"
#include "gw_view.h"

#define CRYPTO_CSR_MAX 8192

struct crypto_csr {
    char cn[CRYPTO_CN_MAX + 1]; /* "" when there is none */
    enum crypto_key_kind kind;
    struct device_spki spki;
    struct gw_sha256 spki_sha256;
};

/* DER, the whole view. GW_TOO_BIG above CRYPTO_CSR_MAX, GW_INVALID when it is no request, GW_UNSUPPORTED for keys other
 * than P-256 and Ed25519, GW_DENIED when its signature is wrong. ret_csr is untouched on failure. Any thread. */
GW_MUST_CHECK enum gw_rc crypto_csr_parse(struct gw_view der, struct crypto_csr *ret_csr, struct gw_err *err);
