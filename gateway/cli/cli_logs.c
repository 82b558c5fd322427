/* logs list, and what the other commands on logs share: lists, events, printing. */
#include "cli_logs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli_table.h"
#include "cli_text.h"
#include "gw_cleanup.h"

/* ---- lists ------------------------------------------------------------------------------------------------------- */

void cli_log_list_done(struct cli_log_list *list)
{
    free(list->logs);
}

static bool take_log(struct cli_log_list *list, const struct json_value *value)
{
    struct cli_log log = {.size = 0};
    if (list->count == CLI_LOGS_MAX || json_str(value, "log", log.name, sizeof(log.name), NULL) ||
        log_id_parse(gw_view_str(log.name), &log.id) || json_u64_text(value, "size", INT64_MAX, &log.size, NULL) ||
        json_u64_text(value, "signed_size", INT64_MAX, &log.signed_size, NULL))
        return false;
    (void)!json_bool(value, "equivocated", &log.equivocated, NULL); /* false, when it is not told */
    list->logs = gw_xgrow(list->logs, list->count, &list->cap, sizeof(log));
    list->logs[list->count++] = log;
    return true;
}

/* One page; `next` is the cursor, "" to begin and after the last. */
static enum cli_exit list_page(struct cli *cli, const char *device, bool show, struct cli_log_list *list,
                               char next[LOG_NAME_MAX])
{
    char path[320];
    (void)snprintf(path, sizeof(path), "/api/v1/logs?limit=1000%s%s%s%s", device ? "&device=" : "",
                   device ? device : "", next[0] ? "&cursor=" : "", next);
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    const struct cli_question q = {.method = "GET", .path = path};
    enum cli_exit rc = show ? cli_ask(cli, &q, &doc) : cli_ask_quiet(cli, &q, &doc);
    if (rc)
        return rc;
    const struct json_value *logs = NULL;
    bool good = json_member(json_root(doc), "logs", JSON_KIND_ARRAY, &logs, NULL) == GW_OK;
    for (size_t i = 0; good && i < json_count(logs); i++)
        good = take_log(list, json_item(logs, i));
    bool had = json_count(logs) > 0;
    next[0] = '\0';
    if (good && json_find(json_root(doc), "next"))
        (void)!json_str(json_root(doc), "next", next, LOG_NAME_MAX, NULL); /* null: the end */
    if (!good || (next[0] && !had)) {
        cli_say(cli, "the gateway's answer is not a list of logs");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static enum cli_exit list_all(struct cli *cli, const char *device, bool show, struct cli_log_list *list)
{
    char next[LOG_NAME_MAX] = "";
    enum cli_exit rc;
    do
        rc = list_page(cli, device, show, list, next);
    while (!rc && next[0]);
    return rc;
}

/* A device without logs may be one that is not there: the gateway's word for it. */
static enum cli_exit know_device(struct cli *cli, const struct gw_device_id *id)
{
    char path[64 + GW_DEVICE_ID_MAX];
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    (void)snprintf(path, sizeof(path), "/api/v1/devices/%s", id->text);
    return cli_ask_quiet(cli, &(struct cli_question){.method = "GET", .path = path}, &doc);
}

enum cli_exit cli_log_list_get(struct cli *cli, const char *device, struct cli_log_list *ret_list)
{
    bool show = cli->json && strcmp(cli->command->name, "logs list") == 0;
    struct gw_device_id id;
    enum cli_exit rc = device ? cli_device_id(cli, device, &id) : CLI_OK;
    if (rc)
        return rc;
    GW_CLEANUP(cli_log_list_done) struct cli_log_list seen = {0};
    if (show && device) /* nothing is printed before the device is known */
        rc = list_all(cli, device, false, &seen);
    if (!rc && show && device && seen.count == 0)
        rc = know_device(cli, &id);
    if (!rc)
        rc = list_all(cli, device, show, ret_list);
    return rc || !device || show || ret_list->count ? rc : know_device(cli, &id);
}

const struct cli_log *cli_log_newest(const struct cli_log_list *list, enum log_kind kind)
{
    for (size_t i = list->count; i > 0; i--)
        if (list->logs[i - 1].id.kind == kind)
            return &list->logs[i - 1];
    return NULL;
}

const struct cli_log *cli_log_find(const struct cli_log_list *list, const struct log_id *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (log_id_eq(&list->logs[i].id, id))
            return &list->logs[i];
    return NULL;
}

enum cli_exit cli_log_fetch(struct cli *cli, const char *what, const char *name, const char *file,
                            struct gw_buf *ret_bytes)
{
    char path[320];
    (void)snprintf(path, sizeof(path), "/api/v1/%s?log=%s%s%s", what, name, file ? "&path=" : "", file ? file : "");
    return cli_fetch(cli, &(struct cli_question){.method = "GET", .path = path}, ret_bytes);
}

enum cli_exit cli_log_word(struct cli *cli, const char *word, struct log_id *ret_id)
{
    if (log_id_parse(gw_view_str(word), ret_id))
        return cli_usage(cli, "\"%s\" names no log; `gatehouse logs list` prints the names", word);
    return CLI_OK;
}

static void put_number(struct cli_table *t, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    cli_table_add_str(t, text);
}

enum cli_exit cli_logs_list(struct cli *cli)
{
    static const char *const titles[] = {"LOG", "KIND", "EVENTS", "SIGNED"};
    GW_CLEANUP(cli_log_list_done) struct cli_log_list list = {.logs = NULL};
    enum cli_exit rc = cli_log_list_get(cli, cli->device, &list);
    if (rc || cli->json)
        return rc;
    if (list.count == 0) {
        cli_say(cli, cli->device ? "%s has sent no log yet" : "there are no logs yet", cli->device);
        return CLI_OK;
    }
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 4);
    for (size_t i = 0; i < list.count; i++) {
        cli_table_add_str(&t, list.logs[i].name);
        cli_table_add_str(&t, log_kind_text(list.logs[i].id.kind));
        put_number(&t, list.logs[i].size);
        put_number(&t, list.logs[i].signed_size);
    }
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

void cli_events_done(struct cli_events *e)
{
    for (size_t i = 0; i < e->doc_count; i++)
        json_free(e->docs[i]);
    free(e->docs);
    free(e->events);
}

static bool take_event(struct cli_events *e, const struct json_value *value)
{
    char name[LOG_NAME_MAX];
    struct cli_event event = {.value = value};
    if (json_str(value, "log", name, sizeof(name), NULL) || log_id_parse(gw_view_str(name), &event.log) ||
        json_u64_text(value, "seq", INT64_MAX, &event.seq, NULL) || json_time(value, "arrived", &event.arrived, NULL))
        return false;
    e->events = gw_xgrow(e->events, e->count, &e->cap, sizeof(event));
    e->events[e->count++] = event;
    return true;
}

bool cli_events_take(struct cli_events *e, struct json_doc *answer)
{
    const struct json_value *list = NULL;
    e->docs = gw_xgrow(e->docs, e->doc_count, &e->doc_cap, sizeof(struct json_doc *));
    e->docs[e->doc_count++] = answer;
    bool good = json_member(json_root(answer), "events", JSON_KIND_ARRAY, &list, NULL) == GW_OK;
    for (size_t i = 0; good && i < json_count(list); i++)
        good = take_event(e, json_item(list, i));
    return good;
}

static int by_time(const void *a, const void *b)
{
    const struct cli_event *x = a, *y = b;
    if (x->arrived.ms != y->arrived.ms)
        return x->arrived.ms < y->arrived.ms ? -1 : 1;
    int kind = (int)x->log.kind - (int)y->log.kind, device = strcmp(x->log.device.text, y->log.device.text);
    if (device || kind)
        return device ? device : kind;
    if (x->log.epoch != y->log.epoch)
        return x->log.epoch < y->log.epoch ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void cli_events_sort(struct cli_events *e)
{
    if (e->count == 0)
        return;
    qsort(e->events, e->count, sizeof(*e->events), by_time);
    size_t kept = 1;
    for (size_t i = 1; i < e->count; i++)
        if (by_time(&e->events[i], &e->events[kept - 1]) != 0)
            e->events[kept++] = e->events[i];
    e->count = kept;
}

enum cli_exit cli_events_get(struct cli *cli, const char *log, uint64_t from, size_t limit, struct cli_events *e)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "/api/v1/log-events?log=%s&from=%" PRIu64 "&limit=%zu", log, from,
                   limit < CLI_PAGE_MAX ? limit : CLI_PAGE_MAX);
    struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = path}, &doc);
    if (rc)
        return rc;
    bool good = cli_events_take(e, doc);
    if (!good || json_u64_text(json_root(doc), "next", INT64_MAX, &e->next, NULL) ||
        json_bool(json_root(doc), "more", &e->more, NULL) || (e->more && e->next <= from)) {
        cli_say(cli, "the gateway's answer holds no events as they should be");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

/* ---- printing ---------------------------------------------------------------------------------------------------- */

static struct gw_view member(const struct json_value *value, const char *key)
{
    struct gw_view text;
    return json_text(value, key, &text, NULL) ? gw_view_make(NULL, 0) : text;
}

static void print_raw(struct cli *cli, const struct json_value *value)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf bytes, shown;
    gw_buf_init(&bytes, CLI_REPLY_MAX);
    gw_buf_init(&shown, 16 * (size_t)CLI_REPLY_MAX);
    if (json_has(value, "text"))
        (void)gw_buf_add_view(&bytes, member(value, "text"));
    else
        (void)!json_base64(value, "base64", &bytes, NULL);
    if (cli->out_is_tty)
        cli_text_escape(&shown, gw_buf_view(&bytes));
    else
        (void)gw_buf_add_view(&shown, gw_buf_view(&bytes));
    (void)fwrite(gw_buf_str(&shown), 1, shown.len, cli->out);
    (void)fputc('\n', cli->out);
}

