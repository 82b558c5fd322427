/*
 * session_table: who is signed in at the operators' door. In memory only: a restart signs everybody out. A session is
 * known by the SHA-256 of its cookie; the cookie itself is nowhere kept.
 *
 * It ends after SESSION_IDLE_MS without a request, SESSION_LIFE_MS after it began, by signing out, or when its account
 * changes. It holds the revision of the account it was begun with: core compares it with the stored one at each act, so
 * that a session whose end is decided but not yet applied does nothing any more.
 *
 * Ceilings: SESSION_PER_USER sessions of one user and SESSION_TABLE_MAX in all; the one least recently used makes room.
 *
 * Thread: any; a mutex that is held for a walk through the table and never while anything blocks. Only core, after its
 * COMMIT, calls session_table_apply().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "gw_hash.h"
#include "gw_time.h"
#include "user.h"

#define SESSION_ID_LEN    32 /* random bytes of the cookie, and of the CSRF token */
#define SESSION_IDLE_MS   (30 * GW_MINUTE_MS)
#define SESSION_LIFE_MS   (12 * GW_HOUR_MS)
#define SESSION_SLACK_MS  GW_MINUTE_MS /* by which the clock may go back behind a session's begin or use */
#define SESSION_TABLE_MAX 1024
#define SESSION_PER_USER  16

struct session_entry {
    struct gw_sha256 key; /* of the cookie's bytes */
    char name[USER_NAME_MAX];
    enum user_role role;
    int64_t user_rev;
    char csrf[2 * SESSION_ID_LEN + 1]; /* hex */
    struct gw_wall began, used;
};

enum session_change_kind {
    SESSION_BEGIN = 1, /* entry */
    SESSION_END,       /* entry.key */
    SESSION_END_USER,  /* all of entry.name; with keep all but entry.key, which goes on with entry.user_rev */
};

struct session_change {
    enum session_change_kind kind;
    bool keep;
    struct session_entry entry;
};

struct session_table;

struct session_table *session_table_new(void);
void session_table_free(struct session_table *table); /* accepts NULL */

/* The session of this key, if it lives now: GW_NOT_FOUND otherwise. */
GW_MUST_CHECK enum gw_rc session_table_find(struct session_table *table, const struct gw_sha256 *key,
                                            struct gw_wall now, struct session_entry *ret_entry);
/* The same for a request: its idle time begins anew. */
GW_MUST_CHECK enum gw_rc session_table_use(struct session_table *table, const struct gw_sha256 *key, struct gw_wall now,
                                           struct session_entry *ret_entry);
/* How many sessions of this user live now. */
size_t session_table_count(struct session_table *table, const char *name, struct gw_wall now);
/* The same of all users. */
size_t session_table_live(struct session_table *table, struct gw_wall now);
/* How often sessions were begun or ended by session_table_apply(): whoever remembers a session looks again when it
 * rose. */
uint64_t session_table_changes(struct session_table *table);
void session_table_apply(struct session_table *table, const struct session_change *change);
