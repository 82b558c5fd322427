#include "people_throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "gw_id.h"

/* Whoever has one IPv6 address has its whole /64. */
static void source_key(const char *source, char ret_key[HTTP_SOURCE_MAX])
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

static struct throttle_slot *find(struct throttle_table *t, const char *key)
{
    for (size_t i = 0; i < THROTTLE_SLOTS; i++)
        if (t->slots[i].key[0] && strcmp(t->slots[i].key, key) == 0)
            return &t->slots[i];
    return NULL;
}

static struct throttle_slot *find_or_make(struct throttle_table *t, const char *key)
{
    struct throttle_slot *slot = find(t, key);
    if (slot)
        return slot;
    slot = &t->slots[0];
    for (size_t i = 1; i < THROTTLE_SLOTS; i++) {
        struct throttle_slot *s = &t->slots[i];
        if (s->tries < slot->tries || (s->tries == slot->tries && s->last.ms < slot->last.ms))
            slot = s;
    }
    *slot = (struct throttle_slot){.tries = 0};
    (void)snprintf(slot->key, sizeof(slot->key), "%s", key);
    return slot;
}

static int64_t wait_of(const struct throttle_slot *slot, struct gw_wall now)
{
    return slot && now.ms < slot->not_before.ms ? slot->not_before.ms - now.ms : 0;
}

int64_t people_throttle_wait(struct people_throttle *t, const char *name, const char *source, struct gw_wall now,
                             bool *ret_first)
{
    char key[HTTP_SOURCE_MAX];
    source_key(source, key);
    struct throttle_slot *account = find(&t->accounts, name), *from = find(&t->sources, key);
    if (account && strcmp(account->home, key) == 0)
        account = NULL;
    struct throttle_slot *longest = wait_of(account, now) > wait_of(from, now) ? account : from;
    int64_t wait = wait_of(longest, now);
    *ret_first = wait > 0 && !longest->told;
    if (wait > 0)
        longest->told = true;
    return wait;
}

static void count_try(struct throttle_slot *slot, int free_tries, int64_t max_ms, struct gw_wall now)
{
    if (now.ms > slot->last.ms + THROTTLE_LAPSE_MS)
        slot->tries = 0;
    if (slot->tries < 1000)
        slot->tries++;
    slot->last = now;
    int above = slot->tries - free_tries;
    if (above < 0)
        return;
    int64_t wait = GW_SECOND_MS << (above < 20 ? above : 20);
    slot->not_before.ms = now.ms + (wait < max_ms ? wait : max_ms);
    slot->told = false;
}

void people_throttle_try(struct people_throttle *t, const char *name, const char *source, struct gw_wall now)
{
    char key[HTTP_SOURCE_MAX];
    source_key(source, key);
    count_try(find_or_make(&t->accounts, name), THROTTLE_ACCOUNT_FREE, THROTTLE_ACCOUNT_MAX_MS, now);
    count_try(find_or_make(&t->sources, key), THROTTLE_SOURCE_FREE, THROTTLE_SOURCE_MAX_MS, now);
}

int people_throttle_right(struct people_throttle *t, const char *name, const char *source)
{
    char key[HTTP_SOURCE_MAX];
    source_key(source, key);
    struct throttle_slot *account = find_or_make(&t->accounts, name), *from = find_or_make(&t->sources, key);
    int failed = account->tries > 0 ? account->tries - 1 : 0;
    account->tries = 0;
    account->not_before.ms = 0;
    (void)snprintf(account->home, sizeof(account->home), "%s", key);
    if (from->tries > 0)
        from->tries--;
    from->not_before.ms = 0;
    return failed;
}
