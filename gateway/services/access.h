/*
 * access: who may do what at the gateway: the claim, accounts, and the permission of every operator's act.
 *
 * Claim (docs/rest.md, "Two doors"): no account exists at first. A code of 80 bits, stored as its hash, valid 15
 * minutes, void after 10 wrong tries, opens the making of the first admin account, once.
 */
#pragma once

#include "gw_hash.h"
#include "turn.h"

#define ACCESS_CLAIM_MS        (15 * GW_MINUTE_MS)
#define ACCESS_CLAIM_WRONG_MAX 10
#define ACCESS_PASSWORD_MIN    12
#define ACCESS_PASSWORD_MAX    256
#define ACCESS_SOURCES         64

struct access_source {
    char source[HTTP_SOURCE_MAX];
    int wrong;
    struct gw_wall not_before; /* the next try is looked at from here on */
};

struct access {
    const struct gw_sha256_ops *hash;
    struct gw_sha256 server_key;
    bool claimed;
    struct access_source
        sources[ACCESS_SOURCES]; /* the oldest is replaced: an attacker's many addresses do not grow us */
    size_t next_source;
};

/* Reads whether the gateway is claimed. */
GW_MUST_CHECK enum gw_rc access_init(struct access *a, const struct gw_sha256_ops *hash,
                                     const struct gw_sha256 *server_key, const struct store *store, struct gw_err *err);

/* May this actor do this act now? GW_DENIED with the reason in err. */
GW_MUST_CHECK enum gw_rc access_check(const struct access *a, const struct inbox_act *act, struct gw_err *err);

/* ACT_CLAIM_CODE: a new code replaces the old one. */
GW_MUST_CHECK enum gw_rc access_claim_code(struct access *a, struct turn *turn, const struct inbox_msg *msg,
                                           struct gw_err *err);
/* ACT_CLAIM: checks the code, sends the password to a worker. */
GW_MUST_CHECK enum gw_rc access_claim(struct access *a, struct turn *turn, struct inbox_msg *msg, struct gw_err *err);
/* INBOX_HASHED: makes the account and ends the claim. */
GW_MUST_CHECK enum gw_rc access_claim_hashed(struct access *a, struct turn *turn, const struct inbox_msg *msg,
                                             struct gw_err *err);
