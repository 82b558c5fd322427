#include <string.h>

#include "gw_num.h"
#include "gw_test.h"

static void adds_and_multiplies_until_it_overflows(void)
{
    uint64_t u = 7;
    CU_ASSERT_FALSE(gw_add_u64(UINT64_MAX, 1, &u));
    CU_ASSERT_FALSE(gw_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &u));
    CU_ASSERT_EQUAL(u, 7);
    CU_ASSERT(gw_add_u64(UINT64_MAX - 1, 1, &u));
    CU_ASSERT_EQUAL(u, UINT64_MAX);
    CU_ASSERT(gw_mul_u64(UINT64_C(1) << 32, (UINT64_C(1) << 32) - 1, &u));
    CU_ASSERT_EQUAL(u, UINT64_MAX - UINT32_MAX);
}

static void reads_unsigned_decimals(void)
{
    static const struct {
        const char *text;
        uint64_t max;
        enum gw_rc rc;
        uint64_t value;
    } rows[] = {
        {"0", 0, GW_OK, 0},
        {"9", 9, GW_OK, 9},
        {"10", 9, GW_TOO_BIG, 0},
        {"18446744073709551615", UINT64_MAX, GW_OK, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, GW_TOO_BIG, 0},
        {"99999999999999999999999999999999", UINT64_MAX, GW_TOO_BIG, 0},
        {"99999999999999999999999999999999x", UINT64_MAX, GW_INVALID, 0},
        {"", 9, GW_INVALID, 0},
        {"00", 9, GW_INVALID, 0},
        {"01", 9, GW_INVALID, 0},
        {"+1", 9, GW_INVALID, 0},
        {"-1", 9, GW_INVALID, 0},
        {" 1", 9, GW_INVALID, 0},
        {"1 ", 9, GW_INVALID, 0},
        {"1.0", 9, GW_INVALID, 0},
        {"0x1", 9, GW_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 77;
        CU_ASSERT_EQUAL(gw_parse_u64(gw_view_str(rows[i].text), rows[i].max, &value), rows[i].rc);
        CU_ASSERT_EQUAL(value, rows[i].rc ? 77 : rows[i].value);
    }
}

static void reads_signed_decimals(void)
{
    static const struct {
        const char *text;
        int64_t min, max;
        enum gw_rc rc;
        int64_t value;
    } rows[] = {
        {"0", 0, 0, GW_OK, 0},
        {"-5", -5, 5, GW_OK, -5},
        {"-6", -5, 5, GW_TOO_BIG, 0},
        {"6", -5, 5, GW_TOO_BIG, 0},
        {"9223372036854775807", INT64_MIN, INT64_MAX, GW_OK, INT64_MAX},
        {"9223372036854775808", INT64_MIN, INT64_MAX, GW_TOO_BIG, 0},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, GW_OK, INT64_MIN},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, GW_TOO_BIG, 0},
        {"-", -5, 5, GW_INVALID, 0},
        {"--1", -5, 5, GW_INVALID, 0},
        {"-01", -5, 5, GW_INVALID, 0},
        {"+1", -5, 5, GW_INVALID, 0},
        {"", -5, 5, GW_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 77;
        CU_ASSERT_EQUAL(gw_parse_i64(gw_view_str(rows[i].text), rows[i].min, rows[i].max, &value), rows[i].rc);
        CU_ASSERT_EQUAL(value, rows[i].rc ? 77 : rows[i].value);
    }
}

static const struct gw_test_case cases[] = {
    {"adds and multiplies until it overflows", adds_and_multiplies_until_it_overflows},
    {"reads unsigned decimals", reads_unsigned_decimals},
    {"reads signed decimals", reads_signed_decimals},
};

int main(void)
{
    return GW_TEST_RUN("number", cases);
}
