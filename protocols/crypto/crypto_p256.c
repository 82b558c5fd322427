#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include "crypto_p256.h"

#include <string.h>

#include "crypto_init.h"
#include "gw_cleanup.h"

static void wipe_key(ecc_key *key)
{
    (void)wc_ecc_free(key);
    explicit_bzero(key, sizeof(*key));
}

static void wipe_rng(WC_RNG *rng)
{
    (void)wc_FreeRng(rng);
}

static enum gw_rc start(ecc_key *key, struct gw_err *err)
{
    crypto_init();
    memset(key, 0, sizeof(*key));
    return wc_ecc_init(key) ? gw_err_set(err, GW_NO_MEMORY, "P-256 key") : GW_OK;
}

/* A generator for key material and nonces. On failure it is zeroed, which wc_FreeRng() accepts. */
static enum gw_rc start_rng(WC_RNG *rng, struct gw_err *err)
{
    crypto_init();
    memset(rng, 0, sizeof(*rng));
    int wolf_rc = wc_InitRng(rng);
    return wolf_rc ? gw_err_set(err, GW_IO, "random generator: wolfCrypt error %d", wolf_rc) : GW_OK;
}

enum gw_rc crypto_p256_make(uint8_t ret_scalar[P256_SCALAR_LEN], uint8_t ret_public[P256_PUBLIC_LEN],
                            struct gw_err *err)
{
    GW_CLEANUP(wipe_rng) WC_RNG rng;
    GW_CLEANUP(wipe_key) ecc_key key;
    word32 scalar_len = P256_SCALAR_LEN;
    word32 public_len = P256_PUBLIC_LEN;
    enum gw_rc rc = start_rng(&rng, err);
    enum gw_rc key_rc = start(&key, err);
    if (rc || key_rc)
        return rc ? rc : key_rc;
    int wolf_rc = wc_ecc_make_key_ex(&rng, P256_SCALAR_LEN, &key, ECC_SECP256R1);
    if (!wolf_rc)
        wolf_rc = wc_ecc_export_private_only(&key, ret_scalar, &scalar_len);
    if (!wolf_rc)
        wolf_rc = wc_ecc_export_x963(&key, ret_public, &public_len);
    if (wolf_rc || scalar_len != P256_SCALAR_LEN || public_len != P256_PUBLIC_LEN)
        return gw_err_set(err, GW_IO, "P-256 key: wolfCrypt error %d", wolf_rc);
    return GW_OK;
}

enum gw_rc crypto_p256_public(const uint8_t scalar[P256_SCALAR_LEN], uint8_t ret_public[P256_PUBLIC_LEN],
                              struct gw_err *err)
{
    GW_CLEANUP(wipe_rng) WC_RNG rng;
    GW_CLEANUP(wipe_key) ecc_key key;
    word32 public_len = P256_PUBLIC_LEN;
    enum gw_rc rc = start_rng(&rng, err);
    enum gw_rc key_rc = start(&key, err);
    if (rc || key_rc)
        return rc ? rc : key_rc;
    int wolf_rc = wc_ecc_import_private_key_ex(scalar, P256_SCALAR_LEN, NULL, 0, &key, ECC_SECP256R1);
    if (!wolf_rc)
        wolf_rc = wc_ecc_make_pub_ex(&key, NULL, &rng);
    if (!wolf_rc)
        wolf_rc = wc_ecc_export_x963(&key, ret_public, &public_len);
    if (!wolf_rc)
        wolf_rc = wc_ecc_check_key(&key);
    if (wolf_rc || public_len != P256_PUBLIC_LEN)
        return gw_err_set(err, GW_INVALID, "P-256 private key: wolfCrypt error %d", wolf_rc);
    return GW_OK;
}

enum gw_rc crypto_p256_sign(const uint8_t scalar[P256_SCALAR_LEN], const uint8_t public_key[P256_PUBLIC_LEN],
                            struct gw_view hash, struct gw_buf *ret_signature, struct gw_err *err)
{
    GW_CLEANUP(wipe_rng) WC_RNG rng;
    GW_CLEANUP(wipe_key) ecc_key key;
    uint8_t signature[P256_SIGNATURE_MAX + 8];
    word32 len = sizeof(signature);
    enum gw_rc rc = start_rng(&rng, err);
    enum gw_rc key_rc = start(&key, err);
    if (rc || key_rc)
        return rc ? rc : key_rc;
    int wolf_rc =
        wc_ecc_import_private_key_ex(scalar, P256_SCALAR_LEN, public_key, P256_PUBLIC_LEN, &key, ECC_SECP256R1);
    if (!wolf_rc)
        wolf_rc = wc_ecc_set_rng(&key, &rng);
    if (!wolf_rc)
        wolf_rc = wc_ecc_sign_hash(hash.ptr, (word32)hash.len, signature, &len, &rng, &key);
    if (wolf_rc)
        return gw_err_set(err, GW_IO, "P-256 signature: wolfCrypt error %d", wolf_rc);
    return gw_buf_add(ret_signature, signature, len);
}

enum gw_rc crypto_p256_check(struct gw_view public_key)
{
    GW_CLEANUP(wipe_key) ecc_key key;
    enum gw_rc rc = start(&key, NULL);
    if (rc)
        return rc;
    if (public_key.len != P256_PUBLIC_LEN || public_key.ptr[0] != 0x04 ||
        wc_ecc_import_x963_ex(public_key.ptr, P256_PUBLIC_LEN, &key, ECC_SECP256R1) || wc_ecc_check_key(&key))
        return GW_INVALID;
    return GW_OK;
}

enum gw_rc crypto_p256_verify(struct gw_view public_key, struct gw_view hash, struct gw_view signature,
                              struct gw_err *err)
{
    GW_CLEANUP(wipe_key) ecc_key key;
    int good = 0;
    enum gw_rc rc = start(&key, err);
    if (rc)
        return rc;
    if (public_key.len != P256_PUBLIC_LEN || signature.len > P256_SIGNATURE_MAX ||
        wc_ecc_import_x963_ex(public_key.ptr, P256_PUBLIC_LEN, &key, ECC_SECP256R1) ||
        wc_ecc_verify_hash(signature.ptr, (word32)signature.len, hash.ptr, (word32)hash.len, &good, &key) || good != 1)
        return gw_err_set(err, GW_DENIED, "the ECDSA signature is wrong");
    return GW_OK;
}
