/*
 * cli_text: text of strangers made fit for a terminal.
 */
#pragma once

#include <stddef.h>

#include "gw_buf.h"
#include "gw_view.h"

/* Appends text with whatever a terminal could obey or be fooled by made visible: control characters (C0, DEL, C1) and
 * the marks that turn the writing direction become \u{hex}, bytes that are no UTF-8 become \x{hex}, a backslash is
 * doubled. */
void cli_text_escape(struct gw_buf *out, struct gw_view text);
/* Columns that escaped text takes; counts code points, so wide and combining characters are off by some. */
size_t cli_text_width(struct gw_view escaped);
