/* The port's contract: what is accepted, what can be read back, and that every tree says the same. */
#include <stdio.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "journal_kit.h"
#include "whole.h"

static void verify(struct kit *kit)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(whole_journal(kit->db, &err), &err);
}

static void keeps_what_it_accepts(void)
{
    struct kit kit;
    kit_open(&kit);
    uint64_t next = 0;
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t count = 1 + i * 7 % 60;
        struct journal_item item = kit_send(&kit, "pump-1", 0xa1, next, count);
        CU_ASSERT_EQUAL(item.verdict, i == 0 ? LOG_NEW_EPOCH : LOG_ACCEPT);
        CU_ASSERT_EQUAL(item.stored, count);
        next += count;
        CU_ASSERT(item.has_position && item.after.next == next);
        struct gw_sha256 root = kit_root("pump-1", 0xa1, next);
        CU_ASSERT(gw_sha256_eq(&item.after.root, &root));
        CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 0xa1, UINT64_MAX), next);
    }
    verify(&kit);
    kit_reopen(&kit);
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 0xa1, UINT64_MAX), next);
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT(stats.events == next && stats.bundles == next / 256 && stats.bundle_bytes < stats.bundle_raw_bytes);
    kit_close(&kit);
}

/* The row that holds a bundle's last event goes when it holds nothing else, and not before. */
static void batches_across_a_bundles_end(void)
{
    struct kit kit;
    kit_open(&kit);
    for (uint32_t beyond = 0; beyond < 4; beyond++) {
        char device[16];
        (void)snprintf(device, sizeof(device), "pump-%u", beyond);
        (void)kit_send(&kit, device, 1, 0, 250);
        CU_ASSERT_EQUAL(kit_send(&kit, device, 1, 250, 6 + beyond).after.next, 256 + beyond);
        CU_ASSERT_EQUAL(kit_count_good(&kit.port, device, 1, UINT64_MAX), 256 + beyond);
    }
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT(stats.bundles == 4 && stats.inbox_rows == 3);
    verify(&kit);
    kit_close(&kit);
}

static void overlap_and_gaps(void)
{
    struct kit kit;
    kit_open(&kit);
    (void)kit_send(&kit, "pump-1", 1, 0, 10);
    struct journal_item item = kit_send(&kit, "pump-1", 1, 0, 10);
    CU_ASSERT(item.verdict == LOG_DUPLICATE && item.stored == 0 && item.after.next == 10);
    item = kit_send(&kit, "pump-1", 1, 5, 10);
    CU_ASSERT(item.verdict == LOG_ACCEPT && item.stored == 5 && item.after.next == 15);
    item = kit_send(&kit, "pump-1", 1, 16, 1);
    CU_ASSERT(item.verdict == LOG_GAP && item.stored == 0 && item.after.next == 15);
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 1, 100), 15);
    verify(&kit);
    kit_close(&kit);
}

static void unknown_epochs(void)
{
    struct kit kit;
    kit_open(&kit);
    struct journal_item item = kit_send(&kit, "pump-1", 7, 3, 2);
    CU_ASSERT(item.verdict == LOG_UNKNOWN_EPOCH && !item.has_position);
    struct journal_position at;
    struct gw_device_id id = kit_device("pump-1");
    CU_ASSERT_EQUAL(kit.port.ops->position(kit.port.self, &id, &at, NULL), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 1, 0, 5).verdict, LOG_NEW_EPOCH);
    item = kit_send(&kit, "pump-1", 2, 0, 3);
    CU_ASSERT(item.verdict == LOG_NEW_EPOCH && item.reported && item.after.next == 3 && item.after.log.epoch == 2);
    item = kit_send(&kit, "pump-1", 1, 5, 5); /* goes on with the closed one */
    CU_ASSERT(item.verdict == LOG_CLOSED_EPOCH && item.after.log.epoch == 2 && item.after.next == 3);
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 1, 100), 5);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 3, 0, 1).verdict, LOG_NEW_EPOCH);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 4, 0, 1).verdict, LOG_NEW_EPOCH);
    item = kit_send(&kit, "pump-1", 5, 0, 1); /* the fifth of this day */
    CU_ASSERT(item.verdict == LOG_EPOCH_LIMIT && item.reported && item.stored == 0);
    item = kit_send(&kit, "pump-1", 5, 0, 1);
    CU_ASSERT(item.verdict == LOG_EPOCH_LIMIT && !item.reported);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-2", 5, 0, 1).verdict, LOG_NEW_EPOCH);
    verify(&kit);
    kit_close(&kit);
}

