/*
 * gw_log: one line a message on stderr, for programs only (libraries return errors).
 *
 *     <5>2026-11-23T01:02:03.004Z gatehoused core: text
 *
 * The "<n>" prefix (sd-daemon(3)) is written only when stderr is not a terminal. Control characters in the text are
 * escaped, so a device cannot forge a line. Safe in any thread. Never pass secrets.
 */
#pragma once

#include "gw_rc.h"

enum gw_log_level {
    GW_LOG_ERROR = 3, /* needs a person */
    GW_LOG_WARN = 4,  /* went on, but not as it should be */
    GW_LOG_INFO = 6,  /* start, stop, milestones */
    GW_LOG_DEBUG = 7,
};

void gw_log_init(const char *program, enum gw_log_level level);
void gw_log(enum gw_log_level level, const char *part, const char *fmt, ...) GW_PRINTF(3, 4);
