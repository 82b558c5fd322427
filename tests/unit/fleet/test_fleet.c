#include <stdio.h>
#include <string.h>

#include "bulk_hash.h"
#include "fleet_behaviour.h"
#include "fleet_keep.h"
#include "fleet_ledger.h"
#include "fleet_log.h"
#include "fleet_slots.h"
#include "fleet_stats.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"
#include "log_batch.h"
#include "log_start.h"
#include "unsynced_fs.h"

#define BATCH 10
#define BYTES 100

static struct fleet_event_maker maker;
static const struct gw_wall now = {1700000000000};

static void make(struct fleet_log *log, uint32_t events)
{
    fleet_log_make(log, &maker, "sim-00001", events, BYTES, now);
}

/* What a gateway would answer that holds the first `next` events of a log that made all of them. */
static struct ack ack_of(const struct fleet_log *log, uint64_t next)
{
    struct ack ack = {.epoch = log->epoch, .next_seq = next, .credit_bytes = 65536};
    struct merkle_range range;
    merkle_range_init(&range);
    for (uint32_t i = 0; i < log->count; i++) {
        struct log_batch batch;
        const struct fleet_batch *flying = &log->flight[(log->head + i) % FLEET_WINDOW_MAX];
        CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&flying->payload), &batch, NULL), GW_OK);
        struct gw_view event;
        while (range.size < next && log_bundle_next(&batch.bundle, &event)) {
            struct gw_sha256 leaf;
            bulk_hash_ops()->leaf(event, &leaf);
            CU_ASSERT_EQUAL(merkle_range_add(&range, bulk_hash_ops(), &leaf), GW_OK);
        }
    }
    merkle_range_root(&range, bulk_hash_ops(), &ack.root);
    return ack;
}

static void new_log(struct fleet_log *log)
{
    fleet_event_init(&maker);
    fleet_log_init(log, 4, true);
    fleet_log_begin(log, FLEET_NEW);
}

static void a_log_begins_with_its_start(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    new_log(&log);
    make(&log, 0);
    struct log_batch batch;
    struct gw_view event;
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&log.flight[0].payload), &batch, NULL), GW_OK);
    CU_ASSERT_EQUAL(batch.head.first, 0);
    CU_ASSERT_EQUAL(batch.head.count, 1);
    CU_ASSERT(log_bundle_next(&batch.bundle, &event) && log_start_check(event));
    make(&log, BATCH);
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&log.flight[1].payload), &batch, NULL), GW_OK);
    CU_ASSERT_EQUAL(batch.head.first, 1);
    CU_ASSERT_EQUAL(batch.head.count, BATCH);
    CU_ASSERT(log_bundle_next(&batch.bundle, &event));
    CU_ASSERT_EQUAL(event.len, BYTES);
}

static void an_acknowledgement_frees_what_it_covers(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    struct fleet_news news;
    new_log(&log);
    for (int i = 0; i < 4; i++)
        make(&log, BATCH);
    CU_ASSERT(fleet_log_full(&log));
    while (fleet_log_next(&log, false))
        fleet_log_sent(&log, 1000);
    struct ack ack = ack_of(&log, 2 * BATCH + 1);
    fleet_log_ack(&log, &ack, NULL, "", 3000, &news);
    CU_ASSERT_EQUAL(news.events, 2 * BATCH + 1);
    CU_ASSERT_EQUAL(news.batches, 2);
    CU_ASSERT_EQUAL(news.latency_us[1], 2000);
    CU_ASSERT_EQUAL(news.roots_checked, 1);
    CU_ASSERT_EQUAL(news.roots_wrong, 0);
    CU_ASSERT_EQUAL(log.count, 2);
    CU_ASSERT_EQUAL(log.sent, 2);
    fleet_log_ack(&log, &ack, NULL, "", 3000, &news); /* again: nothing more */
    CU_ASSERT_EQUAL(news.events, 0);
    CU_ASSERT_FALSE(news.new_epoch);
}

