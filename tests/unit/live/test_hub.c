/* Subscribing, differences, resuming. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "live_bench.h"

static struct bench *open_bench(size_t rows)
{
    struct bench *b = gw_xalloc(1, sizeof(*b));
    bench_open(b);
    for (size_t i = 0; i < rows; i++)
        bench_put(b, i, (int64_t)i);
    bench_tick(b, 1);
    return b;
}

static void free_bench(struct bench **b)
{
    bench_close(*b);
    free(*b);
}

#define WITH_BENCH(name, rows) GW_CLEANUP(free_bench) struct bench *name = open_bench(rows)

static struct ws_conn *connected(struct bench *b, size_t i)
{
    struct ws_conn *p = &b->pages[i];
    CU_ASSERT_EQUAL_FATAL(page_open(b, p), GW_OK);
    page_hello(p);
    page_read(p, 1);
    CU_ASSERT_STRING_EQUAL(p->t, "hello");
    return p;
}

static void first_rows(void)
{
    WITH_BENCH(b, 40);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_read(p, 1);
    CU_ASSERT_STRING_EQUAL(p->t, "ok");
    page_read(p, 1);
    CU_ASSERT_STRING_EQUAL(p->t, "snap");
    page_check(p, s);
    CU_ASSERT_EQUAL(s->snaps, 1);
    CU_ASSERT_EQUAL(p->frame_count, 0);
}

static void nothing_is_a_snapshot_too(void)
{
    WITH_BENCH(b, 0);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "state:even", 0, 200);
    page_read(p, 2);
    CU_ASSERT_EQUAL(s->snaps, 1);
    page_check(p, s);
}

/* Behind a start the rows come one by one: none of them yet is not the same as none at all. */
static void half_a_first_sweep_is_no_snapshot(void)
{
    WITH_BENCH(b, 0);
    struct ws_conn *p = connected(b, 0);
    page_say(p, "{\"t\":\"sub\",\"id\":9,\"topic\":\"rollouts\"}");
    bench_tick(b, 200);
    CU_ASSERT_EQUAL_FATAL(p->frame_count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->frames[0], "\"ok\""));
    live_hub_sweep(b->hub, LIVE_ROLLOUTS, true);
    live_hub_put(b->hub, LIVE_ROLLOUTS, "ro-1", gw_view_str("{\"id\":\"ro-1\"}"));
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 1);
    live_hub_put(b->hub, LIVE_ROLLOUTS, "ro-2", gw_view_str("{\"id\":\"ro-2\"}"));
    live_hub_sweep(b->hub, LIVE_ROLLOUTS, false);
    bench_tick(b, 200);
    CU_ASSERT_EQUAL_FATAL(p->frame_count, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->frames[1], "\"snap\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->frames[1], "ro-1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->frames[1], "ro-2"));
}

static void the_overview_needs_no_sweep(void)
{
    WITH_BENCH(b, 0);
    struct ws_conn *p = connected(b, 0);
    page_say(p, "{\"t\":\"sub\",\"id\":9,\"topic\":\"overview\"}");
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 1);
    live_hub_put(b->hub, LIVE_OVERVIEW, LIVE_OVERVIEW_KEY, gw_view_str("{\"gateway\":\"gw\"}"));
    bench_tick(b, 1000);
    CU_ASSERT_EQUAL_FATAL(p->frame_count, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->frames[1], "\"snap\""));
}

static void change_leaves_at_once(void)
{
    WITH_BENCH(b, 10);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_settle(p);
    size_t wakes = b->wakes;
    bench_put(b, 3, 77);
    CU_ASSERT_EQUAL(b->wakes, wakes + 1);
    bench_tick(b, 0); /* what wake() asks for */
    CU_ASSERT_EQUAL(p->frame_count, 1);
    bench_put(b, 4, 78);
    bench_tick(b, 20);
    CU_ASSERT_EQUAL(p->frame_count, 1);
    bench_put(b, 4, 79);
    bench_tick(b, 80);
    CU_ASSERT_EQUAL(p->frame_count, 2);
    page_read(p, 9);
    CU_ASSERT_EQUAL(s->deltas, 2);
    page_check(p, s);
}

static void same_bytes_are_no_change(void)
{
    WITH_BENCH(b, 10);
    struct ws_conn *p = connected(b, 0);
    (void)page_watch(p, 4, "", 0, 200);
    page_settle(p);
    bench_put_all(b);
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 0);
}

