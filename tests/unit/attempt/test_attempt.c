#include <stdio.h>
#include <string.h>

#include "attempt_step.h"
#include "gw_test.h"

static const struct attempt_terms terms = {
    .confirm_ms = 10 * GW_MINUTE_MS, .step_ms = GW_HOUR_MS, .total_ms = GW_DAY_MS, .postpone_max_ms = 2 * GW_HOUR_MS};

/* One attempt, told as a story: each line is an event at the time `now_ms`. */
static struct attempt a;
static struct attempt_update u;
static int64_t now_ms;

static enum gw_rc step(struct attempt_event ev)
{
    ev.now.ms = now_ms;
    enum gw_rc rc = attempt_step(&a, &terms, &ev, &u);
    if (rc == GW_OK)
        a = u.next;
    return rc;
}

static void happens(enum attempt_event_kind kind)
{
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = kind, .online = true}), GW_OK);
}

static struct attempt_event with_boot(struct attempt_event ev, const char *boot)
{
    (void)snprintf(ev.boot, sizeof(ev.boot), "%s", boot);
    return ev;
}

static void says(enum attempt_word word, enum attempt_running running, const char *boot)
{
    struct attempt_event ev = {.kind = ATTEMPT_EV_REPORT,
                               .running = running,
                               .report = {.rev = a.rev, .word = word, .until = {now_ms + 60000}}};
    CU_ASSERT_EQUAL(step(with_boot(ev, boot)), GW_OK);
    CU_ASSERT(u.ack);
}

static void shows(enum attempt_running running, const char *boot)
{
    struct attempt_event ev = {.kind = ATTEMPT_EV_STATE, .running = running};
    CU_ASSERT_EQUAL(step(with_boot(ev, boot)), GW_OK);
}

static void alarms(const char *boot, enum event_sev sev)
{
    CU_ASSERT_EQUAL(step(with_boot((struct attempt_event){.kind = ATTEMPT_EV_ALARM, .sev = sev}, boot)), GW_OK);
}

static void offered(void)
{
    now_ms = 1000000;
    a = (struct attempt){.state = ATTEMPT_PLANNED};
    CU_ASSERT_EQUAL(step(with_boot((struct attempt_event){.kind = ATTEMPT_EV_OFFER, .online = true}, "A")), GW_OK);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OFFERED);
    CU_ASSERT_EQUAL(a.rev, 1);
    CU_ASSERT_EQUAL(u.send, ATTEMPT_SEND_CHANGED);
}

static void installing(void)
{
    offered();
    says(ATTEMPT_WORD_ACCEPTED, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_DOWNLOADING, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_DOWNLOADED, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_INSTALLING, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_INSTALLING);
}

static void confirming(void)
{
    installing();
    says(ATTEMPT_WORD_REBOOTING, ATTEMPT_RUNS_OTHER, "A");
    happens(ATTEMPT_EV_OFFLINE);
    now_ms += 30000;
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "B");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
}

static void is_ok_after_the_confirm_time(void)
{
    confirming();
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + terms.confirm_ms);
    says(ATTEMPT_WORD_INSTALLED, ATTEMPT_RUNS_TARGET, "B");
    now_ms += terms.confirm_ms - 1;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    now_ms += 1;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
    CU_ASSERT(attempt_holds(&a));
    CU_ASSERT_EQUAL(u.timer.ms, 0);
    CU_ASSERT_EQUAL(u.send, ATTEMPT_SEND_CHANGED);
    CU_ASSERT_FALSE(attempt_offers(&a));
}

static void keeps_when_it_ended(void)
{
    confirming();
    now_ms += terms.confirm_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
    int64_t end_ms = now_ms;
    CU_ASSERT_EQUAL(a.step_since.ms, end_ms);
    now_ms += GW_HOUR_MS;
    happens(ATTEMPT_EV_OFFLINE);
    happens(ATTEMPT_EV_BLIND);
    now_ms += GW_HOUR_MS;
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "C");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
    CU_ASSERT_EQUAL(a.step_since.ms, end_ms);
}

