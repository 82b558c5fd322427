/* The operators' door and programs: which token is one, and how wrong ones are counted. */
#include "door_token.h"

#include <stdio.h>
#include <string.h>

#include "crypto_hash.h"
#include "crypto_init.h"
#include "gw_test.h"

#define HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TEXT TOKEN_PREFIX HEX

static struct door_tokens door;
static struct gw_wall now;

static void open_door(void)
{
    struct token_change change = {.token = {.name = "ci", .role = TOKEN_OPERATOR}};
    crypto_init();
    door_tokens_init(&door, token_table_new(), crypto_sha256());
    now.ms = 1000 * GW_DAY_MS;
    crypto_sha256()->digest(gw_view_str(TEXT), &change.token.sha256);
    change.token.expires.ms = now.ms + GW_DAY_MS;
    token_table_apply(door.table, &change);
}

static void close_door(void)
{
    door_tokens_done(&door);
    token_table_free(door.table);
}

static enum gw_rc ask(const char *authorization, const char *source, struct actor *ret_actor)
{
    struct http_peer peer = {.door = HTTP_DOOR_OPERATORS};
    (void)snprintf(peer.source, sizeof(peer.source), "%s", source);
    struct http_request r = {.authorization = gw_view_str(authorization), .peer = &peer, .now = now};
    return door_token_of(&door, &r, ret_actor);
}

static void knows_a_token_by_its_text_alone(void)
{
    static const char *const wrong[] = {
        "Bearer",
        "Bearer ",
        TEXT,
        "Basic " TEXT,
        "Bearer gwt_",
        "Bearer " TEXT "0",
        "Bearer " TOKEN_METRICS_PREFIX HEX,
        "Bearer gwt_000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
        "Bearer gwt_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1e",
    };
    struct actor actor = {.name = ""};
    open_door();
    CU_ASSERT_EQUAL_FATAL(ask("Bearer " TEXT, "192.0.2.1", &actor), GW_OK);
    CU_ASSERT_STRING_EQUAL(actor.name, "token:ci");
    CU_ASSERT_EQUAL(actor.role, USER_OPERATOR);
    CU_ASSERT_TRUE(actor_is_token(&actor) && !actor.local && !actor.superuser);
    CU_ASSERT_EQUAL(ask("bearer  " TEXT " ", "192.0.2.1", &actor), GW_OK); /* RFC 9110 section 11.1 */
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct actor none = {.name = ""};
        CU_ASSERT_EQUAL(ask(wrong[i], "192.0.2.1", &none), GW_NOT_FOUND);
        CU_ASSERT_STRING_EQUAL(none.name, "");
    }
    char source[HTTP_SOURCE_MAX];
    CU_ASSERT_EQUAL(door_token_refused(&door, source), sizeof(wrong) / sizeof(wrong[0]));
    CU_ASSERT_STRING_EQUAL(source, "192.0.2.1");
    now.ms += GW_DAY_MS;
    CU_ASSERT_EQUAL(ask("Bearer " TEXT, "192.0.2.1", &actor), GW_NOT_FOUND);
    close_door();
}

static void tells_a_source_that_it_sends_too_many_wrong_ones(void)
{
    struct actor actor;
    open_door();
    for (int i = 0; i < DOOR_TOKEN_A_MINUTE; i++)
        CU_ASSERT_EQUAL(ask("Bearer x", i % 2 ? "2001:db8::1" : "2001:db8::2", &actor), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(ask("Bearer x", "2001:db8::3", &actor), GW_AGAIN);
    CU_ASSERT_EQUAL(ask("Bearer " TEXT, "2001:db8::3", &actor), GW_OK); /* a right one from there is let in */
    CU_ASSERT_EQUAL(ask("Bearer x", "2001:db8:0:1::3", &actor), GW_NOT_FOUND);
    now.ms += GW_MINUTE_MS;
    CU_ASSERT_EQUAL(ask("Bearer x", "2001:db8::3", &actor), GW_NOT_FOUND);
    now.ms -= GW_HOUR_MS; /* the clock is set back: nobody waits for it to come again */
    for (int i = 0; i < DOOR_TOKEN_A_MINUTE; i++)
        CU_ASSERT_EQUAL(ask("Bearer x", "2001:db8::3", &actor), GW_NOT_FOUND);
    close_door();
}

static void many_sources_displace_the_oldest_alone(void)
{
    struct actor actor;
    open_door();
    for (int i = 0; i < 2 * DOOR_TOKEN_SOURCES; i++) {
        char source[HTTP_SOURCE_MAX];
        (void)snprintf(source, sizeof(source), "10.0.%d.%d", i / 256, i % 256);
        CU_ASSERT_EQUAL(ask("Bearer x", source, &actor), GW_NOT_FOUND);
    }
    char last[HTTP_SOURCE_MAX];
    CU_ASSERT_EQUAL(door_token_refused(&door, last), 2 * DOOR_TOKEN_SOURCES);
    CU_ASSERT_STRING_EQUAL(last, "10.0.1.255");
    close_door();
}

static const struct gw_test_case cases[] = {
    {"knows a token by its text alone", knows_a_token_by_its_text_alone},
    {"tells a source that it sends too many wrong tokens", tells_a_source_that_it_sends_too_many_wrong_ones},
    {"counts wrong tokens from any number of sources", many_sources_displace_the_oldest_alone},
};

int main(void)
{
    return GW_TEST_RUN("door and tokens", cases);
}
