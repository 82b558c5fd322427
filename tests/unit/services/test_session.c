#include <stdio.h>
#include <string.h>

#include "desk.h"
#include "gw_cleanup.h"

static void bus(struct desk *d, struct bus_event event)
{
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = event};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
}

static void hold_one(struct desk *d, enum answer_kind kind)
{
    struct answer *answer = gw_xalloc(1, sizeof(*answer));
    answer->kind = kind;
    session_hold(&d->session, answer, d->now);
}

static void answers_wait(void)
{
    struct desk d;
    desk_open(&d);
    bus(&d, (struct bus_event){.kind = BUS_UP});
    CU_ASSERT(desk_out(&d, OUT_REGISTRY_ALL) != NULL);
    CU_ASSERT_EQUAL(session_send_all(&d.session, &d.store, d.now, NULL), GW_OK);
    hold_one(&d, ANSWER_DONE);
    CU_ASSERT_EQUAL(d.let_out, 0);
    bus(&d, (struct bus_event){.kind = BUS_REGISTRY_AT, .generation = d.generation - 1});
    CU_ASSERT_EQUAL(d.let_out, 0);
    bus(&d, (struct bus_event){.kind = BUS_REGISTRY_AT, .generation = d.generation});
    CU_ASSERT_EQUAL(d.let_out, 1);
    hold_one(&d, ANSWER_DONE); /* nothing new was sent: it leaves at once */
    CU_ASSERT_EQUAL(d.let_out, 2);
    desk_close(&d);
}

static void late_answers(void)
{
    struct desk d;
    desk_open(&d);
    hold_one(&d, ANSWER_ENROLLED);
    hold_one(&d, ANSWER_DONE);
    d.now.ms += SESSION_CONFIRM_MS - 1;
    session_tick(&d.session, d.now);
    CU_ASSERT_EQUAL(d.let_out, 0);
    d.now.ms += 1;
    session_tick(&d.session, d.now);
    CU_ASSERT_EQUAL(d.let_out, 2);
    CU_ASSERT_EQUAL(d.last.rc, GW_TIMEOUT);
    desk_close(&d);
}

static void ceiling_of_waiting(void)
{
    struct desk d;
    desk_open(&d);
    for (int i = 0; i < SESSION_WAITING_MAX; i++)
        hold_one(&d, ANSWER_ENROLLED);
    CU_ASSERT_EQUAL(d.let_out, 0);
    hold_one(&d, ANSWER_ENROLLED);
    CU_ASSERT_EQUAL(d.let_out, 1);
    CU_ASSERT_EQUAL(d.last.kind, ANSWER_RETRY);
    desk_close(&d);
}

static void registry_content(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 1, 1);
    desk_active(&d, "pump-2", 2, 2);
    desk_active(&d, "pump-3", 3, 3);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_QUARANTINE, "pump-2", NULL), GW_OK);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-3", NULL), GW_OK);
    CU_ASSERT_EQUAL(session_send_all(&d.session, &d.store, d.now, NULL), GW_OK);
    CU_ASSERT_EQUAL_FATAL(d.entry_count, 2);
    CU_ASSERT_STRING_EQUAL(d.entries[0].id.text, "pump-1");
    CU_ASSERT(!d.entries[0].quarantined && d.entries[1].quarantined);
    d.now.ms += 366 * GW_DAY_MS; /* all expired */
    CU_ASSERT_EQUAL(session_send_all(&d.session, &d.store, d.now, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.entry_count, 0);
    desk_close(&d);
}

static void single_changes(void)
{
    struct desk d;
    desk_open(&d);
    desk_active(&d, "pump-1", 1, 1);
    struct gw_device_id id = desk_id("pump-1");
    CU_ASSERT_EQUAL(session_send_device(&d.session, &d.store, &id, d.now, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.sent_device + d.sent_all, 0); /* no broker: it gets all when it comes */
    bus(&d, (struct bus_event){.kind = BUS_UP});
    CU_ASSERT_EQUAL(session_send_all(&d.session, &d.store, d.now, NULL), GW_OK);
    uint64_t generation = d.generation;
    CU_ASSERT_EQUAL(session_send_device(&d.session, &d.store, &id, d.now, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.generation, generation + 1);
    CU_ASSERT_EQUAL(d.entry_count, 1);
    CU_ASSERT_FALSE(d.entries[0].quarantined);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_QUARANTINE, "pump-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(session_send_device(&d.session, &d.store, &id, d.now, NULL), GW_OK);
    CU_ASSERT(d.entry_count == 1 && d.entries[0].quarantined);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_REVOKE, "pump-1", NULL), GW_OK);
    CU_ASSERT_EQUAL(session_send_device(&d.session, &d.store, &id, d.now, NULL), GW_OK);
    CU_ASSERT_EQUAL(d.entry_count, 0);
    d.bus_fails = true;
    CU_ASSERT_EQUAL(session_send_device(&d.session, &d.store, &id, d.now, NULL), GW_AGAIN);
    CU_ASSERT(d.sent_all == 1 && session_registry_overdue(&d.session, d.now)); /* the next tick sends the whole one */
    bus(&d, (struct bus_event){.kind = BUS_REGISTRY_WANTED, .generation = 1});
    CU_ASSERT(desk_out(&d, OUT_REGISTRY_ALL) != NULL);
    desk_close(&d);
}

