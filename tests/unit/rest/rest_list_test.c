#include "rest_list_test.h"

#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_test.h"
#include "query.h"
#include "rest_fixture.h"

#define FIXTURE                                                                                                        \
    GW_CLEANUP(rest_fixture_done) struct rest_fixture f;                                                               \
    struct gw_err err = {0};                                                                                           \
    rest_fixture_init(&f)

static int list(struct rest_fixture *f, const char *path, const char *query, struct gw_err *err)
{
    *err = (struct gw_err){0};
    return rest_fixture_ask(
        f, &(struct rest_ask){.method = HTTP_GET, .door = HTTP_DOOR_ADMIN, .path = path, .query = query}, err);
}

/* What was posted last. */
static const struct query *posted(const struct rest_fixture *f, enum act_kind kind)
{
    CU_ASSERT_EQUAL_FATAL(f->msg.u.act.kind, kind);
    CU_ASSERT_EQUAL_FATAL(f->msg.blob_len, sizeof(struct query));
    const struct query *q = (const void *)f->msg.blob;
    CU_ASSERT_EQUAL(q->kind, QUERY_ROWS);
    return q;
}

void a_query_is_posted_with_where_it_goes_on(void)
{
    static const struct {
        const char *path, *cursor;
        enum act_kind kind;
        enum live_topic topic;
    } lists[] = {
        {"/api/v1/devices", "pump-7", ACT_DEVICE_LIST, LIVE_DEVICES},
        {"/api/v1/releases", "0123456789abcdef", ACT_RELEASES_LIST, LIVE_RELEASES},
        {"/api/v1/rollouts", "ro-abcdefghij234567", ACT_ROLLOUT_LIST, LIVE_ROLLOUTS},
    };
    FIXTURE;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char query[128];
        (void)snprintf(query, sizeof(query), "q=a:b+-%%22c+d%%22+seen%%3E2d&limit=7&cursor=%s", lists[i].cursor);
        CU_ASSERT_EQUAL(list(&f, lists[i].path, query, &err), 0);
        const struct query *q = posted(&f, lists[i].kind);
        CU_ASSERT(q->rows.topic == lists[i].topic && q->limit == 7 && q->rows.filter.count == 3);
        CU_ASSERT(q->rows.filter.terms[1].negated && q->rows.filter.terms[2].has_age);
        CU_ASSERT_STRING_EQUAL(q->rows.behind, lists[i].cursor);
        CU_ASSERT_EQUAL(list(&f, lists[i].path, "q=", &err), 0);
        CU_ASSERT_EQUAL(posted(&f, lists[i].kind)->rows.filter.count, 0);
        CU_ASSERT_EQUAL(list(&f, lists[i].path, "limit=7", &err), 0);
        CU_ASSERT_EQUAL(f.msg.blob_len, 0);
    }
}

void a_query_of_alerts_is_about_all_of_them(void)
{
    FIXTURE;
    CU_ASSERT_EQUAL(list(&f, "/api/v1/alerts", "q=class:auth*", &err), 0);
    const struct query *q = posted(&f, ACT_ALERT_LIST);
    CU_ASSERT(q->rows.topic == LIVE_ALERTS && q->limit == 100 && q->rows.alerts.states & 1u << ALERT_RESOLVED);
    CU_ASSERT_EQUAL(list(&f, "/api/v1/alerts", "state=open&min_sev=high&q=x&cursor=5.0123456789abcdef", &err), 0);
    q = posted(&f, ACT_ALERT_LIST);
    CU_ASSERT_FALSE(q->rows.alerts.states & 1u << ALERT_RESOLVED);
    CU_ASSERT(q->rows.alerts.min_sev == EVENT_SEV_HIGH && q->rows.alerts.has_after &&
              q->rows.alerts.after_first.ms == 5);
    CU_ASSERT_EQUAL(list(&f, "/api/v1/alerts", "state=open", &err), 0);
    CU_ASSERT_EQUAL(f.msg.blob_len, sizeof(struct store_alerts));
}

void a_wrong_query_is_told_with_its_place(void)
{
    static const struct {
        const char *query, *says;
    } rows[] = {
        {"q=name:%22open", "q: a quote is not closed (at byte 11 of the query)"},
        {"q=a:b+c:", "q: a value is missing: for an empty one write \"\" (at byte 7 of the query)"},
        {"q=a%09b", "control characters (at byte 2 of the query)"},
        {"q=ab%ff", "UTF-8 (at byte 3 of the query)"},
        {"q=%zz", "two hex digits"},
        {"q=a&q=b", "q is given twice"},
    };
    static const char *const paths[] = {"/api/v1/devices", "/api/v1/releases", "/api/v1/rollouts", "/api/v1/alerts"};
    FIXTURE;
    for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            CU_ASSERT_EQUAL(list(&f, paths[p], rows[i].query, &err), 400);
            if (!strstr(gw_err_text(&err), rows[i].says))
                printf("# %s: expected \"%s\" in \"%s\"\n", rows[i].query, rows[i].says, gw_err_text(&err));
            CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), rows[i].says));
        }
    char many[256] = "q=";
    for (int i = 0; i <= FILTER_TERMS_MAX; i++)
        (void)snprintf(many + strlen(many), 4, "a+");
    CU_ASSERT_EQUAL(list(&f, "/api/v1/devices", many, &err), 400);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_err_text(&err), "too many terms (at byte 33"));
    CU_ASSERT_EQUAL(f.posted, 0);
}

void a_short_page_names_where_it_goes_on(void)
{
    static const struct {
        enum answer_kind kind;
        const char *says;
    } kinds[] = {
        {ANSWER_DEVICES, "{\"devices\":[],\"next\":\"here\"}\n"},
        {ANSWER_RELEASES, "{\"releases\":[],\"next\":\"here\"}\n"},
        {ANSWER_ROLLOUTS, "{\"rollouts\":[],\"next\":\"here\"}\n"},
        {ANSWER_ALERTS, "{\"alerts\":[],\"next\":\"here\"}\n"},
    };
    FIXTURE;
    (void)err;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct answer a = {.kind = kinds[i].kind, .more = true, .behind = "here"};
        rest_answer(f.rest, &a);
        CU_ASSERT_STRING_EQUAL(rest_fixture_body(&f), kinds[i].says);
        a.more = false;
        rest_answer(f.rest, &a);
        CU_ASSERT_PTR_NOT_NULL(strstr(rest_fixture_body(&f), "\"next\":null"));
    }
}
