/* The bus through the broker's ups and downs. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tls_probe.h"
#include "world.h"

static void admit(struct world *w, const char *id, struct test_cert *cert, struct world_device **ret_device)
{
    test_pki_issue(&w->pki, id, false, 3600, cert);
    struct bus_entry entry = world_entry(id, cert);
    world_registry(w, 1, &entry, 1);
    CU_ASSERT_EQUAL_FATAL(world_connect(w, id, cert, 0, ret_device), 0);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, world_is_online(w, id)));
}

/* SIGKILL and a new one, as the supervisor does it; the bus has not yet seen the new one. */
static void restart(struct world *w)
{
    size_t downs = w->counts[BUS_DOWN];
    gw_proc_signal(&w->broker, SIGKILL);
    CU_ASSERT_EQUAL(gw_proc_wait(&w->broker, WORLD_LIMIT_MS), 128 + SIGKILL);
    gw_proc_done(&w->broker);
    (void)close(w->lifeline);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, w->counts[BUS_DOWN] == downs + 1));
    struct gw_err err;
    CU_ASSERT_EQUAL(w->bus.ops->registry_all(w->bus.self, 2, NULL, 0, &err), GW_AGAIN);
    world_broker_start(w);
}

static void survives_a_killed_broker(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    world_init(&w);
    world_bus(&w);
    admit(&w, "pump-1", &cert, &d);
    restart(&w);
    CU_ASSERT_FATAL(WORLD_AWAIT(&w, w.counts[BUS_UP] == 2 && d->over));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), 5); /* it starts closed */
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_PRESENCE_SYNC] == 2));
    CU_ASSERT(!world_is_online(&w, "pump-1"));
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 5, &entry, 1);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    world_done(&w);
}

static void reload_keeps_sessions(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d, *v5;
    world_init(&w);
    world_bus(&w);
    admit(&w, "pump-1", &cert, &d);
    size_t presences = w.counts[BUS_PRESENCE];
    gw_proc_signal(&w.broker, SIGHUP);
    CU_ASSERT_FATAL(gw_proc_await(&w.broker, "Reloading config", WORLD_LIMIT_MS));
    for (int i = 0; i < 5; i++) { /* each answer is a turn of the broker's loop after the reload */
        CU_ASSERT_EQUAL(world_subscribe(&w, d, "gw/v1/pump-1/dn/#"), 1);
        world_publish(&w, d, "gw/v1/pump-1/up/state", "here", 1, false);
    }
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == 5));
    CU_ASSERT(!d->over && world_is_online(&w, "pump-1"));
    CU_ASSERT_EQUAL(w.counts[BUS_PRESENCE], presences);
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 0);
    CU_ASSERT_EQUAL(w.security_count, 0);
    /* The re-check has ended with the reload: a newcomer is told. */
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, WORLD_V5, &v5), 0);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_PRESENCE] == presences + 1));
    CU_ASSERT(world_is_online(&w, "pump-1"));
    world_done(&w);
}

/* MQTT 5 can leave a session behind for a while: nobody can resume it, and a reload drops it without an event. */
static void reload_drops_a_session_left_behind(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct tls_probe probe;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 1, &entry, 1);
    CU_ASSERT(tls_probe_open(&probe, w.port, w.pki.ca_file, &cert, NULL));
    CU_ASSERT_EQUAL(tls_probe_connect5(&probe, "pump-1", "\x11\0\0\x0e\x10", 5), 0); /* expires in an hour */
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-1")));
    tls_probe_close(&probe);
    CU_ASSERT(WORLD_AWAIT(&w, w.seen_count == 1 && !world_is_online(&w, "pump-1")));
    gw_proc_signal(&w.broker, SIGHUP);
    CU_ASSERT_FATAL(gw_proc_await(&w.broker, "Reloading config", WORLD_LIMIT_MS));
    world_change(&w, 2, "pump-1", &entry, 1); /* a turn of the broker's loop later */
    CU_ASSERT_EQUAL(w.security_count, 0);
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 0);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, NULL), 0);
    world_done(&w);
}

static void gives_a_hanging_broker_up_and_finds_it_again(void)
{
    struct world w = {0};
    world_init(&w);
    world_bus(&w);
    gw_proc_signal(&w.broker, SIGSTOP);
    int64_t until = gw_mono_now().ms + 3 * MQTT_KEEPALIVE_S * 1000;
    while (w.counts[BUS_DOWN] == 0 && gw_mono_now().ms < until)
        world_step(&w);
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 1);
    gw_proc_signal(&w.broker, SIGCONT);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_UP] == 2));
    world_registry(&w, 1, NULL, 0);
    world_done(&w);
}

