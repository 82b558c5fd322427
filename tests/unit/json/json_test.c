/* protocols/wire/json: the writer's text and what the reader takes and refuses. */
#include "json.h"

#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"

#define DOC GW_CLEANUP(json_cleanup) struct json_doc *

static struct json_doc *must_read(const char *text)
{
    struct json_doc *doc = NULL;
    struct gw_err err = {0};
    GW_ASSERT_OK(json_read(gw_view_str(text), 65536, &doc, &err), &err);
    return doc;
}

static enum gw_rc read_rc(struct gw_view text, struct gw_err *err)
{
    DOC doc = NULL;
    return json_read(text, 65536, &doc, err);
}

static void writes_every_kind_with_its_commas(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 4096);
    struct json_writer w;
    json_writer_begin(&w, &out);
    json_put_object(&w, NULL);
    json_put_str(&w, "s", "x");
    json_put_str(&w, "none", NULL);
    json_put_i64(&w, "i", INT64_MIN);
    json_put_u64_text(&w, "u", UINT64_MAX);
    json_put_array(&w, "a");
    json_put_bool(&w, NULL, true);
    json_put_bool(&w, NULL, false);
    json_put_object(&w, NULL);
    json_put_end(&w);
    json_put_array(&w, NULL);
    json_put_null(&w, NULL);
    json_put_end(&w);
    json_put_end(&w);
    json_put_time(&w, "t", (struct gw_wall){1});
    json_put_time_or_null(&w, "never", (struct gw_wall){0});
    json_put_hex(&w, "h", "\x00\xff", 2);
    json_put_base64(&w, "b", "\x01", 1);
    json_put_end(&w);
    CU_ASSERT_EQUAL(json_writer_end(&w), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&out),
                           "{\"s\":\"x\",\"none\":null,\"i\":-9223372036854775808,\"u\":\"18446744073709551615\","
                           "\"a\":[true,false,{},[null]],\"t\":\"1970-01-01T00:00:00.001Z\",\"never\":null,"
                           "\"h\":\"00ff\",\"b\":\"AQ==\"}");
}

static void expect_quoted(const char *bytes, size_t len, const char *want)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 4096);
    json_quote(&out, gw_view_make(bytes, len));
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&out), want);
}

static void escapes_quotes_backslashes_and_controls(void)
{
    expect_quoted("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
    expect_quoted("\n\r\t\x01\x1f\0", 6, "\"\\n\\r\\t\\u0001\\u001f\\u0000\"");
    expect_quoted("<&/", 3, "\"<&/\"");
    expect_quoted("\x7f\xc2\x9b\xc2\xa0", 5, "\"\\u007f\\u009b\xc2\xa0\""); /* what a terminal could obey */
    expect_quoted("", 0, "\"\"");
}

static void replaces_what_is_no_utf8(void)
{
    expect_quoted("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    expect_quoted("a\xff"
                  "b",
                  3,
                  "\"a\xef\xbf\xbd"
                  "b\"");
    expect_quoted("\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");                 /* overlong NUL */
    expect_quoted("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""); /* surrogate */
    expect_quoted("\xf4\x90\x80\x80", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_quoted("x\xe2\x82", 3, "\"x\xef\xbf\xbd\xef\xbf\xbd\""); /* cut short */
}

static void tells_at_the_end_that_the_buffer_was_too_small(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 8);
    struct json_writer w;
    json_writer_begin(&w, &out);
    json_put_object(&w, NULL);
    json_put_str(&w, "key", "longer than eight");
    json_put_end(&w);
    CU_ASSERT_EQUAL(json_writer_end(&w), GW_TOO_BIG);
}

static void reads_back_what_it_wrote(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 4096);
    struct json_writer w;
    json_writer_begin(&w, &out);
    json_put_object(&w, NULL);
    json_put_view(&w, "text", GW_VIEW_LIT("\x01\"\\\xc3\xa4 end"));
    json_put_u64_text(&w, "big", UINT64_MAX);
    json_put_time(&w, "t", (struct gw_wall){1732323232123});
    json_put_hex(&w, "h", "\x12\x34", 2);
    json_put_base64(&w, "b", "hello", 5);
    json_put_end(&w);
    CU_ASSERT_EQUAL_FATAL(json_writer_end(&w), GW_OK);
    DOC doc = must_read(gw_buf_str(&out));
    const struct json_value *root = json_root(doc);
    char text[16];
    uint64_t big = 0;
    struct gw_wall t = {0};
    uint8_t hex[2] = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, 16);
    CU_ASSERT_EQUAL(json_str(root, "text", text, sizeof(text), NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(text, "\x01\"\\\xc3\xa4 end");
    CU_ASSERT_EQUAL(json_u64_text(root, "big", UINT64_MAX, &big, NULL), GW_OK);
    CU_ASSERT_EQUAL(big, UINT64_MAX);
    CU_ASSERT_EQUAL(json_time(root, "t", &t, NULL), GW_OK);
    CU_ASSERT_EQUAL(t.ms, 1732323232123);
    CU_ASSERT_EQUAL(json_hex(root, "h", hex, 2, NULL), GW_OK);
    CU_ASSERT_EQUAL(hex[1], 0x34);
    CU_ASSERT_EQUAL(json_base64(root, "b", &bytes, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&bytes), "hello");
}

static void refuses_duplicates_nul_bad_utf8_and_rubbish_behind_the_root(void)
{
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":1,\"a\":2}"), &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "repeats a key"));
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":{\"b\":1,\"b\":1}}"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":\"x\\u0000y\"}"), &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "NUL"));
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\\u0000\":1}"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":1}\0"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":\"\xff\"}"), &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "UTF-8"));
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{} {}"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("[1]"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("7"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT(""), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(gw_view_make(NULL, 0), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"n\":9223372036854775808}"), &err), GW_INVALID);
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT(" {\"a\":1} \n"), &err), GW_OK);
}