static void another_root_begins_a_new_epoch(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    struct fleet_news news;
    new_log(&log);
    make(&log, BATCH);
    uint64_t epoch = log.epoch;
    struct ack ack = ack_of(&log, BATCH + 1);
    ack.root.bytes[5] ^= 1;
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    CU_ASSERT_EQUAL(news.roots_wrong, 1);
    CU_ASSERT(news.new_epoch);
    CU_ASSERT_EQUAL(log.reason, FLEET_DIVERGED);
    CU_ASSERT_EQUAL(log.prev_epoch, epoch);
    CU_ASSERT_EQUAL(log.prev_next, BATCH + 1);
    CU_ASSERT_EQUAL(log.next, 0);
}

static void numbers_that_cannot_be_begin_a_new_epoch(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    struct fleet_news news;
    new_log(&log);
    make(&log, BATCH);
    struct ack ack = ack_of(&log, BATCH + 1);
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    ack.next_seq = BATCH;
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    CU_ASSERT(news.new_epoch);
    CU_ASSERT_EQUAL(log.reason, FLEET_GATEWAY_WENT_BACK);
    make(&log, BATCH);
    ack.epoch = log.epoch;
    ack.next_seq = BATCH + 2;
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    CU_ASSERT(news.new_epoch);
    CU_ASSERT_EQUAL(log.reason, FLEET_SPOOL_LOST);
}

static void an_earlier_log_is_no_reason_to_begin_again(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    struct fleet_news news;
    new_log(&log);
    make(&log, BATCH);
    struct ack ack = ack_of(&log, 0);
    ack.epoch ^= 1;
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    CU_ASSERT_FALSE(news.new_epoch);
    CU_ASSERT_EQUAL(log.count, 1);
}

static void credit_holds_batches_back(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    new_log(&log);
    make(&log, BATCH);
    make(&log, BATCH);
    log.credit_bytes = log.flight[0].payload.len;
    CU_ASSERT_PTR_NOT_NULL(fleet_log_next(&log, false));
    fleet_log_sent(&log, 1);
    CU_ASSERT_PTR_NULL(fleet_log_next(&log, false));
    fleet_log_rewind(&log);
    log.credit_bytes = 0;
    CU_ASSERT_PTR_NULL(fleet_log_next(&log, false));
    CU_ASSERT_PTR_NOT_NULL(fleet_log_next(&log, true)); /* one asks whether there is room again */
}

static void what_a_device_says_goes_alone_and_in_order(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    struct log_batch batch;
    new_log(&log);
    make(&log, BATCH);
    CU_ASSERT_EQUAL(fleet_log_say(&log, gw_view_str("{\"n\":1}")), GW_OK);
    CU_ASSERT_EQUAL(fleet_log_say(&log, gw_view_str("{\"n\":2}")), GW_OK);
    make(&log, BATCH); /* no fresh ones are among them */
    CU_ASSERT_EQUAL(log.next, BATCH + 1 + 2);
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&log.flight[1].payload), &batch, NULL), GW_OK);
    CU_ASSERT_EQUAL(batch.head.count, 2);
    CU_ASSERT(batch.bundle.len == 18 && memcmp(batch.bundle.ptr + 2, "{\"n\":1}", 7) == 0);
    CU_ASSERT_EQUAL(log.said_count, 0);
    size_t said = 0;
    while (fleet_log_say(&log, gw_view_str("{}")) == GW_OK)
        said++;
    CU_ASSERT_EQUAL(said, FLEET_SAID_EVENTS); /* and not one more */
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static void slots_go_where_the_images_are(void)
{
    struct fleet_slots s, again;
    char path[160], boot[JOB_REPORT_BOOT_MAX + 1];
    struct gw_err err = {0};
    (void)snprintf(path, sizeof(path), "%s/slots", gw_test_dir());
    fleet_slots_init(&s, "1.0.0", "0f2e", 17);
    CU_ASSERT_STRING_EQUAL(s.boot, "0f2e-17");
    memcpy(boot, s.boot, sizeof(boot));
    fleet_slots_install(&s, "2.0.0");
    GW_ASSERT_OK(fleet_slots_save(unsynced_fs(), path, &s, &err), &err);
    fleet_slots_boot(&s, false);
    CU_ASSERT_STRING_EQUAL(s.running, "2.0.0");
    CU_ASSERT_STRING_EQUAL(s.previous, "1.0.0");
    CU_ASSERT_STRING_NOT_EQUAL(s.boot, boot);
    CU_ASSERT(s.side);
    fleet_slots_fall_back(&s, "2.0.0");
    fleet_slots_boot(&s, false);
    CU_ASSERT_STRING_EQUAL(s.running, "1.0.0");
    CU_ASSERT_FALSE(s.side);
    GW_ASSERT_OK(fleet_slots_load(path, &again, &err), &err);
    CU_ASSERT_STRING_EQUAL(again.staged, "2.0.0");
    fleet_slots_boot(&again, true); /* does not take it */
    CU_ASSERT_STRING_EQUAL(again.running, "1.0.0");
    CU_ASSERT_STRING_EQUAL(again.staged, "");
}

