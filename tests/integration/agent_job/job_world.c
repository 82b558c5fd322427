#include "job_world.h"

#include <errno.h>
#include <mosquitto.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_id.h"
#include "gw_test.h"

#define DEVICE     "pump-7"
#define TOPIC      "gw/v1/" DEVICE "/"
#define IMAGE_LINE 64

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_str(text), mode, NULL), NULL);
}

static const char *read_path(const char *path)
{
    static struct gw_buf text;
    gw_buf_done(&text);
    gw_buf_init(&text, 1024 * 1024);
    return gw_fs_read_file(path, &text, NULL) ? "" : gw_buf_str(&text);
}

void job_world_write(struct job_world *w, const char *name, const char *text)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    write_file(path, text, 0600);
}

const char *job_world_read(struct job_world *w, const char *name)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    return read_path(path);
}

void job_world_remove(struct job_world *w, const char *name)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "%s/%s", w->device, name);
    (void)unlink(path);
}

/* ---- the gateway's side of the bus ---- */

static void acknowledge(struct job_world *w, const struct job_report *report)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct job_ack ack = {.rev = report->rev, .state = report->state};
    memcpy(ack.job, report->job, sizeof(ack.job));
    gw_buf_init(&text, 1024);
    must(!job_ack_format(&ack, &text));
    (void)mosquitto_publish(w->client, NULL, TOPIC "dn/joback", (int)text.len, text.ptr, 0, false);
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    struct job_world *w = ctx;
    struct job_report report;
    (void)client;
    (void)pthread_mutex_lock(&w->lock);
    if (strcmp(message->topic, TOPIC "up/state") == 0)
        w->states++;
    bool is_report = strcmp(message->topic, TOPIC "up/job") == 0 &&
                     !job_report_parse(gw_view_make(message->payload, (size_t)message->payloadlen), &report, NULL);
    if (is_report && w->report_count < WORLD_REPORTS)
        w->reports[w->report_count++] = report;
    (void)pthread_mutex_unlock(&w->lock);
    if (is_report)
        acknowledge(w, &report);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count, const int *granted)
{
    struct job_world *w = ctx;
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
    struct job_world *w = ctx;
    (void)pthread_mutex_lock(&w->lock);
    bool yes = w->subscribed;
    (void)pthread_mutex_unlock(&w->lock);
    return yes;
}

static bool is_over(struct job_world *w)
{
    (void)pthread_mutex_lock(&w->lock);
    bool yes = w->over;
    (void)pthread_mutex_unlock(&w->lock);
    return yes;
}

static void *listen_to_device(void *ctx)
{
    struct job_world *w = ctx;
    while (!is_over(w) && mosquitto_loop(w->client, 50, 1) == 0)
        ;
    return NULL;
}

static bool connects(void *ctx)
{
    struct job_world *w = ctx;
    return mosquitto_connect(w->client, "127.0.0.1", w->plain_port, 60) == 0;
}

static void start_broker(struct job_world *w)
{
    char conf[192], text[2048];
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
    write_file(conf, text, 0600);
    const char *const argv[] = {"/usr/sbin/mosquitto", "-c", conf, NULL};
    gw_proc_start(&w->broker, argv, NULL);
    (void)mosquitto_lib_init();
    w->client = mosquitto_new("the-gateway", true, w);
    mosquitto_message_callback_set(w->client, on_message);
    mosquitto_subscribe_callback_set(w->client, on_subscribe);
    CU_ASSERT_FATAL(gw_await(connects, w, WORLD_LIMIT_MS));
    (void)mosquitto_threaded_set(w->client, true);
    must(mosquitto_subscribe(w->client, NULL, TOPIC "up/#", 1) == 0);
    must(pthread_create(&w->thread, NULL, listen_to_device, w) == 0);
    CU_ASSERT_FATAL(gw_await(is_subscribed, w, WORLD_LIMIT_MS));
}

/* ---- the vendor ---- */

