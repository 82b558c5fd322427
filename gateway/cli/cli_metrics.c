/* The token that opens /metrics. */
#include "cli.h"
#include "cli_table.h"
#include "gw_cleanup.h"

enum cli_exit cli_metrics_token(struct cli *cli)
{
    if (!cli->out_is_tty && !(cli->options & CLI_OPT_STDOUT)) {
        cli_say(cli, "stdout is not a terminal, and a token must not end up in a log: run this on a terminal, or give "
                     "--stdout when you know where the output goes. No token was made");
        return CLI_REFUSED;
    }
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "POST", .path = "/api/v1/metrics-token"}, &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 1);
    cli_table_add_member(&t, json_root(doc), "token");
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_metrics_revoke(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "DELETE", .path = "/api/v1/metrics-token"}, &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 1);
    cli_table_add_member(&t, json_root(doc), "detail");
    cli_table_print(&t, cli->out);
    return CLI_OK;
}
