/*
 * checkpoint: a log's size and root as text, for signing. C2SP tlog-checkpoint.
 *
 *     <origin>\n<size, decimal>\n<root, base64>\n        then optional extension lines, none of which is empty
 *
 * The text is the body of a signed note (note.h). Values only; no allocation beyond the caller's buffer.
 */
#pragma once

#include <stdint.h>

#include "gw_buf.h"
#include "gw_err.h"
#include "gw_hash.h"
#include "gw_view.h"

#define CHECKPOINT_ORIGIN_MAX 192  /* characters, with the terminator */
#define CHECKPOINT_TEXT_MAX   4096 /* bytes of body that are read or written */

struct checkpoint {
    char origin[CHECKPOINT_ORIGIN_MAX]; /* not empty, no control characters, valid UTF-8 */
    uint64_t size;                      /* 0 to MERKLE_SIZE_MAX */
    struct gw_sha256 root;
};

/* Appends the three lines. GW_INVALID when origin or size break the limits above. */
GW_MUST_CHECK enum gw_rc checkpoint_format(const char *origin, uint64_t size, const struct gw_sha256 *root,
                                           struct gw_buf *ret_text);
/* Reads a note's body, strictly: no leading zero, exact base64, each line ended. Extension lines are checked for
 * their form and otherwise ignored. GW_INVALID with the reason; GW_TOO_BIG above CHECKPOINT_TEXT_MAX. */
GW_MUST_CHECK enum gw_rc checkpoint_parse(struct gw_view text, struct checkpoint *ret_checkpoint, struct gw_err *err);
