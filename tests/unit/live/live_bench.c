#include "live_bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"

#define START_MS INT64_C(1800000000000)

/* ---- the port ---------------------------------------------------------------------------------------------------- */

static enum gw_rc port_send(void *self, struct ws_conn *p, struct gw_view text)
{
    (void)self;
    if (p->close_code)
        return GW_CANCELLED;
    if (p->full || p->frame_bytes + text.len > WS_QUEUE_MAX || p->frame_count == BENCH_FRAMES)
        return GW_AGAIN;
    CU_ASSERT_TRUE_FATAL(text.len <= WS_MESSAGE_MAX);
    p->largest = text.len > p->largest ? text.len : p->largest;
    char *copy = gw_xalloc(1, text.len + 1);
    memcpy(copy, text.ptr, text.len);
    p->frames[p->frame_count++] = copy;
    p->frame_bytes += text.len;
    return GW_OK;
}

static void port_close(void *self, struct ws_conn *p, int code, const char *reason)
{
    (void)self;
    CU_ASSERT_TRUE(strlen(reason) <= 100);
    p->close_code = code;
}

static void port_wake(void *self)
{
    struct bench *b = self;
    if (!b->counts_nothing)
        b->wakes++;
}

/* ---- people ------------------------------------------------------------------------------------------------------ */

static enum gw_rc session_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    (void)request;
    const struct bench *b = ctx;
    if (!b->signed_in)
        return GW_NOT_FOUND;
    *ret_actor = (struct actor){.role = b->role};
    (void)snprintf(ret_actor->name, sizeof(ret_actor->name), "user:ann%d", b->person);
    ret_actor->session.bytes[0] = b->session;
    return GW_OK;
}

static bool lives(void *ctx, const struct gw_sha256 *session, struct gw_wall now, enum user_role *ret_role)
{
    (void)session;
    (void)now;
    const struct bench *b = ctx;
    *ret_role = b->role;
    return b->signed_in;
}

static uint64_t changes(void *ctx)
{
    const struct bench *b = ctx;
    return b->changes;
}

static bool may(void *ctx, enum live_topic topic, enum user_role role)
{
    const struct bench *b = ctx;
    return role >= USER_VIEWER && topic != b->forbidden;
}

/* ---- what is true ------------------------------------------------------------------------------------------------ */

/* Keys are not in the order of their numbers. */
void bench_key(size_t i, char out[LIVE_KEY_MAX])
{
    (void)snprintf(out, LIVE_KEY_MAX, "pump-%02zu", (i * 37) % BENCH_ROWS);
}

static bool is_even(int64_t v)
{
    return v % 2 == 0;
}

static void hand_over(struct bench *b, size_t i)
{
    char key[LIVE_KEY_MAX], *json = gw_xalloc(1, 65536);
    bench_key(i, key);
    if (!b->rows[i].there) {
        live_hub_delete(b->hub, LIVE_DEVICES, key);
    } else {
        int len = snprintf(json, 65536, "{\"id\":\"%s\",\"v\":%" PRId64 ",\"state\":\"%s\",\"pad\":\"%0*d\"}", key,
                           b->rows[i].v, is_even(b->rows[i].v) ? "even" : "odd", b->rows[i].big ? 20000 : 8, 0);
        live_hub_put(b->hub, LIVE_DEVICES, key, gw_view_make(json, (size_t)len));
    }
    free(json);
}

void bench_put(struct bench *b, size_t i, int64_t v)
{
    b->rows[i].there = true;
    b->rows[i].v = v;
    hand_over(b, i);
}

void bench_delete(struct bench *b, size_t i)
{
    b->rows[i].there = false;
    hand_over(b, i);
}

void bench_put_all(struct bench *b)
{
    live_hub_sweep(b->hub, LIVE_DEVICES, true);
    for (size_t i = 0; i < BENCH_ROWS; i++)
        if (b->rows[i].there)
            hand_over(b, i);
    live_hub_sweep(b->hub, LIVE_DEVICES, false);
}

static bool refresh(void *ctx)
{
    struct bench *b = ctx;
    if (b->refresh_fails)
        return false;
    b->refreshes++;
    bench_put_all(b);
    return true;
}

