#include "fleet_world.h"

#include <mosquitto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"
#include "topic.h"

#define PATH_LEN 400

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void write_file(const char *path, struct gw_view bytes)
{
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, bytes, 0600, NULL), NULL);
}

static void read_file(const char *path, struct gw_buf *out)
{
    gw_buf_init(out, 1024 * 1024);
    (void)!gw_fs_read_file(path, out, NULL);
}

static void name_device(unsigned device, struct gw_device_id *id)
{
    (void)snprintf(id->text, sizeof(id->text), "sim-%05u", device);
}

/* ---- the gateway's side of the bus ---- */

static void acknowledge(struct fleet_world *w, const struct gw_device_id *id, const struct job_report *report)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    const struct topic topic = {TOPIC_DN_JOBACK, *id};
    char name[TOPIC_TEXT_MAX];
    struct job_ack ack = {.rev = report->rev, .state = report->state};
    memcpy(ack.job, report->job, sizeof(ack.job));
    gw_buf_init(&text, 1024);
    must(!job_ack_format(&ack, &text) && !topic_format(&topic, name));
    (void)mosquitto_publish(w->client, NULL, name, (int)text.len, text.ptr, 0, false);
}

static bool note(struct world_device *d, enum topic_kind kind, struct gw_view payload, struct job_report *report)
{
    static const char crash[] = "\"cls\":\"app.crash\",\"sev\":5";
    if (kind == TOPIC_UP_STATE) {
        (void)snprintf(d->state, sizeof(d->state), "%.*s", (int)payload.len, (const char *)payload.ptr);
        d->states++;
    }
    if (kind == TOPIC_UP_LOG && memmem(payload.ptr, payload.len, crash, sizeof(crash) - 1))
        d->crashed = true;
    if (kind != TOPIC_UP_JOB || job_report_parse(payload, report, NULL))
        return false;
    if (d->report_count < WORLD_REPORTS)
        d->reports[d->report_count++] = *report;
    return true;
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    struct fleet_world *w = ctx;
    struct topic topic;
    struct job_report report;
    (void)client;
    must(!topic_parse(gw_view_str(message->topic), &topic));
    unsigned device = (unsigned)strtoul(topic.device.text + 4, NULL, 10);
    must(device >= 1 && device <= WORLD_DEVICES);
    (void)pthread_mutex_lock(&w->lock);
    bool reported =
        note(&w->devices[device], topic.kind, gw_view_make(message->payload, (size_t)message->payloadlen), &report);
    (void)pthread_mutex_unlock(&w->lock);
    if (reported)
        acknowledge(w, &topic.device, &report);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count, const int *granted)
{
    struct fleet_world *w = ctx;
    (void)client;
    (void)mid;
    (void)count;
    (void)granted;
    (void)pthread_mutex_lock(&w->lock);
    w->subscribed = true;
    (void)pthread_mutex_unlock(&w->lock);
}

static bool is_subscribed(void *ctx)
{
    struct fleet_world *w = ctx;
    (void)pthread_mutex_lock(&w->lock);
    bool yes = w->subscribed;
    (void)pthread_mutex_unlock(&w->lock);
    return yes;
}

static bool is_over(struct fleet_world *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool yes = w->over;
    (void)pthread_mutex_unlock(&w->lock);
    return yes;
}

static void *listen_to_devices(void *ctx)
{
    struct fleet_world *w = ctx;
    while (!is_over(w) && mosquitto_loop(w->client, 50, 1) == 0)
        ;
    return NULL;
}

static bool connects(void *ctx)
{
    struct fleet_world *w = ctx;
    return mosquitto_connect(w->client, "127.0.0.1", w->plain_port, 60) == 0;
}

