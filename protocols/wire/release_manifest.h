/*
 * release_manifest: the signed payload of a release, application/vnd.gatehouse.release.v1+json, to and from struct
 * release.
 *
 *     {"product","version","release_counter","security_floor","channel","security_only","fixes":[…],"hardware":[…],
 *      "min_version","artifacts":[{"name","format","sha256","size","for"}],"sbom","advisory","notes",
 *      "released_at","expires_at"}
 *
 * sbom, advisory and notes are {"name","format","sha256","size"} or null. Numbers are JSON integers up to 2^53 - 1,
 * digests lower-case hex, times RFC 3339. May be missing or null: security_only (false), fixes (none), min_version
 * (any), sbom, advisory, notes, an artifact's "for" (all hardware of the release). All else is required.
 *
 * A member that is not listed is refused: a reader that skips what it does not know would install a release whose
 * conditions it has not understood. New members come with a new payload type.
 */
#pragma once

#include "gw_buf.h"
#include "release.h"

#define RELEASE_MANIFEST_TYPE "application/vnd.gatehouse.release.v1+json"
#define RELEASE_MANIFEST_MAX  24576 /* bytes; in base64 it fits an envelope of RELEASE_ENVELOPE_MAX */

/* The result has passed release_valid(). GW_TOO_BIG above RELEASE_MANIFEST_MAX, else GW_INVALID; *ret_release is
 * untouched on failure. */
GW_MUST_CHECK enum gw_rc release_manifest_parse(struct gw_view json, struct release *ret_release, struct gw_err *err);

/* A manifest before it is signed: sha256 and size of files and released_at may be missing too. A file whose digest is
 * missing is marked in no_digest at its index (release_file_at()), one whose size is missing in no_size. The
 * caller fills them and asks release_valid(). */
struct release_draft {
    bool no_digest[RELEASE_FILES_MAX];
    bool no_size[RELEASE_FILES_MAX];
    bool no_released_at;
};
GW_MUST_CHECK enum gw_rc release_manifest_parse_draft(struct gw_view json, struct release *ret_release,
                                                      struct release_draft *ret_draft, struct gw_err *err);

/* Appends the payload, every member written, no white space. GW_INVALID when release_valid() refuses it, GW_TOO_BIG
 * above RELEASE_MANIFEST_MAX. */
GW_MUST_CHECK enum gw_rc release_manifest_format(const struct release *release, struct gw_buf *ret_json,
                                                 struct gw_err *err);
