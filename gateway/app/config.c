#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "gw_cleanup.h"
#include "gw_toml.h"
#include "invitation.h"
#include "listen_check.h"
#include "release.h"

static const struct gw_toml_key keys[] = {
    {.table = "gateway",
     .key = "display_name",
     .type = GW_TOML_STRING,
     .max = 63,
     .fallback = "\"Gatehouse\"",
     .doc = "What people call this gateway. Its lasting identity is made from its keys, not from this."},
    {.table = "gateway",
     .key = "names",
     .type = GW_TOML_STRINGS,
     .min = 1,
     .max = CONFIG_NAME_LEN - 1,
     .fallback = "[\"localhost\", \"127.0.0.1\"]",
     .doc = "Host names and addresses by which devices and people reach it: they go into its certificates, and a\n"
            "request for any other name is refused. The first one goes into invitations."},
    {.table = "mqtt",
     .key = "address",
     .type = GW_TOML_STRING,
     .min = 1,
     .max = 63,
     .fallback = "\"127.0.0.1\"",
     .doc = "Numeric address on which devices find the broker."},
    {.table = "mqtt",
     .key = "port",
     .type = GW_TOML_INT,
     .min = 0,
     .max = 65535,
     .fallback = "8883",
     .doc = "Its port; 0 takes a free one."},
    {.table = "mqtt",
     .key = "rate_messages",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 100000,
     .fallback = "200",
     .unit = "messages per second",
     .doc = "A device that publishes more, beyond ten seconds' worth of burst, is cut."},
    {.table = "mqtt",
     .key = "rate_kib",
     .type = GW_TOML_INT,
     .min = 64,
     .max = 1048576,
     .fallback = "4096",
     .unit = "KiB per second",
     .doc = "The same by volume."},
    {.table = "mqtt",
     .key = "log_mib_day",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 65536,
     .fallback = "2048",
     .unit = "MiB",
     .doc = "What one device may add to the logs in a day. What it sends beyond is not taken before there is room\n"
            "again; its reports are."},
    {.table = "devices",
     .key = "address",
     .type = GW_TOML_STRING,
     .min = 1,
     .max = 63,
     .fallback = "\"127.0.0.1\"",
     .doc = "Numeric address of the devices' HTTPS listener: enrolment, updates."},
    {.table = "devices",
     .key = "port",
     .type = GW_TOML_INT,
     .min = 0,
     .max = 65535,
     .fallback = "8443",
     .doc = "Its port; 0 takes a free one."},
    {.table = "devices",
     .key = "max",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 200000,
     .fallback = "10000",
     .unit = "devices",
     .doc = "How many may be active or quarantined. One more is refused its certificate. Refused at start when there\n"
            "are more already, or when the descriptor limit is too low for it."},
    {.table = "devices",
     .key = "log_level",
     .type = GW_TOML_STRING,
     .words = "info low medium",
     .fallback = "\"info\"",
     .doc = "Lowest severity of events that devices are asked for when they connect. Advice: a device decides, and\n"
            "nobody may ask to leave out more than what is below medium."},
    {.table = "devices",
     .key = "sampling",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 100,
     .fallback = "100",
     .unit = "percent",
     .doc = "How many of their events below medium devices are asked for. Advice, as above."},
    {.table = "devices",
     .key = "optout",
     .type = GW_TOML_BOOL,
     .fallback = "false",
     .doc = "Whether devices are told that their owners may switch the security log off."},
    {.table = "operators",
     .key = "address",
     .type = GW_TOML_STRING,
     .min = 1,
     .max = 63,
     .fallback = "\"127.0.0.1\"",
     .doc = "Numeric address of the dashboard and the REST interface."},
    {.table = "operators",
     .key = "port",
     .type = GW_TOML_INT,
     .min = 0,
     .max = 65535,
     .fallback = "9443",
     .doc = "Its port; 0 takes a free one."},
    {.table = "operators",
     .key = "max_connections",
     .type = GW_TOML_INT,
     .min = 4,
     .max = 10000,
     .fallback = "500",
     .unit = "connections",
     .doc = "Connections at that listener."},
    {.table = "release",
     .key = "threshold",
     .type = GW_TOML_INT,
     .min = 1,
     .max = VENDOR_SIGNERS_MAX,
     .fallback = "1",
     .unit = "keys",
     .doc = "How many trusted vendor keys must have signed a release before it is staged."},
    {.table = "release",
     .key = "artifacts_gib",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 65536,
     .fallback = "64",
     .unit = "GiB",
     .doc = "Room for the artifacts of all staged releases; an import that does not fit is refused."},
    {.table = "release",
     .key = "spare_mib",
     .type = GW_TOML_INT,
     .min = 0,
     .max = 1048576,
     .fallback = "1024",
     .unit = "MiB",
     .doc = "What artifacts leave free on the disk, for the logs."},
    {.table = "alerts",
     .key = "offline_minutes",
     .type = GW_TOML_INT,
     .min = 0,
     .max = 525600,
     .fallback = "60",
     .unit = "minutes",
     .doc = "An active device that is not connected for so long raises an alert; 0: never."},
    {.table = "daemon",
     .key = "workers",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 16,
     .fallback = "2",
     .unit = "threads",
     .doc = "Threads for hashing, signature checks and requests for certificates."},
    {.table = "daemon",
     .key = "query_threads",
     .type = GW_TOML_INT,
     .min = 1,
     .max = 16,
     .fallback = "2",
     .unit = "threads",
     .doc = "Threads for reading and searching the logs, and for lists that are queried; each has its own view of "
            "journal and state."},
    {.table = "daemon",
     .key = "log_level",
     .type = GW_TOML_STRING,
     .words = "error warn info debug",
     .fallback = "\"info\"",
     .doc = "What is written to stderr."},
};
static const struct gw_toml_schema schema = GW_TOML_SCHEMA(keys);