static void damaged_slots_are_not_believed(void)
{
    static const char *const texts[] = {
        "", "1\n", "1\n-\n-\nboot\n", "1\n-\n-\nboot\n2\n", "-\n-\n-\nboot\n0\n", "1\n-\n-\nbo ot\n0\n"};
    char path[160];
    struct fleet_slots s = {.running = "7"};
    (void)snprintf(path, sizeof(path), "%s/slots", gw_test_dir());
    CU_ASSERT_EQUAL(fleet_slots_load(path, &s, NULL), GW_NOT_FOUND);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        GW_ASSERT_OK(gw_fs_replace(unsynced_fs(), path, gw_view_str(texts[i]), 0600, NULL), NULL);
        CU_ASSERT_EQUAL(fleet_slots_load(path, &s, NULL), GW_CORRUPT);
    }
    CU_ASSERT_STRING_EQUAL(s.running, "7");
}

static void a_lie_has_old_numbers_and_other_bytes(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    GW_CLEANUP(gw_buf_done) struct gw_buf truth, lie;
    struct fleet_news news;
    gw_buf_init(&truth, LOG_BATCH_BYTES_MAX);
    gw_buf_init(&lie, LOG_BATCH_BYTES_MAX);
    new_log(&log);
    CU_ASSERT_EQUAL(fleet_log_lie(&log, &maker, "sim-00001", BATCH, BYTES, &lie), GW_NOT_FOUND);
    make(&log, 0);
    make(&log, BATCH);
    CU_ASSERT_EQUAL(gw_buf_add_view(&truth, gw_buf_view(&log.flight[1].payload)), GW_OK);
    struct ack ack = ack_of(&log, BATCH + 1);
    fleet_log_ack(&log, &ack, NULL, "", 0, &news);
    gw_buf_reset(&lie);
    CU_ASSERT_EQUAL_FATAL(fleet_log_lie(&log, &maker, "sim-00001", BATCH, BYTES, &lie), GW_OK);
    struct log_batch a, b;
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&truth), &a, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(log_batch_parse(gw_buf_view(&lie), &b, NULL), GW_OK);
    CU_ASSERT_EQUAL(a.head.epoch, b.head.epoch);
    CU_ASSERT_EQUAL(a.head.first, b.head.first);
    CU_ASSERT_EQUAL(a.head.count, b.head.count);
    CU_ASSERT_FALSE(gw_view_eq(a.bundle, b.bundle));
}

/* ---- kept logs --------------------------------------------------------------------------------------------------- */

struct kept_list {
    struct fleet_kept kept[4];
    size_t count;
};

static void collect(void *ctx, const struct fleet_kept *kept)
{
    struct kept_list *list = ctx;
    if (list->count < 4)
        list->kept[list->count++] = *kept;
}

static void kept_logs_go_on_where_they_stood(void)
{
    GW_CLEANUP(fleet_log_done) struct fleet_log log, again;
    GW_CLEANUP(gw_buf_done) struct gw_buf file;
    gw_buf_init(&file, 65536);
    const struct gw_device_id id = {"sim-00001"};
    new_log(&log);
    make(&log, BATCH);
    fleet_keep_begin(&file);
    CU_ASSERT_EQUAL(fleet_keep_add(&file, &id, &log), GW_OK);
    static struct kept_list list;
    list.count = 0;
    CU_ASSERT_EQUAL_FATAL(fleet_keep_each(gw_buf_view(&file), collect, &list), GW_OK);
    CU_ASSERT_EQUAL_FATAL(list.count, 1);
    CU_ASSERT(gw_device_id_eq(&list.kept[0].id, &id));
    CU_ASSERT_EQUAL(list.kept[0].next, BATCH + 1);
    fleet_log_init(&again, 4, true);
    fleet_log_resume(&again, list.kept[0].epoch, list.kept[0].next, &list.kept[0].range);
    CU_ASSERT_EQUAL(again.epoch, log.epoch);
    CU_ASSERT_EQUAL(again.acked, BATCH + 1);
    make(&again, BATCH);
    make(&log, BATCH);
    CU_ASSERT_EQUAL(again.flight[0].first, log.flight[1].first);
    for (size_t len = 0; len + 1 < file.len; len++) /* a file cut anywhere is damaged, and nothing worse */
        CU_ASSERT(len == 4 || fleet_keep_each(gw_view_make(file.ptr, len), collect, &list) == GW_CORRUPT);
}

