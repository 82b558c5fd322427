/*
 * note: text that carries signatures. C2SP signed-note.
 *
 *     <text, each line ended>
 *     <empty line>
 *     — <name> <base64 of key id (4 bytes) and signature>      one or more
 *
 * Reading never copies: what comes out points into what came in. Signatures are made and checked elsewhere; here is the
 * text around them. Pure; no allocation beyond the caller's buffer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_view.h"

#define NOTE_BYTES_MAX      65536
#define NOTE_SIGNATURES_MAX 32
#define NOTE_NAME_MAX       192  /* key name with terminator */
#define NOTE_SIGNATURE_MAX  2560 /* bytes without the key id; ML-DSA-44 takes 2,420 */
#define NOTE_VKEY_MAX       (NOTE_NAME_MAX + 64)

/* First byte of a key: how it signs. Others exist and are passed over. */
enum note_key_type {
    NOTE_ED25519 = 0x01, /* over the note's text */
};

struct note_signature {
    struct gw_view name;
    uint32_t key_id;
    struct gw_view base64; /* key id and signature */
};

struct note {
    struct gw_view text; /* with its last line end: what is signed */
    size_t count;
    struct note_signature signature[NOTE_SIGNATURES_MAX];
};

/* GW_INVALID with the reason when it is no note; GW_TOO_BIG above the ceilings. */
GW_MUST_CHECK enum gw_rc note_parse(struct gw_view bytes, struct note *ret_note, struct gw_err *err);
/* The signature's bytes, without the key id. out_max at least NOTE_SIGNATURE_MAX takes every signature of a note. */
GW_MUST_CHECK enum gw_rc note_signature_bytes(const struct note_signature *signature, uint8_t *out, size_t out_max,
                                              size_t *ret_len);

/* An Ed25519 verifier key, "<name>+<key id, 8 hex>+<base64 of 0x01 and the public key>". */
struct note_key {
    char name[NOTE_NAME_MAX];
    uint32_t key_id;
    uint8_t pub[32];
};
/* First four bytes of SHA-256(name, "\n", type, public key). */
uint32_t note_key_id(const struct gw_sha256_ops *ops, const char *name, enum note_key_type type, const uint8_t pub[32]);
/* GW_INVALID unless the key id belongs to name and key; GW_UNSUPPORTED for a key that is not Ed25519. */
GW_MUST_CHECK enum gw_rc note_key_parse(struct gw_view vkey, const struct gw_sha256_ops *ops, struct note_key *ret_key,
                                        struct gw_err *err);
/* Fills ret_key from its parts. GW_INVALID when the name is empty, too long, or holds spaces or "+". */
GW_MUST_CHECK enum gw_rc note_key_make(const struct gw_sha256_ops *ops, const char *name, const uint8_t pub[32],
                                       struct note_key *ret_key);
enum gw_rc note_key_format(const struct note_key *key, struct gw_buf *ret_vkey);

/* Appends one signature line of a key: text, "\n", then these lines make the note. */
enum gw_rc note_add_signature(struct gw_buf *note, const char *name, uint32_t key_id, struct gw_view signature);

/* Whether 64 bytes of signature over text are right for an Ed25519 public key. */
typedef bool note_verify_fn(void *ctx, const uint8_t pub[32], struct gw_view text, struct gw_view signature);
/* GW_OK: signed by this key. GW_NOT_FOUND: no signature names it. GW_CORRUPT: one names it and is wrong. */
GW_MUST_CHECK enum gw_rc note_verify(const struct note *note, const struct note_key *key, note_verify_fn *verify,
                                     void *ctx);
