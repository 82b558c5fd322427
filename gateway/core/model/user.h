/*
 * user: a person who may use the gateway, and who is acting now.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gw_hash.h"
#include "gw_rc.h"
#include "gw_time.h"
#include "gw_view.h"

/* Persisted; ordered: a higher role may do all that a lower one may. */
enum user_role {
    USER_VIEWER = 1,
    USER_OPERATOR = 2,
    USER_ADMIN = 3,
};
const char *user_role_text(enum user_role role);
GW_MUST_CHECK enum gw_rc user_role_parse(struct gw_view text, enum user_role *ret_role);

#define USER_NAME_MAX          64
#define USER_PASSWORD_HASH_MAX 128 /* argon2id encoded string */

struct user {
    char name[USER_NAME_MAX]; /* [a-z0-9][a-z0-9._-]{0,62} */
    enum user_role role;
    char password_hash[USER_PASSWORD_HASH_MAX];
    bool disabled;
    struct gw_wall created;
    int64_t rev;
};
/* GW_INVALID: it breaks the grammar above. */
GW_MUST_CHECK enum gw_rc user_name_check(struct gw_view name);

/* Who asks for an act. `name` is "user:<name>", "local:<unix name>" or "token:<name>". */
struct actor {
    char name[USER_NAME_MAX + 8];
    enum user_role role;      /* 0: may do nothing (a token for metrics alone) */
    bool local;               /* came over the admin socket: never the second person of a two-person act */
    bool superuser;           /* local and uid 0: may claim, manage users and keys */
    struct gw_sha256 session; /* names the session that asks (session_table.h); zeroed: none does */
    struct gw_sha256 token;   /* the same of a token (token.h): a program, never one of two persons */
};
/* Does a token ask? */
bool actor_is_token(const struct actor *actor);