static enum gw_rc read_listener(const struct gw_toml *t, const char *table, struct config_listener *ret_listener,
                                struct gw_err *err)
{
    struct in6_addr parsed;
    const char *address = gw_toml_str(t, table, "address");
    if (inet_pton(AF_INET, address, &parsed) != 1 && inet_pton(AF_INET6, address, &parsed) != 1)
        return gw_toml_reject(t, table, "address", err, "is no numeric IPv4 or IPv6 address");
    (void)snprintf(ret_listener->address, sizeof(ret_listener->address), "%s", address);
    ret_listener->port = (uint16_t)gw_toml_int(t, table, "port");
    const char *key = NULL;
    struct gw_err why = {0};
    enum gw_rc rc = listen_check(ret_listener, &key, &why);
    if (rc)
        (void)!gw_toml_reject(t, table, key, err, "%s", gw_err_text(&why));
    return rc;
}

/* False: no name that a certificate and an invitation can carry. */
static bool host_of(const char *name, char ret_host[CONFIG_NAME_LEN])
{
    struct in6_addr v6;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, name, &v6) == 1 && inet_ntop(AF_INET6, &v6, text, sizeof(text)))
        (void)snprintf(ret_host, CONFIG_NAME_LEN, "[%s]", text);
    else
        (void)snprintf(ret_host, CONFIG_NAME_LEN, "%s", name);
    return name[0] != '[' && invitation_host_valid(gw_view_str(ret_host));
}

static enum gw_rc read_names(const struct gw_toml *t, struct config *c, struct gw_err *err)
{
    c->name_count = gw_toml_count(t, "gateway", "names");
    if (c->name_count == 0 || c->name_count > CONFIG_NAMES_MAX)
        return gw_toml_reject(t, "gateway", "names", err, "1 to %d names are needed", CONFIG_NAMES_MAX);
    for (size_t i = 0; i < c->name_count; i++) {
        (void)snprintf(c->names[i], sizeof(c->names[i]), "%s", gw_toml_str_at(t, "gateway", "names", i));
        if (!host_of(c->names[i], c->hosts[i]))
            return gw_toml_reject(t, "gateway", "names", err,
                                  "element %zu, \"%s\", is neither a host name nor an IP address: write it without "
                                  "https://, port, brackets or underscores",
                                  i + 1, c->names[i]);
    }
    return GW_OK;
}

/* Sockets of one family at the same address; the one that is every address has that of each. */
static bool same_place(const struct config_listener *a, const struct config_listener *b)
{
    bool all = strcmp(a->address, "::") == 0 || strcmp(b->address, "::") == 0 || strcmp(a->address, "0.0.0.0") == 0 ||
               strcmp(b->address, "0.0.0.0") == 0;
    return a->port != 0 && a->port == b->port && (all || strcmp(a->address, b->address) == 0);
}

