/* The query language. */
#include "filter.h"

#include <string.h>

#include "gw_test.h"

#define NOW_MS INT64_C(1800000000000)

static struct filter_field text_field(const char *key, const char *value)
{
    return (struct filter_field){.key = gw_view_str(key), .value = gw_view_str(value)};
}

static struct filter_field flag_field(const char *key, const char *value)
{
    struct filter_field f = text_field(key, value);
    f.is_bool = true;
    return f;
}

static struct filter_field time_field(const char *key, int64_t age_ms)
{
    struct filter_field f = text_field(key, "2027-01-15T08:00:00.000Z");
    f.is_time = true;
    f.t.ms = NOW_MS - age_ms;
    return f;
}

static bool fits(const char *query)
{
    const struct filter_field fields[] = {
        text_field("id", "pump-7"),        text_field("name", "Pump \"7\" in hall 2"),
        text_field("state", "active"),     text_field("status", "active"),
        text_field("status", "offline"),   flag_field("online", "false"),
        time_field("seen", 3 * GW_DAY_MS), text_field("fw", "1.10.2"),
        text_field("tag", "lab"),          text_field("tag", "north"),
        text_field("source", ""),          text_field("certificate.sha256", "00ff"),
    };
    const struct filter_row row = {fields, sizeof(fields) / sizeof(fields[0])};
    struct filter filter;
    struct gw_err err = {0};
    GW_ASSERT_OK(filter_parse(gw_view_str(query), &filter, &err), &err);
    return filter_match(&filter, &row, (struct gw_wall){NOW_MS});
}

static enum gw_rc refused(const char *query, const char *why)
{
    struct filter filter;
    struct gw_err err = {0};
    enum gw_rc rc = filter_parse(gw_view_str(query), &filter, &err);
    CU_ASSERT_NOT_EQUAL(rc, GW_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), why));
    return rc;
}

static void empty_fits_all(void)
{
    CU_ASSERT_TRUE(fits(""));
    CU_ASSERT_TRUE(fits("   "));
}

static void values(void)
{
    CU_ASSERT_TRUE(fits("id:pump-7"));
    CU_ASSERT_TRUE(fits("ID:PUMP-7"));
    CU_ASSERT_FALSE(fits("id:pump"));
    CU_ASSERT_FALSE(fits("id:pump-77"));
    CU_ASSERT_TRUE(fits("id:pump*"));
    CU_ASSERT_FALSE(fits("id:\"pump*\""));
    CU_ASSERT_TRUE(fits("name:\"pump \\\"7\\\" in hall 2\""));
    CU_ASSERT_TRUE(fits("certificate.sha256:00ff"));
}

static void every_term_must_hold(void)
{
    CU_ASSERT_TRUE(fits("id:pump-7 state:active"));
    CU_ASSERT_FALSE(fits("id:pump-7 state:revoked"));
    CU_ASSERT_FALSE(fits("state:revoked id:pump-7"));
}

static void negation(void)
{
    CU_ASSERT_FALSE(fits("-state:active"));
    CU_ASSERT_TRUE(fits("-state:revoked"));
    CU_ASSERT_TRUE(fits("-tag:south"));
    CU_ASSERT_FALSE(fits("-tag:lab"));
    CU_ASSERT_TRUE(fits("-\"hall 3\""));
    CU_ASSERT_FALSE(fits("-\"hall 2\""));
}

static void arrays_hold_for_one(void)
{
    CU_ASSERT_TRUE(fits("tag:north"));
    CU_ASSERT_TRUE(fits("tag:lab tag:north"));
    CU_ASSERT_TRUE(fits("status:offline"));
    CU_ASSERT_TRUE(fits("status:active"));
    CU_ASSERT_FALSE(fits("status:online"));
}

static void flags(void)
{
    CU_ASSERT_TRUE(fits("online:false"));
    CU_ASSERT_TRUE(fits("online:no"));
    CU_ASSERT_FALSE(fits("online:yes"));
    CU_ASSERT_FALSE(fits("state:no"));
}

