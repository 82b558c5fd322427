/* logs evidence: the batches that contradicted a device's logs: what stands in them, or one of them as a file. */
#include <inttypes.h>
#include <string.h>

#include "cli_logs.h"
#include "cli_release.h"
#include "cli_table.h"
#include "crypto_hash.h"
#include "gw_cleanup.h"
#include "gw_num.h"
#include "log_evidence.h"

#define LINE_MAX_BYTES ((size_t)1 << 20) /* JSON of LOG_BATCH_COUNT_MAX events: about 150 KiB */

/* One batch, and the log that it contradicts. */
struct contradiction {
    struct cli *cli;
    const struct cli_log *log;
    struct gw_buf bytes;
    struct log_batch batch; /* in bytes */
    struct log_evidence_event events[LOG_BATCH_COUNT_MAX];
    enum cli_exit rc; /* of the last question to the gateway, told already unless CLI_OK */
};

static void contradiction_done(struct contradiction *c)
{
    gw_buf_done(&c->bytes);
}

static enum gw_rc fetch_tile(void *ctx, const char *file, struct gw_buf *ret_bytes, struct gw_err *err)
{
    struct contradiction *c = ctx;
    c->rc = cli_log_fetch(c->cli, "log-tile", c->log->name, file, ret_bytes);
    return c->rc == CLI_OK ? GW_OK : gw_err_set(err, GW_IO, "%s could not be had from the gateway", file);
}

static enum cli_exit fetch_batch(struct contradiction *c)
{
    struct gw_err err = {0};
    gw_buf_init(&c->bytes, CLI_REPLY_MAX);
    enum cli_exit rc = cli_log_fetch(c->cli, "log-evidence", c->log->name, NULL, &c->bytes);
    if (rc)
        return rc;
    enum gw_rc bad = log_batch_parse(gw_buf_view(&c->bytes), &c->batch, &err);
    if (!bad && c->batch.head.epoch != c->log->id.epoch)
        bad = gw_err_set(&err, GW_INVALID, "log batch: of another epoch");
    if (!bad)
        return CLI_OK;
    cli_say(c->cli, "%s: the gateway's answer is no evidence: %s", c->log->name, gw_err_text(&err));
    return CLI_REFUSED;
}

/* ---- listing ----------------------------------------------------------------------------------------------------- */

static enum cli_exit print_json(const struct contradiction *c)
{
    char epoch[17];
    struct json_writer w;
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, LINE_MAX_BYTES);
    (void)snprintf(epoch, sizeof(epoch), "%016" PRIx64, c->batch.head.epoch);
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "log", c->log->name);
    json_put_str(&w, "epoch", epoch);
    json_put_u64_text(&w, "first", c->batch.head.first);
    json_put_i64(&w, "count", c->batch.head.count);
    json_put_array(&w, "events");
    for (uint32_t i = 0; i < c->batch.head.count; i++) {
        const struct log_evidence_event *e = &c->events[i];
        json_put_object(&w, NULL);
        json_put_u64_text(&w, "seq", e->seq);
        json_put_i64(&w, "bytes", (int64_t)e->len);
        json_put_hex(&w, "leaf", e->leaf.bytes, GW_SHA256_LEN);
        json_put_str(&w, "stored", log_evidence_text(e->stored));
        json_put_end(&w);
    }
    json_put_end(&w);
    json_put_end(&w);
    return cli_print_json(c->cli, &w, &line);
}

static void add_number(struct cli_table *t, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    cli_table_add_str(t, text);
}

static enum cli_exit print_table(const struct contradiction *c)
{
    static const char *const titles[] = {"SEQ", "BYTES", "LEAF", "STORED"};
    const struct log_batch_head *head = &c->batch.head;
    uint32_t differ = 0;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, titles, 4);
    for (uint32_t i = 0; i < head->count; i++) {
        const struct log_evidence_event *e = &c->events[i];
        char leaf[2 * GW_SHA256_LEN + 1];
        gw_hex_format(e->leaf.bytes, GW_SHA256_LEN, leaf);
        add_number(&t, e->seq);
        add_number(&t, e->len);
        cli_table_add_str(&t, leaf);
        cli_table_add_str(&t, log_evidence_text(e->stored));
        differ += e->stored == LOG_EVIDENCE_DIFFERS;
    }
    (void)fprintf(c->cli->out,
                  "==> %s\nepoch %016" PRIx64 ", from %" PRIu64 " on, %u event%s, of which %u differ from the log\n",
                  c->log->name, head->epoch, head->first, head->count, gw_plural(head->count), differ);
    cli_table_print(&t, c->cli->out);
    return CLI_OK;
}

