#include "mqtt_conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "gw_cleanup.h"
#include "mqtt.h"

#define MESSAGE_IDS    65536
#define READS_PER_WAKE 64  /* packets; then the loop's other work has its turn */
#define INFLIGHT       100 /* unacknowledged QoS 1 messages on the wire */

static int filter_count(const struct mqtt_conn *conn)
{
    return conn->filters[MQTT_CONN_FILTERS - 1] ? MQTT_CONN_FILTERS : MQTT_CONN_FILTERS - 1;
}

static void on_connect(struct mosquitto *client, void *ctx, int rc)
{
    struct mqtt_conn *conn = ctx;
    int mid;
    if (rc || mosquitto_subscribe_multiple(client, &mid, filter_count(conn), (char *const *)(uintptr_t)conn->filters, 1,
                                           0, NULL))
        conn->lost = true;
}

static void on_subscribe(struct mosquitto *client, void *ctx, int mid, int count, const int *granted)
{
    (void)client;
    (void)mid;
    struct mqtt_conn *conn = ctx;
    bool all = count == filter_count(conn);
    for (int i = 0; i < count; i++)
        all = all && granted[i] == 1;
    conn->subscribed = all;
    conn->lost = conn->lost || !all;
}

static void on_disconnect(struct mosquitto *client, void *ctx, int rc)
{
    (void)client;
    (void)rc;
    ((struct mqtt_conn *)ctx)->lost = true;
}

static void on_message(struct mosquitto *client, void *ctx, const struct mosquitto_message *message)
{
    (void)client;
    struct mqtt_conn *conn = ctx;
    if (message->retain || message->payloadlen < 0)
        return; /* nothing of ours is retained */
    conn->ops->message(conn->owner, conn, message->topic, gw_view_make(message->payload, (size_t)message->payloadlen));
}

static void on_publish(struct mosquitto *client, void *ctx, int mid)
{
    (void)client;
    struct mqtt_conn *conn = ctx;
    uint32_t *size = &conn->pending_sizes[mid & (MESSAGE_IDS - 1)];
    if (*size == 0) {
        conn->early_mid = (uint16_t)mid;
        return;
    }
    conn->pending_bytes -= *size - 1;
    conn->pending_messages--;
    *size = 0;
}

static void watch(struct mqtt_conn *conn);

static void after_io(struct mqtt_conn *conn)
{
    if (!conn->lost)
        watch(conn);
    conn->ops->changed(conn->owner);
}

/* One mosquitto_loop_read() reads about one packet: go on while there is more, within reason. */
static void read_packets(struct mqtt_conn *conn)
{
    int waiting = 1;
    for (int i = 0; i < READS_PER_WAKE && waiting > 0 && !conn->lost; i++) {
        if (mosquitto_loop_read(conn->client, 1)) {
            conn->lost = true;
            return;
        }
        int fd = mosquitto_socket(conn->client);
        if (fd < 0 || ioctl(fd, FIONREAD, &waiting))
            return;
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct mqtt_conn *conn = poll->data;
    if (status < 0)
        conn->lost = true;
    if (!conn->lost && (events & UV_WRITABLE) && mosquitto_loop_write(conn->client, 1))
        conn->lost = true;
    if (!conn->lost && (events & UV_READABLE))
        read_packets(conn);
    after_io(conn);
}

static void watch(struct mqtt_conn *conn)
{
    int events = UV_READABLE | (mosquitto_want_write(conn->client) ? UV_WRITABLE : 0);
    if (uv_poll_start(conn->poll, events, on_poll))
        conn->lost = true;
}

static bool start_client(struct mqtt_conn *conn, const char *socket_path, const char *secret)
{
    conn->client = mosquitto_new(conn->client_id, true, conn);
    if (!conn->client)
        return false;
    mosquitto_connect_callback_set(conn->client, on_connect);
    mosquitto_subscribe_callback_set(conn->client, on_subscribe);
    mosquitto_disconnect_callback_set(conn->client, on_disconnect);
    mosquitto_message_callback_set(conn->client, on_message);
    mosquitto_publish_callback_set(conn->client, on_publish);
    return !mosquitto_int_option(conn->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311) &&
           !mosquitto_max_inflight_messages_set(conn->client, INFLIGHT) &&
           !mosquitto_username_pw_set(conn->client, conn->client_id, secret) &&
           !mosquitto_connect(conn->client, socket_path, 0, MQTT_KEEPALIVE_S) && mosquitto_socket(conn->client) >= 0;
}

bool mqtt_conn_open(struct mqtt_conn *conn, uv_loop_t *loop, const char *socket_path, const char *secret)
{
    if (!conn->pending_sizes)
        conn->pending_sizes = gw_xalloc(MESSAGE_IDS, sizeof(conn->pending_sizes[0]));
    if (!start_client(conn, socket_path, secret)) {
        mqtt_conn_close(conn);
        return false;
    }
    conn->poll = gw_xalloc(1, sizeof(*conn->poll));
    conn->poll->data = conn;
    if (uv_poll_init(loop, conn->poll, mosquitto_socket(conn->client))) {
        free(GW_TAKE(conn->poll));
        mqtt_conn_close(conn);
        return false;
    }
    watch(conn);
    return true;
}

struct closing {
    const struct mqtt_conn_ops *ops;
    void *owner;
};

static void on_closed(uv_handle_t *handle)
{
    struct closing *closing = handle->data;
    closing->ops->handle_gone(closing->owner);
    free(closing);
    free(handle);
}

/* The poll goes first: it must not watch a descriptor that has another meaning already. */
void mqtt_conn_close(struct mqtt_conn *conn)
{
    if (conn->poll) {
        struct closing *closing = gw_xalloc(1, sizeof(*closing));
        *closing = (struct closing){conn->ops, conn->owner};
        conn->poll->data = closing;
        uv_close((uv_handle_t *)GW_TAKE(conn->poll), on_closed);
    }
    if (conn->client)
        mosquitto_destroy(conn->client);
    conn->client = NULL;
    conn->subscribed = conn->lost = false;
    conn->pending_messages = conn->pending_bytes = 0;
    if (conn->pending_sizes)
        memset(conn->pending_sizes, 0, MESSAGE_IDS * sizeof(conn->pending_sizes[0]));
}

void mqtt_conn_done(struct mqtt_conn *conn)
{
    mqtt_conn_close(conn);
    free(conn->pending_sizes);
    conn->pending_sizes = NULL;
}

bool mqtt_conn_publish(struct mqtt_conn *conn, const char *topic, struct gw_view payload, int qos)
{
    int mid = 0;
    conn->early_mid = 0;
    if (conn->lost || mosquitto_publish(conn->client, &mid, topic, (int)payload.len, payload.ptr, qos, false)) {
        conn->lost = true;
        return false;
    }
    if (conn->early_mid != (uint16_t)mid) {
        conn->pending_sizes[mid & (MESSAGE_IDS - 1)] = (uint32_t)payload.len + 1;
        conn->pending_bytes += payload.len;
        conn->pending_messages++;
    }
    if (!conn->lost)
        watch(conn);
    return !conn->lost;
}

void mqtt_conn_tick(struct mqtt_conn *conn)
{
    /* Before that the library would take a silent broker for a dead one; see mqtt_internal.h. */
    if (conn->client && conn->subscribed && !conn->lost && mosquitto_loop_misc(conn->client))
        conn->lost = true;
    if (conn->client)
        after_io(conn);
}
