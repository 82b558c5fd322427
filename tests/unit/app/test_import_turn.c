#include "import_turn.h"

#include <string.h>

#include "gw_test.h"

static const struct gw_mono start = {1000000};

static struct gw_mono after(int64_t ms)
{
    return (struct gw_mono){start.ms + ms};
}

static void who_had_it_gives_way_to_who_was_refused(void)
{
    struct import_turn turn = {.holder = ""};
    CU_ASSERT_TRUE(import_turn_take(&turn, "token:loop", after(0)));
    import_turn_refuse(&turn, "user:ann", after(1000));
    CU_ASSERT_FALSE(import_turn_take(&turn, "token:loop", after(2000)));
    CU_ASSERT_STRING_EQUAL(turn.refused, "user:ann");
    CU_ASSERT_TRUE(import_turn_take(&turn, "user:ann", after(3000)));
    CU_ASSERT_STRING_EQUAL(turn.refused, "");
    import_turn_refuse(&turn, "token:loop", after(4000));
    CU_ASSERT_FALSE(import_turn_take(&turn, "user:ann", after(5000))); /* and the other way round */
    CU_ASSERT_TRUE(import_turn_take(&turn, "token:loop", after(5000)));
}

static void nobody_waits_for_who_does_not_come_again(void)
{
    struct import_turn turn = {.holder = ""};
    CU_ASSERT_TRUE(import_turn_take(&turn, "token:loop", after(0)));
    import_turn_refuse(&turn, "user:ann", after(1000));
    CU_ASSERT_FALSE(import_turn_take(&turn, "token:loop", after(IMPORT_TURN_MS + 999)));
    CU_ASSERT_TRUE(import_turn_take(&turn, "token:loop", after(IMPORT_TURN_MS + 1000)));
    CU_ASSERT_STRING_EQUAL(turn.refused, "");
}

static void others_need_not_wait_for_who_was_refused(void)
{
    struct import_turn turn = {.holder = ""};
    CU_ASSERT_TRUE(import_turn_take(&turn, "token:loop", after(0)));
    import_turn_refuse(&turn, "token:loop", after(1)); /* one does not give way to oneself */
    CU_ASSERT_STRING_EQUAL(turn.refused, "");
    import_turn_refuse(&turn, "user:ann", after(2));
    import_turn_refuse(&turn, "user:bob", after(3)); /* the first keeps the claim */
    CU_ASSERT_TRUE(import_turn_take(&turn, "user:cat", after(4)));
    CU_ASSERT_STRING_EQUAL(turn.refused, "user:ann");
    CU_ASSERT_FALSE(import_turn_take(&turn, "user:cat", after(5)));
    CU_ASSERT_TRUE(import_turn_take(&turn, "user:ann", after(6)));
}

static const struct gw_test_case cases[] = {
    {"who had it last gives way to who was refused", who_had_it_gives_way_to_who_was_refused},
    {"nobody waits for who does not come again", nobody_waits_for_who_does_not_come_again},
    {"others need not wait for who was refused", others_need_not_wait_for_who_was_refused},
};

int main(void)
{
    return GW_TEST_RUN("import turn", cases);
}
