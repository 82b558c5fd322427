/* The door and core at the table of sessions at once; meant for ThreadSanitizer as much as for its assertions. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "crypto_hash.h"
#include "crypto_init.h"
#include "door_session.h"
#include "gw_id.h"
#include "gw_test.h"
#include "token_table.h"

#define ROUNDS  2000
#define READERS 3

static struct door_session door;
static _Atomic bool stop;
static _Atomic unsigned long wrong_names, seen;

/* The cookie of session n, and what core keeps of it. */
static void cookie_of(unsigned n, char ret_header[96], struct gw_sha256 *ret_key)
{
    uint8_t id[SESSION_ID_LEN] = {0};
    char hex[2 * SESSION_ID_LEN + 1];
    memcpy(id, &n, sizeof(n));
    gw_hex_format(id, sizeof(id), hex);
    (void)snprintf(ret_header, 96, "x=y; __Host-gw=%s", hex);
    door.hash->digest(gw_view_make(id, sizeof(id)), ret_key);
}

static enum gw_rc at_door(unsigned n, enum http_method method, const char *csrf, struct actor *ret_actor)
{
    char header[96];
    struct gw_sha256 key;
    cookie_of(n, header, &key);
    struct http_request r = {.method = method, .cookie = gw_view_str(header), .csrf = gw_view_str(csrf)};
    r.now.ms = 1000 * GW_HOUR_MS;
    return door_session_of(&door, &r, ret_actor);
}

static void change(enum session_change_kind kind, unsigned n, const char *name)
{
    char header[96];
    struct session_change c = {.kind = kind, .entry = {.role = USER_OPERATOR, .user_rev = 1}};
    cookie_of(n, header, &c.entry.key);
    (void)snprintf(c.entry.name, sizeof(c.entry.name), "%s", name);
    (void)snprintf(c.entry.csrf, sizeof(c.entry.csrf), "token-%u", n);
    c.entry.began.ms = c.entry.used.ms = 1000 * GW_HOUR_MS;
    session_table_apply(door.sessions, &c);
}

static void *read_on(void *arg)
{
    unsigned n = *(unsigned *)arg;
    while (!atomic_load(&stop)) {
        struct actor actor;
        if (at_door(n % 8, HTTP_GET, "", &actor) == GW_OK) {
            char want[32];
            (void)snprintf(want, sizeof(want), "user:u%u", n % 8);
            atomic_fetch_add(&wrong_names, strcmp(actor.name, want) != 0);
            atomic_fetch_add(&seen, 1);
        }
        n++;
    }
    return NULL;
}

static void ended_sessions_are_dead_at_once_under_load(void)
{
    pthread_t threads[READERS];
    unsigned starts[READERS];
    crypto_init();
    door = (struct door_session){session_table_new(), crypto_sha256()};
    for (unsigned i = 0; i < READERS; i++) {
        starts[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, read_on, &starts[i]), 0);
    }
    int alive = 0, dead = 0;
    for (unsigned round = 0; round < ROUNDS || !atomic_load(&seen); round++) {
        char name[16];
        struct actor actor;
        unsigned n = round % 8;
        (void)snprintf(name, sizeof(name), "u%u", n);
        change(SESSION_BEGIN, n, name);
        alive += round < ROUNDS && at_door(n, HTTP_GET, "", &actor) == GW_OK;
        change(round % 2 ? SESSION_END : SESSION_END_USER, n, name);
        dead += round < ROUNDS && at_door(n, HTTP_GET, "", &actor) == GW_NOT_FOUND;
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < READERS; i++)
        (void)pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(alive, ROUNDS);
    CU_ASSERT_EQUAL(dead, ROUNDS);
    CU_ASSERT_EQUAL(atomic_load(&wrong_names), 0);
    session_table_free(door.sessions);
}

static void writes_need_the_sessions_own_token(void)
{
    struct actor actor = {.name = ""};
    crypto_init();
    door = (struct door_session){session_table_new(), crypto_sha256()};
    change(SESSION_BEGIN, 1, "ann");
    change(SESSION_BEGIN, 2, "bob");
    CU_ASSERT_EQUAL(at_door(1, HTTP_POST, "token-2", &actor), GW_DENIED);
    CU_ASSERT_EQUAL(at_door(1, HTTP_DELETE, "", &actor), GW_DENIED);
    CU_ASSERT_STRING_EQUAL(actor.name, "user:ann"); /* whose cookie it was: for the log */
    CU_ASSERT_EQUAL(at_door(1, HTTP_POST, "token-1", &actor), GW_OK);
    CU_ASSERT_STRING_EQUAL(actor.name, "user:ann");
    CU_ASSERT_EQUAL(actor.role, USER_OPERATOR);
    CU_ASSERT_FALSE(actor.local || actor.superuser);
    CU_ASSERT_EQUAL(at_door(3, HTTP_GET, "", &actor), GW_NOT_FOUND);
    session_table_free(door.sessions);
}

static struct token_table *tokens;

/* The token of number n, or its end. */
static struct token_change token_of(unsigned n, bool gone)
{
    struct token_change c = {.gone = gone, .token = {.role = TOKEN_VIEWER}};
    (void)snprintf(c.token.name, sizeof(c.token.name), "t%u", n);
    memcpy(c.token.sha256.bytes, &n, sizeof(n));
    return c;
}

static void *use_on(void *arg)
{
    unsigned n = *(unsigned *)arg;
    while (!atomic_load(&stop)) {
        struct token found, used, wanted = token_of(n % 8, false).token;
        struct gw_wall now = {1000 * GW_HOUR_MS + n * GW_MINUTE_MS};
        if (token_table_use(tokens, &wanted.sha256, now, &found) == GW_OK) {
            atomic_fetch_add(&wrong_names, strcmp(found.name, wanted.name) != 0);
            atomic_fetch_add(&seen, 1);
        }
        if (token_table_take_used(tokens, &used))
            atomic_fetch_add(&wrong_names, used.name[0] != 't');
        n++;
    }
    return NULL;
}

static void revoked_tokens_are_dead_at_once_under_load(void)
{
    pthread_t threads[READERS];
    unsigned starts[READERS];
    tokens = token_table_new();
    atomic_store(&stop, false);
    atomic_store(&seen, 0);
    for (unsigned i = 0; i < READERS; i++) {
        starts[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, use_on, &starts[i]), 0);
    }
    int alive = 0, dead = 0;
    for (unsigned round = 0; round < ROUNDS || !atomic_load(&seen); round++) {
        struct token_change made = token_of(round % 8, false), gone = token_of(round % 8, true);
        struct token found;
        struct gw_wall now = {1000 * GW_HOUR_MS};
        token_table_apply(tokens, &made);
        alive += round < ROUNDS && token_table_use(tokens, &made.token.sha256, now, &found) == GW_OK;
        token_table_apply(tokens, &gone);
        dead += round < ROUNDS && token_table_use(tokens, &made.token.sha256, now, &found) == GW_NOT_FOUND;
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < READERS; i++)
        (void)pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(alive, ROUNDS);
    CU_ASSERT_EQUAL(dead, ROUNDS);
    CU_ASSERT_EQUAL(atomic_load(&wrong_names), 0);
    token_table_free(tokens);
}

static const struct gw_test_case cases[] = {
    {"ends tokens at once while others look", revoked_tokens_are_dead_at_once_under_load},
    {"ends sessions at once while others look", ended_sessions_are_dead_at_once_under_load},
    {"lets a session write with its own token alone", writes_need_the_sessions_own_token},
};

int main(void)
{
    return GW_TEST_RUN("session threads", cases);
}