static void missing_is_empty(void)
{
    CU_ASSERT_TRUE(fits("source:\"\""));
    CU_ASSERT_TRUE(fits("nothing:\"\""));
    CU_ASSERT_FALSE(fits("id:\"\""));
    CU_ASSERT_FALSE(fits("nothing<5"));
    CU_ASSERT_FALSE(fits("nothing>5"));
    CU_ASSERT_FALSE(fits("nothing>2d"));
    CU_ASSERT_FALSE(fits("source<z"));
    CU_ASSERT_TRUE(fits("-nothing>5"));
}

static void versions(void)
{
    CU_ASSERT_TRUE(fits("fw<1.10.3"));
    CU_ASSERT_TRUE(fits("fw>1.9"));
    CU_ASSERT_FALSE(fits("fw<1.9.9"));
    CU_ASSERT_TRUE(fits("fw<=1.10.2"));
    CU_ASSERT_TRUE(fits("fw>=1.10.2"));
    CU_ASSERT_FALSE(fits("fw<1.10.2"));
    CU_ASSERT_FALSE(fits("fw>1.10.2"));
    CU_ASSERT_TRUE(fits("fw<1.10.2.1"));
    CU_ASSERT_EQUAL(filter_version_cmp(gw_view_str("1.007"), gw_view_str("1.7")), 0);
    CU_ASSERT_TRUE(filter_version_cmp(gw_view_str("99999999999999999999999"), gw_view_str("1e9")) > 0);
    CU_ASSERT_TRUE(filter_version_cmp(gw_view_str("1.0-rc1"), gw_view_str("1.0-rc2")) < 0);
}

static void ages(void)
{
    CU_ASSERT_TRUE(fits("seen>2d"));
    CU_ASSERT_FALSE(fits("seen>4d"));
    CU_ASSERT_TRUE(fits("seen<4d"));
    CU_ASSERT_TRUE(fits("seen>=3d"));
    CU_ASSERT_TRUE(fits("seen<=72h"));
    CU_ASSERT_FALSE(fits("seen>72h"));
    CU_ASSERT_TRUE(fits("seen>71h seen<4321m"));
    CU_ASSERT_TRUE(fits("seen>2027"));
    CU_ASSERT_TRUE(fits("seen<2027-01-16"));
}

static void texts(void)
{
    CU_ASSERT_TRUE(fits("HALL"));
    CU_ASSERT_TRUE(fits("\"7\\\" in\""));
    CU_ASSERT_FALSE(fits("cellar"));
    CU_ASSERT_TRUE(fits("00:ff") == false);
    CU_ASSERT_TRUE(fits("1.10."));
    CU_ASSERT_FALSE(fits("172.16.0.1:8883"));
}

