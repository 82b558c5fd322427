/* Many runs of chance: whatever is lost, late or begun anew, in the end a page holds what is true. */
#include <stdio.h>
#include <stdlib.h>

#include "gw_cleanup.h"
#include "live_bench.h"

#define STEPS 3000
#define PAGES 4

/* SplitMix64: the same on every machine. */
struct chance {
    uint64_t state;
};

static uint64_t next(struct chance *c)
{
    uint64_t z = (c->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(struct chance *c, size_t n)
{
    return (size_t)(next(c) % n);
}

static void change_rows(struct bench *b, struct chance *c)
{
    for (size_t n = below(c, 6); n > 0; n--) {
        size_t i = below(c, BENCH_ROWS);
        b->rows[i].big = below(c, 8) == 0;
        if (below(c, 3) == 0)
            bench_delete(b, i);
        else
            bench_put(b, i, (int64_t)below(c, 1000));
    }
}

static void watch(struct ws_conn *p, struct chance *c)
{
    static const char *const queries[] = {"", "state:even", "state:odd"};
    static const uint64_t windows[][2] = {{0, 200}, {0, 5}, {10, 10}, {3, 1000}, {0, 0}, {60, 7}, {0, 1000}};
    const uint64_t *w = windows[below(c, 7)];
    (void)page_watch(p, (int32_t)below(c, 1000000) + 10, queries[below(c, 3)], w[0], w[1]);
}

static void connect(struct bench *b, struct ws_conn *p, struct chance *c)
{
    bench_tick(b, 1000); /* so that the rate of handshakes is kept */
    CU_ASSERT_EQUAL_FATAL(page_open(b, p), GW_OK);
    page_hello(p);
    for (size_t i = 0; i < LIVE_SUBS_MAX; i++)
        if (p->subs[i].id)
            page_sub(p, &p->subs[i], !p->subs[i].fresh && !p->subs[i].more && below(c, 8) != 0);
    if (!p->subs[0].id) {
        watch(p, c);
        watch(p, c);
        watch(p, c);
    }
}

/* Scrolls, or asks another question under the same id. */
static void change_window(struct ws_conn *p, struct chance *c)
{
    struct page_sub *s = &p->subs[below(c, 3)];
    char text[256];
    if (!p->live || p->close_code || s->fresh)
        return;
    s->offset = below(c, 30);
    s->window = below(c, 40);
    (void)snprintf(text, sizeof(text), "{\"t\":\"sub\",\"id\":%d,\"topic\":\"devices\",\"q\":\"%s\",\"win\":[%d,%d]}",
                   s->id, s->q, (int)s->offset, (int)s->window);
    s->fresh = true; /* until it is told, it holds another window: no resume */
    s->asked++;
    page_say(p, text);
}

static void page_step(struct bench *b, struct ws_conn *p, struct chance *c)
{
    if (!p->live || p->close_code) {
        page_lost(p);
        connect(b, p, c);
        return;
    }
    switch (below(c, 12)) {
    case 0:
        page_lost(p);
        return;
    case 1:
        p->full = !p->full;
        return;
    case 2:
        change_window(p, c);
        return;
    case 3:
    case 4:
        page_ack(p);
        return;
    default:
        page_read(p, below(c, 4));
        return;
    }
}

static void settle_and_check(struct bench *b)
{
    for (size_t i = 0; i < PAGES; i++) {
        struct ws_conn *p = &b->pages[i];
        p->full = false;
        if (!p->live || p->close_code)
            continue;
        p->live->blocked = false;
        page_settle(p);
        for (size_t s = 0; s < LIVE_SUBS_MAX; s++)
            if (p->subs[s].id)
                page_check(p, &p->subs[s]);
    }
}

static void step(struct bench *b, struct chance *c)
{
    switch (below(c, 200)) {
    case 0:
        bench_restart(b);
        return;
    case 1:
        bench_put_all(b);
        return;
    case 2: /* many went: more than are remembered at times */
        for (size_t i = 0; i < 6000; i++)
            bench_put(b, i % BENCH_ROWS, (int64_t)i), bench_delete(b, i % BENCH_ROWS);
        return;
    case 3: /* the queue overflows */
        for (size_t i = 0; i <= LIVE_QUEUE_ITEMS + 5; i++)
            bench_put(b, i % BENCH_ROWS, (int64_t)i);
        return;
    case 4:
    case 5:
        settle_and_check(b);
        return;
    default:
        break;
    }
    size_t what = below(c, 3);
    if (what == 0)
        change_rows(b, c);
    else if (what == 1)
        bench_tick(b, (int64_t)below(c, 150));
    else
        page_step(b, &b->pages[below(c, PAGES)], c);
}

static void run(uint64_t seed)
{
    GW_FREE struct bench *b = gw_xalloc(1, sizeof(*b));
    struct chance c = {seed};
    printf("# seed %llu\n", (unsigned long long)seed);
    bench_open(b);
    for (int i = 0; i < STEPS; i++)
        step(b, &c);
    settle_and_check(b);
    bench_close(b);
}

static void pages_hold_what_is_true(void)
{
    const char *text = getenv("GW_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 10) : 20261123;
    for (uint64_t i = 0; i < (text ? 1 : 12); i++)
        run(seed + i);
}

const struct gw_test_case random_cases[] = {
    {"a page holds what is true, whatever was lost, late or begun anew", pages_hold_what_is_true},
};
const size_t random_case_count = sizeof(random_cases) / sizeof(random_cases[0]);
