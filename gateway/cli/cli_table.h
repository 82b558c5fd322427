/*
 * cli_table: rows and columns for people. Cells are added one after the other, row by row, and are escaped on the way
 * in; columns get as wide as their widest cell when the table is printed.
 */
#pragma once

#include <stdio.h>

#include "cli.h"
#include "gw_buf.h"
#include "json.h"

#define CLI_TABLE_COLUMNS 10

struct cli_table {
    const char *const *titles; /* borrowed; NULL: a table without a heading */
    size_t columns;            /* at most CLI_TABLE_COLUMNS */
    struct gw_buf text;        /* all cells, each with its terminator */
    size_t cells;
    size_t width[CLI_TABLE_COLUMNS];
};

/* `titles` has `columns` entries, or is NULL. */
void cli_table_init(struct cli_table *t, const char *const titles[], size_t columns);
void cli_table_done(struct cli_table *t);
void cli_table_add(struct cli_table *t, struct gw_view cell);
void cli_table_add_str(struct cli_table *t, const char *cell);
/* The member of an answer's object as people read it: text as it is, numbers, yes or no; "-" for null, empty or
 * missing.
 */
void cli_table_add_member(struct cli_table *t, const struct json_value *object, const char *key);
/* Prints heading and full rows. */
void cli_table_print(const struct cli_table *t, FILE *out);
/* The same for a list that may be empty, and then is these words on stderr, or too long to show. */
enum cli_exit cli_table_list(const struct cli_table *t, struct cli *cli, const char *when_empty);

/* Asks, and prints one member of the answer; with --json the whole answer has been printed. */
enum cli_exit cli_ask_member(struct cli *cli, const struct cli_question *question, const char *key);
/* Ends what the command itself writes with --json and prints it, a line. `line` is what the writer writes into. */
enum cli_exit cli_print_json(struct cli *cli, struct json_writer *w, struct gw_buf *line);
