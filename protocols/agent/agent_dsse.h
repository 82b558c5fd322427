/*
 * agent_dsse: the vendor keys of the device's own configuration, and whether they have signed an envelope: Ed25519 (64
 * bytes) or ECDSA P-256 with SHA-256 (DER) over the PAE (dsse.h), by OpenSSL.
 */
#pragma once

#include <openssl/evp.h>

#include "dsse.h"
#include "gw_err.h"

#define AGENT_VENDOR_KEYS_MAX 8

struct agent_vendor_keys {
    size_t count;
    struct {
        EVP_PKEY *key; /* owned */
        char keyid[DSSE_KEYID_LEN + 1];
    } list[AGENT_VENDOR_KEYS_MAX];
};

/* Adds the public key in a PEM file ("PUBLIC KEY"). GW_UNSUPPORTED: neither Ed25519 nor P-256. GW_CORRUPT: no public
 * key. GW_EXISTS: the same key again, which would let one vendor count twice. GW_TOO_BIG: one too many. */
GW_MUST_CHECK enum gw_rc agent_vendor_keys_add(struct agent_vendor_keys *keys, const char *path, struct gw_err *err);
void agent_vendor_keys_done(struct agent_vendor_keys *keys);

/* GW_DENIED when a signature by one of the keys is wrong, or fewer than `threshold` (at least 1) of the keys have
 * signed. Signatures by other keys count for nothing. */
GW_MUST_CHECK enum gw_rc agent_dsse_verify(const struct dsse_envelope *envelope, const struct agent_vendor_keys *keys,
                                           unsigned threshold, struct gw_err *err);