static void takes_a_late_timer_as_in_time(void)
{
    confirming();
    now_ms += terms.confirm_ms + 5;
    happens(ATTEMPT_EV_OFFLINE); /* came before the timer was looked at */
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
}

static void one_break_starts_the_confirm_time_again(void)
{
    confirming();
    now_ms += terms.confirm_ms - 1000;
    happens(ATTEMPT_EV_OFFLINE);
    CU_ASSERT_EQUAL(a.breaks, 1);
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "B");
    now_ms += terms.confirm_ms - 1;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    now_ms += 1;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
}

static void counts_a_reboot_as_one_break(void)
{
    confirming();
    happens(ATTEMPT_EV_OFFLINE);
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "C");
    alarms("B", EVENT_SEV_FATAL); /* the crash that it was, told afterwards */
    CU_ASSERT_EQUAL(a.breaks, 1);
    CU_ASSERT_STRING_EQUAL(a.boot_confirm, "C");
    CU_ASSERT(a.confirm_since.ms != 0);
}

static void two_breaks_are_unstable(void)
{
    confirming();
    shows(ATTEMPT_RUNS_TARGET, "C"); /* the end of the connection went unseen */
    CU_ASSERT_EQUAL(a.breaks, 1);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    alarms("C", EVENT_SEV_HIGH);
    CU_ASSERT_EQUAL(a.breaks, 1);
    alarms("C", EVENT_SEV_CRITICAL);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_FAILED);
    CU_ASSERT_EQUAL(a.code, ATTEMPT_CODE_UNSTABLE);
    CU_ASSERT(attempt_holds(&a)); /* a rollback must reach it */
}

static void presence_alone_confirms_nothing(void)
{
    confirming();
    happens(ATTEMPT_EV_OFFLINE);
    happens(ATTEMPT_EV_ONLINE);
    now_ms += terms.confirm_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    now_ms += terms.step_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);
}

static void the_old_version_after_the_reboot_is_rolled_back(void)
{
    installing();
    says(ATTEMPT_WORD_REBOOTING, ATTEMPT_RUNS_OTHER, "A");
    shows(ATTEMPT_RUNS_OTHER, "B");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_ROLLED_BACK);
    CU_ASSERT_EQUAL(a.code, ATTEMPT_CODE_OLD_VERSION);
    CU_ASSERT_FALSE(attempt_holds(&a));
    installing(); /* and it claims to be done */
    says(ATTEMPT_WORD_INSTALLED, ATTEMPT_RUNS_OTHER, "B");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_ROLLED_BACK);
    confirming(); /* and it falls back within the confirm time */
    shows(ATTEMPT_RUNS_OTHER, "C");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_ROLLED_BACK);
}

static void believes_no_installed_without_a_reboot(void)
{
    offered();
    says(ATTEMPT_WORD_INSTALLED, ATTEMPT_RUNS_TARGET, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_REBOOTING);
    shows(ATTEMPT_RUNS_TARGET, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_REBOOTING);
    now_ms += terms.step_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);
}

static void takes_no_claim_for_a_reboot_that_it_cannot_see(void)
{
    now_ms = 1000000;
    a = (struct attempt){.state = ATTEMPT_PLANNED};
    happens(ATTEMPT_EV_OFFER); /* nobody knows its boot id */
    says(ATTEMPT_WORD_INSTALLED, ATTEMPT_RUNS_TARGET, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_REBOOTING);
    shows(ATTEMPT_RUNS_TARGET, "B");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
}

