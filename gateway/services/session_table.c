#include "session_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

struct session_table {
    pthread_mutex_t lock;
    uint64_t changes;
    struct session_entry entries[SESSION_TABLE_MAX]; /* name "": free */
};

struct session_table *session_table_new(void)
{
    struct session_table *table = gw_xalloc(1, sizeof(*table));
    (void)pthread_mutex_init(&table->lock, NULL);
    return table;
}

void session_table_free(struct session_table *table)
{
    if (!table)
        return;
    (void)pthread_mutex_destroy(&table->lock);
    explicit_bzero(table->entries, sizeof(table->entries));
    free(table);
}

static void forget(struct session_entry *e)
{
    explicit_bzero(e, sizeof(*e));
}

static bool lives(const struct session_entry *e, struct gw_wall now)
{
    return e->name[0] && now.ms < e->used.ms + SESSION_IDLE_MS && now.ms < e->began.ms + SESSION_LIFE_MS &&
           now.ms > e->began.ms - SESSION_SLACK_MS && now.ms > e->used.ms - SESSION_SLACK_MS;
}

/* Under the lock. */
static struct session_entry *entry_of(struct session_table *table, const struct gw_sha256 *key)
{
    for (size_t i = 0; i < SESSION_TABLE_MAX; i++)
        if (table->entries[i].name[0] && gw_sha256_eq(&table->entries[i].key, key))
            return &table->entries[i];
    return NULL;
}

static enum gw_rc look_up(struct session_table *table, const struct gw_sha256 *key, struct gw_wall now, bool use,
                          struct session_entry *ret_entry)
{
    (void)pthread_mutex_lock(&table->lock);
    struct session_entry *e = entry_of(table, key);
    bool found = e && lives(e, now);
    if (e && !found)
        forget(e);
    if (found && use && now.ms > e->used.ms)
        e->used = now;
    if (found)
        *ret_entry = *e;
    (void)pthread_mutex_unlock(&table->lock);
    return found ? GW_OK : GW_NOT_FOUND;
}

enum gw_rc session_table_find(struct session_table *table, const struct gw_sha256 *key, struct gw_wall now,
                              struct session_entry *ret_entry)
{
    return look_up(table, key, now, false, ret_entry);
}

enum gw_rc session_table_use(struct session_table *table, const struct gw_sha256 *key, struct gw_wall now,
                             struct session_entry *ret_entry)
{
    return look_up(table, key, now, true, ret_entry);
}

size_t session_table_count(struct session_table *table, const char *name, struct gw_wall now)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < SESSION_TABLE_MAX; i++)
        count += strcmp(table->entries[i].name, name) == 0 && lives(&table->entries[i], now);
    (void)pthread_mutex_unlock(&table->lock);
    return count;
}

size_t session_table_live(struct session_table *table, struct gw_wall now)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < SESSION_TABLE_MAX; i++)
        count += lives(&table->entries[i], now);
    (void)pthread_mutex_unlock(&table->lock);
    return count;
}

/* Where a new session of this user goes: in place of the user's least recently used one when there are SESSION_PER_USER
 * of them, else a free place or one that has ended, else that of the least recently used of all. */
static struct session_entry *place_for(struct session_table *table, const struct session_entry *new)
{
    struct session_entry *oldest = NULL, *oldest_own = NULL, *empty = NULL;
    size_t own = 0;
    for (size_t i = 0; i < SESSION_TABLE_MAX; i++) {
        struct session_entry *e = &table->entries[i];
        if (!lives(e, new->began)) {
            empty = e;
            continue;
        }
        if (!oldest || e->used.ms < oldest->used.ms)
            oldest = e;
        if (strcmp(e->name, new->name) != 0)
            continue;
        own++;
        if (!oldest_own || e->used.ms < oldest_own->used.ms)
            oldest_own = e;
    }
    if (own >= SESSION_PER_USER)
        return oldest_own;
    return empty ? empty : oldest;
}

static void end_user(struct session_table *table, const struct session_change *change)
{
    for (size_t i = 0; i < SESSION_TABLE_MAX; i++) {
        struct session_entry *e = &table->entries[i];
        if (strcmp(e->name, change->entry.name) != 0)
            continue;
        if (change->keep && gw_sha256_eq(&e->key, &change->entry.key))
            e->user_rev = change->entry.user_rev;
        else
            forget(e);
    }
}

uint64_t session_table_changes(struct session_table *table)
{
    (void)pthread_mutex_lock(&table->lock);
    uint64_t changes = table->changes;
    (void)pthread_mutex_unlock(&table->lock);
    return changes;
}

void session_table_apply(struct session_table *table, const struct session_change *change)
{
    (void)pthread_mutex_lock(&table->lock);
    table->changes++;
    struct session_entry *e;
    switch (change->kind) {
    case SESSION_BEGIN:
        *place_for(table, &change->entry) = change->entry;
        break;
    case SESSION_END:
        e = entry_of(table, &change->entry.key);
        if (e)
            forget(e);
        break;
    case SESSION_END_USER:
        end_user(table, change);
        break;
    }
    (void)pthread_mutex_unlock(&table->lock);
}