static void start_broker(struct fleet_world *w)
{
    char conf[PATH_LEN], text[2048];
    struct test_cert cert;
    test_pki_issue(&w->pki, "the-broker", true, 3600, &cert);
    w->tls_port = gw_test_port();
    w->plain_port = gw_test_port();
    (void)snprintf(conf, sizeof(conf), "%s/broker.conf", w->dir);
    (void)snprintf(text, sizeof(text),
                   "per_listener_settings false\nallow_anonymous true\nuser root\n"
                   "listener %u 127.0.0.1\n"
                   "listener %u 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\nrequire_certificate true\n"
                   "tls_version tlsv1.3\n",
                   w->plain_port, w->tls_port, w->pki.ca_file, cert.cert_file, cert.key_file);
    write_file(conf, gw_view_str(text));
    const char *const argv[] = {"/usr/sbin/mosquitto", "-c", conf, NULL};
    gw_proc_start(&w->broker, argv, NULL);
    (void)mosquitto_lib_init();
    w->client = mosquitto_new("the-gateway", true, w);
    mosquitto_message_callback_set(w->client, on_message);
    mosquitto_subscribe_callback_set(w->client, on_subscribe);
    CU_ASSERT_FATAL(gw_await(connects, w, WORLD_LIMIT_MS));
    (void)mosquitto_threaded_set(w->client, true);
    must(mosquitto_subscribe(w->client, NULL, "gw/v1/+/up/#", 1) == 0);
    must(pthread_create(&w->thread, NULL, listen_to_devices, w) == 0);
    CU_ASSERT_FATAL(gw_await(is_subscribed, w, WORLD_LIMIT_MS));
}

/* ---- the fleet ---- */

static void copy_file(const char *from, const char *to)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    read_file(from, &bytes);
    write_file(to, gw_buf_view(&bytes));
}

/* Enrolled already: this is not about enrolment. */
static void seed_identity(struct fleet_world *w, unsigned device)
{
    struct gw_device_id id;
    struct test_cert cert;
    char path[PATH_LEN];
    name_device(device, &id);
    test_pki_issue(&w->pki, id.text, false, 86400, &cert);
    (void)snprintf(path, sizeof(path), "%s/fleet/devices/%s", w->dir, id.text);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/fleet/devices/%s/device.pem", w->dir, id.text);
    copy_file(cert.cert_file, path);
    (void)snprintf(path, sizeof(path), "%s/fleet/devices/%s/device.key", w->dir, id.text);
    copy_file(cert.key_file, path);
}

static void seed_fleet(struct fleet_world *w)
{
    char path[PATH_LEN];
    (void)snprintf(path, sizeof(path), "%s/fleet", w->dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/fleet/devices", w->dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/fleet/root.pem", w->dir);
    copy_file(w->pki.ca_file, path);
    for (unsigned device = 1; device <= WORLD_DEVICES; device++)
        seed_identity(w, device);
    (void)snprintf(path, sizeof(path), "%s/vendor.pem", w->dir);
    vendor_write_public(path, w->vendor);
}

void fleet_world_init(struct fleet_world *w)
{
    *w = (struct fleet_world){.n = 0};
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)snprintf(w->dir, sizeof(w->dir), "%s", gw_test_dir());
    test_pki_init(&w->pki, w->dir, "gateway");
    w->vendor = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    w->stranger = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    w->server = (struct artifact_server){.tls.pki = &w->pki};
    (void)snprintf(w->server.root, sizeof(w->server.root), "%s", w->dir);
    (void)snprintf(w->server.record, sizeof(w->server.record), "%s/record", w->dir);
    artifact_server_start(&w->server);
    start_broker(w);
    seed_fleet(w);
}

/* To the end of its output, so that no thread of ours is cancelled within a read: the sanitizers mind. */
static void kill_and_wait(struct gw_proc *p)
{
    if (p->pid > 0) {
        gw_proc_signal(p, SIGKILL);
        (void)gw_proc_wait(p, WORLD_LIMIT_MS);
    }
    gw_proc_done(p);
}

void fleet_world_kill(struct fleet_world *w)
{
    kill_and_wait(&w->fleet);
}

