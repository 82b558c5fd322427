/*
 * From an operator's act to the pages that show it: a whole gateway, pages that are signed in and watch all devices
 * over TLS, and what they are told of one device after another that is quarantined or released. The devices are not
 * connected, so an act changes one row, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench_kit.h"
#include "gw_cleanup.h"
#include "gw_wss.h"
#include "people_kit.h"

#define PAGES         200
#define SESSION_PAGES 10 /* LIVE_SESSION_MAX */
#define SOURCE_PAGES  50 /* below what one address may open at once */
#define DEVICES       100
#define PAUSE_S       0.15 /* beyond LIVE_PACE_MS: each update is the first after quiet */
#define WAIT_MS       10000

struct page {
    struct gw_wss wss;
    char n[24]; /* of the last message, as text */
    bool seen;  /* the update at hand */
};

struct room {
    struct gw_gateway gateway;
    struct gw_fleet fleet;
    struct page pages[PAGES];
    int epoll, admin;
    char answer[8192];
    size_t answer_len;
    /* the update at hand */
    char key[64], state[64];
    size_t left, frame_bytes;
    double answered_s;
};

struct sample {
    double *page_s, *last_s; /* when each page had it, and the last of them */
    double *begun_s, *commit_s, *answer_s;
};

static void must(bool good, const char *what)
{
    if (!good)
        bench_fail("pages", what);
}

/* The next message; ms 0: only what is there. */
static bool hear(struct page *p, struct gw_buf *text, int ms)
{
    gw_buf_reset(text);
    if (!gw_wss_read(&p->wss, text, ms)) {
        must(p->wss.close_code == 0, "a page was cut off");
        return false;
    }
    gw_json_pick(gw_buf_str(text), "n", p->n, sizeof(p->n));
    return true;
}

static void acknowledge(struct page *p)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "{\"t\":\"ack\",\"n\":%s}", p->n);
    if (p->n[0])
        must(gw_wss_say(&p->wss, text), "a page cannot speak");
    p->n[0] = '\0';
}

static void hear_until(struct page *p, const char *a, const char *b)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 65536 + 1);
    do
        must(hear(p, &text, WAIT_MS), "a page waits in vain");
    while (!strstr(gw_buf_str(&text), a) || !strstr(gw_buf_str(&text), b));
    acknowledge(p);
}

static void join(struct room *r, size_t i, const struct person *person)
{
    char ca[192], origin[64], source[32];
    struct page *p = &r->pages[i];
    (void)snprintf(ca, sizeof(ca), "%s/web/ca.crt", r->gateway.state);
    (void)snprintf(origin, sizeof(origin), "https://localhost:%u", r->gateway.port_operators);
    (void)snprintf(source, sizeof(source), "127.0.0.%u", (unsigned)(2 + i / SOURCE_PAGES));
    const struct gw_wss_ask ask = {.port = r->gateway.port_operators,
                                   .ca_path = ca,
                                   .path = "/api/v1/live",
                                   .protocol = "gw.v1",
                                   .origin = origin,
                                   .cookie = person->cookie,
                                   .source = source};
    must(gw_wss_open(&p->wss, &ask) == 101, "a page was not let in");
    must(gw_wss_say(&p->wss, "{\"t\":\"hello\",\"v\":1}"), "hello");
    must(gw_wss_say(&p->wss, "{\"t\":\"sub\",\"id\":1,\"topic\":\"devices\"}"), "sub");
    hear_until(p, "\"t\":\"snap\"", "\"more\":false");
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
    (void)epoll_ctl(r->epoll, EPOLL_CTL_ADD, p->wss.socket, &event);
}

static void join_all(struct room *r)
{
    struct person person = {.cookie = ""};
    for (size_t i = 0; i < PAGES; i++) {
        const char *name = i < PAGES / 2 ? "vic" : "vera"; /* sessions of one account have a ceiling too */
        if (i % SESSION_PAGES == 0)
            must(kit_sign_in(&r->gateway, &person, name, KIT_PASSWORD) == 200, "sign in");
        join(r, i, &person);
    }
}

static void take_answer(struct room *r)
{
    ssize_t n = read(r->admin, r->answer + r->answer_len, sizeof(r->answer) - 1 - r->answer_len);
    must(n > 0, "the admin socket ended");
    r->answer_len += (size_t)n;
    r->answer[r->answer_len] = '\0';
    const char *body = strstr(r->answer, "\r\n\r\n"), *length = strcasestr(r->answer, "content-length: ");
    if (!body || !length || strlen(body + 4) < strtoul(length + strlen("content-length: "), NULL, 10))
        return;
    must(strstr(r->answer, " 200 ") != NULL, r->answer);
    r->answered_s = bench_now_s();
    r->answer_len = 0;
}

static void take_message(struct room *r, struct page *p, struct gw_buf *text, double *ret_s)
{
    if (!hear(p, text, 0))
        return;
    bool it = strstr(gw_buf_str(text), r->key) && strstr(gw_buf_str(text), r->state);
    if (p->seen || !it)
        return;
    *ret_s = bench_now_s();
    p->seen = true;
    r->left--;
    r->frame_bytes = text->len;
}

