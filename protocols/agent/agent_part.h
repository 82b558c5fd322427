/*
 * agent_part: the file that a download grows in: "<path>.part", hashed as it comes, "<path>" once it is whole and
 * right.
 *
 * What an earlier try left (also one that was killed) counts once it has been hashed again, a slice a call, so that no
 * call holds up the loop for long; for the same reason the file is synced every few MiB. Through struct gw_fs; all
 * calls block on the disk. Owned by one agent_download.
 */
#pragma once

#include "gw_err.h"
#include "gw_fs.h"
#include "gw_hash.h"

#define AGENT_PART_PATH_MAX 512

/* What the manifest says, and the disk has to keep. */
struct agent_part_want {
    struct gw_sha256 sha256;
    uint64_t size;        /* bytes, exactly */
    uint64_t spare_bytes; /* that must stay free on the disk beside it */
};

struct agent_part {
    const struct gw_fs *fs;
    struct agent_part_want want;
    char path[AGENT_PART_PATH_MAX], part[AGENT_PART_PATH_MAX + 8];
    int fd;
    uint64_t length; /* of what the disk held when it was last asked for more */
    uint64_t have;   /* bytes that are hashed */
    uint64_t synced;
    struct gw_sha256_stream *hash; /* owned; NULL once it has ended */
    bool resumed;                  /* not all of it came in one piece */
};

/* Takes up what an earlier try left: the finished file counts as its part. fs is borrowed. GW_INVALID: the path is too
 * long or has no directory. Needs agent_part_close() in any case. */
GW_MUST_CHECK enum gw_rc agent_part_open(struct agent_part *p, const struct gw_fs *fs, const char *path,
                                         const struct agent_part_want *want, struct gw_err *err);
void agent_part_close(struct agent_part *p); /* keeps the file */

/* Hashes a slice of what was there; *ret_all: all of it is done. */
GW_MUST_CHECK enum gw_rc agent_part_check(struct agent_part *p, bool *ret_all, struct gw_err *err);
/* GW_NO_SPACE: what is to come does not fit beside spare_bytes. */
GW_MUST_CHECK enum gw_rc agent_part_room(const struct agent_part *p, struct gw_err *err);
/* The next bytes. GW_CORRUPT: more than want.size. */
GW_MUST_CHECK enum gw_rc agent_part_take(struct agent_part *p, struct gw_view bytes, struct gw_err *err);
/* A transfer ends: what is there now is what a later one goes on from. */
void agent_part_pause(struct agent_part *p);
/* From the first byte. */
GW_MUST_CHECK enum gw_rc agent_part_empty(struct agent_part *p, struct gw_err *err);
/* All bytes are there: the file gets its name, durably. Otherwise it is empty again: GW_AGAIN when they were wrong, but
 * may be right after a transfer in one piece, GW_CORRUPT when they came in one. */
GW_MUST_CHECK enum gw_rc agent_part_finish(struct agent_part *p, struct gw_err *err);
