/* Rollouts and what devices, the broker and time do to them. */
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "gw_cleanup.h"
#include "rollouts_internal.h"
#include "shop.h"

static struct rollout_entry start_all(struct desk *d, int devices, uint32_t concurrent)
{
    shop_open(d);
    shop_devices(d, devices);
    return shop_start_all(d, concurrent);
}

static enum attempt_state state_of(struct desk *d, const char *device)
{
    return shop_attempt(d, device).attempt.state;
}

static bool job_of(struct desk *d, const char *device, int64_t *ret_rev, int64_t *ret_n)
{
    char job[ATTEMPT_ID_LEN + 1];
    return shop_job(d, device, job, ret_rev, ret_n);
}

static void tell(struct desk *d, const char *device, enum bus_topic topic, const char *text)
{
    struct bus_event event = {
        .kind = BUS_MESSAGE, .topic = topic, .device = desk_id(device), .payload = gw_view_str(text)};
    CU_ASSERT_EQUAL(desk_bus(d, &event), GW_OK);
}

static void reports_are_acknowledged_after_they_are_stored(void)
{
    struct desk d;
    (void)start_all(&d, 1, 1);
    shop_report(&d, "pump-000", JOB_STATE_DOWNLOADING, "", "1.0");
    struct attempt_entry a = shop_attempt(&d, "pump-000");
    CU_ASSERT_EQUAL(a.attempt.state, ATTEMPT_DOWNLOADING);
    struct job_ack ack;
    GW_ASSERT_OK(job_ack_parse(gw_view_str(desk_down(&d, "pump-000", "joback")), &ack, NULL), NULL);
    CU_ASSERT_STRING_EQUAL(ack.job, a.id);
    CU_ASSERT_TRUE(ack.rev == 1 && ack.state == JOB_STATE_DOWNLOADING);
    shop_installs(&d, "pump-000", "2.0");
    size_t before = d.down_count;
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "health", "2.0"); /* late: acknowledged, and changes no figure */
    CU_ASSERT_EQUAL(d.down_count, before + 1);
    CU_ASSERT_STRING_EQUAL(d.downs[before].down, "joback");
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_OK);
    desk_close(&d);
}

static void nobody_reports_about_the_job_of_another(void)
{
    struct desk d;
    char text[256];
    (void)start_all(&d, 2, 2);
    struct attempt_entry a = shop_attempt(&d, "pump-000");
    size_t before = d.down_count;
    static const char *const jobs[] = {"at-2222222222222222-00000000", "job-1", "x"};
    (void)snprintf(text, sizeof(text), "{\"job\":\"%s\",\"rev\":1,\"state\":\"failed\"}", a.id);
    tell(&d, "pump-001", BUS_TOPIC_JOB, text);
    (void)snprintf(text, sizeof(text), "{\"job\":\"%s\",\"rev\":2,\"state\":\"failed\"}", a.id); /* never offered */
    tell(&d, "pump-000", BUS_TOPIC_JOB, text);
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        (void)snprintf(text, sizeof(text), "{\"job\":\"%s\",\"rev\":1,\"state\":\"failed\"}", jobs[i]);
        tell(&d, "pump-000", BUS_TOPIC_JOB, text);
    }
    CU_ASSERT_EQUAL(d.operate.rollouts.counts.unknown_jobs, 5);
    CU_ASSERT_EQUAL(d.down_count, before);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_OFFERED);
    desk_close(&d);
}

