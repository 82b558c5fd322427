/* The plugin over a fake broker: what the real one makes hard to reach. */
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "acl.h"
#include "broker_line.h"
#include "bulk_hash.h"
#include "control.h"
#include "fake_broker.h"
#include "gate.h"
#include "gw_cleanup.h"
#include "gw_test.h"
#include "test_pki.h"
#include "tick.h"

static const char secret[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct stage {
    struct plugin p;
    int lifeline[2];
    struct test_pki pki;
    struct mosquitto control;
};

static void *load_x509(const struct test_cert *cert)
{
    GW_FCLOSE FILE *file = fopen(cert->cert_file, "re");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    return PEM_read_X509(file, NULL, NULL, NULL);
}

static void stage_init(struct stage *s)
{
    *s = (struct stage){.control = {.id = "gw-control", .address = "/run/bus.sock"}};
    CU_ASSERT_FATAL(pipe(s->lifeline) == 0);
    struct plugin *p = &s->p;
    memcpy(p->secret, secret, sizeof(p->secret));
    p->lifeline_fd = s->lifeline[0];
    p->limits = (struct flood_limits){FLOOD_RATE_MESSAGES, FLOOD_RATE_BYTES, INT64_C(1) << 30};
    p->max_devices = 700;
    p->wanted_at.ms = gw_mono_now().ms - PLUGIN_WANTED_MS;
    presence_init(&p->presence);
    fake_reset(p);
    test_pki_init(&s->pki, gw_test_dir(), "stage");
    CU_ASSERT_EQUAL_FATAL(fake_connect(&s->control, secret), 0);
}

static void stage_done(struct stage *s)
{
    control_abort(&s->p);
    devtable_done(&s->p.table);
    presence_done(&s->p.presence);
    (void)close(s->lifeline[0]);
    (void)close(s->lifeline[1]);
    test_pki_done(&s->pki);
    fake_done();
}

static void say(struct stage *s, const struct registry_message *m)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, REGISTRY_MESSAGE_MAX);
    CU_ASSERT_EQUAL_FATAL(registry_format(m, &bytes), GW_OK);
    control_message(&s->p, &s->control, gw_buf_view(&bytes));
}

static struct registry_entry entry_of(const char *id, uint8_t seed)
{
    struct registry_entry entry = {.not_after.ms = INT64_MAX};
    memset(entry.cert_sha256.bytes, seed, GW_SHA256_LEN);
    (void)snprintf(entry.id.text, sizeof(entry.id.text), "%s", id);
    return entry;
}

static void load(struct stage *s, uint64_t generation, const struct registry_entry *entries, size_t count)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_FATAL(registry_entry_add(&items, &entries[i]) == GW_OK);
    struct registry_message m = {.type = REGISTRY_BEGIN, .generation = generation, .count = (uint32_t)count};
    bulk_hash_ops()->digest(gw_buf_view(&items), &m.digest);
    say(s, &m);
    if (count)
        say(s, &(struct registry_message){.type = REGISTRY_ENTRIES,
                                          .generation = generation,
                                          .count = (uint32_t)count,
                                          .items = gw_buf_view(&items)});
    say(s, &(struct registry_message){.type = REGISTRY_COMMIT, .generation = generation});
}

static void change(struct stage *s, uint64_t generation, const char *id, const struct registry_entry *entry)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    struct registry_message m = {.type = REGISTRY_DEVICE, .generation = generation, .count = entry ? 1 : 0};
    (void)snprintf(m.id.text, sizeof(m.id.text), "%s", id);
    if (entry)
        (void)registry_entry_add(&items, entry);
    m.items = gw_buf_view(&items);
    say(s, &m);
}

static void list(struct stage *s, uint32_t request)
{
    say(s, &(struct registry_message){.type = REGISTRY_LIST, .request = request});
}

/* Waits out the second between two WANTED. */
static void let_wanted(struct stage *s)
{
    s->p.wanted_at.ms -= PLUGIN_WANTED_MS;
    tick_run(&s->p);
}

