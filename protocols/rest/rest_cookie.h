/*
 * rest_cookie: the session in a Cookie header (RFC 6265 section 4.2), and the lines that set and clear it. Pure.
 */
#pragma once

#include "gw_rc.h"
#include "gw_view.h"

#define REST_COOKIE_NAME "__Host-gw"
/* The prefix __Host- makes browsers insist on Secure and Path=/ and refuse a Domain: no neighbour can plant it. */
#define REST_COOKIE_ATTRIBUTES "; Secure; HttpOnly; SameSite=Strict; Path=/"
#define REST_COOKIE_ID_LEN     32 /* bytes, in lower- or upper-case hex */

/* GW_NOT_FOUND: no session cookie, or two, or one that is not ours. */
GW_MUST_CHECK enum gw_rc rest_cookie_parse(struct gw_view header, unsigned char ret_id[REST_COOKIE_ID_LEN]);
