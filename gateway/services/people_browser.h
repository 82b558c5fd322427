/*
 * people_browser: browsers from which somebody has signed in before, known again by a cookie (OWASP's "device
 * cookies"). It opens nothing: the password is asked for as always. What it gives is a lane of its own for the check
 * and a wait of its own, which strangers can neither fill nor lengthen, however many addresses they have.
 *
 * The cookie is a random number, the time it was made and an HMAC over both and the account's name; nothing of it is
 * stored but the key, a setting that is made when it is first needed. It is good for one name, whether there is such an
 * account or not, so that it tells nothing about others. Each sign-in gives a new one.
 */
#pragma once

#include "gw_hash.h"
#include "turn.h"

#define BROWSER_KEEP_MS (180 * GW_DAY_MS)

struct people_browser {
    bool known;
    uint8_t id[16]; /* of the cookie; counts its tries */
};

/* A cookie for a browser that has just signed in as `name`. */
GW_MUST_CHECK enum gw_rc people_browser_make(const struct gw_sha256_ops *hash, struct turn *turn, const char *name,
                                             char ret_cookie[ANSWER_KNOWN_CHARS + 1], struct gw_err *err);
/* Is this such a cookie, for this name, and not too old? Whatever it is, "" too, is no error. */
GW_MUST_CHECK enum gw_rc people_browser_check(const struct gw_sha256_ops *hash, const struct turn *turn,
                                              const char *name, const char *cookie, struct people_browser *ret_browser,
                                              struct gw_err *err);
