#include "crypto_dsse.h"

#include <stdio.h>
#include <string.h>

#include "crypto_der.h"
#include "crypto_hash.h"
#include "crypto_oid.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "gw_num.h"
#include "gw_utf8.h"

void crypto_dsse_keyid(struct gw_view spki, char ret_keyid[DSSE_KEYID_LEN + 1])
{
    struct gw_sha256 hash;
    crypto_sha256()->digest(spki, &hash);
    gw_hex_format(hash.bytes, GW_SHA256_LEN, ret_keyid);
}

static bool name_valid(struct gw_view name)
{
    if (name.len == 0 || name.len > VENDOR_KEY_NAME || !gw_utf8_valid(name))
        return false;
    char clean[VENDOR_KEY_NAME + 1];
    size_t len = gw_utf8_clean(name, clean, sizeof(clean));
    return gw_view_eq(name, gw_view_make(clean, len)); /* no control characters */
}

/* The DER inside, or the text itself when it is no PEM. */
static enum gw_rc public_der(struct gw_view text, struct gw_buf *ret_der, struct gw_err *err)
{
    static const char mark[] = "-----BEGIN ";
    static const char private_mark[] = "PRIVATE KEY-----";
    if (text.len > 0 && memmem(text.ptr, text.len, private_mark, sizeof(private_mark) - 1))
        return gw_err_set(err, GW_INVALID,
                          "this is a private key: it stays with the vendor. Only its public half belongs here");
    if (text.len == 0 || !memmem(text.ptr, text.len, mark, sizeof(mark) - 1))
        return gw_buf_add_view(ret_der, text)
                   ? gw_err_set(err, GW_INVALID, "no public key in PEM or DER (FILE.pub of `gatehouse release keygen`)")
                   : GW_OK;
    enum gw_rc rc = crypto_pem_parse(text, CRYPTO_PEM_PUBLIC, ret_der, NULL, err);
    return rc ? gw_err_set(err, GW_INVALID, "no readable PEM block \"%s\"", CRYPTO_PEM_PUBLIC) : GW_OK;
}

enum gw_rc crypto_vendor_key_import(struct gw_view text, const char *name, struct vendor_key *ret_key,
                                    struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf der;
    gw_buf_init(&der, DEVICE_SPKI_MAX);
    enum crypto_key_kind kind;
    if (!name_valid(gw_view_str(name)))
        return gw_err_set(err, GW_INVALID, "a key's name has 1 to %d bytes of UTF-8 and no control characters",
                          VENDOR_KEY_NAME);
    enum gw_rc rc = public_der(text, &der, err);
    if (!rc)
        rc = crypto_spki_check(gw_buf_view(&der), &kind, NULL, err);
    if (rc)
        return rc;
    struct vendor_key key = {.spki = {.len = (uint16_t)der.len}};
    memcpy(key.spki.der, der.ptr, der.len);
    crypto_dsse_keyid(gw_buf_view(&der), key.keyid);
    (void)snprintf(key.name, sizeof(key.name), "%s", name);
    *ret_key = key;
    return GW_OK;
}

static struct gw_view spki_of(const struct vendor_key *key)
{
    return gw_view_make(key->spki.der, key->spki.len);
}

/* The trusted key with this keyid, or key_count. What the key is named by is computed, not believed. */
static size_t find_key(const struct vendor_key keys[], size_t key_count, const char *keyid)
{
    for (size_t i = 0; i < key_count; i++) {
        char actual[DSSE_KEYID_LEN + 1];
        if (keys[i].removed.ms || strcmp(keys[i].keyid, keyid) != 0)
            continue;
        crypto_dsse_keyid(spki_of(&keys[i]), actual);
        if (strcmp(actual, keyid) == 0)
            return i;
    }
    return key_count;
}

static enum gw_rc verify_one(const struct vendor_key *key, struct gw_view pae, const struct dsse_signature *signature,
                             struct gw_err *err)
{
    enum crypto_key_kind kind;
    enum gw_rc rc = crypto_spki_check(spki_of(key), &kind, NULL, err);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf algorithm;
    gw_buf_init(&algorithm, 64);
    crypto_der_add(&algorithm, DER_OID, kind == CRYPTO_P256 ? OID_ECDSA_SHA256 : OID_ED25519);
    return crypto_spki_verify(spki_of(key), gw_buf_view(&algorithm), pae,
                              gw_view_make(signature->bytes, signature->len), err);
}

static bool counted(const struct crypto_dsse_result *result, size_t key)
{
    for (unsigned i = 0; i < result->signers; i++)
        if (result->keys[i] == key)
            return true;
    return false;
}

enum gw_rc crypto_dsse_verify(const struct dsse_envelope *envelope, const struct vendor_key keys[], size_t key_count,
                              unsigned threshold, struct crypto_dsse_result *ret_result, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    gw_buf_init(&pae, DSSE_PAE_MAX);
    *ret_result = (struct crypto_dsse_result){0};
    if (dsse_pae(gw_view_str(envelope->type), gw_buf_view(&envelope->payload), &pae))
        return gw_err_set(err, GW_TOO_BIG, "an envelope of %zu bytes", envelope->payload.len);
    for (size_t i = 0; i < envelope->signature_count; i++) {
        const struct dsse_signature *signature = &envelope->signatures[i];
        size_t key = find_key(keys, key_count, signature->keyid);
        if (key == key_count) {
            ret_result->unknown++;
            continue;
        }
        if (verify_one(&keys[key], gw_buf_view(&pae), signature, err))
            return gw_err_set(err, GW_DENIED, "the signature by key %s is wrong", signature->keyid);
        if (!counted(ret_result, key))
            ret_result->keys[ret_result->signers++] = key;
    }
    if (threshold < 1 || ret_result->signers < threshold)
        return gw_err_set(err, GW_DENIED, "signed by %u trusted vendor key%s, %u must have signed (and by %u unknown)",
                          ret_result->signers, gw_plural(ret_result->signers), threshold, ret_result->unknown);
    return GW_OK;
}

enum gw_rc crypto_dsse_sign(const struct crypto_key *key, struct dsse_envelope *envelope, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf pae;
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&pae, DSSE_PAE_MAX);
    gw_buf_init(&bytes, DSSE_SIGNATURE_MAX);
    if (envelope->signature_count == DSSE_SIGNATURES_MAX)
        return gw_err_set(err, GW_TOO_BIG, "an envelope takes %d signatures", DSSE_SIGNATURES_MAX);
    struct device_spki spki;
    struct dsse_signature *signature = &envelope->signatures[envelope->signature_count];
    crypto_key_spki(key, &spki);
    crypto_dsse_keyid(gw_view_make(spki.der, spki.len), signature->keyid);
    for (size_t i = 0; i < envelope->signature_count; i++)
        if (strcmp(envelope->signatures[i].keyid, signature->keyid) == 0)
            return gw_err_set(err, GW_EXISTS, "key %s has signed already", signature->keyid);
    if (dsse_pae(gw_view_str(envelope->type), gw_buf_view(&envelope->payload), &pae))
        return gw_err_set(err, GW_TOO_BIG, "a payload of %zu bytes", envelope->payload.len);
    enum gw_rc rc = crypto_key_sign(key, gw_buf_view(&pae), &bytes, err);
    if (rc)
        return rc;
    signature->len = (uint8_t)bytes.len;
    memcpy(signature->bytes, bytes.ptr, bytes.len);
    envelope->signature_count++;
    return GW_OK;
}
