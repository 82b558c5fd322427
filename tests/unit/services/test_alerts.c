/* Alerts, turn by turn: what raises, counts, wakes and resolves them, and who may do what. */
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "desk.h"
#include "gw_cleanup.h"
#include "shop.h"

static struct gw_err err;
static const struct log_id pump_log = {.kind = LOG_DEVICE, .device = {"pump-7"}, .epoch = 5};

static struct feed_hit hit_of(const char *cls, const char *device, enum event_sev sev, uint64_t count, struct gw_wall t)
{
    struct feed_hit hit = {.what = {.sev = sev, .threshold = {1, 0}}, .count = count, .first = t, .last = t};
    (void)snprintf(hit.what.cause.cls, sizeof(hit.what.cause.cls), "%s", cls);
    (void)snprintf(hit.what.cause.device.text, sizeof(hit.what.cause.device.text), "%s", device);
    hit.log = pump_log;
    hit.seq = 41;
    (void)snprintf(hit.msg, sizeof(hit.msg), "words of %s", cls);
    hit.early_count = count < FEED_EARLY_MAX ? (uint32_t)count : FEED_EARLY_MAX;
    for (uint32_t i = 0; i < hit.early_count; i++)
        hit.early[i] = t;
    return hit;
}

/* One batch with up to two hits, from `from` to the next number. */
static enum gw_rc feed(struct desk *d, int64_t from, const struct feed_hit *a, const struct feed_hit *b)
{
    struct inbox_msg msg = {.kind = INBOX_FEED, .blob_len = sizeof(struct feed_batch)};
    struct feed_batch *batch = gw_xalloc(1, sizeof(*batch));
    batch->from = (struct journal_feed){.epoch = from ? 9 : 0, .n = from};
    batch->to = (struct journal_feed){.epoch = 9, .n = from + 1};
    if (a)
        batch->hits[batch->count++] = *a;
    if (b)
        batch->hits[batch->count++] = *b;
    msg.blob = (uint8_t *)batch;
    return desk_msg(d, &msg);
}

static struct alert open_alert(struct desk *d, const char *cls, const char *device)
{
    struct alert_cause cause = {.cls = ""};
    struct alert alert = {.id = ""};
    (void)snprintf(cause.cls, sizeof(cause.cls), "%s", cls);
    (void)snprintf(cause.device.text, sizeof(cause.device.text), "%s", device);
    (void)!d->store.ops->alert_open(d->store.self, &cause, &alert, &err);
    return alert;
}

static int64_t count_all(struct desk *d)
{
    int64_t count = 0;
    GW_ASSERT_OK(d->store.ops->alert_count(d->store.self, &count, &err), &err);
    return count;
}

static struct actor actor_of(enum user_role role)
{
    struct actor actor = {.role = role};
    (void)snprintf(actor.name, sizeof(actor.name), "local:%s", user_role_text(role));
    actor.local = true;
    return actor;
}

static enum gw_rc act_on(struct desk *d, enum act_kind kind, const struct alert *alert, int64_t number,
                         const char *note)
{
    struct inbox_msg msg = {.kind = INBOX_ACT};
    msg.u.act =
        (struct inbox_act){.kind = kind, .if_rev = alert->rev, .number = number, .actor = actor_of(USER_OPERATOR)};
    (void)snprintf(msg.u.act.text, sizeof(msg.u.act.text), "%s", alert->id);
    if (note) {
        msg.blob = (uint8_t *)gw_xstrdup(note);
        msg.blob_len = strlen(note);
    }
    CU_ASSERT_EQUAL(desk_msg(d, &msg), GW_OK);
    return desk_answer(d) ? desk_answer(d)->rc : GW_INVALID;
}

static enum gw_rc tick(struct desk *d)
{
    struct inbox_msg msg = {.kind = INBOX_TICK};
    return desk_msg(d, &msg);
}

static void open_desk(struct desk *d)
{
    desk_open(d);
    d->operate.access.claimed = true;
    d->operate.alerts = (struct alerts){.offline_ms = GW_HOUR_MS};
}

