/* logs show: a window of one log, or a search of a device's or the gateway's own events. */
#include <inttypes.h>
#include <string.h>

#include "cli_list.h"
#include "cli_logs.h"
#include "event.h"
#include "gw_cleanup.h"
#include "gw_num.h"

#define LIMIT_DEFAULT 100
#define UNSEALED_MAX  255 /* events of one log that a search shows before any bundle */
#define FILTERS       (CLI_OPT_SINCE | CLI_OPT_TEXT | CLI_OPT_MIN_SEV)

struct window {
    size_t limit;
    bool has_from;
    uint64_t from;
    char since[GW_WALL_TEXT_MAX]; /* "" for none */
};

/* "90s", "15m", "2h", "7d": that long ago; or a time. */
static bool parse_since(const char *text, char out[GW_WALL_TEXT_MAX])
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', GW_SECOND_MS}, {'m', GW_MINUTE_MS}, {'h', GW_HOUR_MS}, {'d', GW_DAY_MS}};
    struct gw_wall t = gw_wall_now();
    size_t len = strlen(text);
    uint64_t n = 0;
    if (!gw_wall_parse(gw_view_str(text), &t))
        return gw_wall_format(t, out) == GW_OK;
    if (len == 0 || gw_parse_u64(gw_view_make(text, len - 1), 1000000, &n))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == text[len - 1]) {
            t.ms -= (int64_t)n * units[i].ms;
            return gw_wall_format(t, out) == GW_OK;
        }
    return false;
}

static enum cli_exit read_window(struct cli *cli, struct window *ret_window)
{
    struct window w = {.limit = LIMIT_DEFAULT, .has_from = cli->from != NULL};
    unsigned whose = cli->options & (CLI_OPT_DEVICE | CLI_OPT_AUDIT | CLI_OPT_LOG);
    uint64_t limit = LIMIT_DEFAULT;
    enum event_sev sev;
    if (whose == 0 || (whose & (whose - 1)))
        return cli_usage(cli, "one of --device ID, --audit and --log NAME is needed");
    if ((cli->options & FILTERS) && (cli->log || cli->from))
        return cli_usage(cli, "--since, --text and --min-sev go with --device or --audit, without --from");
    if (cli->limit && (gw_parse_u64(gw_view_str(cli->limit), CLI_EVENT_MAX, &limit) || limit == 0))
        return cli_usage(cli, "--limit must be from 1 to %d", CLI_EVENT_MAX);
    if (cli->from && gw_parse_u64(gw_view_str(cli->from), INT64_MAX, &w.from))
        return cli_usage(cli, "--from must be a sequence number");
    if (cli->min_sev && event_sev_parse(gw_view_str(cli->min_sev), &sev))
        return cli_usage(cli, "--min-sev is one of info low medium high critical fatal");
    if (cli->since && !parse_since(cli->since, w.since))
        return cli_usage(cli, "--since takes 90s, 15m, 2h, 7d, or a time like 2026-01-31T12:00:00Z");
    w.limit = (size_t)limit;
    *ret_window = w;
    return CLI_OK;
}

/* ---- one log ----------------------------------------------------------------------------------------------------- */

static enum cli_exit show_log(struct cli *cli, const struct cli_log *log, const struct window *w)
{
    uint64_t from = w->has_from ? w->from : log->size > w->limit ? log->size - w->limit : 0;
    struct log_id last = {.epoch = 0};
    size_t left = w->limit;
    bool more = true;
    while (more && left > 0) {
        GW_CLEANUP(cli_events_done) struct cli_events e = {.docs = NULL};
        enum cli_exit rc = cli_events_get(cli, log->name, from, left, &e);
        if (rc)
            return rc;
        from = e.next;
        more = e.more;
        if (!cli->json)
            cli_events_print(cli, &e, left, &last);
        left -= e.count < left ? e.count : left;
    }
    if (left == w->limit && !cli->json)
        cli_say(cli, "no such events: %s has %" PRIu64 " so far, from 0 on", log->name, log->size);
    return CLI_OK;
}

