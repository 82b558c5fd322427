/* Alerts' states, which events make one, and thresholds. */
#include <stdio.h>
#include <string.h>

#include "gw_test.h"
#include "rules.h"

static const struct log_id device_log = {.kind = LOG_DEVICE, .device = {"pump-7"}, .epoch = 7},
                           line_log = {.kind = LOG_LINE, .device = {"pump-7"}, .epoch = 8},
                           audit_log = {.kind = LOG_AUDIT, .epoch = 9}, root_log = {.kind = LOG_ROOT, .epoch = 9};

static struct event_view view_of(const char *cls, enum event_sev sev, int res, const char *obj)
{
    struct event_view v = {.sev = sev, .has_res = res != 0, .res = res ? (enum event_res)res : EVENT_OK};
    (void)snprintf(v.cls, sizeof(v.cls), "%s", cls);
    (void)snprintf(v.obj, sizeof(v.obj), "%s", obj);
    return v;
}

static void moves_as_drawn(void)
{
    static const char table[5][6] = {
        /* acknowledge, snooze, resolve, wake, worse: the state behind it, - refused */
        [ALERT_NEW] = "234-1",
        [ALERT_ACKNOWLEDGED] = "-34-1",
        [ALERT_SNOOZED] = "23411",
        [ALERT_RESOLVED] = "-----",
    };
    for (int from = ALERT_NEW; from <= ALERT_RESOLVED; from++)
        for (int act = ALERT_ACT_ACKNOWLEDGE; act <= ALERT_ACT_WORSE; act++) {
            enum alert_state to = (enum alert_state)0;
            enum gw_rc rc = alert_step((enum alert_state)from, (enum alert_act)act, &to);
            char want = table[from][act - 1];
            CU_ASSERT_EQUAL(rc, want == '-' ? GW_CONFLICT : GW_OK);
            CU_ASSERT_EQUAL((int)to, want == '-' ? 0 : want - '0');
        }
}

static void names_every_state(void)
{
    for (enum alert_state state = ALERT_NEW; state <= ALERT_RESOLVED; state++) {
        enum alert_state again = (enum alert_state)0;
        CU_ASSERT_EQUAL(alert_state_parse(gw_view_str(alert_state_text(state)), &again), GW_OK);
        CU_ASSERT_EQUAL(again, state);
    }
    enum alert_state none;
    CU_ASSERT_EQUAL(alert_state_parse(GW_VIEW_LIT("unknown"), &none), GW_INVALID);
    CU_ASSERT(alert_id_valid(GW_VIEW_LIT("0123456789abcdef")));
    CU_ASSERT(!alert_id_valid(GW_VIEW_LIT("0123456789abcdeF")) && !alert_id_valid(GW_VIEW_LIT("0123")));
}

static void takes_a_devices_word_about_itself_alone(void)
{
    struct event_view v = view_of("log.equivocation", EVENT_SEV_INFO, 0, "pump-9"),
                      own = view_of("auth.impostor", EVENT_SEV_CRITICAL, 0, "");
    struct rules_hit hit = {.sev = EVENT_SEV_INFO};
    CU_ASSERT(rules_match(&line_log, &v, &hit));
    CU_ASSERT_STRING_EQUAL(hit.cause.cls, "log.equivocation");
    CU_ASSERT_STRING_EQUAL(hit.cause.device.text, "pump-7");
    CU_ASSERT_EQUAL(hit.sev, EVENT_SEV_CRITICAL); /* the rule's, above the event's */
    CU_ASSERT(rules_match(&device_log, &own, &hit));
    CU_ASSERT_STRING_EQUAL(hit.cause.cls, RULES_DEVICE_SEVERE); /* the gateway's rules are not for devices */
    CU_ASSERT_STRING_EQUAL(hit.cause.device.text, "pump-7");
}