static void what_is_no_report_is_counted_and_told_once_a_minute(void)
{
    struct desk d;
    (void)start_all(&d, 1, 1);
    struct inbox_msg tick = {.kind = INBOX_TICK};
    tell(&d, "pump-000", BUS_TOPIC_JOB, "{}");
    tell(&d, "pump-000", BUS_TOPIC_STATE, "{\"product\":7}");
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    tell(&d, "pump-000", BUS_TOPIC_JOB, "no json");
    CU_ASSERT_EQUAL(desk_msg(&d, &tick), GW_OK);
    CU_ASSERT_TRUE(d.operate.rollouts.counts.bad_reports == 2 && d.operate.rollouts.counts.bad_states == 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "proto.error"), 1);
    shop_wait(&d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(desk_audits(&d, "proto.error"), 2);
    CU_ASSERT_TRUE(desk_audited(&d, "proto.error", "device:pump-000"));
    CU_ASSERT(
        desk_says(&d, "up/job, up/state", "1 message on up/job or up/state broke its grammar; the last came from"));
    desk_close(&d);
}

static enum device_renew renew_said(struct desk *d)
{
    struct device_config c = {.renew = DEVICE_RENEW_NONE};
    GW_ASSERT_OK(device_config_parse(gw_view_str(desk_down(d, "pump-000", "config")), &c, NULL), NULL);
    CU_ASSERT_TRUE(c.log_level == EVENT_SEV_LOW && c.sampling_pct == 50);
    return c.renew;
}

/* What a device hears whose certificate has lived for so many hundredths of its life. */
static enum device_renew renew_at(struct desk *d, const struct device_cert *cert, int lived_pct)
{
    struct gw_device_id id = desk_id("pump-000");
    struct bus_event here = {.kind = BUS_PRESENCE, .device = id, .online = true, .cert_sha256 = cert->sha256};
    CU_ASSERT_EQUAL(desk_bus(d, &here), GW_OK);
    d->now.ms = cert->not_before.ms + (cert->not_after.ms - cert->not_before.ms) / 100 * lived_pct;
    advice_send(&d->session, &d->store, &id, d->now);
    return renew_said(d);
}

static void every_connection_is_answered_with_advice(void)
{
    struct desk d;
    struct gw_device_id id = desk_id("pump-000");
    struct gw_sha256 sha256 = desk_hash(1);
    struct device_cert cert;
    shop_open(&d);
    d.session.advice.log_level = EVENT_SEV_LOW;
    d.session.advice.sampling_pct = 50;
    desk_active(&d, "pump-000", 1, 1);
    GW_ASSERT_OK(d.store.ops->cert_get(d.store.self, &sha256, &cert, NULL), NULL);
    shop_connect(&d, "pump-000", "1.0", "boot-1", 0);
    CU_ASSERT_EQUAL(renew_said(&d), DEVICE_RENEW_NONE);
    CU_ASSERT_EQUAL(renew_at(&d, &cert, 66), DEVICE_RENEW_NONE);
    CU_ASSERT_EQUAL(renew_at(&d, &cert, 68), DEVICE_RENEW_DUE);
    CU_ASSERT_EQUAL(renew_at(&d, &cert, 91), DEVICE_RENEW_NOW);
    size_t before = d.down_count;
    d.session.broker_up = false;
    d.now.ms += 2 * GW_SECOND_MS;
    advice_send(&d.session, &d.store, &id, d.now);
    CU_ASSERT_EQUAL(d.down_count, before);
    desk_close(&d);
}

static void every_connection_is_answered_with_the_job_above_all_numbers(void)
{
    struct desk d;
    int64_t rev, n;
    shop_open(&d);
    shop_device(&d, "pump-000", "1.0");
    CU_ASSERT_FALSE(job_of(&d, "pump-000", &rev, &n));
    CU_ASSERT_EQUAL(n, 0);
    (void)shop_start_all(&d, 1);
    CU_ASSERT_TRUE(job_of(&d, "pump-000", &rev, &n) && n == 1);
    shop_connect(&d, "pump-000", "1.0", "boot-1", 1);
    CU_ASSERT_TRUE(job_of(&d, "pump-000", &rev, &n) && n == 1); /* the same, with the same number */
    shop_connect(&d, "pump-000", "1.0", "boot-1", 40); /* it remembers more than we: a store that was restored */
    CU_ASSERT_TRUE(job_of(&d, "pump-000", &rev, &n) && n == 41);
    shop_report(&d, "pump-000", JOB_STATE_FAILED, "power", "1.0");
    CU_ASSERT_TRUE(!job_of(&d, "pump-000", &rev, &n) && n == 42);
    desk_close(&d);
}

