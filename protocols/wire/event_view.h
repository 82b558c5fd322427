/*
 * event_view: what the bytes of one log event say, as far as it can be understood. docs: "Event view".
 *
 *     {"t":ms,"cls":"…","sev":1-6,"res":"ok|fail|denied","subj","obj","msg","attr":{…},"boot","mono":ms}   JSON object
 *     <34>1 …                                                                                             syslog
 *     anything else                                                                                       text
 *
 * Never fails: members that are missing or of the wrong kind are left out, and what cannot be read at all is text. The
 * event itself is kept as it came; a view can be made again at any time.
 */
#pragma once

#include "event.h"
#include "gw_buf.h"
#include "gw_view.h"

#define EVENT_JSON_MAX 65536 /* bytes of an event that are read as JSON; longer ones are text */

/* arrived: when the gateway took it; for time stamps without a year. */
void event_view_parse(struct gw_view bytes, struct gw_wall arrived, struct event_view *ret_view);

/* Appends the JSON of an event that the gateway itself makes: the bytes of its leaf in the audit log. */
enum gw_rc event_view_format_audit(const struct audit_event *event, struct gw_buf *ret_bytes);