static bool tail(void *ctx, const struct journal_feed *from)
{
    struct bench *b = ctx;
    b->tails++;
    b->tail_from = *from;
    return !b->tail_fails;
}

static void make_hub(struct bench *b)
{
    static const char *const names[] = {"gw.example", "localhost"};
    const struct live_config config = {
        .gateway = "gw-0011223344556677",
        .names = names,
        .name_count = 2,
        .people = {.ctx = b, .session_of = session_of, .lives = lives, .changes = changes, .may = may},
        .refresh = refresh,
        .ctx = b,
        .tail = tail,
    };
    b->hub = live_hub_new(&config);
    live_hub_attach(b->hub, (struct ws_port){b, port_send, port_close, port_wake}, 9443);
    bench_put_all(b);
}

void bench_open(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    b->now = (struct live_now){{START_MS}, {1000}};
    b->signed_in = true;
    b->role = USER_VIEWER;
    b->session = 1;
    b->forbidden = (enum live_topic)LIVE_TOPICS; /* none */
    for (size_t i = 0; i < BENCH_PAGES; i++)
        b->pages[i].bench = b;
    make_hub(b);
}

void bench_restart(struct bench *b)
{
    for (size_t i = 0; i < BENCH_PAGES; i++)
        page_lost(&b->pages[i]);
    live_hub_free(b->hub);
    make_hub(b);
}

void bench_close(struct bench *b)
{
    for (size_t i = 0; i < BENCH_PAGES; i++)
        page_lost(&b->pages[i]);
    live_hub_free(b->hub);
}

void bench_tick(struct bench *b, int64_t ms)
{
    b->now.wall.ms += ms;
    b->now.mono.ms += ms;
    live_hub_tick(b->hub, &b->now);
}

/* ---- a page ------------------------------------------------------------------------------------------------------ */

enum gw_rc page_open_from(struct bench *b, struct ws_conn *p, const char *origin, const char *site, const char *source)
{
    struct http_peer peer = {.door = HTTP_DOOR_OPERATORS};
    (void)snprintf(peer.source, sizeof(peer.source), "%s", source);
    const struct http_request request = {.method = HTTP_GET,
                                         .door = HTTP_DOOR_OPERATORS,
                                         .path = gw_view_str(LIVE_PATH),
                                         .origin = gw_view_str(origin),
                                         .fetch_site = gw_view_str(site),
                                         .peer = &peer,
                                         .now = b->now.wall};
    struct gw_err err = {0};
    enum gw_rc rc = live_hub_open(b->hub, &request, p, b->now.mono, &p->live, &err);
    (void)snprintf(p->detail, sizeof(p->detail), "%s", rc ? gw_err_text(&err) : "");
    return rc;
}

enum gw_rc page_open(struct bench *b, struct ws_conn *p)
{
    return page_open_from(b, p, "https://gw.example:9443", "same-origin", "192.0.2.1");
}

static void drop_first(struct ws_conn *p)
{
    p->frame_bytes -= strlen(p->frames[0]);
    free(p->frames[0]);
    memmove(p->frames, p->frames + 1, --p->frame_count * sizeof(p->frames[0]));
}

void page_lost(struct ws_conn *p)
{
    while (p->frame_count)
        drop_first(p);
    if (p->live)
        live_hub_closed(p->live);
    for (size_t i = 0; i < LIVE_SUBS_MAX; i++) {
        p->subs[i].fresh = p->subs[i].fresh || p->subs[i].asked > 0;
        p->subs[i].asked = 0;
    }
    p->live = NULL;
    p->n = 0;
    p->full = false;
    p->close_code = 0;
}

void page_say(struct ws_conn *p, const char *text)
{
    live_conn_message(p->live, gw_view_str(text), &p->bench->now);
}

void page_hello(struct ws_conn *p)
{
    page_say(p, "{\"t\":\"hello\",\"v\":1}");
}