static void up_state_keeps_the_gateways_own_part(void)
{
    struct desk d;
    struct inventory i;
    struct gw_device_id id = desk_id("pump-000");
    (void)start_all(&d, 1, 1);
    shop_installs(&d, "pump-000", "2.0");
    tell(&d, "pump-000", BUS_TOPIC_STATE,
         "{\"product\":\"pump\",\"hardware\":\"rev-c\",\"release\":\"7\",\"attributes\":{\"site\":\"north\"}}");
    GW_ASSERT_OK(d.store.ops->inventory_get(d.store.self, &id, &i, NULL), NULL);
    CU_ASSERT_EQUAL(i.floor_confirmed, 1);
    CU_ASSERT_STRING_EQUAL(i.version, "7");
    CU_ASSERT_STRING_EQUAL(i.release, ""); /* nobody knows that one */
    CU_ASSERT_STRING_EQUAL(i.attributes, "{\"site\":\"north\"}");
    CU_ASSERT_EQUAL(i.seen.ms, d.now.ms);
    tell(&d, "pump-000", BUS_TOPIC_STATE, "{\"product\":\"pump\",\"hardware\":\"rev-c\",\"release\":\"1.0\"}");
    GW_ASSERT_OK(d.store.ops->inventory_get(d.store.self, &id, &i, NULL), NULL);
    CU_ASSERT_STRING_EQUAL(i.release, shop_id(SHOP_OLD));
    CU_ASSERT_EQUAL(i.release_counter, SHOP_OLD);
    desk_close(&d);
}

static void a_holder_that_falls_back_later_is_no_holder_any_more(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 1, 1);
    shop_installs(&d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.waves[0].holders, 1);
    shop_connect(&d, "pump-000", "1.0", "boot-77", 0);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.waves[0].holders, 0);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_OK); /* an end is an end */
    shop_check(&d, r.id);
    desk_close(&d);
}

static void who_is_revoked_is_gone_and_who_is_in_quarantine_goes_on(void)
{
    struct desk d;
    int64_t rev, n;
    struct rollout_entry r = start_all(&d, 2, 2);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_QUARANTINE, "pump-001", NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-000", NULL), GW_OK);
    desk_settle(&d);
    CU_ASSERT_TRUE(state_of(&d, "pump-000") == ATTEMPT_CANCELLED &&
                   shop_attempt(&d, "pump-000").attempt.code == ATTEMPT_CODE_GONE);
    CU_ASSERT_TRUE(desk_audited(&d, "upd.left_out", "device:pump-000"));
    shop_wait(&d, 6 * GW_MINUTE_MS); /* the offer is sent again, and looked at */
    CU_ASSERT_EQUAL(state_of(&d, "pump-001"), ATTEMPT_OFFERED);
    CU_ASSERT_TRUE(job_of(&d, "pump-001", &rev, &n));
    shop_installs(&d, "pump-001", "2.0");
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_FINISHED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void silence_is_answered_by_sending_again_and_counts_in_the_end(void)
{
    struct desk d;
    (void)start_all(&d, 2, 2);
    shop_offline(&d, "pump-001");
    size_t sent = d.down_count;
    shop_wait(&d, 6 * GW_MINUTE_MS);
    CU_ASSERT_EQUAL(d.down_count, sent + 1);
    CU_ASSERT_STRING_EQUAL(d.downs[sent].device.text, "pump-000");
    shop_wait(&d, GW_DAY_MS);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_TIMED_OUT);
    CU_ASSERT_EQUAL(state_of(&d, "pump-001"), ATTEMPT_UNREACHABLE);
    CU_ASSERT_TRUE(desk_audited(&d, "upd.failed", "device:pump-000"));
    CU_ASSERT_TRUE(desk_audited(&d, "upd.unreachable", "device:pump-001"));
    desk_close(&d);
}

