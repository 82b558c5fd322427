/* Watching the logs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "gw_cleanup.h"
#include "live_bench.h"

static const struct journal_feed place = {.epoch = 7, .n = 100};

static struct bench *open_bench(void)
{
    struct bench *b = gw_xalloc(1, sizeof(*b));
    bench_open(b);
    bench_tick(b, 1);
    CU_ASSERT_EQUAL_FATAL(page_open(b, &b->pages[0]), GW_OK);
    page_hello(&b->pages[0]);
    page_read(&b->pages[0], 9);
    return b;
}

static void free_bench(struct bench **b)
{
    bench_close(*b);
    free(*b);
}

#define WITH_BENCH(name) GW_CLEANUP(free_bench) struct bench *name = open_bench()

static void watch(struct ws_conn *p, int id, const char *q)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "{\"t\":\"sub\",\"id\":%d,\"topic\":\"log\",\"q\":\"%s\"}", id, q);
    page_say(p, text);
}

static void event(struct bench *b, const char *device, enum event_sev sev, const char *cls)
{
    char json[256];
    (void)snprintf(json, sizeof(json), "{\"log\":\"dev/%s\",\"seq\":\"1\",\"cls\":\"%s\",\"sev\":\"%s\"}", device, cls,
                   event_sev_text(sev));
    live_hub_event(b->hub, device, (int)sev, gw_view_str(json));
}

/* The walk is at its place, and what it brings is asked for. */
static void begin(struct bench *b)
{
    CU_ASSERT_EQUAL_FATAL(b->tail_from.epoch, 0);
    live_hub_tail(b->hub, true, &place, 0);
    bench_tick(b, LIVE_WALK_IDLE_MS);
    CU_ASSERT_EQUAL_FATAL(b->tail_from.epoch, 7);
}

static size_t heard(struct ws_conn *p, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < p->frame_count; i++)
        for (const char *at = strstr(p->frames[i], text); at; at = strstr(at + 1, text))
            count++;
    return count;
}

static void begins_at_the_end(void)
{
    WITH_BENCH(b);
    bench_tick(b, 5000);
    CU_ASSERT_EQUAL(b->tails, 0); /* nobody watches: nobody looks */
    watch(&b->pages[0], 5, "");
    CU_ASSERT_EQUAL(b->tails, 1);
    CU_ASSERT_EQUAL(b->pages[0].frame_count, 0); /* ok comes when nothing is missed any more */
    begin(b);
    CU_ASSERT_EQUAL(heard(&b->pages[0], "\"t\":\"ok\""), 1);
    CU_ASSERT_EQUAL(b->tail_from.n, 100);
    event(b, "pump-1", EVENT_SEV_LOW, "boot.start");
    event(b, "", EVENT_SEV_LOW, "auth.login");
    live_hub_tail(b->hub, true, &(struct journal_feed){.epoch = 7, .n = 102}, 0);
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(&b->pages[0], "\"t\":\"ev\""), 1);
    CU_ASSERT_EQUAL(heard(&b->pages[0], "\"cls\":"), 2);
    bench_tick(b, LIVE_WALK_IDLE_MS);
    CU_ASSERT_EQUAL(b->tail_from.n, 102);
    page_read(&b->pages[0], 99);
    page_say(&b->pages[0], "{\"t\":\"unsub\",\"id\":5}");
    size_t tails = b->tails;
    bench_tick(b, 5000);
    CU_ASSERT_EQUAL(b->tails, tails);
}

static void looks_soon_when_it_grew(void)
{
    WITH_BENCH(b);
    watch(&b->pages[0], 5, "");
    begin(b);
    live_hub_tail(b->hub, true, &place, 0);
    bench_tick(b, 1);
    size_t tails = b->tails;
    bench_tick(b, LIVE_WALK_PACE_MS);
    CU_ASSERT_EQUAL(b->tails, tails);
    live_hub_logs_grew(b->hub);
    bench_tick(b, 0);
    CU_ASSERT_EQUAL(b->tails, tails + 1);
    live_hub_logs_grew(b->hub);
    live_hub_tail(b->hub, true, &place, 0);
    bench_tick(b, 10);
    CU_ASSERT_EQUAL(b->tails, tails + 1); /* not that soon again */
    bench_tick(b, LIVE_WALK_PACE_MS);
    CU_ASSERT_EQUAL(b->tails, tails + 2);
}

static void queries_select(void)
{
    static const char *const queries[] = {"device:pump-1", "audit:true", "sev>=medium", "-audit:yes cls:boot*",
                                          "LOGIN"};
    static const size_t want[] = {2, 1, 2, 1, 1};
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        WITH_BENCH(b);
        watch(&b->pages[0], 5, queries[i]);
        begin(b);
        event(b, "pump-1", EVENT_SEV_LOW, "boot.start");
        event(b, "pump-1", EVENT_SEV_CRITICAL, "integ.hash_mismatch");
        event(b, "pump-2", EVENT_SEV_MEDIUM, "net.listen_open");
        event(b, "", EVENT_SEV_INFO, "auth.login");
        bench_tick(b, 100);
        CU_ASSERT_EQUAL(heard(&b->pages[0], "\"cls\":"), want[i]);
    }
}