static void never_quotes_the_input_in_a_message(void)
{
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"password\":\"hunter2\" hunter3}"), &err), GW_INVALID);
    CU_ASSERT_PTR_NULL(strstr(err.text, "hunter"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 1"));
}

static void stops_at_the_depth_and_size_limits(void)
{
    struct gw_err err = {0};
    char text[256] = "{\"a\":";
    size_t n = strlen(text);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        text[n + (size_t)i] = '[';
        text[n + JSON_DEPTH_MAX - 1 + (size_t)i] = ']';
    }
    text[n + 2 * (JSON_DEPTH_MAX - 1)] = '}';
    CU_ASSERT_EQUAL(read_rc(gw_view_str(text), &err), GW_OK);
    (void)snprintf(text, sizeof(text), "{\"a\":%.*s1%.*s}", JSON_DEPTH_MAX, "[[[[[[[[[[[[[[[[[[[[", JSON_DEPTH_MAX,
                   "]]]]]]]]]]]]]]]]]]]]");
    CU_ASSERT_EQUAL(read_rc(gw_view_str(text), &err), GW_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "deeper than 16"));
    CU_ASSERT_EQUAL(read_rc(GW_VIEW_LIT("{\"a\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"}"), &err), GW_OK); /* brackets in text */
    DOC doc = NULL;
    CU_ASSERT_EQUAL(json_read(GW_VIEW_LIT("{\"a\":1}"), 6, &doc, &err), GW_TOO_BIG);
    CU_ASSERT_PTR_NULL(doc);
}

static void getters_name_the_key_that_is_wrong(void)
{
    DOC doc = must_read("{\"name\":\"abcdef\",\"n\":61,\"flag\":1,\"u\":\"01\",\"nul\":null,\"real\":1.0}");
    const struct json_value *root = json_root(doc);
    struct gw_err err = {0};
    char out[6] = "keep";
    int64_t n = -1;
    bool flag = false;
    uint64_t u = 0;
    CU_ASSERT_EQUAL(json_str(root, "gone", out, sizeof(out), &err), GW_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(err.text, "gone is missing");
    CU_ASSERT_EQUAL(json_str(root, "name", out, sizeof(out), &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "name must be at most 5 bytes long");
    CU_ASSERT_STRING_EQUAL(out, "keep");
    CU_ASSERT_EQUAL(json_str(root, "nul", out, sizeof(out), &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "nul must be text");
    CU_ASSERT_EQUAL(json_i64(root, "n", 1, 60, &n, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "n must be from 1 to 60");
    CU_ASSERT_EQUAL(json_i64(root, "real", 0, 9, &n, &err), GW_INVALID);
    CU_ASSERT_EQUAL(n, -1);
    CU_ASSERT_EQUAL(json_bool(root, "flag", &flag, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "flag must be true or false");
    CU_ASSERT_EQUAL(json_u64_text(root, "u", UINT64_MAX, &u, &err), GW_INVALID);
    CU_ASSERT_EQUAL(json_i64(root, "n", 1, 61, &n, &err), GW_OK);
    CU_ASSERT_EQUAL(n, 61);
}

static void names_an_unknown_key_without_its_control_characters(void)
{
    static const char *const keys[] = {"a", "b", NULL};
    struct gw_err err = {0};
    DOC good = must_read("{\"a\":1}");
    CU_ASSERT_EQUAL(json_only_keys(json_root(good), keys, &err), GW_OK);
    DOC bad = must_read("{\"a\":1,\"c\\u001b[31m\":2}");
    CU_ASSERT_EQUAL(json_only_keys(json_root(bad), keys, &err), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(err.text, "unknown key \"c?[31m\"");
}

static bool collect(void *ctx, const char *key, const struct json_value *value)
{
    int64_t n = 0;
    CU_ASSERT_EQUAL(json_as_i64(value, &n), GW_OK);
    (void)gw_buf_printf(ctx, "%s=%d;", key, (int)n);
    return n != 2;
}

static void walks_arrays_and_members(void)
{
    DOC doc = must_read("{\"list\":[\"x\",7,1.5,true,null],\"map\":{\"z\":1,\"a\":2,\"never\":3}}");
    const struct json_value *list = NULL, *map = NULL;
    CU_ASSERT_EQUAL_FATAL(json_member(json_root(doc), "list", JSON_KIND_ARRAY, &list, NULL), GW_OK);
    CU_ASSERT_EQUAL(json_count(list), 5);
    struct gw_view text;
    double f = 0;
    bool b = false;
    CU_ASSERT_EQUAL(json_as_text(json_item(list, 0), &text), GW_OK);
    CU_ASSERT_EQUAL(json_as_text(json_item(list, 1), &text), GW_INVALID);
    CU_ASSERT_EQUAL(json_as_f64(json_item(list, 2), &f), GW_OK);
    CU_ASSERT_EQUAL(f, 1.5);
    CU_ASSERT_EQUAL(json_as_bool(json_item(list, 3), &b), GW_OK);
    CU_ASSERT_TRUE(b);
    CU_ASSERT_EQUAL(json_kind_of(json_item(list, 4)), JSON_KIND_NULL);
    CU_ASSERT_PTR_NULL(json_item(list, 5));
    CU_ASSERT_EQUAL_FATAL(json_member(json_root(doc), "map", JSON_KIND_OBJECT, &map, NULL), GW_OK);
    CU_ASSERT_EQUAL(json_count(map), 0);
    GW_CLEANUP(gw_buf_done) struct gw_buf seen;
    gw_buf_init(&seen, 100);
    json_each_member(map, collect, &seen);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&seen), "z=1;a=2;");
    CU_ASSERT_FALSE(json_has(list, "z"));
}

static const struct gw_test_case cases[] = {
    {"writes every kind with its commas", writes_every_kind_with_its_commas},
    {"escapes quotes, backslashes and control characters", escapes_quotes_backslashes_and_controls},
    {"replaces what is no UTF-8", replaces_what_is_no_utf8},
    {"tells at the end that the buffer was too small", tells_at_the_end_that_the_buffer_was_too_small},
    {"reads back what it wrote", reads_back_what_it_wrote},
    {"refuses duplicates, NUL, bad UTF-8 and rubbish behind the root",
     refuses_duplicates_nul_bad_utf8_and_rubbish_behind_the_root},
    {"never quotes the input in a message", never_quotes_the_input_in_a_message},
    {"stops at the depth and size limits", stops_at_the_depth_and_size_limits},
    {"getters name the key that is wrong", getters_name_the_key_that_is_wrong},
    {"names an unknown key without its control characters", names_an_unknown_key_without_its_control_characters},
    {"walks arrays and members", walks_arrays_and_members},
};

int main(void)
{
    return GW_TEST_RUN("json", cases);
}
