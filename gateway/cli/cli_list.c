#include "cli_list.h"

#include <string.h>

#include "cli_text.h"
#include "filter.h"
#include "gw_cleanup.h"

#define PATH_BYTES 4096  /* of a question */
#define NEXT_LEN   64    /* of a cursor, with its end */
#define PAGES_MAX  20000 /* ten million rows; a list that is longer goes round in circles */

/* What goes into a path is looked at. */
static bool next_ok(struct gw_view next)
{
    for (size_t i = 0; i < next.len; i++)
        if (!((next.ptr[i] >= 'a' && next.ptr[i] <= 'z') || (next.ptr[i] >= '0' && next.ptr[i] <= '9') ||
              next.ptr[i] == '-' || next.ptr[i] == '.'))
            return false;
    return next.len > 0 && next.len < NEXT_LEN;
}

/* Adds one page; the cursor of the next one, or "" after the last, goes to io_next. */
static enum cli_exit list_page(struct cli *cli, const struct cli_list *l, struct cli_table *t, char io_next[NEXT_LEN])
{
    char path[PATH_BYTES + NEXT_LEN];
    struct gw_view next = {NULL, 0};
    GW_CLEANUP(json_cleanup) struct json_doc *doc = NULL;
    (void)snprintf(path, sizeof(path), "%s%s%s", l->path, io_next[0] ? "&cursor=" : "", io_next);
    enum cli_exit rc = cli_ask(cli, &(struct cli_question){.method = "GET", .path = path}, &doc);
    if (rc)
        return rc;
    const struct json_value *rows = NULL;
    struct gw_err err = {0};
    if (json_member(json_root(doc), l->member, JSON_KIND_ARRAY, &rows, &err)) {
        cli_say(cli, "the gateway's answer is not a list: %s", gw_err_text(&err));
        return CLI_REFUSED;
    }
    for (size_t i = 0; i < json_count(rows); i++)
        for (size_t k = 0; k < l->columns; k++)
            if (!l->cell || !l->cell(t, json_item(rows, i), l->keys[k]))
                cli_table_add_member(t, json_item(rows, i), l->keys[k]);
    bool more = json_text(json_root(doc), "next", &next, NULL) == GW_OK;
    if (more && (gw_view_eq_str(next, io_next) || !next_ok(next))) {
        cli_say(cli, "the gateway's list does not go forward");
        return CLI_REFUSED;
    }
    io_next[0] = '\0';
    return more && gw_view_copy_str(next, io_next, NEXT_LEN) ? CLI_REFUSED : CLI_OK;
}

enum cli_exit cli_list_all(struct cli *cli, const struct cli_list *list)
{
    GW_CLEANUP(cli_table_done) struct cli_table t;
    char next[NEXT_LEN] = "";
    int pages = 0;
    cli_table_init(&t, list->titles, list->columns);
    do {
        enum cli_exit rc = list_page(cli, list, &t, next);
        if (rc)
            return rc;
    } while (next[0] && ++pages < PAGES_MAX);
    if (next[0]) {
        cli_say(cli, "the gateway's list does not end");
        return CLI_REFUSED;
    }
    return cli->json ? CLI_OK : cli_table_list(&t, cli, list->when_empty);
}

void cli_list_encode(struct gw_buf *path, struct gw_view value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain)
            (void)gw_buf_add_u8(path, c);
        else
            (void)gw_buf_printf(path, "%%%02X", c);
    }
}

/* The query, and below it a mark where it cannot be read. */
static enum cli_exit show_place(struct cli *cli, struct gw_view query, size_t at, const char *why)
{
    enum cli_exit rc = cli_usage(cli, "%s", why);
    if (cli->json || query.len > FILTER_BYTES_MAX)
        return rc;
    GW_CLEANUP(gw_buf_done) struct gw_buf before, all;
    gw_buf_init(&before, 16 * FILTER_BYTES_MAX);
    gw_buf_init(&all, 16 * FILTER_BYTES_MAX);
    cli_text_escape(&before, gw_view_make(query.ptr, at - 1));
    cli_text_escape(&all, query);
    (void)fprintf(cli->err, "  %s\n  %*s^\n", gw_buf_str(&all), (int)cli_text_width(gw_buf_view(&before)), "");
    return rc;
}

enum cli_exit cli_list_check(struct cli *cli, struct gw_view query)
{
    struct filter filter;
    struct gw_err err = {0};
    size_t at = 0;
    if (filter_parse_at(query, &filter, &at, &err))
        return show_place(cli, query, at, gw_err_text(&err));
    return CLI_OK;
}

/* The list's path with the query behind it. */
static enum cli_exit write_query(struct cli *cli, const struct cli_list *list, struct gw_buf *ret_path)
{
    GW_CLEANUP(gw_buf_done) struct gw_buf query;
    gw_buf_init(&query, 65536);
    for (int i = 0; i < cli->word_count; i++)
        (void)gw_buf_printf(&query, "%s%s", i ? " " : "", cli->words[i]);
    if (gw_buf_rc(&query))
        return cli_usage(cli, "a query has at most %d bytes", FILTER_BYTES_MAX);
    enum cli_exit rc = cli_list_check(cli, gw_buf_view(&query));
    if (rc)
        return rc;
    (void)gw_buf_printf(ret_path, "%s&q=", list->path);
    cli_list_encode(ret_path, gw_buf_view(&query));
    return gw_buf_rc(ret_path) ? cli_usage(cli, "the query is too long") : CLI_OK;
}

enum cli_exit cli_list_query(struct cli *cli, const struct cli_list *list)
{
    if (cli->word_count == 0)
        return cli_list_all(cli, list);
    GW_CLEANUP(gw_buf_done) struct gw_buf path;
    gw_buf_init(&path, PATH_BYTES - 1);
    enum cli_exit rc = write_query(cli, list, &path);
    if (rc)
        return rc;
    struct cli_list selected = *list;
    selected.path = gw_buf_str(&path);
    selected.when_empty = "nothing fits the query";
    return cli_list_all(cli, &selected);
}
