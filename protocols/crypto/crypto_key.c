#include "crypto_key.h"

#include <stdlib.h>
#include <string.h>

#include "crypto_der.h"
#include "crypto_ed25519.h"
#include "crypto_hash.h"
#include "crypto_oid.h"
#include "crypto_p256.h"
#include "crypto_pem.h"
#include "gw_cleanup.h"

#define KEY_DER_MAX 512
#define SECRET_LEN  32

struct crypto_key {
    enum crypto_key_kind kind;
    uint8_t secret[SECRET_LEN]; /* scalar or seed */
    uint8_t public_key[P256_PUBLIC_LEN];
    size_t public_len;
};

static struct crypto_key *blank(enum crypto_key_kind kind)
{
    struct crypto_key *key = gw_xalloc(1, sizeof(*key));
    key->kind = kind;
    key->public_len = kind == CRYPTO_P256 ? P256_PUBLIC_LEN : ED25519_PUBLIC_LEN;
    return key;
}

void crypto_key_free(struct crypto_key *key)
{
    if (!key)
        return;
    explicit_bzero(key, sizeof(*key));
    free(key);
}

void crypto_key_cleanup(struct crypto_key **key)
{
    crypto_key_free(*key);
}

enum crypto_key_kind crypto_key_kind(const struct crypto_key *key)
{
    return key->kind;
}

enum gw_rc crypto_key_new(enum crypto_key_kind kind, struct crypto_key **ret_key, struct gw_err *err)
{
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = blank(kind);
    enum gw_rc rc = kind == CRYPTO_P256 ? crypto_p256_make(key->secret, key->public_key, err)
                                        : crypto_ed25519_make(key->secret, key->public_key, err);
    if (!rc)
        *ret_key = GW_TAKE(key);
    return rc;
}

static void add_key_algorithm(struct gw_buf *b, enum crypto_key_kind kind)
{
    size_t at = crypto_der_begin(b, DER_SEQUENCE);
    if (kind == CRYPTO_P256) {
        crypto_der_add(b, DER_OID, OID_EC_PUBLIC_KEY);
        crypto_der_add(b, DER_OID, OID_P256);
    } else {
        crypto_der_add(b, DER_OID, OID_ED25519);
    }
    crypto_der_end(b, at);
}

/* RFC 5915 section 3, without the parameters that PKCS#8 already has. */
static void add_ec_private(const struct crypto_key *key, struct gw_buf *b)
{
    size_t ec = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add_u64(b, 1);
    crypto_der_add(b, DER_OCTET_STRING, gw_view_make(key->secret, SECRET_LEN));
    size_t pub = crypto_der_begin(b, DER_CTX_CONS(1));
    crypto_der_add_bits(b, crypto_key_public(key));
    crypto_der_end(b, pub);
    crypto_der_end(b, ec);
}

static enum gw_rc save_der(const struct crypto_key *key, struct gw_buf *ret_pkcs8)
{
    size_t top = crypto_der_begin(ret_pkcs8, DER_SEQUENCE);
    crypto_der_add_u64(ret_pkcs8, 0);
    add_key_algorithm(ret_pkcs8, key->kind);
    size_t inner = crypto_der_begin(ret_pkcs8, DER_OCTET_STRING);
    if (key->kind == CRYPTO_P256)
        add_ec_private(key, ret_pkcs8);
    else
        crypto_der_add(ret_pkcs8, DER_OCTET_STRING, gw_view_make(key->secret, SECRET_LEN)); /* RFC 8410 section 7 */
    crypto_der_end(ret_pkcs8, inner);
    crypto_der_end(ret_pkcs8, top);
    return gw_buf_rc(ret_pkcs8);
}

enum gw_rc crypto_key_save_pem(const struct crypto_key *key, struct gw_buf *ret_pem)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf der;
    gw_buf_init(&der, KEY_DER_MAX);
    enum gw_rc rc = save_der(key, &der);
    return rc ? rc : crypto_pem_add(ret_pem, CRYPTO_PEM_KEY, gw_buf_view(&der));
}

