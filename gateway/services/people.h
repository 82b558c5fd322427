/*
 * people: the accounts of operators and their sessions at the operators' door (docs/rest.md, "Signing in").
 *
 * A sign-in costs the same whether the name exists or not: the worker compares a hash in any case, and the answer is
 * the same. Every try is counted (people_throttle.h) and audited. A change of role, password or standing gives the
 * account another revision, which ends its sessions: at once for core, after the COMMIT for the door.
 *
 * Accounts are disabled, never deleted: their names stay in the audit log and nobody else gets them. The last admin
 * that is enabled can be neither disabled nor given another role.
 */
#pragma once

#include "gw_hash.h"
#include "people_throttle.h"
#include "session_table.h"
#include "turn.h"

#define PEOPLE_MAX 500 /* accounts */

struct people {
    const struct gw_sha256_ops *hash;
    struct session_table *sessions; /* borrowed; changed by OUT_SESSION alone */
    struct people_throttle throttle;
};

void people_init(struct people *p, const struct gw_sha256_ops *hash, struct session_table *sessions);

/* Does the session that the actor came by live, and is its account as it was when it began? Actors without a session
 * (the admin socket) are always live. */
GW_MUST_CHECK enum gw_rc people_live(struct people *p, const struct turn *turn, const struct actor *actor,
                                     bool *ret_live, struct gw_err *err);
/* Tells the asker that nobody is known behind the request any more. */
void people_ended(struct turn *turn, struct asker asker, const char *why);

/* ACT_SIGN_IN, ACT_SESSION_GET, ACT_SIGN_OUT, ACT_PASSWORD. Takes the message's blob when a worker needs it. */
GW_MUST_CHECK enum gw_rc people_act(struct people *p, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_CHECKED. */
GW_MUST_CHECK enum gw_rc people_checked(struct people *p, struct turn *turn, const struct inbox_msg *msg,
                                        struct gw_err *err);

/* A check that no worker had room for: nothing was tried. */
void people_unchecked(struct people *p, const struct inbox_act *act);

/* people_users.c: ACT_USER_…, and INBOX_HASHED for two of them. */
GW_MUST_CHECK enum gw_rc people_user_act(struct people *p, struct turn *turn, struct inbox_msg *msg,
                                         struct gw_err *err);
GW_MUST_CHECK enum gw_rc people_hashed(struct turn *turn, const struct inbox_msg *msg, struct gw_err *err);
