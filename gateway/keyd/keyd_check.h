/*
 * keyd_check: the rules that every field of a request must keep, whoever sent it. Pure.
 */
#pragma once

#include <stddef.h>

#include "gw_view.h"

/* The text of a fixed field: terminated, zeros behind the terminator. GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc keyd_check_text(const char *field, size_t size, struct gw_view *ret_text);
/* <gateway>/dev/<id>/<epoch> | <gateway>/dev/<id>/line/<epoch> | <gateway>/audit/<epoch> | <gateway>/root/<epoch>,
 * where epoch is 16 lower-case hex digits and gateway our own name. GW_INVALID otherwise. */
GW_MUST_CHECK enum gw_rc keyd_check_origin(struct gw_view origin, const char *gateway);
