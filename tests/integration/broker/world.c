#include "world.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "broker_conf.h"
#include "bulk_hash.h"
#include "gw_fs.h"

static void write_file(const char *path, const struct gw_buf *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FATAL(write(fd, content->ptr, content->len) == (ssize_t)content->len);
    (void)close(fd);
}

/* Returns the read end, which the broker inherits; the write end is closed on exec. */
static int make_pipe(int *ret_write_end)
{
    int ends[2];
    CU_ASSERT_FATAL(pipe(ends) == 0);
    CU_ASSERT_FATAL(fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
    *ret_write_end = ends[1];
    return ends[0];
}

static void write_conf(struct world *w, int secret_fd, int lifeline_fd, char conf_path[200], char cnf_path[200])
{
    struct broker_conf c = {
        .listen_address = "127.0.0.1",
        .listen_port = w->port,
        .ca_file = w->pki.ca_file,
        .cert_file = w->server.cert_file,
        .key_file = w->server.key_file,
        .socket_path = w->socket,
        .plugin_path = BROKER_PLUGIN,
        .user = geteuid() == 0 ? "root" : NULL,
        .secret_fd = secret_fd,
        .lifeline_fd = lifeline_fd,
        .max_devices = 1000,
        .rate_messages = w->rate_messages,
    };
    struct gw_buf conf, cnf;
    struct gw_err err = {0};
    gw_buf_init(&conf, BROKER_CONF_TEXT_MAX);
    gw_buf_init(&cnf, BROKER_CONF_TEXT_MAX);
    GW_ASSERT_OK(broker_conf_write(&c, &conf, &cnf, &err), &err);
    (void)snprintf(conf_path, 200, "%s/mosquitto.conf", w->dir);
    (void)snprintf(cnf_path, 200, "%s/openssl.cnf", w->dir);
    write_file(conf_path, &conf);
    write_file(cnf_path, &cnf);
    gw_buf_done(&conf);
    gw_buf_done(&cnf);
}

void world_broker_start(struct world *w)
{
    int secret_in, lifeline_in;
    uint8_t secret[MQTT_SECRET_LEN / 2];
    if (!w->secret[0]) {
        gw_random(secret, sizeof(secret));
        gw_hex_format(secret, sizeof(secret), w->secret);
    }
    int secret_fd = make_pipe(&secret_in);
    int lifeline_fd = make_pipe(&lifeline_in);
    CU_ASSERT_FATAL(write(secret_in, w->secret, MQTT_SECRET_LEN) == MQTT_SECRET_LEN);
    (void)close(secret_in);
    char conf_path[200], cnf_path[200], env_cnf[256];
    write_conf(w, secret_fd, lifeline_fd, conf_path, cnf_path);
    (void)snprintf(env_cnf, sizeof(env_cnf), "OPENSSL_CONF=%s", w->tickets ? "/dev/null" : cnf_path);
    const char *const env[] = {env_cnf, BROKER_PRELOAD, BROKER_LEAKS, NULL};
    gw_proc_start(&w->broker, (const char *const[]){"/usr/sbin/mosquitto", "-c", conf_path, NULL}, env);
    (void)close(secret_fd);
    (void)close(lifeline_fd);
    w->lifeline = lifeline_in;
    bool runs = gw_proc_await(&w->broker, "running", WORLD_LIMIT_MS);
    if (!runs)
        printf("# broker: %s\n", w->broker.out);
    CU_ASSERT_FATAL(runs);
}

void world_init(struct world *w)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)mosquitto_lib_init();
    (void)snprintf(w->dir, sizeof(w->dir), "%s", gw_test_dir());
    (void)snprintf(w->socket, sizeof(w->socket), "%s/bus.sock", w->dir);
    w->port = gw_test_port();
    test_pki_init(&w->pki, w->dir, "gate");
    test_pki_issue(&w->pki, "gateway", true, 3600, &w->server);
    CU_ASSERT_FATAL(uv_loop_init(&w->loop) == 0);
    world_broker_start(w);
}

void world_bus_stop(struct world *w)
{
    mqtt_free(w->mqtt);
    w->mqtt = NULL;
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
}

void world_done(struct world *w)
{
    for (size_t i = 0; i < WORLD_DEVICES; i++)
        world_device_close(&w->devices[i]);
    world_bus_stop(w);
    CU_ASSERT(uv_loop_close(&w->loop) == 0);
    if (w->broker.pid > 0) {
        gw_proc_signal(&w->broker, SIGTERM);
        int code = gw_proc_wait(&w->broker, WORLD_LIMIT_MS);
        if (code)
            printf("# broker: %s\n", w->broker.out);
        CU_ASSERT_EQUAL(code, 0);
    }
    gw_proc_done(&w->broker);
    if (w->lifeline >= 0)
        (void)close(w->lifeline);
    test_pki_done(&w->pki);
    (void)mosquitto_lib_cleanup();
}