static void refuses_broken_loads(void)
{
    struct stage s;
    stage_init(&s);
    struct registry_entry one = entry_of("pump-1", 1), two = entry_of("pump-2", 2);
    struct registry_message last;
    GW_CLEANUP(gw_buf_done) struct gw_buf items;
    gw_buf_init(&items, REGISTRY_MESSAGE_MAX);
    (void)registry_entry_add(&items, &one);
    (void)registry_entry_add(&items, &two);
    struct registry_message entries = {
        .type = REGISTRY_ENTRIES, .generation = 1, .count = 2, .items = gw_buf_view(&items)};
    struct registry_message commit = {.type = REGISTRY_COMMIT, .generation = 1};
    struct registry_message begin = {.type = REGISTRY_BEGIN, .generation = 1, .count = 2};
    /* Wrong digest; too few; too many; another generation; no beginning: closed after each. */
    say(&s, &begin), say(&s, &entries), say(&s, &commit);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, &last), 1);
    CU_ASSERT_EQUAL(last.generation, 0);
    say(&s, &begin), say(&s, &commit);
    let_wanted(&s);
    begin.count = 1;
    say(&s, &begin), say(&s, &entries);
    let_wanted(&s);
    begin.count = 2;
    begin.generation = 2;
    say(&s, &begin), say(&s, &entries);
    let_wanted(&s);
    say(&s, &entries);
    let_wanted(&s);
    say(&s, &commit);
    let_wanted(&s);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 6);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_AT, NULL), 0);
    CU_ASSERT(!s.p.open && !s.p.load.active);
    load(&s, 5, (struct registry_entry[]){one, two}, 2);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_AT, &last), 1);
    CU_ASSERT_EQUAL(last.generation, 5);
    CU_ASSERT(s.p.open);
    stage_done(&s);
}

static void says_wanted_once_a_second(void)
{
    struct stage s;
    stage_init(&s);
    load(&s, 1, NULL, 0);
    for (uint64_t generation = 5; generation < 50; generation++)
        change(&s, generation, "pump-1", NULL);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 1);
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 1);
    let_wanted(&s);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 2);
    let_wanted(&s);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 2);
    stage_done(&s);
}

static void follows_generations_strictly(void)
{
    struct stage s;
    stage_init(&s);
    struct registry_entry one = entry_of("pump-1", 1), stolen = entry_of("pump-2", 1), two = entry_of("pump-2", 2);
    change(&s, 1, "pump-1", &one); /* closed */
    CU_ASSERT(!s.p.open);
    load(&s, 10, &one, 1);
    change(&s, 11, "pump-2", &two);
    CU_ASSERT_EQUAL(s.p.generation, 11);
    CU_ASSERT_PTR_NOT_NULL(devtable_find_cert(&s.p.table, &two.cert_sha256));
    change(&s, 11, "pump-2", NULL); /* again */
    CU_ASSERT_PTR_NOT_NULL(devtable_find(&s.p.table, "pump-2"));
    change(&s, 12, "pump-2", &stolen); /* another device's certificate */
    CU_ASSERT_EQUAL(s.p.generation, 11);
    CU_ASSERT_STRING_EQUAL(devtable_find_cert(&s.p.table, &one.cert_sha256)->owner->id.text, "pump-1");
    change(&s, 12, "pump-2", NULL);
    CU_ASSERT_EQUAL(s.p.generation, 12);
    CU_ASSERT_PTR_NULL(devtable_find(&s.p.table, "pump-2"));
    change(&s, 13, "pump-9", NULL); /* unknown: nothing to forget, still the next generation */
    CU_ASSERT_EQUAL(s.p.generation, 13);
    stage_done(&s);
}

static void listens_to_control_alone(void)
{
    struct stage s;
    stage_init(&s);
    struct mosquitto log = {.id = "gw-log", .address = "/run/bus.sock"};
    CU_ASSERT_EQUAL(fake_connect(&log, secret), 0);
    control_message(&s.p, &log, gw_view_str("GWR1"));
    CU_ASSERT_EQUAL(s.p.security.count, 1);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 0);
    control_message(&s.p, &s.control, gw_view_str("nonsense"));
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_WANTED, NULL), 1);
    struct mosquitto_evt_acl_check check = {.client = &log, .topic = TOPIC_CONTROL, .access = MOSQ_ACL_WRITE, .qos = 1};
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED);
    check.client = &s.control;
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_SUCCESS);
    check.retain = true;
    check.topic = "gw/v1/pump-1/dn/job";
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED);
    check.retain = false;
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_SUCCESS);
    check.topic = "gw/v1/pump-1/up/log";
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED);
    check.access = MOSQ_ACL_READ;
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED); /* gw-log takes it */
    check.client = &log;
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_SUCCESS);
    check.access = MOSQ_ACL_SUBSCRIBE;
    check.topic = "#";
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED);
    stage_done(&s);
}

