#include "agent_note.h"

#include <openssl/evp.h>
#include <string.h>

#include "bulk_hash.h"

/* For note_verify(): Ed25519 (RFC 8032). */
static bool ed25519_verify(void *ctx, const uint8_t pub[32], struct gw_view text, struct gw_view signature)
{
    (void)ctx;
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = key && md && EVP_DigestVerifyInit(md, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(md, signature.ptr, signature.len, text.ptr, text.len) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_free(key);
    return ok;
}

enum gw_rc agent_checkpoint_verify(struct gw_view bytes, const struct note_key *key, const char *origin,
                                   struct checkpoint *ret_checkpoint, struct gw_err *err)
{
    struct note note;
    struct checkpoint out;
    enum gw_rc rc = note_parse(bytes, &note, err);
    if (rc)
        return gw_err_wrap(err, GW_INVALID, "checkpoint");
    rc = note_verify(&note, key, ed25519_verify, NULL);
    if (rc)
        return gw_err_set(err, rc, "checkpoint: %s",
                          rc == GW_NOT_FOUND ? "not signed by the pinned log key" : "its signature is wrong");
    rc = checkpoint_parse(note.text, &out, err);
    if (rc)
        return gw_err_wrap(err, GW_INVALID, "checkpoint");
    if (strcmp(out.origin, origin) != 0)
        return gw_err_set(err, GW_INVALID, "checkpoint of another log than %s", origin);
    *ret_checkpoint = out;
    return GW_OK;
}

static bool same_key(const struct note_key *a, const struct note_key *b)
{
    return a->key_id == b->key_id && strcmp(a->name, b->name) == 0 && memcmp(a->pub, b->pub, sizeof(a->pub)) == 0;
}

/* Both keys stand under the note: the old one hands over, the new one is really held. */
static enum gw_rc handed_over(const struct note *note, const struct note_key *from, const struct note_key *to)
{
    return note_verify(note, from, ed25519_verify, NULL) || note_verify(note, to, ed25519_verify, NULL) ? GW_DENIED
                                                                                                        : GW_OK;
}

enum gw_rc agent_log_key_step(struct gw_view told, const struct note_key *pinned, const char *name,
                              struct note_key *ret_key, struct gw_err *err)
{
    struct note note;
    struct note_key key;
    bool signed_note = !note_parse(told, &note, NULL);
    struct gw_view vkey = gw_view_trim(signed_note ? note.text : told);
    enum gw_rc rc = note_key_parse(vkey, bulk_hash_ops(), &key, err);
    if (rc)
        return gw_err_wrap(err, rc, "the gateway's log key");
    if (strcmp(key.name, name) != 0)
        return gw_err_set(err, GW_DENIED, "the log key is not that of %s", name);
    if (pinned && !same_key(pinned, &key) && (!signed_note || handed_over(&note, pinned, &key)))
        return gw_err_set(err, GW_DENIED,
                          "the gateway offers another log key without the old one's signature; its log is not trusted");
    *ret_key = key;
    return GW_OK;
}