/* ---- behaviour --------------------------------------------------------------------------------------------------- */

static enum gw_rc load(const char *text, uint32_t first, uint32_t devices, struct fleet_behaviour *ret,
                       struct gw_err *err)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/behaviour.toml", gw_test_dir());
    GW_FCLOSE FILE *f = fopen(path, "we");
    CU_ASSERT_FATAL(f && fputs(text, f) >= 0 && fflush(f) == 0);
    return fleet_behaviour_load(path, first, devices, ret, err);
}

static size_t count_kind(const struct fleet_behaviour *b, enum fleet_kind kind)
{
    size_t n = 0;
    for (uint32_t i = 0; i < b->devices; i++)
        n += b->kind[i] == kind;
    return n;
}

static void deals_out_kinds_by_range_and_share(void)
{
    struct gw_err err = {0};
    GW_CLEANUP(fleet_behaviour_done) struct fleet_behaviour b = {0};
    GW_ASSERT_OK(load("[lie]\ndevices = [\"101\", \"105-107\"]\nevery_seconds = 3\n[flood]\nshare_pct = 10\n"
                      "[silent]\nshare_pct = 1\nfor_seconds = 9\n",
                      101, 50, &b, &err),
                 &err);
    CU_ASSERT_EQUAL(b.kind[0], FLEET_LIE);
    CU_ASSERT_EQUAL(b.kind[4], FLEET_LIE);
    CU_ASSERT_EQUAL(b.kind[6], FLEET_LIE);
    CU_ASSERT_EQUAL(count_kind(&b, FLEET_LIE), 4);
    CU_ASSERT_EQUAL(count_kind(&b, FLEET_FLOOD), 5);
    CU_ASSERT_EQUAL(count_kind(&b, FLEET_SILENT), 1); /* a share is never nobody */
    CU_ASSERT_EQUAL(count_kind(&b, FLEET_GOOD), 40);
    CU_ASSERT_EQUAL(b.conduct[FLEET_LIE].every_s, 3);
    CU_ASSERT_EQUAL(b.conduct[FLEET_SILENT].for_s, 9);
}

static void a_seed_deals_the_same_shares_to_others(void)
{
    static const char text[] =
        "[fails_install]\nshare_pct = 10\n[goes_silent]\ndevices = [\"7\"]\nat = \"downloaded\"\n"
        "[boots_old]\nsays = \"installed\"\n[deal]\nseed = ";
    char first[256], second[256];
    struct gw_err err = {0};
    GW_CLEANUP(fleet_behaviour_done) struct fleet_behaviour a = {0}, b = {0}, c = {0};
    (void)snprintf(first, sizeof(first), "%s11\n", text);
    (void)snprintf(second, sizeof(second), "%s12\n", text);
    GW_ASSERT_OK(load(first, 1, 100, &a, &err), &err);
    GW_ASSERT_OK(load(first, 1, 100, &b, &err), &err);
    GW_ASSERT_OK(load(second, 1, 100, &c, &err), &err);
    CU_ASSERT_EQUAL(count_kind(&a, FLEET_FAILS_INSTALL), 10);
    CU_ASSERT_EQUAL(count_kind(&c, FLEET_FAILS_INSTALL), 10);
    CU_ASSERT_EQUAL(memcmp(a.kind, b.kind, 100), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a.kind, c.kind, 100), 0);
    CU_ASSERT_EQUAL(a.kind[6], FLEET_GOES_SILENT);
    CU_ASSERT_EQUAL(a.conduct[FLEET_GOES_SILENT].at, JOB_STATE_DOWNLOADED);
    CU_ASSERT(a.conduct[FLEET_BOOTS_OLD].says_installed);
}