static enum cli_exit show(struct cli *cli, const struct cli_log *log)
{
    GW_CLEANUP(contradiction_done) struct contradiction c = {.cli = cli, .log = log};
    const struct log_source tiles = {&c, fetch_tile};
    struct gw_err err = {0};
    enum cli_exit rc = fetch_batch(&c);
    if (rc)
        return rc;
    if (log_evidence_compare(&c.batch, log->size, &tiles, crypto_sha256(), c.events, &err)) {
        cli_say(cli, "%s: %s", log->name, gw_err_text(&err));
        return c.rc ? c.rc : CLI_REFUSED;
    }
    return cli->json ? print_json(&c) : print_table(&c);
}

/* ---- a file ------------------------------------------------------------------------------------------------------ */

static enum cli_exit tell_file(const struct contradiction *c)
{
    struct cli *cli = c->cli;
    if (!cli->json) {
        (void)fprintf(cli->out, "%s: %zu bytes in %s\n", c->log->name, c->bytes.len, cli->out_path);
        return CLI_OK;
    }
    struct json_writer w;
    GW_CLEANUP(gw_buf_done) struct gw_buf line;
    gw_buf_init(&line, LINE_MAX_BYTES);
    json_writer_begin(&w, &line);
    json_put_object(&w, NULL);
    json_put_str(&w, "log", c->log->name);
    json_put_str(&w, "out", cli->out_path);
    json_put_i64(&w, "bytes", (int64_t)c->bytes.len);
    json_put_end(&w);
    return cli_print_json(cli, &w, &line);
}

static enum cli_exit save(struct cli *cli, const struct cli_log *log)
{
    GW_CLEANUP(contradiction_done) struct contradiction c = {.cli = cli, .log = log};
    struct gw_err err = {0};
    enum cli_exit rc = fetch_batch(&c);
    if (rc)
        return rc;
    if (cli_release_new_file(cli->out_path, gw_buf_view(&c.bytes), 0644, &err)) {
        cli_say(cli, "%s", gw_err_text(&err));
        return CLI_REFUSED;
    }
    return tell_file(&c);
}

/* ---- which logs -------------------------------------------------------------------------------------------------- */

/* Those that something contradicts: all of the device, or the one. */
static enum cli_exit selected(struct cli *cli, struct cli_log_list *list)
{
    if ((cli->device != NULL) == (cli->log != NULL))
        return cli_usage(cli, "one of --device ID and --log NAME is needed");
    struct log_id id = {.epoch = 0};
    enum cli_exit rc = cli->log ? cli_log_word(cli, cli->log, &id) : CLI_OK;
    if (!rc && cli->log && id.kind != LOG_DEVICE)
        return cli_usage(cli, "only what a device numbers itself can be contradicted: dev/<device>/<epoch>");
    if (!rc)
        rc = cli_log_list_get(cli, cli->log ? id.device.text : cli->device, list);
    size_t kept = 0;
    for (size_t i = 0; !rc && i < list->count; i++)
        if (list->logs[i].equivocated && (!cli->log || log_id_eq(&list->logs[i].id, &id)))
            list->logs[kept++] = list->logs[i];
    list->count = kept;
    return rc;
}

enum cli_exit cli_logs_evidence(struct cli *cli)
{
    GW_CLEANUP(cli_log_list_done) struct cli_log_list list = {.logs = NULL};
    enum cli_exit rc = selected(cli, &list);
    if (rc)
        return rc;
    if (list.count == 0) {
        cli_say(cli, "there is no evidence: nothing contradicts %s", cli->log ? cli->log : cli->device);
        return CLI_REFUSED;
    }
    if (cli->out_path && list.count > 1)
        return cli_usage(cli, "%zu logs of %s are contradicted: name one with --log", list.count, cli->device);
    for (size_t i = 0; !rc && i < list.count; i++)
        rc = cli->out_path ? save(cli, &list.logs[i]) : show(cli, &list.logs[i]);
    return rc;
}
