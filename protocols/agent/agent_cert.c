#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "agent_pki.h"
#include "gw_cleanup.h"

#define CERT_FILE_MAX (64 * 1024)
#define CERTS_DER_MAX (64 * 1024)
#define CERTS_MAX     16

void agent_certs_free(STACK_OF(X509) * certs)
{
    sk_X509_pop_free(certs, X509_free);
}

static enum gw_rc base64_to_der(struct gw_view text, struct gw_buf *ret_der)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf dense;
    gw_buf_init(&dense, 2 * CERTS_DER_MAX);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r' && text.ptr[i] != '\n' && text.ptr[i] != ' ' && text.ptr[i] != '\t')
            (void)gw_buf_add_u8(&dense, text.ptr[i]);
    return gw_buf_rc(&dense) ? gw_buf_rc(&dense) : gw_base64_parse(gw_buf_view(&dense), ret_der);
}

enum gw_rc agent_certs_parse(struct gw_view base64, STACK_OF(X509) * *ret_certs, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, CERTS_DER_MAX);
    if (base64_to_der(base64, &der) || der.len == 0)
        return gw_err_set(err, GW_INVALID, "the answer is not base64");
    const unsigned char *at = der.ptr;
    PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)der.len);
    bool whole = p7 && at == der.ptr + der.len && PKCS7_type_is_signed(p7) && p7->d.sign;
    STACK_OF(X509) *certs = whole && p7->d.sign->cert ? X509_chain_up_ref(p7->d.sign->cert) : NULL;
    PKCS7_free(p7);
    if (!certs || sk_X509_num(certs) < 1 || sk_X509_num(certs) > CERTS_MAX) {
        agent_certs_free(certs);
        return gw_err_set(err, GW_INVALID, "the answer is not a PKCS#7 with 1 to %d certificates", CERTS_MAX);
    }
    *ret_certs = certs;
    return GW_OK;
}

static bool spki_hash(X509 *cert, struct gw_sha256 *ret_hash)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len <= 0)
        return false;
    (void)SHA256(der, (size_t)len, ret_hash->bytes);
    OPENSSL_free(der);
    return true;
}

static enum gw_rc add_pem(X509 *cert, struct gw_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    enum gw_rc rc = GW_NO_MEMORY;
    if (bio && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &bytes);
        rc = gw_buf_add(out, bytes, (size_t)len);
    }
    BIO_free(bio);
    return rc;
}

static bool self_signed(X509 *cert)
{
    return X509_self_signed(cert, 1) == 1 && X509_check_ca(cert) == 1;
}

enum gw_rc agent_root_find(STACK_OF(X509) * certs, struct gw_view pin, struct gw_buf *ret_pem, struct gw_err *err)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        struct gw_sha256 hash;
        X509 *cert = sk_X509_value(certs, i);
        if (pin.len < 16 || pin.len > GW_SHA256_LEN || !spki_hash(cert, &hash))
            continue;
        if (memcmp(hash.bytes, pin.ptr, pin.len) == 0 && self_signed(cert))
            return add_pem(cert, ret_pem) ? gw_err_set(err, GW_NO_MEMORY, "root certificate") : GW_OK;
    }
    return gw_err_set(err, GW_DENIED, "none of the %d certificates offered is the pinned root", sk_X509_num(certs));
}

static X509 *read_pem(BIO *bio)
{
    return bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

/* All certificates of a PEM file. */
static enum gw_rc load_pem(const char *path, STACK_OF(X509) * *ret_certs, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, CERT_FILE_MAX);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (rc)
        return rc;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    STACK_OF(X509) *certs = sk_X509_new_null();
    for (X509 *cert = read_pem(bio); cert; cert = read_pem(bio))
        if (!certs || sk_X509_push(certs, cert) <= 0)
            X509_free(cert);
    BIO_free(bio);
    if (!certs || sk_X509_num(certs) == 0) {
        agent_certs_free(certs);
        return gw_err_set(err, GW_CORRUPT, "%s holds no certificate", path);
    }
    *ret_certs = certs;
    return GW_OK;
}

enum gw_rc agent_spki_sha256(const char *pem_path, struct gw_sha256 *ret_hash, struct gw_err *err)
{
    STACK_OF(X509) *certs = NULL;
    enum gw_rc rc = load_pem(pem_path, &certs, err);
    if (!rc && !spki_hash(sk_X509_value(certs, 0), ret_hash))
        rc = gw_err_set(err, GW_CORRUPT, "%s: no public key", pem_path);
    agent_certs_free(certs);
    return rc;
}

