#include "est_server.h"

#include <openssl/pkcs7.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_buf.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define REQUEST_MAX 16384

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

static X509 *issue(const struct est_server *s, X509_REQ *req, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509 *ca = s->tls.pki->cert;
    must(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711));
    must(X509_set_subject_name(cert, X509_REQ_get_subject_name(req)) && X509_set_pubkey(cert, key));
    must(X509_set_issuer_name(cert, X509_get_subject_name(ca)));
    must(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) && X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
    add_extension(cert, ca, NID_basic_constraints, "CA:FALSE");
    add_extension(cert, ca, NID_key_usage, "digitalSignature");
    add_extension(cert, ca, NID_ext_key_usage, "clientAuth");
    add_extension(cert, ca, NID_subject_key_identifier, "hash");
    add_extension(cert, ca, NID_authority_key_identifier, "keyid:always");
    must(X509_sign(cert, s->tls.pki->key, EVP_sha256()) > 0);
    return cert;
}

static void add_pkcs7(X509 *cert, struct gw_buf *out)
{
    PKCS7 *p7 = PKCS7_new();
    unsigned char *der = NULL;
    must(PKCS7_set_type(p7, NID_pkcs7_signed) && PKCS7_content_new(p7, NID_pkcs7_data) &&
         PKCS7_add_certificate(p7, cert));
    int len = i2d_PKCS7(p7, &der);
    must(len > 0 && !gw_base64_add(out, der, (size_t)len));
    OPENSSL_free(der);
    PKCS7_free(p7);
}

static void answer_enrol(const struct est_server *s, struct gw_view body, struct gw_buf *out)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, REQUEST_MAX);
    must(!gw_base64_parse(body, &der));
    const unsigned char *at = der.ptr;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);
    must(req && X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1);
    EVP_PKEY *own = EVP_EC_gen("P-256");
    X509 *cert = issue(s, req, s->mood == EST_SERVER_ISSUES_A_WRONG ? own : X509_REQ_get0_pubkey(req));
    add_pkcs7(cert, out);
    X509_free(cert);
    EVP_PKEY_free(own);
    X509_REQ_free(req);
}

static int answer(const struct est_server *s, const char *path, struct gw_view body, struct gw_buf *out)
{
    if (strcmp(path, "/.well-known/est/cacerts") == 0) {
        add_pkcs7(s->tls.pki->cert, out);
        return 200;
    }
    if (strcmp(path, "/device/v1/trust") == 0) {
        (void)gw_buf_add_str(out, s->trust);
        return 200;
    }
    switch (s->mood) {
    case EST_SERVER_ISSUES:
    case EST_SERVER_ISSUES_A_WRONG:
        answer_enrol(s, body, out);
        return 200;
    case EST_SERVER_WAITS:
        return 202;
    case EST_SERVER_REFUSES:
        return 401;
    case EST_SERVER_TALKS_NONSENSE:
        (void)gw_buf_add_str(out, "bm9uc2Vuc2U=");
        return 200;
    }
    return 500;
}

static void record(const struct est_server *s, SSL *ssl, const char *method, const char *path, const char *head)
{
    char peer[TLS_SERVER_PEER_MAX], line[1024], credentials[256] = "-";
    const char *found = strstr(head, "\r\nAuthorization: Basic ");
    if (found)
        (void)sscanf(found + 23, "%255s", credentials);
    tls_server_peer(ssl, peer);
    (void)snprintf(line, sizeof(line), "%s %s %s %s\n", method, path, credentials, peer);
    tls_server_record(s->record, line);
}

/* Reads until the body is whole; returns where it begins. */
static char *read_request(SSL *ssl, char *request, size_t *ret_len)
{
    size_t len = 0, need = SIZE_MAX;
    char *body = NULL;
    while (len < need) {
        int n = SSL_read(ssl, request + len, (int)(REQUEST_MAX - 1 - len));
        if (n <= 0)
            return NULL;
        len += (size_t)n;
        request[len] = '\0';
        body = strstr(request, "\r\n\r\n");
        unsigned long content = 0;
        const char *length = strstr(request, "\r\nContent-Length: ");
        if (length && length < body)
            (void)sscanf(length + 18, "%lu", &content);
        if (body)
            need = (size_t)(body + 4 - request) + content;
    }
    *ret_len = len;
    return body + 4;
}

static void serve(const void *ctx, SSL *ssl)
{
    const struct est_server *s = ctx;
    static char request[REQUEST_MAX];
    char method[16], path[256], head[256];
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, REQUEST_MAX);
    size_t len = 0;
    char *body = read_request(ssl, request, &len);
    if (!body || sscanf(request, "%15s %255s", method, path) != 2)
        return;
    int status = answer(s, path, gw_view_make(body, len - (size_t)(body - request)), &out);
    record(s, ssl, method, path, request);
    int n = snprintf(head, sizeof(head), "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n", status,
                     out.len, status == 202 ? "Retry-After: 17\r\n" : "");
    (void)SSL_write(ssl, head, n);
    if (out.len)
        (void)SSL_write(ssl, out.ptr, (int)out.len);
    (void)SSL_shutdown(ssl);
}

void est_server_start(struct est_server *s)
{
    tls_server_start(&s->tls, serve, s);
}

void est_server_stop(struct est_server *s)
{
    tls_server_stop(&s->tls);
}
