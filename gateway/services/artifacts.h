/*
 * artifacts: which device may have which file (docs/rollouts.md, "Artifacts").
 *
 *     certificate known, in force, its device active ───────► a file that rollouts_artifact() gives it ──► 200
 *                                  quarantined ─────────────► … of an attempt that has not ended       ──► 200
 *     such a file, but the release is damaged here ──────────────────────────────────────────────────────► 503, counted
 *     anything else of a device that may speak ──────────────────────────────────────────────────────────► 404, counted
 *     no such certificate, or a device that may not speak ─────────────────────────────────────────────► 403, counted
 *
 * One answer for all that is not there, so that nobody learns which attempts and files exist. Refusals are summed into
 * an audit event a minute at most (watch.h).
 */
#pragma once

#include "rollouts.h"
#include "turn.h"
#include "watch.h"

/* INBOX_ARTIFACT: hands a worker the file to open (WORK_ARTIFACT), or refuses with ANSWER_DONE. */
GW_MUST_CHECK enum gw_rc artifacts_request(struct watch *watch, struct turn *turn, const struct inbox_msg *msg,
                                           struct gw_err *err);
/* INBOX_UNREAD: the gateway reads its copy of that file again (recheck.h). counts: for what finds no room there. */
GW_MUST_CHECK enum gw_rc artifacts_unread(struct rollouts_counts *counts, struct turn *turn,
                                          const struct inbox_msg *msg, struct gw_err *err);
