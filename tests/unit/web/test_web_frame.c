#include <string.h>

#include "gw_test.h"
#include "web_frame.h"

#define MAX 1000

/* The code for these bytes, given whole and then one by one: both must agree. */
static int pass(const void *bytes, size_t len)
{
    struct web_frame whole = {.have = 0};
    struct web_frame slow = {.have = 0};
    int code = web_frame_pass(&whole, gw_view_make(bytes, len), MAX);
    int same = 0;
    for (size_t i = 0; i < len && !same; i++)
        same = web_frame_pass(&slow, gw_view_make((const uint8_t *)bytes + i, 1), MAX);
    CU_ASSERT_EQUAL(code, same);
    if (!code)
        CU_ASSERT_TRUE(whole.left == slow.left && whole.have == slow.have);
    return code;
}

#define PASS(text) pass(text, sizeof(text) - 1)

static void passes_masked_frames(void)
{
    CU_ASSERT_EQUAL(PASS("\x81\x85MASKhello"
                         "\x89\x80MASK"
                         "\x01\x81MASKx"
                         "\x80\x80MASK"),
                    0);
    CU_ASSERT_EQUAL(PASS("\x88\x80MASK"), 0);
    CU_ASSERT_EQUAL(PASS("\x88\x82MASKab"), 0);
    CU_ASSERT_EQUAL(PASS("\x8a\xfdMASK"), 0);
}

static void refuses_unmasked_frames(void)
{
    CU_ASSERT_EQUAL(PASS("\x81\x05hello"), 1002);
    CU_ASSERT_EQUAL(PASS("\x81\x81MASKx\x89\x00"), 1002);
}

static void refuses_broken_control_frames(void)
{
    CU_ASSERT_EQUAL(PASS("\x09\x80"), 1002); /* a fragment */
    CU_ASSERT_EQUAL(PASS("\x89\xfe"), 1002); /* longer than 125 */
    CU_ASSERT_EQUAL(PASS("\x89\xff"), 1002);
    CU_ASSERT_EQUAL(PASS("\x88\x81"), 1002); /* half a code */
}

static void holds_lengths_to_their_shortest_form_and_the_ceiling(void)
{
    CU_ASSERT_EQUAL(PASS("\x81\xfe\x00\x7eMASK"), 0);
    CU_ASSERT_EQUAL(PASS("\x81\xfe\x00\x7dMASK"), 1002);
    CU_ASSERT_EQUAL(PASS("\x81\xfe\x03\xe8MASK"), 0);
    CU_ASSERT_EQUAL(PASS("\x81\xfe\x03\xe9MASK"), 1009);
    CU_ASSERT_EQUAL(PASS("\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00MASK"), 1009);
    CU_ASSERT_EQUAL(PASS("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xffMASK"), 1002);
    CU_ASSERT_EQUAL(PASS("\x81\xff\x80\x00\x00\x00\x00\x01\x00\x00MASK"), 1002);
    CU_ASSERT_EQUAL(PASS("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xffMASK"), 1009);
}

static const struct gw_test_case cases[] = {
    {"passes masked frames", passes_masked_frames},
    {"refuses unmasked frames", refuses_unmasked_frames},
    {"refuses broken control frames", refuses_broken_control_frames},
    {"holds lengths to their shortest form and the ceiling", holds_lengths_to_their_shortest_form_and_the_ceiling},
};

int main(void)
{
    return GW_TEST_RUN("web frame", cases);
}
