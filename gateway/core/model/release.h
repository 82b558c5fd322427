/*
 * release: one signed release of a product as its manifest tells it, and the vendor keys that may sign one. Values
 * only; no I/O, no clock. A struct release has about 30 KB: keep it on the heap.
 *
 *     staged ── withdraw ──► withdrawn          (a staged release does not expire; a withdrawn one never comes back)
 *
 * All texts are terminated. Grammar of product, channel, format and hardware: [A-Za-z0-9][A-Za-z0-9._-]*; of a fix:
 * [A-Za-z0-9][A-Za-z0-9._:/-]* ("CVE-2026-1234"); of a version: [0-9A-Za-z][0-9A-Za-z.+~_-]*; of a file:
 * [A-Za-z0-9._-]{1,100}, but neither "." nor "..".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_time.h"

#define RELEASE_ENVELOPE_FILE "release.dsse.json" /* the first file of the container */
#define RELEASE_ENVELOPE_MAX  32768               /* bytes of it */

#define RELEASE_ARTIFACTS_MAX 64
#define RELEASE_FIXES_MAX     128
#define RELEASE_HARDWARE_MAX  32
#define RELEASE_FILES_MAX     (RELEASE_ARTIFACTS_MAX + 3) /* and sbom, advisory, notes */
/* Characters, without the terminator. */
#define RELEASE_FILE_NAME_MAX     100
#define RELEASE_PRODUCT_MAX       64
#define RELEASE_VERSION_MAX       64
#define RELEASE_CHANNEL_MAX       32
#define RELEASE_FIX_MAX           64
#define RELEASE_FORMAT_MAX        32
#define RELEASE_HARDWARE_NAME_MAX 64
/* What every JSON reader keeps exact (RFC 8259 section 6). */
#define RELEASE_COUNTER_MAX    ((INT64_C(1) << 53) - 1)
#define RELEASE_FILE_BYTES_MAX ((INT64_C(1) << 33) - 1) /* eleven octal digits of a ustar header */

/* Persisted: values never change, new ones go to the end. */
enum release_state {
    RELEASE_STAGED = 1,
    RELEASE_WITHDRAWN = 2,
};
const char *release_state_text(enum release_state state);

/* What was being checked when a release was refused. Persisted by its text. */
enum release_check {
    RELEASE_CHECK_CONTAINER = 1, /* the tar: its form, its names, its end */
    RELEASE_CHECK_ENVELOPE,      /* the DSSE envelope is not readable or of another type */
    RELEASE_CHECK_SIGNATURE,     /* fewer trusted signatures than the threshold, or a wrong one */
    RELEASE_CHECK_MANIFEST,      /* the signed payload breaks its grammar */
    RELEASE_CHECK_EXPIRY,        /* expires_at has passed */
    RELEASE_CHECK_FLOOR,         /* below a security floor that a device has confirmed */
    RELEASE_CHECK_DUPLICATE,     /* this version or counter is known already */
    RELEASE_CHECK_FILES,         /* a file that the manifest does not name, or one that is missing */
    RELEASE_CHECK_SIZE,          /* a file is longer or shorter than the manifest says */
    RELEASE_CHECK_DIGEST,        /* a file's SHA-256 is another one */
    RELEASE_CHECK_SPACE,         /* no room: quota or disk */
};
const char *release_check_text(enum release_check check);

/* Why a release was refused: the check and the file. The sentence for people is in struct gw_err and names both. */
struct release_refusal {
    enum release_check check;
    char file[RELEASE_FILE_NAME_MAX + 1]; /* RELEASE_ENVELOPE_FILE for what the manifest itself says */
};
/* Fills both and returns rc: err becomes "<check>: <file>: <text>". `file` is shown with what is not printable ASCII
 * as "?". ret_refusal and err may be NULL. */
enum gw_rc release_refuse(struct release_refusal *ret_refusal, struct gw_err *err, enum gw_rc rc,
                          enum release_check check, const char *file, const char *fmt, ...) GW_PRINTF(6, 7);

/* One file of a release. An artifact's `hardware` (manifest: "for") is one of the release's, "" for all of them;
 * sbom, advisory and notes have none. */
struct release_file {
    char name[RELEASE_FILE_NAME_MAX + 1]; /* "": there is no such file (sbom, advisory, notes) */
    char format[RELEASE_FORMAT_MAX + 1];
    struct gw_sha256 sha256;
    uint64_t size; /* bytes, at most RELEASE_FILE_BYTES_MAX */
    char hardware[RELEASE_HARDWARE_NAME_MAX + 1];
};

struct release {
    char product[RELEASE_PRODUCT_MAX + 1];
    char version[RELEASE_VERSION_MAX + 1];
    uint64_t release_counter; /* orders releases; 1 to RELEASE_COUNTER_MAX */
    uint64_t security_floor;  /* at most release_counter */
    char channel[RELEASE_CHANNEL_MAX + 1];
    bool security_only;
    uint16_t fix_count, hardware_count, artifact_count;
    char fixes[RELEASE_FIXES_MAX][RELEASE_FIX_MAX + 1];
    char hardware[RELEASE_HARDWARE_MAX][RELEASE_HARDWARE_NAME_MAX + 1]; /* at least one */
    char min_version[RELEASE_VERSION_MAX + 1];                          /* "": any */
    struct release_file artifacts[RELEASE_ARTIFACTS_MAX];               /* at least one */
    struct release_file sbom, advisory, notes;
    struct gw_wall released_at;
    struct gw_wall expires_at; /* last moment it may be imported; after released_at */
};

/* Grammar, counts, floor ≤ counter, every name once, "for" within the release's hardware, times in order. GW_INVALID
 * with a sentence that names the member. */
GW_MUST_CHECK enum gw_rc release_valid(const struct release *release, struct gw_err *err);

/* All files in the order of the manifest: artifacts, then sbom, advisory, notes where there are any. */
size_t release_file_count(const struct release *release);
const struct release_file *release_file_at(const struct release *release, size_t index); /* NULL behind the last */
/* Its index in that order; RELEASE_FILES_MAX when no file has this name. */
size_t release_file_find(const struct release *release, struct gw_view name);
/* Sum of all sizes in bytes. */
uint64_t release_bytes(const struct release *release);

/* Grammars: the sentences of release_valid() name them. A file name is no "." or "..", and holds no slash. */
bool release_file_name_valid(struct gw_view name);
bool release_product_valid(struct gw_view product);
bool release_version_valid(struct gw_view version);

/* A key of a vendor that an admin has added. */
#define VENDOR_KEYID_LEN   64 /* hex digits */
#define VENDOR_KEY_NAME    64 /* characters of its name */
#define VENDOR_KEYS_MAX    32 /* trusted at a time */
#define VENDOR_SIGNERS_MAX 8  /* highest threshold */

struct vendor_key {
    char keyid[VENDOR_KEYID_LEN + 1]; /* SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex: the fingerprint */
    struct device_spki spki;          /* Ed25519 or P-256 */
    char name[VENDOR_KEY_NAME + 1];   /* what people call it, UTF-8 */
    struct gw_wall added;
    struct gw_wall removed; /* 0: it is trusted */
};