static void goes_on_after_a_power_cut(void)
{
    installing();
    happens(ATTEMPT_EV_OFFLINE);
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_OTHER, "B");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_INSTALLING);
    says(ATTEMPT_WORD_INSTALLING, ATTEMPT_RUNS_OTHER, "B");
    says(ATTEMPT_WORD_REBOOTING, ATTEMPT_RUNS_OTHER, "B");
    shows(ATTEMPT_RUNS_OTHER, "B"); /* not yet rebooted */
    CU_ASSERT_EQUAL(a.state, ATTEMPT_REBOOTING);
    shows(ATTEMPT_RUNS_TARGET, "C");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
}

static void lost_reports_do_not_matter(void)
{
    offered();
    happens(ATTEMPT_EV_OFFLINE);
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "B"); /* every word in between was lost */
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    CU_ASSERT(a.taken);
}

static void late_and_repeated_reports_change_nothing(void)
{
    confirming();
    struct attempt before = a;
    says(ATTEMPT_WORD_ACCEPTED, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_INSTALLING, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_REBOOTING, ATTEMPT_RUNS_OTHER, "A");
    says(ATTEMPT_WORD_DEFERRED, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, before.state);
    CU_ASSERT_EQUAL(a.confirm_since.ms, before.confirm_since.ms);
    CU_ASSERT_FALSE(u.changed);
    now_ms += terms.confirm_ms;
    happens(ATTEMPT_EV_TIMER);
    says(ATTEMPT_WORD_FAILED, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
    CU_ASSERT(attempt_holds(&a));
    shows(ATTEMPT_RUNS_OTHER, "C"); /* but up/state tells the truth for a rollback */
    CU_ASSERT_FALSE(attempt_holds(&a));
    shows(ATTEMPT_RUNS_TARGET, "D");
    CU_ASSERT(attempt_holds(&a));
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
}

static void a_deferral_waits_for_another_turn(void)
{
    offered();
    says(ATTEMPT_WORD_DEFERRED, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_DEFERRED);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + 60000);
    now_ms += 60000;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_PLANNED);
    happens(ATTEMPT_EV_OFFER);
    CU_ASSERT_EQUAL(a.rev, 2);
    struct attempt_event old = {.kind = ATTEMPT_EV_REPORT,
                                .report = {.rev = 1, .word = ATTEMPT_WORD_DEFERRED, .until = {now_ms + 60000}}};
    CU_ASSERT_EQUAL(step(old), GW_OK); /* an answer to the first offer, come late */
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OFFERED);
    now_ms = a.first_offer.ms + terms.postpone_max_ms;
    says(ATTEMPT_WORD_DEFERRED, ATTEMPT_RUNS_OTHER, "A"); /* past the limit: the offer stands */
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);          /* nothing else was heard for the step time */
}

static void a_deferral_never_lasts_past_the_limit(void)
{
    offered();
    struct attempt_event ev = {.kind = ATTEMPT_EV_REPORT,
                               .report = {.rev = 1, .word = ATTEMPT_WORD_DEFERRED, .until = {INT64_MAX}}};
    CU_ASSERT_EQUAL(step(ev), GW_OK);
    CU_ASSERT_EQUAL(a.until.ms, a.first_offer.ms + terms.postpone_max_ms);
}

static void silence_has_an_end(void)
{
    offered(); /* connected and mute */
    now_ms += ATTEMPT_RESEND_MS;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(u.send, ATTEMPT_SEND_AGAIN);
    now_ms += terms.step_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);
    offered(); /* not there */
    happens(ATTEMPT_EV_OFFLINE);
    CU_ASSERT_EQUAL(u.timer.ms, a.offered.ms + terms.total_ms);
    now_ms += terms.total_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_UNREACHABLE);
    CU_ASSERT_FALSE(attempt_holds(&a));
    installing(); /* never back from the reboot */
    happens(ATTEMPT_EV_OFFLINE);
    now_ms += terms.step_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);
    CU_ASSERT(attempt_holds(&a));
}

