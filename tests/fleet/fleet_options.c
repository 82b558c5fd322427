#include "fleet_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "gw_num.h"
#include "gw_opt.h"
#include "gw_view.h"
#include "log_bundle.h"
#include "release.h"

static const char help[] =
    "usage: gatehouse-fleet --devices N --gateway HOST[:HTTPS_PORT] --state DIR [OPTIONS]\n"
    "Simulates devices over real sessions: enrols them, ships their logs, checks what the gateway acknowledges.\n"
    "  --mqtt-port P            port of the broker (8883)\n"
    "  --admin-socket PATH      invite the devices by the gateway's admin socket\n"
    "  --invitations DIR        or take their invitations from DIR/<device>\n"
    "  --logs-per-second R|max  events of the whole fleet (1 a device); max: as acknowledgements allow\n"
    "  --batch N                events of a full batch (50)\n"
    "  --event-bytes N          bytes of an event (200)\n"
    "  --window N               batches in flight per device (4)\n"
    "  --behaviour FILE         who misbehaves, and how: docs/fleet.md\n"
    "  --check-every N          every N-th device keeps a tree and checks roots and checkpoints (1; 0: none)\n"
    "  --connect-rate N         connects begun per second, at most (500)\n"
    "  --vendor-key FILE        whose updates are taken (PEM, up to 8 times; none: all are refused)\n"
    "  --release VERSION        what runs before the first update (1); --product TEXT, --hardware TEXT\n"
    "  --install-ms N           how long an installation takes (1000); --reboot-ms N: a reboot (1000)\n"
    "  --artifact-bytes N       fetch only so much of an artifact and check no digest\n"
    "  --no-download            fetch nothing\n"
    "  --handler-journal FILE   a line for each installation that is begun (DIR/handlers)\n"
    "  --ledger FILE            a line for each batch that goes out and each acknowledgement (none)\n"
    "  --name TEXT --first N    devices are called TEXT-N and so on (sim, 1)\n"
    "  --workers N              threads that enrol (8)\n"
    "  --together               no load before every device has a session\n"
    "  --figures SECONDS        between two lines of figures on stderr (1; 0: none)\n"
    "  --for SECONDS            stop after so much load\n"
    "  --report json            figures on stdout at the end\n"
    "  --version, --help\n"
    "Exit status: 0 ended as it was told to, 2 was told something impossible, 1 otherwise.\n";

static enum gw_rc take_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret_value,
                              struct gw_err *err)
{
    if (gw_parse_u64(gw_view_str(text), max, ret_value) || *ret_value < min)
        return gw_err_set(err, GW_INVALID, "--%s takes a number from %llu to %llu", name, (unsigned long long)min,
                          (unsigned long long)max);
    return GW_OK;
}

static enum gw_rc take_u32(const char *name, const char *text, uint32_t min, uint32_t max, uint32_t *ret_value,
                           struct gw_err *err)
{
    uint64_t value;
    enum gw_rc rc = take_number(name, text, min, max, &value, err);
    if (!rc)
        *ret_value = (uint32_t)value;
    return rc;
}

static enum gw_rc take_port(const char *name, const char *text, uint16_t *ret_port, struct gw_err *err)
{
    uint32_t port;
    enum gw_rc rc = take_u32(name, text, 1, 65535, &port, err);
    if (!rc)
        *ret_port = (uint16_t)port;
    return rc;
}

/* HOST or HOST:PORT; an IPv6 address stands in brackets. */
static enum gw_rc take_gateway(const char *text, struct fleet_options *o, struct gw_err *err)
{
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');
    bool has_port = colon && (!bracket || colon > bracket);
    struct gw_view host = gw_view_make(text, has_port ? (size_t)(colon - text) : strlen(text));
    if (!invitation_host_valid(host) || gw_view_copy_str(host, o->host, sizeof(o->host)))
        return gw_err_set(err, GW_INVALID, "--gateway takes a host name or address, and perhaps :port");
    return has_port ? take_port("gateway", colon + 1, &o->https_port, err) : GW_OK;
}

