#include <string.h>

#include "gw_test.h"
#include "gw_time.h"

#define LAST_MS INT64_C(253402300799999)

static void writes_rfc_3339(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {GW_DAY_MS - 1, "1970-01-01T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(1709251199999), "2024-02-29T23:59:59.999Z"},
        {INT64_C(1709251200000), "2024-03-01T00:00:00.000Z"},
        {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {LAST_MS, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[GW_WALL_TEXT_MAX];
        CU_ASSERT_EQUAL(gw_wall_format((struct gw_wall){rows[i].ms}, out), GW_OK);
        CU_ASSERT_STRING_EQUAL(out, rows[i].text);
        struct gw_wall back = {-1};
        CU_ASSERT_EQUAL(gw_wall_parse(gw_view_str(rows[i].text), &back), GW_OK);
        CU_ASSERT_EQUAL(back.ms, rows[i].ms);
    }
    char out[GW_WALL_TEXT_MAX];
    CU_ASSERT_EQUAL(gw_wall_format((struct gw_wall){-1}, out), GW_INVALID);
    CU_ASSERT_EQUAL(gw_wall_format((struct gw_wall){LAST_MS + 1}, out), GW_INVALID);
    CU_ASSERT_EQUAL(gw_wall_format((struct gw_wall){INT64_MAX}, out), GW_INVALID);
}

static void reads_every_form_of_rfc_3339(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"2026-11-23T01:02:03Z", INT64_C(1795395723000)},
        {"2026-11-23t01:02:03z", INT64_C(1795395723000)},
        {"2026-11-23 01:02:03Z", INT64_C(1795395723000)},
        {"2026-11-23T01:02:03.004Z", INT64_C(1795395723004)},
        {"2026-11-23T01:02:03.1Z", INT64_C(1795395723100)},
        {"2026-11-23T01:02:03.12Z", INT64_C(1795395723120)},
        {"2026-11-23T01:02:03.9999999999999999999999Z", INT64_C(1795395723999)},
        {"2026-11-23T01:02:03.0004Z", INT64_C(1795395723000)},
        {"2026-11-23T02:02:03+01:00", INT64_C(1795395723000)},
        {"2026-11-23T06:47:03.5+05:45", INT64_C(1795395723500)},
        {"2026-11-22T17:02:03-08:00", INT64_C(1795395723000)},
        {"2026-11-23T01:02:03-00:00", INT64_C(1795395723000)},
        {"2026-11-24T01:01:03+23:59", INT64_C(1795395723000)},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1990-12-31T23:59:60Z", INT64_C(662687999000)}, /* RFC 3339 section 5.8 */
        {"1990-12-31T15:59:60-08:00", INT64_C(662687999000)},
        {"1990-12-31T23:59:60.25Z", INT64_C(662687999250)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2400-02-29T00:00:00Z", INT64_C(13574563200000)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gw_wall t = {-1};
        CU_ASSERT_EQUAL(gw_wall_parse(gw_view_str(rows[i].text), &t), GW_OK);
        CU_ASSERT_EQUAL(t.ms, rows[i].ms);
    }
}

static void refuses_what_is_no_rfc_3339(void)
{
    static const char *const bad[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T01:02:03",
        "2026-11-23T01:02:03.Z",
        "2026-11-23T01:02:03.1",
        "2026-11-23T01:02:03.1.2Z",
        "2026-11-23T01:02Z",
        "2026-11-23T1:02:03Z",
        "2026-11-23T01:02:03ZZ",
        "2026-11-23T01:02:03Z ",
        " 2026-11-23T01:02:03Z",
        "2026-11-23T01:02:03+0100",
        "2026-11-23T01:02:03+01",
        "2026-11-23T01:02:03+24:00",
        "2026-11-23T01:02:03+01:60",
        "2026-11-23T24:00:00Z",
        "2026-11-23T01:60:00Z",
        "2026-11-23T01:02:61Z",
        "2026-00-23T01:02:03Z",
        "2026-13-23T01:02:03Z",
        "2026-11-00T01:02:03Z",
        "2026-11-31T01:02:03Z",
        "2025-02-29T01:02:03Z",
        "2100-02-29T01:02:03Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "-026-11-23T01:02:03Z",
        "+026-11-23T01:02:03Z",
        "2026/11/23T01:02:03Z",
        "2026-11-23_01:02:03Z",
        "2026-1a-23T01:02:03Z",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gw_wall t = {77};
        CU_ASSERT_EQUAL(gw_wall_parse(gw_view_str(bad[i]), &t), GW_INVALID);
        CU_ASSERT_EQUAL(t.ms, 77);
    }
    struct gw_wall t;
    CU_ASSERT_EQUAL(gw_wall_parse(gw_view_make("2026-11-23T01:02:03Z\0", 21), &t), GW_INVALID);
}

static void walks_every_day_of_eight_centuries(void)
{
    static const int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = gw_days_of_civil(1600, 1, 1);
    CU_ASSERT_EQUAL(gw_days_of_civil(1970, 1, 1), 0);
    unsigned wrong = 0;
    for (int year = 1600; year < 2400; year++)
        for (int month = 1; month <= 12; month++) {
            bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            for (int d = 1; d <= days_in[month - 1] + (month == 2 && leap); d++, day++) {
                int y, m, dd;
                gw_civil_of_days(day, &y, &m, &dd);
                wrong += gw_days_of_civil(year, month, d) != day || y != year || m != month || dd != d;
            }
        }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(gw_days_of_civil(0, 3, 1), -719468);
    CU_ASSERT_EQUAL(gw_days_of_civil(-1, 12, 31), gw_days_of_civil(0, 1, 1) - 1);
}

static void reads_two_clocks(void)
{
    struct gw_wall wall = gw_wall_now();
    CU_ASSERT(wall.ms > INT64_C(1700000000000) && wall.ms < LAST_MS);
    struct gw_mono before = gw_mono_now(), after = gw_mono_now();
    CU_ASSERT(before.ms > 0 && after.ms >= before.ms);
}

static const struct gw_test_case cases[] = {
    {"writes RFC 3339 and reads it back", writes_rfc_3339},
    {"reads every form of RFC 3339", reads_every_form_of_rfc_3339},
    {"refuses what is no RFC 3339", refuses_what_is_no_rfc_3339},
    {"walks every day of eight centuries", walks_every_day_of_eight_centuries},
    {"reads two clocks", reads_two_clocks},
};

int main(void)
{
    return GW_TEST_RUN("time", cases);
}