static void progress_keeps_a_step_alive(void)
{
    offered();
    says(ATTEMPT_WORD_DOWNLOADING, ATTEMPT_RUNS_OTHER, "A");
    for (uint8_t percent = 10; percent <= 100; percent = (uint8_t)(percent + 10)) {
        now_ms += terms.step_ms - 1;
        struct attempt_event ev = {.kind = ATTEMPT_EV_REPORT,
                                   .report = {.rev = 1, .word = ATTEMPT_WORD_DOWNLOADING, .progress = percent}};
        CU_ASSERT_EQUAL(step(ev), GW_OK);
    }
    CU_ASSERT_EQUAL(a.state, ATTEMPT_DOWNLOADING);
    now_ms += terms.step_ms - 1;
    says(ATTEMPT_WORD_DOWNLOADING, ATTEMPT_RUNS_OTHER, "A"); /* says it again, no further */
    now_ms += 1;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_TIMED_OUT);
}

static void a_cancellation_is_a_request(void)
{
    offered();
    happens(ATTEMPT_EV_CANCEL);
    CU_ASSERT_EQUAL(u.send, ATTEMPT_SEND_CHANGED);
    CU_ASSERT_FALSE(attempt_offers(&a));
    happens(ATTEMPT_EV_CANCEL);
    CU_ASSERT_EQUAL(a.rev, 2);
    says(ATTEMPT_WORD_CANCELLED, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CANCELLED);
    offered(); /* too late */
    happens(ATTEMPT_EV_CANCEL);
    struct attempt_event begun = {.kind = ATTEMPT_EV_REPORT, .report = {.rev = 1, .word = ATTEMPT_WORD_INSTALLING}};
    CU_ASSERT_EQUAL(step(begun), GW_OK);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_INSTALLING);
    CU_ASSERT(attempt_offers(&a));
    happens(ATTEMPT_EV_CANCEL);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_INSTALLING);
    offered(); /* never had it */
    happens(ATTEMPT_EV_CANCEL);
    now_ms += ATTEMPT_CANCEL_MS;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CANCELLED);
    CU_ASSERT_EQUAL(a.code, ATTEMPT_CODE_CANCEL_SILENT);
    offered(); /* nobody had asked */
    says(ATTEMPT_WORD_CANCELLED, ATTEMPT_RUNS_OTHER, "A");
    CU_ASSERT_EQUAL(a.state, ATTEMPT_REJECTED);
}

static void a_blind_gateway_blames_nobody(void)
{
    confirming();
    now_ms += 3 * GW_DAY_MS;
    struct attempt_event blind = {.kind = ATTEMPT_EV_BLIND, .away_ms = 3 * GW_DAY_MS};
    CU_ASSERT_EQUAL(step(blind), GW_OK);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CONFIRMING);
    CU_ASSERT_EQUAL(a.breaks, 0);
    CU_ASSERT_FALSE(a.online || a.proved);
    CU_ASSERT_EQUAL(a.confirm_since.ms, 0);
    happens(ATTEMPT_EV_ONLINE);
    shows(ATTEMPT_RUNS_TARGET, "B");
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + terms.confirm_ms);
    offered();
    now_ms += 3 * GW_DAY_MS;
    CU_ASSERT_EQUAL(step(blind), GW_OK);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OFFERED);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + terms.total_ms);
}

static void a_clock_that_goes_back_lengthens_waits(void)
{
    confirming();
    now_ms -= GW_HOUR_MS;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(u.timer.ms, now_ms + terms.confirm_ms);
    now_ms += terms.confirm_ms;
    happens(ATTEMPT_EV_TIMER);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_OK);
}

static void a_revoked_or_unfit_device_is_taken_out(void)
{
    installing();
    happens(ATTEMPT_EV_GONE);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CANCELLED);
    CU_ASSERT_EQUAL(a.code, ATTEMPT_CODE_GONE);
    a = (struct attempt){.state = ATTEMPT_PLANNED};
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = ATTEMPT_EV_SKIP, .code = ATTEMPT_CODE_FLOOR}), GW_OK);
    CU_ASSERT_EQUAL(a.state, ATTEMPT_CANCELLED);
    CU_ASSERT_EQUAL(a.code, ATTEMPT_CODE_FLOOR);
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = ATTEMPT_EV_OFFER}), GW_CONFLICT);
    installing();
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = ATTEMPT_EV_SKIP}), GW_CONFLICT);
}

