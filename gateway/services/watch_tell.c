/* How what was counted becomes an event. */
#include <inttypes.h>
#include <stdio.h>

#include "gw_log.h"
#include "watch_internal.h"

bool watch_minute_over(struct gw_wall since, struct gw_wall now)
{
    return since.ms == 0 || now.ms - since.ms >= WATCH_TELL_MS || now.ms < since.ms; /* a clock that was set back */
}

/* Whoever noticed has said it in the program's log, with more. */
static bool is_said(enum audit_what what)
{
    return what == AUDIT_STORE_FULL || what == AUDIT_LOG_ALTERED || what == AUDIT_LOG_DAMAGED;
}

enum gw_rc watch_note(struct turn *turn, const struct watch_words *words, const char *msg, struct gw_err *err)
{
    enum gw_rc rc = audit_note(turn, words->what, words->subj, words->obj, msg, err);
    if (!rc && !is_said(words->what))
        gw_log(GW_LOG_WARN, "watch", "%s: %s", words->obj, msg);
    return rc;
}

enum gw_rc watch_tell_kind(struct turn *turn, struct watch_kind *kind, const struct watch_words *words,
                           struct gw_err *err)
{
    if (kind->total == kind->told || !watch_minute_over(kind->told_at, turn->now))
        return GW_OK;
    char msg[AUDIT_MSG_MAX];
    uint64_t count = kind->total - kind->told;
    (void)snprintf(msg, sizeof(msg), "%" PRIu64 " %s%s", count, count == 1 ? words->one : words->many, words->behind);
    kind->told = kind->total;
    kind->told_at = turn->now;
    return watch_note(turn, words, msg, err);
}
