/*
 * cli_release: making releases without a gateway: keys, signed containers, a look into one (docs/releases.md). Private
 * keys are read from files of their owner and never printed.
 */
#pragma once

#include <sys/types.h>

#include "cli.h"
#include "crypto_key.h"
#include "release.h"

#define CLI_RELEASE_KEYS_MAX CLI_LIST_MAX

/* What `gatehouse release sign` is asked for. */
struct cli_release_order {
    const char *manifest;         /* path of the draft */
    const char *const *key_paths; /* private keys, PEM */
    size_t key_count;
    const char *out;          /* path of the container to make; must not exist */
    const char *const *paths; /* the files, in any order; the last part of a path is the name in the manifest */
    size_t path_count;
    struct gw_wall now; /* released_at where the draft has none */
};
/* Fills what the draft leaves open from the files, checks what it says against them, signs, and writes the container
 * whole or not at all. On GW_OK *ret_release is the release as it was signed. */
GW_MUST_CHECK enum gw_rc cli_release_sign(const struct cli_release_order *order, struct release *ret_release,
                                          struct gw_err *err);

/* Makes a key pair: `path` (PKCS#8 PEM, mode 0600) and `path` with ".pub" (instead of a final ".key"). Neither may
 * exist. ret_pub_path gets the second one's path. */
#define CLI_RELEASE_PATH_MAX 4096
GW_MUST_CHECK enum gw_rc cli_release_keygen(enum crypto_key_kind kind, const char *path, struct vendor_key *ret_public,
                                            char ret_pub_path[CLI_RELEASE_PATH_MAX], struct gw_err *err);

/* What a container holds. */
struct cli_release_seen {
    struct release release;
    size_t signature_count;
    char keyids[16][VENDOR_KEYID_LEN + 1];
    unsigned signers; /* of the keys given, those that have signed; all others are not verified */
};
/* Reads a container to its end. With keys every one of them must have signed; without any, signatures are not checked:
 * ret_seen->signers is 0 then. Neither expiry nor floors are asked for. */
GW_MUST_CHECK enum gw_rc cli_release_inspect(const char *path, const struct vendor_key keys[], size_t key_count,
                                             struct cli_release_seen *ret_seen, struct gw_err *err);

/* The files below, for the two above. */
GW_MUST_CHECK enum gw_rc cli_release_hash_file(const char *path, struct gw_sha256 *ret_sha256, uint64_t *ret_size,
                                               struct gw_err *err);
/* Why a new file could not be made, by errno. */
GW_MUST_CHECK enum gw_rc cli_release_not_made(const char *path, struct gw_err *err);
/* Makes a new file of this mode with this content, synced; removes it again when it fails. */
GW_MUST_CHECK enum gw_rc cli_release_new_file(const char *path, struct gw_view content, mode_t mode,
                                              struct gw_err *err);
