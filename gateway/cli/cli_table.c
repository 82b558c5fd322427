#include "cli_table.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "cli_text.h"
#include "gw_cleanup.h"

#define TABLE_MAX_BYTES (256 * 1024 * 1024)

void cli_table_init(struct cli_table *t, const char *const titles[], size_t columns)
{
    assert(columns > 0 && columns <= CLI_TABLE_COLUMNS);
    *t = (struct cli_table){.titles = titles, .columns = columns};
    gw_buf_init(&t->text, TABLE_MAX_BYTES);
    for (size_t i = 0; titles && i < columns; i++)
        t->width[i] = cli_text_width(gw_view_str(titles[i]));
}

void cli_table_done(struct cli_table *t)
{
    gw_buf_done(&t->text);
}

void cli_table_add(struct cli_table *t, struct gw_view cell)
{
    size_t start = t->text.len, column = t->cells % t->columns;
    cli_text_escape(&t->text, cell);
    size_t width = cli_text_width(gw_view_make(t->text.ptr + start, t->text.len - start));
    if (gw_buf_add_u8(&t->text, 0))
        return;
    if (width > t->width[column])
        t->width[column] = width;
    t->cells++;
}

void cli_table_add_str(struct cli_table *t, const char *cell)
{
    cli_table_add(t, gw_view_str(cell));
}

void cli_table_add_member(struct cli_table *t, const struct json_value *object, const char *key)
{
    const struct json_value *value = json_find(object, key);
    struct gw_view text;
    int64_t number = 0;
    bool flag = false;
    char shown[32];
    if (value && !json_as_text(value, &text) && text.len) {
        cli_table_add(t, text);
    } else if (value && !json_as_i64(value, &number)) {
        (void)snprintf(shown, sizeof(shown), "%" PRId64, number);
        cli_table_add_str(t, shown);
    } else if (value && !json_as_bool(value, &flag)) {
        cli_table_add_str(t, flag ? "yes" : "no");
    } else {
        cli_table_add_str(t, "-");
    }
}

static void print_cell(FILE *out, const char *cell, size_t width, bool last)
{
    size_t used = cli_text_width(gw_view_str(cell));
    (void)fputs(cell, out);
    if (last)
        (void)fputc('\n', out);
    else
        (void)fprintf(out, "%*s", (int)(width - used) + 2, "");
}

void cli_table_print(const struct cli_table *t, FILE *out)
{
    assert(t->columns > 0);
    for (size_t i = 0; t->titles && i < t->columns; i++)
        print_cell(out, t->titles[i], t->width[i], i + 1 == t->columns);
    const char *cell = (const char *)t->text.ptr;
    size_t full = t->cells - t->cells % t->columns;
    for (size_t i = 0; i < full; i++) {
        size_t column = i % t->columns;
        print_cell(out, cell, t->width[column], column + 1 == t->columns);
        cell += strlen(cell) + 1;
    }
}

enum cli_exit cli_table_list(const struct cli_table *t, struct cli *cli, const char *when_empty)
{
    if (gw_buf_rc(&t->text)) {
        cli_say(cli, "the list is too long to show");
        return CLI_REFUSED;
    }
    if (t->cells == 0)
        cli_say(cli, "%s", when_empty);
    else
        cli_table_print(t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_ask_member(struct cli *cli, const struct cli_question *question, const char *key)
{
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    enum cli_exit rc = cli_ask(cli, question, &doc);
    if (rc || cli->json)
        return rc;
    GW_CLEANUP(cli_table_done) struct cli_table t;
    cli_table_init(&t, NULL, 1);
    cli_table_add_member(&t, json_root(doc), key);
    cli_table_print(&t, cli->out);
    return CLI_OK;
}

enum cli_exit cli_print_json(struct cli *cli, struct json_writer *w, struct gw_buf *line)
{
    if (json_writer_end(w)) {
        cli_say(cli, "the answer does not fit");
        return CLI_REFUSED;
    }
    (void)fprintf(cli->out, "%s\n", gw_buf_str(line));
    return CLI_OK;
}
