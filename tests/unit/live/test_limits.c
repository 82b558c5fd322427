/* Who may connect and watch, and every ceiling. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "live_bench.h"

static struct bench *open_bench(void)
{
    struct bench *b = gw_xalloc(1, sizeof(*b));
    bench_open(b);
    for (size_t i = 0; i < BENCH_ROWS; i++)
        bench_put(b, i, (int64_t)i);
    bench_tick(b, 1);
    return b;
}

static void free_bench(struct bench **b)
{
    bench_close(*b);
    free(*b);
}

#define WITH_BENCH(name) GW_CLEANUP(free_bench) struct bench *name = open_bench()

static struct ws_conn *connected(struct bench *b, size_t i)
{
    struct ws_conn *p = &b->pages[i];
    CU_ASSERT_EQUAL_FATAL(page_open(b, p), GW_OK);
    page_hello(p);
    page_read(p, 1);
    return p;
}

static void origins(void)
{
    WITH_BENCH(b);
    static const char *const foreign[] = {"",
                                          "null",
                                          "https://gw.example",
                                          "https://gw.example:443",
                                          "http://gw.example:9443",
                                          "https://gw.example:94430",
                                          "https://gw.example.evil:9443",
                                          "https://evil:9443",
                                          "https://gw.example:9443/",
                                          "https://other@gw.example:9443"};
    struct ws_conn *p = &b->pages[0];
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        CU_ASSERT_EQUAL(page_open_from(b, p, foreign[i], "", "192.0.2.1"), GW_DENIED);
    CU_ASSERT_EQUAL(page_open_from(b, p, "https://gw.example:9443", "same-site", "192.0.2.1"), GW_DENIED);
    CU_ASSERT_EQUAL(page_open_from(b, p, "https://gw.example:9443", "cross-site", "192.0.2.1"), GW_DENIED);
    CU_ASSERT_EQUAL(page_open_from(b, p, "https://GW.example:9443", "", "192.0.2.1"), GW_OK);
    page_lost(p);
    CU_ASSERT_EQUAL(page_open_from(b, p, "https://localhost:9443", "same-origin", "192.0.2.1"), GW_OK);
    page_lost(p);
    live_hub_attach(b->hub, b->hub->port, 443);
    CU_ASSERT_EQUAL(page_open_from(b, p, "https://gw.example", "", "192.0.2.1"), GW_OK);
}

static void nobody_without_a_session(void)
{
    WITH_BENCH(b);
    b->signed_in = false;
    CU_ASSERT_EQUAL(page_open(b, &b->pages[0]), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(b->hub->conn_count, 0);
    CU_ASSERT_EQUAL(b->hub->stats.refused, 1);
}

static void ten_of_a_session(void)
{
    WITH_BENCH(b);
    for (size_t i = 0; i < LIVE_SESSION_MAX; i++)
        (void)connected(b, i);
    CU_ASSERT_EQUAL(page_open(b, &b->pages[LIVE_SESSION_MAX]), GW_TOO_BIG);
    b->session = 2;
    CU_ASSERT_EQUAL(page_open(b, &b->pages[LIVE_SESSION_MAX]), GW_OK);
    page_lost(&b->pages[0]);
    b->session = 1;
    CU_ASSERT_EQUAL(page_open(b, &b->pages[0]), GW_OK);
}

static size_t opened(struct bench *b, const char *source, size_t tries)
{
    size_t count = 0;
    for (size_t i = 0; i < tries; i++)
        if (page_open_from(b, &b->pages[0], "https://localhost:9443", "", source) == GW_OK) {
            page_lost(&b->pages[0]);
            count++;
        }
    return count;
}

static void handshakes_of_a_source(void)
{
    WITH_BENCH(b);
    CU_ASSERT_EQUAL(opened(b, "192.0.2.7", 100), LIVE_SOURCE_BURST);
    CU_ASSERT_EQUAL(opened(b, "192.0.2.8", 1), 1);
    bench_tick(b, 1000);
    CU_ASSERT_EQUAL(opened(b, "192.0.2.7", 100), LIVE_SOURCE_PER_S);
    CU_ASSERT_EQUAL(opened(b, "2001:db8:1:2:aaaa::1", 100), LIVE_SOURCE_BURST);
    CU_ASSERT_EQUAL(opened(b, "2001:db8:1:2:bbbb::9", 1), 0);
    CU_ASSERT_EQUAL(opened(b, "2001:db8:1:3::9", 1), 1);
}

static void session_ends(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    b->signed_in = false;
    b->changes++;
    bench_tick(b, 1);
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_SESSION);
    bench_put(b, 1, 999);
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 0);
    page_lost(p);
    b->signed_in = true;
    p = connected(b, 0);
    b->signed_in = false; /* it ran out: nobody says so */
    for (int i = 0; i < 10; i++)
        bench_tick(b, 100);
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_SESSION);
}