static void groups_severe_events_that_no_rule_knows(void)
{
    struct event_view high = view_of("own.first", EVENT_SEV_HIGH, 0, ""),
                      fatal = view_of("own.second", EVENT_SEV_FATAL, 0, ""),
                      medium = view_of("own.first", EVENT_SEV_MEDIUM, 0, "");
    struct rules_hit a = {.sev = EVENT_SEV_INFO}, b = {.sev = EVENT_SEV_INFO};
    CU_ASSERT(rules_match(&device_log, &high, &a) && rules_match(&device_log, &fatal, &b));
    CU_ASSERT(alert_cause_eq(&a.cause, &b.cause));
    CU_ASSERT_EQUAL(b.sev, EVENT_SEV_FATAL);
    CU_ASSERT(!rules_match(&device_log, &medium, &a));
    CU_ASSERT(rules_match(&audit_log, &high, &a)); /* the gateway's classes are few and its own */
    CU_ASSERT_STRING_EQUAL(a.cause.cls, "own.first");
    CU_ASSERT_STRING_EQUAL(a.cause.device.text, "");
    CU_ASSERT(!rules_match(&root_log, &fatal, &a));
}

static void asks_for_the_result_where_it_matters(void)
{
    struct event_view ok = view_of("auth.login", EVENT_SEV_INFO, EVENT_OK, ""),
                      denied = view_of("auth.login", EVENT_SEV_INFO, EVENT_DENIED, ""),
                      silent = view_of("auth.login", EVENT_SEV_INFO, 0, ""),
                      claimed = view_of("auth.claim", EVENT_SEV_MEDIUM, EVENT_OK, "");
    struct rules_hit hit = {.sev = EVENT_SEV_INFO};
    CU_ASSERT(!rules_match(&device_log, &ok, &hit) && !rules_match(&device_log, &silent, &hit));
    CU_ASSERT(rules_match(&device_log, &denied, &hit));
    CU_ASSERT(hit.threshold.times == 5 && hit.threshold.within_ms == 5 * GW_MINUTE_MS);
    CU_ASSERT(!rules_match(&audit_log, &claimed, &hit));
    struct event_view clean = view_of("boot.start", EVENT_SEV_INFO, EVENT_OK, "gatehoused"),
                      unclean = view_of("boot.start", EVENT_SEV_MEDIUM, EVENT_FAIL, "gatehoused");
    CU_ASSERT(rules_match(&device_log, &clean, &hit) && hit.unasked && hit.threshold.times == 4);
    CU_ASSERT(!rules_match(&audit_log, &clean, &hit)); /* a restart that somebody asked for */
    CU_ASSERT(rules_match(&audit_log, &unclean, &hit));
    CU_ASSERT_EQUAL(hit.sev, EVENT_SEV_MEDIUM);
    CU_ASSERT_FALSE(hit.unasked);
}

static void a_rollback_that_leaves_holders_is_an_alert(void)
{
    struct event_view left = view_of("rollout.rolled_back", EVENT_SEV_MEDIUM, EVENT_FAIL, "ro-1 pump 2.0"),
                      clean = view_of("rollout.rolled_back", EVENT_SEV_LOW, EVENT_OK, "ro-1 pump 2.0");
    struct rules_hit hit = {.sev = EVENT_SEV_INFO};
    CU_ASSERT(!rules_match(&audit_log, &clean, &hit));
    CU_ASSERT_FATAL(rules_match(&audit_log, &left, &hit));
    CU_ASSERT_EQUAL(hit.sev, EVENT_SEV_HIGH);
}

