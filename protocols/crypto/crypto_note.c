#include "crypto_note.h"

#include <string.h>

#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_id.h"

#define ALGORITHM_ED25519 0x01
#define TYPED_KEY_LEN     (1 + ED25519_PUBLIC_LEN)

static void typed_key(const uint8_t public_key[ED25519_PUBLIC_LEN], uint8_t out[TYPED_KEY_LEN])
{
    out[0] = ALGORITHM_ED25519;
    memcpy(out + 1, public_key, ED25519_PUBLIC_LEN);
}

void crypto_note_key_id(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN],
                        uint8_t ret_id[CRYPTO_NOTE_KEY_ID_LEN])
{
    const struct gw_sha256_ops *sha = crypto_sha256();
    struct gw_sha256_stream *s = sha->stream_new();
    uint8_t typed[TYPED_KEY_LEN];
    struct gw_sha256 hash;
    typed_key(public_key, typed);
    sha->stream_add(s, gw_view_str(name));
    sha->stream_add(s, GW_VIEW_LIT("\n"));
    sha->stream_add(s, gw_view_make(typed, sizeof(typed)));
    sha->stream_end(s, &hash);
    memcpy(ret_id, hash.bytes, CRYPTO_NOTE_KEY_ID_LEN);
}

enum gw_rc crypto_note_vkey(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_buf *ret_text)
{
    uint8_t id[CRYPTO_NOTE_KEY_ID_LEN];
    uint8_t typed[TYPED_KEY_LEN];
    char hex[2 * CRYPTO_NOTE_KEY_ID_LEN + 1];
    crypto_note_key_id(name, public_key, id);
    gw_hex_format(id, sizeof(id), hex);
    typed_key(public_key, typed);
    (void)gw_buf_printf(ret_text, "%s+%s+", name, hex);
    return gw_base64_add(ret_text, typed, sizeof(typed));
}

enum gw_rc crypto_note_vkey_parse(struct gw_view vkey, char ret_name[CRYPTO_NOTE_NAME_MAX + 1],
                                  uint8_t ret_public[ED25519_PUBLIC_LEN])
{
    struct gw_view rest;
    uint8_t id[CRYPTO_NOTE_KEY_ID_LEN];
    uint8_t want[CRYPTO_NOTE_KEY_ID_LEN];
    GW_CLEANUP(gw_buf_done) struct gw_buf typed;
    gw_buf_init(&typed, TYPED_KEY_LEN);
    struct gw_view name = gw_view_cut(vkey, '+', &rest);
    struct gw_view hex = gw_view_cut(rest, '+', &rest);
    if (name.len == 0 || gw_view_copy_str(name, ret_name, CRYPTO_NOTE_NAME_MAX + 1) ||
        gw_hex_parse(hex, id, sizeof(id)))
        return GW_INVALID;
    if (gw_base64_parse(rest, &typed) || typed.len != TYPED_KEY_LEN || typed.ptr[0] != ALGORITHM_ED25519)
        return GW_INVALID;
    crypto_note_key_id(ret_name, typed.ptr + 1, want);
    if (memcmp(id, want, sizeof(id)) != 0)
        return GW_INVALID;
    memcpy(ret_public, typed.ptr + 1, ED25519_PUBLIC_LEN);
    return GW_OK;
}

enum gw_rc crypto_note_checkpoint(const char *origin, uint64_t size, const struct gw_sha256 *root,
                                  struct gw_buf *ret_text)
{
    (void)gw_buf_printf(ret_text, "%s\n%llu\n", origin, (unsigned long long)size);
    (void)gw_base64_add(ret_text, root->bytes, GW_SHA256_LEN);
    return gw_buf_add_str(ret_text, "\n");
}

enum gw_rc crypto_note_line(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN],
                            const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_buf *ret_text)
{
    uint8_t blob[CRYPTO_NOTE_KEY_ID_LEN + ED25519_SIGNATURE_LEN];
    crypto_note_key_id(name, public_key, blob);
    memcpy(blob + CRYPTO_NOTE_KEY_ID_LEN, signature, ED25519_SIGNATURE_LEN);
    (void)gw_buf_printf(ret_text, "\u2014 %s ", name);
    (void)gw_base64_add(ret_text, blob, sizeof(blob));
    return gw_buf_add_str(ret_text, "\n");
}

enum gw_rc crypto_note_signed_checkpoint(struct gw_view checkpoint_text, const char *name,
                                         const uint8_t public_key[ED25519_PUBLIC_LEN],
                                         const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_buf *ret_note)
{
    (void)gw_buf_add_view(ret_note, checkpoint_text);
    (void)gw_buf_add_str(ret_note, "\n");
    return crypto_note_line(name, public_key, signature, ret_note);
}