static enum cli_exit find_and_show(struct cli *cli, const struct cli_log_list *list, const struct window *w)
{
    struct log_id id;
    enum cli_exit rc = cli->log ? cli_log_word(cli, cli->log, &id) : CLI_OK;
    if (rc)
        return rc;
    const struct cli_log *log =
        cli->log ? cli_log_find(list, &id) : cli_log_newest(list, cli->device ? LOG_DEVICE : LOG_AUDIT);
    if (!log) {
        cli_say(cli, "there is no such log");
        return CLI_REFUSED;
    }
    return show_log(cli, log, w);
}

/* ---- searching --------------------------------------------------------------------------------------------------- */

static void add_value(struct gw_buf *path, const char *key, const char *value)
{
    if (!value || !value[0])
        return;
    (void)gw_buf_printf(path, "&%s=", key);
    cli_list_encode(path, gw_view_str(value));
}

/* One answer; `cursor` goes on, "" at the end. */
static enum cli_exit search_page(struct cli *cli, const struct window *w, struct cli_events *e, char cursor[400])
{
    GW_CLEANUP(gw_buf_done) struct gw_buf path;
    gw_buf_init(&path, 2048);
    (void)gw_buf_add_str(&path, "/api/v1/log-search?limit=1000");
    add_value(&path, "device", cli->device);
    add_value(&path, "audit", cli->options & CLI_OPT_AUDIT ? "true" : "");
    add_value(&path, "from", w->since);
    add_value(&path, "min_sev", cli->min_sev);
    add_value(&path, "text", cli->text);
    add_value(&path, "cursor", cursor);
    if (gw_buf_rc(&path))
        return cli_usage(cli, "--text is too long");
    struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = gw_buf_str(&path)}, &doc);
    if (rc)
        return rc;
    cursor[0] = '\0';
    bool good = cli_events_take(e, doc);
    const struct json_value *next = json_find(json_root(doc), "next");
    if (!next || (json_kind_of(next) != JSON_KIND_NULL && json_str(json_root(doc), "next", cursor, 400, NULL)) ||
        !good) {
        cli_say(cli, "the gateway's answer holds no events as they should be");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

/* A search shows what is not sealed yet before the bundles, newest first: with that much more than what is wanted, the
 * newest are among them. */
static enum cli_exit search(struct cli *cli, const struct cli_log_list *list, const struct window *w)
{
    GW_CLEANUP(cli_events_done) struct cli_events e = {.docs = NULL};
    size_t enough = w->limit;
    for (size_t i = 0; i < list->count; i++)
        enough += list->logs[i].id.kind == LOG_ROOT ? 0 : UNSEALED_MAX;
    char cursor[400] = "";
    do {
        enum cli_exit rc = search_page(cli, w, &e, cursor);
        if (rc)
            return rc;
    } while (cursor[0] && e.count < enough);
    cli_events_sort(&e);
    struct log_id last = {.epoch = 0};
    if (!cli->json)
        cli_events_print(cli, &e, w->limit, &last);
    if (e.count == 0 && !cli->json)
        cli_say(cli, "no such events");
    return CLI_OK;
}

/* The logs of the gateway's own: the audit log has no device to ask for. */
static void keep_audit(struct cli_log_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->logs[i].id.kind == LOG_AUDIT)
            list->logs[kept++] = list->logs[i];
    list->count = kept;
}

enum cli_exit cli_logs_show(struct cli *cli)
{
    struct window w = {.limit = LIMIT_DEFAULT};
    GW_CLEANUP(cli_log_list_done) struct cli_log_list list = {.logs = NULL};
    enum cli_exit rc = read_window(cli, &w);
    if (!rc)
        rc = cli_log_list_get(cli, cli->device, &list);
    if (rc)
        return rc;
    if (cli->options & CLI_OPT_AUDIT)
        keep_audit(&list);
    return cli->log || w.has_from ? find_and_show(cli, &list, &w) : search(cli, &list, &w);
}