static void refuses_a_start_that_is_none(void)
{
    struct kit kit;
    kit_open(&kit);
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, 1024);
    kit_events(&bundle, "pump-1", 1, 0, 2);
    struct journal_item item = kit_batch("pump-1", 1, 0, 2, gw_buf_view(&bundle));
    item.has_start = false;
    CU_ASSERT_EQUAL(kit_commit(&kit, item).verdict, LOG_UNKNOWN_EPOCH);
    kit_close(&kit);
}

static struct journal_item send_text(struct kit *kit, uint64_t first, const char *text)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, 1024);
    (void)log_bundle_add(&bundle, gw_view_str(text));
    return kit_commit(kit, kit_batch("pump-1", 1, first, 1, gw_buf_view(&bundle)));
}

static void equivocation(void)
{
    struct kit kit;
    kit_open(&kit);
    for (uint64_t first = 0; first < 2000; first += 100)
        (void)kit_send(&kit, "pump-1", 1, first, 100);
    struct gw_sha256 root = kit_root("pump-1", 1, 2000);
    struct journal_item item = send_text(&kit, 1999, "another 1999");
    CU_ASSERT(item.verdict == LOG_EQUIVOCATION && item.reported && gw_sha256_eq(&item.after.root, &root));
    item = send_text(&kit, 2000 - 1024, "another, the oldest that is compared");
    CU_ASSERT(item.verdict == LOG_EQUIVOCATION && !item.reported);
    CU_ASSERT_EQUAL(item.unread, 0);
    item = send_text(&kit, 2000 - 1025, "older than what is compared");
    CU_ASSERT(item.verdict == LOG_DUPLICATE && item.unread == 1);
    struct log_batch_head head;
    GW_CLEANUP(gw_buf_done) struct gw_buf kept;
    gw_buf_init(&kept, 65536);
    struct log_id log = kit_log("pump-1", 1);
    CU_ASSERT_EQUAL(kit.port.ops->evidence(kit.port.self, &log, &head, &kept, NULL), GW_OK);
    CU_ASSERT(head.first == 1999 && head.count == 1 &&
              gw_view_eq_str(gw_view_make(kept.ptr + 2, kept.len - 2), "another 1999"));
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT(stats.evidence == 1 && stats.unread == 1);
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-1", 1, 5000), 2000);
    CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 1, 2000, 3).verdict, LOG_ACCEPT);
    verify(&kit);
    kit_close(&kit);
}

static bool collect(void *ctx, const struct journal_event *event)
{
    struct gw_buf *out = ctx;
    (void)gw_buf_add_view(out, event->bytes);
    return gw_buf_add_u8(out, '\n') == GW_OK;
}

static struct journal_item line(const char *device, const char *text)
{
    return (struct journal_item){
        .kind = JOURNAL_LINE, .device = kit_device(device), .arrived = {5}, .text = gw_view_str(text)};
}

static struct journal_item audit(int64_t n, const char *text)
{
    return (struct journal_item){.kind = JOURNAL_AUDIT, .audit_n = n, .arrived = {6}, .text = gw_view_str(text)};
}

static void lines_and_audit(void)
{
    struct kit kit;
    kit_open(&kit);
    struct journal_item item = kit_commit(&kit, line("pump-1", "hello"));
    CU_ASSERT(item.verdict == LOG_ACCEPT && item.after.next == 1 && item.after.log.kind == LOG_LINE);
    struct journal_item items[4] = {audit(3, "three"), line("pump-1", "again"), audit(3, "three"), audit(7, "seven")};
    size_t taken = 0;
    CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, items, 4, &taken, NULL), GW_OK);
    CU_ASSERT(taken == 4 && items[0].verdict == LOG_ACCEPT && items[2].verdict == LOG_DUPLICATE);
    CU_ASSERT(items[3].verdict == LOG_ACCEPT && items[3].after.next == 2);
    kit_reopen(&kit);
    item = kit_commit(&kit, audit(7, "seven"));
    CU_ASSERT(item.verdict == LOG_DUPLICATE && item.after.next == 2);
    GW_CLEANUP(gw_buf_done) struct gw_buf out;
    gw_buf_init(&out, 1024);
    struct journal_span span = {item.after.log, 0, 10};
    CU_ASSERT_EQUAL(kit.port.ops->read(kit.port.self, &span, collect, &out, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&out), "three\nseven\n");
    verify(&kit);
    kit_close(&kit);
}