static void finds_the_device_that_the_gateway_speaks_of(void)
{
    struct event_view known = view_of("cert.rejected", EVENT_SEV_MEDIUM, EVENT_DENIED, "pump-9"),
                      none = view_of("cert.rejected", EVENT_SEV_MEDIUM, EVENT_DENIED, "no device id"),
                      door = view_of("cert.rejected", EVENT_SEV_MEDIUM, EVENT_DENIED, "listener:devices"),
                      full = view_of("log.store_full", EVENT_SEV_HIGH, EVENT_FAIL, "journal.db");
    struct rules_hit hit = {.sev = EVENT_SEV_INFO};
    CU_ASSERT(rules_match(&audit_log, &known, &hit));
    CU_ASSERT_STRING_EQUAL(hit.cause.device.text, "pump-9");
    CU_ASSERT(rules_match(&audit_log, &none, &hit));
    CU_ASSERT_STRING_EQUAL(hit.cause.device.text, "");
    hit.cause.device = (struct gw_device_id){"pump-9"};
    CU_ASSERT(rules_match(&audit_log, &door, &hit)); /* nobody who could be named for certain */
    CU_ASSERT_STRING_EQUAL(hit.cause.device.text, "");
    CU_ASSERT(!rules_match(&audit_log, &full, &hit)); /* raised while it lasts, not by its event */
}

static void keeps_its_table_in_range(void)
{
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *r = &rules_table[i];
        CU_ASSERT(r->threshold.times <= ALERT_WINDOW_MAX && (r->threshold.times <= 1 || r->threshold.within_ms > 0));
        CU_ASSERT(strlen(r->cls) < AUDIT_CLS_MAX && r->sev >= EVENT_SEV_MEDIUM);
        for (size_t j = 0; j < i; j++) /* a row behind one that takes all is dead */
            CU_ASSERT(strcmp(rules_table[j].cls, r->cls) != 0 ||
                      (rules_table[j].from <= RULES_UNASKED) != (r->from <= RULES_UNASKED));
    }
}

static bool add(struct alert_window *w, uint32_t times, int64_t within_ms, int64_t t)
{
    struct rules_threshold threshold = {times, within_ms};
    return rules_window_add(w, &threshold, (struct gw_wall){t});
}

static void counts_within_the_span_alone(void)
{
    struct alert_window w = {.count = 0};
    CU_ASSERT(add(&w, 1, 0, 5));
    CU_ASSERT_EQUAL(w.count, 0);
    CU_ASSERT(!add(&w, 3, 100, 1000));
    CU_ASSERT(!add(&w, 3, 100, 1050));
    CU_ASSERT(!add(&w, 3, 100, 1100)); /* the first is out by now */
    CU_ASSERT_EQUAL(w.until.ms, 1200);
    CU_ASSERT(add(&w, 3, 100, 1149));
    CU_ASSERT_EQUAL(w.count, 0); /* and begins anew */
    CU_ASSERT(!add(&w, 3, 100, 1150));
}

static void begins_anew_when_the_clock_goes_back(void)
{
    struct alert_window w = {.count = 0};
    CU_ASSERT(!add(&w, 3, 100, 9000));
    CU_ASSERT(!add(&w, 3, 100, 9001));
    CU_ASSERT(!add(&w, 3, 100, 5000));
    CU_ASSERT_EQUAL(w.count, 1);
}

static const struct gw_test_case cases[] = {
    {"moves between an alert's states as drawn", moves_as_drawn},
    {"names every state, and knows an id", names_every_state},
    {"takes a device's word about itself alone", takes_a_devices_word_about_itself_alone},
    {"groups severe events that no rule knows", groups_severe_events_that_no_rule_knows},
    {"asks for the result where it matters", asks_for_the_result_where_it_matters},
    {"a rollback that leaves holders is an alert", a_rollback_that_leaves_holders_is_an_alert},
    {"finds the device that the gateway speaks of", finds_the_device_that_the_gateway_speaks_of},
    {"keeps its table in range and without dead rows", keeps_its_table_in_range},
    {"counts within a threshold's span alone", counts_within_the_span_alone},
    {"begins a window anew when the clock goes back", begins_anew_when_the_clock_goes_back},
};

int main(void)
{
    return GW_TEST_RUN("rules", cases);
}
