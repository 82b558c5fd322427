/* /metrics: who is let in, how often figures are gathered, and that a strict reader of the format takes what comes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "metrics.h"
#include "prom_text.h"

struct bench {
    struct metrics *metrics;
    struct actor actor; /* whose the right token is */
    struct http_reply reply;
    int collected;
};

static void respond(void *self, struct http_ticket ticket, struct http_reply *reply)
{
    struct bench *b = self;
    (void)ticket;
    http_reply_done(&b->reply);
    b->reply = *reply;
}

static void collect(void *ctx, struct metrics_figures *figures)
{
    struct bench *b = ctx;
    b->collected++;
    figures->journal = (struct journal_thread_stats){
        .events = 7, .verdicts = {[LOG_DUPLICATE] = 3}, .commit_buckets = {2, 1, 0, 4}, .commit_sum_us = 2500000};
    figures->certs[0] = (struct metrics_cert){"https", {INT64_C(1800000000500)}};
    figures->certs[1] = (struct metrics_cert){"mqtt", {0}};
}

static const char token[] = "gwm_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static enum gw_rc token_of(void *ctx, const struct http_request *request, struct actor *ret_actor)
{
    const struct bench *b = ctx;
    char right[100];
    (void)snprintf(right, sizeof(right), "Bearer %s", token);
    *ret_actor = b->actor;
    return gw_view_eq_str(request->authorization, right) ? GW_OK : GW_NOT_FOUND;
}

static void bench_open(struct bench *b, bool claimed)
{
    *b = (struct bench){.collected = 0};
    struct metrics_config config = {.responder = {.self = b, .respond = respond},
                                    .token_of = token_of,
                                    .token_ctx = b,
                                    .collect = collect,
                                    .ctx = b};
    b->metrics = metrics_new(&config);
    struct core_figures core = {.claimed = claimed, .devices = {[DEVICE_ACTIVE] = 3}};
    metrics_set_core(b->metrics, &core);
}

static void bench_close(struct bench *b)
{
    http_reply_done(&b->reply);
    metrics_free(b->metrics);
}

/* The status of a request with this Authorization. */
static int scrape(struct bench *b, const char *authorization)
{
    const struct http_route *route = metrics_route(b->metrics);
    struct http_request request = {.method = HTTP_GET, .authorization = gw_view_str(authorization)};
    struct gw_err err = {0};
    CU_ASSERT_EQUAL(route->handle(route->ctx, &request, &err), GW_OK);
    return b->reply.status;
}

static int scrape_with(struct bench *b, const char *text)
{
    char line[160];
    (void)snprintf(line, sizeof(line), "Bearer %s", text);
    return scrape(b, line);
}

static void lets_the_token_in_and_nothing_else(void)
{
    struct bench b;
    char longer[100], other[sizeof(token)];
    (void)snprintf(longer, sizeof(longer), "%s0", token);
    (void)snprintf(other, sizeof(other), "%s", token);
    other[sizeof(token) - 2] = 'e';
    bench_open(&b, true);
    CU_ASSERT_EQUAL(metrics_route(b.metrics)->doors, HTTP_DOOR_OPERATORS);
    CU_ASSERT_EQUAL(scrape(&b, ""), 401);
    CU_ASSERT_STRING_EQUAL(b.reply.content_type, "application/problem+json");
    CU_ASSERT_EQUAL(scrape(&b, "Bearer"), 401);
    CU_ASSERT_EQUAL(scrape(&b, token), 401);
    CU_ASSERT_EQUAL(scrape_with(&b, ""), 401);
    CU_ASSERT_EQUAL(scrape_with(&b, other), 401);
    CU_ASSERT_EQUAL(scrape_with(&b, longer), 401);
    CU_ASSERT_EQUAL(scrape_with(&b, "gwm_"), 401);
    CU_ASSERT_EQUAL(b.collected, 0);
    CU_ASSERT_EQUAL(scrape_with(&b, token), 200);
    CU_ASSERT_STRING_EQUAL(b.reply.content_type, PROM_CONTENT_TYPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&b.reply.body), "gatehouse_refused_total{reason=\"metrics_token\"} 7\n"));
    bench_close(&b);
}

static void lets_no_token_with_another_role_in(void)
{
    struct bench b;
    bench_open(&b, true);
    CU_ASSERT_EQUAL(scrape_with(&b, token), 200);
    for (enum user_role role = USER_VIEWER; role <= USER_ADMIN; role++) {
        b.actor.role = role;
        CU_ASSERT_EQUAL(scrape_with(&b, token), 401);
    }
    bench_close(&b);
}

