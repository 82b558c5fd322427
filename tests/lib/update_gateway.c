#include "update_gateway.h"

#include <mosquitto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bulk_hash.h"
#include "gw_cleanup.h"
#include "gw_fs.h"
#include "gw_test.h"

#define IMAGE_NAME "pump.img"
#define FILE_MAX_B (1024 * 1024)

static void must(bool ok)
{
    if (!ok)
        abort();
}

void update_write(const char *path, struct gw_view bytes, unsigned mode)
{
    GW_ASSERT_OK(gw_fs_replace(gw_fs_posix(), path, bytes, (mode_t)mode, NULL), NULL);
}

void update_copy(const char *from, const char *to, unsigned mode)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes;
    gw_buf_init(&bytes, FILE_MAX_B);
    GW_ASSERT_OK(gw_fs_read_file(from, &bytes, NULL), NULL);
    update_write(to, gw_buf_view(&bytes), mode);
}

void update_kill(struct gw_proc *p)
{
    if (p->pid > 0) {
        gw_proc_signal(p, SIGKILL);
        (void)gw_proc_wait(p, UPDATE_LIMIT_MS);
    }
    gw_proc_done(p);
}

/* ---- the bus ---- */

static bool publish(struct update_gateway *g, enum topic_kind kind, const struct gw_device_id *device, int qos,
                    const struct gw_buf *text)
{
    const struct topic topic = {kind, *device};
    char name[TOPIC_TEXT_MAX];
    must(!topic_format(&topic, name));
    return mosquitto_publish(g->client, NULL, name, (int)text->len, text->ptr, qos, false) == 0;
}

static void acknowledge(struct update_gateway *g, const struct gw_device_id *device, const struct job_report *report)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct job_ack ack = {.rev = report->rev, .state = report->state};
    memcpy(ack.job, report->job, sizeof(ack.job));
    gw_buf_init(&text, 1024);
    must(!job_ack_format(&ack, &text));
    (void)publish(g, TOPIC_DN_JOBACK, device, 0, &text); /* the device says it again */
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    struct update_gateway *g = ctx;
    struct gw_view payload = gw_view_make(message->payload, (size_t)message->payloadlen);
    struct topic topic;
    struct job_report report;
    (void)client;
    must(!topic_parse(gw_view_str(message->topic), &topic));
    bool reports = topic.kind == TOPIC_UP_JOB && !job_report_parse(payload, &report, NULL);
    (void)pthread_mutex_lock(&g->lock);
    g->said(g->ctx, &topic, payload, reports ? &report : NULL);
    (void)pthread_mutex_unlock(&g->lock);
    if (reports)
        acknowledge(g, &topic.device, &report);
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count, const int *granted)
{
    struct update_gateway *g = ctx;
    (void)client;
    (void)mid;
    (void)count;
    (void)granted;
    (void)pthread_mutex_lock(&g->lock);
    g->subscribed = true;
    (void)pthread_mutex_unlock(&g->lock);
}

static bool is_subscribed(void *ctx)
{
    struct update_gateway *g = ctx;
    (void)pthread_mutex_lock(&g->lock);
    bool yes = g->subscribed;
    (void)pthread_mutex_unlock(&g->lock);
    return yes;
}

static bool is_over(struct update_gateway *g)
{
    (void)pthread_mutex_lock(&g->lock);
    bool yes = g->over;
    (void)pthread_mutex_unlock(&g->lock);
    return yes;
}

static void *listen_to_devices(void *ctx)
{
    struct update_gateway *g = ctx;
    while (!is_over(g) && mosquitto_loop(g->client, 50, 1) == 0)
        ;
    return NULL;
}

static bool connects(void *ctx)
{
    struct update_gateway *g = ctx;
    return mosquitto_connect(g->client, "127.0.0.1", g->plain_port, 60) == 0;
}

static void start_broker(struct update_gateway *g)
{
    char conf[UPDATE_PATH_MAX], text[2048];
    struct test_cert cert;
    test_pki_issue(&g->pki, "the-broker", true, 3600, &cert);
    g->tls_port = gw_test_port();
    g->plain_port = gw_test_port();
    (void)snprintf(conf, sizeof(conf), "%s/broker.conf", g->dir);
    (void)snprintf(text, sizeof(text),
                   "per_listener_settings false\nallow_anonymous true\nuser root\n"
                   "listener %u 127.0.0.1\n"
                   "listener %u 127.0.0.1\ncafile %s\ncertfile %s\nkeyfile %s\nrequire_certificate true\n"
                   "tls_version tlsv1.3\n",
                   g->plain_port, g->tls_port, g->pki.ca_file, cert.cert_file, cert.key_file);
    update_write(conf, gw_view_str(text), 0600);
    const char *const argv[] = {"/usr/sbin/mosquitto", "-c", conf, NULL};
    gw_proc_start(&g->broker, argv, NULL);
}

