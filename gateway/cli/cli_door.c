/* The enrolment door, and who stands before it. */
#include <inttypes.h>

#include "cli.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_num.h"

enum cli_exit cli_door_open(struct cli *cli)
{
    uint64_t minutes = 0;
    if (gw_parse_u64(gw_view_str(cli->words[0]), 60, &minutes) || minutes == 0)
        return cli_usage(cli, "\"%s\" is not a number of minutes from 1 to 60", cli->words[0]);
    char body[32];
    int len = snprintf(body, sizeof(body), "{\"minutes\":%" PRIu64 "}", minutes);
    const struct cli_question question = {
        .method = "POST", .path = "/api/v1/enrolment-door", .body = gw_view_make(body, (size_t)len)};
    return cli_ask_member(cli, &question, "detail");
}

enum cli_exit cli_door_close(struct cli *cli)
{
    return cli_ask_member(cli, &(struct cli_question){.method = "DELETE", .path = "/api/v1/enrolment-door"}, "detail");
}

enum cli_exit cli_pending(struct cli *cli)
{
    static const char *const titles[] = {"ID", "PUBLIC KEY SHA-256", "FROM", "ASKED", "LAPSES", "APPROVED"};
    static const char *const keys[] = {"id", "spki_sha256", "source", "created", "expires", "approved"};
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/pending"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *list = NULL;
    struct gw_err err = {0};
    if (json_member(json_root(doc), "pending", JSON_KIND_ARRAY, &list, &err)) {
        cli_say(cli, "the gateway's answer is not a list: %s", gw_err_text(&err));
        return CLI_REFUSED;
    }
    if (json_count(list) == 0) {
        cli_say(cli, "nobody is waiting");
        return CLI_OK;
    }
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 6);
    for (size_t i = 0; i < json_count(list); i++)
        for (size_t k = 0; k < 6; k++)
            cli_table_add_member(&t, json_item(list, i), keys[k]);
    cli_table_print(&t, cli->out);
    return CLI_OK;
}
