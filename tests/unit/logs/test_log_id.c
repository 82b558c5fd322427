/* A log's name. */
#include <string.h>

#include "gw_test.h"
#include "log_id.h"

static void names_read_back(void)
{
    static const char *const good[] = {"dev/pump-7/0123456789abcdef", "dev/pump-7/line/ffffffffffffffff",
                                       "audit/0000000000000000", "root/00000000000000ff",
                                       "dev/line/0123456789abcdef"}; /* a device may be called so */
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct log_id id;
        char name[LOG_NAME_MAX], origin[LOG_ORIGIN_MAX];
        CU_ASSERT_EQUAL_FATAL(log_id_parse(gw_view_str(good[i]), &id), GW_OK);
        log_id_name(&id, name);
        CU_ASSERT_STRING_EQUAL(name, good[i]);
        CU_ASSERT_EQUAL(log_id_origin(&id, "gw-00", origin), GW_OK);
        CU_ASSERT_EQUAL(strncmp(origin, "gw-00/", 6), 0);
        CU_ASSERT_STRING_EQUAL(origin + 6, good[i]);
    }
}

static void the_longest_device_fits(void)
{
    struct log_id id = {.kind = LOG_LINE, .epoch = UINT64_MAX}, again;
    memset(id.device.text, 'a', GW_DEVICE_ID_MAX);
    char name[LOG_NAME_MAX];
    log_id_name(&id, name);
    CU_ASSERT_EQUAL_FATAL(log_id_parse(gw_view_str(name), &again), GW_OK);
    CU_ASSERT(log_id_eq(&id, &again));
}

static void other_words_name_no_log(void)
{
    static const char *const bad[] = {
        "",
        "dev",
        "dev/",
        "dev/pump-7",
        "dev/pump-7/",
        "dev/pump-7/0123456789abcde",
        "dev/pump-7/0123456789abcdef0",
        "dev/pump-7/0123456789ABCDEF",
        "dev/pump-7/0123456789abcdef/",
        "/dev/pump-7/0123456789abcdef",
        "dev/pump-7/line/line/0123456789abcdef",
        "dev/Pump-7/0123456789abcdef",
        "dev/../0123456789abcdef",
        "dev/root/0123456789abcdef",
        "audit/line/0123456789abcdef",
        "audit//0123456789abcdef",
        "gw-00/audit/0123456789abcdef",
        "root/0123456789abcdeg",
        "log/0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct log_id id;
        if (log_id_parse(gw_view_str(bad[i]), &id) != GW_INVALID)
            printf("#   %s passes\n", bad[i]);
        CU_ASSERT_EQUAL(log_id_parse(gw_view_str(bad[i]), &id), GW_INVALID);
    }
}

static const struct gw_test_case cases[] = {
    {"names read back as they were written", names_read_back},
    {"the longest device fits", the_longest_device_fits},
    {"other words name no log", other_words_name_no_log},
};

int main(void)
{
    return GW_TEST_RUN("log names", cases);
}
