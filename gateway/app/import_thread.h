/*
 * import_thread: ports/release_import.h as one thread with a ring in front of it.
 *
 *     IDLE ── open ──► STREAMING ── end, abort, refusal ──► SETTLING ── settled, and the sink is closed ──► IDLE
 *       │▲                                                  (a new open may come while blobs are still removed)
 *       ▼│
 *     VERIFYING, or collecting
 *
 * The ring is the only buffer: full, the sink says so, and web stops reading from the socket. At its start the thread
 * removes blobs that no staged release names: what a crash in the midst of an import has left.
 */
#pragma once

#include "import_run.h"
#include "inbox.h"

#define IMPORT_RING  ((size_t)1 << 20) /* bytes between the network and the disk */
#define IMPORT_CHUNK ((size_t)256 << 10)

struct import_thread;

struct import_thread_config {
    struct import_parts parts;       /* progress is set by the thread itself */
    struct inbox inbox;              /* the inner port */
    struct http_responder responder; /* resume() */
};

GW_MUST_CHECK enum gw_rc import_thread_new(const struct import_thread_config *config, struct import_thread **ret_thread,
                                           struct gw_err *err);
struct import_port import_thread_port(struct import_thread *t);
/* web has stopped: ends what is going on and joins. The port may still be called; it starts nothing. */
void import_thread_stop(struct import_thread *t);
void import_thread_free(struct import_thread *t); /* stops first; accepts NULL */
