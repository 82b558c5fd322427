/*
 * dsse: Dead Simple Signing Envelopes, protocol version 1.0 (secure-systems-lab/dsse), in their JSON form.
 *
 *     {"payload":<base64>,"payloadType":<text>,"signatures":[{"keyid":<64 hex>,"sig":<base64>},…]}
 *
 * Stricter than DSSE asks for, so that gateway and device cannot read two things in one envelope: at most 32 KiB,
 * standard base64 with padding, keyid required and lower case, 1 to 16 signatures, no other members, no member twice,
 * and no two signatures by one keyid. What is signed is not the JSON but the PAE of type and payload. Nothing here
 * knows keys: crypto_dsse.h verifies and signs.
 */
#pragma once

#include "gw_buf.h"
#include "gw_err.h"
#include "json.h"

#define DSSE_ENVELOPE_MAX   32768 /* bytes of JSON */
#define DSSE_TYPE_MAX       128   /* characters of payloadType, printable ASCII */
#define DSSE_SIGNATURES_MAX 16
#define DSSE_KEYID_LEN      64 /* hex digits: SHA-256 of the DER SubjectPublicKeyInfo */
#define DSSE_SIGNATURE_MAX  80 /* bytes: Ed25519 64, ECDSA P-256 in DER at most 72 */
#define DSSE_PAE_MAX        (DSSE_ENVELOPE_MAX + DSSE_TYPE_MAX + 64)

struct dsse_signature {
    char keyid[DSSE_KEYID_LEN + 1];
    uint8_t len;
    uint8_t bytes[DSSE_SIGNATURE_MAX];
};

struct dsse_envelope {
    char type[DSSE_TYPE_MAX + 1];
    struct gw_buf payload; /* owned */
    size_t signature_count;
    struct dsse_signature signatures[DSSE_SIGNATURES_MAX];
};

void dsse_init(struct dsse_envelope *envelope); /* empty; a zeroed one is fine for dsse_done() too */
void dsse_done(struct dsse_envelope *envelope);

/* Fills an empty envelope. GW_TOO_BIG above DSSE_ENVELOPE_MAX, else GW_INVALID; on failure it is empty again. */
GW_MUST_CHECK enum gw_rc dsse_parse(struct gw_view json, struct dsse_envelope *envelope, struct gw_err *err);
/* Appends the JSON, no white space, no newline. GW_TOO_BIG when it would be above DSSE_ENVELOPE_MAX. */
GW_MUST_CHECK enum gw_rc dsse_format(const struct dsse_envelope *envelope, struct gw_buf *ret_json);
/* The same for an envelope that is a member of another document, whose reader has put a bound on it, … */
GW_MUST_CHECK enum gw_rc dsse_read(const struct json_value *object, struct dsse_envelope *envelope, struct gw_err *err);
/* … and for one that becomes such a member. */
void dsse_write(struct json_writer *w, const char *key, const struct dsse_envelope *envelope);
/* Appends "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload: the bytes that are signed. */
enum gw_rc dsse_pae(struct gw_view type, struct gw_view payload, struct gw_buf *ret_pae);