static void raises_once_and_counts_on(void)
{
    struct desk d;
    open_desk(&d);
    struct feed_hit hit = hit_of("upd.failed", "pump-7", EVENT_SEV_HIGH, 3, d.now);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    struct alert a = open_alert(&d, "upd.failed", "pump-7");
    CU_ASSERT(a.count == 3 && a.state == ALERT_NEW && a.sev == EVENT_SEV_HIGH && a.rev == 1);
    CU_ASSERT_STRING_EQUAL(a.msg, "words of upd.failed");
    CU_ASSERT(a.has_evidence && a.seq == 41 && log_id_eq(&a.log, &pump_log));
    CU_ASSERT(d.turn.live_count == 1 && d.turn.live[0].topic == LIVE_ALERTS);
    CU_ASSERT_STRING_EQUAL(d.turn.live[0].key, a.id);
    hit.last.ms += 500;
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err);
    struct alert again = open_alert(&d, "upd.failed", "pump-7");
    CU_ASSERT_STRING_EQUAL(again.id, a.id);
    CU_ASSERT(again.count == 6 && again.last.ms == a.last.ms + 500 && again.first.ms == a.first.ms);
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_RESOLVE, &again, 0, NULL), GW_OK);
    GW_ASSERT_OK(feed(&d, 2, &hit, NULL), &err);
    struct alert fresh = open_alert(&d, "upd.failed", "pump-7");
    CU_ASSERT_STRING_NOT_EQUAL(fresh.id, a.id);
    CU_ASSERT_EQUAL(fresh.count, 3);
    desk_close(&d);
}

static void takes_each_batch_exactly_once(void)
{
    struct desk d;
    struct journal_feed cursor;
    open_desk(&d);
    struct feed_hit hit = hit_of("upd.failed", "pump-7", EVENT_SEV_HIGH, 1, d.now);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    CU_ASSERT_EQUAL(desk_out(&d, OUT_FEED)->feed.n, 1);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err); /* the answer was lost: it comes again */
    CU_ASSERT_EQUAL(desk_out(&d, OUT_FEED)->feed.n, 1);
    GW_ASSERT_OK(feed(&d, 7, &hit, NULL), &err); /* and one that is not the next */
    CU_ASSERT_EQUAL(desk_out(&d, OUT_FEED)->feed.n, 1);
    CU_ASSERT_EQUAL(open_alert(&d, "upd.failed", "pump-7").count, 1);
    GW_ASSERT_OK(alerts_cursor(&d.store, &cursor, &err), &err);
    CU_ASSERT(cursor.epoch == 9 && cursor.n == 1);
    GW_ASSERT_OK(feed(&d, 1, NULL, NULL), &err); /* nothing found: the cursor moves */
    GW_ASSERT_OK(alerts_cursor(&d.store, &cursor, &err), &err);
    CU_ASSERT_EQUAL(cursor.n, 2);
    desk_close(&d);
}

static void meets_a_threshold_over_batches(void)
{
    struct desk d;
    open_desk(&d);
    struct feed_hit hit = hit_of("auth.login", "pump-7", EVENT_SEV_HIGH, 2, d.now);
    hit.what.threshold = (struct rules_threshold){5, 5 * GW_MINUTE_MS};
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    struct feed_hit late = hit_of("auth.login", "pump-7", EVENT_SEV_HIGH, 2, d.now);
    late.what.threshold = hit.what.threshold;
    late.early[0].ms = late.early[1].ms = late.first.ms = late.last.ms = d.now.ms + 6 * GW_MINUTE_MS;
    GW_ASSERT_OK(feed(&d, 2, &late, NULL), &err); /* the first four are too old by now */
    CU_ASSERT_EQUAL(count_all(&d), 0);
    late.count = late.early_count = 3;
    late.early[2] = late.early[1];
    GW_ASSERT_OK(feed(&d, 3, &late, NULL), &err);
    CU_ASSERT_EQUAL(open_alert(&d, "auth.login", "pump-7").count, 5);
    CU_ASSERT_STRING_EQUAL(open_alert(&d, "auth.login", "pump-7").msg, "5 times within 5 minutes: words of auth.login");
    hit.count = hit.early_count = 1;
    GW_ASSERT_OK(feed(&d, 4, &hit, NULL), &err); /* while it is open every one counts */
    CU_ASSERT_EQUAL(open_alert(&d, "auth.login", "pump-7").count, 6);
    desk_close(&d);
}