static void run_is_all_or_nothing(void)
{
    struct kit kit;
    kit_open(&kit);
    struct journal_item items[2] = {line("pump-1", "good"), line("pump-1", "bad")};
    items[1].device = (struct gw_device_id){{0}};
    size_t taken = 0;
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, items, 2, &taken, &err), GW_INVALID);
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT(stats.events == 0 && stats.logs == 0);
    static uint8_t big[JOURNAL_EVENT_MAX + 1];
    items[0].text = gw_view_make(big, sizeof(big));
    CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, items, 1, &taken, &err), GW_INVALID);
    struct journal_item batch = kit_batch("pump-1", 1, 0, 3, GW_VIEW_LIT("\0\1a"));
    CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, &batch, 1, &taken, &err), GW_INVALID);
    kit_close(&kit);
}

static void takes_four_mebibytes(void)
{
    struct kit kit;
    kit_open(&kit);
    static uint8_t text[60000];
    struct journal_item items[80];
    for (size_t i = 0; i < 80; i++) {
        items[i] = line("pump-1", "");
        items[i].text = gw_view_make(text, sizeof(text));
    }
    size_t taken = 0;
    CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, items, 80, &taken, NULL), GW_OK);
    CU_ASSERT_EQUAL(taken, JOURNAL_COMMIT_BYTES / sizeof(text));
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT_EQUAL(stats.events, taken);
    kit_close(&kit);
}

/* 256 events as long and as random as a device can make them still fit one sealed row. */
static void largest_bundle_is_sealed(void)
{
    struct kit kit;
    kit_open(&kit);
    uint8_t *noise = gw_xalloc(1, JOURNAL_EVENT_MAX);
    for (uint32_t i = 0; i < 256; i++) {
        GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
        gw_buf_init(&bundle, LOG_BATCH_BYTES_MAX);
        gw_random(noise, JOURNAL_EVENT_MAX);
        CU_ASSERT_EQUAL(log_bundle_add(&bundle, gw_view_make(noise, JOURNAL_EVENT_MAX)), GW_OK);
        struct journal_item item = kit_batch("pump-1", 1, i, 1, gw_buf_view(&bundle));
        CU_ASSERT_EQUAL(kit_commit(&kit, item).stored, 1);
    }
    free(noise);
    struct journal_stats stats;
    CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
    CU_ASSERT(stats.bundles == 1 && stats.inbox_rows == 0);
    verify(&kit);
    kit_close(&kit);
}

static void fill(struct kit *kit, const char *device, uint64_t events)
{
    for (uint64_t first = 0; first < events; first += 100)
        (void)kit_send(kit, device, 1, first, (uint32_t)(events - first < 100 ? events - first : 100));
}

static void tiles(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit, "pump-1", 1000);
    struct log_id log = kit_log("pump-1", 1);
    GW_CLEANUP(gw_buf_done) struct gw_buf tile, entries, want;
    gw_buf_init(&tile, 65536);
    gw_buf_init(&entries, 65536);
    gw_buf_init(&want, 65536);
    const struct {
        struct tile_path path;
        enum gw_rc rc;
        size_t len;
    } asks[] = {
        {{false, 0, 0, 256}, GW_OK, 8192},     {{false, 0, 3, 232}, GW_OK, 232 * 32},
        {{false, 0, 3, 233}, GW_NOT_FOUND, 0}, {{false, 1, 0, 3}, GW_OK, 96},
        {{false, 1, 0, 4}, GW_NOT_FOUND, 0},   {{false, 2, 0, 1}, GW_NOT_FOUND, 0},
        {{false, 0, 9, 1}, GW_NOT_FOUND, 0},
    };
    for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
        gw_buf_reset(&tile);
        CU_ASSERT_EQUAL(kit.port.ops->tile(kit.port.self, &log, &asks[i].path, &tile, NULL), asks[i].rc);
        CU_ASSERT_EQUAL(tile.len, asks[i].len);
    }
    struct tile_path second = {.entries = true, .index = 1, .width = 256};
    CU_ASSERT_EQUAL(kit.port.ops->tile(kit.port.self, &log, &second, &entries, NULL), GW_OK);
    kit_events(&want, "pump-1", 1, 256, 256);
    CU_ASSERT(gw_view_eq(gw_buf_view(&entries), gw_buf_view(&want)));
    kit_close(&kit);
}