static void while_the_broker_is_away_no_clock_runs_against_anybody(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 2, 2);
    shop_report(&d, "pump-000", JOB_STATE_REBOOTING, "", "");
    shop_connect(&d, "pump-000", "2.0", "boot-2", 0);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_CONFIRMING);
    CU_ASSERT_EQUAL(desk_bus(&d, &(struct bus_event){.kind = BUS_DOWN}), GW_OK);
    shop_wait(&d, 30 * GW_HOUR_MS); /* longer than step and total time */
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_CONFIRMING);
    CU_ASSERT_EQUAL(state_of(&d, "pump-001"), ATTEMPT_OFFERED);
    shop_broker_up(&d);
    shop_connect(&d, "pump-000", "2.0", "boot-2", 0);
    shop_connect(&d, "pump-001", "1.0", "boot-1", 0);
    shop_wait(&d, ATTEMPT_CONFIRM_MS_DEFAULT - 1);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_CONFIRMING); /* it begins again, without a break */
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 0);
    shop_wait(&d, 1);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_OK);
    CU_ASSERT_EQUAL(state_of(&d, "pump-001"), ATTEMPT_OFFERED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_list_that_came_in_a_lost_turn_is_followed_by_the_tick(void)
{
    struct desk d;
    (void)start_all(&d, 1, 1);
    shop_report(&d, "pump-000", JOB_STATE_INSTALLING, "", "");
    d.operate.rollouts.memory.watching = false; /* as the core loop puts it back */
    shop_wait(&d, GW_MINUTE_MS);
    CU_ASSERT_TRUE(d.operate.rollouts.memory.watching);
    CU_ASSERT_TRUE(shop_attempt(&d, "pump-000").attempt.online);
    desk_close(&d);
}

static void a_severe_event_breaks_the_confirm_time(void)
{
    struct desk d;
    (void)start_all(&d, 1, 1);
    shop_report(&d, "pump-000", JOB_STATE_REBOOTING, "", "");
    shop_connect(&d, "pump-000", "2.0", "boot-2", 0);
    shop_alarm(&d, "pump-000", "boot-2", EVENT_SEV_HIGH);  /* below the line */
    shop_alarm(&d, "pump-000", "boot-1", EVENT_SEV_FATAL); /* of the boot before */
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 0);
    shop_wait(&d, 9 * GW_MINUTE_MS);
    shop_alarm(&d, "pump-000", "boot-2", EVENT_SEV_CRITICAL);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 1);
    shop_wait(&d, 9 * GW_MINUTE_MS);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_CONFIRMING);
    shop_alarm(&d, "pump-000", "", EVENT_SEV_FATAL);
    CU_ASSERT_TRUE(state_of(&d, "pump-000") == ATTEMPT_FAILED &&
                   shop_attempt(&d, "pump-000").attempt.code == ATTEMPT_CODE_UNSTABLE);
    desk_close(&d);
}