static void slow_pages_lose_the_oldest(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    watch(p, 5, "");
    begin(b);
    page_read(p, 99);
    p->full = true;
    for (int i = 0; i < LIVE_TAIL_EVENTS + 12; i++)
        event(b, "pump-1", EVENT_SEV_LOW, i < 12 ? "old" : "new");
    bench_tick(b, 100);
    p->full = false;
    p->live->blocked = false;
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(p, "\"t\":\"lag\",\"n\":1,\"id\":5,\"dropped\":12,\"unread\":0"), 1);
    CU_ASSERT_EQUAL(heard(p, "\"cls\":\"new\""), LIVE_TAIL_EVENTS);
    CU_ASSERT_EQUAL(heard(p, "\"cls\":\"old\""), 0);
    CU_ASSERT_TRUE(p->largest <= WS_MESSAGE_MAX);
}

static void bytes_are_a_ceiling(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    GW_FREE char *json = gw_xalloc(1, LIVE_ROW_MAX + 1);
    watch(p, 5, "");
    begin(b);
    page_read(p, 99);
    p->full = true;
    memset(json, ' ', LIVE_ROW_MAX);
    memcpy(json, "{\"cls\":\"big\"", 12);
    json[LIVE_ROW_MAX - 1] = '}';
    for (int i = 0; i < 10; i++)
        live_hub_event(b->hub, "pump-1", EVENT_SEV_LOW, gw_view_str(json));
    bench_tick(b, 100);
    CU_ASSERT_TRUE(b->hub->tails[0]->bytes <= LIVE_TAIL_BYTES);
    p->full = false;
    p->live->blocked = false;
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(p, "\"dropped\":6"), 1);
    CU_ASSERT_EQUAL(heard(p, "\"cls\":\"big\""), 4);
    CU_ASSERT_TRUE(p->largest <= WS_MESSAGE_MAX);
}

static void what_is_passed_over_is_told(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    watch(p, 5, "sev>=critical");
    begin(b);
    live_hub_tail(b->hub, true, &place, 4321);
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(p, "\"dropped\":0,\"unread\":4321}"), 1);
}

static void lost_answers(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    watch(p, 5, "");
    begin(b);
    page_read(p, 99);
    bench_tick(b, LIVE_WALK_WAIT_MS - 1);
    CU_ASSERT_EQUAL(heard(p, "lag"), 0);
    bench_tick(b, 1); /* no answer came: it begins anew, and says so */
    CU_ASSERT_EQUAL(b->tail_from.epoch, 0);
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(p, "\"unread\":null}"), 1);
    live_hub_tail(b->hub, true, &place, 0);
    bench_tick(b, LIVE_WALK_IDLE_MS);
    page_read(p, 99);
    live_hub_tail(b->hub, false, &(struct journal_feed){.epoch = 0}, 0); /* it could not be read: the same again */
    bench_tick(b, LIVE_WALK_IDLE_MS);
    CU_ASSERT_EQUAL(b->tail_from.n, 100);
    CU_ASSERT_EQUAL(heard(p, "lag"), 0);
    for (size_t i = 0; i <= LIVE_QUEUE_ITEMS; i++) /* lost in the queue */
        event(b, "pump-1", EVENT_SEV_LOW, "x");
    bench_tick(b, 100);
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(heard(p, "\"unread\":null}"), 1);
}

static void refusals(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    watch(p, 5, "sev>=loud");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "query");
    for (int i = 0; i < LIVE_STREAMS_MAX; i++) {
        char q[16];
        struct ws_conn *other = &b->pages[1 + i / LIVE_PERSON_STREAMS];
        if (i % LIVE_PERSON_STREAMS == 0) {
            b->person = 1 + i / LIVE_PERSON_STREAMS;
            CU_ASSERT_EQUAL_FATAL(page_open(b, other), GW_OK);
            page_hello(other);
        }
        (void)snprintf(q, sizeof(q), "cls:c%d", i);
        watch(other, 100 + i, q);
    }
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "query");
    watch(p, 500, "cls:another");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "busy");
    begin(b);
    page_read(p, 99);
    watch(p, 501, "cls:c1"); /* one that is there already */
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->t, "ok");
    watch(p, 500, "cls:another");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->t, "err");
    page_lost(&b->pages[1]);
    watch(p, 500, "cls:another");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->t, "ok");
    b->forbidden = LIVE_LOG;
    watch(p, 502, "cls:c1");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "denied");
}

const struct gw_test_case tail_cases[] = {
    {"begins at the journal's end when somebody watches, and ends with them", begins_at_the_end},
    {"looks soon at a journal that grew, and not too often", looks_soon_when_it_grew},
    {"selects by device, severity, class and text", queries_select},
    {"drops the oldest for a page that is slow, and says how many", slow_pages_lose_the_oldest},
    {"keeps no more than 256 KiB for a page", bytes_are_a_ceiling},
    {"tells how many events were passed over", what_is_passed_over_is_told},
    {"begins anew when answers are lost, and says so", lost_answers},
    {"says what it does not watch", refusals},
};
const size_t tail_case_count = sizeof(tail_cases) / sizeof(tail_cases[0]);
