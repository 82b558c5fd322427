/*
 * token: a secret by which a program may use the gateway (docs/rest.md, "Tokens"). It is shown once, when it is made;
 * its SHA-256 alone is kept, which is enough for 256 random bits.
 */
#pragma once

#include "gw_hash.h"
#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"
#include "user.h"

/* Persisted. The first two are the user_role of the same number; there is no token with an admin's role. */
enum token_role {
    TOKEN_VIEWER = 1,
    TOKEN_OPERATOR = 2,
    TOKEN_METRICS = 4, /* GET /metrics and nothing else */
};
const char *token_role_text(enum token_role role);
GW_MUST_CHECK enum gw_rc token_role_parse(struct gw_view text, enum token_role *ret_role);
/* What its acts are held against; 0 for TOKEN_METRICS: it may do none. */
enum user_role token_user_role(enum token_role role);

/* The text: a prefix by which scanners for leaked secrets know it, then 256 random bits in lower-case hex. */
#define TOKEN_PREFIX         "gwt_"
#define TOKEN_METRICS_PREFIX "gwm_" /* with TOKEN_METRICS */
#define TOKEN_SECRET_LEN     32     /* bytes */
#define TOKEN_CHARS          (4 + 2 * TOKEN_SECRET_LEN)
/* Has it this form? */
bool token_text_check(struct gw_view text);

#define TOKEN_DAYS_DEFAULT 90
#define TOKEN_DAYS_MAX     365
#define TOKEN_METRICS_NAME "metrics" /* of the one that `gatehouse metrics-token` makes: it alone never ends */

struct token {
    char name[USER_NAME_MAX]; /* as a user's; unique */
    struct gw_sha256 sha256;  /* of the text; unique */
    enum token_role role;
    char made_by[sizeof(((struct actor *)0)->name)]; /* "" when it is not known */
    struct gw_wall created;                          /* 0: not known */
    struct gw_wall expires;                          /* 0: never */
    struct gw_wall used;                             /* last, in steps of minutes; 0: never */
};

/* Does it open anything now? */
bool token_lives(const struct token *token, struct gw_wall now);
