/* Looking at devices and acting on them. Inviting is in cli_invite.c. */
#include <string.h>

#include "cli.h"
#include "cli_list.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_hash.h"

enum cli_exit cli_device_list(struct cli *cli)
{
    static const char *const titles[] = {"ID", "STATE", "ONLINE", "SEEN", "FROM", "NAME"};
    static const char *const keys[] = {"id", "state", "online", "seen", "source", "name"};
    const struct cli_list list = {
        .path = "/api/v1/devices?limit=500",
        .member = "devices",
        .titles = titles,
        .keys = keys,
        .columns = sizeof(keys) / sizeof(keys[0]),
        .when_empty = "there are no devices yet; `gatehouse device invite ID` makes one",
    };
    return cli_list_query(cli, &list);
}

static void add_inventory(struct cli_table *t, const struct json_value *device)
{
    static const char *const rows[][2] = {{"product", "product"}, {"hardware", "hardware"}, {"runs version", "version"},
                                          {"release", "release"}, {"boot", "boot"},         {"agent", "agent"},
                                          {"told", "told"}};
    const struct json_value *told = NULL;
    if (json_member(device, "inventory", JSON_KIND_OBJECT, &told, NULL))
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cli_table_add_str(t, rows[i][0]);
        cli_table_add_member(t, told, rows[i][1]);
    }
}

static void show(struct cli *cli, const struct json_value *device)
{
    static const char *const rows[][2] = {
        {"id", "id"},          {"name", "name"},    {"state", "state"},     {"online", "online"}, {"last seen", "seen"},
        {"address", "source"}, {"made", "created"}, {"changed", "changed"}, {"revision", "rev"},
    };
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cli_table_add_str(&t, rows[i][0]);
        cli_table_add_member(&t, device, rows[i][1]);
    }
    const struct json_value *cert = NULL;
    bool has_cert = json_member(device, "certificate", JSON_KIND_OBJECT, &cert, NULL) == GW_OK;
    cli_table_add_str(&t, "certificate SHA-256");
    cli_table_add_member(&t, has_cert ? cert : device, has_cert ? "sha256" : "certificate");
    cli_table_add_str(&t, "certificate until");
    cli_table_add_member(&t, has_cert ? cert : device, has_cert ? "not_after" : "certificate");
    add_inventory(&t, device);
    cli_table_print(&t, cli->out);
}

enum cli_exit cli_device_show(struct cli *cli)
{
    struct gw_device_id id;
    enum cli_exit rc = cli_device_id(cli, cli->words[0], &id);
    if (rc)
        return rc;
    char path[128];
    (void)snprintf(path, sizeof(path), "/api/v1/devices/%s", id.text);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = path}, &doc);
    if (!rc && !cli->json)
        show(cli, json_root(doc));
    return rc;
}

/* Posts the act that the command's second word names; the device as it is afterwards is the answer. */
static enum cli_exit post_act(struct cli *cli, const struct gw_device_id *id, struct gw_view body,
                              struct json_doc **ret_device)
{
    char path[128];
    const char *space = strchr(cli->command->name, ' ');
    (void)snprintf(path, sizeof(path), "/api/v1/devices/%s/%s", id->text, space + 1);
    return cli_ask(cli, &(struct cli_question){.method = "POST", .path = path, .body = body, .revision = cli->rev},
                   ret_device);
}

enum cli_exit cli_device_act(struct cli *cli)
{
    struct gw_device_id id;
    enum cli_exit rc = cli_device_id(cli, cli->words[0], &id);
    if (rc)
        return rc;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = post_act(cli, &id, gw_view_make(NULL, 0), &doc);
    if (rc || cli->json)
        return rc;
    char state[32];
    if (json_str(json_root(doc), "state", state, sizeof(state), NULL)) {
        cli_say(cli, "the gateway's answer does not say the device's state");
        return CLI_REFUSED;
    }
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    cli_table_add_str(&t, id.text);
    cli_table_add_str(&t, state);
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_device_approve(struct cli *cli)
{
    struct gw_device_id id;
    struct gw_sha256 spki;
    enum cli_exit rc = cli_device_id(cli, cli->words[0], &id);
    if (rc)
        return rc;
    if (gw_hex_parse(gw_view_str(cli->words[1]), spki.bytes, sizeof(spki.bytes)))
        return cli_usage(cli, "\"%s\" is no SHA-256: 64 hex digits, as `gatehouse pending` prints them", cli->words[1]);
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&body, 256);
    struct json_writer w;
    json_writer_begin(&w, &body);
    json_put_object(&w, NULL);
    json_put_hex(&w, "spki_sha256", spki.bytes, sizeof(spki.bytes));
    json_put_end(&w);
    if (json_writer_end(&w)) {
        cli_say(cli, "the question does not fit");
        return CLI_REFUSED;
    }
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = post_act(cli, &id, gw_buf_view(&body), &doc);
    if (!rc && !cli->json)
        (void)fprintf(cli->out, "%s is approved; it gets its certificate when it asks again\n", id.text);
    return rc;
}