void fleet_world_done(struct fleet_world *w)
{
    fleet_world_kill(w);
    (void)pthread_mutex_lock(&w->lock);
    w->over = true;
    (void)pthread_mutex_unlock(&w->lock);
    (void)pthread_join(w->thread, NULL);
    mosquitto_destroy(w->client);
    kill_and_wait(&w->broker);
    artifact_server_stop(&w->server);
    EVP_PKEY_free(w->vendor);
    EVP_PKEY_free(w->stranger);
    test_pki_done(&w->pki);
    (void)pthread_mutex_destroy(&w->lock);
}

void fleet_world_start(struct fleet_world *w, const char *behaviour, const char *const args[])
{
    char state[PATH_LEN], key[PATH_LEN], toml[PATH_LEN], gateway[64], port[16];
    static const char program[] = GW_BIN_DIR "/gatehouse-fleet";
    const char *argv[40] = {program, "--product", "pump", "--hardware", "rev-c"};
    const char *const places[] = {"--state",     state,   "--vendor-key", key,  "--gateway", gateway,
                                  "--mqtt-port", port,    "--behaviour",  toml, "--devices", "10",
                                  "--release",   "1.0.0", "--figures",    "0",  "--window",  "16"};
    size_t count = 5;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        argv[count++] = places[i];
    (void)snprintf(state, sizeof(state), "%s/fleet", w->dir);
    (void)snprintf(key, sizeof(key), "%s/vendor.pem", w->dir);
    (void)snprintf(toml, sizeof(toml), "%s/behaviour.toml", w->dir);
    (void)snprintf(gateway, sizeof(gateway), "127.0.0.1:%u", w->server.tls.port);
    (void)snprintf(port, sizeof(port), "%u", w->tls_port);
    write_file(toml, gw_view_str(behaviour ? behaviour : ""));
    for (; *args; args++)
        argv[count++] = *args;
    (void)pthread_mutex_lock(&w->lock);
    for (unsigned i = 1; i <= WORLD_DEVICES; i++)
        w->devices[i].states = 0;
    (void)pthread_mutex_unlock(&w->lock);
    gw_proc_start(&w->fleet, argv, NULL);
    for (unsigned i = 1; i <= WORLD_DEVICES; i++)
        CU_ASSERT_FATAL(fleet_world_await_state(w, i, 1, "\"product\":\"pump\""));
}

/* ---- the vendor ---- */

static void serve_image(struct fleet_world *w, const char *attempt, unsigned device, struct gw_view image)
{
    char path[PATH_LEN];
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s-%u", w->dir, attempt, device);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s-%u/pump.img", w->dir, attempt, device);
    write_file(path, image);
}

void fleet_world_release(struct fleet_world *w, const char *attempt, size_t bytes, struct vendor_release *release)
{
    GW_FREE char *image = gw_xalloc(bytes, 1);
    char path[PATH_LEN];
    gw_random(image, bytes);
    (void)snprintf(path, sizeof(path), "%s/artifacts", w->dir);
    (void)mkdir(path, 0700);
    for (unsigned device = 1; device <= WORLD_DEVICES; device++)
        serve_image(w, attempt, device, gw_view_make(image, bytes));
    release->file = "pump.img";
    release->size = bytes;
    agent_hash_ops()->digest(gw_view_make(image, bytes), &release->sha256);
}

void fleet_world_offer(struct fleet_world *w, unsigned device, EVP_PKEY *signer, const char *attempt,
                       const struct vendor_release *release, enum job_kind kind)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char name[TOPIC_TEXT_MAX], full[JOB_ID_MAX];
    struct topic topic = {.kind = TOPIC_DN_JOB};
    struct gw_err err = {0};
    (void)snprintf(full, sizeof(full), "%s-%u", attempt, device);
    vendor_message(signer, full, release, &m);
    m.job.kind = kind;
    m.job.postpone_until_max = (struct gw_wall){gw_wall_now().ms + GW_HOUR_MS};
    m.n = ++w->n;
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    GW_ASSERT_OK(job_message_format(&m, &text, &err), &err);
    name_device(device, &topic.device);
    must(!topic_format(&topic, name));
    CU_ASSERT_EQUAL(mosquitto_publish(w->client, NULL, name, (int)text.len, text.ptr, 1, false), 0);
}

