/*
 * vendor: releases and jobs for tests, signed as a vendor signs them. Aborts the test when OpenSSL fails.
 */
#pragma once

#include <openssl/evp.h>

#include "job.h"

/* What the vendor signs; the rest is made up. */
struct vendor_release {
    const char *version, *product, *min_version; /* product and min_version may be NULL: "pump", none */
    uint64_t counter, floor;
    const char *file; /* name of the artifact */
    struct gw_sha256 sha256;
    uint64_t size;
};

void vendor_write_public(const char *path, EVP_PKEY *key);
void vendor_keyid(EVP_PKEY *key, char out[DSSE_KEYID_LEN + 1]);
void vendor_sign(EVP_PKEY *key, struct dsse_envelope *envelope);
void vendor_envelope(EVP_PKEY *key, const struct vendor_release *r, struct dsse_envelope *envelope);
/* A job of kind update; job_message_done() it. */
void vendor_message(EVP_PKEY *key, const char *attempt, const struct vendor_release *r,
                    struct job_message *ret_message);