static void refuses_what_it_does_not_understand(void)
{
    static const char *const texts[] = {"[lie]\ndevices = [\"7-3\"]\n", "[lie]\ndevices = [\"x\"]\n",
                                        "[lie]\nshare_pct = 101\n",     "[goes_silent]\nat = \"home\"\n",
                                        "[lies]\nshare_pct = 1\n",      "[flood]\nmessages_per_second = 0\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct gw_err err = {0};
        struct fleet_behaviour b = {0};
        CU_ASSERT_EQUAL(load(texts[i], 1, 10, &b, &err), GW_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "behaviour.toml:"));
    }
}

/* ---- options and figures ----------------------------------------------------------------------------------------- */

static enum gw_rc parse(const char *const words[], struct fleet_options *ret)
{
    char *argv[24] = {(char *)(uintptr_t) "gatehouse-fleet"};
    int argc = 1;
    for (; words[argc - 1] && argc < 23; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return fleet_options_parse(argc, argv, ret, NULL);
}

static void understands_the_command_line(void)
{
    struct fleet_options o;
    const char *const good[] = {"--devices",         "1000",   "--gateway", "[::1]:7443",
                                "--logs-per-second", "5000",   "--state",   "x",
                                "--behaviour",       "b.toml", NULL};
    CU_ASSERT_EQUAL_FATAL(parse(good, &o), GW_OK);
    CU_ASSERT_EQUAL(o.devices, 1000);
    CU_ASSERT_STRING_EQUAL(o.host, "[::1]");
    CU_ASSERT_EQUAL(o.https_port, 7443);
    CU_ASSERT_EQUAL(o.mqtt_port, 8883);
    CU_ASSERT_EQUAL(o.events_per_s, 5000);
    CU_ASSERT_STRING_EQUAL(o.release, "1");
    const char *const update[] = {"--devices",    "1",  "--gateway",    "a",     "--state",       "x",
                                  "--vendor-key", "k1", "--vendor-key", "k2",    "--install-ms",  "20",
                                  "--reboot-ms",  "30", "--release",    "1.4.0", "--no-download", NULL};
    CU_ASSERT_EQUAL_FATAL(parse(update, &o), GW_OK);
    CU_ASSERT_EQUAL(o.vendor_key_count, 2);
    CU_ASSERT_EQUAL(o.install_ms, 20);
    CU_ASSERT_EQUAL(o.reboot_ms, 30);
    CU_ASSERT(o.no_download);
    const char *const bad[][8] = {
        {"--devices", "0", "--gateway", "a", "--state", "x", NULL},
        {"--devices", "1", "--gateway", "a b", "--state", "x", NULL},
        {"--devices", "1", "--gateway", "a:0", "--state", "x", NULL},
        {"--devices", "1", "--gateway", "a", NULL},
        {"--devices", "1", "--state", "x", NULL},
        {"--devices", "1", "--gateway", "a", "--state", "x", "more", NULL},
        {"--devices", "1", "--gateway", "a", "--state", "x", "--release=a b", NULL},
        {"--frobnicate", NULL},
        {"--devices", NULL},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_EQUAL(parse(bad[i], &o), GW_INVALID);
    const char *const large[] = {"--devices", "1",    "--gateway",     "a",   "--state", "x",
                                 "--batch",   "1000", "--event-bytes", "100", NULL};
    CU_ASSERT_EQUAL(parse(large, &o), GW_INVALID); /* no batch holds that */
}

static void percentiles_are_within_a_bucket(void)
{
    static struct fleet_histogram h;
    CU_ASSERT_EQUAL(fleet_histogram_at(&h, 50), 0);
    for (int64_t us = 1; us <= 100000; us++)
        fleet_histogram_add(&h, us);
    int64_t p50 = fleet_histogram_at(&h, 50), p99 = fleet_histogram_at(&h, 99);
    CU_ASSERT(p50 >= 48400 && p50 <= 50000);
    CU_ASSERT(p99 >= 95900 && p99 <= 99000);
    CU_ASSERT_EQUAL(h.max_us, 100000);
}

static void a_ledger_tells_what_was_sent_and_acknowledged(void)
{
    char path[192], want[512], root[2 * GW_SHA256_LEN + 1];
    struct gw_err err = {0};
    struct gw_device_id id;
    struct fleet_news news;
    int fd = -1;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str("sim-00001"), &id), GW_OK);
    (void)snprintf(path, sizeof(path), "%s/ledger", gw_test_dir());
    new_log(&log);
    make(&log, BATCH);
    const struct ack ack = ack_of(&log, BATCH + 1);
    for (int run = 0; run < 2; run++) { /* a second run goes on in the same file */
        GW_ASSERT_OK(fleet_ledger_open(path, &fd, &err), &err);
        if (run == 0)
            GW_ASSERT_OK(fleet_ledger_sent(fd, &id, &log, fleet_log_next(&log, false), &err), &err);
        fleet_log_ack(&log, &ack, NULL, "", 0, &news);
        if (run == 1)
            GW_ASSERT_OK(fleet_ledger_acked(fd, &id, &log, &err), &err);
        gw_cleanup_fd(&fd);
    }
    gw_hex_format(ack.root.bytes, GW_SHA256_LEN, root);
    (void)snprintf(want, sizeof(want), "sim-00001 %016llx sent 11 %s\nsim-00001 %016llx acked 11 -\n",
                   (unsigned long long)log.epoch, root, (unsigned long long)log.epoch);
    gw_buf_init(&text, sizeof(want));
    GW_ASSERT_OK(gw_fs_read_file(path, &text, &err), &err);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&text), want);
}

