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

/* The frame of a text of this length, as a client's reader sees it once its bytes are masked. */
static void check_text(uint64_t len, const void *head, size_t head_len)
{
    uint8_t made[WEB_FRAME_OUT_MAX];
    CU_ASSERT_EQUAL_FATAL(web_frame_text(len, made), head_len);
    CU_ASSERT_EQUAL(memcmp(made, head, head_len), 0);
}

static void writes_the_shortest_head_for_a_text(void)
{
    check_text(0, "\x81\x00", 2);
    check_text(125, "\x81\x7d", 2);
    check_text(126, "\x81\x7e\x00\x7e", 4);
    check_text(0xffff, "\x81\x7e\xff\xff", 4);
    check_text(0x10000, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
}

/* Whether another frame may follow, after each of these bytes: '+' or '-'. */
static void check_between(struct web_frame_out *f, const char *bytes, size_t len, const char *want)
{
    for (size_t i = 0; i < len; i++) {
        web_frame_out_pass(f, gw_view_make(bytes + i, 1));
        CU_ASSERT_EQUAL(web_frame_out_between(f), want[i] == '+');
    }
}

static void knows_when_libwebsockets_is_between_two_frames(void)
{
    struct web_frame_out f = {.have = 0};
    static const char answer[] = "HTTP/1.1 101 Yes\r\nA: b\r\r\n\r\n";
    CU_ASSERT_FALSE(web_frame_out_between(&f));
    check_between(&f, answer, sizeof(answer) - 1, "--------------------------+");
    check_between(&f, "\x89\x02hi\x8a\x00\x88\x02\x03\xe8", 10, "---+-+---+");
    check_between(&f, "\x81\x7e\x00\x02hi", 6, "-----+");
    check_between(&f, "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x", 11, "----------+");
    struct web_frame_out whole = {.have = 0};
    web_frame_out_pass(&whole, gw_view_make(answer, sizeof(answer) - 1));
    web_frame_out_pass(&whole, GW_VIEW_LIT("\x89\x02hi\x8a\x01"));
    CU_ASSERT_FALSE(web_frame_out_between(&whole));
    web_frame_out_pass(&whole, GW_VIEW_LIT("x\x88\x02\x03\xe8"));
    CU_ASSERT_TRUE(web_frame_out_between(&whole));
}

static const struct gw_test_case cases[] = {
    {"passes masked frames", passes_masked_frames},
    {"refuses unmasked frames", refuses_unmasked_frames},
    {"refuses broken control frames", refuses_broken_control_frames},
    {"holds lengths to their shortest form and the ceiling", holds_lengths_to_their_shortest_form_and_the_ceiling},
    {"writes the shortest head for a text", writes_the_shortest_head_for_a_text},
    {"knows when libwebsockets is between two frames", knows_when_libwebsockets_is_between_two_frames},
};

int main(void)
{
    return GW_TEST_RUN("web frame", cases);
}
