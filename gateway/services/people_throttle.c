#include "people_throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "gw_hmac.h"
#include "gw_id.h"

void people_throttle_init(struct people_throttle *t, const struct gw_sha256_ops *hash)
{
    memset(t, 0, sizeof(*t));
    t->hash = hash;
    gw_random(t->key, sizeof(t->key));
}

void people_throttle_source(const char *source, char ret_key[HTTP_SOURCE_MAX])
{
    struct in6_addr six;
    char prefix[17];
    if (inet_pton(AF_INET6, source, &six) != 1 || IN6_IS_ADDR_V4MAPPED(&six)) {
        (void)snprintf(ret_key, HTTP_SOURCE_MAX, "%s", source);
        return;
    }
    gw_hex_format(six.s6_addr, 8, prefix);
    (void)snprintf(ret_key, HTTP_SOURCE_MAX, "%s::/64", prefix);
}

/* Keyed, so that nobody can choose a name that shares another's counter. */
static size_t slot_of(const struct people_throttle *t, struct gw_view what)
{
    struct gw_sha256 digest;
    gw_hmac_sha256(t->hash, gw_view_make(t->key, sizeof(t->key)), what, &digest);
    return (size_t)(digest.bytes[0] << 8 | digest.bytes[1]);
}

static size_t slot_of_name(const struct people_throttle *t, const char *name)
{
    return slot_of(t, gw_view_make(name, strnlen(name, USER_NAME_MAX))) % THROTTLE_COUNTERS;
}

static struct throttle_count *account_of(struct people_throttle *t, const char *name)
{
    return &t->accounts[slot_of_name(t, name)];
}

/* NULL: the browser is not known. */
static struct throttle_count *browser_of(struct people_throttle *t, const struct throttle_who *who)
{
    const struct people_browser *b = who->browser;
    if (!b || !b->known)
        return NULL;
    return &t->browsers[slot_of(t, gw_view_make(b->id, sizeof(b->id))) % THROTTLE_BROWSERS];
}

static struct throttle_source *find_source(struct people_throttle *t, const char *key)
{
    for (size_t i = 0; i < THROTTLE_SOURCES; i++)
        if (t->sources[i].key[0] && strcmp(t->sources[i].key, key) == 0)
            return &t->sources[i];
    return NULL;
}

static bool lapsed(const struct throttle_count *c, struct gw_wall now)
{
    return now.ms > c->last.ms + THROTTLE_LAPSE_MS || now.ms < c->last.ms - THROTTLE_LAPSE_MS;
}

static struct throttle_source *take_source(struct people_throttle *t, const char *key, struct gw_wall now)
{
    struct throttle_source *s = find_source(t, key);
    if (s)
        return s;
    s = &t->sources[0];
    for (size_t i = 0; i < THROTTLE_SOURCES; i++) {
        struct throttle_source *other = &t->sources[i];
        if (!other->key[0] || lapsed(&other->count, now)) {
            s = other;
            break;
        }
        if (other->count.last.ms < s->count.last.ms)
            s = other;
    }
    *s = (struct throttle_source){.key = ""};
    (void)snprintf(s->key, sizeof(s->key), "%s", key);
    return s;
}

/* The usual place of this account, or a free one. NULL: it has none, and none is free. */
static struct throttle_home *home_of(struct people_throttle *t, const char *name)
{
    struct throttle_home *empty = NULL;
    for (size_t i = 0; i < THROTTLE_HOMES; i++) {
        if (strcmp(t->homes[i].name, name) == 0)
            return &t->homes[i];
        if (!t->homes[i].name[0] && !empty)
            empty = &t->homes[i];
    }
    return empty;
}

/* What is left to wait. No wait was ever longer than its ceiling: more than that says that the clock went back. */
static int64_t wait_of(const struct throttle_count *c, int64_t max_ms, struct gw_wall now)
{
    int64_t left = c ? c->not_before.ms - now.ms : 0;
    return left > 0 && left <= max_ms ? left : 0;
}

/* By name and by source; the longer one. */
static int64_t wait_of_stranger(struct people_throttle *t, const struct throttle_who *who, struct gw_wall now,
                                struct throttle_count **ret_count)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(who->source, key);
    const struct throttle_home *home = who->name[0] ? home_of(t, who->name) : NULL;
    bool usual = home && strcmp(home->source, key) == 0;
    struct throttle_count *account = account_of(t, who->name);
    struct throttle_source *s = find_source(t, key);
    int64_t by_account = usual ? 0 : wait_of(account, THROTTLE_ACCOUNT_MAX_MS, now);
    int64_t by_source = s ? wait_of(&s->count, THROTTLE_SOURCE_MAX_MS, now) : 0;
    *ret_count = s && by_source >= by_account ? &s->count : account;
    return by_account > by_source ? by_account : by_source;
}

