/* What the agent does of dn/config. */
#include <string.h>

#include "agent_advice.h"
#include "agent_est.h"
#include "gw_cleanup.h"
#include "gw_test.h"

static struct agent_advice_news hear(struct agent_advice *a, const char *text, int64_t now_ms)
{
    struct agent_advice_news news = {.level_changed = false};
    struct gw_err err = {0};
    GW_ASSERT_OK(agent_advice_heard(a, gw_view_str(text), (struct gw_mono){now_ms}, &news, &err), &err);
    return news;
}

static void leaves_out_what_is_not_wanted_but_nothing_of_weight(void)
{
    struct agent_advice a;
    agent_advice_init(&a);
    CU_ASSERT(agent_advice_takes(&a, EVENT_SEV_INFO));
    CU_ASSERT(hear(&a, "{\"v\":1,\"log_level\":\"low\"}", 1).level_changed);
    CU_ASSERT(!agent_advice_takes(&a, EVENT_SEV_INFO) && agent_advice_takes(&a, EVENT_SEV_LOW));
    CU_ASSERT(!hear(&a, "{\"v\":1,\"log_level\":\"low\"}", 2).level_changed);
    struct agent_advice_news news = hear(&a, "{\"v\":1,\"log_level\":\"fatal\"}", 3);
    CU_ASSERT(news.level_changed && news.left_out == 1);
    CU_ASSERT(!agent_advice_takes(&a, EVENT_SEV_LOW));
    for (unsigned sev = EVENT_SEV_MEDIUM; sev <= EVENT_SEV_FATAL; sev++)
        CU_ASSERT(agent_advice_takes(&a, sev));
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    gw_buf_init(&text, 1024);
    CU_ASSERT_EQUAL(agent_advice_event(&a, &news, (struct gw_wall){5}, &text), GW_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), "events below medium are left out from now on"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gw_buf_str(&text), "asked before: 1\""));
    CU_ASSERT(hear(&a, "{\"v\":1}", 4).level_changed);
    CU_ASSERT(agent_advice_takes(&a, EVENT_SEV_INFO));
}

static void renews_when_it_is_pressing_and_not_again_and_again(void)
{
    struct agent_advice a;
    agent_advice_init(&a);
    CU_ASSERT(!hear(&a, "{\"v\":1,\"renew\":\"due\"}", 10).renew); /* its own clock does that */
    CU_ASSERT(hear(&a, "{\"v\":1,\"renew\":\"now\"}", 10).renew);
    CU_ASSERT(!hear(&a, "{\"v\":1,\"renew\":\"now\"}", 10 + AGENT_ADVICE_RENEW_MS - 1).renew);
    CU_ASSERT(hear(&a, "{\"v\":1,\"renew\":\"now\"}", 10 + AGENT_ADVICE_RENEW_MS).renew);
}

static void its_own_clock_renews_at_two_thirds(void)
{
    const struct agent_cert cert = {.not_before = {10 * GW_DAY_MS}, .not_after = {310 * GW_DAY_MS}};
    const int64_t due = 210 * GW_DAY_MS;
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t in = agent_est_renewal_ms(&cert, (struct gw_wall){100 * GW_DAY_MS}) + 100 * GW_DAY_MS;
        least = in < least ? in : least;
        most = in > most ? in : most;
    }
    CU_ASSERT(least >= due - GW_DAY_MS && most <= due + GW_DAY_MS);
    CU_ASSERT(most - least > GW_DAY_MS); /* a fleet that enrolled together does not come together */
    CU_ASSERT_EQUAL(agent_est_renewal_ms(&cert, (struct gw_wall){212 * GW_DAY_MS}), 0);
}

static void a_bad_message_changes_nothing(void)
{
    struct agent_advice a;
    struct agent_advice_news news;
    agent_advice_init(&a);
    CU_ASSERT_NOT_EQUAL(agent_advice_heard(&a, gw_view_str("{\"v\":1,\"log_level\":\"low\",\"renew\":3}"),
                                           (struct gw_mono){1}, &news, NULL),
                        GW_OK);
    CU_ASSERT_EQUAL(
        agent_advice_heard(&a, gw_view_str("{\"v\":2,\"log_level\":\"low\"}"), (struct gw_mono){1}, &news, NULL),
        GW_UNSUPPORTED);
    CU_ASSERT(agent_advice_takes(&a, EVENT_SEV_INFO) && !a.renewed);
}

static const struct gw_test_case cases[] = {
    {"leaves out what is not wanted, but nothing of weight", leaves_out_what_is_not_wanted_but_nothing_of_weight},
    {"renews when it is pressing, and not again and again", renews_when_it_is_pressing_and_not_again_and_again},
    {"its own clock renews at two thirds of a certificate's life", its_own_clock_renews_at_two_thirds},
    {"a bad message changes nothing", a_bad_message_changes_nothing},
};

int main(void)
{
    return GW_TEST_RUN("agent advice", cases);
}
