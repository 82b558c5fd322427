/* Alerts and the windows that count towards them. */

#include "store_suite.h"

static struct alert alert_of(const char *id, const char *cls, const char *device, int64_t first_ms)
{
    struct alert a = {.sev = EVENT_SEV_HIGH,
                      .state = ALERT_NEW,
                      .first = {first_ms},
                      .last = {first_ms + 5},
                      .changed = {first_ms + 6},
                      .count = 2};
    (void)snprintf(a.id, sizeof(a.id), "%s", id);
    (void)snprintf(a.cause.cls, sizeof(a.cause.cls), "%s", cls);
    (void)snprintf(a.cause.device.text, sizeof(a.cause.device.text), "%s", device);
    (void)snprintf(a.msg, sizeof(a.msg),
                   "was f\xc3\xbc"
                   "r ein Tag");
    return a;
}

static void put(struct alert *a)
{
    GW_ASSERT_OK(st.ops->alert_put(st.self, a, &err), &err);
}

/* First two characters of each id. */
static bool see_alert(void *ctx, const struct alert *alert)
{
    struct seen *seen = ctx;
    size_t len = strlen(seen->text);
    (void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s%.2s", len ? " " : "", alert->id);
    return ++seen->count != seen->stop_after;
}

static const char a1[] = "a100000000000000", b2[] = "b200000000000000", c3[] = "c300000000000000",
                  d4[] = "d400000000000000";

static void gives_back_the_alert(void)
{
    struct alert a = alert_of(a1, "auth.login", "pump-7", 1000), got, stale;
    a.has_evidence = true;
    a.log = (struct log_id){.kind = LOG_DEVICE, .device = id_of("pump-7"), .epoch = UINT64_C(0xfedcba9876543210)};
    a.seq = INT64_MAX;
    begin();
    put(&a);
    commit();
    CU_ASSERT_EQUAL(a.rev, 1);
    stale = a;
    begin();
    a.state = ALERT_SNOOZED;
    a.sev = EVENT_SEV_FATAL;
    a.until.ms = 99;
    a.count = INT64_MAX;
    (void)snprintf(a.by, sizeof(a.by), "user:ann");
    (void)snprintf(a.note, sizeof(a.note), "to look at");
    put(&a);
    ASSERT_RC(st.ops->alert_put(st.self, &stale, &err), GW_CONFLICT);
    commit();
    GW_ASSERT_OK(st.ops->alert_get(st.self, a1, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.cause.cls, "auth.login");
    CU_ASSERT_STRING_EQUAL(got.cause.device.text, "pump-7");
    CU_ASSERT(got.state == ALERT_SNOOZED && got.sev == EVENT_SEV_FATAL && got.count == INT64_MAX);
    CU_ASSERT(got.first.ms == 1000 && got.last.ms == 1005 && got.until.ms == 99 && got.changed.ms == 1006);
    CU_ASSERT_STRING_EQUAL(got.by, "user:ann");
    CU_ASSERT_STRING_EQUAL(got.note, "to look at");
    CU_ASSERT_STRING_EQUAL(got.msg, a.msg);
    CU_ASSERT(got.has_evidence && log_id_eq(&got.log, &a.log) && got.seq == INT64_MAX);
    CU_ASSERT_EQUAL(got.rev, 2);
    ASSERT_RC(st.ops->alert_get(st.self, b2, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->alert_get(st.self, "much longer than any id there is", &got, &err), GW_NOT_FOUND);
}

static void holds_one_open_alert_for_a_cause(void)
{
    struct alert a = alert_of(a1, "auth.login", "pump-7", 1), b = alert_of(b2, "auth.login", "pump-7", 2),
                 own = alert_of(c3, "auth.login", "", 3), got;
    begin();
    put(&a);
    ASSERT_RC(st.ops->alert_put(st.self, &b, &err), GW_EXISTS);
    put(&own);
    GW_ASSERT_OK(st.ops->alert_open(st.self, &a.cause, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.id, a1);
    a.state = ALERT_RESOLVED;
    put(&a);
    ASSERT_RC(st.ops->alert_open(st.self, &a.cause, &got, &err), GW_NOT_FOUND);
    put(&b);
    commit();
    GW_ASSERT_OK(st.ops->alert_open(st.self, &a.cause, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.id, b2);
    GW_ASSERT_OK(st.ops->alert_open(st.self, &own.cause, &got, &err), &err);
    CU_ASSERT_STRING_EQUAL(got.id, c3);
}

static void lists(const struct store_alerts *which, int limit, const char *ids)
{
    struct seen seen = {.stop_after = 0};
    GW_ASSERT_OK(st.ops->alert_each(st.self, which, limit, see_alert, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, ids);
}

static void lists_the_newest_first(void)
{
    struct alert a = alert_of(a1, "x.a", "pump-7", 100), b = alert_of(b2, "x.b", "pump-8", 300),
                 c = alert_of(c3, "x.c", "", 300), d = alert_of(d4, "x.d", "pump-7", 200);
    const unsigned any = 1u << ALERT_NEW | 1u << ALERT_ACKNOWLEDGED | 1u << ALERT_SNOOZED | 1u << ALERT_RESOLVED;
    begin();
    b.sev = EVENT_SEV_MEDIUM;
    d.state = ALERT_RESOLVED;
    put(&a);
    put(&b);
    put(&c);
    put(&d);
    commit();
    struct store_alerts all = {.states = any}, open = {.states = any & ~(1u << ALERT_RESOLVED)},
                        high = {.states = any, .min_sev = EVENT_SEV_HIGH},
                        pump = {.states = any, .has_device = true, .device = id_of("pump-7")},
                        own = {.states = any, .has_device = true},
                        behind = {.states = any, .has_after = true, .after_first = {300}};
    (void)snprintf(behind.after_id, sizeof(behind.after_id), "%s", c3);
    lists(&all, 10, "c3 b2 d4 a1");
    lists(&all, 2, "c3 b2");
    lists(&open, 10, "c3 b2 a1");
    lists(&high, 10, "c3 d4 a1");
    lists(&pump, 10, "d4 a1");
    lists(&own, 10, "c3");
    lists(&behind, 10, "b2 d4 a1");
    lists(&(struct store_alerts){.states = 0}, 10, "");
    struct seen stopped = {.stop_after = 1};
    GW_ASSERT_OK(st.ops->alert_each(st.self, &all, 10, see_alert, &stopped, &err), &err);
    CU_ASSERT_STRING_EQUAL(stopped.text, "c3");
}

static void shows_snoozes_that_are_over(void)
{
    struct alert a = alert_of(a1, "x.a", "pump-7", 1), b = alert_of(b2, "x.b", "pump-8", 2),
                 c = alert_of(c3, "x.c", "", 3);
    struct seen seen = {.stop_after = 0}, one = {.stop_after = 0};
    a.state = b.state = c.state = ALERT_SNOOZED;
    a.until.ms = 50;
    b.until.ms = 40;
    c.until.ms = 51;
    begin();
    put(&a);
    put(&b);
    put(&c);
    commit();
    GW_ASSERT_OK(st.ops->alert_each_due(st.self, (struct gw_wall){50}, 10, see_alert, &seen, &err), &err);
    CU_ASSERT_STRING_EQUAL(seen.text, "b2 a1");
    GW_ASSERT_OK(st.ops->alert_each_due(st.self, (struct gw_wall){50}, 1, see_alert, &one, &err), &err);
    CU_ASSERT_STRING_EQUAL(one.text, "b2");
}

static void counts_and_drops_the_oldest_resolved(void)
{
    struct alert a = alert_of(a1, "x.a", "pump-7", 1), b = alert_of(b2, "x.b", "pump-8", 2),
                 c = alert_of(c3, "x.c", "", 3), d = alert_of(d4, "x.d", "", 4), got;
    int64_t count = 0, open[EVENT_SEV_FATAL + 1];
    a.state = b.state = c.state = ALERT_RESOLVED;
    a.changed.ms = 30;
    b.changed.ms = 10;
    c.changed.ms = 20;
    begin();
    put(&a);
    put(&b);
    put(&c);
    put(&d);
    GW_ASSERT_OK(st.ops->alert_count(st.self, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 4);
    GW_ASSERT_OK(st.ops->alert_count_open(st.self, open, &err), &err);
    CU_ASSERT(open[EVENT_SEV_HIGH] == 1 && open[EVENT_SEV_CRITICAL] == 0 && open[0] == 0);
    GW_ASSERT_OK(st.ops->alert_drop_resolved(st.self, 2, &err), &err);
    commit();
    ASSERT_RC(st.ops->alert_get(st.self, b2, &got, &err), GW_NOT_FOUND);
    ASSERT_RC(st.ops->alert_get(st.self, c3, &got, &err), GW_NOT_FOUND);
    begin();
    GW_ASSERT_OK(st.ops->alert_drop_resolved(st.self, 100, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->alert_count(st.self, &count, &err), &err);
    CU_ASSERT_EQUAL(count, 1); /* the open one stays */
}

static void refuses_an_alert_that_breaks_its_rules(void)
{
    struct alert id = alert_of("A100000000000000", "x.a", "", 1), cls = alert_of(a1, "", "", 1),
                 device = alert_of(a1, "x.a", "Pump", 1), state = alert_of(a1, "x.a", "", 1),
                 none = alert_of(a1, "x.a", "", 1), text = alert_of(a1, "x.a", "", 1);
    state.state = (enum alert_state)5;
    none.count = 0;
    memset(text.note, 'x', sizeof(text.note));
    begin();
    ASSERT_RC(st.ops->alert_put(st.self, &id, &err), GW_INVALID);
    ASSERT_RC(st.ops->alert_put(st.self, &cls, &err), GW_INVALID);
    ASSERT_RC(st.ops->alert_put(st.self, &device, &err), GW_INVALID);
    ASSERT_RC(st.ops->alert_put(st.self, &state, &err), GW_INVALID);
    ASSERT_RC(st.ops->alert_put(st.self, &none, &err), GW_INVALID);
    ASSERT_RC(st.ops->alert_put(st.self, &text, &err), GW_INVALID);
    commit();
    struct alert ok = alert_of(a1, "x.a", "", 1);
    ASSERT_RC(st.ops->alert_put(st.self, &ok, &err), GW_INVALID); /* outside of a transaction */
    struct store reader = store_over_reader();
    ASSERT_RC(reader.ops->alert_put(reader.self, &ok, &err), GW_DENIED);
}

static void keeps_windows_until_they_are_over(void)
{
    struct alert_window w = {.cause = {"auth.login", id_of("pump-7")}, .until = {500}, .count = ALERT_WINDOW_MAX}, got;
    int dropped = -1;
    for (int i = 0; i < ALERT_WINDOW_MAX; i++)
        w.times[i].ms = INT64_C(1800000000000) + i;
    begin();
    GW_ASSERT_OK(st.ops->alert_window_put(st.self, &w, &err), &err);
    commit();
    GW_ASSERT_OK(st.ops->alert_window_get(st.self, &w.cause, &got, &err), &err);
    CU_ASSERT_EQUAL(got.count, ALERT_WINDOW_MAX);
    CU_ASSERT_EQUAL(got.times[ALERT_WINDOW_MAX - 1].ms, w.times[ALERT_WINDOW_MAX - 1].ms);
    CU_ASSERT(alert_cause_eq(&got.cause, &w.cause) && got.until.ms == 500);
    begin();
    w.count = 0;
    GW_ASSERT_OK(st.ops->alert_window_put(st.self, &w, &err), &err);
    GW_ASSERT_OK(st.ops->alert_window_delete_expired(st.self, (struct gw_wall){500}, 10, &dropped, &err), &err);
    CU_ASSERT_EQUAL(dropped, 0);
    GW_ASSERT_OK(st.ops->alert_window_get(st.self, &w.cause, &got, &err), &err);
    CU_ASSERT_EQUAL(got.count, 0);
    GW_ASSERT_OK(st.ops->alert_window_delete_expired(st.self, (struct gw_wall){501}, 0, &dropped, &err), &err);
    CU_ASSERT_EQUAL(dropped, 0);
    GW_ASSERT_OK(st.ops->alert_window_delete_expired(st.self, (struct gw_wall){501}, 1, &dropped, &err), &err);
    CU_ASSERT_EQUAL(dropped, 1);
    ASSERT_RC(st.ops->alert_window_get(st.self, &w.cause, &got, &err), GW_NOT_FOUND);
    w.count = ALERT_WINDOW_MAX + 1;
    ASSERT_RC(st.ops->alert_window_put(st.self, &w, &err), GW_INVALID);
    commit();
}

const struct gw_test_case alert_cases[] = {
    {"gives back the alert, under its revision", gives_back_the_alert},
    {"holds one open alert for a cause", holds_one_open_alert_for_a_cause},
    {"lists alerts, the newest first", lists_the_newest_first},
    {"shows snoozes that are over", shows_snoozes_that_are_over},
    {"counts alerts and drops the oldest resolved", counts_and_drops_the_oldest_resolved},
    {"refuses an alert that breaks its rules", refuses_an_alert_that_breaks_its_rules},
    {"keeps windows until they are over", keeps_windows_until_they_are_over},
};
const size_t alert_case_count = sizeof(alert_cases) / sizeof(alert_cases[0]);
