#include "journal_kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "merkle_range.h"

#define START "{\"cls\":\"log.start\",\"reason\":\"new\",\"log\":\"%s %" PRIx64 "\"}"

enum event_sev kit_severity(struct gw_view event)
{
    const uint8_t *at = event.len ? memmem(event.ptr, event.len, "sev=", 4) : NULL;
    if (!at || at + 4 >= event.ptr + event.len || at[4] < '1' || at[4] > '6')
        return EVENT_SEV_INFO;
    return (enum event_sev)(at[4] - '0');
}

struct journal_options kit_options(enum db_mode mode)
{
    return (struct journal_options){.mode = mode, .hash = bulk_hash_ops(), .severity = kit_severity};
}

static struct journal_db *open_or_abort(const char *path, enum db_mode mode)
{
    struct gw_err err = {0};
    struct journal_db *db = NULL;
    const struct journal_options options = kit_options(mode);
    if (journal_db_open(path, &options, &db, &err)) {
        printf("#   %s\n", gw_err_text(&err));
        abort();
    }
    return db;
}

void kit_open(struct kit *kit)
{
    (void)snprintf(kit->path, sizeof(kit->path), "%s/journal.db", gw_test_dir());
    kit->db = open_or_abort(kit->path, DB_READ_WRITE);
    kit->port = journal_db_port(kit->db);
}

void kit_reopen(struct kit *kit)
{
    journal_db_close(kit->db);
    kit->db = open_or_abort(kit->path, DB_READ_WRITE);
    kit->port = journal_db_port(kit->db);
}

void kit_close(struct kit *kit)
{
    journal_db_close(kit->db);
    kit->db = NULL;
}

struct journal_db *kit_reader(const struct kit *kit)
{
    return open_or_abort(kit->path, DB_READ_ONLY);
}

struct gw_device_id kit_device(const char *name)
{
    struct gw_device_id id = {{0}};
    if (gw_device_id_parse(gw_view_str(name), &id))
        abort();
    return id;
}

struct log_id kit_log(const char *device, uint64_t epoch)
{
    return (struct log_id){.kind = LOG_DEVICE, .device = kit_device(device), .epoch = epoch};
}

static size_t event_text(char *out, size_t size, const char *device, uint64_t epoch, uint64_t seq)
{
    int n = seq == 0 ? snprintf(out, size, START, device, epoch)
                     : snprintf(out, size, "%s %" PRIx64 " event %" PRIu64, device, epoch, seq);
    return (size_t)n;
}

void kit_events(struct gw_buf *bundle, const char *device, uint64_t epoch, uint64_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        char text[256];
        size_t len = event_text(text, sizeof(text), device, epoch, first + i);
        if (log_bundle_add(bundle, gw_view_make(text, len)))
            abort();
    }
}

struct journal_item kit_batch(const char *device, uint64_t epoch, uint64_t first, uint32_t count, struct gw_view bundle)
{
    return (struct journal_item){
        .kind = JOURNAL_BATCH,
        .device = kit_device(device),
        .arrived = {INT64_C(1700000000000) + (int64_t)first},
        .head = {.epoch = epoch, .first = first, .count = count},
        .bundle = bundle,
        .has_start = first == 0,
    };
}

struct journal_item kit_commit(struct kit *kit, struct journal_item item)
{
    struct gw_err err = {0};
    size_t taken = 0;
    enum gw_rc rc = kit->port.ops->commit(kit->port.self, &item, 1, &taken, &err);
    gw_test_note(rc, &err, "commit");
    CU_ASSERT_EQUAL_FATAL(rc, GW_OK);
    CU_ASSERT_EQUAL_FATAL(taken, 1);
    return item;
}

struct journal_item kit_send(struct kit *kit, const char *device, uint64_t epoch, uint64_t first, uint32_t count)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
    gw_buf_init(&bundle, LOG_BATCH_BYTES_MAX);
    kit_events(&bundle, device, epoch, first, count);
    struct journal_item item = kit_commit(kit, kit_batch(device, epoch, first, count, gw_buf_view(&bundle)));
    item.bundle = gw_view_make(NULL, 0);
    return item;
}

struct expect {
    const char *device;
    uint64_t epoch;
    uint64_t good;
};

static bool check_event(void *ctx, const struct journal_event *event)
{
    struct expect *e = ctx;
    char text[256];
    size_t len = event_text(text, sizeof(text), e->device, e->epoch, e->good);
    if (event->seq != e->good || !gw_view_eq(event->bytes, gw_view_make(text, len)))
        return false;
    e->good++;
    return true;
}

uint64_t kit_count_good(struct journal *port, const char *device, uint64_t epoch, uint64_t to)
{
    struct expect e = {.device = device, .epoch = epoch};
    struct gw_err err = {0};
    struct journal_span span = {kit_log(device, epoch), 0, to};
    enum gw_rc rc = port->ops->read(port->self, &span, check_event, &e, &err);
    gw_test_note(rc, &err, "read");
    return e.good;
}

struct gw_sha256 kit_root(const char *device, uint64_t epoch, uint64_t n)
{
    struct merkle_range range;
    struct gw_sha256 root;
    merkle_range_init(&range);
    for (uint64_t seq = 0; seq < n; seq++) {
        char text[256];
        struct gw_sha256 leaf;
        size_t len = event_text(text, sizeof(text), device, epoch, seq);
        bulk_hash_ops()->leaf(gw_view_make(text, len), &leaf);
        if (merkle_range_add(&range, bulk_hash_ops(), &leaf))
            abort();
    }
    merkle_range_root(&range, bulk_hash_ops(), &root);
    return root;
}