static void lists_presence_after_reconnect(void)
{
    struct world w = {0};
    struct test_cert certs[5];
    struct bus_entry entries[5];
    struct world_device *devices[5];
    world_init(&w);
    world_bus(&w);
    for (size_t i = 0; i < 5; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "pump-%zu", i);
        test_pki_issue(&w.pki, id, false, 3600, &certs[i]);
        entries[i] = world_entry(id, &certs[i]);
    }
    world_registry(&w, 1, entries, 5);
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(world_connect(&w, entries[i].id.text, &certs[i], 0, &devices[i]), 0);
    world_bus_stop(&w);
    w.seen_count = 0;
    world_device_close(devices[0]); /* unseen by anybody */
    CU_ASSERT_EQUAL_FATAL(world_connect(&w, entries[4].id.text, &certs[4], 0, &devices[4]), 0);
    world_bus(&w);
    CU_ASSERT(WORLD_AWAIT(&w, world_is_online(&w, "pump-4")));
    CU_ASSERT(WORLD_AWAIT(&w, !world_is_online(&w, "pump-0")));
    for (size_t i = 1; i < 5; i++)
        CU_ASSERT(world_is_online(&w, entries[i].id.text));
    world_done(&w);
}

static void lifeline_ends_the_broker(void)
{
    struct world w = {0};
    world_init(&w);
    (void)close(w.lifeline);
    w.lifeline = -1;
    CU_ASSERT_EQUAL(gw_proc_wait(&w.broker, 5000), 0);
    CU_ASSERT(strstr(w.broker.out, "the gateway is gone") != NULL);
    world_done(&w);
}

static void refuses_to_start_without_a_secret(void)
{
    struct world w = {0};
    world_init(&w);
    world_bus(&w); /* by then its signal handlers are there */
    world_bus_stop(&w);
    gw_proc_signal(&w.broker, SIGTERM);
    CU_ASSERT_EQUAL(gw_proc_wait(&w.broker, WORLD_LIMIT_MS), 0);
    gw_proc_done(&w.broker);
    char conf[200];
    (void)snprintf(conf, sizeof(conf), "%s/mosquitto.conf", w.dir); /* names descriptors that are not there now */
    gw_proc_start(&w.broker, (const char *const[]){"/usr/sbin/mosquitto", "-c", conf, NULL},
                  (const char *const[]){BROKER_PRELOAD, BROKER_LEAKS, NULL});
    int code = gw_proc_wait(&w.broker, WORLD_LIMIT_MS);
    CU_ASSERT(code > 0 && code < 128);
    gw_proc_done(&w.broker);
    world_done(&w);
}

#define HIGH_FDS 1200

/* Leaves no descriptor below 1,024 free. */
static size_t fill_low(int fds[HIGH_FDS], size_t count)
{
    do {
        CU_ASSERT_FATAL(count < HIGH_FDS);
        fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CU_ASSERT_FATAL(fds[count] >= 0);
    } while (fds[count++] < 1024);
    return count;
}

/* How many descriptors above 1,023 are connected to this socket. */
static size_t count_high(const char *path)
{
    size_t count = 0;
    for (int fd = 1024; fd < 2048; fd++) {
        struct sockaddr_un peer = {0};
        socklen_t len = sizeof(peer);
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sun_family == AF_UNIX &&
            strcmp(peer.sun_path, path) == 0)
            count++;
    }
    return count;
}

/* The library's own loop uses select(2) and dies there; ours must not notice. */
static void works_above_descriptor_1023(void)
{
    struct world w = {0};
    struct test_cert cert;
    struct world_device *d;
    struct rlimit limit;
    int fds[HIGH_FDS];
    CU_ASSERT_FATAL(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_max < 2048) {
        gw_test_skip("the hard limit on descriptors is below 2048");
        return;
    }
    CU_ASSERT_FATAL(setrlimit(RLIMIT_NOFILE, &(struct rlimit){2048, limit.rlim_max}) == 0);
    world_init(&w);
    world_bus(&w);
    size_t count = fill_low(fds, 0);
    restart(&w);
    count = fill_low(fds, count); /* what the old broker's pipes left free */
    CU_ASSERT_FATAL(WORLD_AWAIT(&w, w.counts[BUS_UP] == 2));
    CU_ASSERT_EQUAL(count_high(w.socket), 2);
    test_pki_issue(&w.pki, "pump-1", false, 3600, &cert);
    struct bus_entry entry = world_entry("pump-1", &cert);
    world_registry(&w, 4, &entry, 1);
    while (count > 0)
        (void)close(fds[--count]);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-1", &cert, 0, &d), 0);
    world_publish(&w, d, "gw/v1/pump-1/up/job", "x", 1, false);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_MESSAGE] == 1));
    world_done(&w);
}