static struct feed_hit starts_of(struct desk *d, uint64_t count)
{
    struct feed_hit hit = hit_of("boot.start", "pump-000", EVENT_SEV_HIGH, count, d->now);
    hit.what.threshold = (struct rules_threshold){4, 10 * GW_MINUTE_MS};
    hit.what.unasked = true;
    hit.arrivals[hit.arrival_count++] = (struct feed_arrivals){d->now, count};
    (void)snprintf(hit.msg, sizeof(hit.msg), "boot.start 1.0");
    return hit;
}

static void starts_that_an_update_asks_for_do_not_count(void)
{
    struct desk d;
    shop_open(&d);
    d.operate.access.claimed = true;
    shop_devices(&d, 1);
    struct rollout_entry r = shop_start_all(&d, 1);
    d.now.ms += 1000;
    struct feed_hit hit = starts_of(&d, 5); /* an attempt of it is open */
    hit.met = true;
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    shop_installs(&d, "pump-000", "2.0");
    CU_ASSERT_EQUAL(shop_rollout(&d, r.id).rollout.state, ROLLOUT_FINISHED);
    d.now.ms = shop_attempt(&d, "pump-000").changed.ms + ALERTS_UPDATED_MS - 1;
    hit = starts_of(&d, 4); /* it has just ended */
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    d.now.ms += 1;
    hit = starts_of(&d, 4);
    hit.arrivals[1] = (struct feed_arrivals){d.now, 3}; /* three are its own */
    hit.arrivals[0] = (struct feed_arrivals){{d.now.ms - 1}, 1};
    hit.arrival_count = 2;
    GW_ASSERT_OK(feed(&d, 2, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    hit = starts_of(&d, 1);
    GW_ASSERT_OK(feed(&d, 3, &hit, NULL), &err);
    struct alert a = open_alert(&d, "boot.start", "pump-000");
    CU_ASSERT_EQUAL(a.count, 4);
    CU_ASSERT_STRING_EQUAL(a.msg, "4 starts within 10 minutes: boot.start 1.0");
    d.now.ms += GW_MINUTE_MS;
    CU_ASSERT_EQUAL(shop_change(&d, r.id, ROLLOUT_EV_ROLLBACK), GW_OK); /* it is asked to start again */
    d.now.ms += 1;
    hit = starts_of(&d, 1);
    GW_ASSERT_OK(feed(&d, 4, &hit, NULL), &err);
    CU_ASSERT_EQUAL(open_alert(&d, "boot.start", "pump-000").count, 4);
    desk_close(&d);
}

/* More than the window of a threshold remembers. */
static void any_number_of_starts_may_be_asked_for(void)
{
    struct desk d;
    shop_open(&d);
    d.operate.access.claimed = true;
    shop_devices(&d, 1);
    (void)shop_start_all(&d, 1);
    d.now.ms += 1000;
    struct feed_hit hit = starts_of(&d, 5000);
    hit.met = true;
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    shop_installs(&d, "pump-000", "2.0");
    struct gw_wall free_from = {shop_attempt(&d, "pump-000").changed.ms + ALERTS_UPDATED_MS};
    d.now.ms = free_from.ms + 100 * GW_MINUTE_MS;
    hit = starts_of(&d, 2040);
    hit.met = true;
    hit.arrival_count = 0;
    for (int64_t i = 0; i < 40; i++) /* of these none */
        hit.arrivals[hit.arrival_count++] = (struct feed_arrivals){{free_from.ms - 40 + i}, 50};
    for (int64_t i = 0; i < 40; i++) /* of these never four within ten minutes */
        hit.arrivals[hit.arrival_count++] = (struct feed_arrivals){{free_from.ms + i * 4 * GW_MINUTE_MS}, 1};
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), 0);
    d.now.ms = free_from.ms + 39 * 4 * GW_MINUTE_MS;
    hit = starts_of(&d, 1);
    GW_ASSERT_OK(feed(&d, 2, &hit, NULL), &err); /* the fourth, with the three that are remembered */
    CU_ASSERT_EQUAL(open_alert(&d, "boot.start", "pump-000").count, 4);
    d.now.ms += 1;
    hit = starts_of(&d, 3000);
    GW_ASSERT_OK(feed(&d, 3, &hit, NULL), &err);
    CU_ASSERT_EQUAL(open_alert(&d, "boot.start", "pump-000").count, 3004);
    desk_close(&d);
}

