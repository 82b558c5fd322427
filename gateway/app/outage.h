/*
 * outage: what fails and works again by turns is told at its begin and at its end, not at every turn.
 *
 * A disk that is full has room for a small transaction between two large ones, and a key daemon that is slow answers
 * some: said at each change, that would be a line a second for as long as it lasts. So it is over when nothing has
 * failed for OUTAGE_QUIET_MS. One thread.
 */
#pragma once

#include <stdbool.h>

#include "gw_err.h"
#include "gw_time.h"

#define OUTAGE_QUIET_MS (10 * GW_SECOND_MS)

enum outage_word {
    OUTAGE_NOTHING, /* to say */
    OUTAGE_BEGINS,
    OUTAGE_IS_OVER,
};

struct outage { /* zeroed: all works */
    bool told;
    struct gw_mono failed; /* last; meaningful while told */
};

/* How it went just now, or, again, how it went when it was last tried. Pure. */
enum outage_word outage_note(struct outage *o, bool failed, struct gw_mono now);
/* The same of a commit to `file`, now, and says in the log what there is to say; err is read where rc is not GW_OK. */
void outage_note_writing(struct outage *o, const char *part, const char *file, enum gw_rc rc, const struct gw_err *err);