static enum gw_rc check_ports(const struct gw_toml *t, const struct config *c, struct gw_err *err)
{
    const struct {
        const char *table;
        const struct config_listener *at;
    } all[] = {{"mqtt", &c->mqtt}, {"devices", &c->devices}, {"operators", &c->operators}};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < i; k++)
            if (same_place(all[i].at, all[k].at))
                return gw_toml_reject(t, all[i].table, "port", err, "%u is %s.port too: each listener needs its own",
                                      all[i].at->port, all[k].table);
    return GW_OK;
}

static enum gw_log_level read_level(const struct gw_toml *t)
{
    const char *word = gw_toml_str(t, "daemon", "log_level");
    if (strcmp(word, "error") == 0)
        return GW_LOG_ERROR;
    if (strcmp(word, "warn") == 0)
        return GW_LOG_WARN;
    return strcmp(word, "debug") == 0 ? GW_LOG_DEBUG : GW_LOG_INFO;
}

static void free_toml(struct gw_toml **t)
{
    gw_toml_free(*t);
}

/* A file that cannot be had: what to do about it. */
static enum gw_rc no_file(enum gw_rc rc, struct gw_err *err)
{
    const char *cure = NULL;
    if (rc == GW_NOT_FOUND)
        cure = "make it (`gatehoused --print-config` prints one to begin with), or name another with --config";
    else if (rc == GW_DENIED)
        cure = "gatehoused reads it as user gatehouse, or as who starts it when that is not root: chmod o+r it, and "
               "o+x the directories above it";
    if (!cure)
        return rc;
    char text[sizeof(err->text)];
    (void)snprintf(text, sizeof(text), "%s", gw_err_text(err));
    return gw_err_set(err, rc, "%s; %s", text, cure);
}

enum gw_rc config_load(const char *path, struct config *ret_config, struct gw_err *err)
{
    GW_CLEANUP(free_toml) struct gw_toml *t = NULL;
    enum gw_rc rc = gw_toml_load(path, &schema, &t, err);
    if (rc)
        return no_file(rc, err);
    struct config c = {.log_level = read_level(t)};
    device_config_init(&c.advice);
    c.advice.sampling_pct = (unsigned)gw_toml_int(t, "devices", "sampling");
    c.advice.optout = gw_toml_bool(t, "devices", "optout");
    if (event_sev_parse(gw_view_str(gw_toml_str(t, "devices", "log_level")), &c.advice.log_level))
        return gw_toml_reject(t, "devices", "log_level", err, "is no severity");
    rc = read_names(t, &c, err);
    if (!rc)
        rc = read_listener(t, "mqtt", &c.mqtt, err);
    if (!rc)
        rc = read_listener(t, "devices", &c.devices, err);
    if (!rc)
        rc = read_listener(t, "operators", &c.operators, err);
    if (!rc)
        rc = check_ports(t, &c, err);
    if (rc)
        return rc;
    (void)snprintf(c.display_name, sizeof(c.display_name), "%s", gw_toml_str(t, "gateway", "display_name"));
    c.devices_max = (int32_t)gw_toml_int(t, "devices", "max");
    c.operators_max = (int32_t)gw_toml_int(t, "operators", "max_connections");
    c.rate_messages = (int32_t)gw_toml_int(t, "mqtt", "rate_messages");
    c.rate_kib = (int32_t)gw_toml_int(t, "mqtt", "rate_kib");
    c.log_mib_day = (int32_t)gw_toml_int(t, "mqtt", "log_mib_day");
    c.workers = (int32_t)gw_toml_int(t, "daemon", "workers");
    c.release_threshold = (int32_t)gw_toml_int(t, "release", "threshold");
    c.artifacts_gib = (int32_t)gw_toml_int(t, "release", "artifacts_gib");
    c.artifacts_spare_mib = (int32_t)gw_toml_int(t, "release", "spare_mib");
    c.alerts_offline_minutes = (int32_t)gw_toml_int(t, "alerts", "offline_minutes");
    c.query_threads = (int32_t)gw_toml_int(t, "daemon", "query_threads");
    *ret_config = c;
    return GW_OK;
}

enum gw_rc config_describe(struct gw_buf *ret_text)
{
    return gw_toml_describe(&schema, ret_text);
}