static void who_deferred_is_offered_again_or_told_that_it_is_over(void)
{
    struct desk d;
    int64_t rev, n, before;
    struct rollout_entry r = start_all(&d, 2, 1);
    const char *first = job_of(&d, "pump-000", &rev, &n) ? "pump-000" : "pump-001";
    const char *second = strcmp(first, "pump-000") == 0 ? "pump-001" : "pump-000";
    shop_report(&d, first, JOB_STATE_DEFERRED, "", "1.0");
    CU_ASSERT_EQUAL(state_of(&d, first), ATTEMPT_DEFERRED);
    CU_ASSERT_TRUE(job_of(&d, second, &rev, &n)); /* it keeps no place */
    shop_report(&d, second, JOB_STATE_INSTALLING, "", "");
    shop_wait(&d, GW_HOUR_MS - 1000); /* second is just within its step time */
    shop_report(&d, second, JOB_STATE_REBOOTING, "", "");
    shop_wait(&d, 1000);
    CU_ASSERT_EQUAL(state_of(&d, first), ATTEMPT_PLANNED);
    (void)job_of(&d, first, &rev, &before);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    CU_ASSERT_EQUAL(state_of(&d, first), ATTEMPT_CANCELLED);
    CU_ASSERT_TRUE(!job_of(&d, first, &rev, &n) && n == before + 1);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void many_are_offered_and_asked_to_leave_in_slices(void)
{
    enum { MANY = 700 };
    struct desk d;
    int64_t rev, n;
    struct rollout_entry r = start_all(&d, MANY, MANY);
    int with = 0, without = 0;
    char id[16];
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        with += job_of(&d, id, &rev, &n);
    }
    CU_ASSERT_EQUAL(with, MANY);
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ABORT), GW_OK);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        without += !job_of(&d, id, &rev, &n) && n == 2 && shop_attempt(&d, id).attempt.cancel;
    }
    CU_ASSERT_EQUAL(without, MANY);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void many_that_do_not_fit_are_skipped_in_turns_of_their_own(void)
{
    enum { MANY = 600 };
    struct desk d;
    char id[16];
    shop_open(&d);
    shop_devices(&d, MANY);
    struct rollout_plan plan = shop_plan(100, MANY);
    struct rollout_entry r = shop_draft(&d, &plan);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&d, id, "2.0", "boot-2", 0);
    }
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    struct rollout_entry now = shop_rollout(&d, r.id);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_CANCELLED], MANY);
    CU_ASSERT_EQUAL(now.rollout.state, ROLLOUT_FINISHED);
    shop_check(&d, r.id);
    desk_close(&d);
}

/* A count of devices fills no turn: what finds no room is sent again, what is due is found by its timer. */
static void no_count_of_devices_fills_a_turn(void)
{
    enum { MANY = TURN_OUTS_MAX + 10 };
    struct desk d;
    shop_open(&d);
    GW_FREE struct rollouts_run *run = gw_xalloc(1, sizeof(*run));
    struct turn turn = {.store = &d.store, .now = d.now};
    rollouts_run_begin(run, &d.operate.rollouts, &turn);
    for (unsigned i = 0; i < MANY; i++) {
        struct gw_device_id device;
        char id[ATTEMPT_ID_LEN + 1];
        (void)snprintf(device.text, sizeof(device.text), "pump-%u", i);
        rollouts_note_job(run, &device);
        attempt_id_format("ro-aaaaaaaaaaaaaaaa", i, id);
        turn_due(&turn, id);
    }
    CU_ASSERT(turn.count < TURN_OUTS_MAX && turn.outs[0].kind == OUT_JOB && turn.outs[1].kind == OUT_DUE);
    CU_ASSERT_TRUE(d.operate.rollouts.counts.unsent > 0);
    turn_done(&turn, (struct asker){.kind = ASKER_REST}, GW_OK, ""); /* there is room for the answer */
    turn_reset(&turn, 0);
    desk_close(&d);
}

/* Each offer that comes to nothing frees a place, which the next turn fills. */
static void a_turn_offers_so_many_and_no_more(void)
{
    enum { MANY = 900 };
    struct desk d;
    char id[16];
    shop_open(&d);
    shop_devices(&d, MANY);
    struct rollout_plan plan = shop_plan(100, MANY);
    struct rollout_entry r = shop_draft(&d, &plan);
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(id, sizeof(id), "pump-%03d", i);
        shop_connect(&d, id, "2.0", "boot-2", 0);
    }
    d.dies = true;
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_START), GW_OK);
    d.dies = false;
    struct rollout_entry now = shop_rollout(&d, r.id);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_CANCELLED], ROLLOUT_RELEASE_MAX);
    CU_ASSERT_EQUAL(now.rollout.waves[0].count[ATTEMPT_PLANNED], MANY - ROLLOUT_RELEASE_MAX);
    shop_wait(&d, GW_MINUTE_MS);
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_FINISHED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void what_finds_no_room_at_the_broker_is_sent_later(void)
{
    struct desk d;
    int64_t rev, n;
    shop_open(&d);
    shop_devices(&d, 3);
    d.bus_fails = true;
    (void)shop_start_all(&d, 3);
    CU_ASSERT_EQUAL(d.operate.rollouts.unsent_count, 3);
    CU_ASSERT_FALSE(job_of(&d, "pump-000", &rev, &n));
    d.bus_fails = false;
    CU_ASSERT_FALSE(rollouts_resend(&d.operate.rollouts, &d.store));
    CU_ASSERT_EQUAL(d.operate.rollouts.unsent_count, 0);
    CU_ASSERT_TRUE(job_of(&d, "pump-000", &rev, &n) && job_of(&d, "pump-002", &rev, &n));
    desk_close(&d);
}

