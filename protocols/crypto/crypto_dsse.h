/*
 * crypto_dsse: signatures of DSSE envelopes (dsse.h) by vendor keys: Ed25519 (64 bytes) or ECDSA P-256 with SHA-256
 * (DER) over the PAE. A key is named by the hex SHA-256 of its DER SubjectPublicKeyInfo, which is also the fingerprint
 * that people compare. Any thread.
 */
#pragma once

#include "crypto_key.h"
#include "dsse.h"
#include "release.h"

/* A public key as a vendor hands it out: PEM ("PUBLIC KEY") or DER SubjectPublicKeyInfo. Fills spki and keyid, copies
 * the name (UTF-8, no control characters, 1 to VENDOR_KEY_NAME bytes: GW_INVALID); added and removed are 0.
 * GW_UNSUPPORTED for other algorithms; a private key is refused with a warning about it. */
GW_MUST_CHECK enum gw_rc crypto_vendor_key_import(struct gw_view text, const char *name, struct vendor_key *ret_key,
                                                  struct gw_err *err);
/* Hex SHA-256 of a DER SubjectPublicKeyInfo. */
void crypto_dsse_keyid(struct gw_view spki, char ret_keyid[DSSE_KEYID_LEN + 1]);

struct crypto_dsse_result {
    unsigned signers;                 /* distinct trusted keys whose signature is right */
    size_t keys[DSSE_SIGNATURES_MAX]; /* their indexes into the list of keys */
    unsigned unknown;                 /* signatures by keys that are not in the list, or no longer trusted */
};
/*
 * Checks every signature by a key of the list; keys that were removed count as unknown. GW_DENIED when a signature by a
 * trusted key is wrong, or fewer than `threshold` (at least 1) keys have signed: the message names the keyid. Several
 * signatures by one key count once. ret_result is filled also when the threshold is missed.
 */
GW_MUST_CHECK enum gw_rc crypto_dsse_verify(const struct dsse_envelope *envelope, const struct vendor_key keys[],
                                            size_t key_count, unsigned threshold, struct crypto_dsse_result *ret_result,
                                            struct gw_err *err);

/* Adds the key's signature over type and payload. GW_EXISTS when this key has signed already, GW_TOO_BIG at the
 * ceiling of signatures. */
GW_MUST_CHECK enum gw_rc crypto_dsse_sign(const struct crypto_key *key, struct dsse_envelope *envelope,
                                          struct gw_err *err);