static struct mosquitto device_of(struct stage *s, const char *id, int64_t seconds, struct registry_entry *ret_entry)
{
    struct test_cert cert;
    test_pki_issue(&s->pki, id, false, seconds, &cert);
    *ret_entry = (struct registry_entry){.cert_sha256 = cert.sha256, .not_after = cert.not_after};
    (void)snprintf(ret_entry->id.text, sizeof(ret_entry->id.text), "%s", id);
    return (struct mosquitto){.id = id, .address = "192.0.2.9", .x509 = load_x509(&cert)};
}

static void numbers_presence_without_a_gap(void)
{
    struct stage s;
    struct registry_entry entry;
    struct registry_message m;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry), b = a;
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    CU_ASSERT_STRING_EQUAL(a.username, "pump-1");
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, NULL), 0); /* nobody asked yet */
    list(&s, 41);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SYNC, &m), 1);
    CU_ASSERT(m.request == 41 && m.count == 1);
    uint64_t next = m.number;
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, &m), 1);
    CU_ASSERT(m.number == next && m.count == 1);
    next += m.count;
    CU_ASSERT_EQUAL(fake_connect(&b, NULL), 0); /* take-over: the old one goes after the new one came */
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, &m), 2);
    CU_ASSERT(m.number == next && m.count == 1);
    struct gw_reader r = {m.items};
    struct registry_record record;
    CU_ASSERT(registry_record_next(&r, &record) == GW_OK && record.online);
    next += m.count;
    s.p.presence.sent.ms -= PRESENCE_BEAT_MS;
    tick_run(&s.p); /* a beat tells the next number */
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, &m), 3);
    CU_ASSERT(m.number == next && m.count == 0);
    fake_disconnect(&b);
    fake_disconnect(&s.control);
    CU_ASSERT(!s.p.presence.listening);
    CU_ASSERT_EQUAL(fake_connect(&s.control, secret), 0);
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, NULL), 3);
    X509_free(a.x509);
    stage_done(&s);
}

static void reload_is_no_new_connection(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry), offline = {.id = "pump-1", .address = NULL};
    struct mosquitto stranger = {.id = "pump-7", .address = NULL};
    load(&s, 1, &entry, 1);
    list(&s, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    tick_run(&s.p);
    size_t before = fake_sent(REGISTRY_PRESENCE, NULL);
    s.p.reloading = true;
    CU_ASSERT_EQUAL(gate_check(&s.p, &a, NULL), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(gate_check(&s.p, &s.control, NULL), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(gate_check(&s.p, &offline, NULL), MOSQ_ERR_AUTH);
    CU_ASSERT_EQUAL(gate_check(&s.p, &stranger, NULL), MOSQ_ERR_AUTH);
    CU_ASSERT_EQUAL(s.p.security.count, 0);
    CU_ASSERT(s.p.presence.listening);
    tick_run(&s.p);
    CU_ASSERT(!s.p.reloading);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_PRESENCE, NULL), before);
    CU_ASSERT_EQUAL(gate_check(&s.p, &offline, NULL), MOSQ_ERR_AUTH);
    CU_ASSERT_EQUAL(s.p.security.count, 1);
    X509_free(a.x509);
    stage_done(&s);
}

static void a_kick_that_misses_still_ends_the_session(void)
{
    struct stage s;
    struct registry_entry entry;
    struct registry_message m;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    list(&s, 1);
    CU_ASSERT_EQUAL(gate_check(&s.p, &a, NULL), MOSQ_ERR_SUCCESS); /* the broker lost it on the way in */
    change(&s, 2, "pump-1", NULL);
    CU_ASSERT_EQUAL(fake.kicks, 1);
    tick_run(&s.p);
    CU_ASSERT(fake_sent(REGISTRY_PRESENCE, &m) > 0 && m.count == 2); /* on, off */
    CU_ASSERT_PTR_NULL(devtable_find(&s.p.table, "pump-1"));
    X509_free(a.x509);
    stage_done(&s);
}