const struct world_online *world_seen(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->seen_count; i++)
        if (strcmp(w->seen[i].id.text, id) == 0)
            return &w->seen[i];
    return NULL;
}

bool world_is_online(const struct world *w, const char *id)
{
    const struct world_online *seen = world_seen(w, id);
    return seen && seen->online;
}

static void note_presence(struct world *w, const struct bus_event *event)
{
    size_t i = 0;
    while (i < w->seen_count && !gw_device_id_eq(&w->seen[i].id, &event->device))
        i++;
    CU_ASSERT_FATAL(i < sizeof(w->seen) / sizeof(w->seen[0]));
    if (i == w->seen_count)
        w->seen_count++;
    w->seen[i] = (struct world_online){event->device, event->online, event->cert_sha256, ""};
    memcpy(w->seen[i].source, event->source, sizeof(event->source));
}

static void on_event(void *ctx, const struct bus_event *event)
{
    struct world *w = ctx;
    w->counts[event->kind]++;
    switch (event->kind) {
    case BUS_UP:
    case BUS_DOWN:
        return;
    case BUS_MESSAGE:
        w->last_message = *event;
        (void)snprintf(w->last_payload, sizeof(w->last_payload), GW_VIEW_FMT, GW_VIEW_ARG(event->payload));
        return;
    case BUS_REGISTRY_AT:
        w->at = event->generation;
        return;
    case BUS_REGISTRY_WANTED:
        w->wanted = event->generation;
        return;
    case BUS_PRESENCE:
        note_presence(w, event);
        return;
    case BUS_PRESENCE_SYNC:
        w->seen_count = 0;
        return;
    case BUS_SECURITY:
        if (w->security_count < sizeof(w->security) / sizeof(w->security[0]))
            w->security[w->security_count++] = *event;
        return;
    }
}

void world_bus(struct world *w)
{
    struct mqtt_config config = {
        .loop = &w->loop,
        .socket_path = w->socket,
        .secret = w->secret,
        .sha256 = bulk_hash_ops(),
        .event = on_event,
        .ctx = w,
    };
    struct gw_err err = {0};
    size_t ups = w->counts[BUS_UP];
    GW_ASSERT_OK(mqtt_new(&config, &w->mqtt, &err), &err);
    w->bus = mqtt_bus(w->mqtt);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, w->counts[BUS_UP] > ups));
}

static void turn_device(struct world_device *d, short events)
{
    if (!d->client || d->over)
        return;
    if ((events & POLLOUT) && mosquitto_loop_write(d->client, 1))
        d->over = true;
    if (!d->over && (events & (POLLIN | POLLHUP | POLLERR)) && mosquitto_loop_read(d->client, 1))
        d->over = true;
    if (!d->over && mosquitto_loop_misc(d->client))
        d->over = true;
}

void world_step(struct world *w)
{
    struct pollfd fds[WORLD_DEVICES + 1] = {{.fd = uv_backend_fd(&w->loop), .events = POLLIN}};
    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        struct world_device *d = &w->devices[i];
        bool live = d->client && !d->over;
        fds[i + 1].fd = live ? mosquitto_socket(d->client) : -1;
        fds[i + 1].events = (short)(POLLIN | (live && mosquitto_want_write(d->client) ? POLLOUT : 0));
    }
    int timeout = uv_backend_timeout(&w->loop);
    (void)poll(fds, WORLD_DEVICES + 1, timeout < 0 || timeout > 20 ? 20 : timeout);
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    for (size_t i = 0; i < WORLD_DEVICES; i++)
        turn_device(&w->devices[i], fds[i + 1].revents);
}

struct bus_entry world_entry(const char *id, const struct test_cert *cert)
{
    struct bus_entry entry = {.cert_sha256 = cert->sha256, .not_after = cert->not_after};
    CU_ASSERT_FATAL(gw_device_id_parse(gw_view_str(id), &entry.id) == GW_OK);
    return entry;
}

void world_registry(struct world *w, uint64_t generation, const struct bus_entry *entries, size_t count)
{
    struct gw_err err = {0};
    GW_ASSERT_OK(w->bus.ops->registry_all(w->bus.self, generation, entries, count, &err), &err);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, w->at == generation));
}

void world_change(struct world *w, uint64_t generation, const char *id, const struct bus_entry *entries, size_t count)
{
    struct gw_err err = {0};
    struct gw_device_id device;
    CU_ASSERT_FATAL(gw_device_id_parse(gw_view_str(id), &device) == GW_OK);
    GW_ASSERT_OK(w->bus.ops->registry_device(w->bus.self, generation, &device, entries, count, &err), &err);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, w->at == generation));
}