static void wakes_what_gets_worse_and_what_is_due(void)
{
    struct desk d;
    open_desk(&d);
    struct feed_hit hit = hit_of("device.severe", "pump-7", EVENT_SEV_HIGH, 1, d.now);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    struct alert a = open_alert(&d, "device.severe", "pump-7");
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_SNOOZE, &a, d.now.ms + GW_HOUR_MS, "at night"), GW_OK);
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err); /* the same again: stays asleep */
    a = open_alert(&d, "device.severe", "pump-7");
    CU_ASSERT(a.state == ALERT_SNOOZED && a.count == 2 && a.until.ms == d.now.ms + GW_HOUR_MS);
    CU_ASSERT_STRING_EQUAL(a.note, "at night");
    CU_ASSERT_STRING_EQUAL(a.by, "local:operator");
    d.now.ms += GW_HOUR_MS - 1;
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, "device.severe", "pump-7").state, ALERT_SNOOZED);
    d.now.ms += 1;
    GW_ASSERT_OK(tick(&d), &err);
    a = open_alert(&d, "device.severe", "pump-7");
    CU_ASSERT(a.state == ALERT_NEW && a.until.ms == 0);
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_ACK, &a, 0, NULL), GW_OK);
    hit.what.sev = EVENT_SEV_CRITICAL;
    GW_ASSERT_OK(feed(&d, 2, &hit, NULL), &err);
    a = open_alert(&d, "device.severe", "pump-7");
    CU_ASSERT(a.state == ALERT_NEW && a.sev == EVENT_SEV_CRITICAL);
    desk_close(&d);
}

static void lets_operators_act_and_viewers_look(void)
{
    struct desk d;
    open_desk(&d);
    struct feed_hit hit = hit_of("upd.failed", "pump-7", EVENT_SEV_HIGH, 1, d.now);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    struct alert a = open_alert(&d, "upd.failed", "pump-7"), stale = a;
    static const enum act_kind writes[] = {ACT_ALERT_ACK, ACT_ALERT_SNOOZE, ACT_ALERT_RESOLVE, ACT_ALERT_NOTE};
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        struct inbox_msg msg = {.kind = INBOX_ACT, .u.act = {.kind = writes[i], .if_rev = -1}};
        msg.u.act.actor = actor_of(USER_VIEWER);
        memcpy(msg.u.act.text, a.id, sizeof(a.id));
        CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
        CU_ASSERT_EQUAL(desk_answer(&d)->rc, GW_DENIED);
    }
    struct inbox_msg get = {.kind = INBOX_ACT, .u.act = {.kind = ACT_ALERT_GET, .actor = actor_of(USER_VIEWER)}};
    memcpy(get.u.act.text, a.id, sizeof(a.id));
    CU_ASSERT_EQUAL(desk_msg(&d, &get), GW_OK);
    CU_ASSERT(desk_answer(&d)->rc == GW_OK && desk_answer(&d)->alert_count == 1 && desk_answer(&d)->single);
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_ACK, &a, 0, "seen"), GW_OK);
    CU_ASSERT_EQUAL(desk_answer(&d)->alerts[0].state, ALERT_ACKNOWLEDGED);
    CU_ASSERT(desk_audited(&d, "alert.acknowledge", "local:operator"));
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_RESOLVE, &stale, 0, NULL), GW_CONFLICT); /* another revision */
    a = open_alert(&d, "upd.failed", "pump-7");
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_ACK, &a, 0, NULL), GW_CONFLICT); /* it is already */
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_SNOOZE, &a, d.now.ms, NULL), GW_INVALID);
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_SNOOZE, &a, d.now.ms + ALERT_SNOOZE_MS_MAX + 1, NULL), GW_INVALID);
    char longer[ALERT_NOTE_MAX + 2];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_NOTE, &a, 0, longer), GW_INVALID);
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_NOTE, &a, 0, "found it"), GW_OK);
    CU_ASSERT_STRING_EQUAL(desk_answer(&d)->alerts[0].note, "found it");
    CU_ASSERT(desk_audited(&d, "alert.note", "local:operator"));
    a = open_alert(&d, "upd.failed", "pump-7");
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_RESOLVE, &a, 0, NULL), GW_OK);
    CU_ASSERT_STRING_EQUAL(desk_answer(&d)->alerts[0].note, "found it");
    struct alert none = {.id = "0123456789abcdef", .rev = -1};
    CU_ASSERT_EQUAL(act_on(&d, ACT_ALERT_ACK, &none, 0, NULL), GW_NOT_FOUND);
    desk_close(&d);
}

