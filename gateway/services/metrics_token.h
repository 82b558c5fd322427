/*
 * metrics_token: the one bearer token that opens /metrics (docs/metrics.md). It is shown once, when it is made; its
 * SHA-256 alone is stored. A new one replaces the old one.
 */
#pragma once

#include "gw_hash.h"
#include "turn.h"

#define METRICS_TOKEN_PREFIX "gwm_"
#define METRICS_TOKEN_CHARS  (4 + 64) /* 256 random bits as hex behind the prefix */

/* The stored hash; zeroed: there is no token. */
GW_MUST_CHECK enum gw_rc metrics_token_load(const struct store *store, struct gw_sha256 *ret_sha256,
                                            struct gw_err *err);
/* ACT_METRICS_TOKEN, ACT_METRICS_REVOKE: the actor was let in by access. */
GW_MUST_CHECK enum gw_rc metrics_token_act(const struct gw_sha256_ops *hash, struct turn *turn,
                                           const struct inbox_msg *msg, struct gw_err *err);
