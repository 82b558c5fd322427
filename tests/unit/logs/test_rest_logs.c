/* The logs over REST: parameters to queries, answers to JSON and bytes. */
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "json.h"
#include "query.h"
#include "rest_cursor.h"
#include "rest_fixture.h"

#define FIXTURE                                                                                                        \
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;                                                               \
    rest_fixture_init(&f)
#define LOG "dev/pump-7/0123456789abcdef"

/* 0 when it was posted. */
static int ask(struct rest_fixture *f, const char *path, const char *query, struct gw_err *err)
{
    struct rest_ask a = {.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = path, .query = query};
    *err = (struct gw_err){.rc = GW_OK};
    return rest_fixture_ask(f, &a, err);
}

static const struct query *posted(struct rest_fixture *f, const char *path, const char *query)
{
    struct gw_err err;
    int status = ask(f, path, query, &err);
    if (status)
        printf("#   %s?%s: %d %s\n", path, query, status, gw_err_text(&err));
    CU_ASSERT_EQUAL_FATAL(status, 0);
    CU_ASSERT_EQUAL_FATAL(f->msg.blob_len, sizeof(struct query));
    return (const struct query *)(const void *)f->msg.blob;
}

static void parameters_become_queries(void)
{
    FIXTURE;
    const struct query *q = posted(&f, "/api/v1/logs", "");
    CU_ASSERT(f.msg.u.act.kind == ACT_LOG_LIST && q->kind == QUERY_LOGS && !q->has_device && q->limit == 100);
    q = posted(&f, "/api/v1/logs", "device=pump-7&limit=1000&cursor=" LOG);
    CU_ASSERT(q->has_device && q->has_log && q->limit == 1000 && q->log.epoch == 0x0123456789abcdef);
    CU_ASSERT_STRING_EQUAL(q->device.text, "pump-7");
    q = posted(&f, "/api/v1/log-events", "log=dev%2Fpump-7%2Fline%2F0123456789abcdef&from=9223372036854775807&limit=1");
    CU_ASSERT(q->kind == QUERY_EVENTS && q->log.kind == LOG_LINE && q->from == INT64_MAX && q->limit == 1);
    q = posted(&f, "/api/v1/log-checkpoint", "log=root/0123456789abcdef");
    CU_ASSERT(q->kind == QUERY_CHECKPOINT && q->log.kind == LOG_ROOT);
    q = posted(&f, "/api/v1/log-evidence", "log=" LOG);
    CU_ASSERT(f.msg.u.act.kind == ACT_LOG_EVIDENCE && q->kind == QUERY_EVIDENCE && q->log.epoch == 0x0123456789abcdef);
    q = posted(&f, "/api/v1/log-tile", "log=" LOG "&path=tile/entries/001.p/15");
    CU_ASSERT(q->kind == QUERY_TILE && q->tile.entries && q->tile.index == 1 && q->tile.width == 15);
}

static void a_search_takes_all_its_parameters(void)
{
    FIXTURE;
    const struct query *q = posted(&f, "/api/v1/log-search", "");
    CU_ASSERT(q->filter.from.ms == INT64_MIN && q->filter.to.ms == INT64_MAX && !q->filter.audit &&
              !q->filter.has_device);
    CU_ASSERT(q->filter.min_sev == EVENT_SEV_INFO && q->text_len == 0 && !q->cursor.has_last);
    q = posted(&f, "/api/v1/log-search",
               "device=pump-7&from=1970-01-01T00:00:01Z&to=1970-01-01T01:00:02%2B01:00&min_sev=high&text=a%26b+%25%00&"
               "limit=7");
    CU_ASSERT(q->filter.has_device && q->filter.from.ms == 1000 && q->filter.to.ms == 2000 && q->limit == 7);
    CU_ASSERT(q->filter.min_sev == EVENT_SEV_HIGH);
    CU_ASSERT(gw_view_eq(gw_view_make(q->text, q->text_len), GW_VIEW_LIT("a&b %\0")));
    q = posted(&f, "/api/v1/log-search", "audit=true");
    CU_ASSERT(q->filter.audit);
}

