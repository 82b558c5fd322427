/* Alerts: what needs looking at. */
#include <string.h>

#include "alert.h"
#include "cli.h"
#include "cli_list.h"
#include "cli_table.h"
#include "gw_cleanup.h"
#include "gw_num.h"

#define SNOOZE_MAX (ALERT_SNOOZE_MS_MAX / GW_SECOND_MS)

/* The filter of the options, as the list's path. A query that says nothing of states is about all, as everywhere. */
static enum cli_exit write_filter(struct cli *cli, struct gw_buf *ret_path)
{
    struct gw_device_id id;
    enum event_sev sev;
    enum cli_exit rc = cli->device ? cli_device_id(cli, cli->device, &id) : CLI_OK;
    if (rc)
        return rc;
    if (cli->min_sev && event_sev_parse(gw_view_str(cli->min_sev), &sev))
        return cli_usage(cli, "--min-sev is one of info low medium high critical fatal");
    bool all = cli->options & CLI_OPT_ALL || cli->word_count > 0;
    (void)gw_buf_printf(ret_path, "/api/v1/alerts?limit=500&state=%s", all ? "all" : "open");
    if (cli->device)
        (void)gw_buf_printf(ret_path, "&device=%s", id.text);
    if (cli->min_sev)
        (void)gw_buf_printf(ret_path, "&min_sev=%s", cli->min_sev);
    return CLI_OK;
}

enum cli_exit cli_alerts_list(struct cli *cli)
{
    static const char *const titles[] = {"ID", "SEVERITY", "STATE", "CLASS", "DEVICE", "COUNT", "LAST", "MESSAGE"};
    static const char *const keys[] = {"id", "severity", "state", "class", "device", "count", "last", "message"};
    GW_CLEANUP(gw_buf_done) struct gw_buf path;
    gw_buf_init(&path, 256);
    enum cli_exit rc = write_filter(cli, &path);
    if (rc)
        return rc;
    const struct cli_list list = {gw_buf_str(&path), "alerts", titles, keys, 8, "no alert is open", NULL};
    return cli_list_query(cli, &list);
}

static enum cli_exit check_id(struct cli *cli)
{
    if (!alert_id_valid(gw_view_str(cli->words[0])))
        return cli_usage(cli, "\"%s\" is no alert: 16 hex digits, as `gatehouse alerts list` prints them",
                         cli->words[0]);
    return CLI_OK;
}

static void show(struct cli *cli, const struct json_value *alert)
{
    static const char *const rows[][2] = {
        {"id", "id"},       {"class", "class"},     {"device", "device"}, {"severity", "severity"}, {"state", "state"},
        {"count", "count"}, {"first", "first"},     {"last", "last"},     {"until", "until"},       {"by", "by"},
        {"note", "note"},   {"message", "message"}, {"revision", "rev"},
    };
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cli_table_add_str(&t, rows[i][0]);
        cli_table_add_member(&t, alert, rows[i][1]);
    }
    const struct json_value *evidence = NULL;
    if (json_member(alert, "evidence", JSON_KIND_OBJECT, &evidence, NULL) == GW_OK) {
        cli_table_add_str(&t, "last event's log");
        cli_table_add_member(&t, evidence, "log");
        cli_table_add_str(&t, "its number");
        cli_table_add_member(&t, evidence, "seq");
    }
    cli_table_print(&t, cli->out);
}

enum cli_exit cli_alerts_show(struct cli *cli)
{
    char path[64];
    enum cli_exit rc = check_id(cli);
    if (rc)
        return rc;
    (void)snprintf(path, sizeof(path), "/api/v1/alerts/%s", cli->words[0]);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = path}, &doc);
    if (!rc && !cli->json)
        show(cli, json_root(doc));
    return rc;
}

/* Posts to the alert; `until` may be zero. The alert as it is afterwards is printed. */
static enum cli_exit post(struct cli *cli, const char *verb, struct gw_wall until)
{
    char path[96];
    struct json_writer w;
    GW_CLEANUP(gw_buf_done) struct gw_buf body;
    gw_buf_init(&body, 8192);
    json_writer_begin(&w, &body);
    json_put_object(&w, NULL);
    if (until.ms)
        json_put_time(&w, "until", until);
    if (cli->note)
        json_put_str(&w, "note", cli->note);
    json_put_end(&w);
    if (json_writer_end(&w))
        return cli_usage(cli, "the note is too long");
    (void)snprintf(path, sizeof(path), "/api/v1/alerts/%s/%s", cli->words[0], verb);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(
        cli, &(struct cli_question){.method = "POST", .path = path, .body = gw_buf_view(&body), .revision = cli->rev},
        &doc);
    if (!rc && !cli->json)
        show(cli, json_root(doc));
    return rc;
}

enum cli_exit cli_alerts_ack(struct cli *cli)
{
    enum cli_exit rc = check_id(cli);
    return rc ? rc : post(cli, "acknowledge", (struct gw_wall){0});
}

enum cli_exit cli_alerts_resolve(struct cli *cli)
{
    enum cli_exit rc = check_id(cli);
    return rc ? rc : post(cli, "resolve", (struct gw_wall){0});
}

enum cli_exit cli_alerts_note(struct cli *cli)
{
    enum cli_exit rc = check_id(cli);
    cli->note = cli->words[1];
    return rc ? rc : post(cli, "note", (struct gw_wall){0});
}

/* "90s", "15m", "2h", "7d": seconds, 0 when it is none. */
static uint64_t seconds_of(const char *word)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t len = strlen(word);
    uint64_t n = 0;
    if (len < 2 || gw_parse_u64(gw_view_make(word, len - 1), SNOOZE_MAX, &n))
        return 0;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == word[len - 1])
            return n * units[i].seconds <= SNOOZE_MAX ? n * units[i].seconds : 0;
    return 0;
}

enum cli_exit cli_alerts_snooze(struct cli *cli)
{
    struct gw_wall until;
    enum cli_exit rc = check_id(cli);
    if (rc)
        return rc;
    uint64_t seconds = seconds_of(cli->words[1]);
    if (seconds)
        until.ms = gw_wall_now().ms + (int64_t)seconds * GW_SECOND_MS;
    else if (gw_wall_parse(gw_view_str(cli->words[1]), &until))
        return cli_usage(cli,
                         "\"%s\" is neither how long (90s, 15m, 2h, 7d, at most 30d) nor a time "
                         "(2026-01-31T12:00:00Z)",
                         cli->words[1]);
    return post(cli, "snooze", until);
}
