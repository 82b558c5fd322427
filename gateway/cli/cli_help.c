#include <string.h>

#include "cli.h"

static void usage_line(FILE *out, const struct cli_command *c)
{
    (void)fprintf(out, "  %s%s%s", c->name, c->args ? " " : "", c->args ? c->args : "");
}

void cli_help_all(FILE *out)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    (void)fputs("Usage: gatehouse [OPTIONS] COMMAND\n\nCommands:\n", out);
    for (size_t i = 0; i < count; i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "%s%s%s", commands[i].name, commands[i].args ? " " : "",
                       commands[i].args ? commands[i].args : "");
        (void)fprintf(out, "  %-29s %s\n", left, commands[i].summary);
    }
    (void)fputs("\nOptions:\n", out);
    cli_args_help(out, 0);
    (void)fputs("\nExit status: 0 done, 1 refused or failed, 2 wrong usage, 3 gateway not reachable.\n"
                "`gatehouse help COMMAND` says more about a command.\n",
                out);
}

/* Whether the command's name begins with these words. */
static bool name_has(const char *name, const char *const words[], int count)
{
    for (int i = 0; i < count; i++) {
        size_t len = strlen(words[i]);
        if (strncmp(name, words[i], len) != 0 || (name[len] != ' ' && name[len] != '\0'))
            return false;
        name += name[len] ? len + 1 : len;
    }
    return true;
}

static void help_one(FILE *out, const struct cli_command *c)
{
    usage_line(out, c);
    (void)fprintf(out, "\n      %s\n", c->summary);
    for (const char *line = c->help; line && *line;) {
        int len = (int)strcspn(line, "\n");
        (void)fprintf(out, "      %.*s\n", len, line);
        line += len + (line[len] == '\n');
    }
}

enum cli_exit cli_help_words(struct cli *cli, const char *const words[], int count)
{
    size_t total = 0;
    const struct cli_command *commands = cli_commands(&total);
    unsigned options = 0;
    bool found = false;
    for (size_t i = 0; i < total; i++) {
        if (!name_has(commands[i].name, words, count))
            continue;
        help_one(cli->out, &commands[i]);
        options |= commands[i].options;
        found = true;
    }
    if (!found)
        return cli_usage(cli, "no such command: %s%s%s", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "");
    (void)fputs("\nOptions:\n", cli->out);
    cli_args_help(cli->out, options);
    return CLI_OK;
}

enum cli_exit cli_help(struct cli *cli)
{
    if (cli->word_count > 0)
        return cli_help_words(cli, cli->words, cli->word_count);
    cli_help_all(cli->out);
    return CLI_OK;
}
