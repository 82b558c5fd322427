/* Accounts of operators. */
#include <string.h>

#include "cli.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "user.h"

static const char *const titles[] = {"NAME", "ROLE", "DISABLED", "SESSIONS", "MADE", "REVISION"};
static const char *const keys[] = {"name", "role", "disabled", "sessions", "created", "rev"};
#define COLUMNS 6

static void add_row(struct cli_table *t, const struct json_value *user)
{
    for (size_t k = 0; k < COLUMNS; k++)
        cli_table_add_member(t, user, keys[k]);
}

enum cli_exit cli_user_list(struct cli *cli)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = "/api/v1/users"}, &doc);
    if (rc || cli->json)
        return rc;
    const struct json_value *list = json_find(json_root(doc), "users");
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, COLUMNS);
    for (size_t i = 0; i < json_count(list); i++)
        add_row(&t, json_item(list, i));
    if (t.cells == 0)
        cli_say(cli, "there are no accounts yet; `gatehouse claim` opens the making of the first");
    else
        cli_table_print(&t, cli->out);
    return CLI_OK;
}

static enum cli_exit check_role(struct cli *cli)
{
    enum user_role role;
    if (user_role_parse(gw_view_str(cli->words[1]), &role))
        return cli_usage(cli, "\"%s\" is no role: viewer, operator or admin", cli->words[1]);
    return CLI_OK;
}

/* What goes into the body; NULL: not there. */
struct question {
    const char *name, *role;
    bool password; /* to be asked for */
};

static enum cli_exit write_body(struct cli *cli, const struct question *q, struct gw_buf *ret_body)
{
    GW_CLEANUP(gw_buf_wipe) struct gw_buf password;
    gw_buf_init(&password, 1024);
    enum cli_exit rc = q->password ? cli_password(cli, &password) : CLI_OK;
    if (rc)
        return rc;
    struct json_writer w;
    json_writer_begin(&w, ret_body);
    json_put_object(&w, NULL);
    if (q->name)
        json_put_str(&w, "name", q->name);
    if (q->role)
        json_put_str(&w, "role", q->role);
    if (q->password)
        json_put_view(&w, "password", gw_buf_view(&password));
    json_put_end(&w);
    if (json_writer_end(&w) == GW_OK)
        return CLI_OK;
    cli_say(cli, "the question does not fit");
    return CLI_REFUSED;
}

/* Posts to /api/v1/users<behind>; the account as it is afterwards is printed. */
static enum cli_exit post(struct cli *cli, const char *behind, const struct question *q)
{
    char path[160];
    GW_CLEANUP(gw_buf_wipe) struct gw_buf body;
    gw_buf_init(&body, 4096);
    (void)snprintf(path, sizeof(path), "/api/v1/users%s", behind);
    enum cli_exit rc = q ? write_body(cli, q, &body) : CLI_OK;
    if (rc)
        return rc;
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = cli_ask(
        cli, &(struct cli_question){.method = "POST", .path = path, .body = gw_buf_view(&body), .revision = cli->rev},
        &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, COLUMNS);
    add_row(&t, json_root(doc));
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

/* The same below the account that the first word names: "/<name>/<the command's last word>". */
static enum cli_exit post_to(struct cli *cli, const struct question *q)
{
    char behind[128];
    enum cli_exit rc = cli_user_name(cli, cli->words[0]);
    (void)snprintf(behind, sizeof(behind), "/%s/%s", cli->words[0], strchr(cli->command->name, ' ') + 1);
    return rc ? rc : post(cli, behind, q);
}

enum cli_exit cli_user_add(struct cli *cli)
{
    enum cli_exit rc = cli_user_name(cli, cli->words[0]);
    if (!rc)
        rc = check_role(cli);
    return rc ? rc : post(cli, "", &(struct question){cli->words[0], cli->words[1], true});
}

enum cli_exit cli_user_role(struct cli *cli)
{
    enum cli_exit rc = check_role(cli);
    return rc ? rc : post_to(cli, &(struct question){.role = cli->words[1]});
}

enum cli_exit cli_user_act(struct cli *cli)
{
    return post_to(cli, NULL);
}

enum cli_exit cli_user_password(struct cli *cli)
{
    return post_to(cli, &(struct question){.password = true});
}