static void role_is_looked_at_again(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    (void)page_watch(p, 4, "", 0, 200);
    page_settle(p);
    b->forbidden = LIVE_DEVICES;
    bench_put(b, 1, 999);
    bench_tick(b, 200);
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "denied");
    CU_ASSERT_EQUAL(p->frame_count, 0);
    page_say(p, "{\"t\":\"sub\",\"id\":4,\"topic\":\"devices\"}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->t, "err");
    CU_ASSERT_STRING_EQUAL(p->code, "denied");
}

static void hello_first(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    CU_ASSERT_EQUAL_FATAL(page_open(b, p), GW_OK);
    page_say(p, "{\"t\":\"sub\",\"id\":4,\"topic\":\"devices\"}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "hello");
    page_say(p, "{\"t\":\"hello\",\"v\":2}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "hello");
    page_hello(p);
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->role, "viewer");
}

static void subscriptions(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    for (int32_t id = 1; id <= LIVE_SUBS_MAX; id++)
        (void)page_watch(p, id, "", 0, 1);
    page_settle(p);
    CU_ASSERT_STRING_EQUAL(p->code, "");
    page_say(p, "{\"t\":\"sub\",\"id\":99,\"topic\":\"devices\"}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "limit");
    page_say(p, "{\"t\":\"sub\",\"id\":1,\"topic\":\"releases\"}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "topic");
    page_say(p, "{\"t\":\"sub\",\"id\":1,\"topic\":\"weather\"}");
    page_read(p, 9);
    CU_ASSERT_STRING_EQUAL(p->code, "topic");
    page_say(p, "{\"t\":\"unsub\",\"id\":7}");
    page_say(p, "{\"t\":\"sub\",\"id\":99,\"topic\":\"devices\"}");
    page_settle(p);
    bench_tick(b, 1);
    struct live_stats stats;
    live_hub_stats_get(b->hub, &stats);
    CU_ASSERT_EQUAL(stats.subscriptions, LIVE_SUBS_MAX);
}

static void watch_by(struct ws_conn *p, int32_t id, const char *topic, int query)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "{\"t\":\"sub\",\"id\":%d,\"topic\":\"%s\",\"q\":\"id:q%d\"}", (int)id, topic,
                   query);
    page_say(p, text);
    page_read(p, 9);
}

/* One person, several connections: what the hub has room for is not all theirs. */
static void one_person_does_not_take_all(void)
{
    WITH_BENCH(b);
    int queries = 0;
    for (size_t i = 0; i < LIVE_PERSON_VIEWS / LIVE_SUBS_MAX; i++) {
        struct ws_conn *p = connected(b, i);
        for (int32_t id = 1; id <= LIVE_SUBS_MAX; id++)
            watch_by(p, id, "devices", queries++);
        CU_ASSERT_STRING_EQUAL(p->code, "");
    }
    struct ws_conn *last = connected(b, 8);
    watch_by(last, 1, "devices", queries);
    CU_ASSERT_STRING_EQUAL(last->code, "limit");
    last->code[0] = '\0';
    watch_by(last, 1, "devices", 0); /* one that is watched already */
    CU_ASSERT_STRING_EQUAL(last->code, "");
    watch_by(&b->pages[0], 2, "devices", queries); /* in the place of another */
    CU_ASSERT_STRING_EQUAL(b->pages[0].code, "");
    for (int32_t id = 10; id < 10 + LIVE_PERSON_STREAMS; id++)
        watch_by(last, id, "log", (int)id);
    CU_ASSERT_STRING_EQUAL(last->code, "");
    watch_by(last, 30, "log", 30);
    CU_ASSERT_STRING_EQUAL(last->code, "limit");
    b->person = 1;
    b->session = 1;
    struct ws_conn *other = connected(b, 9);
    watch_by(other, 1, "devices", queries + 1);
    watch_by(other, 2, "log", 30);
    CU_ASSERT_STRING_EQUAL(other->code, "");
}

static void connections_of_all(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = &b->pages[0];
    char source[32];
    size_t count = 0;
    enum gw_rc rc = GW_OK;
    while (!rc && count <= LIVE_CONNS_MAX) {
        b->session = (uint8_t)(count / LIVE_SESSION_MAX);
        (void)snprintf(source, sizeof(source), "192.0.2.%zu", count % 200);
        rc = page_open_from(b, p, "https://localhost:9443", "", source); /* the hub keeps the one before */
        count += !rc;
    }
    CU_ASSERT_EQUAL(count, LIVE_CONNS_MAX);
    CU_ASSERT_EQUAL(rc, GW_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(p->detail, "too many live connections are open");
}

static struct live_view *view_of(struct bench *b, size_t i)
{
    char text[32];
    struct filter filter;
    (void)snprintf(text, sizeof(text), "id:q%zu", i);
    CU_ASSERT_EQUAL_FATAL(filter_parse(gw_view_str(text), &filter, NULL), GW_OK);
    return live_hub_view(b->hub, LIVE_DEVICES, &filter, b->now.wall);
}

static void queries_of_all(void)
{
    static struct live_view *views[LIVE_VIEWS_MAX];
    WITH_BENCH(b);
    size_t count = 0;
    while (count < LIVE_VIEWS_MAX && (views[count] = view_of(b, count)) != NULL)
        count++;
    CU_ASSERT_EQUAL_FATAL(count, LIVE_VIEWS_MAX);
    CU_ASSERT_PTR_NULL(view_of(b, count));
    CU_ASSERT_PTR_EQUAL(view_of(b, 3), views[3]); /* is there already */
    live_hub_view_drop(b->hub, views[3]);
    live_hub_view_drop(b->hub, views[0]);
    views[0] = view_of(b, count);
    CU_ASSERT_PTR_NOT_NULL(views[0]);
    for (size_t i = 0; i < count; i++)
        live_hub_view_drop(b->hub, views[i]);
}

static void changes_of_subscriptions(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    for (int i = 0; i < LIVE_SUB_BURST; i++)
        page_say(p, "{\"t\":\"sub\",\"id\":1,\"topic\":\"devices\",\"win\":[0,1]}");
    page_settle(p);
    CU_ASSERT_STRING_EQUAL(p->code, "");
    for (int i = 0; i <= LIVE_SUB_BURST; i++)
        page_say(p, "{\"t\":\"sub\",\"id\":1,\"topic\":\"devices\",\"win\":[0,1]}");
    page_settle(p);
    CU_ASSERT_STRING_EQUAL(p->code, "limit");
    CU_ASSERT_EQUAL(p->close_code, 0);
}

static void stops_without_acknowledgement(void)
{
    WITH_BENCH(b);
    for (size_t i = 0; i < BENCH_ROWS; i++) {
        b->rows[i].big = true;
        bench_put(b, i, (int64_t)i);
    }
    bench_tick(b, 1);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_read(p, BENCH_FRAMES);
    for (int i = 0; i < 10; i++) {
        bench_put(b, 5, 100 + i);
        bench_tick(b, 100);
        page_read(p, BENCH_FRAMES);
    }
    CU_ASSERT_TRUE(s->more);
    CU_ASSERT_TRUE(p->live->unacked >= LIVE_UNACKED_MAX && p->live->unacked < LIVE_UNACKED_MAX + WS_MESSAGE_MAX);
    int64_t n = p->n;
    page_ack(p);
    CU_ASSERT_TRUE(p->frame_count > 0);
    page_settle(p);
    CU_ASSERT_TRUE(p->n > n);
    page_check(p, s);
}

static void many_messages_are_a_window_too(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    (void)page_watch(p, 4, "", 0, 200);
    page_settle(p);
    int64_t n = p->n;
    for (int i = 0; i < LIVE_SENT_MAX + 20; i++) {
        bench_put(b, 1, 1000 + i);
        bench_tick(b, 100);
        page_say(p, "{\"t\":\"ping\"}");
        page_read(p, 99);
    }
    CU_ASSERT_EQUAL(p->n - n, LIVE_SENT_MAX);
    page_settle(p);
    page_check(p, &p->subs[0]);
}

static void late_pages_get_less_and_dead_ones_nothing(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_read(p, 99);
    bench_tick(b, LIVE_SLOW_MS + 1);
    for (size_t i = 0; i < BENCH_ROWS; i++) {
        b->rows[i].big = i < 10;
        bench_put(b, i, 5000 + (int64_t)i);
    }
    page_say(p, "{\"t\":\"ping\"}");
    p->largest = 0;
    bench_tick(b, 200);
    page_read(p, 99);
    CU_ASSERT_TRUE(p->largest < LIVE_SLOW_BYTES + 8192);
    page_check(p, s);
    bench_tick(b, LIVE_DEAD_MS - LIVE_SLOW_MS);
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_DEAD);
}

static void silence_is_death(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    for (int i = 0; i < 5; i++) {
        bench_tick(b, LIVE_DEAD_MS / 2);
        page_say(p, "{\"t\":\"ping\"}");
        page_read(p, 9);
        CU_ASSERT_STRING_EQUAL(p->t, "pong");
    }
    CU_ASSERT_EQUAL(p->close_code, 0);
    bench_tick(b, LIVE_DEAD_MS + 1);
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_DEAD);
}

