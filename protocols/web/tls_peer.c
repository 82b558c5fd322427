#include "tls_peer.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* root, issuing CA, leaf */
#define CHAIN_DEPTH_MAX 2

/* What is wrong with a certificate, behind "the certificate"; static storage. */
static const char *fault_text(int error)
{
    if (error == X509_V_ERR_CERT_HAS_EXPIRED)
        return "has expired";
    if (error == X509_V_ERR_CERT_NOT_YET_VALID)
        return "is not valid yet";
    if (error == X509_V_ERR_INVALID_PURPOSE)
        return "is not one of a device";
    return "was not issued by this gateway";
}

/* Goes on whatever is wrong: anonymous routes work with any certificate. OpenSSL keeps the first-seen error of a chain
 * only as long as no later check overwrites it, so the first failure is also remembered on the connection, as text. */
static int on_verify(int preverify_ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (!preverify_ok && !SSL_get_app_data(ssl))
        SSL_set_app_data(ssl, (char *)(uintptr_t)fault_text(X509_STORE_CTX_get_error(store)));
    return 1;
}

static enum gw_rc trust(SSL_CTX *ctx, const char *client_ca_path, struct gw_err *err)
{
    if (SSL_CTX_load_verify_file(ctx, client_ca_path) != 1)
        return gw_err_set(err, GW_INVALID, "client CA file %s cannot be used", client_ca_path);
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(client_ca_path);
    if (!names)
        return gw_err_set(err, GW_INVALID, "client CA file %s holds no certificate", client_ca_path);
    SSL_CTX_set_client_CA_list(ctx, names);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
    return GW_OK;
}

enum gw_rc tls_peer_context(void *ssl_ctx, const char *client_ca_path, struct gw_err *err)
{
    SSL_CTX *ctx = ssl_ctx;
    SSL_CTX_set_tlsext_servername_callback(ctx, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_PRIORITIZE_CHACHA);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
        SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
        SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1 || SSL_CTX_check_private_key(ctx) != 1) {
        ERR_clear_error();
        return gw_err_set(err, GW_INVALID, "TLS settings or the server's key were refused");
    }
    return client_ca_path ? trust(ctx, client_ca_path, err) : GW_OK;
}

bool tls_peer_ready(void *ssl)
{
    return ssl && SSL_is_init_finished(ssl);
}

static bool read_cn(X509 *cert, char out[64])
{
    X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool fits = len > 0 && gw_view_copy_str(gw_view_make(utf8, (size_t)len), out, 64) == GW_OK;
    for (int i = 0; fits && i < len; i++)
        fits = utf8[i] >= 0x20 && utf8[i] != 0x7f;
    OPENSSL_free(utf8);
    return fits;
}

static bool read_cert(X509 *cert, struct http_peer *peer)
{
    unsigned len = sizeof(peer->cert_sha256.bytes);
    struct tm tm;
    if (X509_digest(cert, EVP_sha256(), peer->cert_sha256.bytes, &len) != 1 || len != sizeof(peer->cert_sha256.bytes))
        return false;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
        return false;
    int64_t days = gw_days_of_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    peer->cert_not_after.ms =
        days * GW_DAY_MS + tm.tm_hour * GW_HOUR_MS + tm.tm_min * GW_MINUTE_MS + tm.tm_sec * GW_SECOND_MS;
    return read_cn(cert, peer->cert_cn);
}

void tls_peer_read(void *ssl, struct http_peer *peer)
{
    X509 *cert = SSL_get1_peer_certificate(ssl);
    if (!cert)
        return;
    const char *fault = SSL_get_app_data((SSL *)ssl);
    int result = (int)SSL_get_verify_result(ssl);
    if (!fault && result != X509_V_OK)
        fault = fault_text(result);
    if (!fault && !read_cert(cert, peer))
        fault = "has no name that a device can have";
    X509_free(cert);
    peer->has_cert = !fault;
    peer->bad_cert = fault != NULL;
    peer->cert_fault = fault;
    if (fault) {
        memset(&peer->cert_sha256, 0, sizeof(peer->cert_sha256));
        peer->cert_cn[0] = '\0';
        peer->cert_not_after.ms = 0;
    }
    ERR_clear_error();
}

void tls_peer_bye(void *ssl)
{
    if (tls_peer_ready(ssl))
        (void)SSL_shutdown(ssl);
    ERR_clear_error();
}
