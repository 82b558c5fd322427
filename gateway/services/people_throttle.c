#include "people_throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

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
static struct throttle_count *account_of(struct people_throttle *t, const char *name)
{
    uint8_t text[sizeof(t->key) + USER_NAME_MAX];
    size_t len = strnlen(name, USER_NAME_MAX);
    struct gw_sha256 digest;
    memcpy(text, t->key, sizeof(t->key));
    memcpy(text + sizeof(t->key), name, len);
    t->hash->digest(gw_view_make(text, sizeof(t->key) + len), &digest);
    return &t->accounts[(digest.bytes[0] << 8 | digest.bytes[1]) % THROTTLE_COUNTERS];
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

int64_t people_throttle_wait(struct people_throttle *t, const char *name, const char *source, struct gw_wall now,
                             bool *ret_first)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    const struct throttle_home *home = name[0] ? home_of(t, name) : NULL;
    bool usual = home && strcmp(home->source, key) == 0;
    struct throttle_count *account = account_of(t, name);
    struct throttle_source *s = find_source(t, key);
    int64_t by_account = usual ? 0 : wait_of(account, THROTTLE_ACCOUNT_MAX_MS, now);
    int64_t by_source = s ? wait_of(&s->count, THROTTLE_SOURCE_MAX_MS, now) : 0;
    *ret_first = false;
    if (by_account == 0 && by_source == 0)
        return 0;
    struct throttle_count *longest = s && by_source >= by_account ? &s->count : account;
    *ret_first = !longest->told;
    longest->told = true;
    return by_account > by_source ? by_account : by_source;
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

void people_throttle_try(struct people_throttle *t, const char *name, const char *source, struct gw_wall now)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    count_try(account_of(t, name), THROTTLE_ACCOUNT_FREE, THROTTLE_ACCOUNT_MAX_MS, now);
    count_try(&take_source(t, key, now)->count, THROTTLE_SOURCE_FREE, THROTTLE_SOURCE_MAX_MS, now);
}

static void undo(struct throttle_count *c)
{
    if (c->tries > 0)
        c->tries--;
    c->not_before.ms = 0;
}

void people_throttle_undo(struct people_throttle *t, const char *name, const char *source)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    struct throttle_source *from = find_source(t, key);
    undo(account_of(t, name));
    if (from)
        undo(&from->count);
}

int people_throttle_right(struct people_throttle *t, const char *name, const char *source)
{
    char key[HTTP_SOURCE_MAX];
    people_throttle_source(source, key);
    struct throttle_count *account = account_of(t, name);
    struct throttle_source *from = find_source(t, key);
    struct throttle_home *home = home_of(t, name);
    int failed = account->tries > 0 ? account->tries - 1 : 0;
    account->tries = 0;
    account->not_before.ms = 0;
    if (home) {
        (void)snprintf(home->name, sizeof(home->name), "%s", name);
        (void)snprintf(home->source, sizeof(home->source), "%s", key);
    }
    if (from)
        undo(&from->count);
    return failed;
}
