/* Search: nothing missed, whatever lies sealed or not, and in as many slices as it takes. */
#include <stdio.h>

#include "gw_cleanup.h"
#include "journal_kit.h"

#define DEVICES 3
#define EVENTS  700

struct hits {
    unsigned count;
    unsigned stop_after; /* 0: never */
    unsigned per_call;
    bool seen[DEVICES][EVENTS];
    unsigned twice;
    unsigned bad;
};

static bool hit(void *ctx, const struct journal_event *event)
{
    struct hits *h = ctx;
    h->count++;
    h->per_call++;
    unsigned d = (unsigned)(event->log.device.text[5] - '1');
    if (d >= DEVICES || event->seq >= EVENTS || event->log.kind != LOG_DEVICE) {
        h->bad++;
        return true;
    }
    h->twice += h->seen[d][event->seq];
    h->seen[d][event->seq] = true;
    return h->stop_after == 0 || h->per_call < h->stop_after;
}

/* Severity follows from the number: every 100th event is high; arrival is 1,000 ms apart for each batch of 10. */
static void fill(struct kit *kit)
{
    for (uint32_t first = 0; first < EVENTS; first += 10)
        for (int d = 0; d < DEVICES; d++) {
            GW_CLEANUP(gw_buf_done) struct gw_buf bundle;
            gw_buf_init(&bundle, 65536);
            for (uint32_t i = first; i < first + 10; i++) {
                char text[64];
                int n = snprintf(text, sizeof(text), "event %u of %d%s", i, d, i % 100 == 7 ? " sev=4" : "");
                (void)log_bundle_add(&bundle, gw_view_make(text, (size_t)n));
            }
            char device[16];
            (void)snprintf(device, sizeof(device), "pump-%d", d + 1);
            struct journal_item item = kit_batch(device, 1, first, 10, gw_buf_view(&bundle));
            item.arrived.ms = (int64_t)first * 100;
            (void)kit_commit(kit, item);
        }
    struct journal_item audit = {.kind = JOURNAL_AUDIT, .audit_n = 1, .arrived = {5}, .text = GW_VIEW_LIT("event")};
    (void)kit_commit(kit, audit);
}

static struct journal_filter everything(void)
{
    return (struct journal_filter){.from = {INT64_MIN}, .to = {INT64_MAX}, .min_sev = EVENT_SEV_INFO};
}

static unsigned run(struct kit *kit, const struct journal_filter *filter, struct hits *h)
{
    struct journal_cursor cursor = {0};
    unsigned calls = 0;
    while (!cursor.done && calls < 10000) {
        struct gw_err err = {0};
        h->per_call = 0;
        GW_ASSERT_OK(kit->port.ops->search(kit->port.self, filter, &cursor, hit, h, &err), &err);
        calls++;
    }
    CU_ASSERT(cursor.done);
    CU_ASSERT_EQUAL(h->twice, 0);
    CU_ASSERT_EQUAL(h->bad, 0);
    return calls;
}

static void finds_everything(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit);
    struct journal_filter f = everything();
    struct hits h = {0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, DEVICES * EVENTS);
    struct hits sliced = {.stop_after = 1};
    CU_ASSERT(run(&kit, &f, &sliced) > 10);
    CU_ASSERT_EQUAL(sliced.count, DEVICES * EVENTS);
    kit_close(&kit);
}

static void finds_by_device(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit);
    struct journal_filter f = everything();
    f.has_device = true;
    f.device = kit_device("pump-2");
    struct hits h = {0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, EVENTS);
    for (unsigned i = 0; i < EVENTS; i++)
        CU_ASSERT(h.seen[1][i]);
    f.device = kit_device("pump-9");
    struct hits none = {0};
    (void)run(&kit, &f, &none);
    CU_ASSERT_EQUAL(none.count, 0);
    kit_close(&kit);
}

static void finds_by_time_severity_and_text(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit);
    struct journal_filter f = everything();
    f.from.ms = 20000;
    f.to.ms = 50000;
    struct hits h = {0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, DEVICES * 300);
    CU_ASSERT(h.seen[0][200] && h.seen[0][499] && !h.seen[0][199] && !h.seen[0][500]);
    f = everything();
    f.min_sev = EVENT_SEV_HIGH;
    h = (struct hits){0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, DEVICES * EVENTS / 100);
    f = everything();
    f.text = GW_VIEW_LIT("event 69");
    h = (struct hits){0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, DEVICES * 11);
    f.text = GW_VIEW_LIT("no such words");
    h = (struct hits){0};
    (void)run(&kit, &f, &h);
    CU_ASSERT_EQUAL(h.count, 0);
    kit_close(&kit);
}

static bool count_audit(void *ctx, const struct journal_event *event)
{
    unsigned *n = ctx;
    *n += event->log.kind == LOG_AUDIT && gw_view_eq_str(event->bytes, "event");
    return true;
}

static void finds_the_gateways_own(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit);
    struct journal_filter f = everything();
    f.audit = true;
    struct journal_cursor cursor = {0};
    unsigned n = 0;
    while (!cursor.done)
        CU_ASSERT_EQUAL_FATAL(kit.port.ops->search(kit.port.self, &f, &cursor, count_audit, &n, NULL), GW_OK);
    CU_ASSERT_EQUAL(n, 1);
    kit_close(&kit);
}

/* What is sealed between two slices may come twice but is never missed. */
static void misses_nothing_while_sealing(void)
{
    struct kit kit;
    kit_open(&kit);
    fill(&kit);
    struct journal_filter f = everything();
    struct journal_cursor cursor = {0};
    struct hits h = {.stop_after = 1};
    CU_ASSERT_EQUAL(kit.port.ops->search(kit.port.self, &f, &cursor, hit, &h, NULL), GW_OK);
    for (int d = 0; d < DEVICES; d++) {
        char device[16];
        (void)snprintf(device, sizeof(device), "pump-%d", d + 1);
        (void)kit_send(&kit, device, 1, EVENTS, 100); /* seals what was in the inbox */
    }
    f.to.ms = INT64_C(1700000000000); /* the new ones are not asked for */
    while (!cursor.done) {
        h.per_call = 0;
        CU_ASSERT_EQUAL_FATAL(kit.port.ops->search(kit.port.self, &f, &cursor, hit, &h, NULL), GW_OK);
    }
    unsigned missed = 0;
    for (unsigned d = 0; d < DEVICES; d++)
        for (unsigned i = 0; i < EVENTS; i++)
            missed += !h.seen[d][i];
    CU_ASSERT_EQUAL(missed, 0);
    kit_close(&kit);
}

static const struct gw_test_case cases[] = {
    {"finds every event once, in one slice or in many", finds_everything},
    {"finds by device", finds_by_device},
    {"finds by arrival, severity and text", finds_by_time_severity_and_text},
    {"finds the gateway's own events when asked for them", finds_the_gateways_own},
    {"misses nothing that is sealed between two slices", misses_nothing_while_sealing},
};

int main(void)
{
    return GW_TEST_RUN("journal search", cases);
}
