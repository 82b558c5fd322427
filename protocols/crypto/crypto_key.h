/*
 * crypto_key: P-256 and Ed25519 key pairs: make, save, load, sign; and public keys as SubjectPublicKeyInfo.
 *
 * A private key lives in one heap object that never changes after it was made and is wiped by crypto_key_free(), so it
 * may be used from several threads. Files: PKCS#8 (RFC 5958), PEM or DER. Buffers that receive a private key are the
 * caller's to wipe (gw_buf_wipe()).
 */
#pragma once

#include "device.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_view.h"

enum crypto_key_kind {
    CRYPTO_P256 = 1,
    CRYPTO_ED25519 = 2,
};

struct crypto_key;

GW_MUST_CHECK enum gw_rc crypto_key_new(enum crypto_key_kind kind, struct crypto_key **ret_key, struct gw_err *err);
void crypto_key_free(struct crypto_key *key);     /* wipes; accepts NULL */
void crypto_key_cleanup(struct crypto_key **key); /* for GW_CLEANUP */
enum crypto_key_kind crypto_key_kind(const struct crypto_key *key);

/* Unencrypted PKCS#8; the public half is derived again, and compared where the file has one. GW_INVALID for anything
 * else, GW_UNSUPPORTED for other algorithms. */
GW_MUST_CHECK enum gw_rc crypto_key_load_der(struct gw_view pkcs8, struct crypto_key **ret_key, struct gw_err *err);
GW_MUST_CHECK enum gw_rc crypto_key_load_pem(struct gw_view pem, struct crypto_key **ret_key, struct gw_err *err);
enum gw_rc crypto_key_save_pem(const struct crypto_key *key, struct gw_buf *ret_pem);

/* The public half: 91 bytes for P-256 (uncompressed), 44 for Ed25519. */
void crypto_key_spki(const struct crypto_key *key, struct device_spki *ret_spki);
/* The raw public half: 65 bytes (0x04 || x || y) or 32. Borrowed from the key. */
struct gw_view crypto_key_public(const struct crypto_key *key);

/* Appends ECDSA over SHA-256 in DER (P-256) or the 64 bytes of Ed25519 over the whole message. */
GW_MUST_CHECK enum gw_rc crypto_key_sign(const struct crypto_key *key, struct gw_view message,
                                         struct gw_buf *ret_signature, struct gw_err *err);

/* Exactly the two forms above, the point on the curve. GW_UNSUPPORTED for other algorithms and curves, GW_INVALID for
 * a point that is none. ret_raw (may be NULL) gets the raw public key, a view into spki. */
GW_MUST_CHECK enum gw_rc crypto_spki_check(struct gw_view spki, enum crypto_key_kind *ret_kind, struct gw_view *ret_raw,
                                           struct gw_err *err);
/* RFC 5280 key identifier by RFC 7093 section 2 (1): the first 160 bits of SHA-256 of the raw public key. */
#define CRYPTO_KEY_ID_LEN 20
void crypto_spki_key_id(struct gw_view raw_public, uint8_t ret_id[CRYPTO_KEY_ID_LEN]);

/* Checks a signature as X.509 structures carry it: `algorithm` is the content of the AlgorithmIdentifier SEQUENCE
 * (ECDSA with SHA-256, 384 or 512, or Ed25519, matching the key). GW_DENIED when the signature is wrong. */
GW_MUST_CHECK enum gw_rc crypto_spki_verify(struct gw_view spki, struct gw_view algorithm, struct gw_view message,
                                            struct gw_view signature, struct gw_err *err);
/* Writes the AlgorithmIdentifier that goes with crypto_key_sign(). */
void crypto_key_add_algorithm(const struct crypto_key *key, struct gw_buf *b);