void page_sub(struct ws_conn *p, struct page_sub *s, bool resume)
{
    char text[512], more[96] = "";
    if (resume && s->epoch[0])
        (void)snprintf(more, sizeof(more), ",\"resume\":{\"epoch\":\"%s\",\"seq\":%" PRId64 "}", s->epoch, s->seq);
    (void)snprintf(text, sizeof(text),
                   "{\"t\":\"sub\",\"id\":%" PRId32 ",\"topic\":\"%s\",\"q\":\"%s\",\"win\":[%" PRIu64 ",%" PRIu64
                   "]%s}",
                   s->id, s->topic, s->q, s->offset, s->window, more);
    if (!more[0])
        s->count = 0;
    s->fresh = true;
    s->asked++;
    page_say(p, text);
}

static struct page_sub *find_sub(struct ws_conn *p, int32_t id)
{
    for (size_t i = 0; i < LIVE_SUBS_MAX; i++)
        if (p->subs[i].id == id)
            return &p->subs[i];
    return NULL;
}

struct page_sub *page_watch(struct ws_conn *p, int32_t id, const char *q, uint64_t offset, uint64_t window)
{
    struct page_sub *s = find_sub(p, 0);
    *s = (struct page_sub){.id = id, .offset = offset, .window = window, .topic = "devices"};
    (void)snprintf(s->q, sizeof(s->q), "%s", q);
    page_sub(p, s, false);
    return s;
}

static size_t row_find(const struct page_sub *s, const char *key, bool *ret_found)
{
    size_t i = 0;
    while (i < s->count && strcmp(s->rows[i].key, key) < 0)
        i++;
    *ret_found = i < s->count && strcmp(s->rows[i].key, key) == 0;
    return i;
}

static void hold(struct page_sub *s, const char *key, int64_t v)
{
    bool found;
    size_t at = row_find(s, key, &found);
    if (!found) {
        CU_ASSERT_TRUE_FATAL(s->count < BENCH_HELD);
        memmove(s->rows + at + 1, s->rows + at, (s->count++ - at) * sizeof(s->rows[0]));
        (void)snprintf(s->rows[at].key, LIVE_KEY_MAX, "%s", key);
    }
    s->rows[at].v = v;
}

static void let_go(struct page_sub *s, const char *key)
{
    bool found;
    size_t at = row_find(s, key, &found);
    if (found)
        memmove(s->rows + at, s->rows + at + 1, (--s->count - at) * sizeof(s->rows[0]));
}

static void take_rows(struct page_sub *s, const struct json_value *rows)
{
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json_value *pair = json_item(rows, i);
        struct gw_view key;
        char text[LIVE_KEY_MAX];
        int64_t v = -1;
        CU_ASSERT_EQUAL_FATAL(json_as_text(json_item(pair, 0), &key), GW_OK);
        CU_ASSERT_EQUAL_FATAL(gw_view_copy_str(key, text, sizeof(text)), GW_OK);
        CU_ASSERT_EQUAL_FATAL(json_kind_of(json_item(pair, 1)), JSON_KIND_OBJECT);
        (void)!json_i64(json_item(pair, 1), "v", 0, INT64_MAX, &v, NULL);
        hold(s, text, v);
    }
}

static void take_gone(struct page_sub *s, const struct json_value *gone)
{
    struct gw_view key;
    char text[LIVE_KEY_MAX];
    for (size_t i = 0; i < json_count(gone); i++) {
        CU_ASSERT_EQUAL_FATAL(json_as_text(json_item(gone, i), &key), GW_OK);
        CU_ASSERT_EQUAL_FATAL(gw_view_copy_str(key, text, sizeof(text)), GW_OK);
        let_go(s, text);
    }
}