void job_world_image(struct job_world *w, const char *attempt, size_t bytes, struct vendor_release *release)
{
    static char image[16 * 1024 * 1024];
    char path[400];
    must(bytes >= IMAGE_LINE && bytes <= sizeof(image));
    gw_random(image, bytes);
    int n = snprintf(image, IMAGE_LINE, "IMAGE %s\n", release->version);
    must(n > 0);
    (void)snprintf(path, sizeof(path), "%s/artifacts", w->dir);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s", w->dir, attempt);
    (void)mkdir(path, 0700);
    release->file = "pump.img";
    release->size = bytes;
    agent_hash_ops()->digest(gw_view_make(image, bytes), &release->sha256);
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s/%s", w->dir, attempt, release->file);
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, gw_view_make(image, bytes), 0600, NULL), NULL);
}

void job_world_message(struct job_world *w, const char *attempt, const struct vendor_release *release,
                       struct job_message *ret_message)
{
    vendor_message(w->vendor, attempt, release, ret_message);
}

void job_world_offer(struct job_world *w, struct job_message *message)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_err err = {0};
    message->n = ++w->n;
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    GW_ASSERT_OK(job_message_format(message, &text, &err), &err);
    CU_ASSERT_EQUAL(mosquitto_publish(w->client, NULL, TOPIC "dn/job", (int)text.len, text.ptr, 1, false), 0);
}

void job_world_offer_release(struct job_world *w, const char *attempt, const struct vendor_release *release)
{
    GW_CLEANUP(job_message_done) struct job_message m = {0};
    job_world_message(w, attempt, release, &m);
    job_world_offer(w, &m);
}

void job_world_withdraw(struct job_world *w)
{
    struct job_message m = {.has_job = false};
    job_world_offer(w, &m);
}

/* ---- the device ---- */

static void seed_slots(struct job_world *w)
{
    char path[320];
    const char *const slots[] = {"a", "b"};
    (void)mkdir(w->device, 0700);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", w->device, slots[i]);
        (void)mkdir(path, 0700);
    }
    job_world_write(w, "a/image", "IMAGE 1.0.0\n");
    job_world_write(w, "active", "a\n");
    job_world_write(w, "good", "a\n");
    job_world_write(w, "primary", "a\n");
    job_world_write(w, "boots", "1\n");
}

/* Enrolled already: this is not about enrolment. */
static void seed_identity(struct job_world *w)
{
    static const char *const names[] = {"root.pem", "device.pem", "device.key"};
    struct test_cert cert;
    char path[320];
    test_pki_issue(&w->pki, DEVICE, false, 86400, &cert);
    const char *from[] = {w->pki.ca_file, cert.cert_file, cert.key_file};
    (void)snprintf(path, sizeof(path), "%s/state", w->dir);
    (void)mkdir(path, 0700);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/state/%s", w->dir, names[i]);
        write_file(path, read_path(from[i]), 0600);
    }
}

static void spki_pin(const struct job_world *w, char out[2 * GW_SHA256_LEN + 1])
{
    unsigned char *der = NULL;
    struct gw_sha256 hash;
    int len = i2d_PUBKEY(w->pki.key, &der);
    must(len > 0);
    agent_hash_ops()->digest(gw_view_make(der, (size_t)len), &hash);
    OPENSSL_free(der);
    gw_hex_format(hash.bytes, GW_SHA256_LEN, out);
}

static void configure(struct job_world *w, const char *extra)
{
    char path[320], text[4096], pin[2 * GW_SHA256_LEN + 1];
    spki_pin(w, pin);
    (void)snprintf(path, sizeof(path), "%s/vendor.pem", w->dir);
    vendor_write_public(path, w->vendor);
    (void)snprintf(text, sizeof(text),
                   "[gateway]\nhost = \"127.0.0.1\"\nhttps_port = %u\nmqtt_port = %u\nca_sha256 = \"%s\"\n"
                   "[device]\nid = \"" DEVICE "\"\nproduct = \"pump\"\nhardware = \"rev-c\"\n"
                   "[state]\ndir = \"%s/state\"\n[log]\nlevel = \"debug\"\n"
                   "[update]\nvendor_keys = [\"%s/vendor.pem\"]\nhandler = \"script\"\nscript = \"%s/ab_handler.sh\"\n"
                   "postpone_file = \"%s/not-now\"\n%s",
                   w->server.tls.port, w->tls_port, pin, w->dir, w->dir, w->dir, w->dir, extra);
    (void)snprintf(path, sizeof(path), "%s/agent.toml", w->dir);
    write_file(path, text, 0600);
    (void)snprintf(path, sizeof(path), "%s/ab_handler.sh", w->dir);
    write_file(path, read_path(GW_SOURCE_DIR "/tests/integration/agent_job/ab_handler.sh"), 0700);
}