static void lost_registry(void)
{
    struct desk d;
    desk_open(&d);
    CU_ASSERT(!session_registry_overdue(&d.session, d.now));
    bus(&d, (struct bus_event){.kind = BUS_UP}); /* and what this turn noted is never let out */
    d.now.ms += SESSION_CONFIRM_MS - 1;
    CU_ASSERT(!session_registry_overdue(&d.session, d.now));
    d.now.ms += 1;
    CU_ASSERT(session_registry_overdue(&d.session, d.now));
    CU_ASSERT_EQUAL(session_send_all(&d.session, &d.store, d.now, NULL), GW_OK);
    CU_ASSERT(!session_registry_overdue(&d.session, d.now));
    bus(&d, (struct bus_event){.kind = BUS_REGISTRY_AT, .generation = d.generation});
    d.now.ms += GW_HOUR_MS;
    CU_ASSERT(!session_registry_overdue(&d.session, d.now));
    bus(&d, (struct bus_event){.kind = BUS_DOWN});
    CU_ASSERT(!session_registry_overdue(&d.session, d.now));
    desk_close(&d);
}

static void presence_table(void)
{
    struct desk d;
    desk_open(&d);
    for (int i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "pump-%04d", i);
        bus(&d,
            (struct bus_event){.kind = BUS_PRESENCE, .device = desk_id(name), .online = true, .source = "192.0.2.1"});
    }
    CU_ASSERT_EQUAL(d.session.online_count, 1000);
    struct gw_device_id id = desk_id("pump-0500");
    bus(&d, (struct bus_event){.kind = BUS_PRESENCE, .device = id, .online = false});
    bus(&d, (struct bus_event){.kind = BUS_PRESENCE, .device = id, .online = false});
    CU_ASSERT_EQUAL(d.session.online_count, 999);
    CU_ASSERT(!session_presence(&d.session, &id)->online);
    CU_ASSERT_STRING_EQUAL(session_presence(&d.session, &id)->source, "192.0.2.1");
    bus(&d, (struct bus_event){.kind = BUS_PRESENCE_SYNC});
    CU_ASSERT_EQUAL(d.session.online_count, 0);
    bus(&d, (struct bus_event){.kind = BUS_PRESENCE, .device = id, .online = true});
    bus(&d, (struct bus_event){.kind = BUS_DOWN});
    CU_ASSERT_EQUAL(d.session.online_count, 0);
    id = desk_id("never-seen");
    CU_ASSERT_PTR_NULL(session_presence(&d.session, &id));
    desk_close(&d);
}

static void gaps_once_a_second(void)
{
    struct desk d;
    desk_open(&d);
    struct gw_device_id id = desk_id("pump-1");
    CU_ASSERT(session_may_tell_gap(&d.session, &id, d.now));
    CU_ASSERT(!session_may_tell_gap(&d.session, &id, d.now));
    d.now.ms += GW_SECOND_MS;
    CU_ASSERT(session_may_tell_gap(&d.session, &id, d.now));
    d.now.ms -= GW_HOUR_MS; /* a clock that was set back silences nobody */
    CU_ASSERT(session_may_tell_gap(&d.session, &id, d.now));
    desk_close(&d);
}

static void tick(struct desk *d)
{
    struct inbox_msg msg = {.kind = INBOX_TICK};
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
}

static void security_reports(void)
{
    struct desk d;
    desk_open(&d);
    struct bus_event flood = {.kind = BUS_SECURITY, .device = desk_id("pump-1"), .reason = "flood", .times = 1};
    bus(&d, flood);
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), 1);
    bus(&d, (struct bus_event){.kind = BUS_SECURITY, .reason = "local impostor"});
    CU_ASSERT_EQUAL(desk_audits(&d, "auth.impostor"), 1);
    for (int i = 0; i < 100; i++)
        bus(&d, flood);
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), 1);
    d.now.ms += WATCH_TELL_MS;
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), 2); /* a hundred in one */
    d.now.ms += WATCH_TELL_MS;
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), 2);
    CU_ASSERT_EQUAL(d.session.watch.broker, 102);
    desk_close(&d);
}

