#include "gw_test.h"
#include "outage.h"

static enum outage_word at(struct outage *o, int64_t ms, bool failed)
{
    return outage_note(o, failed, (struct gw_mono){ms});
}

static void is_told_at_its_begin_and_at_its_end(void)
{
    struct outage o = {0};
    CU_ASSERT_EQUAL(at(&o, 0, false), OUTAGE_NOTHING);
    CU_ASSERT_EQUAL(at(&o, 10, true), OUTAGE_BEGINS);
    CU_ASSERT_EQUAL(at(&o, 20, true), OUTAGE_NOTHING);
    CU_ASSERT_EQUAL(at(&o, 20 + OUTAGE_QUIET_MS - 1, false), OUTAGE_NOTHING);
    CU_ASSERT_EQUAL(at(&o, 20 + OUTAGE_QUIET_MS, false), OUTAGE_IS_OVER);
    CU_ASSERT_EQUAL(at(&o, 21 + OUTAGE_QUIET_MS, false), OUTAGE_NOTHING);
    CU_ASSERT_EQUAL(at(&o, 22 + OUTAGE_QUIET_MS, true), OUTAGE_BEGINS);
}

static void is_one_however_often_it_works_between(void)
{
    struct outage o = {0};
    int words = 0;
    for (int64_t ms = 0; ms < 60 * OUTAGE_QUIET_MS; ms += 500)
        words += at(&o, ms, ms % 1000 == 0) != OUTAGE_NOTHING;
    CU_ASSERT_EQUAL(words, 1);
}

static const struct gw_test_case cases[] = {
    {"is told at its begin and at its end", is_told_at_its_begin_and_at_its_end},
    {"is one, however often it works between", is_one_however_often_it_works_between},
};

int main(void)
{
    return GW_TEST_RUN("outage", cases);
}
