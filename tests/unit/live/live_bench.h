/*
 * live_bench: a hub without a network, and pages that watch it. A page keeps what it is told as a browser would, so
 * that it can be compared with what is true. The clocks are numbers.
 */
#pragma once

#include "gw_test.h"
#include "json.h"
#include "live_internal.h"

#define BENCH_ROWS   64 /* keys there are */
#define BENCH_FRAMES 4096
#define BENCH_PAGES  16
#define BENCH_HELD   1100

struct page_row {
    char key[LIVE_KEY_MAX];
    int64_t v;
};

/* What a page holds of one subscription. */
struct page_sub {
    int32_t id; /* 0: free */
    char q[128], topic[16];
    uint64_t offset, window;
    struct page_row rows[BENCH_HELD];
    size_t count;
    char epoch[LIVE_EPOCH_CHARS + 1];
    int64_t seq, total;
    bool more, fresh; /* fresh: what it holds is not yet that of its window */
    int asked;        /* subs without an ok */
    size_t snaps, deltas, resyncs;
    char why[16];
};

struct bench;

/* A page is a connection too: the hub hands the pointer back to our port. */
struct ws_conn {
    struct bench *bench;
    struct live_conn *live;     /* NULL: not connected */
    char *frames[BENCH_FRAMES]; /* sent and not read yet */
    size_t frame_count, frame_bytes;
    bool full; /* the port takes nothing */
    bool sent_ok;
    int close_code;
    int64_t n; /* last numbered message read */
    size_t largest;
    struct page_sub subs[LIVE_SUBS_MAX];
    char code[16], detail[256]; /* of the last err */
    char t[16];                 /* of the last message */
    char role[16];
};

struct bench {
    struct live_hub *hub;
    struct live_now now;
    struct ws_conn pages[BENCH_PAGES];
    /* who signed in */
    bool signed_in;
    enum user_role role;
    uint64_t changes;
    uint8_t session; /* first byte of its key */
    int person;      /* whose it is */
    enum live_topic forbidden;
    /* what is true of LIVE_DEVICES; refresh() hands it over again */
    struct {
        bool there;
        int64_t v;
        bool big;
    } rows[BENCH_ROWS];
    size_t refreshes, wakes;
    bool counts_nothing; /* other threads wake it */
    bool refresh_fails;
    size_t tails; /* how often what came into the logs was asked for */
    struct journal_feed tail_from;
    bool tail_fails;
};

void bench_open(struct bench *b);
void bench_close(struct bench *b);
/* The daemon was killed: another hub, the pages know nothing. */
void bench_restart(struct bench *b);
void bench_key(size_t i, char out[LIVE_KEY_MAX]);
void bench_put(struct bench *b, size_t i, int64_t v);
void bench_delete(struct bench *b, size_t i);
void bench_put_all(struct bench *b);
void bench_tick(struct bench *b, int64_t ms);

/* Connects with the right origin. */
enum gw_rc page_open(struct bench *b, struct ws_conn *p);
enum gw_rc page_open_from(struct bench *b, struct ws_conn *p, const char *origin, const char *site, const char *source);
void page_lost(struct ws_conn *p); /* what was not read is gone */
void page_say(struct ws_conn *p, const char *text);
void page_hello(struct ws_conn *p);
/* Subscribes, with resume when it has rows and `resume`. */
void page_sub(struct ws_conn *p, struct page_sub *s, bool resume);
struct page_sub *page_watch(struct ws_conn *p, int32_t id, const char *q, uint64_t offset, uint64_t window);
/* Reads at most `max` messages. */
void page_read(struct ws_conn *p, size_t max);
void page_ack(struct ws_conn *p);
/* Reads, acknowledges and lets time pass until nothing more comes. */
void page_settle(struct ws_conn *p);
/* Fails unless the page holds what is true. */
void page_check(const struct ws_conn *p, const struct page_sub *s);

extern const struct gw_test_case hub_cases[], limit_cases[], random_cases[], message_cases[], tail_cases[],
    handover_cases[];
extern const size_t hub_case_count, limit_case_count, random_case_count, message_case_count, tail_case_count,
    handover_case_count;
