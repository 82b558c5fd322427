/* Tokens of programs. */
#include <string.h>

#include "cli.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "token.h"

enum cli_exit cli_token_list(struct cli *cli)
{
    static const char *const titles[] = {"NAME", "ROLE", "MADE BY", "MADE", "ENDS", "USED"};
    static const char *const keys[] = {"name", "role", "made_by", "created", "expires", "used"};
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/tokens"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *list = json_find(json_root(doc), "tokens");
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, sizeof(titles) / sizeof(titles[0]));
    for (size_t i = 0; i < json_count(list); i++)
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
            cli_table_add_member(&t, json_item(list, i), keys[k]);
    if (t.cells == 0)
        cli_say(cli, "there are no tokens");
    else
        cli_table_print(&t, cli->out);
    return CLI_OK;
}

static enum cli_exit check_add(struct cli *cli, uint64_t *ret_days)
{
    enum token_role role;
    enum cli_exit rc = cli_user_name(cli, cli->words[0]);
    if (rc)
        return rc;
    if (token_role_parse(gw_view_str(cli->words[1]), &role))
        return cli_usage(cli, "\"%s\" is no role of a token: viewer, operator or metrics", cli->words[1]);
    if (cli->days && (gw_parse_u64(gw_view_str(cli->days), TOKEN_DAYS_MAX, ret_days) || *ret_days == 0))
        return cli_usage(cli, "--days must be from 1 to %d", TOKEN_DAYS_MAX);
    if (cli->out_is_tty || (cli->options & CLI_OPT_STDOUT))
        return CLI_OK;
    cli_say(cli, "stdout is not a terminal, and a token must not end up in a log: run this on a terminal, or give "
                 "--stdout when you know where the output goes. No token was made");
    return CLI_REFUSED;
}

enum cli_exit cli_token_add(struct cli *cli)
{
    uint64_t days = TOKEN_DAYS_DEFAULT;
    enum cli_exit rc = check_add(cli, &days);
    if (rc)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    struct json_writer w;
    gw_buf_init(&body, 1024);
    json_writer_begin(&w, &body);
    json_put_object(&w, NULL);
    json_put_str(&w, "name", cli->words[0]);
    json_put_str(&w, "role", cli->words[1]);
    json_put_i64(&w, "days", (int64_t)days);
    json_put_end(&w);
    if (json_writer_end(&w)) {
        cli_say(cli, "the question does not fit");
        return CLI_REFUSED;
    }
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = cli_ask(cli, &(struct cli_question){.method = "POST", .path = "/api/v1/tokens", .body = gw_buf_view(&body)},
                 &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 1);
    cli_table_add_member(&t, json_root(doc), "token");
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_token_revoke(struct cli *cli)
{
    char path[128];
    enum cli_exit rc = cli_user_name(cli, cli->words[0]);
    if (rc)
        return rc;
    (void)snprintf(path, sizeof(path), "/api/v1/tokens/%s", cli->words[0]);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = cli_ask(cli, &(struct cli_question){.method = "DELETE", .path = path}, &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 1);
    cli_table_add_member(&t, json_root(doc), "detail");
    cli_table_print(&t, cli->out);
    return CLI_OK;
}