/* " key" in front of text that is there. */
static void add_part(struct gw_buf *line, const char *lead, struct gw_view text)
{
    if (text.len == 0)
        return;
    (void)gw_buf_add_str(line, lead);
    cli_text_escape(line, text);
}

static void print_line(struct cli *cli, const struct cli_event *e)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    char arrived[GW_WALL_TEXT_MAX] = "-";
    gw_buf_init(&line, 16 * (size_t)CLI_REPLY_MAX);
    (void)!gw_wall_format(e->arrived, arrived);
    (void)gw_buf_printf(&line, "%s  %-6" PRIu64 "  ", arrived, e->seq);
    size_t before = line.len;
    cli_text_escape(&line, member(e->value, "sev"));
    for (size_t used = line.len - before; used < 8; used++)
        (void)gw_buf_add_u8(&line, ' ');
    add_part(&line, "  ", member(e->value, "cls"));
    add_part(&line, " ", member(e->value, "res"));
    add_part(&line, "  by ", member(e->value, "subj"));
    add_part(&line, "  on ", member(e->value, "obj"));
    struct gw_view msg = member(e->value, "msg");
    add_part(&line, "  ", msg.len ? msg : member(e->value, "text"));
    (void)fprintf(cli->out, "%s\n", gw_buf_str(&line));
}

void cli_events_print(struct cli *cli, const struct cli_events *e, size_t limit, struct log_id *last_log)
{
    for (size_t i = e->count > limit ? e->count - limit : 0; i < e->count; i++) {
        const struct cli_event *event = &e->events[i];
        if (cli->options & CLI_OPT_RAW) {
            print_raw(cli, event->value);
            continue;
        }
        if (!log_id_eq(&event->log, last_log)) {
            char name[LOG_NAME_MAX];
            log_id_name(&event->log, name);
            (void)fprintf(cli->out, "%s==> %s\n", last_log->kind ? "\n" : "", name);
            *last_log = event->log;
        }
        print_line(cli, event);
    }
}
