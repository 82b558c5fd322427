/*
 * crypto_note: signed notes and checkpoints of C2SP (signed-note, tlog-checkpoint) with Ed25519.
 *
 *     <origin>\n<size>\n<base64 root>\n            the text, which is what is signed
 *     \n
 *     — <key name> <base64(4-byte key id || signature)>\n
 */
#pragma once

#include <stdint.h>

#include "crypto_ed25519.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"

#define CRYPTO_NOTE_KEY_ID_LEN 4
#define CRYPTO_NOTE_NAME_MAX   127

/* The first four bytes of SHA-256(name || "\n" || 0x01 || public key). */
void crypto_note_key_id(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN],
                        uint8_t ret_id[CRYPTO_NOTE_KEY_ID_LEN]);
/* Appends the verifier key "<name>+<8 hex>+<base64(0x01 || public key)>". */
enum gw_rc crypto_note_vkey(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_buf *ret_text);
/* Reads a verifier key; GW_INVALID when it is none, its algorithm is not Ed25519 or its key id is wrong. */
GW_MUST_CHECK enum gw_rc crypto_note_vkey_parse(struct gw_view vkey, char ret_name[CRYPTO_NOTE_NAME_MAX + 1],
                                                uint8_t ret_public[ED25519_PUBLIC_LEN]);
/* Appends the text of a checkpoint, its three lines. */
enum gw_rc crypto_note_checkpoint(const char *origin, uint64_t size, const struct gw_sha256 *root,
                                  struct gw_buf *ret_text);
/* Appends one signature line; the empty line in front of the first is the caller's. */
enum gw_rc crypto_note_line(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN],
                            const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_buf *ret_text);
/* Appends the whole signed checkpoint, given a signature over its text. */
enum gw_rc crypto_note_signed_checkpoint(struct gw_view checkpoint_text, const char *name,
                                         const uint8_t public_key[ED25519_PUBLIC_LEN],
                                         const uint8_t signature[ED25519_SIGNATURE_LEN], struct gw_buf *ret_note);