const struct bus_event *world_security(const struct world *w, enum registry_reason reason, const char *id)
{
    for (size_t i = w->security_count; i-- > 0;)
        if (strcmp(w->security[i].reason, registry_reason_text(reason)) == 0 &&
            (!id || strcmp(w->security[i].device.text, id) == 0))
            return &w->security[i];
    return NULL;
}

static void on_connack(struct mosquitto *client, void *ctx, int rc)
{
    (void)client;
    struct world_device *d = ctx;
    d->connack = rc;
    d->connected = rc == 0;
}

static void on_gone(struct mosquitto *client, void *ctx, int rc)
{
    (void)client;
    (void)rc;
    struct world_device *d = ctx;
    d->over = true;
    d->connected = false;
}

static void on_granted(struct mosquitto *client, void *ctx, int mid, int count, const int *granted)
{
    (void)client;
    (void)mid;
    ((struct world_device *)ctx)->granted = count > 0 ? granted[0] : 128;
}

static void on_acknowledged(struct mosquitto *client, void *ctx, int mid)
{
    (void)client;
    (void)mid;
    ((struct world_device *)ctx)->acknowledged++;
}

static void on_device_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    (void)client;
    struct world_device *d = ctx;
    d->messages++;
    d->payload_len = message->payloadlen;
    (void)snprintf(d->topic, sizeof(d->topic), "%s", message->topic);
    (void)snprintf(d->payload, sizeof(d->payload), "%.*s", message->payloadlen, (const char *)message->payload);
}

static struct world_device *make_client(struct world *w, const char *client_id, int flags)
{
    struct world_device *d = w->devices;
    while (d < w->devices + WORLD_DEVICES && d->client)
        d++;
    CU_ASSERT_FATAL(d < w->devices + WORLD_DEVICES);
    *d = (struct world_device){.connack = -1, .granted = -1};
    d->client = mosquitto_new(client_id, !(flags & WORLD_PERSISTENT), d);
    CU_ASSERT_FATAL(d->client != NULL);
    (void)mosquitto_int_option(d->client, MOSQ_OPT_PROTOCOL_VERSION,
                               flags & WORLD_V5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    (void)mosquitto_int_option(d->client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_callback_set(d->client, on_connack);
    mosquitto_disconnect_callback_set(d->client, on_gone);
    mosquitto_subscribe_callback_set(d->client, on_granted);
    mosquitto_publish_callback_set(d->client, on_acknowledged);
    mosquitto_message_callback_set(d->client, on_device_message);
    return d;
}

struct world_device *world_device(struct world *w, const char *client_id, const struct test_cert *cert, int flags)
{
    struct world_device *d = make_client(w, client_id, flags);
    if (flags & WORLD_WILL) {
        char topic[128];
        (void)snprintf(topic, sizeof(topic), "gw/v1/%s/up/line", client_id);
        CU_ASSERT_FATAL(mosquitto_will_set(d->client, topic, 4, "will", 1, false) == 0);
    }
    CU_ASSERT_FATAL(mosquitto_tls_set(d->client, w->pki.ca_file, NULL, cert->cert_file, cert->key_file, NULL) == 0);
    if (mosquitto_connect(d->client, "127.0.0.1", w->port, 60))
        d->over = true;
    return d;
}

static int outcome(struct world *w, struct world_device *d)
{
    CU_ASSERT_FATAL(WORLD_AWAIT(w, d->connack >= 0 || d->over));
    return d->connack;
}

int world_connect(struct world *w, const char *client_id, const struct test_cert *cert, int flags,
                  struct world_device **ret_device)
{
    struct world_device *d = world_device(w, client_id, cert, flags);
    int code = outcome(w, d);
    if (ret_device)
        *ret_device = d;
    else
        world_device_close(d);
    return code;
}

int world_local(struct world *w, const char *client_id, const char *user, const char *password)
{
    struct world_device *d = make_client(w, client_id, 0);
    (void)mosquitto_username_pw_set(d->client, user, password);
    if (mosquitto_connect(d->client, w->socket, 0, 60))
        d->over = true;
    int code = outcome(w, d);
    world_device_close(d);
    return code;
}

void world_device_close(struct world_device *device)
{
    if (device->client)
        mosquitto_destroy(device->client);
    device->client = NULL;
}

int world_subscribe(struct world *w, struct world_device *device, const char *filter)
{
    device->granted = -1;
    CU_ASSERT_FATAL(mosquitto_subscribe(device->client, NULL, filter, 1) == 0);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, device->granted >= 0 || device->over));
    return device->granted;
}

void world_publish(struct world *w, struct world_device *device, const char *topic, const char *payload, int qos,
                   bool retain)
{
    int before = device->acknowledged;
    CU_ASSERT_FATAL(mosquitto_publish(device->client, NULL, topic, (int)strlen(payload), payload, qos, retain) == 0);
    CU_ASSERT_FATAL(WORLD_AWAIT(w, device->acknowledged > before || device->over));
}