static void carries_a_large_registry(void)
{
    struct world w = {0};
    struct test_cert cert;
    world_init(&w);
    world_bus(&w);
    test_pki_issue(&w.pki, "pump-0", false, 3600, &cert);
    struct bus_entry *entries = calloc(2000, sizeof(*entries));
    CU_ASSERT_FATAL(entries != NULL);
    for (size_t i = 0; i < 2000; i++) { /* two certificates for each of the 1,000 devices the broker is told of */
        char id[64];
        (void)snprintf(id, sizeof(id), "pump-%zu", i / 2);
        entries[i] = world_entry(id, &cert);
        if (i > 0)
            gw_random(entries[i].cert_sha256.bytes, GW_SHA256_LEN);
    }
    world_registry(&w, 3, entries, 2000);
    CU_ASSERT_EQUAL(world_connect(&w, "pump-0", &cert, 0, NULL), 0);
    /* One device too many, one digest twice, three for one: refused whole, and the old registry stays. */
    struct gw_err err = {0};
    entries[1] = entries[0];
    GW_ASSERT_OK(w.bus.ops->registry_all(w.bus.self, 4, entries, 2000, &err), &err);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_REGISTRY_WANTED] == 1));
    CU_ASSERT_EQUAL(w.wanted, 3);
    CU_ASSERT(WORLD_AWAIT(&w, world_security(&w, REGISTRY_BAD_CONTROL, NULL)));
    CU_ASSERT_EQUAL(world_connect(&w, "pump-0", &cert, 0, NULL), 0);
    free(entries);
    world_done(&w);
}

static void publish_knows_its_limits(void)
{
    struct world w = {0};
    struct gw_err err;
    struct gw_device_id id = {"pump-1"}, bad = {"Pump/1"};
    static char big[MQTT_PAYLOAD_MAX + 1];
    world_init(&w);
    world_bus(&w);
    const struct device_bus_ops *ops = w.bus.ops;
    CU_ASSERT_EQUAL(ops->publish(w.bus.self, &id, "log", gw_view_str("x"), 1, &err), GW_INVALID);
    CU_ASSERT_EQUAL(ops->publish(w.bus.self, &id, "job", gw_view_str("x"), 2, &err), GW_INVALID);
    CU_ASSERT_EQUAL(ops->publish(w.bus.self, &bad, "job", gw_view_str("x"), 1, &err), GW_INVALID);
    CU_ASSERT_EQUAL(ops->publish(w.bus.self, &id, "job", gw_view_make(big, sizeof(big)), 1, &err), GW_TOO_BIG);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_PRESENCE_SYNC] == 1)); /* nothing of its own waits any more */
    gw_proc_signal(&w.broker, SIGSTOP); /* a broker that does not read: the queue fills and says so */
    size_t sent = 0;
    enum gw_rc rc = GW_OK;
    while (sent <= MQTT_DOWN_MESSAGES && !(rc = ops->publish(w.bus.self, &id, "job", gw_view_str("x"), 1, &err)))
        sent++;
    CU_ASSERT_EQUAL(rc, GW_AGAIN);
    CU_ASSERT_EQUAL(sent, MQTT_DOWN_MESSAGES);
    CU_ASSERT_EQUAL(ops->registry_device(w.bus.self, 1, &id, NULL, 0, &err), GW_OK); /* a revoke still goes out */
    gw_proc_signal(&w.broker, SIGCONT);
    CU_ASSERT(WORLD_AWAIT(&w, w.counts[BUS_REGISTRY_WANTED] == 1));
    CU_ASSERT_EQUAL(ops->publish(w.bus.self, &id, "job", gw_view_str("x"), 1, &err), GW_OK);
    CU_ASSERT_EQUAL(w.counts[BUS_DOWN], 0);
    world_done(&w);
}

static const struct gw_test_case cases[] = {
    {"survives a killed broker, which starts closed", survives_a_killed_broker},
    {"SIGHUP keeps sessions and presence", reload_keeps_sessions},
    {"a reload drops a session left behind without an event", reload_drops_a_session_left_behind},
    {"gives a hanging broker up and finds it again", gives_a_hanging_broker_up_and_finds_it_again},
    {"lists who is online after the daemon came back", lists_presence_after_reconnect},
    {"the broker ends with its lifeline", lifeline_ends_the_broker},
    {"the broker does not start without secret and lifeline", refuses_to_start_without_a_secret},
    {"works above descriptor 1023", works_above_descriptor_1023},
    {"carries a registry of many chunks and refuses a bad one whole", carries_a_large_registry},
    {"publish refuses what is malformed and says when the queue is full", publish_knows_its_limits},
};

int main(void)
{
    return GW_TEST_RUN("broker bus", cases);
}