static void start_client(struct update_gateway *g)
{
    (void)mosquitto_lib_init();
    g->client = mosquitto_new("the-gateway", true, g);
    mosquitto_message_callback_set(g->client, on_message);
    mosquitto_subscribe_callback_set(g->client, on_subscribe);
    CU_ASSERT_FATAL(gw_await(connects, g, UPDATE_LIMIT_MS));
    (void)mosquitto_threaded_set(g->client, true);
    must(mosquitto_subscribe(g->client, NULL, "gw/v1/+/up/#", 1) == 0);
    must(pthread_create(&g->thread, NULL, listen_to_devices, g) == 0);
    CU_ASSERT_FATAL(gw_await(is_subscribed, g, UPDATE_LIMIT_MS));
}

/* ---- the whole ---- */

void update_gateway_init(struct update_gateway *g, update_gateway_fn *said, void *ctx)
{
    char path[UPDATE_PATH_MAX];
    *g = (struct update_gateway){.said = said, .ctx = ctx};
    (void)pthread_mutex_init(&g->lock, NULL);
    (void)snprintf(g->dir, sizeof(g->dir), "%s", gw_test_dir());
    test_pki_init(&g->pki, g->dir, "gateway");
    g->vendor = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    g->stranger = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    (void)snprintf(path, sizeof(path), "%s/vendor.pem", g->dir);
    vendor_write_public(path, g->vendor);
    (void)snprintf(path, sizeof(path), "%s/artifacts", g->dir);
    (void)mkdir(path, 0700);
    g->server = (struct artifact_server){.tls.pki = &g->pki};
    (void)snprintf(g->server.root, sizeof(g->server.root), "%s", g->dir);
    (void)snprintf(g->server.record, sizeof(g->server.record), "%s/record", g->dir);
    artifact_server_start(&g->server);
    start_broker(g);
    start_client(g);
}

void update_gateway_done(struct update_gateway *g)
{
    (void)pthread_mutex_lock(&g->lock);
    g->over = true;
    (void)pthread_mutex_unlock(&g->lock);
    (void)pthread_join(g->thread, NULL);
    mosquitto_destroy(g->client);
    update_kill(&g->broker);
    artifact_server_stop(&g->server);
    EVP_PKEY_free(g->vendor);
    EVP_PKEY_free(g->stranger);
    test_pki_done(&g->pki);
    (void)pthread_mutex_destroy(&g->lock);
}

void update_gateway_release(struct gw_view image, struct vendor_release *release)
{
    release->file = IMAGE_NAME;
    release->size = image.len;
    bulk_hash_ops()->digest(image, &release->sha256);
}

void update_gateway_serve(struct update_gateway *g, const char *attempt, struct gw_view image)
{
    char path[UPDATE_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s", g->dir, attempt);
    (void)mkdir(path, 0700);
    (void)snprintf(path, sizeof(path), "%s/artifacts/%s/" IMAGE_NAME, g->dir, attempt);
    update_write(path, image, 0600);
}

void update_gateway_offer(struct update_gateway *g, const char *device, struct job_message *message)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf text;
    struct gw_device_id id = {.text = ""};
    struct gw_err err = {0};
    (void)snprintf(id.text, sizeof(id.text), "%s", device);
    message->n = ++g->n;
    gw_buf_init(&text, JOB_PAYLOAD_MAX);
    GW_ASSERT_OK(job_message_format(message, &text, &err), &err);
    CU_ASSERT(publish(g, TOPIC_DN_JOB, &id, 1, &text));
}

void update_gateway_identity(struct update_gateway *g, const char *device, const char *dir)
{
    struct test_cert cert;
    char path[UPDATE_PATH_MAX];
    test_pki_issue(&g->pki, device, false, 86400, &cert);
    (void)snprintf(path, sizeof(path), "%s/device.pem", dir);
    update_copy(cert.cert_file, path, 0600);
    (void)snprintf(path, sizeof(path), "%s/device.key", dir);
    update_copy(cert.key_file, path, 0600);
}

/* ---- reports ---- */

void update_reports_add(struct update_reports *reports, const struct job_report *report)
{
    if (reports->count < UPDATE_REPORTS)
        reports->at[reports->count++] = *report;
}

struct wanted {
    struct update_gateway *gateway;
    const struct update_reports *reports;
    enum job_state state;
    size_t at; /* in: the first; out: the one */
};

static bool is_there(void *ctx)
{
    struct wanted *wanted = ctx;
    bool found = false;
    (void)pthread_mutex_lock(&wanted->gateway->lock);
    for (size_t i = wanted->at; i < wanted->reports->count && !found; i++) {
        found = wanted->reports->at[i].state == wanted->state;
        if (found)
            wanted->at = i;
    }
    (void)pthread_mutex_unlock(&wanted->gateway->lock);
    return found;
}

bool update_reports_await(struct update_gateway *g, const struct update_reports *reports, enum job_state state,
                          size_t *from, struct job_report *ret_report)
{
    struct wanted wanted = {g, reports, state, *from};
    if (!gw_await(is_there, &wanted, UPDATE_LIMIT_MS))
        return false;
    if (ret_report)
        *ret_report = reports->at[wanted.at]; /* what stands there stays */
    *from = wanted.at + 1;
    return true;
}