static void a_shorter_end_acts_on_the_session(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    tick_run(&s.p);
    CU_ASSERT(a.connected);
    entry.not_after.ms = gw_wall_now().ms - 1;
    change(&s, 2, "pump-1", &entry);
    CU_ASSERT(a.connected);
    s.p.expiry_scanned.ms -= TICK_EXPIRY_MS;
    tick_run(&s.p);
    CU_ASSERT(!a.connected);
    CU_ASSERT_EQUAL(fake.kicks, 1);
    X509_free(a.x509);
    stage_done(&s);
}

static void what_the_gate_refuses_is_told_once(void)
{
    struct stage s;
    struct registry_message m;
    stage_init(&s);
    struct mosquitto impostor = {.id = "gw-log", .address = "/run/broker.sock"}, scan = {.address = "192.0.2.9"};
    CU_ASSERT_NOT_EQUAL(fake_connect(&impostor, "guess"), 0);
    list(&s, 1);
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SECURITY, &m), 1);
    CU_ASSERT(m.reason == REGISTRY_LOCAL_IMPOSTOR && m.count == 1);
    CU_ASSERT_STRING_EQUAL(m.what, "gw-log");
    plugin_disconnected(&s.p, &scan); /* nobody asked the gate */
    s.p.security.sent.ms -= SECURITY_FLUSH_MS;
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SECURITY, &m), 2);
    CU_ASSERT(m.reason == REGISTRY_UNAUTHENTICATED && m.count == 1);
    stage_done(&s);
}

static void reports_are_bounded(void)
{
    struct stage s;
    struct registry_message m;
    stage_init(&s);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 1000; i++) {
            char source[32];
            (void)snprintf(source, sizeof(source), "10.0.%d.%d", i / 250, i % 250);
            security_note(&s.p.security, REGISTRY_UNKNOWN_CERTIFICATE, NULL, source, "x/y");
        }
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SECURITY, NULL), 0); /* kept until somebody listens */
    list(&s, 1);
    tick_run(&s.p);
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SECURITY, &m), SECURITY_SLOTS + 1);
    CU_ASSERT_STRING_EQUAL(m.source, "");
    CU_ASSERT_EQUAL(m.count, 3 * (1000 - SECURITY_SLOTS));
    uint64_t total = 0;
    for (size_t i = 0; i < fake.sent_count; i++)
        if (fake.sent[i].type == REGISTRY_SECURITY)
            total += fake.sent[i].count;
    CU_ASSERT_EQUAL(total, 3000);
    stage_done(&s);
}

static void long_lists_take_several_messages(void)
{
    struct stage s;
    stage_init(&s);
    static struct mosquitto clients[600];
    static struct registry_entry entries[600];
    for (size_t i = 0; i < 600; i++) {
        entries[i] = entry_of("x", 0);
        (void)snprintf(entries[i].id.text, sizeof(entries[i].id.text),
                       "a-device-with-a-name-that-is-as-long-as-it-may-be-0123456789%03zu", i);
        memcpy(entries[i].cert_sha256.bytes, &i, sizeof(i));
    }
    load(&s, 1, entries, 500);
    for (size_t i = 500; i < 600; i++)
        change(&s, i - 498, entries[i].id.text, &entries[i]);
    for (size_t i = 0; i < 600; i++) {
        struct devtable_device *device = devtable_find(&s.p.table, entries[i].id.text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(device);
        device->session.client = &clients[i];
        (void)snprintf(device->session.source, sizeof(device->session.source), "2001:db8::%zx", i);
    }
    list(&s, 1);
    struct registry_message m;
    CU_ASSERT_EQUAL(fake_sent(REGISTRY_SYNC, &m), 1);
    CU_ASSERT_EQUAL(m.count, 600);
    uint64_t next = m.number;
    for (size_t i = 0; i < fake.sent_count; i++)
        if (fake.sent[i].type == REGISTRY_PRESENCE) {
            CU_ASSERT_EQUAL(fake.sent[i].number, next);
            next += fake.sent[i].count;
        }
    CU_ASSERT_EQUAL(next - m.number, 600);
    CU_ASSERT(fake_sent(REGISTRY_PRESENCE, NULL) > 1);
    stage_done(&s);
}

static void quarantine_counts_for_what_is_live(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    load(&s, 2, &entry, 1);
    CU_ASSERT(a.connected);
    entry.quarantined = true;
    load(&s, 3, &entry, 1);
    CU_ASSERT(!a.connected);
    struct mosquitto_evt_acl_check check = {
        .client = &a, .topic = "gw/v1/pump-1/up/line", .access = MOSQ_ACL_WRITE, .qos = 1};
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED);
    check.topic = "gw/v1/pump-1/up/log";
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_SUCCESS);
    load(&s, 4, NULL, 0);
    CU_ASSERT_EQUAL(acl_check(&s.p, &check), MOSQ_ERR_ACL_DENIED); /* its will, after a revoke */
    X509_free(a.x509);
    stage_done(&s);
}

