#include "crypto_cert_info.h"

#include <stdio.h>
#include <string.h>

#include "crypto_cert.h"
#include "crypto_der.h"
#include "crypto_hash.h"
#include "crypto_oid.h"
#include "gw_id.h"

#define SERIAL_MAX 20 /* RFC 5280 section 4.1.2.2 */

static enum gw_rc read_basic(struct gw_reader *r, struct crypto_cert_info *info)
{
    struct gw_view seq;
    struct gw_view flag;
    struct gw_view pathlen;
    if (crypto_der_read(r, DER_SEQUENCE, &seq))
        return GW_INVALID;
    struct gw_reader in = {seq};
    if (crypto_der_next_is(&in, DER_BOOLEAN)) {
        if (crypto_der_read(&in, DER_BOOLEAN, &flag) || flag.len != 1 || flag.ptr[0] != 0xff)
            return GW_INVALID;
        info->is_ca = true;
    }
    if (crypto_der_next_is(&in, DER_INTEGER)) {
        if (crypto_der_read_uint(&in, 1, &pathlen))
            return GW_INVALID;
        info->pathlen = pathlen.ptr[0];
    }
    return in.rest.len == 0 ? GW_OK : GW_INVALID;
}

static enum gw_rc read_purposes(struct gw_reader *r, struct crypto_cert_info *info)
{
    struct gw_view seq;
    if (crypto_der_read(r, DER_SEQUENCE, &seq))
        return GW_INVALID;
    struct gw_reader in = {seq};
    while (in.rest.len > 0) {
        struct gw_view oid;
        if (crypto_der_read(&in, DER_OID, &oid))
            return GW_INVALID;
        info->client_auth = info->client_auth || gw_view_eq(oid, OID_CLIENT_AUTH);
        info->server_auth = info->server_auth || gw_view_eq(oid, OID_SERVER_AUTH);
    }
    return GW_OK;
}

static enum gw_rc read_names(struct gw_reader *r, struct crypto_cert_info *info)
{
    struct gw_view seq;
    if (crypto_der_read(r, DER_SEQUENCE, &seq))
        return GW_INVALID;
    struct gw_reader in = {seq};
    while (in.rest.len > 0) {
        uint8_t tag = 0;
        struct gw_view name;
        if (crypto_der_read_any(&in, &tag, &name, NULL))
            return GW_INVALID;
        if (tag != DER_CTX(6))
            continue;
        if (info->uri[0] != '\0' || gw_view_copy_str(name, info->uri, sizeof(info->uri)))
            return GW_INVALID;
    }
    return GW_OK;
}

static enum gw_rc read_extension(struct gw_view ext, struct crypto_cert_info *info)
{
    struct gw_reader r = {ext};
    struct gw_view oid;
    struct gw_view flag;
    struct gw_view value;
    if (crypto_der_read(&r, DER_OID, &oid))
        return GW_INVALID;
    bool critical = crypto_der_next_is(&r, DER_BOOLEAN);
    if (critical && (crypto_der_read(&r, DER_BOOLEAN, &flag) || flag.len != 1 || flag.ptr[0] != 0xff))
        return GW_INVALID;
    if (crypto_der_read(&r, DER_OCTET_STRING, &value) || r.rest.len != 0)
        return GW_INVALID;
    struct gw_reader in = {value};
    if (gw_view_eq(oid, OID_BASIC))
        return read_basic(&in, info) || in.rest.len ? GW_INVALID : GW_OK;
    if (gw_view_eq(oid, OID_EKU))
        return read_purposes(&in, info) || in.rest.len ? GW_INVALID : GW_OK;
    if (gw_view_eq(oid, OID_SAN))
        return read_names(&in, info) || in.rest.len ? GW_INVALID : GW_OK;
    if (gw_view_eq(oid, OID_KEY_USAGE) || gw_view_eq(oid, OID_SKI) || gw_view_eq(oid, OID_AKI) || !critical)
        return GW_OK;
    return GW_UNSUPPORTED;
}

/* RFC 5280 section 4.2: no extension twice. */
static bool seen_before(struct gw_view list, struct gw_view ext)
{
    struct gw_reader all = {list};
    struct gw_reader one = {ext};
    struct gw_view oid;
    if (crypto_der_read(&one, DER_OID, &oid))
        return false;
    while (all.rest.len > 0) {
        struct gw_view other;
        struct gw_view other_oid;
        if (crypto_der_read(&all, DER_SEQUENCE, &other) || other.ptr == ext.ptr)
            return false;
        struct gw_reader in = {other};
        if (!crypto_der_read(&in, DER_OID, &other_oid) && gw_view_eq(oid, other_oid))
            return true;
    }
    return false;
}

static enum gw_rc read_extensions(struct gw_view wrap, struct crypto_cert_info *info)
{
    struct gw_reader r = {wrap};
    struct gw_view list;
    if (crypto_der_read(&r, DER_SEQUENCE, &list) || r.rest.len != 0)
        return GW_INVALID;
    r.rest = list;
    while (r.rest.len > 0) {
        struct gw_view ext;
        if (crypto_der_read(&r, DER_SEQUENCE, &ext) || seen_before(list, ext))
            return GW_INVALID;
        enum gw_rc rc = read_extension(ext, info);
        if (rc)
            return rc;
    }
    return GW_OK;
}

