/* A real auth.log of 7,121 lines through the journal: kept to the byte, provable, sealed, small. */
#include <inttypes.h>
#include <stdio.h>

#include "bulk_hash.h"
#include "classify.h"
#include "event_view.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "journal_kit.h"
#include "journal_severity.h"
#include "merkle_range.h"
#include "whole.h"

#define LINES 7121
#define BATCH 50

struct replay {
    struct gw_view rest; /* of the file */
    uint64_t lines;
    unsigned different;
    unsigned failed_logins;
    struct merkle_range range;
};

static bool compare_line(void *ctx, const struct journal_event *event)
{
    struct replay *r = ctx;
    struct gw_view line = gw_view_cut(r->rest, '\n', &r->rest);
    r->different += !gw_view_eq(line, event->bytes) || event->seq != r->lines;
    r->lines++;
    struct gw_sha256 leaf;
    bulk_hash_ops()->leaf(line, &leaf);
    if (merkle_range_add(&r->range, bulk_hash_ops(), &leaf))
        return false;
    struct event_view v;
    event_view_parse(event->bytes, event->arrived, &v);
    event_refine(&v);
    r->failed_logins += strcmp(v.cls, "auth.login") == 0 && v.has_res && v.res == EVENT_FAIL;
    r->different += v.format != EVENT_RFC3164 || journal_severity(event->bytes) != v.sev;
    return true;
}

static void ship(struct kit *kit, struct gw_view text)
{
    uint64_t seq = 0;
    while (text.len > 0) {
        GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
        gw_buf_init(&bundle, LOG_BATCH_BYTES_MAX);
        uint32_t count = 0;
        for (; count < BATCH && text.len > 0; count++)
            (void)log_bundle_add(&bundle, gw_view_cut(text, '\n', &text));
        struct journal_item item = kit_batch("gate-1", 5, seq, count, gw_buf_view(&bundle));
        item = kit_commit(kit, item);
        CU_ASSERT_EQUAL(item.stored, count);
        seq += count;
    }
}

static void auth_log(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    char path[512];
    gw_buf_init(&file, 4 << 20);
    const char *data = gw_test_shared_data();
    (void)snprintf(path, sizeof(path), "%s/logs/auth.log", data ? data : "");
    if (!data || gw_fs_read_file(path, &file, NULL)) {
        gw_test_skip("the shared data is not there");
        return;
    }
    struct kit kit;
    kit_open(&kit);
    ship(&kit, gw_buf_view(&file));
    struct gw_err err = {0};
    kit_reopen(&kit);
    GW_ASSERT_OK(whole_journal(kit.db, &err), &err);
    struct replay r = {.rest = gw_buf_view(&file)};
    merkle_range_init(&r.range);
    struct journal_span span = {kit_log("gate-1", 5), 0, UINT64_MAX};
    GW_ASSERT_OK(kit.port.ops->read(kit.port.self, &span, compare_line, &r, &err), &err);
    CU_ASSERT_EQUAL(r.lines, LINES);
    CU_ASSERT_EQUAL(r.different, 0);
    CU_ASSERT(r.failed_logins > 1000);
    struct gw_sha256 want, have;
    merkle_range_root(&r.range, bulk_hash_ops(), &want);
    GW_ASSERT_OK(kit.port.ops->root_at(kit.port.self, &span.log, LINES, &have, &err), &err);
    CU_ASSERT(gw_sha256_eq(&want, &have));
    struct journal_stats stats;
    GW_ASSERT_OK(kit.port.ops->stats(kit.port.self, &stats, &err), &err);
    CU_ASSERT_EQUAL(stats.bundles, LINES / 256);
    CU_ASSERT(stats.bundle_bytes * 5 < stats.bundle_raw_bytes);
    printf("#   auth.log: %" PRIu64 " sealed bundles, %" PRIu64 " bytes became %" PRIu64 ": %.1f to 1\n", stats.bundles,
           stats.bundle_raw_bytes, stats.bundle_bytes, (double)stats.bundle_raw_bytes / (double)stats.bundle_bytes);
    printf("#   auth.log: %u failed logins recognised\n", r.failed_logins);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"keeps a real auth.log to the byte, provable, sealed and small", auth_log},
};

int main(void)
{
    return GW_TEST_RUN("journal auth log", cases);
}
