/* What a gateway knows of vendor keys and releases. */
#include <string.h>

#include "cli.h"
#include "cli_list.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_hash.h"
#include "gw_id.h"
#include "release_entry.h"

#define VERIFY_MS (20 * 60 * 1000L) /* for gigabytes to be read again */

static enum cli_exit print_rows(struct cli *cli, const struct json_value *list, const char *const titles[],
                                const char *const keys[], size_t columns)
{
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, columns);
    for (size_t i = 0; i < json_count(list); i++)
        for (size_t k = 0; k < columns; k++)
            cli_table_add_member(&t, json_item(list, i), keys[k]);
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_release_key_list(struct cli *cli)
{
    static const char *const titles[] = {"KEYID", "ADDED", "NAME"};
    static const char *const keys[] = {"keyid", "added", "name"};
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/vendor-keys"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *list = json_find(json_root(doc), "keys");
    if (json_count(list) > 0)
        return print_rows(cli, list, titles, keys, 3);
    cli_say(cli, "no vendor key is trusted: no release can be imported; see `gatehouse help release key add`");
    return CLI_OK;
}

enum cli_exit cli_release_key_remove(struct cli *cli)
{
    struct gw_sha256 digest;
    if (gw_hex_parse(gw_view_str(cli->words[0]), digest.bytes, GW_SHA256_LEN))
        return cli_usage(cli, "\"%s\" is no keyid: %d hex digits", cli->words[0], VENDOR_KEYID_LEN);
    char path[128] = "/api/v1/vendor-keys/";
    gw_hex_format(digest.bytes, GW_SHA256_LEN, path + strlen(path));
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "DELETE", .path = path}, &doc);
    if (!rc && !cli->json)
        cli_say(cli, "the key is trusted no more; `gatehouse release list` shows what it had signed");
    return rc;
}

enum cli_exit cli_release_list(struct cli *cli)
{
    static const char *const titles[] = {"ID", "PRODUCT", "VERSION", "COUNTER", "STATE", "TRUSTED", "IMPORTED"};
    static const char *const keys[] = {"id", "product", "version", "release_counter", "state", "trusted", "imported"};
    const struct cli_list list = {
        .path = "/api/v1/releases?limit=500",
        .member = "releases",
        .titles = titles,
        .keys = keys,
        .columns = sizeof(keys) / sizeof(keys[0]),
        .when_empty = "there are no releases yet; `gatehouse release import FILE.tar` brings one",
    };
    return cli_list_query(cli, &list);
}

static void show(struct cli *cli, const struct json_value *release)
{
    static const char *const rows[] = {"id",
                                       "product",
                                       "version",
                                       "release_counter",
                                       "security_floor",
                                       "channel",
                                       "security_only",
                                       "state",
                                       "damaged",
                                       "released_at",
                                       "expires_at",
                                       "imported",
                                       "imported_by",
                                       "bytes",
                                       "trusted",
                                       "trusted_signers",
                                       "threshold",
                                       "rev"};
    static const char *const titles[] = {"FILE", "ROLE", "FORMAT", "SIZE", "FOR", "SHA-256"};
    static const char *const keys[] = {"name", "role", "format", "size", "for", "sha256"};
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cli_table_add_str(&t, rows[i]);
        cli_table_add_member(&t, release, rows[i]);
    }
    cli_table_print(&t, cli->out);
    (void)print_rows(cli, json_find(release, "files"), titles, keys, 6);
}

/* Asks about the release that the first word names; the answer is the release. */
static enum cli_exit ask_one(struct cli *cli, const char *verb, const struct cli_question *how,
                             struct json_doc **ret_doc)
{
    char path[96];
    struct cli_question q = *how;
    if (!release_id_valid(gw_view_str(cli->words[0])))
        return cli_usage(cli, "\"%s\" is no release's id: %d hex digits, see `gatehouse release list`", cli->words[0],
                         RELEASE_ID_LEN);
    (void)snprintf(path, sizeof(path), "/api/v1/releases/%s%s", cli->words[0], verb);
    q.path = path;
    return cli_ask(cli, &q, ret_doc);
}

enum cli_exit cli_release_show(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = ask_one(cli, "", &(struct cli_question){.method = "GET"}, &doc);
    if (!rc && !cli->json)
        show(cli, json_root(doc));
    return rc;
}

enum cli_exit cli_release_verify(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = ask_one(cli, "/verify", &(struct cli_question){.method = "POST", .answer_ms = VERIFY_MS}, &doc);
    if (!rc && !cli->json)
        cli_say(cli, "all stored artifacts are what was signed");
    return rc;
}

enum cli_exit cli_release_withdraw(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = ask_one(cli, "/withdraw", &(struct cli_question){.method = "POST", .revision = cli->rev}, &doc);
    if (!rc && !cli->json)
        cli_say(cli, "the release is withdrawn for good");
    return rc;
}