static void what_was_tried_is_named(void)
{
    struct desk d;
    desk_open(&d);
    struct bus_event event = {.kind = BUS_SECURITY,
                              .device = desk_id("pump-1"),
                              .reason = "publish outside its topics",
                              .what = "gw/v1/pump-2/up/log",
                              .source = "192.0.2.7",
                              .times = 1};
    bus(&d, event);
    CU_ASSERT(desk_says(&d, "pump-1", "publish outside its topics: \"gw/v1/pump-2/up/log\", from 192.0.2.7"));
    memcpy(event.what, "x", 2);
    event.times = 40;
    bus(&d, event);
    d.now.ms += WATCH_TELL_MS;
    tick(&d);
    CU_ASSERT(desk_says(&d, "pump-1", "publish outside its topics, 40 times, the last: \"x\", from 192.0.2.7"));
    event = (struct bus_event){.kind = BUS_SECURITY, .reason = "flood", .times = 2};
    bus(&d, event);
    CU_ASSERT(desk_says(&d, "listener:mqtt", "flood, 2 times, the last from network"));
    event = (struct bus_event){.kind = BUS_SECURITY, .reason = "no certificate", .source = "192.0.2.9", .times = 1};
    bus(&d, event);
    CU_ASSERT(desk_says(&d, "listener:mqtt", "no certificate, from 192.0.2.9"));
    desk_close(&d);
}

static void many_attackers(void)
{
    struct desk d;
    desk_open(&d);
    for (int i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "pump-%04d", i);
        bus(&d, (struct bus_event){.kind = BUS_SECURITY, .device = desk_id(name), .reason = "flood", .times = 1});
    }
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), WATCH_REFUSALS + 1);
    d.now.ms += WATCH_TELL_MS; /* a quiet minute later others are told apart again */
    bus(&d, (struct bus_event){.kind = BUS_SECURITY, .device = desk_id("valve"), .reason = "flood", .times = 1});
    CU_ASSERT_EQUAL(desk_audits(&d, "mqtt.refused"), WATCH_REFUSALS + 2);
    desk_close(&d);
}

static void refusals_at_the_doors(void)
{
    struct desk d;
    desk_open(&d);
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "net.refused") + desk_audits(&d, "cert.rejected"), 0);
    struct answer_door_refused *tls = &d.doors.at[ANSWER_DOOR_OPERATORS].tls;
    *tls = (struct answer_door_refused){3, "192.0.2.7", NULL};
    d.doors.at[ANSWER_DOOR_DEVICES].certificate = (struct answer_door_refused){1, "192.0.2.8", "has expired"};
    d.doors.at[ANSWER_DOOR_DEVICES].half_open = (struct answer_door_refused){7, "", NULL};
    d.doors.at[ANSWER_DOOR_ADMIN].ceiling = (struct answer_door_refused){5, "local", NULL};
    d.doors.batches = 2;
    d.doors.batches_by = desk_id("liar");
    (void)snprintf(d.doors.batches_why, sizeof(d.doors.batches_why), "log batch: does not begin with GWL1");
    bus(&d, (struct bus_event){.kind = BUS_SECURITY, .reason = "ended without a session", .times = 900});
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "net.refused"), 4);
    CU_ASSERT_EQUAL(desk_audits(&d, "cert.rejected"), 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "proto.error"), 1);
    CU_ASSERT_TRUE(desk_audited(&d, "proto.error", "device:liar"));
    CU_ASSERT(desk_says(&d, "topic:up/log",
                        "2 messages on up/log were no log batches; the last came from this device: log batch: does not "
                        "begin with GWL1"));
    CU_ASSERT(desk_says(&d, "listener:operators",
                        "3 TLS handshakes failed at the operators' HTTPS listener; the last came from 192.0.2.7"));
    CU_ASSERT(
        desk_says(&d, "listener:devices",
                  "1 connection showed a certificate that is refused at the devices' HTTPS listener; the last has "
                  "expired and came from 192.0.2.8"));
    CU_ASSERT(desk_says(&d, "listener:devices", "7 connections were closed before they sent a whole request at the"));
    CU_ASSERT(desk_says(&d, "listener:admin",
                        "5 connections were closed to make room for others at the admin socket; the last came from "
                        "local"));
    CU_ASSERT(desk_says(&d, "listener:mqtt", "900 connections ended without a session at the MQTT listener"));
    tls->count = 1000;
    for (int i = 0; i < 59; i++) {
        d.now.ms += GW_SECOND_MS;
        tick(&d);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "net.refused"), 4);
    d.now.ms += GW_SECOND_MS;
    tick(&d);
    CU_ASSERT_EQUAL(desk_audits(&d, "net.refused"), 5);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_STATUS, NULL, NULL), GW_OK);
    const struct answer_refused *totals = &desk_answer(&d)->status.refused;
    CU_ASSERT(totals->tls == 1000 && totals->certificate == 1 && totals->half_open == 7 && totals->ceiling == 5);
    CU_ASSERT_EQUAL(totals->unauthenticated, 900);
    CU_ASSERT_EQUAL(totals->batches, 2);
    desk_close(&d);
}

