/*
 * The broker's door to the plugin: options, registration, and one short function per event.
 *
 * Options (plugin_opt_<name> in mosquitto.conf, written by protocols/mqtt/broker_conf.c; never read again):
 *   secret_fd      inherited; 64 hex characters, read at start and closed
 *   lifeline_fd    inherited read end of a pipe; the broker ends at its end of file
 *   max_devices, rate_messages, rate_bytes, log_mib_day   ceilings; optional
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acl.h"
#include "control.h"
#include "gate.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "plugin.h"
#include "tick.h"

#define EXPORT         __attribute__((visibility("default")))
#define SECRET_WAIT_MS 2000

static int on_auth(int event, void *data, void *ctx)
{
    (void)event;
    const struct mosquitto_evt_basic_auth *auth = data;
    return gate_check(ctx, auth->client, auth->password);
}

static int on_acl(int event, void *data, void *ctx)
{
    (void)event;
    return acl_check(ctx, data);
}

static int on_control(int event, void *data, void *ctx)
{
    (void)event;
    const struct mosquitto_evt_control *control = data;
    control_message(ctx, control->client, gw_view_make(control->payload, control->payloadlen));
    return MOSQ_ERR_SUCCESS;
}

static int on_disconnect(int event, void *data, void *ctx)
{
    (void)event;
    const struct mosquitto_evt_disconnect *disconnect = data;
    plugin_disconnected(ctx, disconnect->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_reload(int event, void *data, void *ctx)
{
    (void)event;
    (void)data;
    ((struct plugin *)ctx)->reloading = true;
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *ctx)
{
    (void)event;
    (void)data;
    tick_run(ctx);
    return MOSQ_ERR_SUCCESS;
}

/* False when the option is there and not a number from min to max. */
static bool option_number(const struct mosquitto_opt *option, const char *name, int64_t min, int64_t *value,
                          int64_t max)
{
    if (strcmp(option->key, name) != 0)
        return true;
    return gw_parse_i64(gw_view_str(option->value), min, max, value) == GW_OK;
}

struct options {
    int64_t secret_fd, lifeline_fd, max_devices, rate_messages, rate_bytes, log_mib_day;
};

static bool read_options(const struct mosquitto_opt *list, int count, struct options *ret)
{
    *ret = (struct options){-1, -1, PLUGIN_MAX_DEVICES, FLOOD_RATE_MESSAGES, FLOOD_RATE_BYTES, FLOOD_LOG_MIB_DAY};
    for (int i = 0; i < count; i++)
        if (!option_number(&list[i], "secret_fd", 3, &ret->secret_fd, INT32_MAX) ||
            !option_number(&list[i], "lifeline_fd", 3, &ret->lifeline_fd, INT32_MAX) ||
            !option_number(&list[i], "max_devices", 1, &ret->max_devices, REGISTRY_ENTRIES_MAX / 2) ||
            !option_number(&list[i], "rate_messages", 1, &ret->rate_messages, FLOOD_RATE_MAX) ||
            !option_number(&list[i], "rate_bytes", 1, &ret->rate_bytes, FLOOD_RATE_MAX) ||
            !option_number(&list[i], "log_mib_day", 1, &ret->log_mib_day, FLOOD_LOG_MIB_DAY_MAX)) {
            mosquitto_log_printf(MOSQ_LOG_ERR, "gatehouse: plugin_opt_%s is out of range", list[i].key);
            return false;
        }
    return ret->secret_fd >= 0 && ret->lifeline_fd >= 0;
}

/* The daemon writes the secret before it starts the broker; a missing one is waited for once, at start. */
static bool read_secret(int fd, char secret[PLUGIN_SECRET_LEN + 1])
{
    size_t have = 0;
    while (have < PLUGIN_SECRET_LEN) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        if (poll(&pfd, 1, SECRET_WAIT_MS) <= 0)
            return false;
        ssize_t n = read(fd, secret + have, PLUGIN_SECRET_LEN - have);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    secret[PLUGIN_SECRET_LEN] = '\0';
    uint8_t bytes[PLUGIN_SECRET_LEN / 2];
    enum gw_rc rc = gw_hex_parse(gw_view_make(secret, PLUGIN_SECRET_LEN), bytes, sizeof(bytes));
    explicit_bzero(bytes, sizeof(bytes));
    return rc == GW_OK;
}

static bool is_open(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};
    return poll(&pfd, 1, 0) >= 0 && !(pfd.revents & POLLNVAL);
}

static bool register_events(mosquitto_plugin_id_t *id, struct plugin *p)
{
    static const struct {
        enum mosquitto_plugin_event event;
        MOSQ_FUNC_generic_callback fn;
        const char *topic;
    } events[] = {
        {MOSQ_EVT_BASIC_AUTH, on_auth, NULL},
        {MOSQ_EVT_ACL_CHECK, on_acl, NULL},
        {MOSQ_EVT_CONTROL, on_control, TOPIC_CONTROL},
        {MOSQ_EVT_DISCONNECT, on_disconnect, NULL},
        {MOSQ_EVT_RELOAD, on_reload, NULL},
        {MOSQ_EVT_TICK, on_tick, NULL},
    };
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        if (mosquitto_callback_register(id, (int)events[i].event, events[i].fn, events[i].topic, p))
            return false;
    return true;
}

static void plugin_free(struct plugin *p)
{
    if (!p)
        return;
    control_abort(p);
    devtable_done(&p->table);
    presence_done(&p->presence);
    explicit_bzero(p->secret, sizeof(p->secret));
    free(p);
}

EXPORT int mosquitto_plugin_version(int supported_version_count, const int *supported_versions)
{
    for (int i = 0; i < supported_version_count; i++)
        if (supported_versions[i] == MOSQ_PLUGIN_VERSION)
            return MOSQ_PLUGIN_VERSION;
    return -1;
}

EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options,
                                 int option_count)
{
    struct options given;
    if (!read_options(options, option_count, &given)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "gatehouse: plugin_opt_secret_fd and plugin_opt_lifeline_fd are needed");
        return MOSQ_ERR_INVAL;
    }
    struct plugin *p = gw_xalloc(1, sizeof(*p));
    p->lifeline_fd = (int)given.lifeline_fd;
    p->limits = (struct flood_limits){given.rate_messages, given.rate_bytes, given.log_mib_day << 20};
    p->max_devices = (size_t)given.max_devices;
    p->wanted_at.ms = gw_mono_now().ms - PLUGIN_WANTED_MS;
    presence_init(&p->presence);
    bool has_secret = read_secret((int)given.secret_fd, p->secret);
    (void)close((int)given.secret_fd);
    if (!has_secret || !is_open(p->lifeline_fd) || !register_events(identifier, p)) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "gatehouse: no secret, no lifeline, or the broker refuses the plugin");
        plugin_free(p);
        return MOSQ_ERR_INVAL;
    }
    *userdata = p;
    return MOSQ_ERR_SUCCESS;
}

EXPORT int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int option_count)
{
    (void)options;
    (void)option_count;
    plugin_free(userdata);
    return MOSQ_ERR_SUCCESS;
}
