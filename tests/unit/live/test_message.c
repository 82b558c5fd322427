/* What pages say. */
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "live_bench.h"

static struct live_message *last;

static enum gw_rc parse(const char *text, const char **ret_code)
{
    struct gw_err err = {0};
    if (!last)
        last = gw_xalloc(1, sizeof(*last));
    return live_message_parse(gw_view_str(text), last, ret_code, &err);
}

static bool good(const char *text)
{
    const char *code;
    return parse(text, &code) == GW_OK;
}

static bool bad(const char *text, const char *want)
{
    const char *code = "";
    return parse(text, &code) != GW_OK && strcmp(code, want) == 0;
}

static void reads_each_kind(void)
{
    CU_ASSERT_TRUE(good("{\"t\":\"hello\",\"v\":1}") && last->kind == LIVE_HELLO && last->version == 1);
    CU_ASSERT_TRUE(good("{\"t\":\"ping\"}") && last->kind == LIVE_PING);
    CU_ASSERT_TRUE(good("{\"t\":\"ack\",\"n\":9}") && last->kind == LIVE_ACK && last->n == 9);
    CU_ASSERT_TRUE(good("{\"t\":\"unsub\",\"id\":3}") && last->kind == LIVE_UNSUB && last->id == 3);
    CU_ASSERT_TRUE(good("{\"t\":\"sub\",\"id\":2147483647,\"topic\":\"alerts\"}"));
    CU_ASSERT_EQUAL(last->kind, LIVE_SUB);
    CU_ASSERT_EQUAL(last->window, LIVE_WINDOW_DEFAULT);
    CU_ASSERT_FALSE(last->has_resume);
    CU_ASSERT_TRUE(good("{\"t\":\"sub\",\"id\":1,\"topic\":\"devices\",\"q\":\"a:b c\",\"win\":[7,1000],\"resume\":"
                        "{\"epoch\":\"0011223344556677\",\"seq\":12}}"));
    CU_ASSERT_EQUAL(last->filter.count, 2);
    CU_ASSERT_EQUAL(last->offset, 7);
    CU_ASSERT_EQUAL(last->window, 1000);
    CU_ASSERT_EQUAL(last->seq, 12);
    CU_ASSERT_STRING_EQUAL(last->epoch, "0011223344556677");
    free(GW_TAKE(last));
}

static void refuses_by_code(void)
{
    CU_ASSERT_TRUE(bad("", "message"));
    CU_ASSERT_TRUE(bad("[]", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"shout\"}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"ping\",\"x\":1}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"ack\",\"n\":-1}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"ack\",\"n\":9007199254740993}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":0,\"topic\":\"devices\"}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":2147483648,\"topic\":\"devices\"}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"sort\":\"seen\"}", "message"));
    CU_ASSERT_EQUAL(last->id, 5);
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5}", "topic"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"a topic that is too long\"}", "topic"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"win\":[0,1001]}", "window"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"win\":[-1,10]}", "window"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"win\":[1]}", "window"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"win\":[1,2,3]}", "window"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"q\":\"name:\"}", "query"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"q\":7}", "message"));
    CU_ASSERT_TRUE(bad("{\"t\":\"sub\",\"id\":5,\"topic\":\"devices\",\"resume\":{\"epoch\":\"x\"}}", "message"));
    free(GW_TAKE(last));
}

const struct gw_test_case message_cases[] = {
    {"reads each kind of message", reads_each_kind},
    {"refuses what it cannot read, each by its code", refuses_by_code},
};
const size_t message_case_count = sizeof(message_cases) / sizeof(message_cases[0]);
