/*
 * door_token: which program a request at the operators' door comes from: the token of its Authorization header. Fills
 * rest_config.token_of (see rest.h), and lets scrapes of /metrics in.
 *
 * Wrong tokens are counted in all and by source; one that sends many hears so. A right one is let in all the same: 256
 * bits are not guessed, and a neighbour's broken program shall not keep another one out.
 *
 * Thread: door_token_of() in web's alone; door_token_refused() any.
 */
#pragma once

#include <pthread.h>

#include "gw_hash.h"
#include "http_route.h"
#include "token_table.h"
#include "user.h"

#define DOOR_TOKEN_A_MINUTE 30  /* wrong ones of a source; further ones hear GW_AGAIN */
#define DOOR_TOKEN_SOURCES  256 /* that are remembered; the oldest is replaced */

struct door_token_source {
    char key[HTTP_SOURCE_MAX]; /* an address, or the /64 of an IPv6 one */
    struct gw_wall since;      /* its minute began */
    int wrong;
};

struct door_tokens {
    struct token_table *table;
    const struct gw_sha256_ops *hash;
    struct door_token_source sources[DOOR_TOKEN_SOURCES];
    size_t next_source;
    pthread_mutex_t lock; /* the next two */
    uint64_t refused;
    char refused_source[HTTP_SOURCE_MAX]; /* of the last */
};

void door_tokens_init(struct door_tokens *door, struct token_table *table, const struct gw_sha256_ops *hash);
void door_tokens_done(struct door_tokens *door);
/* ctx: struct door_tokens. GW_NOT_FOUND: there is no such token, or it has ended; GW_AGAIN: and too many such came from
 * there. */
GW_MUST_CHECK enum gw_rc door_token_of(void *ctx, const struct http_request *request, struct actor *ret_actor);
/* How many were wrong since the start, and where the last came from. */
uint64_t door_token_refused(struct door_tokens *door, char ret_source[HTTP_SOURCE_MAX]);