/* The kind that an AlgorithmIdentifier's content names. */
static enum gw_rc read_key_algorithm(struct gw_view algorithm, enum crypto_key_kind *ret_kind, struct gw_err *err)
{
    struct gw_reader r = {algorithm};
    struct gw_view oid;
    struct gw_view curve;
    if (crypto_der_read(&r, DER_OID, &oid))
        return gw_err_set(err, GW_INVALID, "the key's algorithm is not readable");
    if (gw_view_eq(oid, OID_ED25519) && r.rest.len == 0) {
        *ret_kind = CRYPTO_ED25519;
        return GW_OK;
    }
    if (!gw_view_eq(oid, OID_EC_PUBLIC_KEY))
        return gw_err_set(err, GW_UNSUPPORTED, "keys must be P-256 or Ed25519");
    if (crypto_der_read(&r, DER_OID, &curve) || r.rest.len != 0 || !gw_view_eq(curve, OID_P256))
        return gw_err_set(err, GW_UNSUPPORTED, "elliptic curve keys must be on P-256");
    *ret_kind = CRYPTO_P256;
    return GW_OK;
}

/* The 32 secret bytes inside PKCS#8's OCTET STRING, and the public half where the file repeats it (else empty). */
static enum gw_rc read_secret(struct gw_view inner, enum crypto_key_kind kind, struct gw_view *ret_secret,
                              struct gw_view *ret_public)
{
    struct gw_reader r = {inner};
    struct gw_view version;
    struct gw_view ec;
    struct gw_view wrap;
    *ret_public = (struct gw_view){0};
    if (kind == CRYPTO_P256) {
        if (crypto_der_read(&r, DER_SEQUENCE, &ec))
            return GW_INVALID;
        r.rest = ec;
        if (crypto_der_read_uint(&r, 1, &version) || version.ptr[0] != 1)
            return GW_INVALID;
    }
    if (crypto_der_read(&r, DER_OCTET_STRING, ret_secret) || ret_secret->len != SECRET_LEN)
        return GW_INVALID;
    if (crypto_der_next_is(&r, DER_CTX_CONS(0)) && crypto_der_read(&r, DER_CTX_CONS(0), &wrap))
        return GW_INVALID; /* parameters: PKCS#8 has said them */
    if (crypto_der_next_is(&r, DER_CTX_CONS(1))) {
        if (crypto_der_read(&r, DER_CTX_CONS(1), &wrap))
            return GW_INVALID;
        struct gw_reader in = {wrap};
        if (crypto_der_read_bits(&in, ret_public) || in.rest.len != 0)
            return GW_INVALID;
    }
    return r.rest.len == 0 ? GW_OK : GW_INVALID;
}

enum gw_rc crypto_key_load_der(struct gw_view pkcs8, struct crypto_key **ret_key, struct gw_err *err)
{
    struct gw_reader r = {pkcs8};
    struct gw_view body;
    struct gw_view version;
    struct gw_view algorithm;
    struct gw_view inner;
    struct gw_view secret;
    struct gw_view public_half;
    enum crypto_key_kind kind;
    if (crypto_der_read(&r, DER_SEQUENCE, &body) || r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "not a PKCS#8 private key");
    r.rest = body;
    if (crypto_der_read_uint(&r, 1, &version) || version.ptr[0] > 1 || crypto_der_read(&r, DER_SEQUENCE, &algorithm) ||
        crypto_der_read(&r, DER_OCTET_STRING, &inner))
        return gw_err_set(err, GW_INVALID, "not a PKCS#8 private key");
    enum gw_rc rc = read_key_algorithm(algorithm, &kind, err);
    if (rc)
        return rc;
    if (read_secret(inner, kind, &secret, &public_half))
        return gw_err_set(err, GW_INVALID, "the private key inside PKCS#8 is not readable");
    GW_CLEANUP(crypto_key_cleanup) struct crypto_key *key = blank(kind);
    memcpy(key->secret, secret.ptr, SECRET_LEN);
    rc = kind == CRYPTO_P256 ? crypto_p256_public(key->secret, key->public_key, err)
                             : crypto_ed25519_public(key->secret, key->public_key, err);
    if (!rc && public_half.len > 0 && !gw_view_eq(public_half, crypto_key_public(key)))
        rc = gw_err_set(err, GW_INVALID, "the private and the public half of the key contradict each other");
    if (!rc)
        *ret_key = GW_TAKE(key);
    return rc;
}

