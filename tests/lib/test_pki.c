#include "test_pki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define HOUR_S 3600

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *make(EVP_PKEY *key, const char *cn, long serial, int64_t seconds)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    must(cert && name && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), serial));
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0) == 1);
    must(X509_set_subject_name(cert, name) && X509_set_pubkey(cert, key));
    must(X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR_S) && X509_gmtime_adj(X509_getm_notAfter(cert), seconds));
    X509_NAME_free(name);
    return cert;
}

static void write_cert(const char *path, X509 *cert)
{
    FILE *file = fopen(path, "we");
    must(file && PEM_write_X509(file, cert) && fclose(file) == 0);
}

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "we");
    must(file && PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fclose(file) == 0);
}

void test_pki_init(struct test_pki *pki, const char *dir, const char *name)
{
    *pki = (struct test_pki){.serial = 1};
    must((size_t)snprintf(pki->dir, sizeof(pki->dir), "%s", dir) < sizeof(pki->dir));
    (void)snprintf(pki->ca_file, sizeof(pki->ca_file), "%s/%s-ca.pem", dir, name);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key != NULL);
    X509 *cert = make(key, name, pki->serial++, 24 * HOUR_S);
    must(X509_set_issuer_name(cert, X509_get_subject_name(cert)));
    add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(cert, cert, NID_subject_key_identifier, "hash");
    must(X509_sign(cert, key, EVP_sha256()) > 0);
    write_cert(pki->ca_file, cert);
    pki->key = key;
    pki->cert = cert;
}

void test_pki_done(struct test_pki *pki)
{
    EVP_PKEY_free(pki->key);
    X509_free(pki->cert);
    pki->key = pki->cert = NULL;
}

void test_pki_issue(struct test_pki *pki, const char *cn, bool server, int64_t seconds, struct test_cert *ret_cert)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    must(key != NULL);
    long serial = pki->serial++;
    X509 *cert = make(key, cn, serial, seconds);
    must(X509_set_issuer_name(cert, X509_get_subject_name(pki->cert)));
    add_extension(cert, pki->cert, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(cert, pki->cert, NID_key_usage, "critical,digitalSignature");
    add_extension(cert, pki->cert, NID_ext_key_usage, server ? "serverAuth" : "clientAuth");
    add_extension(cert, pki->cert, NID_subject_key_identifier, "hash"); /* OpenSSL's strict check asks for both */
    add_extension(cert, pki->cert, NID_authority_key_identifier, "keyid:always");
    if (server)
        add_extension(cert, pki->cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    must(X509_sign(cert, pki->key, EVP_sha256()) > 0);
    *ret_cert = (struct test_cert){0};
    (void)snprintf(ret_cert->cert_file, sizeof(ret_cert->cert_file), "%s/%.63s-%ld.pem", pki->dir, cn, serial);
    (void)snprintf(ret_cert->key_file, sizeof(ret_cert->key_file), "%s/%.63s-%ld.key", pki->dir, cn, serial);
    write_cert(ret_cert->cert_file, cert);
    write_key(ret_cert->key_file, key);
    unsigned len = 0;
    must(X509_digest(cert, EVP_sha256(), ret_cert->sha256.bytes, &len) && len == GW_SHA256_LEN);
    struct gw_wall now = gw_wall_now();
    ret_cert->not_after.ms = (now.ms / 1000 + seconds) * 1000;
    X509_free(cert);
    EVP_PKEY_free(key);
}

static X509 *read_der(struct gw_view der)
{
    const unsigned char *at = der.ptr;
    return d2i_X509(NULL, &at, (long)der.len);
}

bool test_pki_chain_holds(struct gw_view leaf, struct gw_view issuer, struct gw_view root, struct gw_wall now)
{
    X509 *certs[] = {read_der(leaf), read_der(issuer), read_der(root)};
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    must(store && ctx && between);
    bool holds = certs[0] && certs[1] && certs[2];
    if (holds) {
        must(X509_STORE_add_cert(store, certs[2]) == 1 && sk_X509_push(between, certs[1]) > 0);
        must(X509_STORE_CTX_init(ctx, store, certs[0], between) == 1);
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
        X509_STORE_CTX_set_time(ctx, 0, (time_t)(now.ms / GW_SECOND_MS));
        must(X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1);
        holds = X509_verify_cert(ctx) == 1;
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(between);
    for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
        X509_free(certs[i]);
    return holds;
}
