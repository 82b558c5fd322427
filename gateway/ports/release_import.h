/*
 * release_import: the way of a release's bytes into the gateway, and what else touches artifacts in bulk.
 * Implementation: gateway/app/import_thread.c, one thread that does one thing at a time, so that nothing is collected
 * while it arrives.
 *
 *     web: open, sink ─► ring ─► import thread: container, signatures, policy, blobs ─► inbox: INBOX_IMPORTED
 *                                     ▲                                                        │
 *                                     └──────── settled: removes blobs nobody needs ◄── || ── core
 */
#pragma once

#include "asker.h"
#include "release_entry.h"
#include "user.h"

struct import_request {
    struct asker asker;
    struct actor actor;
    int64_t length; /* bytes of the container */
};

struct import_status {
    bool running;   /* an import; all below is about it */
    bool verifying; /* stored artifacts are being read instead */
    char by[USER_NAME_MAX + 8];
    char file[RELEASE_FILE_NAME_MAX + 1]; /* that is arriving, "" before the first */
    uint64_t bytes, total;                /* of the container */
    struct gw_wall started;
};

/* What became of an import: the blob of INBOX_IMPORTED. The artifacts are in the blob store, the release is not staged
 * yet. */
struct import_outcome {
    struct actor actor;
    enum gw_rc rc;
    char why[GW_ERR_TEXT_MAX];
    struct release_refusal refusal; /* check 0: the release is not to blame */
    bool has_release;               /* it was admitted: release is valid, also when a later check failed */
    struct release release;
    char id[RELEASE_ID_LEN + 1];
    uint8_t signer_count;
    char signers[VENDOR_SIGNERS_MAX][VENDOR_KEYID_LEN + 1];
    uint32_t envelope_len;
    uint8_t envelope[RELEASE_ENVELOPE_MAX];
};

/* Reading a release's artifacts again; the blob of INBOX_VERIFIED, with what was found. */
struct import_verify {
    struct asker asker; /* nobody: the gateway's own wish, of one file */
    struct actor actor;
    struct gw_device_id device; /* who complained of that file; nobody: zeroed */
    char id[RELEASE_ID_LEN + 1];
    uint16_t file_count;
    struct release_file files[RELEASE_FILES_MAX];
    enum gw_rc rc; /* GW_CORRUPT, GW_NOT_FOUND: `bad` differs or is not there */
    uint16_t bad;
    char why[GW_ERR_TEXT_MAX];
};

struct import_ops {
    /* web's thread. GW_AGAIN while an import or a verification runs, or when somebody else who found the place taken
     * goes first (import_turn.h); GW_NO_SPACE when it cannot fit. */
    enum gw_rc (*open)(void *self, const struct import_request *request, struct http_sink *ret_sink,
                       struct gw_err *err);
    /* Any thread. */
    void (*status)(void *self, struct import_status *ret_status);
    /* core: the turn of the outcome is over, staged or not. */
    void (*settled)(void *self);
    /* core: blobs that no staged release names may go. */
    void (*collect)(void *self);
    /* core: takes `verify` over (malloc(3)); GW_AGAIN as of open. */
    enum gw_rc (*verify)(void *self, struct import_verify *verify);
};

struct import_port {
    const struct import_ops *ops;
    void *self;
};
