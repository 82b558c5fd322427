#include <string.h>

#include "gw_test.h"
#include "gw_view.h"

static void compares(void)
{
    struct gw_view empty = gw_view_str(NULL);
    CU_ASSERT_EQUAL(empty.len, 0);
    CU_ASSERT(gw_view_eq(empty, GW_VIEW_LIT("")));
    CU_ASSERT(gw_view_eq_str(empty, ""));
    CU_ASSERT(gw_view_eq_str(GW_VIEW_LIT("abc"), "abc"));
    CU_ASSERT_FALSE(gw_view_eq_str(GW_VIEW_LIT("abc"), "ab"));
    CU_ASSERT_FALSE(gw_view_eq_str(GW_VIEW_LIT("abc"), "abd"));
    CU_ASSERT_FALSE(gw_view_eq_str(gw_view_make("a\0b", 3), "a"));
    CU_ASSERT(gw_view_eq_str_nocase(GW_VIEW_LIT("DeFault"), "default"));
    CU_ASSERT_FALSE(gw_view_eq_str_nocase(GW_VIEW_LIT("default"), "defaul"));
    CU_ASSERT_FALSE(gw_view_eq_str_nocase(GW_VIEW_LIT("@"), "`")); /* differ by 32, but are no letters */
    CU_ASSERT_FALSE(gw_view_eq_str_nocase(GW_VIEW_LIT("["), "{"));
    CU_ASSERT(gw_view_eq_secret(GW_VIEW_LIT("abc"), GW_VIEW_LIT("abc")));
    CU_ASSERT(gw_view_eq_secret(empty, empty));
    CU_ASSERT_FALSE(gw_view_eq_secret(GW_VIEW_LIT("abc"), GW_VIEW_LIT("abd")));
    CU_ASSERT_FALSE(gw_view_eq_secret(GW_VIEW_LIT("bbc"), GW_VIEW_LIT("abc")));
    CU_ASSERT_FALSE(gw_view_eq_secret(GW_VIEW_LIT("abc"), GW_VIEW_LIT("abcd")));
}

static void knows_a_prefix(void)
{
    CU_ASSERT(gw_view_starts(GW_VIEW_LIT("abc"), ""));
    CU_ASSERT(gw_view_starts(GW_VIEW_LIT("abc"), "ab"));
    CU_ASSERT(gw_view_starts(GW_VIEW_LIT("abc"), "abc"));
    CU_ASSERT_FALSE(gw_view_starts(GW_VIEW_LIT("abc"), "abcd"));
    CU_ASSERT_FALSE(gw_view_starts(GW_VIEW_LIT("abc"), "b"));
    CU_ASSERT_FALSE(gw_view_starts(gw_view_str(NULL), "b"));
}

static void trims_blanks_at_both_ends(void)
{
    CU_ASSERT(gw_view_eq_str(gw_view_trim(GW_VIEW_LIT(" \t\r\n a b \t\r\n")), "a b"));
    CU_ASSERT_EQUAL(gw_view_trim(GW_VIEW_LIT(" \t\r\n ")).len, 0);
    CU_ASSERT_EQUAL(gw_view_trim(gw_view_str(NULL)).len, 0);
    CU_ASSERT(gw_view_eq_str(gw_view_trim(GW_VIEW_LIT("\v")), "\v"));
}

static void cuts_at_the_first_separator(void)
{
    struct gw_view rest = GW_VIEW_LIT("a,b,,c");
    CU_ASSERT(gw_view_eq_str(gw_view_cut(rest, ',', &rest), "a"));
    CU_ASSERT(gw_view_eq_str(gw_view_cut(rest, ',', &rest), "b"));
    CU_ASSERT(gw_view_eq_str(gw_view_cut(rest, ',', &rest), ""));
    CU_ASSERT(gw_view_eq_str(gw_view_cut(rest, ',', &rest), "c"));
    CU_ASSERT_EQUAL(rest.len, 0);
    CU_ASSERT_EQUAL(gw_view_cut(rest, ',', &rest).len, 0);
    CU_ASSERT_EQUAL(gw_view_cut(gw_view_str(NULL), ',', &rest).len, 0);
    CU_ASSERT(gw_view_eq_str(gw_view_cut(GW_VIEW_LIT("a,"), ',', &rest), "a"));
    CU_ASSERT_EQUAL(rest.len, 0);
}

