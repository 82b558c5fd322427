/*
 * release_reader: a release container as it streams by: bytes in, checked values out. The one place that knows the
 * order of checks, for the gateway's import and for `gatehouse release inspect` alike.
 *
 *     tar ► first file is the envelope ► verify() ► manifest ► admit() ► file() data()… end() for each file ► finish
 *
 * Nothing of a file is handed on before the envelope was verified and admit() has agreed; a file is handed on only when
 * the manifest names it with this size. What it does not do itself it asks of the sink: whose signatures count (verify:
 * crypto_dsse.h), expiry, floors and duplicates (admit: release_policy.h), hashing and keeping the files. Memory: about
 * 110 KB, whatever the container has. Thread: one at a time; blocks only where the sink does.
 */
#pragma once

#include "dsse.h"
#include "release.h"

struct release_reader_sink {
    void *ctx;
    /* The envelope's form is right and it has the type of releases: GW_DENIED when too few trusted keys have signed. */
    enum gw_rc (*verify)(void *ctx, const struct dsse_envelope *envelope, struct gw_err *err);
    /* Verified. `json` is the envelope as it came, to be kept for devices. A refusal fills ret_refusal, which holds
     * "manifest" and the envelope's name until then. What is borrowed lives until the reader is freed. */
    enum gw_rc (*admit)(void *ctx, const struct release *release, struct gw_view json,
                        struct release_refusal *ret_refusal, struct gw_err *err);
    enum gw_rc (*file)(void *ctx, const struct release_file *file, struct gw_err *err);
    enum gw_rc (*data)(void *ctx, struct gw_view bytes, struct gw_err *err);
    /* All of its bytes have come: gives their SHA-256, also with GW_CORRUPT for "not the one of the manifest". */
    enum gw_rc (*end)(void *ctx, const struct release_file *file, struct gw_sha256 *ret_sha256, struct gw_err *err);
};

struct release_reader;

/* max_bytes: ceiling for the content of all files, the envelope included. The sink is copied. */
struct release_reader *release_reader_new(const struct release_reader_sink *sink, uint64_t max_bytes); /* never NULL */
void release_reader_free(struct release_reader *r);     /* accepts NULL */
void release_reader_cleanup(struct release_reader **r); /* for GW_CLEANUP */

/* Any cut. A failure is final; its message is "<check>: <file>: <what>" and release_reader_refusal() has both. A sink's
 * GW_NO_SPACE is told as the check "space"; its GW_IO, GW_AGAIN and GW_CANCELLED rise as they are: they are no fault of
 * the release. */
GW_MUST_CHECK enum gw_rc release_reader_feed(struct release_reader *r, struct gw_view bytes, struct gw_err *err);
/* The input is over: everything that the manifest names must have come. */
GW_MUST_CHECK enum gw_rc release_reader_finish(struct release_reader *r, struct gw_err *err);
/* After a failure; check is 0 when the failure was none of the release's. */
const struct release_refusal *release_reader_refusal(const struct release_reader *r);
