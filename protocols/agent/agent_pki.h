/*
 * agent_pki: the device's key, its request, and the certificates that come back. OpenSSL behind plain functions.
 *
 * Files are written through struct gw_fs, whole or not at all. Nothing here trusts a certificate that does not lead to
 * the pinned root.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_fs.h"
#include "gw_hash.h"
#include "gw_id.h"
#include "gw_time.h"

struct agent_cert {
    struct gw_wall not_before;
    struct gw_wall not_after;
};

/* The key in the file, or a fresh one (P-256, or Ed25519) written there with mode 0600. The caller owns *ret_key
 * (EVP_PKEY_free()). GW_CORRUPT: the file holds no private key. */
GW_MUST_CHECK enum gw_rc agent_key_open(const struct gw_fs *fs, const char *path, bool ed25519, EVP_PKEY **ret_key,
                                        struct gw_err *err);

/* Appends a PKCS#10 request (RFC 2986) in DER with CN = id, signed by the key. */
GW_MUST_CHECK enum gw_rc agent_csr_make(EVP_PKEY *key, const struct gw_device_id *id, struct gw_buf *ret_der,
                                        struct gw_err *err);

/* The certificates of a base64 certs-only PKCS#7 (RFC 7030 section 4.1.3); white space is ignored. The caller owns
 * *ret_certs (agent_certs_free()). */
GW_MUST_CHECK enum gw_rc agent_certs_parse(struct gw_view base64, STACK_OF(X509) * *ret_certs, struct gw_err *err);
void agent_certs_free(STACK_OF(X509) * certs); /* accepts NULL */

/* The self-signed certificate among them whose SPKI's SHA-256 begins with the pin (16 bytes or more), as PEM.
 * GW_DENIED when there is none. */
GW_MUST_CHECK enum gw_rc agent_root_find(STACK_OF(X509) * certs, struct gw_view pin, struct gw_buf *ret_pem,
                                         struct gw_err *err);

/* SHA-256 of the SubjectPublicKeyInfo of the first certificate of a PEM file. */
GW_MUST_CHECK enum gw_rc agent_spki_sha256(const char *pem_path, struct gw_sha256 *ret_hash, struct gw_err *err);

/* What agent_chain_make() and agent_cert_check() hold a certificate against. */
struct agent_cert_rules {
    const char *root_path;         /* the pinned root, PEM */
    EVP_PKEY *key;                 /* ours */
    const struct gw_device_id *id; /* must be the CN */
};

/* Finds our certificate among `issued`, builds its chain below the root with the help of `others` (may be NULL) and
 * appends leaf and intermediates as PEM. GW_DENIED when it is not for our key or name, or leads elsewhere. */
GW_MUST_CHECK enum gw_rc agent_chain_make(const struct agent_cert_rules *rules, STACK_OF(X509) * issued,
                                          STACK_OF(X509) * others, struct gw_buf *ret_pem, struct gw_err *err);

/* Looks at a stored chain. GW_NOT_FOUND when there is none; GW_DENIED as above (an expired one passes: see ret_cert).
 */
GW_MUST_CHECK enum gw_rc agent_cert_check(const struct agent_cert_rules *rules, const char *path,
                                          struct agent_cert *ret_cert, struct gw_err *err);