static void lists_in_pages(void)
{
    struct desk d;
    open_desk(&d);
    for (int64_t i = 0; i < 5; i++) {
        char cls[16];
        (void)snprintf(cls, sizeof(cls), "x.c%d", (int)i);
        struct feed_hit hit = hit_of(cls, "", EVENT_SEV_HIGH, 1, (struct gw_wall){d.now.ms + i});
        GW_ASSERT_OK(feed(&d, i, &hit, NULL), &err);
    }
    struct store_alerts *which = gw_xalloc(1, sizeof(*which));
    which->states = 1u << ALERT_NEW;
    struct inbox_msg msg = {.kind = INBOX_ACT, .blob = (uint8_t *)which, .blob_len = sizeof(*which)};
    msg.u.act = (struct inbox_act){.kind = ACT_ALERT_LIST, .number = 3, .actor = actor_of(USER_VIEWER)};
    CU_ASSERT_EQUAL(desk_msg(&d, &msg), GW_OK);
    const struct answer *answer = desk_answer(&d);
    CU_ASSERT(answer && answer->alert_count == 3 && answer->more);
    CU_ASSERT_STRING_EQUAL(answer->alerts[0].cause.cls, "x.c4");
    desk_close(&d);
}

static void makes_room_by_the_oldest_resolved(void)
{
    struct desk d;
    open_desk(&d);
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
    for (int i = 0; i < ALERTS_MAX; i++) {
        struct alert a = {.sev = EVENT_SEV_MEDIUM, .state = i < 50 ? ALERT_RESOLVED : ALERT_NEW, .count = 1};
        (void)snprintf(a.id, sizeof(a.id), "%016x", i);
        (void)snprintf(a.cause.cls, sizeof(a.cause.cls), "x.c%d", i);
        (void)snprintf(a.cause.device.text, sizeof(a.cause.device.text), "pump-1");
        a.changed.ms = i;
        GW_ASSERT_OK(d.store.ops->alert_put(d.store.self, &a, &err), &err);
    }
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
    struct feed_hit hit = hit_of("upd.failed", "pump-7", EVENT_SEV_HIGH, 1, d.now);
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    CU_ASSERT_EQUAL(count_all(&d), ALERTS_MAX - 50 + 1);
    CU_ASSERT_EQUAL(open_alert(&d, "upd.failed", "pump-7").count, 1);
    GW_ASSERT_OK(d.store.ops->begin(d.store.self, &err), &err);
    for (int i = 0; i < 49; i++) {
        struct alert a = {.sev = EVENT_SEV_MEDIUM, .state = ALERT_NEW, .count = 1};
        (void)snprintf(a.id, sizeof(a.id), "%016x", ALERTS_MAX + i);
        (void)snprintf(a.cause.cls, sizeof(a.cause.cls), "x.d%d", i);
        GW_ASSERT_OK(d.store.ops->alert_put(d.store.self, &a, &err), &err);
    }
    GW_ASSERT_OK(d.store.ops->commit(d.store.self, &err), &err);
    struct feed_hit more = hit_of("upd.failed", "pump-8", EVENT_SEV_HIGH, 1, d.now);
    GW_ASSERT_OK(feed(&d, 1, &more, NULL), &err); /* no room is to be had */
    CU_ASSERT_EQUAL(open_alert(&d, "upd.failed", "pump-8").count, 0);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_CEILING, "").count, 1);
    CU_ASSERT_EQUAL(d.operate.alerts.lost, 1);
    GW_ASSERT_OK(feed(&d, 2, &hit, &more), &err); /* what is open counts on */
    CU_ASSERT_EQUAL(open_alert(&d, "upd.failed", "pump-7").count, 2);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_CEILING, "").count, 2);
    desk_close(&d);
}

