/*
 * tokens: secrets by which programs use the gateway without a person: made, listed and revoked by admins (docs/rest.md,
 * "Tokens"). A token has a viewer's or an operator's role, or opens /metrics alone. What only an admin may, no token
 * may: so a leaked one makes neither accounts nor keys nor further tokens, and revoking it ends what it could do.
 *
 * The one named TOKEN_METRICS_NAME is made by ACT_METRICS_TOKEN and never ends; all others end after TOKEN_DAYS_MAX
 * days at the latest. A name is free again when its token has ended or was revoked.
 */
#pragma once

#include "gw_hash.h"
#include "token_table.h"
#include "turn.h"

struct tokens {
    const struct gw_sha256_ops *hash;
    struct token_table *table; /* borrowed; changed by OUT_TOKEN alone */
};

/* Fills the table from the store; at the start. */
GW_MUST_CHECK enum gw_rc tokens_load(struct token_table *table, const struct store *store, struct gw_err *err);
/* Is the token that asks still what it was at the door? */
GW_MUST_CHECK enum gw_rc tokens_live(const struct turn *turn, const struct actor *actor, bool *ret_live,
                                     struct gw_err *err);
/* ACT_TOKEN_…, ACT_METRICS_…: the actor was let in by access. */
GW_MUST_CHECK enum gw_rc tokens_act(struct tokens *t, struct turn *turn, const struct inbox_msg *msg,
                                    struct gw_err *err);
/* Once a second: writes down which tokens were used. */
GW_MUST_CHECK enum gw_rc tokens_tick(struct tokens *t, struct turn *turn, struct gw_err *err);
