#include "peer_cert.h"

#include <mosquitto_broker.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "gw_cleanup.h"

static void free_x509(X509 **x509)
{
    X509_free(*x509);
}

static bool read_not_after(const X509 *x509, struct gw_wall *ret_time)
{
    struct tm tm = {0};
    if (!ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm))
        return false;
    int64_t days = gw_days_of_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    ret_time->ms = days * GW_DAY_MS + tm.tm_hour * GW_HOUR_MS + tm.tm_min * GW_MINUTE_MS + tm.tm_sec * GW_SECOND_MS;
    return true;
}

static void read_name(const X509 *x509, struct gw_device_id *ret_name)
{
    *ret_name = (struct gw_device_id){0};
    const X509_NAME *subject = X509_get_subject_name(x509);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return;
    const ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    int len = ASN1_STRING_length(text);
    if (len < 0 || gw_device_id_parse(gw_view_make(ASN1_STRING_get0_data(text), (size_t)len), ret_name))
        *ret_name = (struct gw_device_id){0};
}

bool peer_cert_get(const struct mosquitto *client, struct peer_cert *ret_cert)
{
    GW_CLEANUP(free_x509) X509 *x509 = mosquitto_client_certificate(client);
    struct peer_cert cert = {0};
    unsigned len = 0;
    if (!x509 || !X509_digest(x509, EVP_sha256(), cert.sha256.bytes, &len) || len != GW_SHA256_LEN ||
        !read_not_after(x509, &cert.not_after))
        return false;
    read_name(x509, &cert.name);
    *ret_cert = cert;
    return true;
}

struct peer_digest *peer_digest_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx && !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }
    return (struct peer_digest *)ctx;
}

bool peer_digest_add(struct peer_digest *digest, struct gw_view data)
{
    return EVP_DigestUpdate((EVP_MD_CTX *)digest, data.ptr, data.len) == 1;
}

bool peer_digest_end(struct peer_digest *digest, struct gw_sha256 *ret_hash)
{
    unsigned len = 0;
    return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, ret_hash->bytes, &len) == 1 && len == GW_SHA256_LEN;
}

void peer_digest_free(struct peer_digest *digest)
{
    EVP_MD_CTX_free((EVP_MD_CTX *)digest);
}
