/*
 * people_throttle: how often a password may be tried, by account and by source. A try is counted before it is checked,
 * so that many at once gain nothing; beyond the free ones each makes the next wait twice as long, up to a ceiling. Who
 * comes too early is refused and waits no longer for it. Counts lapse THROTTLE_LAPSE_MS after the last try.
 *
 * Nobody is locked out for good: the wait for an account ends at THROTTLE_ACCOUNT_MAX_MS and does not hold for the
 * source where it was last signed in from, which has a wait of its own. A browser that is known (people_browser.h) is
 * counted alone, with an account's ceilings: no try of anybody else makes it wait, and its own make nobody wait. Known
 * browsers share THROTTLE_BROWSERS counters, which only they move.
 *
 * No noise makes room for guesses. Names share THROTTLE_COUNTERS counters, chosen by a keyed hash, whether there is
 * such an account or not: none is ever dropped, two names may wait together. Of sources THROTTLE_SOURCES are kept; one
 * whose count has lapsed makes room, or else the one that has been quiet the longest. The usual places of all accounts
 * have room.
 *
 * Changes of one's own password are counted by account, right ones too: each costs two hashes, and a session that is
 * open is enough to ask for them for ever.
 *
 * Pure but for the key, which is random. A clock that goes back makes no wait longer.
 */
#pragma once

#include <stdbool.h>

#include "gw_hash.h"
#include "gw_time.h"
#include "http_route.h"
#include "people_browser.h"
#include "user.h"

#define THROTTLE_COUNTERS       4096
#define THROTTLE_SOURCES        256
#define THROTTLE_HOMES          512
#define THROTTLE_BROWSERS       1024
#define THROTTLE_LAPSE_MS       GW_HOUR_MS
#define THROTTLE_ACCOUNT_FREE   5
#define THROTTLE_ACCOUNT_MAX_MS GW_MINUTE_MS
#define THROTTLE_CHANGES_FREE   5
#define THROTTLE_CHANGES_MAX_MS GW_MINUTE_MS
#define THROTTLE_SOURCE_FREE    10
#define THROTTLE_SOURCE_MAX_MS  (15 * GW_MINUTE_MS)

struct throttle_count {
    int tries;
    bool told; /* that this wait is on has been audited */
    struct gw_wall last, not_before;
};

struct throttle_source {
    char key[HTTP_SOURCE_MAX]; /* "": free */
    struct throttle_count count;
};

struct throttle_home {
    char name[USER_NAME_MAX]; /* of an account that was signed in to; "": free */
    char source[HTTP_SOURCE_MAX];
};

struct people_throttle {
    const struct gw_sha256_ops *hash;
    uint8_t key[32];
    struct throttle_count accounts[THROTTLE_COUNTERS];
    struct throttle_source sources[THROTTLE_SOURCES];
    struct throttle_home homes[THROTTLE_HOMES];
    struct throttle_count browsers[THROTTLE_BROWSERS];
    struct throttle_count changes[THROTTLE_COUNTERS]; /* of passwords; by account, as `accounts` */
};

void people_throttle_init(struct people_throttle *t, const struct gw_sha256_ops *hash);
/* What a source is counted by: whoever has one IPv6 address has its whole /64. */
void people_throttle_source(const char *source, char ret_key[HTTP_SOURCE_MAX]);
/* Whose try it is. */
struct throttle_who {
    const char *name;
    const char *source;
    const struct people_browser *browser; /* known, or not; NULL: not */
};

/* Milliseconds until the next try may be made; 0: now. *ret_first: nobody has been told of this wait before. */
int64_t people_throttle_wait(struct people_throttle *t, const struct throttle_who *who, struct gw_wall now,
                             bool *ret_first);
/* A try begins. */
void people_throttle_try(struct people_throttle *t, const struct throttle_who *who, struct gw_wall now);
/* It was not looked at after all: its counts are as if it had not been. */
void people_throttle_undo(struct people_throttle *t, const struct throttle_who *who);
/* It was right: the account's count, or the known browser's, ends; the source's is as if it had not been. Returns the
 * failed tries before. */
int people_throttle_right(struct people_throttle *t, const struct throttle_who *who);
/* Milliseconds until this account may change its password; 0: now, and that counts. */
int64_t people_throttle_change(struct people_throttle *t, const char *name, struct gw_wall now);
/* It was not looked at after all. */
void people_throttle_change_undo(struct people_throttle *t, const char *name);
/* Is this where some account was last signed in from? */
bool people_throttle_familiar(const struct people_throttle *t, const char *source);