static void take_state(struct ws_conn *p, struct page_sub *s, const struct json_value *root)
{
    int64_t seq = 0;
    bool snap = strcmp(p->t, "snap") == 0;
    CU_ASSERT_TRUE_FATAL(json_has(root, "n"));
    if (!s)
        return; /* let go meanwhile */
    s->snaps += snap;
    s->deltas += !snap;
    if (snap)
        (void)!json_str(root, "epoch", s->epoch, sizeof(s->epoch), NULL);
    take_gone(s, json_find(root, "del"));
    take_rows(s, json_find(root, snap ? "rows" : "up"));
    CU_ASSERT_EQUAL_FATAL(json_i64(root, "seq", 0, INT64_MAX, &seq, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_i64(root, "total", 0, INT64_MAX, &s->total, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(json_bool(root, "more", &s->more, NULL), GW_OK);
    if (!s->more && s->asked == 0) {
        s->seq = seq;
        s->fresh = false;
    }
}

static void take(struct ws_conn *p, const char *text)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    int64_t id = 0, n = 0;
    GW_ASSERT_OK(json_read(gw_view_str(text), WS_MESSAGE_MAX, &doc, &err), &err);
    const struct json_value *root = json_root(doc);
    CU_ASSERT_EQUAL_FATAL(json_str(root, "t", p->t, sizeof(p->t), NULL), GW_OK);
    (void)!json_i64(root, "id", 1, INT32_MAX, &id, NULL);
    if (json_i64(root, "n", 1, INT64_MAX, &n, NULL) == GW_OK) {
        CU_ASSERT_EQUAL_FATAL(n, p->n + 1);
        p->n = n;
    }
    struct page_sub *s = id ? find_sub(p, (int32_t)id) : NULL;
    if (strcmp(p->t, "snap") == 0 || strcmp(p->t, "d") == 0) {
        take_state(p, s, root);
    } else if (strcmp(p->t, "resync") == 0 && s) {
        s->count = 0;
        s->resyncs++;
        s->fresh = true;
        (void)!json_str(root, "why", s->why, sizeof(s->why), NULL);
    } else if (strcmp(p->t, "ok") == 0 && s) {
        s->asked--;
    } else if (strcmp(p->t, "err") == 0) {
        (void)!json_str(root, "code", p->code, sizeof(p->code), NULL);
        (void)!json_str(root, "detail", p->detail, sizeof(p->detail), NULL);
    } else if (strcmp(p->t, "hello") == 0) {
        (void)!json_str(root, "role", p->role, sizeof(p->role), NULL);
    }
}

void page_read(struct ws_conn *p, size_t max)
{
    bool any = p->frame_count > 0;
    for (; max && p->frame_count; max--) {
        take(p, p->frames[0]);
        drop_first(p);
    }
    if (any && p->frame_count == 0 && !p->full && p->live && !p->close_code) {
        p->live->blocked = false; /* drained() */
        live_conn_flush(p->live, &p->bench->now);
    }
}

void page_ack(struct ws_conn *p)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "{\"t\":\"ack\",\"n\":%" PRId64 "}", p->n);
    page_say(p, text);
}

void page_settle(struct ws_conn *p)
{
    for (int quiet = 0; quiet < 3; quiet++) {
        if (p->frame_count)
            quiet = 0;
        page_read(p, BENCH_FRAMES);
        if (p->live && !p->close_code)
            page_ack(p);
        bench_tick(p->bench, LIVE_PACE_MS);
    }
}

/* ---- the oracle -------------------------------------------------------------------------------------------------- */

static bool fits(const struct page_sub *s, int64_t v)
{
    return s->q[0] == '\0' || is_even(v) == (strcmp(s->q, "state:even") == 0);
}

void page_check(const struct ws_conn *p, const struct page_sub *s)
{
    const struct bench *b = p->bench;
    int64_t total = 0;
    size_t shown = 0;
    for (size_t k = 0; k < BENCH_ROWS; k++) {
        char key[LIVE_KEY_MAX], want[LIVE_KEY_MAX];
        size_t i = 0;
        (void)snprintf(want, sizeof(want), "pump-%02zu", k);
        for (bench_key(i, key); strcmp(key, want) != 0; bench_key(i, key))
            i++;
        if (!b->rows[i].there || !fits(s, b->rows[i].v))
            continue;
        if ((uint64_t)total >= s->offset && shown < s->window) {
            CU_ASSERT_TRUE_FATAL(shown < s->count);
            CU_ASSERT_STRING_EQUAL_FATAL(s->rows[shown].key, want);
            CU_ASSERT_EQUAL_FATAL(s->rows[shown].v, b->rows[i].v);
            shown++;
        }
        total++;
    }
    CU_ASSERT_EQUAL_FATAL(s->count, shown);
    CU_ASSERT_EQUAL_FATAL(s->total, total);
    CU_ASSERT_FALSE_FATAL(s->more);
}
