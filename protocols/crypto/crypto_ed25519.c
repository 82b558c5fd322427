#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "crypto_ed25519.h"

#include <string.h>

#include "crypto_init.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define MESSAGE_MAX (UINT32_MAX / 2)

static void wipe_key(ed25519_key *key)
{
    wc_ed25519_free(key);
    explicit_bzero(key, sizeof(*key));
}

static enum gw_rc start(ed25519_key *key, struct gw_err *err)
{
    crypto_init();
    memset(key, 0, sizeof(*key));
    return wc_ed25519_init(key) ? gw_err_set(err, GW_NO_MEMORY, "Ed25519 key") : GW_OK;
}

enum gw_rc crypto_ed25519_public(const uint8_t seed[ED25519_SEED_LEN], uint8_t ret_public[ED25519_PUBLIC_LEN],
                                 struct gw_err *err)
{
    GW_CLEANUP(wipe_key) ed25519_key key;
    enum gw_rc rc = start(&key, err);
    if (rc)
        return rc;
    int wolf_rc = wc_ed25519_import_private_only(seed, ED25519_SEED_LEN, &key);
    if (!wolf_rc)
        wolf_rc = wc_ed25519_make_public(&key, ret_public, ED25519_PUBLIC_LEN);
    return wolf_rc ? gw_err_set(err, GW_INVALID, "Ed25519 public key: wolfCrypt error %d", wolf_rc) : GW_OK;
}

enum gw_rc crypto_ed25519_make(uint8_t ret_seed[ED25519_SEED_LEN], uint8_t ret_public[ED25519_PUBLIC_LEN],
                               struct gw_err *err)
{
    gw_random(ret_seed, ED25519_SEED_LEN); /* RFC 8032 section 5.1.5: any 32 random bytes */
    return crypto_ed25519_public(ret_seed, ret_public, err);
}

enum gw_rc crypto_ed25519_sign(const uint8_t seed[ED25519_SEED_LEN], const uint8_t public_key[ED25519_PUBLIC_LEN],
                               struct gw_view message, uint8_t ret_signature[ED25519_SIGNATURE_LEN], struct gw_err *err)
{
    GW_CLEANUP(wipe_key) ed25519_key key;
    word32 len = ED25519_SIGNATURE_LEN;
    enum gw_rc rc = start(&key, err);
    if (rc)
        return rc;
    if (message.len > MESSAGE_MAX)
        return gw_err_set(err, GW_TOO_BIG, "message of %zu bytes", message.len);
    int wolf_rc =
        wc_ed25519_import_private_key_ex(seed, ED25519_SEED_LEN, public_key, ED25519_PUBLIC_LEN, &key, 1 /* trusted */);
    if (!wolf_rc)
        wolf_rc = wc_ed25519_sign_msg(message.ptr, (word32)message.len, ret_signature, &len, &key);
    return wolf_rc ? gw_err_set(err, GW_IO, "Ed25519 signature: wolfCrypt error %d", wolf_rc) : GW_OK;
}

enum gw_rc crypto_ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_view message,
                                 const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_err *err)
{
    GW_CLEANUP(wipe_key) ed25519_key key;
    enum gw_rc rc = start(&key, err);
    if (rc)
        return rc;
    int good = 0;
    if (message.len > MESSAGE_MAX)
        return gw_err_set(err, GW_TOO_BIG, "message of %zu bytes", message.len);
    if (wc_ed25519_import_public(public_key, ED25519_PUBLIC_LEN, &key) ||
        wc_ed25519_verify_msg(signature, ED25519_SIGNATURE_LEN, message.ptr, (word32)message.len, &good, &key) ||
        good != 1)
        return gw_err_set(err, GW_DENIED, "the Ed25519 signature is wrong");
    return GW_OK;
}

/* wolfCrypt's own check wants the private half. Verifying any signature decompresses the point first, and tells a point
 * that is none apart from a signature that is wrong. */
enum gw_rc crypto_ed25519_check(const uint8_t public_key[ED25519_PUBLIC_LEN])
{
    static const uint8_t any[ED25519_SIGNATURE_LEN];
    GW_CLEANUP(wipe_key) ed25519_key key;
    int good = 0;
    enum gw_rc rc = start(&key, NULL);
    if (rc)
        return rc;
    if (wc_ed25519_import_public(public_key, ED25519_PUBLIC_LEN, &key))
        return GW_INVALID;
    int wolf_rc = wc_ed25519_verify_msg(any, sizeof(any), any, 1, &good, &key);
    return wolf_rc == 0 || wolf_rc == SIG_VERIFY_E ? GW_OK : GW_INVALID;
}