static enum gw_rc take_rate(const char *text, struct fleet_options *o, struct gw_err *err)
{
    o->saturate = strcmp(text, "max") == 0;
    return o->saturate ? GW_OK : take_number("logs-per-second", text, 0, 100000000, &o->events_per_s, err);
}

static enum gw_rc take_name(const char *text, struct fleet_options *o, struct gw_err *err)
{
    char id[FLEET_NAME_MAX + 16];
    struct gw_device_id checked;
    (void)snprintf(id, sizeof(id), "%s-00001", text);
    if (gw_device_id_parse(gw_view_str(id), &checked) || gw_view_copy_str(gw_view_str(text), o->name, sizeof(o->name)))
        return gw_err_set(err, GW_INVALID, "--name takes lower-case letters, digits and hyphens");
    return GW_OK;
}

static enum gw_rc take_report(const char *text, struct fleet_options *o, struct gw_err *err)
{
    o->json = strcmp(text, "json") == 0;
    return o->json ? GW_OK : gw_err_set(err, GW_INVALID, "--report takes json");
}

enum option_id {
    OPT_DEVICES = GW_OPT_LONG,
    OPT_FIRST,
    OPT_NAME,
    OPT_GATEWAY,
    OPT_MQTT_PORT,
    OPT_STATE,
    OPT_INVITATIONS,
    OPT_ADMIN_SOCKET,
    OPT_BEHAVIOUR,
    OPT_RATE,
    OPT_BATCH,
    OPT_EVENT_BYTES,
    OPT_WINDOW,
    OPT_CHECK_EVERY,
    OPT_CONNECT_RATE,
    OPT_WORKERS,
    OPT_FIGURES,
    OPT_FOR,
    OPT_TOGETHER,
    OPT_REPORT,
    OPT_VENDOR_KEY,
    OPT_PRODUCT,
    OPT_HARDWARE,
    OPT_RELEASE,
    OPT_INSTALL_MS,
    OPT_REBOOT_MS,
    OPT_ARTIFACT_BYTES,
    OPT_NO_DOWNLOAD,
    OPT_HANDLER_JOURNAL,
    OPT_LEDGER,
    OPT_VERSION,
    OPT_HELP,
};

static const struct option options[] = {
    {"devices", required_argument, NULL, OPT_DEVICES},
    {"first", required_argument, NULL, OPT_FIRST},
    {"name", required_argument, NULL, OPT_NAME},
    {"gateway", required_argument, NULL, OPT_GATEWAY},
    {"mqtt-port", required_argument, NULL, OPT_MQTT_PORT},
    {"state", required_argument, NULL, OPT_STATE},
    {"invitations", required_argument, NULL, OPT_INVITATIONS},
    {"admin-socket", required_argument, NULL, OPT_ADMIN_SOCKET},
    {"behaviour", required_argument, NULL, OPT_BEHAVIOUR},
    {"logs-per-second", required_argument, NULL, OPT_RATE},
    {"batch", required_argument, NULL, OPT_BATCH},
    {"event-bytes", required_argument, NULL, OPT_EVENT_BYTES},
    {"window", required_argument, NULL, OPT_WINDOW},
    {"check-every", required_argument, NULL, OPT_CHECK_EVERY},
    {"connect-rate", required_argument, NULL, OPT_CONNECT_RATE},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"figures", required_argument, NULL, OPT_FIGURES},
    {"for", required_argument, NULL, OPT_FOR},
    {"together", no_argument, NULL, OPT_TOGETHER},
    {"report", required_argument, NULL, OPT_REPORT},
    {"vendor-key", required_argument, NULL, OPT_VENDOR_KEY},
    {"product", required_argument, NULL, OPT_PRODUCT},
    {"hardware", required_argument, NULL, OPT_HARDWARE},
    {"release", required_argument, NULL, OPT_RELEASE},
    {"install-ms", required_argument, NULL, OPT_INSTALL_MS},
    {"reboot-ms", required_argument, NULL, OPT_REBOOT_MS},
    {"artifact-bytes", required_argument, NULL, OPT_ARTIFACT_BYTES},
    {"no-download", no_argument, NULL, OPT_NO_DOWNLOAD},
    {"handler-journal", required_argument, NULL, OPT_HANDLER_JOURNAL},
    {"ledger", required_argument, NULL, OPT_LEDGER},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* What takes a number; GW_NOT_FOUND: another option. */