static void proofs(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit, "pump-1", 900);
    struct log_id log = kit_log("pump-1", 1);
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 700, 768, 899, 900};
    for (size_t a = 0; a < sizeof(sizes) / sizeof(sizes[0]); a++) {
        struct merkle_head to = {sizes[a], kit_root("pump-1", 1, sizes[a])};
        struct gw_sha256 root;
        CU_ASSERT_EQUAL(kit.port.ops->root_at(kit.port.self, &log, sizes[a], &root, NULL), GW_OK);
        CU_ASSERT(gw_sha256_eq(&root, &to.root));
        for (size_t b = 0; b <= a; b++) {
            struct merkle_head from = {sizes[b], kit_root("pump-1", 1, sizes[b])};
            struct merkle_proof proof;
            CU_ASSERT_EQUAL_FATAL(
                kit.port.ops->prove_consistency(kit.port.self, &log, from.size, to.size, &proof, NULL), GW_OK);
            CU_ASSERT_EQUAL(merkle_check_consistency(bulk_hash_ops(), &proof, &from, &to), GW_OK);
        }
    }
    struct gw_sha256 leaf, root = kit_root("pump-1", 1, 900);
    GW_CLEANUP(gw_buf_done) struct gw_buf event;
    gw_buf_init(&event, 1024);
    kit_events(&event, "pump-1", 1, 300, 1);
    bulk_hash_ops()->leaf(gw_view_make(event.ptr + 2, event.len - 2), &leaf);
    struct merkle_proof proof;
    CU_ASSERT_EQUAL(kit.port.ops->prove_inclusion(kit.port.self, &log, 300, 900, &proof, NULL), GW_OK);
    CU_ASSERT_EQUAL(merkle_check_inclusion(bulk_hash_ops(), &proof, 300, &leaf, 900, &root), GW_OK);
    CU_ASSERT_EQUAL(kit.port.ops->prove_inclusion(kit.port.self, &log, 900, 900, &proof, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(kit.port.ops->root_at(kit.port.self, &log, 901, &root, NULL), GW_INVALID);
    log.epoch = 99;
    CU_ASSERT_EQUAL(kit.port.ops->root_at(kit.port.self, &log, 1, &root, NULL), GW_NOT_FOUND);
    kit_close(&kit);
}

#define CROWD 30

/* Thirty logs that fill up together: a commit seals a part of them, and what waits stays little. */
static void sealing_keeps_up(void)
{
    struct kit kit;
    kit_open(&kit);
    for (uint64_t round = 0; round < 30; round++) {
        struct journal_item items[CROWD];
        struct gw_buf bundles[CROWD];
        size_t taken = 0;
        for (int d = 0; d < CROWD; d++) {
            char device[16];
            (void)snprintf(device, sizeof(device), "pump-%d", d);
            gw_buf_init(&bundles[d], LOG_BATCH_BYTES_MAX);
            kit_events(&bundles[d], device, 1, round * 100, 100);
            items[d] = kit_batch(device, 1, round * 100, 100, gw_buf_view(&bundles[d]));
        }
        CU_ASSERT_EQUAL(kit.port.ops->commit(kit.port.self, items, CROWD, &taken, NULL), GW_OK);
        CU_ASSERT_EQUAL(taken, CROWD);
        for (int d = 0; d < CROWD; d++)
            gw_buf_done(&bundles[d]);
        struct journal_stats stats;
        CU_ASSERT_EQUAL(kit.port.ops->stats(kit.port.self, &stats, NULL), GW_OK);
        CU_ASSERT(stats.events - 256 * stats.bundles < CROWD * 512);
    }
    CU_ASSERT_EQUAL(kit_count_good(&kit.port, "pump-7", 1, UINT64_MAX), 3000);
    verify(&kit);
    kit_close(&kit);
}

/* More than 65,536 events: a tile of level 2, and proofs across it. */
static void second_level(void)
{
    struct kit kit;
    kit_open(&kit);
    const uint64_t events = 65 * UINT64_C(1024);
    for (uint64_t first = 0; first < events; first += 1024)
        CU_ASSERT_EQUAL(kit_send(&kit, "pump-1", 1, first, 1024).stored, 1024);
    struct log_id log = kit_log("pump-1", 1);
    struct tile_path top = {.level = 2, .width = 1}, below = {.level = 1, .width = 256};
    GW_CLEANUP(gw_buf_done) struct gw_buf tile, nodes;
    gw_buf_init(&tile, 64);
    gw_buf_init(&nodes, 65536);
    CU_ASSERT_EQUAL(kit.port.ops->tile(kit.port.self, &log, &top, &tile, NULL), GW_OK);
    CU_ASSERT_EQUAL(kit.port.ops->tile(kit.port.self, &log, &below, &nodes, NULL), GW_OK);
    struct gw_sha256 root = kit_root("pump-1", 1, 65536);
    CU_ASSERT(tile.len == 32 && memcmp(tile.ptr, root.bytes, 32) == 0);
    root = kit_root("pump-1", 1, 256);
    CU_ASSERT(nodes.len == 8192 && memcmp(nodes.ptr, root.bytes, 32) == 0);
    struct gw_sha256 told;
    root = kit_root("pump-1", 1, 66000);
    CU_ASSERT_EQUAL(kit.port.ops->root_at(kit.port.self, &log, 66000, &told, NULL), GW_OK);
    CU_ASSERT(gw_sha256_eq(&told, &root));
    struct merkle_head from = {40000, kit_root("pump-1", 1, 40000)}, to = {events, kit_root("pump-1", 1, events)};
    struct merkle_proof proof;
    CU_ASSERT_EQUAL(kit.port.ops->prove_consistency(kit.port.self, &log, from.size, to.size, &proof, NULL), GW_OK);
    CU_ASSERT_EQUAL(merkle_check_consistency(bulk_hash_ops(), &proof, &from, &to), GW_OK);
    verify(&kit);
    kit_close(&kit);
}

static void origins(void)
{
    char text[LOG_ORIGIN_MAX];
    struct log_id id = kit_log("pump-1", 0xabc);
    CU_ASSERT_EQUAL(log_id_origin(&id, "gw-1", text), GW_OK);
    CU_ASSERT_STRING_EQUAL(text, "gw-1/dev/pump-1/0000000000000abc");
    id.kind = LOG_LINE;
    CU_ASSERT_EQUAL(log_id_origin(&id, "gw-1", text), GW_OK);
    CU_ASSERT_STRING_EQUAL(text, "gw-1/dev/pump-1/line/0000000000000abc");
    id = (struct log_id){.kind = LOG_AUDIT, .epoch = UINT64_MAX};
    CU_ASSERT_EQUAL(log_id_origin(&id, "gw-1", text), GW_OK);
    CU_ASSERT_STRING_EQUAL(text, "gw-1/audit/ffffffffffffffff");
    id.kind = LOG_ROOT;
    CU_ASSERT_EQUAL(log_id_origin(&id, "gw-1", text), GW_OK);
    CU_ASSERT_STRING_EQUAL(text, "gw-1/root/ffffffffffffffff");
    CU_ASSERT_EQUAL(log_id_origin(&id, "", text), GW_INVALID);
}

struct logs_seen {
    unsigned count;
    struct journal_log last;
};

static bool see_log(void *ctx, const struct journal_log *log)
{
    struct logs_seen *seen = ctx;
    seen->count++;
    seen->last = *log;
    return true;
}

struct first_seen {
    struct journal_log log;
    bool seen;
};

static bool see_first(void *ctx, const struct journal_log *log)
{
    *(struct first_seen *)ctx = (struct first_seen){*log, true};
    return false;
}

static void checkpoints(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit, "pump-1", 300);
    struct logs_seen seen = {0};
    CU_ASSERT_EQUAL(kit.port.ops->unsigned_each(kit.port.self, NULL, see_log, &seen, NULL), GW_OK);
    CU_ASSERT(seen.count == 1 && seen.last.next == 300);
    struct journal_checkpoint note = {.log = kit_log("pump-1", 1), .size = 300, .note = GW_VIEW_LIT("the note\n")};
    const struct gw_wall now = {9};
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_put(kit.port.self, &note, 1, now, NULL), GW_OK);
    seen = (struct logs_seen){0};
    CU_ASSERT_EQUAL(kit.port.ops->unsigned_each(kit.port.self, NULL, see_log, &seen, NULL), GW_OK);
    CU_ASSERT(seen.count == 1 && seen.last.id.kind == LOG_ROOT && seen.last.next == 1);
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 1024);
    uint64_t size = 0;
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_get(kit.port.self, &note.log, &size, &text, NULL), GW_OK);
    CU_ASSERT(size == 300 && gw_view_eq_str(gw_buf_view(&text), "the note\n"));
    note.size = 299;
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_put(kit.port.self, &note, 1, now, NULL), GW_CONFLICT);
    note.size = 301;
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_put(kit.port.self, &note, 1, now, NULL), GW_INVALID);
    struct journal_checkpoint root = {.log = seen.last.id, .size = 1, .note = GW_VIEW_LIT("root\n")};
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_put(kit.port.self, &root, 1, now, NULL), GW_OK);
    seen = (struct logs_seen){0};
    CU_ASSERT_EQUAL(kit.port.ops->unsigned_each(kit.port.self, NULL, see_log, &seen, NULL), GW_OK);
    CU_ASSERT_EQUAL(seen.count, 0);
    verify(&kit);
    kit_close(&kit);
}