static void refuses_values_outside_the_enums(void)
{
    offered();
    struct attempt_event ev = {.kind = ATTEMPT_EV_REPORT, .report = {.word = (enum attempt_word)99}};
    CU_ASSERT_EQUAL(step(ev), GW_INVALID);
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = (enum attempt_event_kind)99}), GW_INVALID);
    memset(ev.boot, 'x', sizeof(ev.boot));
    ev.report.word = ATTEMPT_WORD_ACCEPTED;
    CU_ASSERT_EQUAL(step(ev), GW_INVALID);
    a.state = (enum attempt_state)77;
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = ATTEMPT_EV_TIMER}), GW_INVALID);
}

static void finds_a_row_that_cannot_be(void)
{
    offered();
    a.confirm_since.ms = 5; /* confirms while it is only offered */
    CU_ASSERT_EQUAL(step((struct attempt_event){.kind = ATTEMPT_EV_ONLINE}), GW_CORRUPT);
}

/* The picture in attempt_step.h, written a second time: a row for each state, a column for each it may go to. */
static void moves_as_the_picture_says(void)
{
    static const char *const rows[ATTEMPT_STATES] = {/* P O A D d I R C w | ok fail rej back canc time unre */
                                                     "",
                                                     ".O...IRC..FJBX..",
                                                     "..ADdIRCw.FJBXTU",
                                                     "...DdIRCw.FJBXTU",
                                                     "....dIRCw.FJBXTU",
                                                     ".....IRCw.FJBXTU",
                                                     "......RC..FJBXT.",
                                                     ".......C..FJBXT.",
                                                     ".........kFJBXT.",
                                                     "P....IRC..FJBX..",
                                                     "................",
                                                     "................",
                                                     "................",
                                                     "................",
                                                     "................",
                                                     "................",
                                                     "................"};
    for (int from = ATTEMPT_PLANNED; from < ATTEMPT_STATES; from++)
        for (int to = ATTEMPT_PLANNED; to < ATTEMPT_STATES; to++)
            CU_ASSERT_EQUAL(attempt_may_move((enum attempt_state)from, (enum attempt_state)to),
                            rows[from][to - 1] != '.');
    CU_ASSERT_FALSE(attempt_may_move((enum attempt_state)0, ATTEMPT_OK));
    CU_ASSERT_FALSE(attempt_may_move(ATTEMPT_PLANNED, (enum attempt_state)ATTEMPT_STATES));
}

