#include "mqtt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "broker_line.h"
#include "gw_cleanup.h"
#include "gw_id.h"
#include "mqtt_internal.h"

static void on_retry(uv_timer_t *timer);

static void emit(struct mqtt *m, enum bus_event_kind kind)
{
    struct bus_event event = {.kind = kind};
    m->event(m->ctx, &event);
}

static void wait_to_retry(struct mqtt *m)
{
    m->state = MQTT_WAITING;
    (void)uv_timer_start(&m->retry, on_retry, m->backoff_ms, 0); /* fails for a closing handle only */
    m->backoff_ms = m->backoff_ms * 2 > MQTT_BACKOFF_MAX_MS ? MQTT_BACKOFF_MAX_MS : m->backoff_ms * 2;
}

static void drop(struct mqtt *m)
{
    bool was_up = m->state == MQTT_UP;
    for (int role = 0; role < MQTT_ROLES; role++)
        mqtt_conn_close(&m->conns[role]);
    m->presence.listed = false;
    wait_to_retry(m);
    if (was_up)
        emit(m, BUS_DOWN);
}

static void attempt(struct mqtt *m)
{
    m->state = MQTT_CONNECTING;
    for (int role = 0; role < MQTT_ROLES; role++) {
        if (!mqtt_conn_open(&m->conns[role], m->loop, m->socket_path, m->secret)) {
            drop(m);
            return;
        }
        m->handles++;
    }
}

static void settle(void *owner)
{
    struct mqtt *m = owner;
    if (m->state != MQTT_CONNECTING && m->state != MQTT_UP)
        return;
    bool subscribed = true;
    for (int role = 0; role < MQTT_ROLES; role++) {
        if (m->conns[role].lost) {
            drop(m);
            return;
        }
        subscribed = subscribed && m->conns[role].subscribed;
    }
    if (m->state == MQTT_UP || !subscribed)
        return;
    m->state = MQTT_UP;
    m->backoff_ms = MQTT_BACKOFF_MIN_MS;
    emit(m, BUS_UP);
    if (m->state == MQTT_UP)
        mqtt_presence_ask(m);
}

static void on_retry(uv_timer_t *timer)
{
    struct mqtt *m = timer->data;
    if (m->state == MQTT_WAITING)
        attempt(m);
    else
        settle(m);
}

void mqtt_settle_soon(struct mqtt *m)
{
    if (m->state == MQTT_CONNECTING || m->state == MQTT_UP)
        (void)uv_timer_start(&m->retry, on_retry, 0, 0);
}

static void on_tick(uv_timer_t *timer)
{
    struct mqtt *m = timer->data;
    for (int role = 0; role < MQTT_ROLES; role++)
        mqtt_conn_tick(&m->conns[role]);
    if (m->state == MQTT_UP)
        mqtt_presence_tick(m);
}

static void handle_gone(void *owner)
{
    struct mqtt *m = owner;
    if (--m->handles > 0)
        return;
    for (int role = 0; role < MQTT_ROLES; role++)
        mqtt_conn_done(&m->conns[role]);
    explicit_bzero(m->secret, sizeof(m->secret));
    free(m->socket_path);
    free(m);
    (void)mosquitto_lib_cleanup();
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

static const struct mqtt_conn_ops conn_ops = {
    .message = mqtt_on_message,
    .changed = settle,
    .handle_gone = handle_gone,
};

static enum gw_rc check_config(const struct mqtt_config *config, struct gw_err *err)
{
    uint8_t secret[MQTT_SECRET_LEN / 2];
    enum gw_rc rc = gw_hex_parse(gw_view_str(config->secret), secret, sizeof(secret));
    explicit_bzero(secret, sizeof(secret));
    if (rc)
        return gw_err_set(err, GW_INVALID, "bus: the secret is not %d hex characters", MQTT_SECRET_LEN);
    if (config->socket_path[0] != '/' || strlen(config->socket_path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return gw_err_set(err, GW_INVALID, "bus: not a socket's absolute path: %s", config->socket_path);
    return GW_OK;
}

static struct mqtt *make(const struct mqtt_config *config)
{
    static const char *const filters[MQTT_ROLES][MQTT_CONN_FILTERS] = {
        [MQTT_LOG] = {TOPIC_FILTER_UP_LOG, TOPIC_FILTER_UP_LINE},
        [MQTT_CONTROL] = {TOPIC_FILTER_UP_STATE, TOPIC_FILTER_UP_JOB, TOPIC_BROKER_NOTICES},
    };
    static const char *const names[MQTT_ROLES] = {[MQTT_LOG] = "gw-log", [MQTT_CONTROL] = "gw-control"};
    struct mqtt *m = gw_xalloc(1, sizeof(*m));
    m->loop = config->loop;
    m->socket_path = gw_xstrdup(config->socket_path);
    memcpy(m->secret, config->secret, sizeof(m->secret));
    m->sha256 = config->sha256;
    m->event = config->event;
    m->ctx = config->ctx;
    m->state = MQTT_WAITING;
    m->backoff_ms = MQTT_BACKOFF_MIN_MS;
    for (int role = 0; role < MQTT_ROLES; role++) {
        struct mqtt_conn *conn = &m->conns[role];
        *conn = (struct mqtt_conn){.client_id = names[role], .ops = &conn_ops, .owner = m};
        memcpy(conn->filters, filters[role], sizeof(conn->filters));
    }
    return m;
}

enum gw_rc mqtt_new(const struct mqtt_config *config, struct mqtt **ret_mqtt, struct gw_err *err)
{
    enum gw_rc rc = check_config(config, err);
    if (rc)
        return rc;
    if (mosquitto_lib_init())
        return gw_err_set(err, GW_IO, "bus: libmosquitto does not start");
    struct mqtt *m = make(config);
    (void)uv_timer_init(m->loop, &m->retry); /* these four cannot fail: new timers with a function */
    (void)uv_timer_init(m->loop, &m->tick);
    m->retry.data = m->tick.data = m;
    m->handles = 2;
    (void)uv_timer_start(&m->retry, on_retry, 0, 0);
    (void)uv_timer_start(&m->tick, on_tick, MQTT_TICK_MS, MQTT_TICK_MS);
    *ret_mqtt = m;
    return GW_OK;
}

struct device_bus mqtt_bus(struct mqtt *mqtt)
{
    return (struct device_bus){.ops = &mqtt_bus_ops, .self = mqtt};
}

void mqtt_free(struct mqtt *mqtt)
{
    if (!mqtt)
        return;
    mqtt->state = MQTT_CLOSING;
    for (int role = 0; role < MQTT_ROLES; role++)
        mqtt_conn_close(&mqtt->conns[role]);
    uv_close((uv_handle_t *)&mqtt->retry, on_timer_closed);
    uv_close((uv_handle_t *)&mqtt->tick, on_timer_closed);
}