/* From name to name, each once, the gateway's own among them; a log of its own is signed behind others that grew. */
static void unsigned_logs_go_by_name(void)
{
    static const char *const names[] = {"pump-3", "fan-1", "pump-1", "pump-2"}, *const order =
                                                                                    "fan-1  pump-1 pump-2 pump-3 ";
    struct kit kit;
    kit_open(&kit);
    for (size_t i = 0; i < 4; i++)
        fill(&kit, names[i], 10);
    struct journal_checkpoint note = {.log = kit_log("pump-3", 1), .size = 5, .note = GW_VIEW_LIT("the note\n")};
    CU_ASSERT_EQUAL(kit.port.ops->checkpoint_put(kit.port.self, &note, 1, (struct gw_wall){9}, NULL), GW_OK);
    char text[160] = "";
    struct log_id after = {0};
    for (struct first_seen first = {.seen = true}; first.seen; after = first.log.id) {
        first.seen = false;
        CU_ASSERT_EQUAL(kit.port.ops->unsigned_each(kit.port.self, text[0] ? &after : NULL, see_first, &first, NULL),
                        GW_OK);
        if (!first.seen || strlen(text) > 100)
            break;
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", first.log.id.device.text);
    }
    CU_ASSERT_STRING_EQUAL(text, order);
    kit_close(&kit);
}

