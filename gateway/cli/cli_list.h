/*
 * cli_list: lists of the gateway that come in pages, all of them, as a table; and the query that selects their rows.
 */
#pragma once

#include "cli.h"
#include "cli_table.h"

struct cli_list {
    const char *path;   /* with its query: something stands behind the '?' */
    const char *member; /* of the answer, with the rows */
    const char *const *titles, *const *keys;
    size_t columns;
    const char *when_empty;
    /* What the member of that name in a row is shown as: true, it was added; NULL or false: the member as it is. */
    bool (*cell)(struct cli_table *t, const struct json_value *row, const char *key);
};

/* Follows cursors until there is none; with --json each page is a line. */
enum cli_exit cli_list_all(struct cli *cli, const struct cli_list *list);
/* The same; the words of the command line are a query, none: all rows. A query that cannot be read is shown with a mark
 * under the place (CLI_USAGE, nothing was asked). */
enum cli_exit cli_list_query(struct cli *cli, const struct cli_list *list);
/* Reads a query; CLI_USAGE after showing it with a mark where it cannot be read. */
enum cli_exit cli_list_check(struct cli *cli, struct gw_view query);
/* Appends a value as it stands in a path's query (RFC 3986 section 2.1). */
void cli_list_encode(struct gw_buf *path, struct gw_view value);