static void a_wrong_parameter_is_named(void)
{
    static const struct {
        const char *path, *query, *name;
    } bad[] = {
        {"/api/v1/logs", "device=Pump", "device"},
        {"/api/v1/logs", "limit=0", "limit"},
        {"/api/v1/logs", "limit=1001", "limit"},
        {"/api/v1/logs", "limit=+1", "limit"},
        {"/api/v1/logs", "limit=1&limit=2", "limit is given twice"},
        {"/api/v1/logs", "cursor=x", "cursor"},
        {"/api/v1/logs", "devices=pump-7", "device, limit, cursor"},
        {"/api/v1/logs", "&", "takes only"},
        {"/api/v1/log-events", "", "log is missing"},
        {"/api/v1/log-events", "log=", "log must"},
        {"/api/v1/log-events", "log=gw-00/audit/0123456789abcdef", "log must"},
        {"/api/v1/log-events", "log=" LOG "&from=-1", "from"},
        {"/api/v1/log-events", "log=" LOG "&from=9223372036854775808", "from"},
        {"/api/v1/log-events", "log=" LOG "&from=%", "from has a %"},
        {"/api/v1/log-events", "log=" LOG "&from=%4", "from has a %"},
        {"/api/v1/log-events", "log=" LOG "&from=%zz", "from has a %"},
        {"/api/v1/log-search", "audit=1", "audit"},
        {"/api/v1/log-search", "audit=true&device=pump-7", "audit"},
        {"/api/v1/log-search", "from=yesterday", "from"},
        {"/api/v1/log-search", "to=12", "to"},
        {"/api/v1/log-search", "min_sev=7", "min_sev"},
        {"/api/v1/log-search", "text=", "text"},
        {"/api/v1/log-search", "cursor=", "cursor"},
        {"/api/v1/log-search", "cursor=2.0.-.0.0", "cursor"},
        {"/api/v1/log-checkpoint", "", "log is missing"},
        {"/api/v1/log-evidence", "", "log is missing"},
        {"/api/v1/log-evidence", "log=" LOG "&path=x", "takes only: log"},
        {"/api/v1/log-tile", "log=" LOG, "path"},
        {"/api/v1/log-tile", "log=" LOG "&path=tile/0/0", "path"},
        {"/api/v1/log-tile", "log=" LOG "&path=tile/../000", "path"},
        {"/api/v1/log-tile", "log=" LOG "&path=tile/8/000", "path"},
        {"/api/v1/log-key", "x=1", "no query"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        FIXTURE;
        struct gw_err err;
        int status = ask(&f, bad[i].path, bad[i].query, &err);
        if (status != 400 || !strstr(gw_err_text(&err), bad[i].name))
            printf("#   %s?%s: %d %s\n", bad[i].path, bad[i].query, status, gw_err_text(&err));
        CU_ASSERT_EQUAL(status, 400);
        CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), bad[i].name));
        CU_ASSERT_EQUAL(f.posted, 0);
    }
}

static void a_value_has_a_ceiling(void)
{
    FIXTURE;
    char query[700] = "text=";
    memset(query + 5, 'a', 600);
    struct gw_err err;
    CU_ASSERT_EQUAL(ask(&f, "/api/v1/log-search", query, &err), 400);
    query[5 + QUERY_TEXT_MAX] = '\0';
    CU_ASSERT_EQUAL(ask(&f, "/api/v1/log-search", query, &err), 0);
    query[5 + QUERY_TEXT_MAX] = 'a';
    query[6 + QUERY_TEXT_MAX] = '\0';
    CU_ASSERT_EQUAL(ask(&f, "/api/v1/log-search", query, &err), 400);
}