static void copies_only_whole_text(void)
{
    char out[4] = "zzz";
    CU_ASSERT_EQUAL(gw_view_copy_str(GW_VIEW_LIT("abc"), out, sizeof(out)), GW_OK);
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(gw_view_copy_str(GW_VIEW_LIT("abcd"), out, sizeof(out)), GW_TOO_BIG);
    CU_ASSERT_EQUAL(gw_view_copy_str(GW_VIEW_LIT("x"), out, 0), GW_TOO_BIG);
    CU_ASSERT_EQUAL(gw_view_copy_str(gw_view_make("a\0b", 3), out, sizeof(out)), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(gw_view_copy_str(gw_view_str(NULL), out, sizeof(out)), GW_OK);
    CU_ASSERT_STRING_EQUAL(out, "");
}

static void reads_integers_big_endian(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};
    struct gw_reader r = {gw_view_make(bytes, sizeof(bytes))};
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    CU_ASSERT_EQUAL_FATAL(gw_read_u16(&r, &u16), GW_OK);
    CU_ASSERT_EQUAL(u16, 0x0102);
    CU_ASSERT_EQUAL_FATAL(gw_read_u32(&r, &u32), GW_OK);
    CU_ASSERT_EQUAL(u32, 0x03040506);
    CU_ASSERT_EQUAL_FATAL(gw_read_u64(&r, &u64), GW_OK);
    CU_ASSERT_EQUAL(u64, UINT64_C(0x0708090a0b0c0d0e));
    CU_ASSERT_EQUAL_FATAL(gw_read_u8(&r, &u8), GW_OK);
    CU_ASSERT_EQUAL(u8, 0xff);
    CU_ASSERT_EQUAL(gw_read_u8(&r, &u8), GW_INVALID);
}

static void stays_where_it_was_when_a_read_fails(void)
{
    struct gw_reader r = {GW_VIEW_LIT("abc")};
    uint16_t u16 = 7;
    uint32_t u32 = 7;
    uint64_t u64 = 7;
    struct gw_view v = GW_VIEW_LIT("kept");
    char into[4] = "zzz";
    CU_ASSERT_EQUAL(gw_read_u32(&r, &u32), GW_INVALID);
    CU_ASSERT_EQUAL(gw_read_u64(&r, &u64), GW_INVALID);
    CU_ASSERT_EQUAL(gw_read_bytes(&r, 4, &v), GW_INVALID);
    CU_ASSERT_EQUAL(gw_read_bytes(&r, SIZE_MAX, &v), GW_INVALID);
    CU_ASSERT_EQUAL(gw_read_into(&r, into, 4), GW_INVALID);
    CU_ASSERT(u32 == 7 && u64 == 7 && gw_view_eq_str(v, "kept") && into[0] == 'z');
    CU_ASSERT_EQUAL(gw_read_into(&r, into, 3), GW_OK);
    CU_ASSERT_STRING_EQUAL(into, "abc");
    CU_ASSERT_EQUAL(gw_read_u16(&r, &u16), GW_INVALID);
    CU_ASSERT_EQUAL(u16, 7);
}

static void reads_nothing_from_nothing(void)
{
    struct gw_reader r = {gw_view_str(NULL)};
    struct gw_view v;
    CU_ASSERT_EQUAL(gw_read_bytes(&r, 0, &v), GW_OK);
    CU_ASSERT_EQUAL(v.len, 0);
    CU_ASSERT_EQUAL(gw_read_into(&r, NULL, 0), GW_OK);
    CU_ASSERT_EQUAL(gw_read_bytes(&r, 1, &v), GW_INVALID);
}

static const struct gw_test_case cases[] = {
    {"compares bytes, texts and secrets", compares},
    {"knows a prefix", knows_a_prefix},
    {"trims blanks at both ends", trims_blanks_at_both_ends},
    {"cuts at the first separator", cuts_at_the_first_separator},
    {"copies only whole text", copies_only_whole_text},
    {"reads integers big-endian", reads_integers_big_endian},
    {"stays where it was when a read fails", stays_where_it_was_when_a_read_fails},
    {"reads nothing from nothing", reads_nothing_from_nothing},
};

int main(void)
{
    return GW_TEST_RUN("view", cases);
}
