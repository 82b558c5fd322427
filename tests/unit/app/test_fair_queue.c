/* What its users (lanes, surveys, queries) do not show by themselves. */
#include "fair_queue.h"

#include "gw_test.h"

#define MAX    6
#define OF_ONE 3

static struct fair_item items[MAX];
static struct fair_queue queue;
static int numbers[100];

static void begin(void)
{
    fair_queue_init(&queue, items, MAX, OF_ONE);
    for (int i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++)
        numbers[i] = i;
}

static enum gw_rc put(const char *name, int n, void **ret_out)
{
    return fair_queue_put(&queue, &(struct fair_item){.what = &numbers[n], .name = name, .inner = ""}, ret_out);
}

/* 0: nothing waits. */
static int take(void)
{
    const int *n = fair_queue_take(&queue).what;
    return n ? *n : 0;
}

static void nobodys_comes_next(void)
{
    begin();
    CU_ASSERT_EQUAL(put("ann", 1, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("bob", 2, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("", 10, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("", 11, NULL), GW_OK);
    CU_ASSERT_EQUAL(take(), 10);
    CU_ASSERT_EQUAL(put("", 12, NULL), GW_OK);
    CU_ASSERT_EQUAL(take(), 11);
    CU_ASSERT_EQUAL(take(), 12);
    CU_ASSERT_EQUAL(take(), 1);
    CU_ASSERT_EQUAL(take(), 2);
    CU_ASSERT_EQUAL(take(), 0);
}

static void nobodys_has_no_share(void)
{
    begin();
    for (int i = 1; i <= MAX; i++)
        CU_ASSERT_EQUAL(put("", i, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("", 99, NULL), GW_AGAIN);
    CU_ASSERT_EQUAL(fair_queue_count_of(&queue, ""), MAX);
}

static void nothing_gives_way_unasked(void)
{
    void *out = NULL;
    begin();
    for (int i = 1; i <= OF_ONE; i++)
        CU_ASSERT_EQUAL(put("ann", i, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("ann", 4, NULL), GW_AGAIN); /* her share */
    for (int i = 11; i <= 10 + MAX - OF_ONE; i++)
        CU_ASSERT_EQUAL(put("bob", i, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("cat", 21, NULL), GW_AGAIN);
    CU_ASSERT_EQUAL(queue.count, MAX);
    CU_ASSERT_EQUAL(put("cat", 21, &out), GW_OK);
    CU_ASSERT_PTR_EQUAL(out, &numbers[OF_ONE]);
    CU_ASSERT_EQUAL(queue.count, MAX);
}

/* What ann asked for took a while; she and bob have come meanwhile. */
static void who_was_served_goes_behind_at_the_end_too(void)
{
    begin();
    CU_ASSERT_EQUAL(put("ann", 1, NULL), GW_OK);
    CU_ASSERT_EQUAL(take(), 1);
    CU_ASSERT_EQUAL(put("ann", 2, NULL), GW_OK);
    CU_ASSERT_EQUAL(put("bob", 3, NULL), GW_OK);
    fair_queue_served(&queue, "ann");
    CU_ASSERT_EQUAL(take(), 3);
    CU_ASSERT_EQUAL(take(), 2);
}

static const struct gw_test_case cases[] = {
    {"serves what is nobody's next, as it came", nobodys_comes_next},
    {"has room for what is nobody's as long as there is any", nobodys_has_no_share},
    {"lets nothing give way when it may not", nothing_gives_way_unasked},
    {"puts a name behind all when it has been served", who_was_served_goes_behind_at_the_end_too},
};

int main(void)
{
    return GW_TEST_RUN("fair queue", cases);
}