static void rows_enter_and_leave_a_query(void)
{
    WITH_BENCH(b, 10);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "state:even", 0, 200);
    page_settle(p);
    CU_ASSERT_EQUAL(s->total, 5);
    bench_put(b, 0, 1);
    bench_put(b, 1, 2);
    bench_put(b, 3, 2);
    bench_put(b, 5, 55); /* odd as before: nothing to tell */
    bench_tick(b, 200);
    page_settle(p);
    CU_ASSERT_EQUAL(s->total, 6);
    page_check(p, s);
    bench_put(b, 5, 57);
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 0);
}

static void window_slides(void)
{
    WITH_BENCH(b, 40);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 10);
    page_settle(p);
    page_check(p, s);
    CU_ASSERT_EQUAL(s->total, 40);
    size_t rows = (size_t)b->hub->stats.rows;
    page_say(p, "{\"t\":\"sub\",\"id\":4,\"topic\":\"devices\",\"win\":[5,10]}");
    s->offset = 5;
    page_settle(p);
    page_check(p, s);
    CU_ASSERT_EQUAL(b->hub->stats.rows, rows + 5);
    CU_ASSERT_EQUAL(s->snaps, 1);
    bench_delete(b, 0); /* pump-00: all slide up */
    bench_tick(b, 200);
    page_settle(p);
    page_check(p, s);
}

static void only_the_count(void)
{
    WITH_BENCH(b, 40);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "state:odd", 0, 0);
    page_settle(p);
    CU_ASSERT_EQUAL(s->total, 20);
    bench_delete(b, 1);
    bench_tick(b, 200);
    page_settle(p);
    CU_ASSERT_EQUAL(s->total, 19);
    CU_ASSERT_EQUAL(s->count, 0);
}

static void long_list_is_paged(void)
{
    WITH_BENCH(b, 0);
    for (size_t i = 0; i < 20; i++) {
        b->rows[i].big = true;
        bench_put(b, i, (int64_t)i);
    }
    bench_tick(b, 1);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 200);
    page_read(p, 2);
    CU_ASSERT_EQUAL(s->snaps, 1);
    CU_ASSERT_TRUE(s->more);
    page_settle(p);
    CU_ASSERT_TRUE(s->snaps >= 7);
    CU_ASSERT_TRUE(p->largest <= WS_MESSAGE_MAX);
    page_check(p, s);
}

static void come_back(struct ws_conn *p, struct page_sub *s)
{
    page_lost(p);
    CU_ASSERT_EQUAL_FATAL(page_open(p->bench, p), GW_OK);
    page_hello(p);
    s->snaps = s->deltas = s->resyncs = 0;
    page_sub(p, s, true);
    page_settle(p);
    page_check(p, s);
}

static void resumes(void)
{
    WITH_BENCH(b, 40);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "state:even", 0, 200);
    page_settle(p);
    come_back(p, s);
    CU_ASSERT_EQUAL(s->snaps + s->resyncs, 0);
    CU_ASSERT_EQUAL(s->deltas, 1);
    size_t rows = (size_t)b->hub->stats.rows;
    page_lost(p);
    bench_put(b, 0, 100);
    bench_put(b, 2, 101);
    bench_put(b, 3, 102);
    bench_delete(b, 4);
    bench_delete(b, 6);
    bench_put(b, 6, 6);
    bench_tick(b, 100);
    come_back(p, s);
    CU_ASSERT_EQUAL(s->snaps + s->resyncs, 0);
    CU_ASSERT_EQUAL(b->hub->stats.rows, rows + 3);
}

static void resume_says_why_not(void)
{
    WITH_BENCH(b, 40);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "", 0, 10);
    page_settle(p);
    bench_put(b, 1, 500);
    bench_tick(b, 100);
    come_back(p, s);
    CU_ASSERT_STRING_EQUAL(s->why, "window");
    for (size_t i = 0; i <= LIVE_GONE_MAX; i++) {
        bench_put(b, 50, (int64_t)i);
        bench_delete(b, 50);
    }
    page_lost(p);
    bench_tick(b, 100);
    come_back(p, s);
    CU_ASSERT_STRING_EQUAL(s->why, "gap");
    bench_restart(b);
    bench_tick(b, 100);
    come_back(p, s);
    CU_ASSERT_STRING_EQUAL(s->why, "epoch");
    s->seq += 1000000;
    come_back(p, s);
    CU_ASSERT_STRING_EQUAL(s->why, "epoch");
    CU_ASSERT_EQUAL(s->resyncs, 1);
}

static void queries_are_shared(void)
{
    WITH_BENCH(b, 40);
    for (size_t i = 0; i < 8; i++) {
        struct ws_conn *p = connected(b, i);
        (void)page_watch(p, 4, i % 2 ? "state:even" : "state:even ", 0, 200);
        (void)page_watch(p, 5, "", 0, 7);
        page_settle(p);
    }
    CU_ASSERT_EQUAL(b->hub->view_count, 2);
    for (size_t i = 0; i < 8; i++)
        page_lost(&b->pages[i]);
    CU_ASSERT_EQUAL(b->hub->view_count, 0);
}