static void presence(struct desk *d, const char *device, bool online)
{
    struct inbox_msg msg = {.kind = INBOX_BUS, .u.bus = {.kind = BUS_PRESENCE, .online = online}};
    msg.u.bus.device = desk_id(device);
    (void)desk_msg(d, &msg);
}

static void sees_who_is_away_for_too_long(void)
{
    struct desk d;
    open_desk(&d);
    desk_active(&d, "pump-7", 1, 1);
    desk_active(&d, "pump-8", 2, 2);
    struct inbox_msg up = {.kind = INBOX_BUS, .u.bus.kind = BUS_UP};
    CU_ASSERT_EQUAL(desk_msg(&d, &up), GW_OK);
    presence(&d, "pump-7", true);
    d.now.ms += GW_HOUR_MS - 1;
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-8").count, 0);
    d.now.ms += 2;
    GW_ASSERT_OK(tick(&d), &err);
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-8").count, 1); /* once for as long as it lasts */
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-7").count, 0);
    presence(&d, "pump-8", true);
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-8").count, 0); /* it came back: resolved */
    struct inbox_msg down = {.kind = INBOX_BUS, .u.bus.kind = BUS_DOWN};
    CU_ASSERT_EQUAL(desk_msg(&d, &down), GW_OK);
    d.now.ms += 2 * GW_HOUR_MS;
    GW_ASSERT_OK(tick(&d), &err); /* nobody is, while the broker is away */
    CU_ASSERT_EQUAL(desk_msg(&d, &up), GW_OK);
    GW_ASSERT_OK(tick(&d), &err); /* and they have their time to come back */
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-7").count, 0);
    desk_close(&d);
}

static void put_cert(struct desk *d, uint8_t hash, int64_t left_ms, bool revoked)
{
    struct device_cert cert = {.device = desk_id("pump-7"), .sha256 = desk_hash(hash), .revoked = revoked};
    cert.not_after.ms = d->now.ms + left_ms;
    GW_ASSERT_OK(d->store.ops->begin(d->store.self, &err), &err);
    GW_ASSERT_OK(d->store.ops->cert_put(d->store.self, &cert, &err), &err);
    GW_ASSERT_OK(d->store.ops->commit(d->store.self, &err), &err);
}

static void sees_certificates_that_end(void)
{
    struct desk d;
    open_desk(&d);
    desk_active(&d, "pump-7", 1, 1);
    put_cert(&d, 1, 20 * GW_DAY_MS, false); /* instead of the one that it was given */
    put_cert(&d, 2, 90 * GW_DAY_MS, true);  /* a revoked one does not count */
    GW_ASSERT_OK(tick(&d), &err);
    GW_ASSERT_OK(tick(&d), &err);
    struct alert a = open_alert(&d, ALERTS_CERT, "pump-7");
    CU_ASSERT(a.count == 1 && a.sev == EVENT_SEV_MEDIUM && !a.has_evidence);
    put_cert(&d, 1, 6 * GW_DAY_MS, false);
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_CERT, "pump-7").sev, EVENT_SEV_HIGH);
    put_cert(&d, 3, 365 * GW_DAY_MS, false); /* renewed */
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_CERT, "pump-7").count, 0);
    GW_ASSERT_OK(d.store.ops->alert_get(d.store.self, a.id, &a, &err), &err);
    CU_ASSERT_STRING_EQUAL(a.by, "gateway");
    desk_close(&d);
}

static void sees_the_disk_fill_and_empty(void)
{
    struct desk d;
    open_desk(&d);
    d.storage.journal_full = true;
    GW_ASSERT_OK(tick(&d), &err);
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_FULL, "").count, 1);
    d.storage.journal_full = false;
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_FULL, "").count, 0);
    desk_close(&d);
}

