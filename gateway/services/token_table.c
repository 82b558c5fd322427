#include "token_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

struct place {
    struct token token;   /* name "": free */
    struct gw_wall taken; /* the use that core knows of */
};

struct token_table {
    pthread_mutex_t lock;
    struct place places[TOKENS_MAX];
};

struct token_table *token_table_new(void)
{
    struct token_table *table = gw_xalloc(1, sizeof(*table));
    (void)pthread_mutex_init(&table->lock, NULL);
    return table;
}

void token_table_free(struct token_table *table)
{
    if (!table)
        return;
    (void)pthread_mutex_destroy(&table->lock);
    free(table);
}

enum gw_rc token_table_use(struct token_table *table, const struct gw_sha256 *sha256, struct gw_wall now,
                           struct token *ret_token)
{
    enum gw_rc rc = GW_NOT_FOUND;
    (void)pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct token *t = &table->places[i].token;
        if (!t->name[0] || !gw_sha256_eq(&t->sha256, sha256) || !token_lives(t, now))
            continue;
        t->used = now;
        *ret_token = *t;
        rc = GW_OK;
    }
    (void)pthread_mutex_unlock(&table->lock);
    return rc;
}

/* Also when the clock went back: what is shown shall not lie in the future for long. */
static bool is_due(const struct place *p)
{
    int64_t ahead_ms = p->token.used.ms - p->taken.ms;
    return p->token.name[0] && (ahead_ms >= TOKEN_USED_MS || ahead_ms <= -TOKEN_USED_MS);
}

bool token_table_take_used(struct token_table *table, struct token *ret_token)
{
    bool found = false;
    (void)pthread_mutex_lock(&table->lock);
    for (size_t i = 0; !found && i < TOKENS_MAX; i++) {
        struct place *p = &table->places[i];
        found = is_due(p);
        if (!found)
            continue;
        p->taken = p->token.used;
        *ret_token = p->token;
    }
    (void)pthread_mutex_unlock(&table->lock);
    return found;
}

void token_table_apply(struct token_table *table, const struct token_change *change)
{
    struct place *at = NULL;
    (void)pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < TOKENS_MAX; i++) {
        struct place *p = &table->places[i];
        if (strcmp(p->token.name, change->token.name) == 0) {
            at = p;
            break;
        }
        if (!p->token.name[0] && !at)
            at = p;
    }
    if (at) {
        struct place fresh = {.token = change->token, .taken = change->token.used};
        *at = change->gone ? (struct place){.taken = {0}} : fresh;
    }
    (void)pthread_mutex_unlock(&table->lock);
}