static void age_passes(void)
{
    WITH_BENCH(b, 0);
    const char *row = "{\"id\":\"a\",\"seen\":\"2027-01-15T08:00:00.000Z\"}"; /* when the bench's clock began */
    live_hub_put(b->hub, LIVE_DEVICES, "a", gw_view_str(row));
    bench_tick(b, 1);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *s = page_watch(p, 4, "seen>1m", 0, 200);
    page_settle(p);
    CU_ASSERT_EQUAL(s->count, 0);
    for (int i = 0; i < 12; i++) {
        bench_tick(b, 5000);
        page_settle(p);
    }
    bench_tick(b, LIVE_AGES_MS);
    page_settle(p);
    CU_ASSERT_EQUAL(s->count, 1);
}

static void devices_have_a_status(void)
{
    WITH_BENCH(b, 0);
    live_hub_put(b->hub, LIVE_DEVICES, "a", gw_view_str("{\"id\":\"a\",\"state\":\"active\",\"online\":true}"));
    live_hub_put(b->hub, LIVE_DEVICES, "b", gw_view_str("{\"id\":\"b\",\"state\":\"active\",\"online\":false}"));
    live_hub_put(
        b->hub, LIVE_DEVICES, "c",
        gw_view_str("{\"id\":\"c\",\"state\":\"revoked\",\"online\":false,\"tags\":[\"x\",\"y\"],\"in\":{\"n\":7}}"));
    bench_tick(b, 1);
    struct ws_conn *p = connected(b, 0);
    struct page_sub *online = page_watch(p, 1, "status:online", 0, 200);
    struct page_sub *offline = page_watch(p, 2, "status:offline -status:revoked", 0, 200);
    struct page_sub *inner = page_watch(p, 3, "tags:y in.n<8", 0, 200);
    struct page_sub *flag = page_watch(p, 4, "online:no", 0, 200);
    page_settle(p);
    CU_ASSERT_EQUAL(online->count, 1);
    CU_ASSERT_STRING_EQUAL(online->rows[0].key, "a");
    CU_ASSERT_EQUAL(offline->count, 1);
    CU_ASSERT_STRING_EQUAL(offline->rows[0].key, "b");
    CU_ASSERT_EQUAL(inner->count, 1);
    CU_ASSERT_STRING_EQUAL(inner->rows[0].key, "c");
    CU_ASSERT_EQUAL(flag->count, 2);
}

static void unsub_ends(void)
{
    WITH_BENCH(b, 10);
    struct ws_conn *p = connected(b, 0);
    (void)page_watch(p, 4, "", 0, 200);
    page_settle(p);
    page_say(p, "{\"t\":\"unsub\",\"id\":4}");
    page_read(p, 1);
    CU_ASSERT_STRING_EQUAL(p->t, "ok");
    bench_put(b, 1, 99);
    bench_tick(b, 200);
    CU_ASSERT_EQUAL(p->frame_count, 0);
    page_say(p, "{\"t\":\"unsub\",\"id\":4}");
    page_read(p, 1);
    CU_ASSERT_STRING_EQUAL(p->code, "id");
}

const struct gw_test_case hub_cases[] = {
    {"sends ok and the first rows", first_rows},
    {"sends a snapshot of nothing", nothing_is_a_snapshot_too},
    {"half of a first sweep is no snapshot", half_a_first_sweep_is_no_snapshot},
    {"the overview's one row needs no sweep", the_overview_needs_no_sweep},
    {"sends the first change after quiet at once, and then ten times a second", change_leaves_at_once},
    {"sends nothing when a row is the same byte for byte", same_bytes_are_no_change},
    {"tells rows that begin and end to match", rows_enter_and_leave_a_query},
    {"sends what comes into sight when the window moves, no more", window_slides},
    {"counts without sending rows", only_the_count},
    {"pages a long list into messages of 64 KiB", long_list_is_paged},
    {"resumes with what changed since, no more", resumes},
    {"says why it does not resume, and begins anew", resume_says_why_not},
    {"evaluates a query once for all who watch it", queries_are_shared},
    {"notices that time alone makes a row match", age_passes},
    {"knows the status of devices, inner members, arrays and flags", devices_have_a_status},
    {"sends nothing any more after unsub", unsub_ends},
};
const size_t hub_case_count = sizeof(hub_cases) / sizeof(hub_cases[0]);
