/* The token that opens /metrics. */
#include "cli.h"
#include "cli_table.h"

enum cli_exit cli_metrics_token(struct cli *cli)
{
    if (!cli->out_is_tty && !(cli->options & CLI_OPT_STDOUT)) {
        cli_say(cli, "stdout is not a terminal, and a token must not end up in a log: run this on a terminal, or give "
                     "--stdout when you know where the output goes. No token was made");
        return CLI_REFUSED;
    }
    return cli_ask_member(cli, &(struct cli_question){.method = "POST", .path = "/api/v1/metrics-token"}, "token");
}

enum cli_exit cli_metrics_revoke(struct cli *cli)
{
    return cli_ask_member(cli, &(struct cli_question){.method = "DELETE", .path = "/api/v1/metrics-token"}, "detail");
}
