#include "door_token.h"

#include <stdio.h>
#include <string.h>

#include "people_throttle.h"
#include "rest_bearer.h"

void door_tokens_init(struct door_tokens *door, struct token_table *table, const struct gw_sha256_ops *hash)
{
    *door = (struct door_tokens){.table = table, .hash = hash};
    (void)pthread_mutex_init(&door->lock, NULL);
}

void door_tokens_done(struct door_tokens *door)
{
    if (door->table)
        (void)pthread_mutex_destroy(&door->lock);
}

static struct door_token_source *source_at(struct door_tokens *door, const char *source)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    for (size_t i = 0; i < DOOR_TOKEN_SOURCES; i++)
        if (strcmp(door->sources[i].key, key) == 0)
            return &door->sources[i];
    struct door_token_source *s = &door->sources[door->next_source];
    door->next_source = (door->next_source + 1) % DOOR_TOKEN_SOURCES;
    *s = (struct door_token_source){.wrong = 0};
    memcpy(s->key, key, sizeof(s->key));
    return s;
}

static enum gw_rc refuse(struct door_tokens *door, const struct http_request *request)
{
    struct door_token_source *s = source_at(door, request->peer->source);
    (void)pthread_mutex_lock(&door->lock);
    door->refused++;
    (void)snprintf(door->refused_source, sizeof(door->refused_source), "%s", request->peer->source);
    (void)pthread_mutex_unlock(&door->lock);
    if (request->now.ms - s->since.ms >= GW_MINUTE_MS || request->now.ms < s->since.ms) {
        s->since = request->now;
        s->wrong = 0;
    }
    if (s->wrong == DOOR_TOKEN_A_MINUTE)
        return GW_AGAIN;
    s->wrong++;
    return GW_NOT_FOUND;
}

/* The token is found by its digest: how long that takes tells nothing that helps to guess the text. */
enum gw_rc door_token_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    struct door_tokens *door = ctx;
    struct gw_view text;
    struct gw_sha256 sha256;
    struct token token;
    if (rest_bearer_parse(request->authorization, &text))
        return refuse(door, request);
    door->hash->digest(text, &sha256);
    if (token_table_use(door->table, &sha256, request->now, &token))
        return refuse(door, request);
    *ret_actor = (struct actor){.role = token_user_role(token.role), .token = sha256};
    (void)snprintf(ret_actor->name, sizeof(ret_actor->name), "token:%s", token.name);
    return GW_OK;
}

uint64_t door_token_refused(struct door_tokens *door, char ret_source[HTTP_SOURCE_MAX])
{
    (void)pthread_mutex_lock(&door->lock);
    uint64_t refused = door->refused;
    memcpy(ret_source, door->refused_source, HTTP_SOURCE_MAX);
    (void)pthread_mutex_unlock(&door->lock);
    return refused;
}