static void cursors_read_back(void)
{
    const struct query_cursor cursors[] = {
        {.at = {.stage = 0}},
        {.at = {.stage = 1, .t = INT64_MAX, .device = "~", .log = INT64_MAX, .at = INT64_MAX}},
        {.at = {.stage = 1, .t = -5, .device = "gateway", .log = 3, .at = -1},
         .has_last = true,
         .last_log = {LOG_AUDIT, {""}, 7},
         .last_seq = 12},
        {.at = {.stage = 0, .device = "pump-7", .log = 1, .at = 300},
         .has_last = true,
         .last_log = {LOG_LINE, {"pump-7"}, UINT64_MAX},
         .last_seq = INT64_MAX},
    };
    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        const struct query_cursor *c = &cursors[i];
        struct query_cursor again;
        GW_CLEANUP(gw_buf_done) struct gw_buf text;
        gw_buf_init(&text, REST_CURSOR_MAX);
        CU_ASSERT_EQUAL(rest_cursor_format(c, &text), GW_OK);
        CU_ASSERT_EQUAL_FATAL(rest_cursor_parse(gw_buf_view(&text), &again), GW_OK);
        CU_ASSERT(c->at.stage == again.at.stage && c->at.t == again.at.t && c->at.log == again.at.log &&
                  c->at.at == again.at.at && c->has_last == again.has_last && c->last_seq == again.last_seq);
        CU_ASSERT_STRING_EQUAL(c->at.device, again.at.device);
        CU_ASSERT(!c->has_last || log_id_eq(&c->last_log, &again.last_log));
    }
}

static void made_up_cursors_are_refused(void)
{
    static const char *const bad[] = {"",
                                      "0",
                                      "0.0.-.0",
                                      "0.0..0.0",
                                      "0.0.-.0.0.",
                                      "0.0.-.0.0.x",
                                      "0.0.-.0.0." LOG,
                                      "0.0.-.0.0." LOG ".",
                                      "0.0.-.0.0." LOG ".-1",
                                      "0.0.-.0.0." LOG ".1.1",
                                      "0.0.-.-2.0",
                                      "0.0.'.0.0",
                                      "0.9223372036854775808.-.0.0",
                                      "00.0.-.0.0"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct query_cursor c;
        bool refused = rest_cursor_parse(gw_view_str(bad[i]), &c) == GW_INVALID;
        if (!refused && strcmp(bad[i], "0.0.-.0.0.") != 0) /* a dot at the end says nothing more */
            printf("#   %s passes\n", bad[i]);
        CU_ASSERT(refused || strcmp(bad[i], "0.0.-.0.0.") == 0);
    }
}

static void an_event_is_exact_in_one_of_two_forms(void)
{
    FIXTURE;
    uint8_t bytes[] = "\"q\"\x01\xc3\xa4"
                      "\xff\x00";
    struct answer_event events[2] = {
        {.log = {LOG_DEVICE, {"pump-7"}, 0x0123456789abcdef}, .seq = 3, .arrived = {1000}, .len = 6, .is_text = true},
        {.log = {LOG_AUDIT, {""}, 1}, .seq = UINT64_C(1) << 60, .offset = 6, .len = 2}};
    for (int i = 0; i < 2; i++)
        events[i].view = (struct event_view){.format = EVENT_TEXT, .sev = EVENT_SEV_HIGH, .cls = "log.text"};
    struct answer a = {
        .kind = ANSWER_LOG_EVENTS, .events = events, .event_count = 2, .bytes = bytes, .next = 5, .more = true};
    rest_answer(f.rest, &a);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    struct gw_err err = {0};
    GW_ASSERT_OK(json_read(gw_buf_view(&f.reply.body), 65536, &doc, &err), &err);
    const char *body = rest_fixture_body(&f);
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"log\":\"" LOG "\",\"seq\":\"3\",\"arrived\":\"1970-01-01T00:00:01.000Z\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"text\":\"\\\"q\\\"\\u0001\xc3\xa4\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"base64\":\"/wA=\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"sev\":\"high\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"next\":\"5\",\"more\":true}"));
}