/* Takes what comes until the time, or until every page has the update and its answer is there. */
static void listen_until(struct room *r, double until_s, double *page_s)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 65536 + 1);
    for (double now; (now = bench_now_s()) < until_s && (!page_s || r->left || r->answered_s <= 0);) {
        struct epoll_event events[64];
        double unused;
        int n = epoll_wait(r->epoll, events, 64, 1 + (int)(1000 * (until_s - now)));
        must(n >= 0 || errno == EINTR, "epoll");
        for (int i = 0; i < n; i++)
            if (events[i].data.u64 == PAGES)
                take_answer(r);
            else
                take_message(r, &r->pages[events[i].data.u64], &text, page_s ? &page_s[events[i].data.u64] : &unused);
    }
}

static void one(struct room *r, unsigned k, struct sample *s)
{
    char device[32];
    bool release = k / DEVICES % 2;
    (void)snprintf(device, sizeof(device), "sim-%05u", k % DEVICES + 1);
    (void)snprintf(r->key, sizeof(r->key), "[\"%s\",{", device);
    (void)snprintf(r->state, sizeof(r->state), "\"state\":\"%s\"", release ? "active" : "quarantined");
    r->left = PAGES;
    r->answered_s = 0;
    for (size_t i = 0; i < PAGES; i++)
        r->pages[i].seen = false;
    uint64_t flushed = bench_flushes().state_wal;
    double *page_s = s->page_s + (size_t)k * PAGES;
    s->begun_s[k] = bench_now_s();
    bench_act(r->admin, device, release ? "release" : "quarantine");
    listen_until(r, s->begun_s[k] + WAIT_MS / 1000.0, page_s);
    must(r->left == 0 && r->answered_s > 0, "not every page has the update");
    s->answer_s[k] = r->answered_s;
    s->commit_s[k] = bench_state_flushed_s(flushed + 1);
    s->last_s[k] = 0;
    for (size_t i = 0; i < PAGES; i++)
        s->last_s[k] = page_s[i] > s->last_s[k] ? page_s[i] : s->last_s[k];
    for (size_t i = 0; i < PAGES; i++)
        acknowledge(&r->pages[i]);
    r->left = 0;
    listen_until(r, s->last_s[k] + PAUSE_S, NULL);
}

/* Prints median and p99 of to[i] - from[i / per], in milliseconds. */
static void tell(const char *what, const double *to, const double *from, size_t count, size_t per)
{
    GW_FREE double *ms = gw_xalloc(count, sizeof(*ms));
    for (size_t i = 0; i < count; i++)
        ms[i] = 1000 * (to[i] - from[i / per]);
    double middle = bench_median(ms, count); /* sorts */
    printf("  %s: median %.2f ms, p99 %.2f ms, max %.2f ms\n", what, middle, bench_percentile(ms, count, 99),
           ms[count - 1]);
}

static void measure(struct room *r, unsigned updates)
{
    struct sample s = {.page_s = gw_xalloc((size_t)updates * PAGES, sizeof(double)),
                       .last_s = gw_xalloc(updates, sizeof(double)),
                       .begun_s = gw_xalloc(updates, sizeof(double)),
                       .commit_s = gw_xalloc(updates, sizeof(double)),
                       .answer_s = gw_xalloc(updates, sizeof(double))};
    listen_until(r, bench_now_s() + 2 * PAUSE_S, NULL); /* quiet, as before every update */
    struct bench_use before = bench_use(&r->gateway);
    for (unsigned k = 0; k < updates; k++)
        one(r, k, &s);
    struct bench_use after = bench_use(&r->gateway);
    size_t all = (size_t)updates * PAGES;
    printf("pages: a device is quarantined or released over the admin socket, %u times; %d pages that are signed in "
           "watch all %d devices over wss; a frame of %zu bytes\n",
           updates, PAGES, DEVICES, r->frame_bytes);
    tell("from the call to the whole frame in a page", s.page_s, s.begun_s, all, PAGES);
    tell("from the call to the last of the pages", s.last_s, s.begun_s, updates, 1);
    tell("from the COMMIT's flush to a page", s.page_s, s.commit_s, all, PAGES);
    tell("from the COMMIT's flush to the last of the pages", s.last_s, s.commit_s, updates, 1);
    tell("from the call to its answer", s.answer_s, s.begun_s, updates, 1);
    printf("  the daemon used %.2f ms of CPU for each\n", 1000 * (after.daemon_s - before.daemon_s) / updates);
    double *owned[] = {s.page_s, s.last_s, s.begun_s, s.commit_s, s.answer_s};
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
}

void bench_pages(void)
{
    static struct room r;
    bench_gateway_start(&r.gateway, 1000, 0);
    must(kit_user(&r.gateway, "add", "vic", "viewer", KIT_PASSWORD) == 0 &&
             kit_user(&r.gateway, "add", "vera", "viewer", KIT_PASSWORD) == 0,
         "accounts");
    bench_enrol(&r.gateway, &r.fleet, "100");
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    join_all(&r);
    r.admin = bench_admin(&r.gateway);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = PAGES};
    (void)epoll_ctl(r.epoll, EPOLL_CTL_ADD, r.admin, &event);
    measure(&r, bench_quick ? 40 : 300);
    for (size_t i = 0; i < PAGES; i++)
        gw_wss_close(&r.pages[i].wss);
    (void)close(r.admin);
    (void)close(r.epoll);
    gw_fleet_done(&r.fleet);
    gw_gateway_done(&r.gateway);
}
