/* docs/configuration.md holds the documented defaults as `gatehoused --print-config` prints them. */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

#define PAGE  GW_SOURCE_DIR "/docs/configuration.md"
#define BEGIN "```toml\n"
#define END   "```\n"

static void the_page_holds_what_the_program_prints(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf page, now;
    gw_buf_init(&page, 65536);
    gw_buf_init(&now, 65536);
    struct gw_err err = {0};
    GW_ASSERT_OK(gw_fs_read_file(PAGE, &page, &err), &err);
    GW_ASSERT_OK(config_describe(&now), &err);
    const char *begin = strstr(gw_buf_str(&page), BEGIN);
    CU_ASSERT_PTR_NOT_NULL_FATAL(begin);
    begin += strlen(BEGIN);
    const char *end = strstr(begin, END);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    bool current = gw_view_eq(gw_view_make(begin, (size_t)(end - begin)), gw_buf_view(&now));
    if (!current)
        puts("#   put what `gatehoused --print-config` prints between the page's fences");
    CU_ASSERT_TRUE(current);
}

static const struct gw_test_case cases[] = {
    {"docs/configuration.md holds what the program prints", the_page_holds_what_the_program_prints},
};

int main(void)
{
    return GW_TEST_RUN("configuration page", cases);
}
