/* What turns say about rows that people watch. */
#include <stdio.h>
#include <string.h>

#include "desk.h"

static void named_once(void)
{
    struct turn turn = {.count = 0};
    turn_live(&turn, LIVE_DEVICES, "pump-1");
    turn_live(&turn, LIVE_RELEASES, "pump-1");
    turn_live(&turn, LIVE_DEVICES, "pump-1");
    CU_ASSERT_EQUAL(turn.live_count, 2);
    CU_ASSERT_EQUAL(turn.live[0].topic, LIVE_DEVICES);
    CU_ASSERT_STRING_EQUAL(turn.live[0].key, "pump-1");
    CU_ASSERT_EQUAL(turn.live[1].topic, LIVE_RELEASES);
    CU_ASSERT_FALSE(turn.live_all[LIVE_DEVICES]);
}

static void many_are_all(void)
{
    struct turn turn = {.count = 0};
    char key[16];
    for (int i = 0; i <= TURN_LIVE_MAX; i++) {
        CU_ASSERT_FALSE(turn.live_all[LIVE_DEVICES]);
        (void)snprintf(key, sizeof(key), "pump-%d", i);
        turn_live(&turn, LIVE_DEVICES, key);
    }
    CU_ASSERT_TRUE(turn.live_all[LIVE_DEVICES]);
    CU_ASSERT_FALSE(turn.live_all[LIVE_ALERTS]);
    CU_ASSERT_EQUAL(turn.live_count, TURN_LIVE_MAX);
}

static void long_key_is_all(void)
{
    struct turn turn = {.count = 0};
    char key[LIVE_KEY_MAX + 1];
    memset(key, 'k', LIVE_KEY_MAX);
    key[LIVE_KEY_MAX] = '\0';
    turn_live(&turn, LIVE_ROLLOUTS, key);
    CU_ASSERT_TRUE(turn.live_all[LIVE_ROLLOUTS]);
    CU_ASSERT_EQUAL(turn.live_count, 0);
    turn_live(&turn, LIVE_ROLLOUTS, key + 1);
    CU_ASSERT_EQUAL(turn.live_count, 1);
}

static void failed_turn_names_nothing(void)
{
    struct turn turn = {.count = 0};
    struct gw_device_id id = desk_id("pump-1");
    turn_live_device(&turn, &id);
    turn_live_all(&turn, LIVE_ALERTS);
    CU_ASSERT_EQUAL(turn.live_count, 2);
    turn_reset(&turn, 0);
    CU_ASSERT_EQUAL(turn.live_count, 0);
    CU_ASSERT_FALSE(turn.live_all[LIVE_ALERTS]);
}

const struct gw_test_case live_cases[] = {
    {"a row is noted once, whatever how often it is named", named_once},
    {"more rows than fit make all of their topic's", many_are_all},
    {"a key that is too long makes all of its topic's", long_key_is_all},
    {"a turn that failed names no row", failed_turn_names_nothing},
};
const size_t live_case_count = sizeof(live_cases) / sizeof(live_cases[0]);