static enum gw_rc take_numbers(int option, const char *text, struct fleet_options *o, struct gw_err *err)
{
    static const struct {
        enum option_id option;
        const char *name;
        uint32_t min, max;
        size_t at;
    } list[] = {
        {OPT_DEVICES, "devices", 1, FLEET_DEVICES_MAX, offsetof(struct fleet_options, devices)},
        {OPT_FIRST, "first", 1, 9999999, offsetof(struct fleet_options, first)},
        {OPT_BATCH, "batch", 1, LOG_BATCH_COUNT_MAX - 1, offsetof(struct fleet_options, batch)},
        {OPT_EVENT_BYTES, "event-bytes", 16, 32768, offsetof(struct fleet_options, event_bytes)},
        {OPT_WINDOW, "window", 1, FLEET_WINDOW_MAX, offsetof(struct fleet_options, window)},
        {OPT_CHECK_EVERY, "check-every", 0, FLEET_DEVICES_MAX, offsetof(struct fleet_options, check_every)},
        {OPT_CONNECT_RATE, "connect-rate", 1, 100000, offsetof(struct fleet_options, connect_rate)},
        {OPT_WORKERS, "workers", 1, 16, offsetof(struct fleet_options, workers)},
        {OPT_FIGURES, "figures", 0, 86400, offsetof(struct fleet_options, figures_s)},
        {OPT_INSTALL_MS, "install-ms", 0, 86400000, offsetof(struct fleet_options, install_ms)},
        {OPT_REBOOT_MS, "reboot-ms", 0, 86400000, offsetof(struct fleet_options, reboot_ms)},
        {OPT_FOR, "for", 1, 10000000, offsetof(struct fleet_options, seconds)},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if ((int)list[i].option == option)
            return take_u32(list[i].name, text, list[i].min, list[i].max, (uint32_t *)(void *)((char *)o + list[i].at),
                            err);
    return GW_NOT_FOUND;
}

static enum gw_rc take_vendor_key(const char *path, struct fleet_options *o, struct gw_err *err)
{
    if (o->vendor_key_count == AGENT_VENDOR_KEYS_MAX)
        return gw_err_set(err, GW_INVALID, "--vendor-key: at most %d", AGENT_VENDOR_KEYS_MAX);
    o->vendor_keys[o->vendor_key_count++] = path;
    return GW_OK;
}

static enum gw_rc take_word(const char *name, bool (*valid)(struct gw_view), const char *text, const char **ret_word,
                            struct gw_err *err)
{
    if (!valid(gw_view_str(text)))
        return gw_err_set(err, GW_INVALID, "--%s: letters, digits and . _ -, at most 64", name);
    *ret_word = text;
    return GW_OK;
}

/* What concerns updates; GW_NOT_FOUND: another option. */
static enum gw_rc take_update(int option, struct fleet_options *o, struct gw_err *err)
{
    switch (option) {
    case OPT_VENDOR_KEY:
        return take_vendor_key(optarg, o, err);
    case OPT_PRODUCT:
        return take_word("product", release_product_valid, optarg, &o->product, err);
    case OPT_HARDWARE:
        return take_word("hardware", release_product_valid, optarg, &o->hardware, err);
    case OPT_RELEASE:
        return take_word("release", release_version_valid, optarg, &o->release, err);
    case OPT_ARTIFACT_BYTES:
        return take_number("artifact-bytes", optarg, 1, (uint64_t)RELEASE_FILE_BYTES_MAX, &o->artifact_bytes, err);
    case OPT_NO_DOWNLOAD:
        o->no_download = true;
        return GW_OK;
    case OPT_HANDLER_JOURNAL:
        o->handler_journal = optarg;
        return GW_OK;
    default: /* of getopt's numbers */
        return GW_NOT_FOUND;
    }
}

static enum gw_rc take(int option, char *const argv[], struct fleet_options *o, struct gw_err *err)
{
    enum gw_rc rc = take_update(option, o, err);
    if (rc == GW_NOT_FOUND)
        rc = take_numbers(option, optarg, o, err);
    if (rc != GW_NOT_FOUND)
        return rc;
    switch (option) {
    case OPT_NAME:
        return take_name(optarg, o, err);
    case OPT_GATEWAY:
        return take_gateway(optarg, o, err);
    case OPT_MQTT_PORT:
        return take_port("mqtt-port", optarg, &o->mqtt_port, err);
    case OPT_STATE:
        o->state_dir = optarg;
        return GW_OK;
    case OPT_INVITATIONS:
        o->invitations = optarg;
        return GW_OK;
    case OPT_ADMIN_SOCKET:
        o->admin_socket = optarg;
        return GW_OK;
    case OPT_BEHAVIOUR:
        o->behaviour = optarg;
        return GW_OK;
    case OPT_RATE:
        return take_rate(optarg, o, err);
    case OPT_LEDGER:
        o->ledger = optarg;
        return GW_OK;
    case OPT_TOGETHER:
        o->together = true;
        return GW_OK;
    case OPT_REPORT:
        return take_report(optarg, o, err);
    case OPT_VERSION:
        (void)printf("gatehouse-fleet %s\n", GATEHOUSE_VERSION);
        return GW_CANCELLED;
    case OPT_HELP:
        (void)fputs(help, stdout);
        return GW_CANCELLED;
    default: /* of getopt's numbers: its own '?' and ':' */
        return gw_opt_refused(option, argv, "gatehouse-fleet", err);
    }
}

static enum gw_rc check(const struct fleet_options *o, struct gw_err *err)
{
    if (o->devices == 0 || o->host[0] == '\0' || !o->state_dir)
        return gw_err_set(err, GW_INVALID, "--devices, --gateway and --state are needed; see `gatehouse-fleet --help`");
    if (o->invitations && o->admin_socket)
        return gw_err_set(err, GW_INVALID, "--invitations or --admin-socket, not both");
    if (strlen(o->state_dir) > 160)
        return gw_err_set(err, GW_INVALID, "--state: the path is too long");
    if ((uint64_t)o->batch * (o->event_bytes + 2) + 1024 > LOG_BATCH_BYTES_MAX)
        return gw_err_set(err, GW_INVALID, "%u events of %u bytes do not fit into a batch of 64 KiB", o->batch,
                          o->event_bytes);
    return GW_OK;
}

enum gw_rc fleet_options_parse(int argc, char **argv, struct fleet_options *ret_options, struct gw_err *err)
{
    struct fleet_options o = {.first = 1,
                              .name = "sim",
                              .https_port = 8443,
                              .mqtt_port = 8883,
                              .events_per_s = UINT64_MAX,
                              .batch = 50,
                              .event_bytes = 200,
                              .window = 4,
                              .check_every = 1,
                              .connect_rate = 500,
                              .workers = 8,
                              .figures_s = 1,
                              .product = "gatehouse-fleet",
                              .hardware = "simulated",
                              .release = "1",
                              .install_ms = 1000,
                              .reboot_ms = 1000};
    enum gw_rc rc = GW_OK;
    optind = 0;
    opterr = 0;
    for (int c; !rc && (c = getopt_long(argc, argv, ":", options, NULL)) != -1;)
        rc = take(c, argv, &o, err);
    if (!rc && optind != argc)
        rc = gw_err_set(err, GW_INVALID, "%s is no option; see `gatehouse-fleet --help`", argv[optind]);
    if (!rc)
        rc = check(&o, err);
    if (rc)
        return rc;
    if (o.events_per_s == UINT64_MAX)
        o.events_per_s = o.devices;
    *ret_options = o;
    return GW_OK;
}
