/* Allocation that cannot fail. */
#include <stdint.h>

#include "gw_cleanup.h"
#include "gw_test.h"

static void grows_an_array_one_by_one(void)
{
    GW_FREE uint32_t *numbers = NULL;
    size_t count = 0, cap = 0;
    while (count < 1000) {
        numbers = gw_xgrow(numbers, count, &cap, sizeof(*numbers));
        CU_ASSERT_FATAL(cap > count);
        CU_ASSERT_EQUAL(numbers[count], 0);
        numbers[count] = (uint32_t)count + 1;
        count++;
    }
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_EQUAL(numbers[i], i + 1);
    CU_ASSERT(cap < 2 * count + 16);
}

static void stays_while_there_is_room(void)
{
    size_t cap = 3;
    GW_FREE char *array = gw_xalloc(cap, 1);
    char *before = array;
    array = gw_xgrow(array, 2, &cap, 1);
    CU_ASSERT_PTR_EQUAL(array, before);
    CU_ASSERT_EQUAL(cap, 3);
    array = gw_xgrow(array, 3, &cap, 1);
    CU_ASSERT_EQUAL(cap, 6);
    CU_ASSERT_EQUAL(array[5], 0);
}

static const struct gw_test_case cases[] = {
    {"grows an array one by one", grows_an_array_one_by_one},
    {"stays while there is room", stays_while_there_is_room},
};

int main(void)
{
    return GW_TEST_RUN("cleanup", cases);
}