static void ticks(struct desk *d, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++) {
        d->now.ms += GW_SECOND_MS;
        tick(d);
    }
}

static void storage_trouble(void)
{
    struct desk d;
    desk_open(&d);
    d.storage.state_wal_max_bytes = d.storage.journal_wal_max_bytes = 100;
    ticks(&d, 60);
    d.storage.journal_full = true;
    ticks(&d, 200);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_full"), 1); /* however long it lasts */
    d.storage.journal_full = false;
    ticks(&d, 1);
    d.storage.journal_full = true;
    ticks(&d, 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_full"), 2);
    d.storage.journal_full = false;
    ticks(&d, 1);
    d.storage.failed_commits = 3;
    ticks(&d, 70);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_full"), 3); /* it has passed before anybody looked */
    ticks(&d, 70);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_full"), 3);
    d.storage.journal_wal_bytes = 101;
    ticks(&d, 5); /* one big commit */
    d.storage.journal_wal_bytes = 100;
    ticks(&d, 20);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_held"), 0);
    d.storage.journal_wal_bytes = d.storage.state_wal_bytes = 101;
    ticks(&d, 20);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.store_held"), 2);
    d.storage.dropped = 7;
    d.storage.checkpoints_denied = 1;
    ticks(&d, 2);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.dropped"), 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "integ.log_altered"), 1);
    d.storage.damaged = 1;
    d.storage.damaged_by = desk_id("pump-7");
    struct watch before = d.session.watch;
    ticks(&d, 130);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.damaged"), 1);
    watch_untold(&d.session.watch, &before); /* as if that event had been lost with its transaction */
    ticks(&d, 2);
    CU_ASSERT_EQUAL(desk_audits(&d, "log.damaged"), 2);
    CU_ASSERT_EQUAL(desk_act(&d, ACT_STATUS, NULL, NULL), GW_OK);
    const struct answer_storage *storage = &desk_answer(&d)->status.storage;
    CU_ASSERT(storage->failed_commits == 3 && storage->dropped == 7 && storage->journal_wal_bytes == 101);
    desk_close(&d);
}

static void a_clock_that_was_set(void)
{
    struct desk d;
    desk_open(&d);
    ticks(&d, 3);
    for (int i = 0; i < 600; i++) { /* set softly: ten minutes of a tenth of a second each second */
        d.clock_ahead_ms += 100;
        ticks(&d, 1);
    }
    d.clock_ahead_ms += WATCH_STEP_MS - 1;
    ticks(&d, 3);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 0);
    d.clock_ahead_ms -= 2 * GW_HOUR_MS;
    d.now.ms -= 2 * GW_HOUR_MS;
    ticks(&d, 3);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 1); /* back, at once */
    for (int i = 0; i < 50; i++) {
        d.clock_ahead_ms += 365 * GW_DAY_MS;
        d.now.ms += 365 * GW_DAY_MS;
        ticks(&d, 1);
    }
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 1); /* far ahead, again and again: within a minute of it */
    ticks(&d, 10);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 2);
    ticks(&d, 100);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 2);
    d.clock_ahead_ms += WATCH_STEP_MS;
    const struct watch before = d.session.watch;
    ticks(&d, 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 3);
    watch_untold(&d.session.watch, &before); /* its transaction was lost */
    ticks(&d, 1);
    CU_ASSERT_EQUAL(desk_audits(&d, "time.step"), 4);
    desk_close(&d);
}

const struct gw_test_case session_cases[] = {
    {"tells that the clock was stepped, once, and not that it drifts", a_clock_that_was_set},
    {"lets an answer out when its generation is confirmed", answers_wait},
    {"tells what is late that it is late", late_answers},
    {"keeps no more answers waiting than its ceiling", ceiling_of_waiting},
    {"sends active and quarantined devices, no revoked or expired certificates", registry_content},
    {"sends single changes in numbered order, all when one fails", single_changes},
    {"asks for the whole registry again when nothing is confirmed", lost_registry},
    {"follows presence through lists and losses", presence_table},
    {"answers a batch that cannot be taken at most once a second", gaps_once_a_second},
    {"makes events of the plugin's reports, of many alike one a minute", security_reports},
    {"tells a thousand attackers in a bounded number of events", many_attackers},
    {"a refusal names what was tried and from where", what_was_tried_is_named},
    {"tells trouble with storing when it begins", storage_trouble},
    {"tells refusals at the doors once a minute and kind, and counts them all", refusals_at_the_doors},
};
const size_t session_case_count = sizeof(session_cases) / sizeof(session_cases[0]);