void job_world_init(struct job_world *w, const char *extra_update)
{
    *w = (struct job_world){.n = 0};
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)snprintf(w->dir, sizeof(w->dir), "%s", gw_test_dir());
    (void)snprintf(w->device, sizeof(w->device), "%s/device", w->dir);
    test_pki_init(&w->pki, w->dir, "gateway");
    w->vendor = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    w->stranger = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    w->server = (struct artifact_server){.tls.pki = &w->pki};
    (void)snprintf(w->server.root, sizeof(w->server.root), "%s", w->dir);
    (void)snprintf(w->server.record, sizeof(w->server.record), "%s/record", w->dir);
    artifact_server_start(&w->server);
    start_broker(w);
    seed_slots(w);
    seed_identity(w);
    configure(w, extra_update);
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

void job_world_done(struct job_world *w)
{
    kill_and_wait(&w->agent);
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

void job_world_start_agent(struct job_world *w)
{
    char config[192];
    (void)snprintf(config, sizeof(config), "%s/agent.toml", w->dir);
    const char *const argv[] = {GW_BIN_DIR "/gatehouse-agent", "--config", config, NULL};
    gw_proc_start(&w->agent, argv, NULL);
    bool up = gw_proc_await(&w->agent, "session up", WORLD_LIMIT_MS);
    if (!up)
        printf("#   the agent says: %s\n", w->agent.out ? w->agent.out : "");
    CU_ASSERT_TRUE_FATAL(up);
}

void job_world_kill_agent(struct job_world *w)
{
    kill_and_wait(&w->agent);
}

void job_world_reboot(struct job_world *w, bool broken)
{
    char slot[16], boots[24];
    job_world_kill_agent(w);
    (void)snprintf(slot, sizeof(slot), "%s", job_world_read(w, broken ? "good" : "primary"));
    job_world_write(w, "active", slot);
    (void)snprintf(boots, sizeof(boots), "%ld\n", strtol(job_world_read(w, "boots"), NULL, 10) + 1);
    job_world_write(w, "boots", boots);
}

/* ---- waiting ---- */

struct wanted {
    struct job_world *w;
    enum job_state state;
    size_t from, at;
};

static bool is_there(void *ctx)
{
    struct wanted *wanted = ctx;
    bool found = false;
    (void)pthread_mutex_lock(&wanted->w->lock);
    for (size_t i = wanted->from; i < wanted->w->report_count && !found; i++) {
        found = wanted->w->reports[i].state == wanted->state;
        wanted->at = i;
    }
    (void)pthread_mutex_unlock(&wanted->w->lock);
    return found;
}

bool job_world_await(struct job_world *w, enum job_state state, size_t *from, struct job_report *ret_report)
{
    struct wanted wanted = {.w = w, .state = state, .from = *from};
    if (!gw_await(is_there, &wanted, WORLD_LIMIT_MS)) {
        (void)gw_proc_await(&w->agent, "\n", 0);
        printf("#   no report \"%s\"; the agent says:\n%s\n", job_state_text(state), w->agent.out ? w->agent.out : "");
        return false;
    }
    (void)pthread_mutex_lock(&w->lock);
    if (ret_report)
        *ret_report = w->reports[wanted.at];
    *from = wanted.at + 1;
    (void)pthread_mutex_unlock(&w->lock);
    return true;
}
