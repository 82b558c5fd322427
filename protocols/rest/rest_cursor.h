/*
 * rest_cursor: where a search goes on, as text that an asker hands back. It holds places only, nothing that a filter
 * would hide; what comes back is held against its grammar and ranges, and a place that is made up only finds other
 * events that the same asker may see.
 *
 *     <stage>.<time>.<device or ->.<log>.<at>[.<name of the last log>.<last number>]
 */
#pragma once

#include "gw_buf.h"
#include "gw_rc.h"
#include "query.h"

#define REST_CURSOR_MAX 320

/* Appends it. */
enum gw_rc rest_cursor_format(const struct query_cursor *cursor, struct gw_buf *ret_text);
/* GW_INVALID: no cursor of ours. */
GW_MUST_CHECK enum gw_rc rest_cursor_parse(struct gw_view text, struct query_cursor *ret_cursor);