static void is_closed_before_the_claim(void)
{
    struct bench b;
    bench_open(&b, false);
    CU_ASSERT_EQUAL(scrape_with(&b, token), 401);
    struct core_figures core = {.claimed = true};
    metrics_set_core(b.metrics, &core);
    CU_ASSERT_EQUAL(scrape_with(&b, token), 200);
    bench_close(&b);
}

static void gathers_once_for_many_scrapes(void)
{
    struct bench b;
    bench_open(&b, true);
    struct gw_mono begin = gw_mono_now();
    int scrapes = 0;
    while (scrapes < 50) {
        CU_ASSERT_EQUAL(scrape_with(&b, token), 200);
        scrapes++;
    }
    int64_t seconds = (gw_mono_now().ms - begin.ms) / METRICS_FRESH_MS;
    CU_ASSERT(b.collected >= 1 && b.collected <= 1 + (int)seconds + 1);
    bench_close(&b);
}

/* ---- a strict reader of the format ------------------------------------------------------------------------------- */

#define SERIES_MAX 512

struct reader {
    char family[96], type[16];
    char families[128][96];
    size_t family_count;
    char series[SERIES_MAX][160];
    size_t series_count;
    int bad;
};

static bool is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool letter = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_';
        if (!letter && (i == 0 || text[i] < '0' || text[i] > '9'))
            return false;
    }
    return len > 0;
}

static void fault(struct reader *r, const char *line, const char *why)
{
    printf("#   %s: %s\n", why, line);
    r->bad++;
}

static void read_help(struct reader *r, const char *line)
{
    const char *name = line + strlen("# HELP ");
    size_t len = strcspn(name, " ");
    if (!is_name(name, len) || len >= sizeof(r->family) || name[len] != ' ' || !name[len + 1])
        fault(r, line, "no HELP");
    (void)snprintf(r->family, sizeof(r->family), "%.*s", (int)len, name);
    r->type[0] = '\0';
    for (size_t i = 0; i < r->family_count; i++)
        if (strcmp(r->families[i], r->family) == 0)
            fault(r, line, "family twice");
    memcpy(r->families[r->family_count++ % 128], r->family, sizeof(r->family));
}

static void read_type(struct reader *r, const char *line)
{
    char name[96], type[16];
    if (sscanf(line, "# TYPE %95s %15s", name, type) != 2 || strcmp(name, r->family) != 0)
        fault(r, line, "TYPE of another family");
    else if (strcmp(type, "counter") != 0 && strcmp(type, "gauge") != 0 && strcmp(type, "histogram") != 0)
        fault(r, line, "no such type");
    (void)snprintf(r->type, sizeof(r->type), "%s", type);
    size_t len = strlen(name);
    if ((strcmp(type, "counter") == 0) != (len > 6 && strcmp(name + len - 6, "_total") == 0))
        fault(r, line, "counters and nothing else end in _total");
}

static void read_sample(struct reader *r, const char *line)
{
    size_t name = strcspn(line, "{ "), series = strcspn(line, " ");
    const char *suffix = line + strlen(r->family);
    bool ours = strncmp(line, r->family, strlen(r->family)) == 0;
    size_t rest = ours ? name - strlen(r->family) : 1;
    bool histogram =
        strcmp(r->type, "histogram") == 0 &&
        (strncmp(suffix, "_bucket{", 8) == 0 || strncmp(suffix, "_sum ", 5) == 0 || strncmp(suffix, "_count ", 7) == 0);
    if (!r->type[0] || !is_name(line, name) || !ours || (rest > 0) != histogram)
        fault(r, line, "not of the family at hand");
    if (line[name] == '{') {
        const char *eq = strchr(line + name, '=');
        if (!eq || !is_name(line + name + 1, (size_t)(eq - line) - name - 1) || eq[1] != '"' ||
            line[series - 1] != '}' || line[series - 2] != '"')
            fault(r, line, "labels");
    }
    char *end = NULL;
    (void)strtod(line + series, &end);
    if (!end || end == line + series || *end)
        fault(r, line, "no number");
    for (size_t i = 0; i < r->series_count; i++)
        if (strlen(r->series[i]) == series && strncmp(r->series[i], line, series) == 0)
            fault(r, line, "series twice");
    if (r->series_count < SERIES_MAX)
        (void)snprintf(r->series[r->series_count++], sizeof(r->series[0]), "%.*s", (int)series, line);
}