/* Written in databases and on the wire: neither number nor name may ever change. */
static void keeps_numbers_and_names(void)
{
    static const char *const states[] = {
        "planned",  "offered", "accepted", "downloading", "downloaded",  "installing", "rebooting", "confirming",
        "deferred", "ok",      "failed",   "rejected",    "rolled_back", "cancelled",  "timed_out", "unreachable"};
    static const char *const words[] = {"accepted",    "downloading", "downloaded", "installing",
                                        "rebooting",   "installed",   "failed",     "rejected",
                                        "rolled_back", "cancelled",   "deferred"};
    for (int i = 0; i < 16; i++) {
        enum attempt_state back;
        CU_ASSERT_STRING_EQUAL(attempt_state_text((enum attempt_state)(i + 1)), states[i]);
        CU_ASSERT_EQUAL(attempt_state_parse(gw_view_str(states[i]), &back), GW_OK);
        CU_ASSERT_EQUAL((int)back, i + 1);
    }
    for (int i = 0; i < 11; i++) {
        enum attempt_word back;
        CU_ASSERT_STRING_EQUAL(attempt_word_text((enum attempt_word)(i + 1)), words[i]);
        CU_ASSERT_EQUAL(attempt_word_parse(gw_view_str(words[i]), &back), GW_OK);
        CU_ASSERT_EQUAL((int)back, i + 1);
    }
    enum attempt_state none = ATTEMPT_OK;
    CU_ASSERT_EQUAL(attempt_state_parse(gw_view_str("installed"), &none), GW_INVALID);
    CU_ASSERT_STRING_EQUAL(attempt_state_text((enum attempt_state)0), "unknown");
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("")), ATTEMPT_CODE_NONE);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("signature")), ATTEMPT_CODE_SIGNATURE);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("step_time")), ATTEMPT_CODE_OTHER);  /* the gateway's own */
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("old_version")), ATTEMPT_CODE_BOOT); /* as the device's word */
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("unstable")), ATTEMPT_CODE_HEALTH);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("kind_off")), ATTEMPT_CODE_KIND);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("install_timeout")), ATTEMPT_CODE_INSTALL);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("installs")), ATTEMPT_CODE_OTHER);
    CU_ASSERT_EQUAL(attempt_code_of_device(gw_view_str("E-42")), ATTEMPT_CODE_OTHER);
    CU_ASSERT_EQUAL((int)ATTEMPT_CODE_UNSTABLE, 32);
    CU_ASSERT_STRING_EQUAL(attempt_code_text(ATTEMPT_CODE_UNSTABLE), "unstable");
    CU_ASSERT_EQUAL(attempt_running(gw_view_str("2.0"), "2.0"), ATTEMPT_RUNS_TARGET);
    CU_ASSERT_EQUAL(attempt_running(gw_view_str("1.0"), "2.0"), ATTEMPT_RUNS_OTHER);
    CU_ASSERT_EQUAL(attempt_running(gw_view_str(""), "2.0"), ATTEMPT_RUNS_UNKNOWN);
}

static const struct gw_test_case cases[] = {
    {"is ok after the confirm time", is_ok_after_the_confirm_time},
    {"keeps when it ended", keeps_when_it_ended},
    {"takes a late timer as in time", takes_a_late_timer_as_in_time},
    {"one break starts the confirm time again", one_break_starts_the_confirm_time_again},
    {"counts a reboot and its crash event as one break", counts_a_reboot_as_one_break},
    {"two breaks are failed as unstable", two_breaks_are_unstable},
    {"presence alone confirms nothing", presence_alone_confirms_nothing},
    {"the old version after the reboot is rolled back", the_old_version_after_the_reboot_is_rolled_back},
    {"believes no installed without a reboot", believes_no_installed_without_a_reboot},
    {"takes no claim for a reboot that it cannot see", takes_no_claim_for_a_reboot_that_it_cannot_see},
    {"goes on after a power cut while installing", goes_on_after_a_power_cut},
    {"lost reports do not matter", lost_reports_do_not_matter},
    {"late and repeated reports change nothing", late_and_repeated_reports_change_nothing},
    {"a deferral waits for another turn", a_deferral_waits_for_another_turn},
    {"a deferral never lasts past the limit", a_deferral_never_lasts_past_the_limit},
    {"silence has an end", silence_has_an_end},
    {"progress keeps a step alive, repetition does not", progress_keeps_a_step_alive},
    {"a cancellation is a request until the device has begun", a_cancellation_is_a_request},
    {"a gateway that could not see blames nobody", a_blind_gateway_blames_nobody},
    {"a clock that goes back lengthens waits", a_clock_that_goes_back_lengthens_waits},
    {"a revoked or unfit device is taken out", a_revoked_or_unfit_device_is_taken_out},
    {"refuses values outside the enums", refuses_values_outside_the_enums},
    {"finds a row that cannot be", finds_a_row_that_cannot_be},
    {"moves as the picture says", moves_as_the_picture_says},
    {"keeps numbers and names", keeps_numbers_and_names},
};

int main(void)
{
    return GW_TEST_RUN("attempt", cases);
}
