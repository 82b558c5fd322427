#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "gw_buf.h"
#include "gw_test.h"

static void holds_what_was_added(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 64);
    CU_ASSERT_EQUAL(gw_buf_add(&b, "ab", 2), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "cd"), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_view(&b, GW_VIEW_LIT("ef")), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_printf(&b, "-%d%s", 7, "x"), GW_OK);
    CU_ASSERT(gw_view_eq_str(gw_buf_view(&b), "abcdef-7x"));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "abcdef-7x");
    CU_ASSERT_EQUAL(b.len, 9);
    gw_buf_done(&b);
}

static void writes_integers_big_endian(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 15);
    CU_ASSERT_EQUAL(gw_buf_add_u8(&b, 0x01), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_u16(&b, 0x0203), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_u32(&b, 0x04050607), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_u64(&b, UINT64_C(0x08090a0b0c0d0e0f)), GW_OK);
    for (size_t i = 0; i < 15; i++)
        CU_ASSERT_EQUAL(b.ptr[i], i + 1);
    CU_ASSERT_EQUAL(gw_buf_add_u8(&b, 0), GW_TOO_BIG);
    gw_buf_done(&b);
}

static void fills_to_its_ceiling_and_no_further(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 4);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "abcd"), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_rc(&b), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "abcd");
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "e"), GW_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "abcd");
    gw_buf_done(&b);
}

static void keeps_its_first_error(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 4);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "ab"), GW_OK);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "cde"), GW_TOO_BIG);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "c"), GW_TOO_BIG); /* would fit, but the run is broken */
    CU_ASSERT_EQUAL(gw_buf_printf(&b, "%s", "c"), GW_TOO_BIG);
    CU_ASSERT_PTR_NULL(gw_buf_reserve(&b, 1));
    CU_ASSERT_EQUAL(gw_buf_rc(&b), GW_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "ab");
    gw_buf_reset(&b);
    CU_ASSERT_EQUAL(gw_buf_rc(&b), GW_OK);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "cdef"), GW_OK);
    gw_buf_done(&b);
}

static void refuses_lengths_near_the_end_of_size_t(void)
{
    static const size_t maxima[] = {8, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof(maxima) / sizeof(maxima[0]); i++) {
        struct gw_buf b;
        gw_buf_init(&b, maxima[i]);
        CU_ASSERT_EQUAL(gw_buf_add_str(&b, "abc"), GW_OK);
        CU_ASSERT_PTR_NULL(gw_buf_reserve(&b, SIZE_MAX - 3));
        CU_ASSERT_NOT_EQUAL(gw_buf_rc(&b), GW_OK);
        CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "abc");
        gw_buf_reset(&b);
        CU_ASSERT_PTR_NULL(gw_buf_reserve(&b, SIZE_MAX));
        CU_ASSERT_NOT_EQUAL(gw_buf_rc(&b), GW_OK);
        gw_buf_done(&b);
    }
}

static void grows_over_many_appends(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 100000);
    for (unsigned i = 0; i < 100000; i++)
        if (gw_buf_add_u8(&b, (uint8_t)i))
            break;
    CU_ASSERT_EQUAL(b.len, 100000);
    bool same = true;
    for (size_t i = 0; i < b.len; i++)
        same = same && b.ptr[i] == (uint8_t)i;
    CU_ASSERT(same);
    CU_ASSERT_EQUAL(gw_buf_add_u8(&b, 0), GW_TOO_BIG);
    gw_buf_done(&b);
}

static void hands_out_room_and_takes_back_what_was_used(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 100);
    uint8_t *room = gw_buf_reserve(&b, 100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(room);
    memcpy(room, "hello", 5);
    CU_ASSERT_EQUAL(b.len, 0);
    gw_buf_commit(&b, 5);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "hello");
    CU_ASSERT_PTR_NULL(gw_buf_reserve(&b, 96));
    gw_buf_done(&b);
}

static void drops_from_the_front(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 16);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "abcdef"), GW_OK);
    gw_buf_drop(&b, 2);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "cdef");
    gw_buf_drop(&b, 0);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "cdef");
    gw_buf_drop(&b, 100);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "");
    gw_buf_done(&b);
}

static void moves_its_bytes_out(void)
{
    struct gw_buf b;
    uint8_t *ptr;
    size_t len;
    gw_buf_init(&b, 16);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "abc"), GW_OK);
    gw_buf_take(&b, &ptr, &len);
    CU_ASSERT_EQUAL(len, 3);
    CU_ASSERT_EQUAL(memcmp(ptr, "abc", 3), 0);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_PTR_NULL(b.ptr);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "0123456789abcdef"), GW_OK); /* the ceiling stays */
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "g"), GW_TOO_BIG);
    free(ptr);
    gw_buf_done(&b);
}

static void is_text_even_when_empty(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 8);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "");
    CU_ASSERT_EQUAL(gw_buf_add(&b, NULL, 0), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "");
    gw_buf_done(&b);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&b), "");
    struct gw_buf zeroed = {0};
    gw_buf_done(&zeroed);
    gw_buf_wipe(&zeroed);
    CU_ASSERT_EQUAL(gw_buf_add_u8(&zeroed, 1), GW_TOO_BIG); /* no ceiling given: holds nothing */
}

static void can_be_used_again_after_a_wipe(void)
{
    struct gw_buf b;
    gw_buf_init(&b, 8);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "secret"), GW_OK);
    gw_buf_wipe(&b);
    CU_ASSERT_EQUAL(b.len, 0);
    CU_ASSERT_EQUAL(gw_buf_add_str(&b, "12345678"), GW_OK);
    gw_buf_done(&b);
}

static const struct gw_test_case cases[] = {
    {"holds what was added", holds_what_was_added},
    {"writes integers big-endian", writes_integers_big_endian},
    {"fills to its ceiling and no further", fills_to_its_ceiling_and_no_further},
    {"keeps its first error until it is reset", keeps_its_first_error},
    {"refuses lengths near the end of size_t", refuses_lengths_near_the_end_of_size_t},
    {"grows over many appends", grows_over_many_appends},
    {"hands out room and takes back what was used", hands_out_room_and_takes_back_what_was_used},
    {"drops from the front", drops_from_the_front},
    {"moves its bytes out and keeps its ceiling", moves_its_bytes_out},
    {"is text even when empty", is_text_even_when_empty},
    {"can be used again after a wipe", can_be_used_again_after_a_wipe},
};

int main(void)
{
    return GW_TEST_RUN("buffer", cases);
}
