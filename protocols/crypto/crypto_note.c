#include "crypto_note.h"

#include <string.h>

#include "crypto_hash.h"
#include "gw_cleanup.h"

enum gw_rc crypto_note_vkey(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_buf *ret_text)
{
    struct note_key key;
    enum gw_rc rc = note_key_make(crypto_sha256(), name, public_key, &key);
    return rc ? rc : note_key_format(&key, ret_text);
}

enum gw_rc crypto_note_sign_checkpoint(const struct crypto_key *key, const char *origin, uint64_t size,
                                       const struct gw_sha256 *root, uint8_t ret_signature[ED25519_SIGNATURE_LEN],
                                       struct gw_err *err)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(gw_buf_done) struct gw_buf signature;
    gw_buf_init(&text, CHECKPOINT_TEXT_MAX);
    gw_buf_init(&signature, ED25519_SIGNATURE_LEN);
    if (crypto_key_kind(key) != CRYPTO_ED25519)
        return gw_err_set(err, GW_INVALID, "checkpoints are signed with an Ed25519 key");
    enum gw_rc rc = checkpoint_format(origin, size, root, &text);
    if (rc)
        return gw_err_set(err, rc, "not a checkpoint that can be written");
    rc = crypto_key_sign(key, gw_buf_view(&text), &signature, err);
    if (!rc)
        memcpy(ret_signature, signature.ptr, ED25519_SIGNATURE_LEN);
    return rc;
}

bool crypto_note_verify(void *ctx, const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_view text,
                        struct gw_view signature)
{
    (void)ctx;
    return signature.len == ED25519_SIGNATURE_LEN &&
           crypto_ed25519_verify(public_key, text, signature.ptr, NULL) == GW_OK;
}
