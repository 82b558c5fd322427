#include "agent_dsse.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"

#define KEY_FILE_MAX    8192
#define ED25519_SIG_LEN 64

static bool is_ed25519(EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "ED25519");
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32];
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum gw_rc read_key(const char *path, EVP_PKEY **ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, KEY_FILE_MAX);
    enum gw_rc rc = gw_fs_read_file(path, &text, err);
    if (rc)
        return rc;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    if (!key)
        return gw_err_set(err, GW_CORRUPT, "%s holds no public key in PEM", path);
    if (!is_ed25519(key) && !is_p256(key)) {
        EVP_PKEY_free(key);
        return gw_err_set(err, GW_UNSUPPORTED, "%s: neither an Ed25519 nor a P-256 key", path);
    }
    *ret_key = key;
    return GW_OK;
}

static bool name_key(EVP_PKEY *key, char ret_keyid[DSSE_KEYID_LEN + 1])
{
    unsigned char *der = NULL;
    struct gw_sha256 hash;
    if (EVP_PKEY_is_a(key, "EC")) /* one key, one name, however its file writes the point */
        (void)EVP_PKEY_set_utf8_string_param(key, "point-format", "uncompressed");
    int len = i2d_PUBKEY(key, &der);
    if (len <= 0)
        return false;
    bulk_hash_ops()->digest(gw_view_make(der, (size_t)len), &hash);
    OPENSSL_free(der);
    gw_hex_format(hash.bytes, GW_SHA256_LEN, ret_keyid);
    return true;
}

enum gw_rc agent_vendor_keys_add(struct agent_vendor_keys *keys, const char *path, struct gw_err *err)
{
    EVP_PKEY *key = NULL;
    char keyid[DSSE_KEYID_LEN + 1];
    if (keys->count >= AGENT_VENDOR_KEYS_MAX)
        return gw_err_set(err, GW_TOO_BIG, "%s: more than %d vendor keys", path, AGENT_VENDOR_KEYS_MAX);
    enum gw_rc rc = read_key(path, &key, err);
    if (rc)
        return rc;
    if (!name_key(key, keyid))
        rc = gw_err_set(err, GW_CORRUPT, "%s: the key has no SubjectPublicKeyInfo", path);
    for (size_t i = 0; !rc && i < keys->count; i++)
        if (strcmp(keys->list[i].keyid, keyid) == 0)
            rc = gw_err_set(err, GW_EXISTS, "%s: this key is there twice", path);
    if (rc) {
        EVP_PKEY_free(key);
        return rc;
    }
    keys->list[keys->count].key = key;
    memcpy(keys->list[keys->count++].keyid, keyid, sizeof(keyid));
    return GW_OK;
}

void agent_vendor_keys_done(struct agent_vendor_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->list[i].key);
    *keys = (struct agent_vendor_keys){0};
}

static bool signature_right(EVP_PKEY *key, const struct dsse_signature *signature, struct gw_view pae)
{
    const EVP_MD *md = is_ed25519(key) ? NULL : EVP_sha256();
    if (is_ed25519(key) && signature->len != ED25519_SIG_LEN)
        return false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool right = ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
                 EVP_DigestVerify(ctx, signature->bytes, signature->len, pae.ptr, pae.len) == 1;
    EVP_MD_CTX_free(ctx);
    return right;
}

enum gw_rc agent_dsse_verify(const struct dsse_envelope *envelope, const struct agent_vendor_keys *keys,
                             unsigned threshold, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    unsigned signers = 0;
    gw_buf_init(&pae, DSSE_PAE_MAX);
    enum gw_rc rc = dsse_pae(gw_view_str(envelope->type), gw_buf_view(&envelope->payload), &pae);
    if (rc)
        return gw_err_set(err, rc, "the envelope is too big");
    for (size_t i = 0; i < envelope->signature_count; i++) {
        const struct dsse_signature *signature = &envelope->signatures[i]; /* no keyid is there twice: dsse.h */
        for (size_t k = 0; k < keys->count; k++) {
            if (strcmp(keys->list[k].keyid, signature->keyid) != 0)
                continue;
            if (!signature_right(keys->list[k].key, signature, gw_buf_view(&pae)))
                return gw_err_set(err, GW_DENIED, "the signature by %.16s… is wrong", signature->keyid);
            signers++;
        }
    }
    if (signers < threshold || signers == 0)
        return gw_err_set(err, GW_DENIED, "signed by %u of the %zu trusted keys, %u must", signers, keys->count,
                          threshold ? threshold : 1);
    return GW_OK;
}