static void the_largest_answer_fits(void)
{
    FIXTURE;
    struct answer a = {.kind = ANSWER_LOG_SEARCH, .event_count = QUERY_EVENTS_MAX, .cursor.at.done = true};
    GW_FREE struct answer_event *events = gw_xalloc(a.event_count, sizeof(*events));
    GW_FREE uint8_t *bytes = gw_xalloc(1, QUERY_BYTES_MAX / 6);
    memset(bytes, 1, QUERY_BYTES_MAX / 6);
    for (size_t i = 0; i < a.event_count; i++) {
        events[i] = (struct answer_event){.log = {LOG_LINE, {"pump-7"}, 1}, .is_text = true};
        struct event_view *v = &events[i].view;
        v->format = EVENT_TEXT;
        v->sev = EVENT_SEV_CRITICAL;
        memset(v->msg, '"', sizeof(v->msg) - 1);
        memset(v->subj, '"', sizeof(v->subj) - 1);
        memset(v->obj, '"', sizeof(v->obj) - 1);
        memset(v->program, '"', sizeof(v->program) - 1);
    }
    events[0].len = QUERY_BYTES_MAX / 6;
    a.events = events;
    a.bytes = bytes;
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.reply.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"next\":null}"));
}

static void notes_tiles_and_keys_leave_as_they_are(void)
{
    FIXTURE;
    uint8_t bytes[] = {0, 255, 10};
    struct answer a = {.kind = ANSWER_LOG_TILE, .bytes = bytes, .byte_count = sizeof(bytes)};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(f.reply.content_type, "application/octet-stream");
    CU_ASSERT(gw_view_eq(gw_buf_view(&f.reply.body), gw_view_make(bytes, sizeof(bytes))));
    a.kind = ANSWER_LOG_EVIDENCE;
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(f.reply.content_type, "application/octet-stream");
    CU_ASSERT(gw_view_eq(gw_buf_view(&f.reply.body), gw_view_make(bytes, sizeof(bytes))));
    a.kind = ANSWER_LOG_CHECKPOINT;
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(f.reply.content_type, "text/plain; charset=utf-8");
    a = (struct answer){.kind = ANSWER_LOG_KEY, .text = "gw-00+00000000+AA=="};
    rest_answer(f.rest, &a);
    CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f), "gw-00+00000000+AA==\n");
    a = (struct answer){.kind = ANSWER_LOG_TILE, .rc = GW_NOT_FOUND, .text = "the log does not reach it"};
    rest_answer(f.rest, &a);
    CU_ASSERT_EQUAL(f.reply.status, 404);
}

static void a_list_of_logs_names_the_next_page(void)
{
    FIXTURE;
    struct journal_log log = {.id = {LOG_DEVICE, {"pump-7"}, 0x0123456789abcdef}, .next = 5, .signed_size = 4};
    struct answer a = {.kind = ANSWER_LOGS, .logs = &log, .log_count = 1, .more = true};
    rest_answer(f.rest, &a);
    const char *body = rest_fixture_body(&f);
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"origin\":\"gw-0123456789abcdef/" LOG "\",\"kind\":\"device\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"size\":\"5\",\"signed_size\":\"4\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"next\":\"" LOG "\"}"));
}

static const struct gw_test_case cases[] = {
    {"parameters become queries", parameters_become_queries},
    {"a search takes all its parameters", a_search_takes_all_its_parameters},
    {"a wrong parameter is named and nothing is posted", a_wrong_parameter_is_named},
    {"a value has a ceiling", a_value_has_a_ceiling},
    {"cursors read back as they were written", cursors_read_back},
    {"made-up cursors are refused", made_up_cursors_are_refused},
    {"an event is exact in one of two forms", an_event_is_exact_in_one_of_two_forms},
    {"the largest answer fits", the_largest_answer_fits},
    {"notes, tiles and keys leave as they are", notes_tiles_and_keys_leave_as_they_are},
    {"a list of logs names the next page", a_list_of_logs_names_the_next_page},
};

int main(void)
{
    return GW_TEST_RUN("rest of logs", cases);
}