/* ---- waiting ---- */

struct wanted {
    struct fleet_world *w;
    unsigned device;
    enum job_state state;
    size_t from, at;
    const char *text;
};

static bool report_there(void *ctx)
{
    struct wanted *wanted = ctx;
    struct world_device *d = &wanted->w->devices[wanted->device];
    bool found = false;
    (void)pthread_mutex_lock(&wanted->w->lock);
    for (size_t i = wanted->from; i < d->report_count && !found; i++) {
        found = d->reports[i].state == wanted->state;
        wanted->at = i;
    }
    (void)pthread_mutex_unlock(&wanted->w->lock);
    return found;
}

static void tell(struct fleet_world *w, unsigned device, const char *what)
{
    const struct world_device *d = &w->devices[device];
    (void)gw_proc_await(&w->fleet, "\n", 0);
    (void)pthread_mutex_lock(&w->lock);
    printf("#   device %u: no %s; it said:", device, what);
    for (size_t i = 0; i < d->report_count; i++)
        printf(" %s(%s)", job_state_text(d->reports[i].state), d->reports[i].code);
    printf("; %zu inventories, the last %s\n", d->states, d->state);
    (void)pthread_mutex_unlock(&w->lock);
    printf("#   the fleet says:\n%s\n", w->fleet.out ? w->fleet.out : "");
}

bool fleet_world_await(struct fleet_world *w, unsigned device, enum job_state state, size_t *from,
                       struct job_report *ret_report)
{
    struct wanted wanted = {.w = w, .device = device, .state = state, .from = *from};
    if (!gw_await(report_there, &wanted, WORLD_LIMIT_MS)) {
        tell(w, device, job_state_text(state));
        return false;
    }
    (void)pthread_mutex_lock(&w->lock);
    if (ret_report)
        *ret_report = w->devices[device].reports[wanted.at];
    (void)pthread_mutex_unlock(&w->lock);
    *from = wanted.at + 1;
    return true;
}

static bool state_there(void *ctx)
{
    struct wanted *wanted = ctx;
    struct world_device *d = &wanted->w->devices[wanted->device];
    (void)pthread_mutex_lock(&wanted->w->lock);
    bool there = d->states >= wanted->from && strstr(d->state, wanted->text);
    (void)pthread_mutex_unlock(&wanted->w->lock);
    return there;
}

bool fleet_world_await_state(struct fleet_world *w, unsigned device, size_t states, const char *text)
{
    struct wanted wanted = {.w = w, .device = device, .from = states, .text = text};
    bool there = gw_await(state_there, &wanted, WORLD_LIMIT_MS);
    if (!there)
        tell(w, device, text);
    return there;
}

static bool crash_there(void *ctx)
{
    struct wanted *wanted = ctx;
    (void)pthread_mutex_lock(&wanted->w->lock);
    bool there = wanted->w->devices[wanted->device].crashed;
    (void)pthread_mutex_unlock(&wanted->w->lock);
    return there;
}

bool fleet_world_await_crash(struct fleet_world *w, unsigned device)
{
    struct wanted wanted = {.w = w, .device = device};
    return gw_await(crash_there, &wanted, WORLD_LIMIT_MS);
}

size_t fleet_world_started(struct fleet_world *w, unsigned device, const char *attempt)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    char path[PATH_LEN], wanted[128];
    size_t count = 0;
    (void)snprintf(path, sizeof(path), "%s/fleet/handlers", w->dir);
    (void)snprintf(wanted, sizeof(wanted), " sim-%05u %s-%u ", device, attempt, device);
    read_file(path, &text);
    for (const char *at = gw_buf_str(&text); (at = strstr(at, wanted)); at++)
        count++;
    return count;
}