static void unreadable(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    for (int i = 1; i < LIVE_UNREADABLE; i++)
        page_say(p, "{");
    CU_ASSERT_EQUAL(p->close_code, 0);
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "message");
    page_say(p, "{\"t\":\"ack\",\"n\":7}");
    page_read(p, 99);
    CU_ASSERT_STRING_EQUAL(p->code, "message");
    page_say(p, "{");
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_UNREADABLE);
}

static void asking_without_reading(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    for (int i = 0; i < 10000 && !p->close_code; i++)
        page_say(p, "{\"t\":\"ping\"}");
    CU_ASSERT_EQUAL(p->close_code, LIVE_CLOSE_DEAD);
}

static void too_big_rows(void)
{
    WITH_BENCH(b);
    GW_FREE char *json = gw_xalloc(1, LIVE_ROW_MAX + 64);
    int head = snprintf(json, LIVE_ROW_MAX, "{\"id\":\"x\",\"v\":1,\"pad\":\"");
    memset(json + head, 'p', (size_t)(LIVE_ROW_MAX - head - 2));
    memcpy(json + LIVE_ROW_MAX - 2, "\"}", 3);
    CU_ASSERT_EQUAL_FATAL(strlen(json), LIVE_ROW_MAX);
    live_hub_sweep(b->hub, LIVE_RELEASES, true);
    live_hub_put(b->hub, LIVE_RELEASES, "fits", gw_view_str(json));
    memcpy(json + LIVE_ROW_MAX - 2, "p\"}", 4);
    live_hub_put(b->hub, LIVE_RELEASES, "too-big", gw_view_str(json));
    live_hub_sweep(b->hub, LIVE_RELEASES, false);
    bench_tick(b, 1);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = &p->subs[0];
    *s = (struct page_sub){.id = 4, .window = 10, .topic = "releases"};
    page_sub(p, s, false);
    page_settle(p);
    CU_ASSERT_EQUAL(s->count, 2);
    CU_ASSERT_EQUAL(s->rows[0].v, 1);
    CU_ASSERT_EQUAL(s->rows[1].v, -1);
    CU_ASSERT_TRUE(p->largest <= WS_MESSAGE_MAX);
}

