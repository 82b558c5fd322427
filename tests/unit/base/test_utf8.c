#include <string.h>

#include "gw_test.h"
#include "gw_utf8.h"

/* RFC 3629 section 4, the ends of each row of its table. */
static void knows_the_ends_of_every_form(void)
{
    static const struct {
        const char *bytes;
        size_t len; /* 0: no character starts here */
    } rows[] = {
        {"\x01", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc0\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xc2\x7f", 0},
        {"\xc2\xc0", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xe1\x80\x80", 3},
        {"\xec\xbf\xbf", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xe1\x80\x7f", 0},
        {"\xe1\x80\xc0", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf3\xbf\xbf\xbf", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf1\x80\x80\x7f", 0},
        {"\xf1\x80\x7f\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gw_view v = gw_view_str(rows[i].bytes);
        CU_ASSERT_EQUAL(gw_utf8_char(v), rows[i].len);
        CU_ASSERT_EQUAL(gw_utf8_valid(v), rows[i].len != 0);
        for (size_t cut = 1; cut < v.len; cut++) /* a character that is not all there is none */
            CU_ASSERT_EQUAL(gw_utf8_char(gw_view_make(v.ptr, cut)), 0);
    }
    CU_ASSERT_EQUAL(gw_utf8_char(gw_view_str(NULL)), 0);
    CU_ASSERT(gw_utf8_valid(gw_view_str(NULL)));
    CU_ASSERT(gw_utf8_valid(gw_view_make("a\0b", 3)));
    CU_ASSERT_FALSE(gw_utf8_valid(GW_VIEW_LIT("fine \xff not fine")));
}

static void cleans_text_for_people(void)
{
    static const char *const rows[][2] = {
        {"plain", "plain"},
        {"a\tb\nc\x1b[0m\x7f", "a b c [0m "},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "  \xc2\xa0"}, /* C1 controls go, a no-break space stays */
        {"a\xff\xfe"
         "b",
         "a??b"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xf0\x9f\x94\x92", "\xf0\x9f\x94\x92"},
        {"cut \xe2\x82", "cut ??"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[32];
        size_t n = gw_utf8_clean(gw_view_str(rows[i][0]), out, sizeof(out));
        CU_ASSERT_STRING_EQUAL(out, rows[i][1]);
        CU_ASSERT_EQUAL(n, strlen(out));
    }
    char out[8];
    CU_ASSERT_EQUAL(gw_utf8_clean(gw_view_make("a\0b", 3), out, sizeof(out)), 3);
    CU_ASSERT_STRING_EQUAL(out, "a b");
}

static void copies_whole_characters_that_fit(void)
{
    char out[6];
    memset(out, 'z', sizeof(out));
    CU_ASSERT_EQUAL(gw_utf8_clean(GW_VIEW_LIT("abc\xe2\x82\xac"), out, sizeof(out)), 3);
    CU_ASSERT_STRING_EQUAL(out, "abc");
    CU_ASSERT_EQUAL(gw_utf8_clean(GW_VIEW_LIT("ab\xe2\x82\xac"), out, sizeof(out)), 5);
    CU_ASSERT_STRING_EQUAL(out, "ab\xe2\x82\xac");
    CU_ASSERT_EQUAL(gw_utf8_clean(GW_VIEW_LIT("abcdefgh"), out, sizeof(out)), 5);
    CU_ASSERT_STRING_EQUAL(out, "abcde");
    CU_ASSERT_EQUAL(gw_utf8_clean(GW_VIEW_LIT("abc"), out, 1), 0);
    CU_ASSERT_STRING_EQUAL(out, "");
}

/* Long runs are looked at in words: any byte at any place must come out as it does alone. */
static void finds_the_odd_byte_at_any_place(void)
{
    for (unsigned c = 0; c < 256; c++)
        for (size_t at = 0; at < 20; at++) {
            char text[20], out[32], want[32];
            memset(text, '~', sizeof(text));
            memset(want, '~', sizeof(text));
            want[sizeof(text)] = '\0';
            text[at] = (char)c;
            want[at] = (char)(c < 0x20 || c == 0x7f ? ' ' : c < 0x80 ? (int)c : '?');
            struct gw_view v = gw_view_make(text, sizeof(text));
            CU_ASSERT_EQUAL(gw_utf8_valid(v), c < 0x80);
            CU_ASSERT_EQUAL(gw_utf8_clean(v, out, sizeof(out)), sizeof(text));
            CU_ASSERT_STRING_EQUAL(out, want);
            CU_ASSERT_EQUAL(gw_utf8_clean(v, out, 12), 11);
            CU_ASSERT_EQUAL(memcmp(out, want, 11), 0);
        }
}

static const struct gw_test_case cases[] = {
    {"knows the ends of every form", knows_the_ends_of_every_form},
    {"cleans text for people", cleans_text_for_people},
    {"copies whole characters that fit", copies_whole_characters_that_fit},
    {"finds the odd byte at any place of a long run", finds_the_odd_byte_at_any_place},
};

int main(void)
{
    return GW_TEST_RUN("UTF-8", cases);
}
