/*
 * keyd_memory: the largest size, and its root, that was signed for each log, so that no log ever gets two histories.
 *
 *     file "checkpoints": "gatehouse-keyd 1", then records of 80 bytes:
 *     32 SHA-256 of the origin | 8 size (big-endian) | 32 root | 8 first bytes of SHA-256 of the 72 before
 *
 * Records are appended and synced before a signature leaves; the last one of an origin counts. A torn tail is what one
 * unfinished batch can leave: it is cut off. The file is written anew, with one record for each origin, at start and
 * when it has grown past twice its content. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "gw_err.h"
#include "gw_hash.h"
#include "keyd_dir.h"

#define KEYD_MEMORY_ORIGINS_MAX 200000 /* some 16 MB on disk, 30 in memory */
#define KEYD_MEMORY_BATCH_MAX   64

struct keyd_memory;

struct keyd_mark {
    struct gw_sha256 origin; /* SHA-256 of the origin's text */
    uint64_t size;
    struct gw_sha256 root;
};

/* Makes the empty file, where there is none. GW_EXISTS when there is one with records in it: then its keys are missing,
 * not its memory. */
GW_MUST_CHECK enum gw_rc keyd_memory_create(const struct keyd_dir *dir, struct gw_err *err);
/* GW_NOT_FOUND when there is no file, GW_CORRUPT when it is damaged elsewhere than at its end. dir is borrowed.
 * origins_max: ceiling; GW_TOO_BIG when the file holds more. */
GW_MUST_CHECK enum gw_rc keyd_memory_open(const struct keyd_dir *dir, size_t origins_max,
                                          struct keyd_memory **ret_memory, struct gw_err *err);
void keyd_memory_free(struct keyd_memory *m); /* accepts NULL */

/* May this be signed? GW_DENIED for a smaller size or another root at the same size; GW_TOO_BIG when the origin is new
 * and the memory, with *pending_new more that wait for keyd_memory_put(), is full; counts a new one in *pending_new. */
GW_MUST_CHECK enum gw_rc keyd_memory_check(const struct keyd_memory *m, const struct keyd_mark *mark,
                                           size_t *pending_new);
/* Remembers marks that keyd_memory_check() passed, at most KEYD_MEMORY_BATCH_MAX, each origin once: durable on return.
 * All or nothing: after an error none counts. GW_NO_SPACE, GW_IO. */
GW_MUST_CHECK enum gw_rc keyd_memory_put(struct keyd_memory *m, const struct keyd_mark *marks, size_t count,
                                         struct gw_err *err);
/* True when a failed write could not be undone: what is on disk is then known only after a new start. */
bool keyd_memory_broken(const struct keyd_memory *m);
size_t keyd_memory_count(const struct keyd_memory *m);
