/*
 * import_run: one release on its way from a container into the blob store: what the sink of a release_reader does in
 * the gateway. Import thread only.
 *
 * After import_run_finish() with GW_OK all artifacts are in the blob store and the outcome says what is to be staged;
 * after any failure import_run_undo() takes back what nobody else needs.
 */
#pragma once

#include "blob.h"
#include "release_import.h"
#include "release_reader.h"
#include "store.h"

struct import_parts {
    struct blob blob;
    struct store store; /* read-only, of the import thread */
    const struct gw_sha256_ops *hash;
    unsigned threshold;
    /* Told which file arrives; may be NULL. */
    void (*progress)(void *ctx, const char *file);
    void *progress_ctx;
};

struct import_run {
    const struct import_parts *parts;
    struct import_outcome *outcome; /* owned until taken */
    struct release_reader *reader;
    struct blob_stage *stage;
    size_t kept_count;
    struct gw_sha256 kept[RELEASE_FILES_MAX]; /* committed by this run */
};

void import_run_begin(struct import_run *run, const struct import_parts *parts, const struct actor *actor);
/* A failure goes into the outcome too, and is final. */
GW_MUST_CHECK enum gw_rc import_run_feed(struct import_run *run, struct gw_view bytes);
GW_MUST_CHECK enum gw_rc import_run_finish(struct import_run *run);
/* The upload ended in a way that is not the release's fault. */
void import_run_cancel(struct import_run *run, enum gw_rc rc, const char *why);
/* Removes the run's blobs that no staged release names, as the store is now. */
void import_run_undo(struct import_run *run);
void import_run_done(struct import_run *run);