static bool named(X509 *cert, const struct gw_device_id *id)
{
    char cn[GW_DEVICE_ID_MAX + 2];
    int len = X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, cn, sizeof(cn));
    return len > 0 && (size_t)len == strlen(cn) && strcmp(cn, id->text) == 0;
}

/* Verifies under the root alone, as a client certificate. Time is left out: an expired certificate of ours is to be
 * told from a foreign one, and the dates are told to the caller. */
static bool verifies(X509_STORE *store, X509 *leaf, STACK_OF(X509) * others, STACK_OF(X509) * *ret_chain)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool ok = ctx && X509_STORE_CTX_init(ctx, store, leaf, others) == 1;
    if (ok) {
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME);
        ok = X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1 && X509_verify_cert(ctx) == 1;
    }
    if (ok && ret_chain)
        *ret_chain = X509_STORE_CTX_get1_chain(ctx);
    X509_STORE_CTX_free(ctx);
    return ok;
}

static X509_STORE *store_of(const char *root_path)
{
    X509_STORE *store = X509_STORE_new();
    if (store && X509_STORE_load_file(store, root_path) == 1)
        return store;
    X509_STORE_free(store);
    return NULL;
}

static X509 *find_ours(const struct agent_cert_rules *rules, STACK_OF(X509) * certs)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        X509 *cert = sk_X509_value(certs, i);
        EVP_PKEY *key = X509_get0_pubkey(cert);
        if (key && EVP_PKEY_eq(key, rules->key) == 1 && named(cert, rules->id))
            return cert;
    }
    return NULL;
}

static enum gw_rc verify_ours(const struct agent_cert_rules *rules, STACK_OF(X509) * issued, STACK_OF(X509) * others,
                              STACK_OF(X509) * *ret_chain, struct gw_err *err)
{
    X509 *ours = find_ours(rules, issued);
    if (!ours)
        return gw_err_set(err, GW_DENIED, "no certificate for our key and the name %s", rules->id->text);
    X509_STORE *store = store_of(rules->root_path);
    if (!store)
        return gw_err_set(err, GW_CORRUPT, "%s holds no root certificate", rules->root_path);
    STACK_OF(X509) *helpers = others ? X509_chain_up_ref(others) : sk_X509_new_null();
    for (int i = 0; helpers && i < sk_X509_num(issued); i++)
        if (sk_X509_push(helpers, sk_X509_value(issued, i)) > 0)
            (void)X509_up_ref(sk_X509_value(issued, i));
    bool ok = helpers && verifies(store, ours, helpers, ret_chain);
    agent_certs_free(helpers);
    X509_STORE_free(store);
    return ok ? GW_OK : gw_err_set(err, GW_DENIED, "the certificate does not lead to the pinned root");
}

enum gw_rc agent_chain_make(const struct agent_cert_rules *rules, STACK_OF(X509) * issued, STACK_OF(X509) * others,
                            struct gw_buf *ret_pem, struct gw_err *err)
{
    STACK_OF(X509) *chain = NULL;
    enum gw_rc rc = verify_ours(rules, issued, others, &chain, err);
    for (int i = 0; !rc && i + 1 < sk_X509_num(chain); i++) /* the last one is the root */
        rc = add_pem(sk_X509_value(chain, i), ret_pem);
    agent_certs_free(chain);
    return rc;
}

static bool wall_of(const ASN1_TIME *t, struct gw_wall *ret_wall)
{
    struct tm tm;
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    int64_t days = gw_days_of_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    ret_wall->ms = days * GW_DAY_MS + tm.tm_hour * GW_HOUR_MS + tm.tm_min * GW_MINUTE_MS + tm.tm_sec * GW_SECOND_MS;
    return true;
}

enum gw_rc agent_cert_check(const struct agent_cert_rules *rules, const char *path, struct agent_cert *ret_cert,
                            struct gw_err *err)
{
    STACK_OF(X509) *certs = NULL;
    struct agent_cert out;
    enum gw_rc rc = load_pem(path, &certs, err);
    if (rc)
        return rc;
    rc = verify_ours(rules, certs, NULL, NULL, err);
    X509 *ours = rc ? NULL : find_ours(rules, certs);
    if (ours &&
        (!wall_of(X509_get0_notBefore(ours), &out.not_before) || !wall_of(X509_get0_notAfter(ours), &out.not_after)))
        rc = gw_err_set(err, GW_CORRUPT, "%s: its dates cannot be read", path);
    agent_certs_free(certs);
    if (!rc)
        *ret_cert = out;
    return rc ? gw_err_wrap(err, rc, "%s", path) : GW_OK;
}
