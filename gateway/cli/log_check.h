/*
 * log_check: whether the files of one log fit together and its checkpoint is signed by a key. Needs no gateway: the
 * files come from a function (a directory, or the gateway's REST interface).
 *
 *     checkpoint ── signature, origin
 *         │ root
 *         ▼
 *     tile/L/… ◄── rebuilt ── tile/0/… ◄── rebuilt ── tile/entries/… (the events)
 *
 * The tree is built twice, from the events and from the hashes of level 0; when they differ, the signed root tells
 * which of the two was altered. RFC 9162 section 2.1; C2SP signed-note, tlog-checkpoint, tlog-tiles.
 */
#pragma once

#include "checkpoint.h"
#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "log_bundle.h"
#include "note.h"

#define LOG_CHECK_FILE_MAX (256 * (2 + (size_t)LOG_EVENT_MAX)) /* bytes of the largest file: an entry bundle */

struct log_source {
    void *ctx;
    /* Appends a file of the log: "checkpoint", "tile/0/000", … */
    enum gw_rc (*fetch)(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err);
};

/* What the root log says of this log: its first `size` events have this root. */
struct log_claim {
    uint64_t size;
    struct gw_sha256 root;
    uint64_t index; /* of the entry in the root log */
};

struct log_check {
    const char *name; /* of the log, for messages; its origin must be "<key's name>/<name>" */
    const struct note_key *key;
    const struct gw_sha256_ops *hash;
    const struct log_claim *claims; /* in order of size; those beyond the checkpoint are passed over */
    size_t claim_count;
    /* Shown every event, or NULL. An error other than GW_OK ends the check with it. */
    enum gw_rc (*visit)(void *ctx, uint64_t index, struct gw_view event, struct gw_err *err);
    void *visit_ctx;

    struct checkpoint checkpoint; /* filled */
    uint64_t claims_held;         /* filled: claims that were compared and hold */
};

/* GW_OK: all of it fits. GW_CORRUPT, GW_INVALID or GW_DENIED: the text names the log, the file and the entry that does
 * not; other errors are those of fetch. */
GW_MUST_CHECK enum gw_rc log_check_run(struct log_check *check, const struct log_source *source, struct gw_err *err);
/* Verifies a signed note against a key and reads its checkpoint. */
GW_MUST_CHECK enum gw_rc log_check_note(struct gw_view bytes, const struct note_key *key,
                                        struct checkpoint *ret_checkpoint, struct gw_err *err);
