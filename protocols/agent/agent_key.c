#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "agent_pki.h"
#include "gw_cleanup.h"

#define KEY_FILE_MAX 8192

static EVP_PKEY *key_make(bool ed25519)
{
    return ed25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

static enum gw_rc key_write(const struct gw_fs *fs, const char *path, EVP_PKEY *key, struct gw_err *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    enum gw_rc rc = GW_IO;
    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        (void)gw_err_set(err, rc, "%s: the key cannot be written as PEM", path);
    } else {
        long len = BIO_get_mem_data(bio, &bytes);
        rc = gw_fs_replace(fs, path, gw_view_make(bytes, (size_t)len), 0600, err);
    }
    BIO_free(bio);
    return rc;
}

static enum gw_rc key_read(const char *path, EVP_PKEY **ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf text;
    gw_buf_init(&text, KEY_FILE_MAX);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (rc)
        return rc;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    *ret_key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return *ret_key ? GW_OK : gw_err_set(err, GW_CORRUPT, "%s holds no private key", path);
}

enum gw_rc agent_key_open(const struct gw_fs *fs, const char *path, bool ed25519, EVP_PKEY **ret_key,
                          struct gw_err *err)
{
    EVP_PKEY *key = NULL;
    enum gw_rc rc = key_read(path, &key, err);
    if (rc == GW_NOT_FOUND) {
        key = key_make(ed25519);
        rc = key ? key_write(fs, path, key, err) : gw_err_set(err, GW_IO, "OpenSSL makes no key");
    }
    if (rc) {
        EVP_PKEY_free(key);
        return rc;
    }
    *ret_key = key;
    return GW_OK;
}

static bool csr_fill(X509_REQ *req, EVP_PKEY *key, const struct gw_device_id *id)
{
    X509_NAME *name = X509_REQ_get_subject_name(req);
    const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    return X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)id->text, -1, -1, 0) == 1 &&
           X509_REQ_set_pubkey(req, key) == 1 && X509_REQ_sign(req, key, md) > 0;
}

enum gw_rc agent_csr_make(EVP_PKEY *key, const struct gw_device_id *id, struct gw_buf *ret_der, struct gw_err *err)
{
    X509_REQ *req = X509_REQ_new();
    unsigned char *der = NULL;
    int len = req && csr_fill(req, key, id) ? i2d_X509_REQ(req, &der) : -1;
    X509_REQ_free(req);
    if (len <= 0)
        return gw_err_set(err, GW_IO, "OpenSSL makes no certificate request");
    enum gw_rc rc = gw_buf_add(ret_der, der, (size_t)len);
    OPENSSL_free(der);
    return rc;
}
