/*
 * token_table: the tokens of programs as the operators' door knows them: by the SHA-256 of their text. It follows the
 * store: filled at the start, changed after each COMMIT that made or revoked one. Core asks the store again at each
 * act, so that a token whose end is decided but not yet applied does nothing any more.
 *
 * It notes when each was last used; core takes that once in TOKEN_USED_MS a token, so that requests cost no writes.
 *
 * Thread: any; a mutex that is held for a walk through the table and never while anything blocks. Only core, after its
 * COMMIT, calls token_table_apply().
 */
#pragma once

#include <stdbool.h>

#include "token.h"

#define TOKENS_MAX    100
#define TOKEN_USED_MS (10 * GW_MINUTE_MS)

struct token_change {
    bool gone;          /* the token of this name is no more */
    struct token token; /* otherwise it is as here */
};

struct token_table;

struct token_table *token_table_new(void);
void token_table_free(struct token_table *table); /* accepts NULL */

/* The token with this digest, if it lives now: GW_NOT_FOUND otherwise. It is used. */
GW_MUST_CHECK enum gw_rc token_table_use(struct token_table *table, const struct gw_sha256 *sha256, struct gw_wall now,
                                         struct token *ret_token);
/* One whose last use is TOKEN_USED_MS or more behind what was taken before, which it is no more then. False: none. */
bool token_table_take_used(struct token_table *table, struct token *ret_token);
void token_table_apply(struct token_table *table, const struct token_change *change);