static int ask(struct stage *s, struct mosquitto *client, int access, const char *topic)
{
    struct mosquitto_evt_acl_check check = {.client = client, .topic = topic, .access = access, .qos = 1};
    return acl_check(&s->p, &check);
}

/* Whatever the broker hands out: what it may subscribe to is the first lock. */
static void delivers_to_each_its_own(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto log = {.id = "gw-log", .address = "/run/bus.sock"};
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&log, secret), 0);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_READ, "gw/v1/pump-1/dn/ack"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_READ, "gw/v1/pump-2/dn/ack"), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_READ, "gw/v1/pump-1/up/log"), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(ask(&s, &log, MOSQ_ACL_READ, "gw/v1/pump-1/up/line"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(ask(&s, &log, MOSQ_ACL_READ, "gw/v1/pump-1/up/job"), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(ask(&s, &log, MOSQ_ACL_READ, "gw/v1/pump-1/dn/ack"), MOSQ_ERR_ACL_DENIED);
    X509_free(a.x509);
    stage_done(&s);
}

static void brakes_subscriptions_too(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    s.p.limits = (struct flood_limits){1, FLOOD_RATE_BYTES, INT64_C(1) << 30};
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    int rc = MOSQ_ERR_SUCCESS;
    for (int i = 0; i < 1000 && !rc; i++)
        rc = ask(&s, &a, MOSQ_ACL_SUBSCRIBE, "gw/v1/pump-1/dn/#");
    CU_ASSERT_EQUAL(rc, MOSQ_ERR_CONN_REFUSED); /* anything but a denial ends the session */
    CU_ASSERT_EQUAL_FATAL(s.p.security.count, 1);
    CU_ASSERT_EQUAL(s.p.security.slots[0].reason, REGISTRY_FLOOD);
    X509_free(a.x509);
    stage_done(&s);
}

/* It may be the update that ends the flood of logs: what is needed for one goes on. */
static void beyond_its_share_of_the_logs_a_device_still_reports(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    s.p.limits.log_day = 2 * FLOOD_LOG_LEAST;
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/log"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/line"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/log"), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/line"), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/state"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL(ask(&s, &a, MOSQ_ACL_WRITE, "gw/v1/pump-1/up/job"), MOSQ_ERR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(s.p.security.count, 1);
    CU_ASSERT_EQUAL(s.p.security.slots[0].reason, REGISTRY_LOG_FULL);
    CU_ASSERT_EQUAL(s.p.security.slots[0].times, 2);
    X509_free(a.x509);
    stage_done(&s);
}

static void a_reload_knows_the_end(void)
{
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    s.p.reloading = true;
    CU_ASSERT_EQUAL(gate_check(&s.p, &a, NULL), MOSQ_ERR_SUCCESS);
    devtable_find(&s.p.table, "pump-1")->session.not_after = gw_wall_now();
    CU_ASSERT_EQUAL(gate_check(&s.p, &a, NULL), MOSQ_ERR_AUTH);
    X509_free(a.x509);
    stage_done(&s);
}

/* The secret opens the unix socket alone; the listener asks for a certificate before. */
static void knows_no_local_session_from_the_network(void)
{
    struct stage s;
    stage_init(&s);
    struct mosquitto log = {.id = "gw-log", .address = "192.0.2.9"};
    CU_ASSERT_EQUAL(fake_connect(&log, secret), MOSQ_ERR_AUTH);
    CU_ASSERT_PTR_NULL(s.p.local[PLUGIN_LOG]);
    CU_ASSERT_EQUAL_FATAL(s.p.security.count, 1);
    CU_ASSERT_EQUAL(s.p.security.slots[0].reason, REGISTRY_NO_CERTIFICATE);
    stage_done(&s);
}

static int notice(struct stage *s, const char *text)
{
    struct mosquitto_evt_acl_check check = {.client = &s->control,
                                            .topic = TOPIC_BROKER_NOTICES,
                                            .access = MOSQ_ACL_READ,
                                            .payload = text,
                                            .payloadlen = (uint32_t)strlen(text)};
    return acl_check(&s->p, &check);
}

static void reads_the_brokers_notices(void)
{
    static const char oversize[] = "2026-01-31T12:00:00: Client pump-1 disconnected due to oversize packet.";
    static const char broken[] = "2026-01-31T12:00:00: Client pump-1 disconnected due to malformed packet.";
    struct stage s;
    struct registry_entry entry;
    stage_init(&s);
    struct mosquitto a = device_of(&s, "pump-1", 3600, &entry);
    load(&s, 1, &entry, 1);
    CU_ASSERT_EQUAL(notice(&s, oversize), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(s.p.security.count, 0); /* it has no session */
    CU_ASSERT_EQUAL(fake_connect(&a, NULL), 0);
    CU_ASSERT_EQUAL(notice(&s, oversize), MOSQ_ERR_ACL_DENIED); /* read, and held back */
    CU_ASSERT_EQUAL(notice(&s, oversize), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(notice(&s, broken), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL(notice(&s, "2026-01-31T12:00:00: Client pump-1 disconnected."), MOSQ_ERR_ACL_DENIED);
    CU_ASSERT_EQUAL_FATAL(s.p.security.count, 2);
    CU_ASSERT_EQUAL(s.p.security.slots[0].reason, REGISTRY_OVERSIZE);
    CU_ASSERT_EQUAL(s.p.security.slots[0].times, 2);
    CU_ASSERT_STRING_EQUAL(s.p.security.slots[0].id.text, "pump-1");
    CU_ASSERT_EQUAL(s.p.security.slots[1].reason, REGISTRY_BROKEN_PACKET);
    struct mosquitto_evt_acl_check by_device = {
        .client = &a, .topic = TOPIC_BROKER_NOTICES, .access = MOSQ_ACL_SUBSCRIBE, .qos = 1};
    CU_ASSERT_EQUAL(acl_check(&s.p, &by_device), MOSQ_ERR_ACL_DENIED);
    X509_free(a.x509);
    stage_done(&s);
}

static const struct gw_test_case cases[] = {
    {"refuses broken loads and stays closed", refuses_broken_loads},
    {"asks for all at most once a second", says_wanted_once_a_second},
    {"follows the generations strictly", follows_generations_strictly},
    {"listens to gw-control alone, and each local session has its part", listens_to_control_alone},
    {"numbers presence without a gap, through a take-over", numbers_presence_without_a_gap},
    {"takes a reload's re-check for no new connection", reload_is_no_new_connection},
    {"ends a session that the broker did not know any more", a_kick_that_misses_still_ends_the_session},
    {"lets a shorter end in the registry act on the session", a_shorter_end_acts_on_the_session},
    {"what the gate refuses is told once", what_the_gate_refuses_is_told_once},
    {"keeps security reports bounded and counts all of them", reports_are_bounded},
    {"tells a long list in several messages", long_lists_take_several_messages},
    {"a quarantine in a whole registry acts on what is live", quarantine_counts_for_what_is_live},
    {"delivers to each session its own topics, whatever it subscribed to", delivers_to_each_its_own},
    {"a flood of subscriptions is cut and told", brakes_subscriptions_too},
    {"beyond its share of the logs a device still reports", beyond_its_share_of_the_logs_a_device_still_reports},
    {"a reload does not keep a session past its end", a_reload_knows_the_end},
    {"knows no local session from the network, whatever secret it has", knows_no_local_session_from_the_network},
    {"reads from the broker's notices whom it cut, and lets nobody have them", reads_the_brokers_notices},
};

int main(void)
{
    return GW_TEST_RUN("broker plugin", cases);
}
