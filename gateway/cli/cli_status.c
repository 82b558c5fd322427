/* status and claim. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "cli_table.h"
#include "gw_cleanup.h"

static void row(struct cli_table *t, const char *label, const struct json_value *object, const char *key)
{
    cli_table_add_str(t, label);
    cli_table_add_member(t, object, key);
}

static bool is_true(const struct json_value *object, const char *key)
{
    bool value = false;
    return json_bool(object, key, &value, NULL) == GW_OK && value;
}

static void health_row(struct cli_table *t, const char *label, bool up, const char *why_down)
{
    cli_table_add_str(t, label);
    cli_table_add_str(t, up ? "up" : why_down);
}

static void registry_row(struct cli_table *t, const struct json_value *root)
{
    const struct json_value *registry = NULL;
    bool confirmed = false, claimed = is_true(root, "claimed");
    uint64_t generation = 0;
    char text[64] = "-";
    if (!json_member(root, "registry", JSON_KIND_OBJECT, &registry, NULL) &&
        !json_bool(registry, "confirmed", &confirmed, NULL) &&
        !json_u64_text(registry, "generation", UINT64_MAX, &generation, NULL))
        (void)snprintf(text, sizeof(text), "generation %" PRIu64 ", %s", generation,
                       confirmed  ? "confirmed by the broker"
                       : !claimed ? "for the broker to come"
                                  : "NOT CONFIRMED by the broker yet");
    cli_table_add_str(t, "registry");
    cli_table_add_str(t, text);
}

static bool state_row(void *ctx, const char *key, const struct json_value *value)
{
    int64_t n = 0;
    char label[64], count[32];
    if (json_as_i64(value, &n) || n == 0)
        return true;
    (void)snprintf(label, sizeof(label), "  %s", key);
    (void)snprintf(count, sizeof(count), "%" PRId64, n);
    cli_table_add_str(ctx, label);
    cli_table_add_str(ctx, count);
    return true;
}

static void keys_row(struct cli_table *t, const struct json_value *root)
{
    bool separated = false;
    cli_table_add_str(t, "keys");
    if (json_bool(root, "keys_separated", &separated, NULL))
        cli_table_add_str(t, "-");
    else
        cli_table_add_str(t, separated ? "held by a user of their own"
                                       : "NOT SEPARATED: all parts run as one user; start gatehoused as root");
}

static void refused_row(struct cli_table *t, const struct json_value *root)
{
    static const struct {
        const char *key, *text;
    } kinds[] = {
        {"tls", "TLS"},
        {"certificate", "certificate"},
        {"half_open", "half open"},
        {"ceiling", "ceiling"},
        {"mqtt_unauthenticated", "MQTT before login"},
        {"mqtt", "MQTT"},
        {"log_batches", "log batches"},
        {"artifacts", "artifacts"},
        {"tokens", "tokens"},
    };
    const struct json_value *refused = NULL;
    char text[256] = "";
    size_t len = 0;
    bool any = !json_member(root, "refused", JSON_KIND_OBJECT, &refused, NULL);
    for (size_t i = 0; any && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t n = 0;
        if (json_u64_text(refused, kinds[i].key, UINT64_MAX, &n, NULL) || n == 0)
            continue;
        int wrote = snprintf(text + len, sizeof(text) - len, "%s%" PRIu64 " %s", len ? ", " : "", n, kinds[i].text);
        len += wrote > 0 && (size_t)wrote < sizeof(text) - len ? (size_t)wrote : 0;
    }
    cli_table_add_str(t, "refused since the start");
    cli_table_add_str(t, len ? text : "nothing");
}

static uint64_t number_of(const struct json_value *object, const char *key)
{
    uint64_t n = 0;
    return json_u64_text(object, key, UINT64_MAX, &n, NULL) ? 0 : n;
}

static void storage_row(struct cli_table *t, const struct json_value *root)
{
    const struct json_value *storage = NULL;
    cli_table_add_str(t, "storage");
    if (json_member(root, "storage", JSON_KIND_OBJECT, &storage, NULL)) {
        cli_table_add_str(t, "-");
        return;
    }
    if (is_true(storage, "journal_full"))
        cli_table_add_str(t, "THE JOURNAL CANNOT BE WRITTEN: nothing is acknowledged; see that its disk has room");
    else if (number_of(storage, "checkpoints_denied"))
        cli_table_add_str(t, "A LOG DIFFERS from what gatehouse-keyd has signed; the daemon's log names it");
    else if (is_true(storage, "unsigned"))
        cli_table_add_str(
            t, "NOT SIGNED: gatehouse-keyd does not answer, devices keep their events; if this lasts, end it");
    else if (number_of(storage, "journal_wal_bytes") > number_of(storage, "journal_wal_max_bytes") ||
             number_of(storage, "state_wal_bytes") > number_of(storage, "state_wal_max_bytes"))
        cli_table_add_str(t, "HELD: another program reads a database without an end, its write-ahead log grows");
    else
        cli_table_add_str(t, "good");
}

enum cli_exit cli_status(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/status"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *root = json_root(doc);
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    row(&t, "gateway", root, "gateway");
    row(&t, "version", root, "version");
    row(&t, "started", root, "started");
    row(&t, "claimed", root, "claimed");
    health_row(&t, "broker", is_true(root, "broker_up"),
               is_true(root, "claimed") ? "DOWN" : "starts once the gateway is claimed");
    health_row(&t, "key daemon", is_true(root, "keyd_up"), "DOWN");
    keys_row(&t, root);
    registry_row(&t, root);
    row(&t, "enrolment door open until", root, "door_open_until");
    row(&t, "operators' port (HTTPS)", root, "port_operators");
    row(&t, "devices' port (HTTPS)", root, "port_devices");
    row(&t, "devices' port (MQTT)", root, "port_mqtt");
    row(&t, "server key SHA-256", root, "server_key_sha256");
    refused_row(&t, root);
    storage_row(&t, root);
    row(&t, "live connections", root, "live_connections");
    row(&t, "devices online", root, "online");
    const struct json_value *states = NULL;
    if (!json_member(root, "devices", JSON_KIND_OBJECT, &states, NULL))
        json_each_member(states, state_row, &t);
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

/* In groups of four, as people read and type it. */
static void group(struct gw_view code, struct gw_buf *ret_text)
{
    for (size_t i = 0; i < code.len; i++) {
        if (i > 0 && i % 4 == 0)
            (void)gw_buf_add_u8(ret_text, '-');
        (void)gw_buf_add_u8(ret_text, code.ptr[i]);
    }
}

enum cli_exit cli_claim(struct cli *cli)
{
    if (!cli->out_is_tty && !(cli->options & CLI_OPT_STDOUT)) {
        cli_say(cli, "stdout is not a terminal, and a claim code must not end up in a log: run this on a terminal, or "
                     "give --stdout when you know where the output goes. No code was made");
        return CLI_REFUSED;
    }
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "POST", .path = "/api/v1/claim-code"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *root = json_root(doc);
    struct gw_view code = {NULL, 0};
    if (json_text(root, "code", &code, NULL) || code.len == 0) {
        cli_say(cli, "the gateway's answer holds no code");
        return CLI_REFUSED;
    }
    GW_CLEANUP(gw_buf_wipe) struct gw_buf grouped;
    gw_buf_init(&grouped, 1024);
    group(code, &grouped);
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    cli_table_add_str(&t, "claim code");
    cli_table_add(&t, gw_buf_view(&grouped));
    row(&t, "valid until", root, "expires");
    row(&t, "server key SHA-256", root, "server_key_sha256");
    cli_table_print(&t, cli->out);
    return CLI_OK;
}