int64_t people_throttle_wait(struct people_throttle *t, const struct throttle_who *who, struct gw_wall now,
                             bool *ret_first)
{
    struct throttle_count *count = browser_of(t, who);
    int64_t wait_ms = count ? wait_of(count, THROTTLE_ACCOUNT_MAX_MS, now) : wait_of_stranger(t, who, now, &count);
    *ret_first = wait_ms > 0 && !count->told;
    if (wait_ms > 0)
        count->told = true;
    return wait_ms;
}

static void count_try(struct throttle_count *c, int free_tries, int64_t max_ms, struct gw_wall now)
{
    if (lapsed(c, now))
        c->tries = 0;
    if (c->tries < 1000)
        c->tries++;
    c->last = now;
    int above = c->tries - free_tries;
    if (above < 0)
        return;
    int64_t wait = GW_SECOND_MS << (above < 20 ? above : 20);
    c->not_before.ms = now.ms + (wait < max_ms ? wait : max_ms);
    c->told = false;
}

void people_throttle_try(struct people_throttle *t, const struct throttle_who *who, struct gw_wall now)
{
    char key[HTTP_SOURCE_MAX];
    struct throttle_count *browser = browser_of(t, who);
    if (browser) {
        count_try(browser, THROTTLE_ACCOUNT_FREE, THROTTLE_ACCOUNT_MAX_MS, now);
        return;
    }
    people_throttle_source(who->source, key);
    count_try(account_of(t, who->name), THROTTLE_ACCOUNT_FREE, THROTTLE_ACCOUNT_MAX_MS, now);
    count_try(&take_source(t, key, now)->count, THROTTLE_SOURCE_FREE, THROTTLE_SOURCE_MAX_MS, now);
}

static void undo(struct throttle_count *c)
{
    if (c->tries > 0)
        c->tries--;
    c->not_before.ms = 0;
}

void people_throttle_undo(struct people_throttle *t, const struct throttle_who *who)
{
    char key[HTTP_SOURCE_MAX];
    struct throttle_count *browser = browser_of(t, who);
    if (browser) {
        undo(browser);
        return;
    }
    people_throttle_source(who->source, key);
    struct throttle_source *from = find_source(t, key);
    undo(account_of(t, who->name));
    if (from)
        undo(&from->count);
}

/* Ends the count of this try; the failed ones before it. */
static int end_count(struct throttle_count *c)
{
    int failed = c->tries > 0 ? c->tries - 1 : 0;
    c->tries = 0;
    c->not_before.ms = 0;
    return failed;
}

int people_throttle_right(struct people_throttle *t, const struct throttle_who *who)
{
    char key[HTTP_SOURCE_MAX];
    struct throttle_count *browser = browser_of(t, who);
    people_throttle_source(who->source, key);
    struct throttle_source *from = browser ? NULL : find_source(t, key);
    struct throttle_home *home = home_of(t, who->name);
    if (home) {
        (void)snprintf(home->name, sizeof(home->name), "%s", who->name);
        (void)snprintf(home->source, sizeof(home->source), "%s", key);
    }
    if (from)
        undo(&from->count);
    return end_count(browser ? browser : account_of(t, who->name));
}

int64_t people_throttle_change(struct people_throttle *t, const char *name, struct gw_wall now)
{
    struct throttle_count *count = &t->changes[slot_of_name(t, name)];
    int64_t wait_ms = wait_of(count, THROTTLE_CHANGES_MAX_MS, now);
    if (wait_ms == 0)
        count_try(count, THROTTLE_CHANGES_FREE, THROTTLE_CHANGES_MAX_MS, now);
    return wait_ms;
}

void people_throttle_change_undo(struct people_throttle *t, const char *name)
{
    undo(&t->changes[slot_of_name(t, name)]);
}

bool people_throttle_familiar(const struct people_throttle *t, const char *source)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    for (size_t i = 0; i < THROTTLE_HOMES; i++)
        if (t->homes[i].name[0] && strcmp(t->homes[i].source, key) == 0)
            return true;
    return false;
}
