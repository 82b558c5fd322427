#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "web_file.h"
#include "web_slots.h"

static struct web_range ranges[WEB_RANGES_MAX];
static size_t count;

static enum gw_rc parse(const char *field, int64_t size)
{
    count = 0;
    return web_range_parse(gw_view_str(field), size, ranges, WEB_RANGES_MAX, &count);
}

static void reads_ranges(void)
{
    CU_ASSERT_EQUAL(parse("bytes=0-9", 100), GW_OK);
    CU_ASSERT_TRUE(count == 1 && ranges[0].first == 0 && ranges[0].last == 9);
    CU_ASSERT_EQUAL(parse("Bytes=90-", 100), GW_OK);
    CU_ASSERT_TRUE(ranges[0].first == 90 && ranges[0].last == 99);
    CU_ASSERT_EQUAL(parse("bytes=90-200", 100), GW_OK);
    CU_ASSERT_EQUAL(ranges[0].last, 99);
    CU_ASSERT_EQUAL(parse("bytes=-5", 100), GW_OK);
    CU_ASSERT_EQUAL(ranges[0].first, 95);
    CU_ASSERT_EQUAL(parse("bytes=-500", 100), GW_OK);
    CU_ASSERT_TRUE(ranges[0].first == 0 && ranges[0].last == 99);
    CU_ASSERT_EQUAL(parse("bytes=0-0, ,50-59,100-", 100), GW_OK);
    CU_ASSERT_TRUE(count == 2 && ranges[1].first == 50);
}

static void tells_nonsense_from_the_unsatisfiable(void)
{
    CU_ASSERT_EQUAL(parse("bytes=9-0", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=a-b", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=-", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=,,", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("lines=0-1", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=0-99999999999999999999", 100), GW_INVALID);
    CU_ASSERT_EQUAL(parse("bytes=100-", 100), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(parse("bytes=-0", 100), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(parse("bytes=0-", 0), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(parse("bytes=-1", 0), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(parse("bytes=0-,0-", 100), GW_NOT_FOUND); /* overlapping: more than the file */
}

static void takes_150_ranges_and_no_more(void)
{
    char text[2000] = "bytes=0-0";
    for (int i = 1; i < 150; i++)
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",%d-%d", i, i);
    CU_ASSERT_EQUAL(parse(text, 1000), GW_OK);
    CU_ASSERT_EQUAL(count, 150);
    (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ",500-500");
    CU_ASSERT_EQUAL(parse(text, 1000), GW_NOT_FOUND);
}

static int file_of(const char *text)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/f", gw_test_dir());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    return fd;
}

/* The whole body in small pieces. */
static struct gw_buf body_of(struct web_file *f)
{
    struct gw_buf b;
    uint8_t piece[512];
    size_t n;
    gw_buf_init(&b, 1 << 20);
    while (web_file_next(f, piece, sizeof(piece), &n) == GW_OK && n > 0)
        (void)gw_buf_add(&b, piece, n);
    return b;
}

static void a_body_is_as_long_as_was_promised(void)
{
    char text[3000];
    struct web_file f;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    text[sizeof(text) - 1] = '\0';
    static const char *const fields[] = {"", "bytes=5-1004", "bytes=0-9,2000-2099,-1"};
    static const int want[] = {200, 206, 206};
    for (size_t i = 0; i < 3; i++) {
        web_file_init(&f, file_of(text), (int64_t)strlen(text), "x/y");
        CU_ASSERT_EQUAL(web_file_select(&f, gw_view_str(fields[i]), gw_view_str(""), "\"e\""), want[i]);
        GW_CLEANUP(gw_buf_done) struct gw_buf b = body_of(&f);
        CU_ASSERT_EQUAL((int64_t)b.len, web_file_length(&f));
        if (i == 1)
            CU_ASSERT_TRUE(b.len == 1000 && memcmp(b.ptr, text + 5, 1000) == 0);
        web_file_done(&f);
    }
}

static void a_file_that_shrinks_is_an_error(void)
{
    struct web_file f;
    uint8_t piece[512];
    size_t n;
    web_file_init(&f, file_of("short"), 100, "x/y");
    CU_ASSERT_EQUAL(web_file_next(&f, piece, sizeof(piece), &n), GW_IO);
    web_file_done(&f);
    web_file_init(&f, file_of(""), 0, "x/y");
    CU_ASSERT_EQUAL(web_file_next(&f, piece, sizeof(piece), &n), GW_OK);
    CU_ASSERT_EQUAL(n, 0);
    web_file_done(&f);
}

static void if_range_needs_the_same_strong_etag(void)
{
    const struct gw_view range = GW_VIEW_LIT("bytes=0-0");
    struct web_file f;
    web_file_init(&f, file_of("0123456789"), 10, "x/y");
    CU_ASSERT_EQUAL(web_file_select(&f, range, GW_VIEW_LIT("\"other\""), "\"e\""), 200);
    CU_ASSERT_EQUAL(web_file_select(&f, range, GW_VIEW_LIT("W/\"e\""), "W/\"e\""), 200);
    CU_ASSERT_EQUAL(web_file_select(&f, range, GW_VIEW_LIT("Mon, 23 Nov 2026 01:02:03 GMT"), ""), 200);
    CU_ASSERT_EQUAL(web_file_select(&f, range, GW_VIEW_LIT("\"e\""), "\"e\""), 206);
    web_file_done(&f);
}

static void tickets_die_with_their_request(void)
{
    struct web_slots s;
    struct web_conn *conn = (struct web_conn *)&s; /* never looked into */
    uint32_t slot;
    web_slots_init(&s, 1);
    CU_ASSERT_TRUE_FATAL(web_slots_take(&s, conn, &slot));
    uint32_t none;
    CU_ASSERT_FALSE(web_slots_take(&s, conn, &none));
    struct http_ticket first = web_slots_ticket(&s, slot);
    CU_ASSERT_PTR_EQUAL(web_slots_redeem(&s, first), conn);
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, first));
    struct http_ticket second = web_slots_ticket(&s, slot);
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, first));
    web_slots_void(&s, slot);
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, second));
    struct http_ticket third = web_slots_ticket(&s, slot);
    web_slots_give(&s, slot);
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, third));
    CU_ASSERT_TRUE(web_slots_take(&s, conn, &slot));
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, third));
    CU_ASSERT_PTR_NULL(web_slots_redeem(&s, (struct http_ticket){7, 1}));
    web_slots_done(&s);
}

static const struct gw_test_case cases[] = {
    {"reads ranges", reads_ranges},
    {"tells nonsense from the unsatisfiable", tells_nonsense_from_the_unsatisfiable},
    {"takes 150 ranges and no more", takes_150_ranges_and_no_more},
    {"a body is as long as was promised", a_body_is_as_long_as_was_promised},
    {"a file that shrinks is an error", a_file_that_shrinks_is_an_error},
    {"If-Range needs the same strong ETag", if_range_needs_the_same_strong_etag},
    {"tickets die with their request", tickets_die_with_their_request},
};

int main(void)
{
    return GW_TEST_RUN("web file", cases);
}
