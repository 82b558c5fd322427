/* From the words of the command line to the command, and what all commands say alike. */
#include <stdarg.h>
#include <string.h>

#include "cli.h"
#include "cli_text.h"
#include "gw_cleanup.h"

static void GW_PRINTF(2, 0) say(struct cli *cli, const char *fmt, va_list args)
{
    char text[1024];
    (void)vsnprintf(text, sizeof(text), fmt, args);
    GW_CLEANUP(gw_buf_done) struct gw_buf shown;
    gw_buf_init(&shown, 8 * sizeof(text));
    cli_text_escape(&shown, gw_view_str(text));
    (void)fprintf(cli->err, "gatehouse: %s\n", gw_buf_str(&shown));
}

void cli_say(struct cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
}

enum cli_exit cli_usage(struct cli *cli, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
    if (cli->command)
        (void)fprintf(cli->err, "Usage: gatehouse %s%s%s; see `gatehouse help %s`\n", cli->command->name,
                      cli->command->args ? " " : "", cli->command->args ? cli->command->args : "", cli->command->name);
    else
        (void)fputs("See `gatehouse help`.\n", cli->err);
    return CLI_USAGE;
}

enum cli_exit cli_device_id(struct cli *cli, const char *word, struct gw_device_id *ret_id)
{
    if (gw_device_id_parse(gw_view_str(word), ret_id))
        return cli_usage(cli, "\"%s\" is no device id: 3 to 63 of a-z, 0-9 and '-', not starting with '-'", word);
    return CLI_OK;
}

/* How many of the words name this command; 0: another one. */
static int words_of(const struct cli_command *c, const struct cli *cli)
{
    int used = 0;
    struct gw_view rest = gw_view_str(c->name);
    while (rest.len > 0) {
        struct gw_view word = gw_view_cut(rest, ' ', &rest);
        if (used == cli->word_count || !gw_view_eq_str(word, cli->words[used]))
            return 0;
        used++;
    }
    return used;
}

static enum cli_exit find_command(struct cli *cli)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);
    for (size_t i = 0; i < count; i++) {
        int used = words_of(&commands[i], cli);
        if (used == 0)
            continue;
        cli->command = &commands[i];
        cli->word_count -= used;
        memmove(cli->words, cli->words + used, (size_t)cli->word_count * sizeof(cli->words[0]));
        return CLI_OK;
    }
    return cli_usage(cli, "no such command: %s%s%s", cli->words[0], cli->word_count > 1 ? " " : "",
                     cli->word_count > 1 ? cli->words[1] : "");
}

static enum cli_exit run_command(struct cli *cli)
{
    enum cli_exit rc = find_command(cli);
    if (rc)
        return rc;
    const struct cli_command *c = cli->command;
    if (c->arg_count >= 0 && cli->word_count != c->arg_count)
        return cli_usage(cli, "%s takes %s, %d given", c->name, c->args ? c->args : "no arguments", cli->word_count);
    rc = cli_args_check(cli);
    return rc ? rc : c->run(cli);
}

/* A full disk or a closed pipe must not look like success. */
static enum cli_exit finish(struct cli *cli, enum cli_exit rc)
{
    if ((fflush(cli->out) || ferror(cli->out)) && rc == CLI_OK) {
        cli_say(cli, "the output could not be written");
        return CLI_REFUSED;
    }
    return rc;
}

enum cli_exit cli_main(struct cli *cli, int argc, const char *const argv[])
{
    enum cli_exit rc = cli_args_parse(cli, argc, argv);
    if (rc)
        return rc;
    if (!cli->socket || !cli->socket[0])
        cli->socket = CLI_SOCKET_DEFAULT;
    if (cli->version) {
        (void)fputs("gatehouse " GATEHOUSE_VERSION "\n", cli->out);
        return finish(cli, CLI_OK);
    }
    if (cli->help && cli->word_count > 0)
        return finish(cli, cli_help_words(cli, cli->words, cli->word_count));
    if (cli->help) {
        cli_help_all(cli->out);
        return finish(cli, CLI_OK);
    }
    if (cli->word_count == 0) {
        cli_help_all(cli->err);
        return CLI_USAGE;
    }
    return finish(cli, run_command(cli));
}
