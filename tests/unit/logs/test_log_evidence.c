/* A batch against its log: where it parts, whatever bytes it holds; tiles that are none. */
#include <stdio.h>
#include <string.h>

#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "log_evidence.h"
#include "tile_path.h"

#define SIZE 600 /* events of the log: two tiles and a part */

/* The log: event n is "event n". */
struct tiles {
    unsigned fetched;
    size_t cut; /* bytes that each tile lacks */
    enum gw_rc rc;
};

static size_t event_text(uint64_t seq, char out[64])
{
    return (size_t)snprintf(out, 64, "event %llu", (unsigned long long)seq);
}

static enum gw_rc fetch(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err)
{
    struct tiles *t = ctx;
    struct tile_path path;
    t->fetched++;
    if (t->rc)
        return gw_err_set(err, t->rc, "not to be had");
    CU_ASSERT_EQUAL_FATAL(tile_path_parse(gw_view_str(file), &path), GW_OK);
    CU_ASSERT_FATAL(!path.entries && path.level == 0 && path.index * TILE_WIDTH + path.width <= SIZE);
    for (uint64_t i = 0; i < path.width; i++) {
        char text[64];
        struct gw_sha256 leaf;
        crypto_sha256()->leaf(gw_view_make(text, event_text(path.index * TILE_WIDTH + i, text)), &leaf);
        (void)gw_buf_add(ret_bytes, leaf.bytes, sizeof(leaf.bytes));
    }
    ret_bytes->len -= t->cut;
    return GW_OK;
}

/* Events as the log has them, but for the numbers that `other` is given for. */
static void make(struct gw_buf *bytes, uint64_t first, uint32_t count, uint64_t but, struct gw_view other)
{
    struct log_batch_writer w;
    gw_buf_init(bytes, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, bytes, 7, first), GW_OK);
    for (uint64_t seq = first; seq < first + count; seq++) {
        char text[64];
        size_t len = event_text(seq, text);
        CU_ASSERT_EQUAL_FATAL(log_batch_add(&w, seq == but ? other : gw_view_make(text, len)), GW_OK);
    }
    CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
}

static struct log_evidence_event events[LOG_BATCH_COUNT_MAX];

static enum gw_rc compare(const struct gw_buf *bytes, uint64_t size, struct tiles *tiles, struct gw_err *err)
{
    struct log_batch b;
    const struct log_source source = {tiles, fetch};
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(bytes), &b, NULL), GW_OK);
    memset(events, 0, sizeof(events));
    return log_evidence_compare(&b, size, &source, crypto_sha256(), events, err);
}

static void tells_each_event_apart(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    struct tiles tiles = {.rc = GW_OK};
    struct gw_err err = {0};
    struct gw_sha256 leaf;
    make(&bytes, 250, 360, 511, gw_view_make("a\0\xff\x1b[2J", 7)); /* over both ends of a tile and of the log */
    GW_ASSERT_OK(compare(&bytes, SIZE, &tiles, &err), &err);
    for (uint64_t i = 0; i < 360; i++) {
        enum log_evidence_stored wanted = i + 250 == 511    ? LOG_EVIDENCE_DIFFERS
                                          : i + 250 >= SIZE ? LOG_EVIDENCE_NONE
                                                            : LOG_EVIDENCE_SAME;
        CU_ASSERT_EQUAL(events[i].seq, 250 + i);
        CU_ASSERT_EQUAL(events[i].stored, wanted);
    }
    crypto_sha256()->leaf(gw_view_make("a\0\xff\x1b[2J", 7), &leaf);
    CU_ASSERT(events[261].len == 7 && gw_sha256_eq(&events[261].leaf, &leaf));
    CU_ASSERT_EQUAL(tiles.fetched, 3); /* each once */
    CU_ASSERT_STRING_EQUAL(log_evidence_text(LOG_EVIDENCE_DIFFERS), "differs");
}

/* As many events as there can be, all empty; and numbers as high as there can be. */
static void the_largest_batches_fit(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes, high;
    struct tiles tiles = {.rc = GW_OK};
    struct gw_err err = {0};
    struct log_batch_writer w;
    gw_buf_init(&bytes, LOG_BATCH_BYTES_MAX);
    CU_ASSERT_EQUAL_FATAL(log_batch_begin(&w, &bytes, 7, 0), GW_OK);
    for (int i = 0; i < LOG_BATCH_COUNT_MAX; i++)
        CU_ASSERT_EQUAL_FATAL(log_batch_add(&w, gw_view_make(NULL, 0)), GW_OK);
    CU_ASSERT_EQUAL_FATAL(log_batch_end(&w), GW_OK);
    GW_ASSERT_OK(compare(&bytes, SIZE, &tiles, &err), &err);
    CU_ASSERT(events[0].stored == LOG_EVIDENCE_DIFFERS && events[SIZE - 1].stored == LOG_EVIDENCE_DIFFERS);
    CU_ASSERT(events[SIZE].stored == LOG_EVIDENCE_NONE && events[LOG_BATCH_COUNT_MAX - 1].seq == 1023);
    tiles.fetched = 0;
    make(&high, LOG_SEQ_MAX - 1, 1, 0, gw_view_make(NULL, 0));
    GW_ASSERT_OK(compare(&high, SIZE, &tiles, &err), &err);
    CU_ASSERT(events[0].stored == LOG_EVIDENCE_NONE && tiles.fetched == 0);
}

static void a_tile_that_is_none_is_an_error(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    struct tiles cut = {.cut = 1}, gone = {.rc = GW_IO};
    struct gw_err err = {0};
    make(&bytes, 590, 2, 590, GW_VIEW_LIT("other"));
    CU_ASSERT_EQUAL(compare(&bytes, SIZE, &cut, &err), GW_CORRUPT);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "tile/0/002.p/88 has 2815 bytes, not 2816"));
    CU_ASSERT_EQUAL(compare(&bytes, SIZE, &gone, &err), GW_IO);
}

static const struct gw_test_case cases[] = {
    {"tells each event apart", tells_each_event_apart},
    {"the largest batches fit", the_largest_batches_fit},
    {"a tile that is none is an error", a_tile_that_is_none_is_an_error},
};

int main(void)
{
    return GW_TEST_RUN("log evidence", cases);
}