static enum gw_rc read_validity(struct gw_reader *r, struct crypto_cert_info *info)
{
    struct gw_view seq;
    if (crypto_der_read(r, DER_SEQUENCE, &seq))
        return GW_INVALID;
    struct gw_reader in = {seq};
    if (crypto_der_read_time(&in, &info->not_before) || crypto_der_read_time(&in, &info->not_after))
        return GW_INVALID;
    return in.rest.len == 0 ? GW_OK : GW_INVALID;
}

static enum gw_rc read_name(struct gw_reader *r, struct gw_view *ret_whole, struct gw_view *ret_rdns)
{
    if (!crypto_der_next_is(r, DER_SEQUENCE))
        return GW_INVALID;
    return crypto_der_read_any(r, NULL, ret_rdns, ret_whole);
}

static enum gw_rc read_tbs(struct gw_view tbs, struct crypto_cert_info *info)
{
    struct gw_reader r = {tbs};
    struct gw_view version;
    struct gw_view inner_algorithm;
    struct gw_view rdns;
    struct gw_view wrap;
    if (crypto_der_read(&r, DER_CTX_CONS(0), &version) || !gw_view_eq(version, GW_VIEW_LIT("\x02\x01\x02")))
        return GW_INVALID;
    if (crypto_der_read_uint(&r, SERIAL_MAX, &info->serial) || crypto_der_read(&r, DER_SEQUENCE, &inner_algorithm) ||
        !gw_view_eq(inner_algorithm, info->algorithm))
        return GW_INVALID;
    if (read_name(&r, &info->issuer_name, &rdns) || read_validity(&r, info) ||
        read_name(&r, &info->subject_name, &rdns) || crypto_name_cn(rdns, info->cn))
        return GW_INVALID;
    if (!crypto_der_next_is(&r, DER_SEQUENCE) || crypto_der_read_any(&r, NULL, NULL, &info->spki))
        return GW_INVALID;
    if (r.rest.len == 0)
        return GW_OK;
    if (crypto_der_read(&r, DER_CTX_CONS(3), &wrap) || r.rest.len != 0)
        return GW_INVALID;
    return read_extensions(wrap, info);
}

enum gw_rc crypto_cert_info_parse(struct gw_view der, struct crypto_cert_info *ret_info, struct gw_err *err)
{
    struct gw_reader r = {der};
    struct gw_view body;
    struct gw_view tbs;
    struct crypto_cert_info info = {.pathlen = CRYPTO_NO_PATHLEN};
    if (der.len > CRYPTO_CERT_PARSE_MAX)
        return gw_err_set(err, GW_TOO_BIG, "certificate of %zu bytes, at most %d", der.len, CRYPTO_CERT_PARSE_MAX);
    if (crypto_der_read(&r, DER_SEQUENCE, &body) || r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "not an X.509 certificate");
    r.rest = body;
    if (!crypto_der_next_is(&r, DER_SEQUENCE) || crypto_der_read_any(&r, NULL, &tbs, &info.tbs) ||
        crypto_der_read(&r, DER_SEQUENCE, &info.algorithm) || crypto_der_read_bits(&r, &info.signature) ||
        r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "not an X.509 certificate");
    enum gw_rc rc = read_tbs(tbs, &info);
    if (rc == GW_UNSUPPORTED)
        return gw_err_set(err, rc, "the certificate has a critical extension that is not known here");
    if (rc)
        return gw_err_set(err, rc, "not an X.509 version 3 certificate");
    *ret_info = info;
    return GW_OK;
}

/* urn:gatehouse:<gateway>:<id>, the id being the CN. */
static bool uri_names(const char *uri, const char *id)
{
    static const char prefix[] = "urn:gatehouse:";
    const char *last = strrchr(uri, ':');
    return strncmp(uri, prefix, sizeof(prefix) - 1) == 0 && last >= uri + sizeof(prefix) && strcmp(last + 1, id) == 0;
}

enum gw_rc crypto_cert_to_device(struct gw_view der, struct device_cert *ret_cert, struct gw_err *err)
{
    struct crypto_cert_info info;
    struct device_cert cert = {0};
    enum gw_rc rc = crypto_cert_info_parse(der, &info, err);
    if (rc)
        return rc;
    if (der.len > DEVICE_CERT_DER_MAX || info.serial.len != CRYPTO_SERIAL_LEN ||
        gw_device_id_parse(gw_view_str(info.cn), &cert.device) || !uri_names(info.uri, info.cn) || !info.client_auth)
        return gw_err_set(err, GW_INVALID, "not a device certificate of a gateway");
    crypto_sha256()->digest(der, &cert.sha256);
    crypto_sha256()->digest(info.spki, &cert.spki_sha256);
    memcpy(cert.serial, info.serial.ptr, CRYPTO_SERIAL_LEN);
    cert.not_before = info.not_before;
    cert.not_after = info.not_after;
    cert.der_len = (uint16_t)der.len;
    memcpy(cert.der, der.ptr, der.len);
    *ret_cert = cert;
    return GW_OK;
}
