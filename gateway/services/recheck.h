/*
 * recheck: a device says that what it was given is not what was signed, or cannot be given it. The gateway then reads
 * its own copy again, once an hour at most for one file.
 *
 *     report: code digest ────────┐
 *     file gone, of another size ─┴► want ► || list ► look (tick) ► import thread ► INBOX_VERIFIED ► settle
 *                                              ▲                                         │
 *                                              └───── nothing came back: a minute later ─┘
 *
 * The list is a setting of the store, changed in the turn of the report: a restart goes on where it was. Nothing is
 * kept in memory. Thread: core's.
 */
#pragma once

#include "release_import.h"
#include "turn.h"

#define RECHECK_MAX     16         /* files within RECHECK_SPAN_MS; further ones are not read again, and counted */
#define RECHECK_SPAN_MS GW_HOUR_MS /* a file is read again once within it, however many devices complain */
/* What was asked for and came to nothing, for whatever reason, is asked for again then: a file of gigabytes is not read
 * in a circle. */
#define RECHECK_AGAIN_MS GW_MINUTE_MS

struct recheck {
    char release[RELEASE_ID_LEN + 1];
    struct gw_sha256 sha256;
    struct gw_device_id device; /* who said so */
    struct gw_wall at;          /* done: when; otherwise not to be read before */
    bool done;
};

/* Puts it on the list, unless this file is there already. ret_dropped: there was no room. */
GW_MUST_CHECK enum gw_rc recheck_want(struct turn *turn, const struct recheck *wanted, bool *ret_dropped,
                                      struct gw_err *err);
/* Once a second: has the next file read (OUT_VERIFY) when the import thread is free. */
GW_MUST_CHECK enum gw_rc recheck_look(const struct import_port *imports, struct turn *turn, struct gw_err *err);
/* All files of this release were just found intact: what is reported from now on is looked at anew. */
GW_MUST_CHECK enum gw_rc recheck_forget(struct turn *turn, const char *release, struct gw_err *err);
/* The file was read. ret_was_due: it stood on the list as not done; false: somebody has had the answer before. */
GW_MUST_CHECK enum gw_rc recheck_settle(struct turn *turn, const struct gw_sha256 *sha256, bool *ret_was_due,
                                        struct gw_err *err);
