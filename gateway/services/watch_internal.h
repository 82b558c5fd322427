/*
 * What the files of watch share.
 */
#pragma once

#include "audit_note.h"
#include "watch.h"

/* What an event about a kind says: "<count> <one or many><behind>". Where it happened (obj) is no name that a device
 * can have, unless it is that device: it holds a ':' or a '.', so that no alert takes it for one. */
struct watch_words {
    enum audit_what what;
    const char *subj, *obj, *one, *many, *behind;
};

/* True also for a clock that was set back. */
bool watch_minute_over(struct gw_wall since, struct gw_wall now);
/* An event, and a line of the program's log where it is not said there yet. */
GW_MUST_CHECK enum gw_rc watch_note(struct turn *turn, const struct watch_words *words, const char *msg,
                                    struct gw_err *err);
/* Tells what has been counted and not told, unless that kind was told within the minute. */
GW_MUST_CHECK enum gw_rc watch_tell_kind(struct turn *turn, struct watch_kind *kind, const struct watch_words *words,
                                         struct gw_err *err);
