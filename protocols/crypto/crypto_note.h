/*
 * crypto_note: the signatures for C2SP signed notes and checkpoints, whose text core/merkle writes and reads (note.h,
 * checkpoint.h). Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"
#include "crypto_ed25519.h"
#include "crypto_key.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "note.h"

/* Appends the verifier key "<name>+<8 hex>+<base64(0x01 || public key)>". GW_INVALID for a name that notes cannot have.
 */
GW_MUST_CHECK enum gw_rc crypto_note_vkey(const char *name, const uint8_t public_key[ED25519_PUBLIC_LEN],
                                          struct gw_buf *ret_text);
/* Signs the text of (origin, size, root) with an Ed25519 key. GW_INVALID when checkpoint_format() refuses them. */
GW_MUST_CHECK enum gw_rc crypto_note_sign_checkpoint(const struct crypto_key *key, const char *origin, uint64_t size,
                                                     const struct gw_sha256 *root,
                                                     uint8_t ret_signature[ED25519_SIGNATURE_LEN], struct gw_err *err);
/* The check that note_verify() asks for; ctx is not used. */
bool crypto_note_verify(void *ctx, const uint8_t public_key[ED25519_PUBLIC_LEN], struct gw_view text,
                        struct gw_view signature);