/* How often something went there. */
static size_t sent_to(const struct desk *d, const char *down)
{
    size_t n = 0;
    for (size_t i = 0; i < d->down_count; i++)
        n += strcmp(d->downs[i].down, down) == 0;
    return n;
}

static void what_waits_for_room_is_sent_in_slices(void)
{
    enum { WAIT = 2 * ROLLOUTS_RESEND_MAX + 1 };
    struct desk d;
    shop_open(&d);
    d.bus_fails = true;
    for (int i = 0; i < WAIT; i++) {
        struct gw_device_id id;
        (void)snprintf(id.text, sizeof(id.text), "pump-%03d", i);
        rollouts_send_job(&d.operate.rollouts, &d.store, &id, d.now);
    }
    CU_ASSERT_EQUAL(d.operate.rollouts.unsent_count, WAIT);
    CU_ASSERT_FALSE(rollouts_resend(&d.operate.rollouts, &d.store)); /* there is no room still */
    CU_ASSERT_EQUAL(d.operate.rollouts.unsent_count, WAIT);
    d.bus_fails = false;
    CU_ASSERT_TRUE(rollouts_resend(&d.operate.rollouts, &d.store));
    CU_ASSERT_EQUAL(sent_to(&d, "job"), ROLLOUTS_RESEND_MAX);
    CU_ASSERT_TRUE(rollouts_resend(&d.operate.rollouts, &d.store));
    CU_ASSERT_FALSE(rollouts_resend(&d.operate.rollouts, &d.store));
    CU_ASSERT_EQUAL(sent_to(&d, "job"), WAIT);
    desk_close(&d);
}

static void one_that_keeps_asking_is_answered_so_often_and_no_oftener(void)
{
    struct desk d;
    int64_t rev, n;
    shop_open(&d);
    shop_device(&d, "pump-000", "1.0");
    shop_device(&d, "pump-001", "1.0");
    size_t sent = sent_to(&d, "job"), advised = sent_to(&d, "config");
    for (int i = 0; i < 3 * SESSION_JOBS_MAX; i++)
        tell(&d, "pump-000", BUS_TOPIC_STATE, "{}");
    CU_ASSERT_EQUAL(sent_to(&d, "job") - sent, SESSION_JOBS_MAX - 1); /* one was sent before */
    CU_ASSERT_EQUAL(sent_to(&d, "config") - advised, SESSION_JOBS_MAX - 1);
    CU_ASSERT_EQUAL(d.operate.rollouts.unsent_count, 1);
    sent = sent_to(&d, "job");
    CU_ASSERT_FALSE(rollouts_resend(&d.operate.rollouts, &d.store));
    CU_ASSERT_EQUAL(sent_to(&d, "job") - sent, 1); /* what is true then */
    CU_ASSERT_FALSE(job_of(&d, "pump-000", &rev, &n));
    shop_wait(&d, GW_SECOND_MS);
    tell(&d, "pump-000", BUS_TOPIC_STATE, "{}");
    CU_ASSERT_EQUAL(sent_to(&d, "job") - sent, 2);
    desk_close(&d);
}