static void errors_tell_where(void)
{
    CU_ASSERT_EQUAL(refused("name:", "a value is missing"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("a:b -", "byte 6"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("name:\"open", "not closed"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("name:\"a\"b", "space is missing"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("name:a\"b", "inside a word"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("name:\"\\n\"", "known inside quotes"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("name:\"\\", "known inside quotes"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("a\tb", "control"), GW_INVALID);
    CU_ASSERT_EQUAL(refused("\xff", "UTF-8"), GW_INVALID);
}

/* The place that a caret is put under. */
static void errors_have_a_place(void)
{
    static const struct {
        const char *query;
        size_t at;
    } rows[] = {{"name:", 6}, {"a:b -", 6}, {"name:\"open", 11}, {"a b\"c", 4}, {"\xff", 1}, {"ab\tc", 3}};
    char text[FILTER_BYTES_MAX + 1];
    struct filter filter;
    size_t at = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(filter_parse_at(gw_view_str(rows[i].query), &filter, &at, NULL), GW_INVALID);
        CU_ASSERT_EQUAL(at, rows[i].at);
    }
    memset(text, ' ', sizeof(text));
    CU_ASSERT_EQUAL(filter_parse_at(gw_view_make(text, sizeof(text)), &filter, &at, NULL), GW_TOO_BIG);
    CU_ASSERT_EQUAL(at, FILTER_BYTES_MAX + 1);
    memcpy(text + FILTER_BYTES_MAX - 1, "\xc3\xa4", 2);
    CU_ASSERT_EQUAL(filter_parse_at(gw_view_make(text, sizeof(text)), &filter, &at, NULL), GW_TOO_BIG);
    at = 77;
    CU_ASSERT_EQUAL(filter_parse_at(gw_view_str("a:b"), &filter, &at, NULL), GW_OK);
    CU_ASSERT_EQUAL(at, 77);
}

static void limits(void)
{
    char text[FILTER_BYTES_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[FILTER_TEXT_MAX] = '\0';
    CU_ASSERT_FALSE(fits(text));
    text[FILTER_TEXT_MAX] = 'a';
    text[FILTER_TEXT_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(refused(text, "value is too long"), GW_TOO_BIG);
    memset(text, ' ', sizeof(text));
    text[FILTER_BYTES_MAX] = '\0';
    CU_ASSERT_TRUE(fits(text));
    text[FILTER_BYTES_MAX] = ' ';
    text[FILTER_BYTES_MAX + 1] = '\0';
    CU_ASSERT_EQUAL(refused(text, "512 bytes"), GW_TOO_BIG);
    memset(text, 'k', FILTER_KEY_MAX + 1);
    memcpy(text + FILTER_KEY_MAX + 1, ":v", 3);
    CU_ASSERT_EQUAL(refused(text, "key is too long"), GW_TOO_BIG);
    text[0] = '\0';
    for (int i = 0; i < FILTER_TERMS_MAX; i++)
        memcpy(text + 2 * i, "p ", 3);
    CU_ASSERT_TRUE(fits(text));
    memcpy(text + 2 * FILTER_TERMS_MAX, "p", 2);
    CU_ASSERT_EQUAL(refused(text, "too many terms"), GW_TOO_BIG);
}

static void equality(void)
{
    struct filter a, b;
    CU_ASSERT_EQUAL(filter_parse(gw_view_str("tag:x  seen>2d"), &a, NULL), GW_OK);
    CU_ASSERT_EQUAL(filter_parse(gw_view_str(" tag:\"x\" seen>2d "), &b, NULL), GW_OK);
    CU_ASSERT_TRUE(filter_eq(&a, &b));
    CU_ASSERT_TRUE(filter_ages(&a));
    CU_ASSERT_EQUAL(filter_parse(gw_view_str("tag:x"), &b, NULL), GW_OK);
    CU_ASSERT_FALSE(filter_eq(&a, &b));
    CU_ASSERT_FALSE(filter_ages(&b));
    CU_ASSERT_EQUAL(filter_parse(gw_view_str("tag:x -seen>2d"), &b, NULL), GW_OK);
    CU_ASSERT_FALSE(filter_eq(&a, &b));
    CU_ASSERT_EQUAL(filter_parse(gw_view_str("tag:x*"), &a, NULL), GW_OK);
    CU_ASSERT_EQUAL(filter_parse(gw_view_str("tag:x"), &b, NULL), GW_OK);
    CU_ASSERT_FALSE(filter_eq(&a, &b));
}

int main(void)
{
    static const struct gw_test_case cases[] = {
        {"an empty query fits every row", empty_fits_all},
        {"compares values without the case of letters, and beginnings with a star", values},
        {"wants every term to hold", every_term_must_hold},
        {"turns a term around with a minus", negation},
        {"takes an array for any of its elements", arrays_hold_for_one},
        {"knows yes and no for flags alone", flags},
        {"takes what is missing for empty and out of every order", missing_is_empty},
        {"compares versions number by number", versions},
        {"compares the age of times", ages},
        {"looks for plain text in every field", texts},
        {"says what is wrong and where", errors_tell_where},
        {"errors have a place", errors_have_a_place},
        {"holds each limit to the byte", limits},
        {"tells equal filters however they are written", equality},
    };
    return GW_TEST_RUN("filter", cases);
}