enum gw_rc crypto_key_load_pem(struct gw_view pem, struct crypto_key **ret_key, struct gw_err *err)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf der;
    gw_buf_init(&der, KEY_DER_MAX);
    enum gw_rc rc = crypto_pem_parse(pem, CRYPTO_PEM_KEY, &der, NULL, err);
    return rc ? rc : crypto_key_load_der(gw_buf_view(&der), ret_key, err);
}

struct gw_view crypto_key_public(const struct crypto_key *key)
{
    return gw_view_make(key->public_key, key->public_len);
}

void crypto_key_spki(const struct crypto_key *key, struct device_spki *ret_spki)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf b;
    gw_buf_init(&b, DEVICE_SPKI_MAX);
    size_t top = crypto_der_begin(&b, DER_SEQUENCE);
    add_key_algorithm(&b, key->kind);
    crypto_der_add_bits(&b, crypto_key_public(key));
    crypto_der_end(&b, top);
    if (gw_buf_rc(&b))
        abort(); /* 91 bytes at most */
    *ret_spki = (struct device_spki){.len = (uint16_t)b.len};
    memcpy(ret_spki->der, b.ptr, b.len);
}

enum gw_rc crypto_key_sign(const struct crypto_key *key, struct gw_view message, struct gw_buf *ret_signature,
                           struct gw_err *err)
{
    if (key->kind == CRYPTO_ED25519) {
        uint8_t signature[ED25519_SIGNATURE_LEN];
        enum gw_rc rc = crypto_ed25519_sign(key->secret, key->public_key, message, signature, err);
        return rc ? rc : gw_buf_add(ret_signature, signature, sizeof(signature));
    }
    struct gw_sha256 hash;
    crypto_sha256()->digest(message, &hash);
    return crypto_p256_sign(key->secret, key->public_key, gw_view_make(hash.bytes, GW_SHA256_LEN), ret_signature, err);
}

void crypto_key_add_algorithm(const struct crypto_key *key, struct gw_buf *b)
{
    size_t at = crypto_der_begin(b, DER_SEQUENCE);
    crypto_der_add(b, DER_OID, key->kind == CRYPTO_P256 ? OID_ECDSA_SHA256 : OID_ED25519);
    crypto_der_end(b, at);
}

enum gw_rc crypto_spki_check(struct gw_view spki, enum crypto_key_kind *ret_kind, struct gw_view *ret_raw,
                             struct gw_err *err)
{
    struct gw_reader r = {spki};
    struct gw_view body;
    struct gw_view algorithm;
    struct gw_view raw;
    enum crypto_key_kind kind;
    if (crypto_der_read(&r, DER_SEQUENCE, &body) || r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "not a SubjectPublicKeyInfo");
    r.rest = body;
    if (crypto_der_read(&r, DER_SEQUENCE, &algorithm))
        return gw_err_set(err, GW_INVALID, "not a SubjectPublicKeyInfo");
    enum gw_rc rc = read_key_algorithm(algorithm, &kind, err);
    if (rc)
        return rc;
    if (crypto_der_read_bits(&r, &raw) || r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "not a SubjectPublicKeyInfo");
    if (kind == CRYPTO_P256 ? crypto_p256_check(raw) != GW_OK
                            : raw.len != ED25519_PUBLIC_LEN || crypto_ed25519_check(raw.ptr) != GW_OK)
        return gw_err_set(err, GW_INVALID, "the public key is no point of its curve");
    *ret_kind = kind;
    if (ret_raw)
        *ret_raw = raw;
    return GW_OK;
}

void crypto_spki_key_id(struct gw_view raw_public, uint8_t ret_id[CRYPTO_KEY_ID_LEN])
{
    struct gw_sha256 hash;
    crypto_sha256()->digest(raw_public, &hash);
    memcpy(ret_id, hash.bytes, CRYPTO_KEY_ID_LEN);
}
