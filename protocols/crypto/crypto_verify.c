/* The checking half of crypto_key.h: signatures inside X.509 structures. */
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>

#include "crypto_der.h"
#include "crypto_ed25519.h"
#include "crypto_init.h"
#include "crypto_key.h"
#include "crypto_oid.h"
#include "crypto_p256.h"

#define HASH_MAX 64

/* The hash that an ecdsa-with-SHA2 AlgorithmIdentifier names, over the message; 0 when it names none of them. */
static size_t ecdsa_hash(struct gw_view oid, struct gw_view message, uint8_t hash[HASH_MAX])
{
    crypto_init();
    if (gw_view_eq(oid, OID_ECDSA_SHA256))
        return wc_Sha256Hash(message.ptr, (word32)message.len, hash) ? 0 : WC_SHA256_DIGEST_SIZE;
    if (gw_view_eq(oid, OID_ECDSA_SHA384))
        return wc_Sha384Hash(message.ptr, (word32)message.len, hash) ? 0 : WC_SHA384_DIGEST_SIZE;
    if (gw_view_eq(oid, OID_ECDSA_SHA512))
        return wc_Sha512Hash(message.ptr, (word32)message.len, hash) ? 0 : WC_SHA512_DIGEST_SIZE;
    return 0;
}

enum gw_rc crypto_spki_verify(struct gw_view spki, struct gw_view algorithm, struct gw_view message,
                              struct gw_view signature, struct gw_err *err)
{
    enum crypto_key_kind kind;
    struct gw_view raw;
    struct gw_view oid;
    struct gw_reader r = {algorithm};
    uint8_t hash[HASH_MAX];
    enum gw_rc rc = crypto_spki_check(spki, &kind, &raw, err);
    if (rc)
        return rc;
    if (message.len > UINT32_MAX / 2)
        return gw_err_set(err, GW_TOO_BIG, "signed content of %zu bytes", message.len);
    if (crypto_der_read(&r, DER_OID, &oid) || r.rest.len != 0)
        return gw_err_set(err, GW_INVALID, "the signature's algorithm is not readable");
    if (kind == CRYPTO_ED25519) {
        if (!gw_view_eq(oid, OID_ED25519))
            return gw_err_set(err, GW_UNSUPPORTED, "an Ed25519 key signs with Ed25519");
        if (signature.len != ED25519_SIGNATURE_LEN)
            return gw_err_set(err, GW_DENIED, "an Ed25519 signature has 64 bytes");
        return crypto_ed25519_verify(raw.ptr, message, signature.ptr, err);
    }
    size_t len = ecdsa_hash(oid, message, hash);
    if (len == 0)
        return gw_err_set(err, GW_UNSUPPORTED, "a P-256 key signs by ECDSA with SHA-256, 384 or 512");
    return crypto_p256_verify(raw, gw_view_make(hash, len), signature, err);
}
