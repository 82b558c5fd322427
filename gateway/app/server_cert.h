/*
 * server_cert: the gateway's own listener certificates. A listener keeps its key for ever, so that the fingerprint
 * people noted stays true; its certificate is made anew when it is missing, does not fit the configured names, is of
 * another issuing CA, or has less than 30 days left.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "config.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "signer.h"

struct server_cert_files {
    const char *key_path;  /* PEM, mode key_mode */
    const char *cert_path; /* PEM: leaf, then issuing CA */
    mode_t key_mode;
};

struct server_cert_state {
    struct gw_sha256 spki; /* of the key's SubjectPublicKeyInfo */
    bool changed;          /* the certificate file was written */
    struct gw_wall until;  /* when the certificate ends */
};

/* Makes or renews what is needed. Blocks (asks keyd). */
GW_MUST_CHECK enum gw_rc server_cert_ensure(const struct server_cert_files *files, const struct config *config,
                                            const struct signer *signer, const struct signer_identity *identity,
                                            struct server_cert_state *ret_state, struct gw_err *err);
/* Root and issuing CA as one PEM file: what a listener checks client certificates against. */
GW_MUST_CHECK enum gw_rc server_cert_write_ca(const char *path, const struct signer_identity *identity,
                                              struct gw_err *err);
