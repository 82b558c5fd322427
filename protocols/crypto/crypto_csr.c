#include "crypto_csr.h"

#include <string.h>

#include "crypto_der.h"
#include "crypto_hash.h"

struct parts {
    struct gw_view info_whole; /* what is signed */
    struct gw_view subject;
    struct gw_view spki;
    struct gw_view algorithm;
    struct gw_view signature;
};

static enum gw_rc read_info(struct gw_view info, struct parts *ret_parts)
{
    struct gw_reader r = {info};
    struct gw_view version;
    struct gw_view attributes;
    if (crypto_der_read_uint(&r, 1, &version) || version.ptr[0] != 0)
        return GW_INVALID;
    if (crypto_der_read(&r, DER_SEQUENCE, &ret_parts->subject) || !crypto_der_next_is(&r, DER_SEQUENCE) ||
        crypto_der_read_any(&r, NULL, NULL, &ret_parts->spki))
        return GW_INVALID;
    if (r.rest.len > 0 && crypto_der_read(&r, DER_CTX_CONS(0), &attributes))
        return GW_INVALID;
    return r.rest.len == 0 ? GW_OK : GW_INVALID;
}

static enum gw_rc read_parts(struct gw_view der, struct parts *ret_parts)
{
    struct gw_reader r = {der};
    struct gw_view body;
    struct gw_view info;
    if (crypto_der_read(&r, DER_SEQUENCE, &body) || r.rest.len != 0)
        return GW_INVALID;
    r.rest = body;
    if (!crypto_der_next_is(&r, DER_SEQUENCE) || crypto_der_read_any(&r, NULL, &info, &ret_parts->info_whole) ||
        crypto_der_read(&r, DER_SEQUENCE, &ret_parts->algorithm) || crypto_der_read_bits(&r, &ret_parts->signature) ||
        r.rest.len != 0)
        return GW_INVALID;
    return read_info(info, ret_parts);
}

enum gw_rc crypto_csr_parse(struct gw_view der, struct crypto_csr *ret_csr, struct gw_err *err)
{
    struct parts parts;
    struct crypto_csr csr = {0};
    if (der.len > CRYPTO_CSR_MAX)
        return gw_err_set(err, GW_TOO_BIG, "certification request of %zu bytes, at most %d", der.len, CRYPTO_CSR_MAX);
    if (read_parts(der, &parts))
        return gw_err_set(err, GW_INVALID, "not a PKCS#10 certification request");
    if (crypto_name_cn(parts.subject, csr.cn))
        return gw_err_set(err, GW_INVALID, "the request's subject is not readable");
    enum gw_rc rc = crypto_spki_check(parts.spki, &csr.kind, NULL, err);
    if (rc)
        return gw_err_wrap(err, rc, "certification request");
    rc = crypto_spki_verify(parts.spki, parts.algorithm, parts.info_whole, parts.signature, err);
    if (rc)
        return gw_err_wrap(err, rc, "certification request");
    if (parts.spki.len > DEVICE_SPKI_MAX)
        return gw_err_set(err, GW_INVALID, "public key of %zu bytes", parts.spki.len);
    csr.spki.len = (uint16_t)parts.spki.len;
    memcpy(csr.spki.der, parts.spki.ptr, parts.spki.len);
    crypto_sha256()->digest(parts.spki, &csr.spki_sha256);
    *ret_csr = csr;
    return GW_OK;
}