/* A device in the middle of its update: it runs the new version, the confirm time runs. */
static void open_update(struct desk *d)
{
    shop_open(d);
    d->operate.alerts = (struct alerts){.rollouts = &d->operate.rollouts, .offline_ms = GW_MINUTE_MS};
    shop_devices(d, 1);
    struct rollout_plan plan = shop_plan(100, 1);
    struct rollout_entry entry = shop_draft(d, &plan);
    CU_ASSERT_EQUAL(shop_change(d, entry.id, ROLLOUT_EV_START), GW_OK);
    shop_report(d, "pump-000", JOB_STATE_INSTALLING, "", "");
    shop_report(d, "pump-000", JOB_STATE_REBOOTING, "", "");
    shop_offline(d, "pump-000");
}

static void breaks_a_confirm_time_by_what_the_device_logs(void)
{
    struct desk d;
    open_update(&d);
    shop_connect(&d, "pump-000", "2.0", "boot-9", 0);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.state, ATTEMPT_CONFIRMING);
    struct feed_hit hit = hit_of(RULES_DEVICE_SEVERE, "pump-000", EVENT_SEV_HIGH, 1, d.now);
    hit.log = (struct log_id){.kind = LOG_DEVICE, .device = desk_id("pump-000"), .epoch = 1};
    hit.alarm = EVENT_SEV_HIGH;
    (void)snprintf(hit.boot, sizeof(hit.boot), "boot-9");
    GW_ASSERT_OK(feed(&d, 0, &hit, NULL), &err);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 0);
    hit.alarm = EVENT_SEV_CRITICAL;
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 1);
    GW_ASSERT_OK(feed(&d, 1, &hit, NULL), &err); /* the same batch again: once */
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.breaks, 1);
    desk_close(&d);
}

static void calls_nobody_away_while_an_update_installs(void)
{
    struct desk d;
    open_update(&d);
    d.now.ms += 2 * GW_MINUTE_MS;
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-000").count, 0);
    CU_ASSERT_TRUE(attempt_state_begun(shop_attempt(&d, "pump-000").attempt.state));
    shop_connect(&d, "pump-000", "2.0", "boot-9", 0);
    shop_wait(&d, ATTEMPT_CONFIRM_MS_DEFAULT);
    CU_ASSERT_EQUAL(shop_attempt(&d, "pump-000").attempt.state, ATTEMPT_OK);
    shop_offline(&d, "pump-000");
    d.now.ms += 2 * GW_MINUTE_MS;
    GW_ASSERT_OK(tick(&d), &err);
    CU_ASSERT_EQUAL(open_alert(&d, ALERTS_OFFLINE, "pump-000").count, 1);
    desk_close(&d);
}

const struct gw_test_case alerts_cases[] = {
    {"raises a cause once and counts on", raises_once_and_counts_on},
    {"takes each batch of the feed exactly once", takes_each_batch_exactly_once},
    {"meets a threshold over several batches", meets_a_threshold_over_batches},
    {"starts that an update asks for do not count", starts_that_an_update_asks_for_do_not_count},
    {"any number of starts at once may be what an update asks for", any_number_of_starts_may_be_asked_for},
    {"wakes what gets worse and what is due", wakes_what_gets_worse_and_what_is_due},
    {"lets operators act and viewers look", lets_operators_act_and_viewers_look},
    {"lists in pages, the newest first", lists_in_pages},
    {"makes room by the oldest resolved, and says when there is none", makes_room_by_the_oldest_resolved},
    {"sees who is away for too long", sees_who_is_away_for_too_long},
    {"sees certificates that end and are not renewed", sees_certificates_that_end},
    {"sees the disk fill and empty", sees_the_disk_fill_and_empty},
    {"breaks a confirm time by what the device logs, once", breaks_a_confirm_time_by_what_the_device_logs},
    {"calls nobody away while an update installs", calls_nobody_away_while_an_update_installs},
};
const size_t alerts_case_count = sizeof(alerts_cases) / sizeof(alerts_cases[0]);
