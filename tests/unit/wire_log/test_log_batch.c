/* The log batch on the wire: each field at and beyond its limit. */
#include "gw_cleanup.h"
#include "gw_test.h"
#include "log_batch.h"

static void three_events(struct gw_buf *out)
{
    struct log_batch_writer w;
    gw_buf_init(out, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL(log_batch_begin(&w, out, UINT64_C(0x0123456789abcdef), 7), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("one")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("three")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_OK);
}

static void golden_bytes(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    three_events(&out);
    static const char want[] = "GWL1\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\7\0\3\0\3one\0\0\0\5three";
    CU_ASSERT(gw_view_eq(gw_buf_view(&out), gw_view_make(want, sizeof(want) - 1)));
}

static void reads_what_was_written(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    three_events(&out);
    struct log_batch b;
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_OK);
    CU_ASSERT(b.head.epoch == UINT64_C(0x0123456789abcdef) && b.head.first == 7 && b.head.count == 3);
    static const char *const want[] = {"one", "", "three"};
    struct gw_view rest = b.bundle, event;
    size_t n = 0;
    while (log_bundle_next(&rest, &event))
        CU_ASSERT(n < 3 && gw_view_eq_str(event, want[n++]));
    CU_ASSERT_EQUAL(n, 3);
    rest = b.bundle;
    CU_ASSERT_EQUAL(log_bundle_take(&rest, 2).len, 7);
    CU_ASSERT_EQUAL(rest.len, 7);
    CU_ASSERT_EQUAL(log_bundle_take(&rest, 9).len, 7);
}

static void refuses_every_cut(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    three_events(&out);
    struct log_batch b;
    for (size_t len = 0; len < out.len; len++)
        CU_ASSERT_EQUAL(log_batch_parse(gw_view_make(out.ptr, len), &b, NULL), GW_INVALID);
    (void)gw_buf_add_u8(&out, 0);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_INVALID);
}

static void refuses_wrong_fields(void)
{
    static const struct {
        size_t offset;
        uint8_t value;
    } lies[] = {{0, 'g'}, {3, '2'}, {21, 2}, {21, 4}, {21, 0}, {20, 4}, {20, 255}, {12, 0x80}, {23, 4}, {22, 1}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf out;
        three_events(&out);
        out.ptr[lies[i].offset] = lies[i].value;
        struct log_batch b = {.head.epoch = 42};
        struct gw_err err = {0};
        CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, &err), GW_INVALID);
        CU_ASSERT_EQUAL(b.head.epoch, 42);
        CU_ASSERT(err.text[0] != '\0');
    }
}

static void refuses_epoch_0(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    three_events(&out);
    memset(out.ptr + 4, 0, 8);
    struct log_batch b;
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_INVALID);
}

static void sequence_numbers_end(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, LOG_BATCH_BYTES_MAX);
    struct log_batch_writer w;
    struct log_batch b;
    CU_ASSERT_EQUAL(log_batch_begin(&w, &out, 1, LOG_SEQ_MAX - 1), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("x")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_OK);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("x")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_OK);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_INVALID);
}

static void count_ceiling(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, LOG_BATCH_BYTES_MAX);
    struct log_batch_writer w;
    struct log_batch b;
    CU_ASSERT_EQUAL(log_batch_begin(&w, &out, 1, 0), GW_OK);
    for (size_t i = 0; i < LOG_BATCH_COUNT_MAX; i++)
        CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("x")), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("x")), GW_TOO_BIG);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_OK);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_OK);
    CU_ASSERT_EQUAL(b.head.count, LOG_BATCH_COUNT_MAX);
}

static void byte_ceiling(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf out, wide;
    gw_buf_init(&out, LOG_BATCH_BYTES_MAX);
    gw_buf_init(&wide, 2 * LOG_BATCH_BYTES_MAX);
    static const uint8_t event[LOG_BATCH_BYTES_MAX];
    struct log_batch_writer w;
    struct log_batch b;
    CU_ASSERT_EQUAL(log_batch_begin(&w, &out, 1, 0), GW_OK);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_INVALID);
    CU_ASSERT_EQUAL(log_batch_add(&w, gw_view_make(event, LOG_BATCH_BYTES_MAX - 23)), GW_TOO_BIG);
    CU_ASSERT_EQUAL(log_batch_add(&w, gw_view_make(event, LOG_BATCH_BYTES_MAX - 24)), GW_OK);
    CU_ASSERT_EQUAL(out.len, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL(log_batch_add(&w, GW_VIEW_LIT("")), GW_TOO_BIG);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_OK);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&out), &b, NULL), GW_OK);
    CU_ASSERT_EQUAL(log_batch_begin(&w, &wide, 1, 0), GW_OK);
    CU_ASSERT_EQUAL(log_batch_add(&w, gw_view_make(event, LOG_EVENT_MAX)), GW_OK);
    CU_ASSERT_EQUAL(log_batch_end(&w), GW_INVALID);
    CU_ASSERT_EQUAL(log_batch_parse(gw_buf_view(&wide), &b, NULL), GW_TOO_BIG);
}

static const struct gw_test_case cases[] = {
    {"is laid out as documented", golden_bytes},
    {"gives back what was written", reads_what_was_written},
    {"is refused when cut anywhere or followed by anything", refuses_every_cut},
    {"is refused with any wrong field, and leaves the result alone", refuses_wrong_fields},
    {"is refused with epoch 0", refuses_epoch_0},
    {"ends at the last sequence number", sequence_numbers_end},
    {"holds 1,024 events and not one more", count_ceiling},
    {"holds 64 KiB and not a byte more", byte_ceiling},
};

int main(void)
{
    return GW_TEST_RUN("log batch", cases);
}