static void read_all(struct reader *r, const char *text)
{
    if (text[0] == '\0' || text[strlen(text) - 1] != '\n')
        fault(r, "", "the last line has no end");
    while (*text) {
        char line[512];
        size_t len = strcspn(text, "\n");
        (void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
        if (strncmp(line, "# HELP ", 7) == 0)
            read_help(r, line);
        else if (strncmp(line, "# TYPE ", 7) == 0)
            read_type(r, line);
        else
            read_sample(r, line);
        text += len + (text[len] == '\n');
    }
}

static void a_strict_reader_takes_it(void)
{
    static struct reader r;
    static struct metrics_figures figures;
    struct bench b;
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, METRICS_TEXT_MAX);
    bench_open(&b, true);
    collect(&b, &figures);
    figures.core.devices[DEVICE_ACTIVE] = 3;
    figures.core.rollouts[ROLLOUT_RUNNING] = 2;
    figures.core.imports_refused[RELEASE_CHECK_SIGNATURE] = 4;
    figures.core.attempts[ATTEMPT_CONFIRMING] = 11;
    figures.core.attempts_back[ATTEMPT_OFFERED] = 12;
    figures.sessions = 13;
    figures.journal.unread = 18;
    figures.live = (struct live_stats){.connections = 14, .closed_dead = 15};
    figures.queued[METRICS_QUEUE_QUERY] = 16;
    figures.queue_max[METRICS_QUEUE_QUERY] = 17;
    metrics_format(&figures, &text);
    CU_ASSERT_EQUAL(gw_buf_rc(&text), GW_OK);
    r = (struct reader){.bad = 0};
    read_all(&r, gw_buf_str(&text));
    CU_ASSERT_EQUAL(r.bad, 0);
    CU_ASSERT(r.family_count > 30 && r.series_count > r.family_count);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), "gatehouse_devices{state=\"active\"} 3\n"));
    static const char *const lines[] = {
        "gatehouse_rollouts{state=\"running\"} 2\n",
        "gatehouse_imports_refused_total{check=\"signature\"} 4\n",
        "gatehouse_rollouts{state=\"finished\"} 0\n",
        "gatehouse_attempts{state=\"confirming\"} 11\n",
        "gatehouse_rollback_attempts{state=\"offered\"} 12\n",
        "gatehouse_sessions 13\n",
        "gatehouse_ingest_overlap_total 18\n",
        "gatehouse_live_connections 14\n",
        "gatehouse_live_closed_total{reason=\"silent\"} 15\n",
        "gatehouse_queue{queue=\"query\"} 16\n",
        "gatehouse_queue_max{queue=\"query\"} 17\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), lines[i]));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), "gatehouse_ingest_events_total 7\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), "gatehouse_ingest_verdicts_total{verdict=\"duplicate\"} 3\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        gw_buf_str(&text), "gatehouse_listener_certificate_not_after_seconds{listener=\"https\"} 1800000000.500\n"));
    bench_close(&b);
}

static void sums_a_histogram_as_it_must(void)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    static const uint32_t bounds[] = {500, 2000000};
    const uint64_t buckets[] = {2, 1, 4};
    struct prom p = {.out = &text};
    gw_buf_init(&text, 4096);
    prom_family(&p, "a_seconds", PROM_HISTOGRAM, "With a \\ and a\nline.");
    prom_put_histogram(&p, &(struct prom_histogram){bounds, 2, buckets, 2500000});
    prom_family(&p, "b", PROM_GAUGE, "B.");
    prom_i64(&p, "l", "say \"a\\b\"\n", -4);
    prom_ms(&p, NULL, NULL, -1500);
    CU_ASSERT_STRING_EQUAL(gw_buf_str(&text), "# HELP a_seconds With a \\\\ and a\\nline.\n"
                                              "# TYPE a_seconds histogram\n"
                                              "a_seconds_bucket{le=\"0.000500\"} 2\n"
                                              "a_seconds_bucket{le=\"2.000000\"} 3\n"
                                              "a_seconds_bucket{le=\"+Inf\"} 7\n"
                                              "a_seconds_sum 2.500000\n"
                                              "a_seconds_count 7\n"
                                              "# HELP b B.\n"
                                              "# TYPE b gauge\n"
                                              "b{l=\"say \\\"a\\\\b\\\"\\n\"} -4\n"
                                              "b -1.500\n");
}

static const struct gw_test_case cases[] = {
    {"lets the token in and nothing else", lets_the_token_in_and_nothing_else},
    {"lets no token with another role in", lets_no_token_with_another_role_in},
    {"is closed before the claim", is_closed_before_the_claim},
    {"gathers once for many scrapes", gathers_once_for_many_scrapes},
    {"writes what a strict reader of the format takes", a_strict_reader_takes_it},
    {"sums a histogram and escapes as the format says", sums_a_histogram_as_it_must},
};

int main(void)
{
    return GW_TEST_RUN("metrics", cases);
}