static void a_ledger_that_cannot_be_written_says_so(void)
{
    struct gw_err err = {0};
    struct gw_device_id id;
    int fd = -1;
    GW_CLEANUP(fleet_log_done) struct fleet_log log;
    CU_ASSERT_EQUAL_FATAL(gw_device_id_parse(gw_view_str("sim-00001"), &id), GW_OK);
    new_log(&log);
    make(&log, BATCH);
    CU_ASSERT_EQUAL(fleet_ledger_open("/nonexistent/ledger", &fd, &err), GW_NOT_FOUND);
    GW_ASSERT_OK(fleet_ledger_open(NULL, &fd, &err), &err); /* none is wanted */
    CU_ASSERT_EQUAL(fleet_ledger_sent(fd, &id, &log, fleet_log_next(&log, false), &err), GW_OK);
    GW_ASSERT_OK(fleet_ledger_open("/dev/full", &fd, &err), &err);
    CU_ASSERT_EQUAL(fleet_ledger_sent(fd, &id, &log, fleet_log_next(&log, false), &err), GW_NO_SPACE);
    gw_cleanup_fd(&fd);
}

static const struct gw_test_case cases[] = {
    {"a log begins with its start", a_log_begins_with_its_start},
    {"an acknowledgement frees what it covers", an_acknowledgement_frees_what_it_covers},
    {"another root begins a new epoch", another_root_begins_a_new_epoch},
    {"numbers that cannot be begin a new epoch", numbers_that_cannot_be_begin_a_new_epoch},
    {"word of an earlier log is no reason to begin again", an_earlier_log_is_no_reason_to_begin_again},
    {"credit holds batches back", credit_holds_batches_back},
    {"a lie has old numbers and other bytes", a_lie_has_old_numbers_and_other_bytes},
    {"kept logs go on where they stood", kept_logs_go_on_where_they_stood},
    {"a ledger tells what was sent and acknowledged", a_ledger_tells_what_was_sent_and_acknowledged},
    {"a ledger that cannot be written says so", a_ledger_that_cannot_be_written_says_so},
    {"deals out kinds by range and share", deals_out_kinds_by_range_and_share},
    {"a seed deals the same shares to other devices", a_seed_deals_the_same_shares_to_others},
    {"what a device says goes alone and in order", what_a_device_says_goes_alone_and_in_order},
    {"slots go where the images are", slots_go_where_the_images_are},
    {"damaged slots are not believed", damaged_slots_are_not_believed},
    {"refuses a behaviour that it does not understand", refuses_what_it_does_not_understand},
    {"understands the command line", understands_the_command_line},
    {"percentiles are within a bucket", percentiles_are_within_a_bucket},
};

int main(void)
{
    return GW_TEST_RUN("simulated fleet", cases);
}
