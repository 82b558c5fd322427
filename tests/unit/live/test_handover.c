/* Rows and events from other threads, while web's ticks. */
#include <pthread.h>
#include <stdlib.h>

#include "gw_cleanup.h"
#include "live_bench.h"

#define ROUNDS 300

static void *core_thread(void *arg)
{
    struct bench *b = arg;
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < BENCH_ROWS; k++) {
            if ((i + (int)k) % 5 == 0)
                bench_delete(b, k);
            else
                bench_put(b, k, i);
        }
        (void)live_hub_room(b->hub);
    }
    return NULL;
}

static void *query_thread(void *arg)
{
    struct bench *b = arg;
    struct live_stats stats;
    for (int i = 0; i < ROUNDS; i++) {
        live_hub_logs_grew(b->hub);
        live_hub_event(b->hub, "pump-1", 2, gw_view_str("{\"cls\":\"x\"}"));
        live_hub_tail(b->hub, true, &(struct journal_feed){.epoch = 1, .n = i}, 0);
        live_hub_stats_get(b->hub, &stats);
    }
    return NULL;
}

static void threads_hand_over(void)
{
    pthread_t core, query;
    struct bench *b = gw_xalloc(1, sizeof(*b));
    bench_open(b);
    b->counts_nothing = true;
    struct ws_conn *p = &b->pages[0];
    CU_ASSERT_EQUAL_FATAL(page_open(b, p), GW_OK);
    page_hello(p);
    struct page_sub *s = page_watch(p, 4, "state:even", 0, 200);
    page_say(p, "{\"t\":\"sub\",\"id\":5,\"topic\":\"log\"}");
    b->refresh_fails = true; /* the rows are the other thread's */
    CU_ASSERT_EQUAL_FATAL(pthread_create(&core, NULL, core_thread, b), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&query, NULL, query_thread, b), 0);
    for (int i = 0; i < ROUNDS; i++) {
        bench_tick(b, 50);
        page_read(p, 9);
        page_ack(p);
    }
    (void)pthread_join(core, NULL);
    (void)pthread_join(query, NULL);
    b->refresh_fails = false; /* a queue that was full asks for all again */
    page_settle(p);
    page_check(p, s);
    bench_close(b);
    free(b);
}

const struct gw_test_case handover_cases[] = {
    {"takes rows and events from other threads while it sends", threads_hand_over},
};
const size_t handover_case_count = sizeof(handover_cases) / sizeof(handover_cases[0]);
