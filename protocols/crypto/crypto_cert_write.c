#include "crypto_cert_write.h"

#include "crypto_cert.h"
#include "crypto_der.h"
#include "crypto_oid.h"
#include "gw_cleanup.h"
#include "gw_id.h"

void crypto_write_name(struct gw_buf *b, const char *cn)
{
    size_t name = crypto_der_begin(b, DER_SEQUENCE);
    size_t set = crypto_der_begin(b, DER_SET);
    size_t pair = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, OID_CN);
    crypto_der_add_text(b, DER_UTF8, cn);
    crypto_der_end(b, pair);
    crypto_der_end(b, set);
    crypto_der_end(b, name);
}

void crypto_write_aki(struct gw_buf *b, struct gw_view issuer_raw_public)
{
    uint8_t id[CRYPTO_KEY_ID_LEN];
    crypto_spki_key_id(issuer_raw_public, id);
    size_t ext = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, OID_AKI);
    size_t octets = crypto_der_begin(b, DER_OCTET_STRING);
    size_t aki = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_CTX(0), gw_view_make(id, sizeof(id)));
    crypto_der_end(b, aki);
    crypto_der_end(b, octets);
    crypto_der_end(b, ext);
}

/* Appends SEQUENCE { tbs, algorithm, signature }. */
static enum gw_rc write_signed(struct gw_view tbs, const struct crypto_key *signer, struct gw_buf *ret_der,
                               struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf signature;
    gw_buf_init(&signature, 128);
    enum gw_rc rc = crypto_key_sign(signer, tbs, &signature, err);
    if (rc)
        return rc;
    size_t top = crypto_der_begin(ret_der, DER_SEQUENCE);
    (void)gw_buf_add_view(ret_der, tbs);
    crypto_key_add_algorithm(signer, ret_der);
    crypto_der_add_bits(ret_der, gw_buf_view(&signature));
    crypto_der_end(ret_der, top);
    rc = gw_buf_rc(ret_der);
    return rc ? gw_err_set(err, rc, "more than %zu bytes of DER", ret_der->max) : GW_OK;
}

static void add_tbs(struct gw_buf *b, const struct crypto_cert_body *body, const struct crypto_key *signer)
{
    uint8_t serial[CRYPTO_SERIAL_LEN];
    gw_random(serial, sizeof(serial));
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
    size_t tbs = crypto_der_begin(b, DER_SEQUENCE);
    size_t version = crypto_der_begin(b, DER_CTX_CONS(0));
    crypto_der_add_u64(b, 2); /* v3 */
    crypto_der_end(b, version);
    crypto_der_add_uint(b, gw_view_make(serial, sizeof(serial)));
    crypto_key_add_algorithm(signer, b);
    (void)gw_buf_add_view(b, body->issuer_name);
    size_t validity = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add_time(b, body->not_before);
    crypto_der_add_time(b, body->not_after);
    crypto_der_end(b, validity);
    crypto_write_name(b, body->subject_cn);
    (void)gw_buf_add_view(b, body->spki);
    size_t wrap = crypto_der_begin(b, DER_CTX_CONS(3));
    crypto_der_add(b, DER_SEQUENCE, body->extensions);
    crypto_der_end(b, wrap);
    crypto_der_end(b, tbs);
}

enum gw_rc crypto_write_cert(const struct crypto_cert_body *body, const struct crypto_key *signer,
                             struct gw_buf *ret_der, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf tbs;
    gw_buf_init(&tbs, CRYPTO_CERT_MAX);
    add_tbs(&tbs, body, signer);
    enum gw_rc rc = gw_buf_rc(&tbs);
    if (rc)
        return gw_err_set(err, rc, "certificate above %d bytes", CRYPTO_CERT_MAX);
    return write_signed(gw_buf_view(&tbs), signer, ret_der, err);
}