static void what_a_device_tells_stops_no_rollout(void)
{
    struct desk d;
    int64_t rev, n;
    shop_open(&d);
    shop_device(&d, "pump-000", "one point oh \xc3\xbc"); /* no version of any release */
    shop_device(&d, "pump-001", "1.0");
    shop_connect(&d, "pump-000", "one point oh \xc3\xbc", "boot-1", JOB_NUMBER_MAX); /* there is nothing above it */
    struct rollout_entry r = shop_start_all(&d, 2);
    CU_ASSERT_EQUAL(state_of(&d, "pump-000"), ATTEMPT_OFFERED);
    CU_ASSERT_STRING_EQUAL(shop_attempt(&d, "pump-000").before_version, "");
    CU_ASSERT_TRUE(job_of(&d, "pump-000", &rev, &n) && n == JOB_NUMBER_MAX);
    CU_ASSERT_TRUE(job_of(&d, "pump-001", &rev, &n) && n == 1);
    shop_installs(&d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.code, ATTEMPT_CODE_UNKNOWN_BEFORE);
    shop_check(&d, r.id);
    desk_close(&d);
}

static void a_damaged_row_is_set_aside_and_stops_nobody_else(void)
{
    struct desk d;
    struct rollout_entry r = start_all(&d, 2, 2);
    struct attempt_entry a = shop_attempt(&d, "pump-000");
    a.attempt.breaks = 3; /* the second would have ended it */
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, NULL), NULL);
    GW_ASSERT_OK(d.store.ops->attempt_put(d.store.self, &a, NULL), NULL);
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, NULL), NULL);
    size_t sent = d.down_count;
    shop_wait(&d, 6 * GW_MINUTE_MS);
    CU_ASSERT_EQUAL(desk_audits(&d, "rollout.damaged"), 1);
    CU_ASSERT_EQUAL(d.down_count, sent + 1); /* the other one's offer went out again */
    CU_ASSERT_STRING_EQUAL(d.downs[sent].device.text, "pump-001");
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.state, ATTEMPT_OFFERED);
    shop_check(&d, r.id);
    desk_close(&d);
}

static enum gw_rc artifact(struct desk *d, const char *device, const char *attempt, const char *name)
{
    struct gw_device_id id = desk_id(device);
    struct release_file file = {.size = 0};
    enum gw_rc rc = rollouts_artifact(&d->store, &id, gw_view_str(attempt), gw_view_str(name), &file, NULL);
    CU_ASSERT_TRUE(rc != GW_OK || (file.size > 0 && strcmp(file.name, name) == 0));
    return rc;
}

