/*
 * rest_bearer: the token in an Authorization header (RFC 6750 section 2.1). Pure.
 */
#pragma once

#include "gw_rc.h"
#include "gw_view.h"

/* GW_NOT_FOUND: another scheme, or what is no token by its form (token.h). */
GW_MUST_CHECK enum gw_rc rest_bearer_parse(struct gw_view header, struct gw_view *ret_token);
