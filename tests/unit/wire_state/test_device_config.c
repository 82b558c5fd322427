/* dn/config: what is read of it, and what is refused. */
#include <string.h>

#include "device_config.h"
#include "gw_cleanup.h"
#include "gw_test.h"

static enum gw_rc parse(const char *text, struct device_config *ret)
{
    struct gw_err err = {0};
    return device_config_parse(gw_view_str(text), ret, &err);
}

static void says_what_was_meant(void)
{
    struct device_config c = {EVENT_SEV_MEDIUM, 7, true, DEVICE_RENEW_DUE}, read;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, DEVICE_CONFIG_MAX);
    CU_ASSERT_EQUAL(device_config_format(&c, &text), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&text),
                           "{\"v\":1,\"log_level\":\"medium\",\"sampling_pct\":7,\"optout\":true,\"renew\":\"due\"}");
    CU_ASSERT_EQUAL_FATAL(parse(gw_buf_str(&text), &read), GW_OK);
    CU_ASSERT(read.log_level == c.log_level && read.sampling_pct == 7 && read.optout && read.renew == c.renew);
}

static void fills_in_what_is_missing_and_ignores_what_it_does_not_know(void)
{
    struct device_config c;
    CU_ASSERT_EQUAL_FATAL(parse("{\"v\":1,\"colour\":{\"deep\":[1]},\"renew\":\"now\"}", &c), GW_OK);
    CU_ASSERT(c.log_level == EVENT_SEV_INFO && c.sampling_pct == 100 && !c.optout && c.renew == DEVICE_RENEW_NOW);
}

static void refuses_what_it_cannot_mean(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"v\":0}",
        "{\"v\":\"1\"}",
        "{\"v\":1,\"log_level\":\"loud\"}",
        "{\"v\":1,\"log_level\":3}",
        "{\"v\":1,\"sampling_pct\":0}",
        "{\"v\":1,\"sampling_pct\":101}",
        "{\"v\":1,\"optout\":1}",
        "{\"v\":1,\"renew\":\"soon\"}",
        "{\"v\":1,\"renew\":\"a word that is far too long for it\"}",
    };
    struct device_config c = {.sampling_pct = 42};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_NOT_EQUAL(parse(bad[i], &c), GW_OK);
    CU_ASSERT_EQUAL(parse("{\"v\":2}", &c), GW_UNSUPPORTED);
    char big[DEVICE_CONFIG_MAX + 8];
    memset(big, ' ', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    memcpy(big, "{\"v\":1}", 7);
    CU_ASSERT_EQUAL(parse(big, &c), GW_TOO_BIG);
    CU_ASSERT_EQUAL(c.sampling_pct, 42);
}

static const struct gw_test_case cases[] = {
    {"says what was meant", says_what_was_meant},
    {"fills in what is missing and ignores what it does not know",
     fills_in_what_is_missing_and_ignores_what_it_does_not_know},
    {"refuses what it cannot mean", refuses_what_it_cannot_mean},
};

int main(void)
{
    return GW_TEST_RUN("dn/config", cases);
}