static void artifacts_are_for_the_device_of_an_open_or_last_installed_attempt(void)
{
    struct desk d;
    (void)start_all(&d, 2, 1);
    int64_t rev, n;
    const char *first = job_of(&d, "pump-000", &rev, &n) ? "pump-000" : "pump-001";
    const char *second = strcmp(first, "pump-000") == 0 ? "pump-001" : "pump-000";
    struct attempt_entry a = shop_attempt(&d, first), planned = shop_attempt(&d, second);
    CU_ASSERT_EQUAL(artifact(&d, first, a.id, "pump-2.img"), GW_OK);
    CU_ASSERT_EQUAL(artifact(&d, first, a.id, "pump-1.img"), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(artifact(&d, first, "at-2222222222222222-00000000", "pump-2.img"), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(artifact(&d, first, "../../etc/passwd", "pump-2.img"), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(artifact(&d, second, a.id, "pump-2.img"), GW_NOT_FOUND);       /* another device's */
    CU_ASSERT_EQUAL(artifact(&d, second, planned.id, "pump-2.img"), GW_NOT_FOUND); /* not offered yet */
    shop_installs(&d, first, "2.0");
    CU_ASSERT_EQUAL(artifact(&d, first, a.id, "pump-2.img"), GW_OK); /* the last that was installed */
    shop_report(&d, second, JOB_STATE_FAILED, "digest", "1.0");
    CU_ASSERT_EQUAL(artifact(&d, second, planned.id, "pump-2.img"), GW_NOT_FOUND);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_RELEASES_WITHDRAW, NULL, shop_id(SHOP_NEW)), GW_OK);
    CU_ASSERT_EQUAL(artifact(&d, first, a.id, "pump-2.img"), GW_NOT_FOUND);
    desk_close(&d);
}

static void a_flood_of_one_device_displaces_nobody(void)
{
    struct desk d;
    desk_open(&d);
    struct gw_device_id loud = desk_id("pump-000"), quiet = desk_id("pump-001");
    for (int i = 0; i < SESSION_QUEUED_MAX; i++)
        CU_ASSERT_TRUE(session_queue(&d.session, &loud));
    CU_ASSERT_FALSE(session_queue(&d.session, &loud));
    CU_ASSERT_TRUE(session_queue(&d.session, &quiet));
    session_unqueue(&d.session, &loud);
    CU_ASSERT_TRUE(session_queue(&d.session, &loud));
    CU_ASSERT_FALSE(session_queue(&d.session, &loud));
    desk_close(&d);
}

const struct gw_test_case rollouts_device_cases[] = {
    {"reports are acknowledged after they are stored", reports_are_acknowledged_after_they_are_stored},
    {"nobody reports about the job of another", nobody_reports_about_the_job_of_another},
    {"what is no report is counted, and told once a minute", what_is_no_report_is_counted_and_told_once_a_minute},
    {"every connection is answered with advice, by the life of its certificate",
     every_connection_is_answered_with_advice},
    {"every connection is answered with the job, above all numbers",
     every_connection_is_answered_with_the_job_above_all_numbers},
    {"up/state leaves the gateway's own part alone", up_state_keeps_the_gateways_own_part},
    {"a holder that falls back later is no holder any more", a_holder_that_falls_back_later_is_no_holder_any_more},
    {"who is revoked is gone, and who is in quarantine goes on",
     who_is_revoked_is_gone_and_who_is_in_quarantine_goes_on},
    {"silence is answered by sending again, and counts in the end",
     silence_is_answered_by_sending_again_and_counts_in_the_end},
    {"while the broker is away no clock runs against anybody", while_the_broker_is_away_no_clock_runs_against_anybody},
    {"a list that came in a lost turn is followed by the tick",
     a_list_that_came_in_a_lost_turn_is_followed_by_the_tick},
    {"a severe event breaks the confirm time", a_severe_event_breaks_the_confirm_time},
    {"who deferred is told that it is over", who_deferred_is_offered_again_or_told_that_it_is_over},
    {"many are offered, and asked to leave, in slices", many_are_offered_and_asked_to_leave_in_slices},
    {"many that do not fit are skipped in turns of their own", many_that_do_not_fit_are_skipped_in_turns_of_their_own},
    {"no count of devices fills a turn", no_count_of_devices_fills_a_turn},
    {"a turn offers so many and no more, whatever comes of them", a_turn_offers_so_many_and_no_more},
    {"what finds no room at the broker is sent later", what_finds_no_room_at_the_broker_is_sent_later},
    {"what waits for room at the broker is sent in slices", what_waits_for_room_is_sent_in_slices},
    {"one that keeps asking is answered so often, and no oftener",
     one_that_keeps_asking_is_answered_so_often_and_no_oftener},
    {"what a device tells stops no rollout", what_a_device_tells_stops_no_rollout},
    {"a damaged row is set aside and stops nobody else", a_damaged_row_is_set_aside_and_stops_nobody_else},
    {"artifacts are for the device of an open or last installed attempt",
     artifacts_are_for_the_device_of_an_open_or_last_installed_attempt},
    {"a flood of one device displaces nobody", a_flood_of_one_device_displaces_nobody},
};
const size_t rollouts_device_case_count = sizeof(rollouts_device_cases) / sizeof(rollouts_device_cases[0]);
