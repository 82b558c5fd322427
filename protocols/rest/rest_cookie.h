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

/* By which a browser is known again when somebody signs in (docs/rest.md, "Signing in"); it opens nothing. */
#define REST_COOKIE_KNOWN       REST_COOKIE_NAME "-known"
#define REST_COOKIE_KNOWN_CHARS 112                  /* of hex */
#define REST_COOKIE_KNOWN_AGE   "; Max-Age=15552000" /* 180 days, as long as core takes it */

/* The same of that cookie, as it stands there; "" when it is none. */
void rest_cookie_known(struct gw_view header, char ret_text[REST_COOKIE_KNOWN_CHARS + 1]);
/* GW_NOT_FOUND: no session cookie, or two, or one that is not ours. */
GW_MUST_CHECK enum gw_rc rest_cookie_parse(struct gw_view header, unsigned char ret_id[REST_COOKIE_ID_LEN]);