static void readers_read(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit, "pump-1", 600);
    GW_CLEANUP(journal_db_closep) struct journal_db *reader = kit_reader(&kit);
    struct journal port = journal_db_port(reader);
    CU_ASSERT_EQUAL(kit_count_good(&port, "pump-1", 1, UINT64_MAX), 600);
    (void)kit_send(&kit, "pump-1", 1, 600, 400);
    CU_ASSERT_EQUAL(kit_count_good(&port, "pump-1", 1, UINT64_MAX), 1000);
    struct journal_item item = line("pump-1", "x");
    size_t taken;
    CU_ASSERT_EQUAL(port.ops->commit(port.self, &item, 1, &taken, NULL), GW_DENIED);
    CU_ASSERT_EQUAL(port.ops->checkpoint_put(port.self, NULL, 0, (struct gw_wall){0}, NULL), GW_DENIED);
    struct logs_seen seen = {0};
    struct gw_device_id id = kit_device("pump-1");
    CU_ASSERT_EQUAL(port.ops->log_each(port.self, &id, see_log, &seen, NULL), GW_OK);
    CU_ASSERT(seen.count == 1 && seen.last.next == 1000 &&
              log_id_eq(&seen.last.id, &(struct log_id){.kind = LOG_DEVICE, .device = id, .epoch = 1}));
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"gives back what it has accepted, in order, with the right root", keeps_what_it_accepts},
    {"keeps every event of a batch that lies across a bundle's end", batches_across_a_bundles_end},
    {"stores overlap once and refuses gaps", overlap_and_gaps},
    {"opens a new epoch by its rules and closes the old one for good", unknown_epochs},
    {"opens no log without a log.start", refuses_a_start_that_is_none},
    {"keeps a contradicting batch once as evidence and stores nothing of it", equivocation},
    {"numbers lines itself and takes an audit event once", lines_and_audit},
    {"stores nothing of a run in which one item is bad", run_is_all_or_nothing},
    {"takes four mebibytes in one commit and leaves the rest", takes_four_mebibytes},
    {"seals the largest bundle that can be sent", largest_bundle_is_sealed},
    {"serves tiles and bundles as far as the log reaches", tiles},
    {"seals a part in each commit and keeps up", sealing_keeps_up},
    {"keeps the second level of tiles, gives roots and proves across it", second_level},
    {"names every kind of log in its checkpoint", origins},
    {"gives the root of any size that a log ever had, and proves inclusion and consistency", proofs},
    {"keeps the newest checkpoint and makes each a leaf of the root log", checkpoints},
    {"logs without a checkpoint go by name", unsigned_logs_go_by_name},
    {"shows readers what is committed and refuses their writes", readers_read},
};

int main(void)
{
    return GW_TEST_RUN("journal", cases);
}
