/*
 * gw_utf8: whether bytes are UTF-8, and text for people out of bytes that may not be. RFC 3629.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gw_view.h"

/* No overlong form, no surrogate, nothing above U+10FFFF. NUL is a character like any other. */
bool gw_utf8_valid(struct gw_view v);
/* Length in bytes (1 to 4) of the character at the start of v, 0 when there is none. */
size_t gw_utf8_char(struct gw_view v);
/* Copies what fits, whole characters only, terminated: control characters (C0, DEL, C1) become a space, bytes that are
 * no UTF-8 become "?". Returns the length written. */
size_t gw_utf8_clean(struct gw_view v, char *out, size_t out_size);
