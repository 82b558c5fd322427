#include "crypto_crl.h"

#include "crypto_cert_info.h"
#include "crypto_cert_write.h"
#include "crypto_der.h"
#include "crypto_oid.h"
#include "gw_cleanup.h"

static void add_entries(struct gw_buf *b, const struct crypto_crl_request *request)
{
    if (request->count == 0)
        return; /* RFC 5280 section 5.1.2.6: then the list must be absent */
    size_t list = crypto_der_begin(b, DER_SEQUENCE);
    for (size_t i = 0; i < request->count; i++) {
        size_t entry = crypto_der_begin(b, DER_SEQUENCE);
        crypto_der_add_uint(b, gw_view_make(request->entries[i].serial, CRYPTO_SERIAL_LEN));
        crypto_der_add_time(b, request->entries[i].revoked_at);
        crypto_der_end(b, entry);
    }
    crypto_der_end(b, list);
}

static void add_extensions(struct gw_buf *b, const struct crypto_key *signer, uint64_t number)
{
    size_t wrap = crypto_der_begin(b, DER_CTX_CONS(0));
    size_t list = crypto_der_begin(b, DER_SEQUENCE);
    crypto_write_aki(b, crypto_key_public(signer));
    size_t ext = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, OID_CRL_NUMBER);
    size_t octets = crypto_der_begin(b, DER_OCTET_STRING);
    crypto_der_add_u64(b, number);
    crypto_der_end(b, octets);
    crypto_der_end(b, ext);
    crypto_der_end(b, list);
    crypto_der_end(b, wrap);
}

enum gw_rc crypto_crl_make(const struct crypto_issuer *issuer, const struct crypto_crl_request *request,
                           struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tbs;
    struct crypto_cert_info info;
    gw_buf_init(&tbs, ret_der->max);
    enum gw_rc rc = crypto_cert_info_parse(issuer->cert_der, &info, err);
    if (rc)
        return gw_err_wrap(err, rc, "issuer's certificate");
    size_t seq = crypto_der_begin(&tbs, DER_SEQUENCE);
    crypto_der_add_u64(&tbs, 1); /* v2 */
    crypto_key_add_algorithm(issuer->key, &tbs);
    (void)gw_buf_add_view(&tbs, info.subject_name);
    crypto_der_add_time(&tbs, request->now);
    crypto_der_add_time(&tbs, (struct gw_wall){request->now.ms + CRYPTO_CRL_DAYS * GW_DAY_MS});
    add_entries(&tbs, request);
    add_extensions(&tbs, issuer->key, request->number);
    crypto_der_end(&tbs, seq);
    rc = gw_buf_rc(&tbs);
    if (rc)
        return gw_err_set(err, rc, "revocation list of %zu entries", request->count);
    return crypto_write_signed(gw_buf_view(&tbs), issuer->key, ret_der, err);
}