static void full_queue_asks_for_all(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_settle(p);
    CU_ASSERT_TRUE(live_hub_room(b->hub));
    b->refresh_fails = true;
    for (size_t i = 0; i <= LIVE_QUEUE_ITEMS; i++)
        bench_put(b, i % BENCH_ROWS, 70000 + (int64_t)i);
    bench_tick(b, 100);
    CU_ASSERT_EQUAL(b->refreshes, 0);
    b->refresh_fails = false;
    bench_tick(b, 100);
    page_settle(p);
    CU_ASSERT_EQUAL(b->refreshes, 1);
    page_check(p, s);
    struct live_stats stats;
    live_hub_stats_get(b->hub, &stats);
    CU_ASSERT_EQUAL(stats.overflows, 1);
}

static void half_a_sweep_deletes_nothing(void)
{
    WITH_BENCH(b);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_settle(p);
    b->refresh_fails = true; /* what core would hand over again comes later */
    live_hub_sweep(b->hub, LIVE_DEVICES, true);
    bench_tick(b, 100);
    for (size_t i = 0; i <= LIVE_QUEUE_ITEMS; i++)
        bench_put(b, 1, 1);
    live_hub_sweep(b->hub, LIVE_DEVICES, false);
    bench_tick(b, 100);
    page_settle(p);
    CU_ASSERT_EQUAL(s->count, BENCH_ROWS);
}

const struct gw_test_case limit_cases[] = {
    {"lets in from its own origins alone", origins},
    {"lets nobody in without a session", nobody_without_a_session},
    {"takes ten connections of a session", ten_of_a_session},
    {"holds the rate of handshakes by source", handshakes_of_a_source},
    {"closes at once when the session ends, and soon when it runs out", session_ends},
    {"looks at the role again before rows leave", role_is_looked_at_again},
    {"wants hello first, of its version", hello_first},
    {"takes 32 subscriptions and says what it does not take", subscriptions},
    {"gives one person a share of the queries", one_person_does_not_take_all},
    {"takes 512 connections", connections_of_all},
    {"answers 1,024 queries at a time", queries_of_all},
    {"holds the rate of subscribing", changes_of_subscriptions},
    {"stops at 256 KiB without acknowledgement and goes on with it", stops_without_acknowledgement},
    {"stops at 256 messages without acknowledgement", many_messages_are_a_window_too},
    {"sends less to who is late and closes who is dead", late_pages_get_less_and_dead_ones_nothing},
    {"closes who is silent for a minute", silence_is_death},
    {"closes at the tenth message that cannot be read", unreadable},
    {"closes who asks without reading", asking_without_reading},
    {"shows a row that is too big as such", too_big_rows},
    {"asks for all rows again when its queue was full", full_queue_asks_for_all},
    {"deletes nothing by a sweep of which a part was lost", half_a_sweep_deletes_nothing},
};
const size_t limit_case_count = sizeof(limit_cases) / sizeof(limit_cases[0]);
